"""Two readings of each point on which the payload script differs from the recorded one.

Of every pair, the first is how the recorded script read the point, and the second how it is settled.
"""

import csv
import io
import json
import math
import re
from collections.abc import Collection, Sequence
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import NoReturn

from payload_recorded import Refusal


class RefusedError(Exception):
    """The end of a reading; `refusal` is what the script's must be like."""

    def __init__(self, kind: str, *says: str) -> None:
        super().__init__(kind, *says)
        self.refusal = Refusal((kind,), says)


# -- which file is read, and as what ------------------------------------------------------------------------


def plain_member(name: str) -> str:
    return str(PurePosixPath(name))


def any_of(found: Sequence[Path]) -> list[Path]:
    return list(found)


def first_sorted(found: Sequence[Path]) -> list[Path]:
    return sorted(found)[:1]


def utf_8(data: bytes) -> str:
    return data.decode()


def without_mark(data: bytes) -> str:
    return data.decode("utf-8-sig")


def anything(value: object) -> object:
    if not isinstance(value, dict):
        raise RefusedError("AttributeError")
    return value


def an_object(value: object) -> object:
    if not isinstance(value, dict):
        raise RefusedError("ValueError", "hyperparameters.json")
    return value


# -- fields -------------------------------------------------------------------------------------------------


def joined(tabular: object, categorical: object) -> list[str]:
    if isinstance(tabular, list) and isinstance(categorical, list):
        return [*tabular, *categorical]
    raise RefusedError("TypeError")


def null_is_empty(tabular: object, categorical: object) -> list[str]:
    joined_names: list[str] = []
    for names in (tabular, categorical):
        if names is None:
            continue
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise RefusedError("ValueError", "field_list")
        joined_names += names
    return joined_names


def as_it_stands(name: str | None, usual: str) -> str | None:
    return name


def null_is_absent(name: str | None, usual: str) -> str | None:
    return usual if name is None else name


def listed(names: Sequence[str], texts: Sequence[str]) -> list[str]:
    return list(names)


def listed_and_texts(names: Sequence[str], texts: Sequence[str]) -> list[str]:
    return [*names, *(text for text in dict.fromkeys(texts) if text not in names)]


# -- values -------------------------------------------------------------------------------------------------


def any_number(number: float) -> float:
    return number


def finite(number: float) -> float:
    return number if math.isfinite(number) else 0.0


def lower_case(suffix: str, texts: Sequence[str]) -> list[str]:
    return [text for text in texts if text == suffix.lower()]


def without_case(suffix: str, texts: Sequence[str]) -> list[str]:
    found = [suffix] if suffix in texts else [t for t in texts if t.lower() == suffix.lower()]
    if len(found) > 1:
        raise RefusedError("ValueError", suffix, *found)
    return found


def passed_over(suffix: str, texts: Sequence[str]) -> None:
    return None


def lists_texts(suffix: str, texts: Sequence[str]) -> NoReturn:
    # of many fields a sentence names the first
    raise RefusedError("ValueError", f"SPECIAL_FIELD_{suffix}", *texts[:5])


def formatted(template: str, field: str, clock: str) -> str:
    try:
        return template.format(timestamp=clock)
    except KeyError as error:
        raise RefusedError("ValueError", f"Invalid placeholder in template for field '{field}'") from error
    except (ValueError, IndexError, AttributeError) as error:
        raise RefusedError(type(error).__name__) from error


def literal(template: str, field: str, clock: str) -> str:
    parts = template.split("{timestamp}")
    doubled = any(a.endswith("{") or b.startswith("}") for a, b in pairwise(parts))
    if doubled or re.search("[{}]", "".join(parts)):
        raise RefusedError("ValueError", f"Invalid placeholder in template for field '{field}'")
    return clock.join(parts)


def no_defaults(text: str | None, numeric: Collection[str]) -> dict[str, str]:
    return {}


def own_defaults(text: str | None, numeric: Collection[str]) -> dict[str, str]:
    if not text:
        return {}
    try:
        values = json.loads(text)
    except ValueError as error:
        raise RefusedError("ValueError", "FIELD_DEFAULTS") from error
    if not isinstance(values, dict) or not all(is_value(value) for value in values.values()):
        raise RefusedError("ValueError", "FIELD_DEFAULTS")
    return {name: own_number(name, v) if name in numeric else str(v) for name, v in values.items()}


def is_value(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, int | float) and math.isfinite(value))


def own_number(field: str, value: str | float) -> str:
    """A number as the default number is written."""
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise RefusedError("ValueError", field)
    return str(number)


# -- files --------------------------------------------------------------------------------------------------


def fields_themselves(fields: Sequence[str], feature_columns: str | None) -> list[str]:
    return list(fields)


def feature_columns(fields: Sequence[str], feature_columns: str | None) -> list[str]:
    if feature_columns is None:
        return list(fields)
    lines = [line.strip() for line in feature_columns.splitlines() if line.strip() and line[0] != "#"]
    return [line.partition(",")[2] for line in lines]


def bare_cells(values: Sequence[str]) -> str:
    return ",".join(values)


def rfc_4180(values: Sequence[str]) -> str:
    row = io.StringIO(newline="")
    csv.writer(row, lineterminator="\r\n").writerow(values)
    return row.getvalue().removesuffix("\r\n")


def of_two_types(content_type: str) -> str:
    if content_type in ("application/json", "text/csv"):
        return content_type
    raise RefusedError("ValueError", "Unsupported content type")


def of_six_types(content_type: str) -> str:
    name = re.sub(r"\s*;\s*", "; ", content_type)
    more = (
        "application/x-ndjson",
        "application/jsonlines",
        "application/x-parquet",
        "text/csv; header=present",
    )
    return name if name in more else of_two_types(content_type)


def place(content_types: Sequence[str], index: int) -> int:
    return index


def count(content_types: Sequence[str], index: int) -> int:
    return list(content_types[:index]).count(content_types[index])


def as_written(names: Sequence[str]) -> list[str]:
    return list(names)


def by_name(names: Sequence[str]) -> list[str]:
    return sorted(names)


def ratio_of_nothing(total_bytes: int) -> None:
    if not total_bytes:
        raise RefusedError("ZeroDivisionError")


def no_ratio(total_bytes: int) -> None:
    return None
