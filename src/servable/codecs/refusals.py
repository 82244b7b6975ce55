"""What the codecs refuse alike, whatever the media type."""

from servable.errors import BadInput, Problem, TooLarge
from servable.records import ABSENT, Table

MAX_CELLS = 2_000_000


def too_many_records(max_rows: int) -> Problem:
    """The problem of a body with more records than one request may hold."""
    return Problem(
        code="request.too-many-records",
        where="body",
        expected=f"at most {max_rows} records",
        found="more",
        fix="split the request",
    )


def require_room_for_cells(records: int, names: int) -> None:
    """Refuses a table of more than two million cells whose records have different keys.

    Raises:
        TooLarge: `request.too-many-cells`.
    """
    if records * names > MAX_CELLS:
        raise TooLarge(
            Problem(
                code="request.too-many-cells",
                where="body",
                expected=f"at most {MAX_CELLS} cells, counting every key that any record has",
                found=f"{records} records and {names} different keys",
                fix="send the same keys in every record, or split the request",
            )
        )


def require_present(table: Table) -> None:
    """Refuses a table whose records do not all have the same keys, which only JSON can carry.

    Raises:
        BadInput: `request.missing-field`.
    """
    for number, row in enumerate(table.rows):
        if ABSENT in row:
            raise BadInput(
                Problem(
                    code="request.missing-field",
                    where=f"record {number}",
                    expected="a cell in every column",
                    found="a key that this record lacks",
                    fix="write it as missing (null), or use JSON",
                )
            )
