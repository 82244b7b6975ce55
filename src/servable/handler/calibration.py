"""The calibration functions of the handler's documentation, under their names; `calibration` does the work.

Tables are plain lists of pairs here, as the documentation has them, and any list of finite numbers is
interpolated as it stands; what a file must hold to be loaded is stricter.
"""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from servable.artifact import (
    HYPERPARAMETERS,
    MANIFEST,
    Files,
    OnDamage,
    StoredCalibration,
    calibrated_classes,
    class_names,
    open_files,
    parse_json,
    read_calibrations,
    read_files,
)
from servable.calibration import (
    Beta,
    Calibrator,
    CalibratorKind,
    LookupTable,
    Temperature,
    calibrate_or_keep,
    chosen,
)
from servable.errors import Damaged, ServableError, shown
from servable.handler.refusals import refusal
from servable.records import FloatArray

_logger = logging.getLogger("servable.handler")

Pairs = Sequence[Sequence[float]]
_FAR: Final = 1e30
"""Stands for an infinite score, which is beyond every table."""


def load_calibration_model(model_dir: Path | str) -> dict[str, Any] | None:
    """The calibrator of a model's folder or archive as `{"type": ..., "data": ...}`, or None.

    Data is a list of pairs (`percentile`, `regular`), a dict from class index to such a list
    (`regular_multiclass`), or a dict of parameters (`temperature`, `beta`). The first kind that is sound,
    in this order; one that is broken is logged as a warning and passed over (decision 0011), and so is one
    for two classes where there are more, unless no other is there. Without `hyperparameters.json`, tables
    of classes stand under the names of their files.
    """
    files = open_files(Path(model_dir))
    stored, names, keys = _stored(files)
    sound: list[Calibrator] = []
    for one in stored:
        try:
            sound.append(Calibrator.of_stored(one, classes=len(names)))
        except Damaged as error:
            _logger.warning("%s", error)
    choice = chosen(sound, classes=len(names))
    for sentence in choice.without_effect:
        _logger.warning("%s", sentence)
    return documented_calibrator(choice.calibrator, keys)


def documented_calibrator(
    calibrator: Calibrator | None, keys: Sequence[str] | None = None
) -> dict[str, Any] | None:
    """A calibrator in the form of the documentation; `keys` name the classes, instead of their indices."""
    if calibrator is None:
        return None
    data: object
    if calibrator.curve is not None:
        data = calibrator.parameters()
    elif calibrator.kind is CalibratorKind.MULTICLASS:
        data = {
            str(index) if keys is None else keys[index]: table.pairs()
            for index, table in calibrator.tables.items()
        }
    else:
        data = calibrator.tables[1].pairs()
    return {"type": str(calibrator.kind), "data": data}


def apply_calibration(
    scores: FloatArray,
    calibrator: Mapping[str, Any] | None,
    is_multiclass: bool,
) -> FloatArray:
    """Calibrated scores, of the shape and dtype of `scores`; the raw ones where there is no way to them.

    That is, with a warning in the log: for a kind that is unknown or one of two classes where there are
    more, for data that is no table, and for a record on which the calibrator fails.

    Args:
        scores: `[n, classes]` raw probabilities, or `[n]` of class 1.
        calibrator: as `load_calibration_model` returns it.
        is_multiclass: whether there are more than two classes; so there are, too, where scores have more
            than two columns.
    """
    if calibrator is None:
        return scores
    kind = str(calibrator.get("type"))
    if kind not in [*CalibratorKind]:
        _logger.warning("unknown calibrator type %s: raw scores are answered", shown(kind))
        return scores
    try:
        rows = np.clip(two_columns(scores), -_FAR, _FAR)
        if CalibratorKind(kind).is_of_two_classes and (is_multiclass or rows.shape[1] != 2):
            _logger.warning(
                "calibration (%s) is not supported for more than two classes: raw scores are answered", kind
            )
            return scores
        made = _calibrator(kind, calibrator.get("data"), classes=rows.shape[1])
    except ServableError as error:
        _logger.warning("%s: raw scores are answered", error)
        return scores
    found = calibrate_or_keep(made, rows)
    if found.failure is not None:
        _logger.warning(
            "calibration failed on %d of %d records with %s: their raw scores are answered",
            found.failed,
            len(rows),
            type(found.failure).__name__,
        )
    return _like(scores, found.scores)


def apply_percentile_calibration(scores: FloatArray, mapping: Pairs) -> FloatArray:
    """Class 1 through a table of (score, percentile) pairs, class 0 as the rest; shape and dtype stay.

    Scores of more than two columns come back as they are.

    Raises:
        ValueError: for scores that are no array of numbers, or a table that is no list of pairs.
    """
    return _applied(scores, "percentile", mapping)


def apply_regular_binary_calibration(scores: FloatArray, calibrator: Pairs) -> FloatArray:
    """Class 1 through a table of (raw, calibrated) pairs, class 0 as the rest; shape and dtype stay.

    Scores of more than two columns come back as they are.

    Raises:
        ValueError: for scores that are no array of numbers, or a table that is no list of pairs.
    """
    return _applied(scores, "regular", calibrator)


