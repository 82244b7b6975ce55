"""The numbers that a model reads of a record, and what it answers."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from servable.calibration import Calibrator, LookupTable, calibrate_or_keep
from servable.evaluate.explain.found import CalibrationSeen, FeatureSeen, KnotsSeen, ScoresSeen
from servable.evaluate.explain.words import calibration_in_words
from servable.preprocess import Preprocessor
from servable.records import FloatArray, Predictions, Records


def vector_seen(records: Records, preprocessor: Preprocessor) -> tuple[FeatureSeen, ...]:
    """The numbers of one record in the order in which the model reads them."""
    cells = preprocessor.cells(records)
    given = {name: records.columns[name].tolist()[0] for name in preprocessor.features}
    values = shortest(cells.tabular[0])
    return tuple(
        FeatureSeen(
            place=place,
            name=name,
            given=_present(given[name]),
            origin=cells.origins[name][0],
            bin=preprocessor.risk_tables[name].bin_of(given[name])
            if name in preprocessor.risk_tables
            else None,
            value=None if math.isnan(value) else value,
        )
        for place, (name, value) in enumerate(zip(preprocessor.features, values, strict=True))
    )


def scores_seen(found: Predictions, calibrator: Calibrator | None) -> ScoresSeen:
    """What a model answered to one record."""
    return ScoresSeen(
        raw=shortest(found.raw[0]),
        calibrated=shortest(found.calibrated[0]),
        calibration=_calibration(found.raw, calibrator),
        label=int(found.label[0]),
    )


def shortest(values: FloatArray) -> tuple[float, ...]:
    """Numbers by the shortest decimals that read back to them at their own precision."""
    return tuple(float(str(value)) for value in values)


def _present(value: object) -> str | float | None:
    if isinstance(value, float):
        return None if math.isnan(value) else value
    return value if isinstance(value, str) else None


def _calibration(raw: FloatArray, calibrator: Calibrator | None) -> CalibrationSeen:
    if calibrator is None:
        return _seen(None, (), {}, is_raw=True)
    found = calibrate_or_keep(calibrator, raw)
    has_effect = raw.shape[1] == 2 or not calibrator.kind.is_of_two_classes
    return _seen(
        calibrator.kind.value,
        _knots(raw[0], calibrator.tables) if has_effect else (),
        calibrator.parameters(),
        is_raw=bool(found.kept_raw or found.failed or not has_effect),
    )


def _seen(
    kind: str | None, knots: tuple[KnotsSeen, ...], parameters: Mapping[str, float], *, is_raw: bool
) -> CalibrationSeen:
    return CalibrationSeen(
        kind=kind,
        knots=knots,
        parameters=parameters,
        is_raw=is_raw,
        sentences=tuple(calibration_in_words(kind, knots, parameters, is_raw=is_raw)),
    )


def _knots(raw: FloatArray, tables: Mapping[int, LookupTable]) -> tuple[KnotsSeen, ...]:
    """Where each table answered."""
    return tuple(
        KnotsSeen(
            index=index,
            raw=shortest(raw[[index]])[0],
            low=low,
            high=high,
            answer=float(table.apply(raw[[index]])[0]),
        )
        for index, table in tables.items()
        for low, high in [knots_of(table, raw[index])]
    )


def knots_of(table: LookupTable, score: np.floating[Any]) -> tuple[tuple[float, float], tuple[float, float]]:
    """The two knots on whose line a raw score lies: the same one twice at and beyond the ends.

    At an inner knot the left line answers, at a repeated one therefore its first value.
    """
    pairs = table.pairs()
    at = int(table.x.searchsorted(np.float64(score), side="left"))
    if at == 0:
        return pairs[0], pairs[0]
    return (pairs[-1], pairs[-1]) if score >= table.x[-1] else (pairs[at - 1], pairs[at])
