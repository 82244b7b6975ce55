"""What the codecs refuse alike, whatever the media type."""

from servable.errors import BadInput, Problem
from servable.records import ABSENT, Table


def too_many_records(max_rows: int) -> Problem:
    """The problem of a body with more records than one request may hold."""
    return Problem(
        code="request.too-many-records",
        where="body",
        expected=f"at most {max_rows} records",
        found="more",
        fix="split the request",
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