def apply_regular_multiclass_calibration(scores: FloatArray, calibrators: Mapping[str, Pairs]) -> FloatArray:
    """Each class through the table under its index, divided by the row's sum; shape and dtype stay.

    A class without a table keeps its raw score; a row that all tables answer by zero stays raw. Scores of
    one column are those of class 1 of two.

    Raises:
        ValueError: for scores that are no array of numbers, or a table that is no list of pairs.
    """
    return _applied(scores, "regular_multiclass", calibrators)


def _interpolate_score(raw_score: float, lookup_table: Pairs) -> float:
    """The answer of a list of pairs to one score, by the documentation's rule; NaN to NaN.

    Held between the ends of the segment that answers, which takes back the rule's rounding.
    """
    score = np.clip(np.array([raw_score], dtype=np.float64), -_FAR, _FAR)
    return float(_table(lookup_table).apply(score)[0])


def _stored(files: Files) -> tuple[list[StoredCalibration], Sequence[str], Sequence[str] | None]:
    """What a folder holds in the order of preference, its classes, and what to call them in the data."""
    if MANIFEST in files:
        artifact = read_files(files, on_damage=OnDamage.WARN)
        return [*artifact.calibrations], artifact.schema.classes, None
    names, keys = _class_names(files)
    found, broken = read_calibrations(files, names)
    for error in broken:
        _logger.warning("%s", error)
    return found, names, keys


def _class_names(files: Files) -> tuple[Sequence[str], Sequence[str] | None]:
    """Names of the classes, and None where they are sure; else those that the tables' own files tell."""
    try:
        if HYPERPARAMETERS in files:
            settings = parse_json(files.read(HYPERPARAMETERS), where=HYPERPARAMETERS)
            if isinstance(settings, dict):
                return class_names(settings), None
    except ServableError as error:
        _logger.warning("%s", error)
    named = calibrated_classes(files) or ("0", "1")
    return named, named


def _calibrator(kind: str, data: object, *, classes: int) -> Calibrator:
    """The calibrator of a kind and its data in the documentation's form.

    A table under a name that is no class index is passed by, as the documentation has it.
    """
    if kind == CalibratorKind.TEMPERATURE:
        curve: Temperature | Beta = Temperature.of_parameters(_dict(data), where=kind)
        return Calibrator(kind=CalibratorKind.TEMPERATURE, curve=curve)
    if kind == CalibratorKind.BETA:
        curve = Beta.of_parameters(_dict(data), where=kind)
        return Calibrator(kind=CalibratorKind.BETA, curve=curve)
    if kind != CalibratorKind.MULTICLASS:
        return Calibrator(kind=CalibratorKind(kind), tables={1: _table(data)})
    by_name = {str(name): pairs for name, pairs in _dict(data).items()}
    tables = {index: _table(by_name[str(index)]) for index in range(classes) if str(index) in by_name}
    return Calibrator(kind=CalibratorKind.MULTICLASS, tables=tables)


def _table(pairs: object) -> LookupTable:
    """A list of pairs as it stands: of any order, rising or falling, of one pair or more."""
    try:
        columns = np.array(pairs, dtype=np.float64)
    except (TypeError, ValueError):  # no list, or not of pairs, or not of numbers
        columns = np.empty(0)
    if columns.ndim != 2 or columns.shape[1] != 2 or not len(columns) or not np.isfinite(columns).all():
        raise refusal(
            "lookup table", "a list of pairs of finite numbers", shown(pairs), "pass [(raw, calibrated), ...]"
        )
    return LookupTable(columns[:, 0].copy(), columns[:, 1].copy())


def _dict(data: object) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise refusal("calibrator", 'a dict under "data"', shown(data), "pass what was loaded")
    return data


def _applied(scores: FloatArray, kind: str, data: object) -> FloatArray:
    rows = np.clip(two_columns(scores), -_FAR, _FAR)
    return _like(scores, _calibrator(kind, data, classes=rows.shape[1]).apply(rows))


def two_columns(scores: object, *, where: str = "scores") -> NDArray[np.floating[Any]]:
    """`[n, classes]` scores; `[n]` and `[n, 1]` are those of class 1 of two.

    Raises:
        ValueError: for anything else.
    """
    try:
        found = np.asarray(scores)
    except ValueError:  # rows of different lengths
        found = np.empty((), dtype=object)
    if found.dtype.kind in "iub":
        found = found.astype(np.float64)
    if found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    if found.ndim == 1 and found.dtype.kind == "f":
        found = np.column_stack([1 - found, found])
    if found.ndim != 2 or found.dtype.kind != "f":
        raise refusal(
            where,
            "an array of probabilities, one row per record",
            f"one of shape {found.shape} and type {found.dtype}" if found.ndim else "something else",
            "pass [n, classes], or [n] for the class 1 of two",
        )
    return found


def _like(scores: FloatArray, calibrated: FloatArray) -> FloatArray:
    """Calibrated rows in the shape of the scores that they were made of."""
    shape = np.shape(scores)
    of_class_1: FloatArray = calibrated if calibrated.shape == shape else calibrated[:, 1].reshape(shape)
    return of_class_1
