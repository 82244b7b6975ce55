"""`text/csv`: RFC 4180 in UTF-8, without a header unless the content type says `header=present`.

Cells stay text; an empty cell is missing. Blank lines are skipped.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NoReturn

import numpy as np

from servable.codecs.answer import Answer, answer_problem, label_of
from servable.codecs.json_codec import decimals
from servable.codecs.refusals import require_present, too_many_records
from servable.errors import BadInput, Problem, TooLarge
from servable.records import Cell, Predictions, Table

CsvRow = tuple[str | None, ...]

QUOTE = '"'
# a lone carriage return too, which the csv module writes bare, and a byte order mark, which readers drop
_TO_QUOTE = re.compile('[,"\r\n]|^\ufeff')

_QUOTING = "quote cells that hold quotes, commas or line breaks, and double the quotes inside"
_SHORTENING = "shorten the cell, or close the quote that it begins with"


def decode(body: bytes, *, header: bool, max_rows: int) -> Table:
    """The rows of a CSV body: positional, or named by its first row where `header` is given."""
    rows = read_rows(io.StringIO(_text(body), newline=""))
    names = tuple(cell or "" for cell in next(rows, ())) if header else None
    # one more than the limit, because the first row of a positional table may be a header
    kept = list(islice(rows if names is None else require_width(rows, len(names)), max_rows + 2))
    if len(kept) > max_rows + (names is None):
        raise TooLarge(too_many_records(max_rows))
    return Table(names=names, rows=kept)


def require_width(rows: Iterable[CsvRow], width: int) -> Iterator[CsvRow]:
    """The same rows; the first that is not as wide as the header is an error."""
    for number, row in enumerate(rows):
        if len(row) != width:
            raise BadInput(
                Problem(
                    code="request.width",
                    where=f"record {number}",
                    expected=f"{width} cells, as the header has",
                    found=str(len(row)),
                    fix="write a cell for every column, empty if the value is missing",
                )
            )
        yield row


def read_rows(lines: Iterable[str]) -> Iterator[CsvRow]:
    """Rows of a CSV text, empty cells as None, blank lines skipped.

    Raises:
        BadInput: `request.csv`, naming the line, for quotes that do not match and cells beyond
            131,072 characters.
    """
    reader = csv.reader(lines, strict=True)
    try:
        for row in reader:
            if row:
                yield tuple(cell or None for cell in row)
    except csv.Error as error:
        fix = _SHORTENING if "field limit" in str(error) else _QUOTING
        _refuse(f"line {reader.line_num}", str(error), error, fix=fix)


def encode(table: Table) -> bytes:
    """The cells of a table without its header, None as an empty cell."""
    require_present(table)
    return encode_rows(table.rows)


def encode_rows(rows: Iterable[Sequence[Cell]]) -> bytes:
    """Rows as RFC 4180 with line feeds, quoted where needed."""
    return "".join(_line(["" if cell is None else str(cell) for cell in row]) for row in rows).encode()


def _line(cells: list[str]) -> str:
    if cells == [""]:
        return '""\n'  # an empty line would be no row at all
    quoted = (f'"{cell.replace(QUOTE, QUOTE * 2)}"' if _TO_QUOTE.search(cell) else cell for cell in cells)
    return ",".join(quoted) + "\n"


def encode_answer(predictions: Predictions) -> bytes:
    """Raw score of each class, calibrated score of each class, label; a line per record."""
    lines = (
        ",".join([*decimals(raw), *decimals(calibrated), label_of(label)])
        for raw, calibrated, label in zip(
            predictions.raw, predictions.calibrated, predictions.label.tolist(), strict=True
        )
    )
    return "".join(f"{line}\n" for line in lines).encode()


def decode_answer(body: bytes) -> Answer:
    """The scores of a CSV answer, all classes."""
    try:
        rows = [line.split(",") for line in body.decode().splitlines() if line]
        classes = (len(rows[0]) - 1) // 2
        scores = np.array([[float(cell) for cell in row[:-1]] for row in rows])
        if classes < 2 or scores.shape[1] != 2 * classes:
            raise ValueError(f"{len(rows[0])} cells a line")
        labels = tuple(row[-1] for row in rows)
    except (ValueError, IndexError) as error:
        raise BadInput(
            answer_problem("CSV lines of raw scores, calibrated scores and a label", "another form")
        ) from error
    return Answer(raw=scores[:, :classes], calibrated=scores[:, classes:], labels=labels)


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _refuse("body", f"byte {error.start} is not UTF-8", error)


def _refuse(where: str, reason: str, error: Exception, *, fix: str = _QUOTING) -> NoReturn:
    raise BadInput(
        Problem(
            code="request.csv",
            where=where,
            expected="CSV in UTF-8",
            found=f"something else ({reason})",
            fix=fix,
        )
    ) from error
