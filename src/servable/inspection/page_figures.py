"""The figures of an inspection's page: risks by category, calibration, golden scores."""

from typing import Final

import numpy as np

from servable.artifact import GoldenSet
from servable.calibration import Calibrator
from servable.inspection.description import CalibratorFacts, Description
from servable.inspection.lines import calibrator_in_words, golden_in_words
from servable.inspection.oddities_of_calibration import place
from servable.inspection.tables import holds_codes
from servable.preprocess import MISSING_BIN, RiskTable
from servable.report import (
    Bar,
    Block,
    Cell,
    Facts,
    Figure,
    Gallery,
    Key,
    Paragraph,
    ScoreCurve,
    Tone,
    bars,
    calibration_plot,
    score_histogram,
    significant,
)
from servable.scorer import Scorer
from servable.wording import capital, counted, plain

_MOST_BARS: Final = 8
_MOST_TABLES: Final = 12
_MOST_CURVES: Final = 6
_SAMPLES: Final = 201


def risks(scorer: Scorer) -> tuple[Block, ...]:
    """The categories of each table that the model reads, those furthest from the default."""
    tables = scorer.preprocessor.risk_tables
    read = [
        (name, tables[name])
        for name in scorer.artifact.features
        if name in tables and tables[name].bins and not holds_codes(tables[name])
    ]
    figures = tuple(_risk(name, table, index) for index, (name, table) in enumerate(read[:_MOST_TABLES]))
    return (*_gallery(figures), *_left_out(len(read) - len(figures), "table"))


def _risk(name: str, table: RiskTable, index: int) -> Figure:
    furthest = sorted(table.bins.items(), key=lambda item: -abs(item[1] - table.default))[:_MOST_BARS]
    shown = sorted(furthest, key=lambda item: -item[1])
    rows = [Bar("nan (missing)" if category == MISSING_BIN else category, value) for category, value in shown]
    everything = len(rows) == len(table.bins)
    categories = counted(len(table.bins), "category", "categories")
    return Figure(
        title=name,
        svg=bars(rows, reference=table.default, name=f"risk-{index}", title=f"Risks of {name}"),
        keys=(),
        caption=f"{'All' if everything else f'{len(rows)} of'} {categories}; an unknown one has "
        f"{significant(table.default)}.",
    )


def calibration(scorer: Scorer, description: Description) -> tuple[Block, ...]:
    """What the calibrator is, and its curve by class."""
    calibrator = scorer.calibrator
    if calibrator is None or description.calibrator is None:
        return (Paragraph(text=f"{capital(calibrator_in_words(None))}."),)
    curves = _curves(scorer, calibrator)
    figures = tuple(
        _calibration(plain(title), curve, index) for index, (title, curve) in enumerate(curves[:_MOST_CURVES])
    )
    shown = figures if len(figures) == 1 else _gallery(figures)
    left_out = _left_out(len(curves) - len(figures), "class", "classes")
    return (*shown, *left_out, Facts(items=_calibrator(description.calibrator)))


def _calibrator(found: CalibratorFacts) -> tuple[tuple[str, Cell], ...]:
    knots = ", ".join(f"{name}: {knots}" for name, knots in found.knots.items())
    parameters = (
        (name, Cell(text=significant(value), value=value)) for name, value in found.parameters.items()
    )
    return (
        ("Kind", Cell(text=found.kind)),
        ("Place", Cell(text=found.place)),
        *([("Knots by class", Cell(text=knots))] if knots else []),
        *parameters,
    )


def _curves(scorer: Scorer, calibrator: Calibrator) -> list[tuple[str, ScoreCurve]]:
    """The curves that one raw score decides; with more classes a temperature has none."""
    if calibrator.tables:
        return [
            (place(scorer, index), ScoreCurve(raw=table.x, calibrated=table.y, has_knots=True))
            for index, table in sorted(calibrator.tables.items())
        ]
    if len(scorer.schema.classes) != 2:
        return []
    raw = np.linspace(0.0, 1.0, _SAMPLES)
    calibrated = calibrator.apply(np.column_stack([1.0 - raw, raw]))[:, 1].astype(np.float64)
    return [(place(scorer, 1), ScoreCurve(raw=raw, calibrated=calibrated, has_knots=False))]


def _calibration(title: str, curve: ScoreCurve, index: int) -> Figure:
    heading = capital(title)
    return Figure(
        title=heading if index or title != "calibrator" else "",
        svg=calibration_plot(curve, name=f"calibration-{index}", title=heading),
        keys=(
            Key(mark="response", text="calibrated score"),
            Key(mark="planned", text="the raw score itself"),
        ),
        caption="Above the dashed line a calibrated score is higher than the raw one, below it lower.",
    )


def golden(scorer: Scorer, description: Description) -> tuple[Block, ...]:
    """What the golden records are, and how their raw scores are spread."""
    found = scorer.artifact.golden
    said = Paragraph(text=f"{capital(golden_in_words(description.golden))}.")
    if found is None:
        return (said,)
    return (said, _histogram(scorer, found))


def _histogram(scorer: Scorer, golden: GoldenSet) -> Figure:
    classes = scorer.schema.classes
    raw = golden.expected.raw.astype(np.float64)
    real = len(golden) - golden.derived
    if golden.holds_real_records:
        raw = raw[:real]
    what = "real golden records" if golden.holds_real_records else "golden records"
    of = f'of class "{plain(classes[1])}"' if len(classes) == 2 else "of the likeliest class"
    scores = raw[:, 1] if len(classes) == 2 else raw.max(axis=1)
    return Figure(
        svg=score_histogram(scores, name="golden", title=f"Raw scores {of}", what=what),
        keys=(),
        caption=f"How many of {counted(len(scores), 'record')} have a raw score {of} in each twentieth of "
        "the range. Nothing else of a record is on this page.",
    )


def _gallery(figures: tuple[Figure, ...]) -> tuple[Gallery, ...]:
    return (Gallery(figures=figures),) if figures else ()


def _left_out(amount: int, noun: str, nouns: str = "") -> tuple[Block, ...]:
    if amount <= 0:
        return ()
    return (Paragraph(text=f"And {counted(amount, noun, nouns)} more.", tone=Tone.QUIET),)
