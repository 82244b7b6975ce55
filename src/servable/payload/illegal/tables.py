"""Bodies that are no CSV or no Parquet, or tables with other columns than there are fields."""

from collections.abc import Iterator, Sequence
from typing import Final

from servable.codecs import MAX_ROWS, encode_csv, encode_table
from servable.payload import script
from servable.payload.facts import ModelFacts
from servable.payload.illegal.cells import nameable
from servable.payload.illegal.request import TOO_LARGE, IllegalRequest
from servable.payload.strategies.case_records import Record
from servable.records import Cell, Table

_BROKEN_CSV: Final = (
    ("empty-body", b"", "a request has a body"),
    ("blank-lines-alone", b"\r\n\r\n", "a request holds at least one record"),
    ("open-quote", b'"never closed', "a quote must be closed"),
    ("text-behind-a-quote", b'"closed" and more\r\n', "a quoted cell ends with its quote"),
    ("invalid-utf-8", b"\xff\r\n", "a byte that UTF-8 does not use"),
    ("utf-16", "1,2\r\n".encode("utf-16"), "bodies are in UTF-8"),
)


def csv_requests(facts: ModelFacts, plain: Record) -> Iterator[IllegalRequest]:
    """Illegal CSV bodies, with a header and without one."""
    for prefix, content_type in (("csv", script.CSV), ("csv-header", script.CSV_WITH_HEADER)):
        for case, data, why in _BROKEN_CSV:
            yield IllegalRequest(case=f"{prefix}-{case}", content_type=content_type, data=data, why=why)
    yield from _without_header(facts, plain)
    yield from _with_header(facts, plain)


def parquet_requests(facts: ModelFacts, plain: Record) -> Iterator[IllegalRequest]:
    """Illegal Parquet bodies."""
    names = facts.schema.names()
    if any("\0" in name for name in names):
        return
    whole = encode_table(Table.of_records([dict(plain)]), script.PARQUET)
    why = "it is no Parquet file"
    for case, data in (
        ("empty-body", b""),
        ("cut-off", whole[: len(whole) // 2]),
        ("without-footer", whole[:-8]),
        ("without-beginning", whole[len(whole) // 2 :]),
        ("of-another-format", encode_csv([names])),
        ("marks-alone", b"PAR1" * 8),
    ):
        yield IllegalRequest(case=f"parquet-{case}", content_type=script.PARQUET, data=data, why=why)
    yield IllegalRequest(
        case="parquet-without-records",
        content_type=script.PARQUET,
        data=encode_table(Table(names=names, rows=()), script.PARQUET),
        why="a request holds at least one record",
    )
    if (field := nameable(facts.schema)) is not None and len(names) > 1:
        lacking = {name: cell for name, cell in plain.items() if name != field}
        yield IllegalRequest(
            case="parquet-lacking-column",
            content_type=script.PARQUET,
            data=encode_table(Table.of_records([lacking]), script.PARQUET),
            field=field,
            record=0,
            why="every field must be there",
        )


def _without_header(facts: ModelFacts, plain: Record) -> Iterator[IllegalRequest]:
    """Rows of the wrong width; any row at all where the columns of a CSV are not known."""
    columns = facts.schema.csv_columns
    if columns is None:
        data = encode_csv([[plain[name] for name in facts.schema.names()]])
        yield IllegalRequest(
            case="csv-of-unknown-columns",
            content_type=script.CSV,
            data=data,
            why="nothing says what its columns are",
        )
        return
    row: list[Cell] = [plain.get(name) for name in columns]
    for case, other, why in (
        ("too-few-columns", row[:-1], "a column is missing"),
        ("too-many-columns", [*row, "more"], "there is a column too many"),
    ):
        if other:
            yield _csv(case, [row, other], why, record=1)
    yield _csv("header-row-alone", [columns], "a request holds at least one record")
    yield IllegalRequest(
        case="csv-too-many-records",
        content_type=script.CSV,
        data=b"0\n" * (MAX_ROWS + 2),
        status=TOO_LARGE,
        why=f"at most {MAX_ROWS:,} records and a header",
    )


def _with_header(facts: ModelFacts, plain: Record) -> Iterator[IllegalRequest]:
    names = facts.schema.names()
    row = [plain[name] for name in names]
    if len(row) > 1:
        for case, other in (("too-few-columns", row[:-1]), ("too-many-columns", [*row, "more"])):
            data = encode_csv([names, row, other])
            yield _header(case, data, "a row is as wide as the header", record=1)
    yield _header("alone", encode_csv([names]), "a request holds at least one record")
    field = nameable(facts.schema)
    if field is not None and len(names) > 1:
        kept = [name for name in names if name != field]
        data = encode_csv([kept, [plain[name] for name in kept]])
        yield _header("lacking-column", data, "every field must be there", field=field, record=0)


def _csv(case: str, rows: Sequence[Sequence[Cell]], why: str, *, record: int | None = None) -> IllegalRequest:
    return IllegalRequest(
        case=f"csv-{case}", content_type=script.CSV, data=encode_csv(rows), record=record, why=why
    )


def _header(
    case: str, data: bytes, why: str, *, field: str | None = None, record: int | None = None
) -> IllegalRequest:
    return IllegalRequest(
        case=f"csv-header-{case}",
        content_type=script.CSV_WITH_HEADER,
        data=data,
        field=field,
        record=record,
        why=why,
    )
