"""The records whose scores move most, and where the two artifacts part for them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final

import numpy as np

from servable.datasets import is_missing
from servable.evaluate.diff.sample import PairedBlock
from servable.evaluate.diff.side import Side
from servable.preprocess import Origin
from servable.records import ABSENT, FloatArray, Records, TextInputs

MOST_MOVERS: Final = 20
NOT_READ: Final = "not read"
MISSING: Final = "missing"
AS_GIVEN: Final = "as given"
IMPUTED: Final = "imputed"


class PartsAt(StrEnum):
    """The first step after which the two artifacts differ."""

    INPUTS = "inputs"
    ORDER = "order"
    MODEL = "model"
    CALIBRATION = "calibration"


class Cells(Enum):
    """Whether records are told with their cells, which may be somebody's."""

    WITHHELD = "withheld"
    SHOWN = "shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class InputDiff:
    """What one field became for each model: a number, or the size of a text's tokens.

    Where records are withheld, a number of theirs is told as what it is: as given, or imputed. Numbers of
    risk tables are those of the artifact, and stay.
    """

    field: str
    a: float | str
    b: float | str


_Input = float | str | TextInputs | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """A record whose scores move.

    Attributes:
        row: its number in the sample, counted from 0.
        identity: its id, as text, or None.
        name: the class that the scores are of: of two classes the second one, of more A's own choice.
        raw_a, raw_b, calibrated_a, calibrated_b: of that class.
        largest: the largest absolute change of a calibrated score, over all classes.
        label_a, label_b: names of the likeliest classes.
        parts_at: where the two part.
        inputs: fields of which the two models read different things.
        cells: the record itself, if it was asked for; else None.
    """

    row: int
    identity: str | None
    name: str
    raw_a: float
    raw_b: float
    calibrated_a: float
    calibrated_b: float
    largest: float
    label_a: str
    label_b: str
    parts_at: PartsAt
    inputs: tuple[InputDiff, ...]
    cells: Mapping[str, str | float | None] | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MovedRow:
    """A record that may be among those that move most, with all that is needed to tell about it.

    Attributes:
        a, b: the record as each artifact reads it; one row.
        scores: `[4, classes]` raw of A and of B, calibrated of A and of B.
        cells: its cells by name.
    """

    row: int
    a: Records
    b: Records
    scores: FloatArray
    cells: Mapping[str, object]

    @property
    def size(self) -> tuple[float, float, int]:
        """By which those that move most come first: calibrated change, raw change, row."""
        raw_a, raw_b, calibrated_a, calibrated_b = self.scores
        return (
            -float(np.abs(calibrated_b - calibrated_a).max()),
            -float(np.abs(raw_b - raw_a).max()),
            self.row,
        )


def candidates(block: PairedBlock, start: int, scores: FloatArray) -> list[MovedRow]:
    """The records of a part of a block that move most.

    Args:
        block: with the records.
        start: place of the first of them within it.
        scores: `[n, 4, classes]`, as in `MovedRow`.
    """
    calibrated = np.abs(scores[:, 3] - scores[:, 2]).max(axis=1)
    raw = np.abs(scores[:, 1] - scores[:, 0]).max(axis=1)
    order = np.lexsort((np.arange(len(scores)), -raw, -calibrated))[:MOST_MOVERS]
    return [
        MovedRow(
            row=block.first + start + place,
            a=block.a.take(np.array([start + place])),
            b=block.b.take(np.array([start + place])),
            scores=scores[place],
            cells=dict(zip(block.cells.names or (), block.cells.rows[start + place], strict=False)),
        )
        for place in order.tolist()
        if calibrated[place] > 0 or raw[place] > 0
    ]


def mover_of(found: MovedRow, a: Side, b: Side, *, of: int, cells: Cells) -> Mover:
    """What is told of a record.

    Args:
        found: the record with its scores.
        a: an artifact.
        b: the other one.
        of: the class that its scores are told of.
        cells: whether they are told, too.
    """
    classes = a.artifact.schema.classes
    raw_a, raw_b, calibrated_a, calibrated_b = found.scores
    inputs = _differing(a, b, found, cells)
    parts_at = PartsAt.INPUTS if inputs else PartsAt.CALIBRATION
    if not inputs and not np.array_equal(raw_a, raw_b):
        parts_at = PartsAt.MODEL if _order(a) == _order(b) else PartsAt.ORDER
    ids = [side.ids[0] for side in (found.a, found.b) if side.ids is not None]
    return Mover(
        row=found.row,
        identity=next((str(identity) for identity in ids if not is_missing(identity)), None),
        name=classes[of],
        raw_a=float(raw_a[of]),
        raw_b=float(raw_b[of]),
        calibrated_a=float(calibrated_a[of]),
        calibrated_b=float(calibrated_b[of]),
        largest=float(np.abs(calibrated_b - calibrated_a).max()),
        label_a=classes[int(raw_a.argmax())],
        label_b=classes[int(raw_b.argmax())],
        parts_at=parts_at,
        inputs=inputs,
        cells={name: _cell(cell) for name, cell in found.cells.items() if cell is not ABSENT}
        if cells is Cells.SHOWN
        else None,
    )


def _cell(cell: object) -> str | float | None:
    """A cell as JSON holds it."""
    if isinstance(cell, float) and not math.isfinite(cell):
        return None
    return cell if cell is None or isinstance(cell, str | int | float) else str(cell)


def _order(side: Side) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Features and texts in the order in which the model reads them."""
    return side.preprocessor.features, tuple(side.preprocessor.texts)


def _differing(a: Side, b: Side, found: MovedRow, cells: Cells) -> tuple[InputDiff, ...]:
    """Fields of which the two models read different things, texts last."""
    of_a, of_b = _inputs(a, found.a), _inputs(b, found.b)
    names = [name for name in dict.fromkeys([*of_a, *of_b]) if not _is_same(of_a.get(name), of_b.get(name))]
    if cells is Cells.WITHHELD:
        of_a, of_b = of_a | _origins(a, found.a), of_b | _origins(b, found.b)
    return tuple(InputDiff(field=name, a=_said(of_a.get(name)), b=_said(of_b.get(name))) for name in names)


def _inputs(side: Side, record: Records) -> dict[str, _Input]:
    """What a model reads of one record."""
    inputs = side.preprocessor.apply(record)
    return {**dict(zip(side.preprocessor.features, inputs.tabular[0].tolist(), strict=True)), **inputs.texts}


def _origins(side: Side, record: Records) -> dict[str, _Input]:
    """Of one record, what stands for those numbers that are its own or in their place."""
    told = {Origin.NUMBER: AS_GIVEN, Origin.IMPUTED: IMPUTED}
    origins = {name: column[0] for name, column in side.preprocessor.cells(record).origins.items()}
    return {name: told[origin] for name, origin in origins.items() if origin in told}


def _is_same(a: _Input, b: _Input) -> bool:
    if isinstance(a, TextInputs) and isinstance(b, TextInputs):
        return len(a.token_ids) == len(b.token_ids) and all(
            np.array_equal(one, other) for one, other in zip(a.token_ids, b.token_ids, strict=True)
        )
    if isinstance(a, float) and isinstance(b, float):
        return a == b or (math.isnan(a) and math.isnan(b))
    return False


def _said(value: _Input) -> float | str:
    if value is None:
        return NOT_READ
    if isinstance(value, TextInputs):
        tokens = sum(map(len, value.token_ids))
        return f"{tokens} tokens in {len(value.token_ids)} chunk{'s' if len(value.token_ids) > 1 else ''}"
    return value if isinstance(value, str) else MISSING if math.isnan(value) else value
