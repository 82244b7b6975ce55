"""ROC, precision-recall and reliability: points where they were given, chance beside them, bands on them."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from drawn import LEFT, RIGHT, SQUARE_BOTTOM, TOP, corners, marked, parsed, path, told
from report_pages import seen

from servable.report import (
    Cell,
    RateBand,
    RateCurve,
    ReliabilityBins,
    Series,
    confusion_table,
    precision_recall_plot,
    reliability_plot,
    roc_plot,
)
from servable.report.markup import Markup

MIDDLE = (LEFT + RIGHT) / 2
HALF = (SQUARE_BOTTOM + TOP) / 2


def curve(*points: tuple[float, float], **changes: Any) -> RateCurve:
    x, y = np.array(points).T
    return RateCurve(**{"label": "before", "x": x, "y": y, **changes})


def bins(*points: tuple[float, float], **changes: Any) -> ReliabilityBins:
    predicted, observed = np.array(points).T
    return ReliabilityBins(**{"label": "before", "predicted": predicted, "observed": observed, **changes})


def roc(*curves: RateCurve) -> Markup:
    return roc_plot(curves, name="roc", title="ROC")


def precision(*curves: RateCurve) -> Markup:
    return precision_recall_plot(curves, base_rate=0.5, name="pr", title="Precision")


def reliability(*sets: ReliabilityBins) -> Markup:
    return reliability_plot(sets, name="rel", title="Reliability")


# --- ROC


def test_a_roc_goes_through_its_points_beside_the_line_of_chance() -> None:
    svg = parsed(roc(curve((0.0, 0.0), (0.5, 0.75), (1.0, 1.0))))

    assert corners(svg, "planned") == [(LEFT, SQUARE_BOTTOM), (RIGHT, TOP)]
    assert corners(svg, "series-a") == [(LEFT, SQUARE_BOTTOM), (MIDDLE, 190.5), (RIGHT, TOP)]


def test_the_first_of_several_curves_lies_on_top_and_each_has_its_own_look() -> None:
    svg = parsed(roc(*(curve((0.0, 0.0), (1.0, 1.0), series=series) for series in Series)))

    assert [str(element.get("class")) for element in svg[-4:]] == [
        "series-d",
        "series-c",
        "series-b",
        "series-a",
    ]


def test_an_interval_lies_below_all_curves_at_places_of_its_own() -> None:
    band = RateBand(x=np.array([0.0, 1.0]), low=np.array([0.0, 0.5]), high=np.array([0.5, 1.0]))
    svg = parsed(roc(curve((0.5, 0.5)), curve((0.0, 0.1), (1.0, 1.0), series=Series.B, band=band)))

    assert [element.get("class") for element in svg][-4:] == ["ribbon-b", "planned", "series-b", "series-a"]
    assert path(svg, "ribbon-b") == "M62 341L706 40L706 341L62 642Z"


@pytest.mark.parametrize("kind", [roc, precision])
def test_an_interval_without_numbers_is_refused(kind: Callable[..., Markup]) -> None:
    band = RateBand(x=np.array([0.0]), low=np.array([np.nan]), high=np.array([1.0]))

    with pytest.raises(ValueError, match=r"^before: a number to be drawn is not finite$"):
        kind(curve((0.5, 0.5), band=band))


def test_a_roc_is_told_by_points_that_were_given() -> None:
    svg = parsed(roc(curve((0.0, 0.0), (0.08, 0.6), (1.0, 1.0)), curve((0.0, 0.1), (1.0, 1.0), label="B")))

    assert told(svg) == (
        "before: true positive rate 0.6 at false positive rate 0.08; "
        "B: true positive rate 0.1 at false positive rate 0."
    )


# --- precision and recall


def test_a_precision_holds_until_the_next_point_of_lower_recall() -> None:
    falling, rising = (
        parsed(precision(curve(*points)))
        for points in (((1.0, 0.5), (0.5, 0.75), (0.0, 1.0)), ((0.0, 1.0), (0.5, 0.75), (1.0, 0.5)))
    )

    assert path(falling, "series-a") == "M706 341H384V190.5H62V40"
    assert path(rising, "series-a") == path(falling, "series-a")


def test_the_base_rate_is_the_level_of_chance() -> None:
    svg = parsed(precision(curve((1.0, 0.5), (0.4, 0.75))))

    assert path(svg, "planned") == "M62 341H706"
    assert told(svg) == "before: precision 0.75 at recall 0.4; base rate 0.5."


# --- reliability


def test_each_bin_is_a_dot_on_a_line_with_its_band() -> None:
    low, high = np.array([0.0, 0.25]), np.array([0.25, 0.75])
    svg = parsed(reliability(bins((0.0, 0.0), (0.5, 0.5), low=low, high=high)))

    (dots,) = marked(svg, "dot dot-a")
    assert [(dot.get("cx"), dot.get("cy")) for dot in dots] == [("62", "642"), ("384", "341")]
    assert corners(svg, "series-a thin") == [(LEFT, SQUARE_BOTTOM), (MIDDLE, HALF)]
    assert path(svg, "beam-a") == "M62 642V491.5M384 491.5V190.5"


def test_bins_without_a_band_have_none() -> None:
    svg = parsed(reliability(bins((0.5, 0.5))))

    assert [element for element in svg if str(element.get("class")).startswith("beam")] == []


def test_the_bin_that_is_furthest_off_is_told() -> None:
    svg = parsed(reliability(bins((0.1, 0.1), (0.4, 0.7)), bins((0.2, 0.1), label="after", series=Series.B)))

    assert told(svg) == (
        "before: furthest apart in the bin of mean score 0.4, where 0.7 were observed; "
        "after: furthest apart in the bin of mean score 0.2, where 0.1 were observed."
    )


# --- all of them

DRAWN: dict[str, Callable[..., Markup]] = {
    "roc": lambda *points: roc(curve(*points)),
    "precision": lambda *points: precision(curve(*points)),
    "reliability": lambda *points: reliability(bins(*points)),
}


@pytest.mark.parametrize("kind", DRAWN)
@pytest.mark.parametrize(
    "points", [[(0.3, 0.7)], [(0.0, 0.0)] * 3, [(1.0, 1.0), (0.0, 1.0)]], ids=["one", "all zero", "level"]
)
def test_few_or_equal_points_are_drawn(kind: str, points: list[tuple[float, float]]) -> None:
    svg = parsed(DRAWN[kind](*points))

    (drawn,) = [element for element in svg if str(element.get("class")).startswith("series-a")]
    assert re.fullmatch(r"[MLHV0-9. ]+", str(drawn.get("d")))
    assert told(svg).startswith("before: ")


@pytest.mark.parametrize("kind", DRAWN)
@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_no_number_is_not_drawn(kind: str, wrong: float) -> None:
    with pytest.raises(ValueError, match=r"^before: a number to be drawn is not finite$"):
        DRAWN[kind]((0.0, 0.0), (0.5, wrong))


def test_lists_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="expected 2 values"):
        reliability(bins((0.0, 0.0), (0.5, 0.5), low=np.array([0.0]), high=np.array([1.0])))


def test_equal_numbers_are_equal_bytes_and_hostile_labels_stay_text() -> None:
    one, other = (roc(curve((0.0, 0.0), (1.0, 1.0), label="</desc><script>\u202e")) for _ in range(2))

    assert one == other
    assert "script" not in seen(one).tags
    assert told(parsed(one)).startswith("</desc><script>\\u{202e}: ")


# --- confusion


def test_a_cell_of_a_confusion_is_as_dark_as_its_share_of_the_row() -> None:
    table = confusion_table([[1000, 1], [0, 0]], classes=("no", "yes"), caption="at 0.5")

    assert [column.title for column in table.columns] == ["true class", "answered no", "answered yes"]
    assert table.rows[0] == (
        Cell(text="no"),
        Cell(text="1,000", value=1000, shade=5),
        Cell(text="1", value=1, shade=1),
    )
    assert [cell.shade for cell in table.rows[1]] == [0, 0, 0]
