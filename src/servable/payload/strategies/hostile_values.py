"""Hazards of numbers, of categories and of what is missing, each legal by the rules of `schema.bind`."""

import re
from collections.abc import Iterator
from typing import Final

from servable.artifact import UNKNOWN, StoredRiskTable
from servable.payload.facts import ModelFacts
from servable.payload.samples import Sample
from servable.payload.strategies.case_records import Record, everywhere, filled, sample
from servable.preprocess import MISSING_BIN, RiskTable
from servable.records import Cell
from servable.schema import Kind

_BLANK: Final = " \t "
_TEN: Final = "10"
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)", re.ASCII)

_NUMBERS: Final = (
    ("numeric-strings", ("12", "+12", "12.", ".5", "-0.25", "0012", " 12 ")),
    ("exponents", ("1e3", "1E+03", "-2.5e-3", "1e0", "0e9")),
    ("negative-zero", ("-0", "-0.0", "-0e0", -0.0)),
    ("tiny-numbers", (5e-324, "1e-400", 1.4e-45, -2.2250738585072014e-308, 1e-9)),
    ("large-numbers", (1e9, -1e9, "1e9", "999999999.999", 4294967296)),
    ("numbers-of-many-digits", ("0." + "3" * 300, "0" * 300 + "7", "1" + "0" * 9 + "." + "0" * 300)),
)
"""Case and what each of its records holds in every numeric field."""


def missing_samples(facts: ModelFacts, plain: Record) -> Iterator[Sample]:
    """Missing values: of numbers in every spelling that the artifact lists, of the others null alone."""
    numbers, categories, texts = (facts.schema.names(kind) for kind in Kind)
    yield sample("everything-missing", [dict.fromkeys(plain)])
    if numbers:
        yield sample("missing-numbers", everywhere(plain, numbers, [None]))
        yield sample("missing-numbers-as-empty-strings", everywhere(plain, numbers, [""]))
        yield sample("missing-numbers-as-blanks", everywhere(plain, numbers, [_BLANK, "\u00a0"]))
        spellings = sorted(facts.null_spellings)
        yield sample("missing-numbers-in-every-spelling", everywhere(plain, numbers, spellings))
        yield sample(
            "missing-numbers-between-blanks",
            everywhere(plain, numbers, [f" {spelling}\t" for spelling in spellings]),
        )
    if categories:
        yield sample("missing-categories", everywhere(plain, categories, [None]))
    if texts:
        yield sample("missing-texts", everywhere(plain, texts, [None]))


def number_samples(facts: ModelFacts, plain: Record) -> Iterator[Sample]:
    """Numbers in every spelling and size that a request may hold."""
    if numbers := facts.schema.names(Kind.NUMERIC):
        for case, values in _NUMBERS:
            yield sample(case, everywhere(plain, numbers, values))


def category_samples(facts: ModelFacts, plain: Record) -> Iterator[Sample]:
    """Categories that no table knows, those that look missing, and integers in their spellings."""
    names = facts.schema.names(Kind.CATEGORICAL)
    if not names:
        return
    yield sample("unknown-categories", everywhere(plain, names, [UNKNOWN]))
    yield sample("empty-categories", everywhere(plain, names, [""]))
    looks_missing = [" ", MISSING_BIN, "NaN", "None", "null", "NA", "<NA>"]
    yield sample("categories-like-missing-ones", everywhere(plain, names, looks_missing))
    integers = {name: integer_of(facts.risk_tables.get(name)) for name in names}
    yield sample(
        "integers-and-decimals-as-categories",
        [
            filled(plain, {name: f"{integer}{ending}" for name, integer in integers.items()})
            for ending in ("", ".0", ".00")
        ],
    )
    yield sample("categories-nearly-known", _nearly_known(facts, plain))


def integer_of(table: StoredRiskTable | None) -> str:
    """The first integer among a table's keys if they are numbers; ten for a table that knows none."""
    if table is None or not RiskTable(table.bins, table.default_bin).has_integers:
        return _TEN
    stems = (key.split(".")[0] for key in sorted(table.bins, key=lambda key: (len(key), key)))
    return next((stem for stem in stems if _INTEGER.fullmatch(stem)), _TEN)


def _nearly_known(facts: ModelFacts, plain: Record) -> Iterator[Record]:
    """Known categories in another case, between blanks, with a zero before and a letter behind."""
    known: dict[str, str] = {name: weighted[0][0] for name, weighted in facts.categories.items()}
    for change in (str.swapcase, " {} ".format, "0{}".format, "{}s".format):
        cells: dict[str, Cell] = {name: change(category) for name, category in known.items()}
        yield filled(plain, cells)
