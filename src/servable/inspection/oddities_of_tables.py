"""Oddities of risk tables: what a category's number can and cannot say."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from servable.inspection.oddity import Oddity, fields, note, warning
from servable.inspection.tables import holds_codes
from servable.preprocess import MISSING_BIN, RiskTable
from servable.schema import PANDAS_NULLS
from servable.scorer import Scorer
from servable.wording import listed, number

_WHERE: Final = "risk tables"
_WORDS: Final = frozenset(["NA", "NULL", "None", "null", "nan"])


def oddities_of_tables(scorer: Scorer) -> Iterator[Oddity]:
    """Tables without a field, without a difference, with values or keys that surprise."""
    tables = scorer.preprocessor.risk_tables
    strays = [name for name in tables if name not in scorer.schema.names()]
    if strays:
        yield warning(
            "table.no-field",
            _WHERE,
            f"there are tables of {listed(strays)}, which no field is called: they change no score",
            names=strays,
        )
    read = {name: tables[name] for name in scorer.artifact.features if name in tables}
    risks = {name: table for name, table in read.items() if not holds_codes(table)}
    if len(scorer.schema.classes) > 2:
        yield from _one_number(scorer, risks)
    else:
        yield from _outside(risks)
    yield from _flat(read)
    yield from _numeric_keys(read)
    # a training that read no word as missing has no such doubt
    if scorer.schema.null_spellings & _WORDS:
        yield from _missing_words(read)


def _one_number(scorer: Scorer, tables: Mapping[str, RiskTable]) -> Iterator[Oddity]:
    if tables:
        least, most = _range(tables.values())
        yield note(
            "table.one-number",
            _WHERE,
            f"in {listed(list(tables))} a category has one number, from {number(least)} to {number(most)}, "
            f"and not one for each of {len(scorer.schema.classes)} classes; training fits it on the labels 0 "
            "and 1 alone and on the mean label, which may exceed 1, so it says little of the other classes",
            names=list(tables),
        )


def _outside(tables: Mapping[str, RiskTable]) -> Iterator[Oddity]:
    outside = {name: table for name, table in tables.items() if not _is_share(table)}
    if outside:
        least, most = _range(outside.values())
        yield warning(
            "table.outside",
            _WHERE,
            f"values of {listed(list(outside))} lie outside of 0 to 1, from {number(least)} to "
            f"{number(most)}, and are no shares of positive labels; the model reads them as they are",
            names=list(outside),
        )


def _range(tables: Iterable[RiskTable]) -> tuple[float, float]:
    values = [value for table in tables for value in (*table.bins.values(), table.default)]
    return min(values), max(values)


def _is_share(table: RiskTable) -> bool:
    least, most = _range([table])
    return least >= 0.0 and most <= 1.0


def _flat(tables: Mapping[str, RiskTable]) -> Iterator[Oddity]:
    flat = [name for name, table in tables.items() if len(set(_range([table]))) == 1]
    if flat:
        yield warning(
            "table.flat",
            fields(flat),
            "every category has the same number, so what a request says there changes no score",
            names=flat,
        )


def _numeric_keys(tables: Mapping[str, RiskTable]) -> Iterator[Oddity]:
    numeric = [name for name, table in tables.items() if table.has_integers]
    if numeric:
        yield note(
            "table.numeric-keys",
            fields(numeric),
            "categories are numbers, so 10, 10.0 and the text 10 are one category, and 010 is another",
            names=numeric,
        )


def _missing_words(tables: Mapping[str, RiskTable]) -> Iterator[Oddity]:
    words = PANDAS_NULLS - {MISSING_BIN}
    doubtful = [
        name for name, table in tables.items() if MISSING_BIN in table.bins and not words & table.bins.keys()
    ]
    if doubtful:
        yield warning(
            "table.missing-words",
            fields(doubtful),
            "the table has a bin for missing values and none for words like NA or None, so such words were "
            "probably missing in training; here they are categories of their own",
            names=doubtful,
        )
