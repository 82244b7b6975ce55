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
`servable predict` wrote, CSV or NDJSON: then the record's own row is taken: the one of its number if that
has its id, else the only one that has it.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from servable.codecs import read_table_blocks
from servable.errors import BadInput, Problem, shown
from servable.evaluate.explain.found import Explanation
from servable.evaluate.explain.partings import TOLERANCE
from servable.schema import parse_number
from servable.wording import counted

Scores = tuple[float, ...]
_FIX: Final = "write it as the help of `servable explain` shows"
_SCORES: Final = ("raw", "calibrated")
_KEYS: Final = (*_SCORES, "inputs")
_INPUTS: Final = ("texts", "tabular")
_LABEL: Final = "label"  # which `predict` writes beside the scores
_TABLES: Final = (".csv", ".csv.gz", ".parquet")
"""Endings of files whose columns may be more than the scores: a table with scores beside its own columns."""
_MOST_NAMED: Final = 5


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
    row = _row(_rows(path), found, id_name, path.name)
    reading = _Reading(path.name, found)
    if not path.name.lower().endswith(_TABLES):
        reading.require_known(row, (*_KEYS, _LABEL, *reading.columns(), *([id_name] if id_name else [])))
    inputs = reading.mapping(row.get("inputs"), "inputs")
    reading.require_known(inputs, _INPUTS, "inputs")
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


def _rows(path: Path) -> Iterator[Mapping[str, Any]]:
    for block in read_table_blocks(path, headers=[frozenset()]):
        yield from block.to_records()


def _row(
    rows: Iterator[Mapping[str, Any]], found: Explanation, id_name: str | None, where: str
) -> Mapping[str, Any]:
    """The row of the record's number if it has its id, else the only one that has it.

    Where no row has an id, that of the number, or the only one there is.
    """
    at_number: Mapping[str, Any] | None = None
    first: Mapping[str, Any] = {}
    with_id: list[tuple[int, Mapping[str, Any]]] = []
    total, has_ids = 0, False
    for number, row in enumerate(rows):
        total += 1
        if id_name is not None and found.identity is not None and id_name in row:
            has_ids = True
            if str(row[id_name]) == found.identity:
                if number == found.record:
                    return row
                with_id.append((number, row))
        if number == 0:
            first = row
        if number == found.record:
            at_number = row
    if has_ids:
        return _only(with_id, total, shown(found.identity), where)
    if at_number is None and total != 1:
        raise _refusal(where, f"a row for record {found.record}", counted(total, "row"))
    return first if at_number is None else at_number


def _only(
    rows: Sequence[tuple[int, Mapping[str, Any]]], total: int, identity: str, where: str
) -> Mapping[str, Any]:
    """The only row with an id."""
    if len(rows) == 1:
        return rows[0][1]
    if not rows:
        raise _refusal(where, f"a row with the id {identity}", f"{counted(total, 'row')} without it")
    numbers = ", ".join(str(number) for number, _ in rows[:_MOST_NAMED])
    more = f" and {len(rows) - _MOST_NAMED} more" if len(rows) > _MOST_NAMED else ""
    raise _refusal(where, f"one row with the id {identity}", f"{len(rows):,}, rows {numbers}{more}")


@dataclass(frozen=True, slots=True)
class _Reading:
    """Values of one file becoming scores, tokens and numbers."""

    where: str
    found: Explanation

    def scores(self, row: Mapping[str, Any], name: str) -> Scores | None:
        """The scores under a name: a list, or the columns that `servable predict` writes."""
        classes = len(self.found.model.classes)
        cells = row.get(name, [row[key] for key in self.columns(name) if key in row] or None)
        if cells is None:
            return None
        numbers = [_number(cell) for cell in cells] if isinstance(cells, list) else []
        if not (len(numbers) == classes or (len(numbers) == 1 and classes == 2)) or None in numbers:
            expected = f"{classes} numbers, a score for each class" + (
                ", or the one of class 1" if classes == 2 else ""
            )
            raise _refusal(f"{self.where}, {name}", expected, shown(cells))
        scores = tuple(number for number in numbers if number is not None)
        if not all(-TOLERANCE <= score <= 1 + TOLERANCE for score in scores):
            raise _refusal(f"{self.where}, {name}", "probabilities from 0 to 1, not logits", shown(cells))
        return scores

    def columns(self, *names: str) -> list[str]:
        """The columns of scores as `servable predict` names them."""
        classes = len(self.found.model.classes)
        return [f"{name}_{at}" for name in names or _SCORES for at in range(classes)]

    def require_known(self, value: Mapping[str, Any], known: Sequence[str], name: str = "") -> None:
        """Nothing, if an object has no other keys than these: a misspelt one would never be compared."""
        if strange := [key for key in value if key not in known]:
            where = f"{self.where}, {name}" if name else self.where
            raise _refusal(where, f"no other keys than {', '.join(known)}", f'"{strange[0]}"')

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
