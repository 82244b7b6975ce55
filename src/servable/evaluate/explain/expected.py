"""What the training side has for a record, and where the way here parts from it.

The file that holds it is one JSON object, of which each key may be left out, but not all:

    {
      "raw": [0.2, 0.8],
      "calibrated": [0.3, 0.7],
      "inputs": {
        "texts": {"review": [[101, 2023, 102]]},
        "tabular": {"age": 39, "region": 0.2}
      }
    }

`raw` and `calibrated` hold a score for each class, or the one of class 1 of two. `texts` holds, by text
field, the token ids of each chunk, special tokens included, without padding; `tabular` the numbers that the
network read, by field or as a list in the model's order, null for one that is missing. Or the file is what
`servable predict` wrote, CSV or NDJSON: then the record's own row is taken, by id or by number.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from servable.codecs import read_table
from servable.errors import BadInput, Problem, shown
from servable.evaluate.explain.found import Explanation
from servable.schema import parse_number

Scores = tuple[float, ...]
_FIX: Final = "write it as the help of `servable explain` shows"
_KEYS: Final = ("raw", "calibrated", "inputs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What another side has for a record; at least something.

    Attributes:
        source: name of the file that says so.
        raw: raw scores by class, or the one of class 1 of two; None if not told.
        calibrated: the same, calibrated.
        texts: by text field the token ids of each chunk.
        tabular: by field the number that the model reads; None for a missing one.
        is_ordered: whether the numbers came as a list, so that their order may be what differs.
    """

    source: str
    raw: Scores | None = None
    calibrated: Scores | None = None
    texts: Mapping[str, tuple[tuple[int, ...], ...]] = field(default_factory=dict)
    tabular: Mapping[str, float | None] = field(default_factory=dict)
    is_ordered: bool = False


def read_expected(path: Path, found: Explanation, *, id_name: str | None) -> Expected:
    """What a file holds for an explained record.

    Args:
        path: .json with one object, or what `servable predict` wrote.
        found: the record.
        id_name: column of ids, if the artifact names one.

    Raises:
        NotFound, BadInput: `explain.expected`, naming what is wrong with it.
    """
    rows = read_table(path).to_records()
    row = _row(rows, found, id_name, path.name)
    reading = _Reading(path.name, found)
    inputs = reading.mapping(row.get("inputs"), "inputs")
    expected = Expected(
        source=path.name,
        raw=reading.scores(row, "raw"),
        calibrated=reading.scores(row, "calibrated"),
        texts={
            name: reading.token_ids(name, ids)
            for name, ids in reading.mapping(inputs.get("texts"), "texts").items()
        },
        tabular=reading.numbers(inputs.get("tabular")),
        is_ordered=isinstance(inputs.get("tabular"), list),
    )
    if expected.raw is None and expected.calibrated is None and not (expected.texts or expected.tabular):
        raise _refusal(
            path.name, f"one of the keys {', '.join(_KEYS)}, or the columns that `predict` writes", "none"
        )
    return expected


def _row(
    rows: Sequence[Mapping[str, Any]], found: Explanation, id_name: str | None, where: str
) -> Mapping[str, Any]:
    """The only row, else the one of the record's id, else the one of its number."""
    if len(rows) == 1:
        return rows[0]
    if id_name is not None and found.identity is not None and rows and id_name in rows[0]:
        row = next((row for row in rows if str(row.get(id_name)) == found.identity), None)
        if row is None:
            raise _refusal(
                where, f"a row with the id {shown(found.identity)}", f"{len(rows):,} rows without it"
            )
        return row
    if found.record >= len(rows):
        raise _refusal(where, f"a row for record {found.record}", f"{len(rows):,} rows")
    return rows[found.record]


@dataclass(frozen=True, slots=True)
class _Reading:
    """Values of one file becoming scores, tokens and numbers."""

    where: str
    found: Explanation

    def scores(self, row: Mapping[str, Any], name: str) -> Scores | None:
        """The scores under a name: a list, or the columns that `servable predict` writes."""
        classes = len(self.found.model.classes)
        cells = row.get(name, [row[f"{name}_{at}"] for at in range(classes) if f"{name}_{at}" in row] or None)
        if cells is None:
            return None
        numbers = [_number(cell) for cell in cells] if isinstance(cells, list) else []
        if not (len(numbers) == classes or (len(numbers) == 1 and classes == 2)) or None in numbers:
            expected = f"{classes} numbers, a score for each class" + (
                ", or the one of class 1" if classes == 2 else ""
            )
            raise _refusal(f"{self.where}, {name}", expected, shown(cells))
        return tuple(number for number in numbers if number is not None)

    def mapping(self, value: Any, name: str) -> Mapping[str, Any]:
        """An object, empty where it is left out."""
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise _refusal(f"{self.where}, {name}", "an object", shown(value))
        return value

    def token_ids(self, name: str, value: Any) -> tuple[tuple[int, ...], ...]:
        """The token ids of each chunk of a text field that the model reads."""
        if name not in {text.field for text in self.found.texts}:
            raise _refusal(f"{self.where}, inputs, texts", "text fields of the model", f'"{name}"')
        is_lists = isinstance(value, list) and all(isinstance(chunk, list) for chunk in value)
        if not is_lists or not all(type(token) is int for chunk in value for token in chunk):
            expected = "a list of token ids for each chunk"
            raise _refusal(f"{self.where}, inputs, texts, {name}", expected, shown(value))
        return tuple(tuple(chunk) for chunk in value)

    def numbers(self, value: Any) -> dict[str, float | None]:
        """Numbers by field, of an object or of a list in the model's order."""
        names = [feature.name for feature in self.found.vector]
        where = f"{self.where}, inputs, tabular"
        if isinstance(value, list):
            if len(value) != len(names):
                raise _refusal(where, f"{len(names)} numbers, as the model reads", f"{len(value)}")
            value = dict(zip(names, value, strict=True))
        by_name = self.mapping(value, "inputs, tabular")
        if strange := [name for name in by_name if name not in names]:
            raise _refusal(
                where, f"fields that the model reads as numbers, {', '.join(names)}", f'"{strange[0]}"'
            )
        found = {name: _number(cell) for name, cell in by_name.items()}
        for name, cell in by_name.items():
            if cell is not None and found[name] is None:
                raise _refusal(f'{where}, "{name}"', "a number, or null for a missing one", shown(cell))
        return found


def _number(cell: object) -> float | None:
    """A finite number, or the one that a string spells, as CSV and answers hold it."""
    if isinstance(cell, str):
        return parse_number(cell.strip())
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return None
    return float(cell) if math.isfinite(cell) else None


def _refusal(where: str, expected: str, found: str) -> BadInput:
    return BadInput(Problem(code="explain.expected", where=where, expected=expected, found=found, fix=_FIX))
