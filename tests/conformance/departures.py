"""The entries of the function-level files that must differ from what was stored, and what is right instead.

Each row names the decision or the fault of the other implementation that demands it. A row under which
no entry differs is itself a fault of this table, and fails a test.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from function_entries import REFUSED, Departure
from load_departures import LOAD_DEPARTURES

CALIBRATION: Final = "calibration_functions.json"
FIT: Final = "fit_functions.json"
OUTPUT: Final = "output_formats.json"


def _label_mean(facts: Mapping[str, Any]) -> float:
    labels: list[int] = [label for _, label in facts["rows"]]
    return sum(labels) / len(labels)


def _bins(facts: Mapping[str, Any]) -> dict[str, float]:
    """Smoothed shares of label 1 by category, missing ones a category of their own."""
    rows, mean = facts["rows"], _label_mean(facts)
    pseudo = int(len(rows) * facts["smooth_factor"])
    found = {}
    for name in {name for name, _ in rows}:
        labels = [label for other, label in rows if other == name]
        value = (sum(labels) + pseudo * mean) / (len(labels) + pseudo)
        found[name] = value if len(labels) >= facts["count_threshold"] else mean
    return found


def _lookup(facts: Mapping[str, Any]) -> float:
    """The bin of a cell by its text, then by the integer that it is, then the default."""
    bins, cell = _bins(facts), facts["cell"]
    text = "nan" if cell is None else str(cell)
    try:
        spellings = (text, str(float(text)), str(int(float(text)))) if float(text) % 1 == 0 else (text,)
    except ValueError:
        spellings = (text,)
    return next((bins[name] for name in spellings if name in bins), _label_mean(facts))


def _interpolated(points: Sequence[Sequence[float]], score: float) -> float:
    """The documentation's rule for a score between the first and the last knot, in double precision."""
    (x1, y1), (x2, y2) = next((a, b) for a, b in pairwise(points) if a[0] <= score <= b[0])
    return y1 if x1 == x2 else y1 + (y2 - y1) * (score - x1) / (x2 - x1)


def _of_class_1(score: float, facts: Mapping[str, Any]) -> object:
    return [1 - score, score] if facts["columns"] == 2 else score


def _answer(facts: Mapping[str, Any]) -> list[object]:
    """Scores as the handler's documentation writes them, with every digit and the label of the raw ones."""
    rows: list[object] = []
    for raw, calibrated in zip(facts["raw"], facts["calibrated"], strict=True):
        label = f"class-{raw.index(max(raw))}"
        if facts["is CSV"]:
            rows.append([*raw, *calibrated, label])
        elif len(raw) == 2:
            scores = {"legacy-score": raw[1], "calibrated-score": calibrated[1]}
            rows.append({**scores, "output-label": label})
        else:
            named = {f"prob_{i:02}": score for i, score in enumerate(raw, start=1)}
            named |= {f"calibrated_prob_{i:02}": score for i, score in enumerate(calibrated, start=1)}
            rows.append({**named, "output-label": label})
    return rows


DEPARTURES: Final = (
    Departure(
        file=CALIBRATION,
        entries="binary/*/scalar/nan",
        because="decision 0004: NaN is never a near-certain positive, F10",
        right=lambda facts: math.nan if facts["is a table"] else REFUSED,
    ),
    Departure(
        file=CALIBRATION,
        entries="binary/*/binary_*/nan",
        because="decision 0004: NaN is never a near-certain positive, F10",
        right=lambda facts: _of_class_1(math.nan, facts),
    ),
    # the recorded function compares a single-precision score with a knot in single precision, and takes it
    # for the knot that it is beyond
    *(
        Departure(
            file=CALIBRATION,
            entries=f"binary/{table}/binary_*/{score}",
            because="law 1: one score, one answer, whatever its precision",
            right=lambda facts: _of_class_1(_interpolated(facts["points"], facts["score"]), facts),
        )
        for table, score in (
            ("duplicate_x", "0.4"),
            ("duplicate_x", "0.4000000059604645"),
            ("unsorted", "0.8"),
        )
    ),
    Departure(
        file=CALIBRATION,
        entries="binary/*/binary_1d_float32/*",
        because="decision 0013: every score is brought to two columns before calibration, F2",
        right=lambda facts: facts["of two columns"][1],
    ),
    Departure(
        file=CALIBRATION,
        entries="multiclass/zeros/*",
        because="decision 0004: a row that all tables answer by zero stays raw, and finite",
        right=lambda facts: facts["raw"],
    ),
    Departure(
        file=OUTPUT,
        entries="not finite/*",
        because="decision 0004: a score that is not finite fails its request, F10",
        right=REFUSED,
    ),
    Departure(
        file=OUTPUT,
        entries="returned/*",
        because="decision 0004: what is no probability is not answered, F3",
        right=REFUSED,
    ),
    Departure(
        file=OUTPUT,
        entries="scores*/head/[*]/[*]",
        because="decision 0022: any type will do, F17",
        right=_answer,
    ),
    Departure(
        file=OUTPUT,
        entries="scores*/seed_era/[*]/[*]",
        because="decision 0022: any type will do, F17",
        right=_answer,
    ),
    Departure(
        file=OUTPUT,
        entries="scores*/application/json;*",
        because="decision 0022: a type may have parameters, F17",
        right=_answer,
    ),
    Departure(
        file=OUTPUT,
        entries="scores*/seed_era/text/csv",
        because="decision 0012: CSV rows are not rounded, F28",
        right=_answer,
    ),
    Departure(
        file=OUTPUT,
        entries="scores*/seed_era/TEXT/CSV",
        because="decision 0012: CSV rows are not rounded, F28",
        right=_answer,
    ),
    Departure(
        file=OUTPUT,
        entries="scores of class 1/*/seed_era/application/json",
        because="decision 0013: the label is that of both classes' scores, F27",
        right=_answer,
    ),
    Departure(
        file=OUTPUT,
        entries="scores*/head/*",
        because="decision 0013: a label, and no score-percentile",
        right=_answer,
    ),
    # decision 0005: `servable train` gives missing categories a bin, as training on CSV files has always
    # done; the function that was recorded drops their rows, and with them moves every other value
    Departure(
        file=FIT, entries="risk_tables/with missing cells/*/bins", because="decision 0005, F19", right=_bins
    ),
    Departure(
        file=FIT,
        entries="risk_tables/with missing cells/*/default_bin",
        because="decision 0005, F19",
        right=_label_mean,
    ),
    Departure(
        file=FIT,
        entries="risk_tables/with missing cells/*/lookups/*",
        because="decision 0005, F18, F19",
        right=_lookup,
    ),
    Departure(
        file=FIT,
        entries="imputation/*/process/'nan'",
        because="decision 0003: a spelling of a missing number is imputed, F40",
        right=lambda facts: facts["value"],
    ),
    Departure(
        file=FIT,
        entries="imputation/*/process/''",
        because="decision 0003: an empty string is a missing number, F40",
        right=lambda facts: facts["value"],
    ),
    *LOAD_DEPARTURES,
)
