"""The fields of a record: the cells as they came, and what was read of them."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

from servable.artifact import Artifact
from servable.evaluate.explain.found import CellSeen, CellType, FieldSeen, Plain
from servable.records import Cell, Records
from servable.schema import Field, Kind

_TYPES: Final[tuple[tuple[type, CellType], ...]] = (
    (type(None), CellType.NULL),
    (bool, CellType.BOOLEAN),  # before numbers, because a boolean is one for Python
    (int, CellType.NUMBER),
    (float, CellType.NUMBER),
)


def fields_seen(cells: Mapping[str, Cell], records: Records, artifact: Artifact) -> tuple[FieldSeen, ...]:
    """Every field of the schema, in its order.

    Args:
        cells: of one record, by name of the column.
        records: the record, bound to the artifact's schema.
        artifact: of the model.
    """
    read = {*artifact.features, *(text.field for text in artifact.texts)}
    return tuple(
        _field(field, cells, records, artifact, is_read=field.name in read)
        for field in artifact.schema.fields
    )


def _field(
    field: Field, cells: Mapping[str, Cell], records: Records, artifact: Artifact, *, is_read: bool
) -> FieldSeen:
    join = artifact.text_join
    is_joined = join is not None and join.field == field.name and field.name not in cells
    columns: Sequence[str] = join.columns if join is not None and is_joined else (field.name,)
    seen = tuple(_cell(column, cells.get(column)) for column in columns)
    bound = _bound(field, records)
    return FieldSeen(
        name=field.name,
        kind=field.kind,
        cells=seen,
        separator=join.separator if join is not None and is_joined else None,
        bound=bound,
        missing_by=_spelling(seen) if bound is None else "",
        is_read=is_read,
    )


def _cell(column: str, cell: Cell) -> CellSeen:
    return CellSeen(column=column, type=_type(cell), value=_plain(cell))


def _type(cell: Cell) -> CellType:
    return next((type_ for python, type_ in _TYPES if isinstance(cell, python)), CellType.STRING)


def _plain(cell: Cell) -> Plain:
    """A cell as JSON holds it, which has no NaN."""
    if isinstance(cell, float) and not math.isfinite(cell):
        return str(cell)
    return cell if cell is None or isinstance(cell, str | int | float) else str(cell)


def _bound(field: Field, records: Records) -> str | float | None:
    value: str | float | None = records.columns[field.name].tolist()[0]
    if field.kind is Kind.NUMERIC and isinstance(value, float) and math.isnan(value):
        return None
    return value


def _spelling(cells: Sequence[CellSeen]) -> str:
    """How a record says that a value is missing."""
    if len(cells) > 1:
        return "every joined column is missing or blank"
    (cell,) = cells
    if cell.type is CellType.NULL:
        return "null or an empty cell"
    if isinstance(cell.value, str) and not cell.value.strip():
        return "a blank string"
    return f'the spelling "{str(cell.value).strip()}"'
