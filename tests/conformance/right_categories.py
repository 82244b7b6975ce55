"""The risk of categories that the other implementation misreads, by decision 0005 alone.

It infers a CSV column's type over the whole body, so that ` 10` becomes `10`, and `10.0` beside an empty
cell, takes words such as `NA` for missing, and looks a null up under the word `None` (F18, F19). Trees
often give one score for both readings; such a request carries no tag, and yet its recorded number is not
the right one.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from servable.codecs import decode_request

WORDS_READ_AS_MISSING = frozenset(
    [
        *(
            "NA",
            "N/A",
            "NaN",
            "nan",
            "null",
            "NULL",
            "None",
            "n/a",
            "#N/A",
            "#N/A N/A",
            "<NA>",
            "-NaN",
            "-nan",
        ),
        *("1.#IND", "1.#QNAN", "-1.#IND", "-1.#QNAN"),
    ]
)
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_INTEGER = re.compile(r"(-?(?:0|[1-9][0-9]*))(?:\.0+)?")


def corrected(
    tabular: NDArray[np.float32],
    features: Sequence[str],
    *,
    body: bytes,
    content_type: str,
    columns: Sequence[str],
    tables: Mapping[str, Any],
) -> NDArray[np.float32]:
    """Recorded numbers of a request, with the right risk at each category that was misread."""
    table = decode_request(body, content_type)
    names = tuple(columns) if table.names is None else table.names
    rows = [row for row in table.rows if table.names is not None or tuple(row) != names]
    if len(rows) != len(tabular):
        return tabular
    found = tabular.copy()
    for index, row in enumerate(rows):
        cells = dict(zip(names, row, strict=False))
        for name in tables.keys() & set(features) & cells.keys():
            if _is_misread(cells[name], is_csv=table.names is None):
                found[index, features.index(name)] = _risk(cells[name], **tables[name])
    return found


def _is_misread(cell: object, *, is_csv: bool) -> bool:
    if not isinstance(cell, str):
        return True
    return is_csv and (not cell or cell in WORDS_READ_AS_MISSING or _is_inferred(cell))


def _is_inferred(cell: str) -> bool:
    """Whether a column of such cells is read as one of numbers or truth values, blanks around them or not."""
    if cell.strip().lower() in {"true", "false"}:
        return True
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _risk(cell: object, *, bins: Mapping[str, float], default_bin: float) -> float:
    if cell is None or cell == "":
        return bins.get("nan", default_bin)
    key = str(cell)
    if key in bins:
        return bins[key]
    numbers = [name for name in bins if name != "nan"]
    integer = _INTEGER.fullmatch(key)
    if integer is None or not all(map(_NUMBER.fullmatch, numbers)):
        return default_bin
    same = [name for name in numbers if (match := _INTEGER.fullmatch(name)) and match[1] == integer[1]]
    return bins[min(same, key=len)] if same else default_bin
