"""Histograms of two distributions, of changes, and scores against scores."""

import re
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from drawn import LEFT, MEDIUM_BOTTOM, RIGHT, TOP, corners, marked, parsed, path, told, words
from hypothesis import given
from hypothesis import strategies as st

from servable.report import (
    Distribution,
    ScorePairs,
    Series,
    change_histogram,
    histogram_pair,
    scatter_pair,
)


def shares(*values: float, **changes: Any) -> Distribution:
    return Distribution(**{"label": "baseline", "shares": np.array(values), **changes})


def pair(
    baseline: Distribution, fresh: Distribution | None = None, *, edges: list[float]
) -> ElementTree.Element:
    return parsed(
        histogram_pair(baseline, fresh, edges=np.array(edges), x_title="price", name="h", title="Price")
    )


def changes(counts: list[float], edges: list[float]) -> ElementTree.Element:
    return parsed(
        change_histogram(
            np.array(counts),
            edges=np.array(edges),
            x_title="change",
            what="records",
            name="c",
            title="Changes",
        )
    )


def height(down: float, *, highest: float) -> float:
    """The share at a place."""
    return (MEDIUM_BOTTOM - down) / (MEDIUM_BOTTOM - TOP) * 1.15 * highest


# --- two distributions


def test_every_bin_takes_the_same_room_whatever_its_width() -> None:
    svg = pair(shares(0.25, 0.25, 0.5), edges=[0.0, 0.001, 0.5, 1.0])

    across = [float(place) for place in re.findall(r"H([0-9.]+)", path(svg, "base"))]
    room = (RIGHT - LEFT) / 3
    assert across == pytest.approx([LEFT + room, LEFT + 2 * room, RIGHT, LEFT], abs=0.1)


def test_a_share_is_as_high_as_its_percentage_says() -> None:
    svg = pair(shares(0.2, 0.8), shares(0.6, 0.4, label="fresh"), edges=[0.0, 1.0, 2.0])

    first, *rest = [float(down) for down in re.findall(r"(?:V|M[0-9.]+ )([0-9.]+)", path(svg, "response"))]
    assert [height(down, highest=0.8) for down in (first, rest[0])] == pytest.approx([0.6, 0.4], abs=0.01)
    assert words(svg, "tick end")[:2] == ["0\N{NO-BREAK SPACE}%", "20\N{NO-BREAK SPACE}%"]


def test_missing_values_stand_apart() -> None:
    svg = pair(shares(0.5, 0.25, missing=0.25), shares(0.5, 0.5, label="fresh"), edges=[0.0, 1.0, 2.0])

    inside, missing = (str(area.get("d")) for area in marked(svg, "base"))
    ends = [float(re.findall(r"M([0-9.]+)", area)[0]) for area in (inside, missing)]
    widest = max(float(place) for place in re.findall(r"H([0-9.]+)", inside))
    assert ends[1] > widest + 20
    assert len(marked(svg, "response")) == 1
    assert words(svg, "tick mid")[-1] == "missing"
    (_, title) = (text for text in svg if "axis" in str(text.get("class")))
    assert float(str(title.get("x"))) == pytest.approx(widest)


def test_two_distributions_are_told_by_their_largest_bins() -> None:
    edges = [-np.inf, 0.5, 1.0, np.inf]
    said = [
        told(pair(shares(*values, missing=missing), edges=edges))
        for values, missing in (((0.1, 0.6, 0.2), 0.1), ((0.6, 0.1, 0.3), None), ((0.1, 0.1, 0.8), None))
    ]

    assert said == [
        "baseline: most, 60 %, between 0.5 and 1; 10 % missing.",
        "baseline: most, 60 %, below 0.5.",
        "baseline: most, 80 %, above 1.",
    ]


def test_open_ends_are_labelled_as_such() -> None:
    assert words(pair(shares(0.5, 0.5), edges=[-np.inf, 3.0, np.inf]), "tick mid") == [
        "\N{MINUS SIGN}\N{INFINITY}",
        "3",
        "\N{INFINITY}",
    ]


def test_a_distribution_of_a_series_has_its_look() -> None:
    svg = pair(
        shares(0.5, 0.5, series=Series.A), shares(0.1, 0.9, series=Series.B, label="B"), edges=[0.0, 0.5, 1.0]
    )

    assert (len(marked(svg, "series-a")), len(marked(svg, "series-b"))) == (1, 1)
    assert marked(svg, "base") == []


@given(st.integers(1, 60), st.booleans())
def test_labels_of_edges_do_not_touch_each_other(bins: int, has_missing: bool) -> None:
    missing = 0.0 if has_missing else None
    svg = pair(
        shares(*[1 / bins] * bins, missing=missing), edges=np.linspace(-12345.6, 99999.9, bins + 1).tolist()
    )

    ticks = [(float(str(tick.get("x"))), len(str(tick.text))) for tick in marked(svg, "tick mid")]
    edges = ticks[:-1] if has_missing else ticks
    assert all(x + (n + m) * 5.5 < y for (x, n), (y, m) in pairwise(edges))


@pytest.mark.parametrize(
    ("values", "edges"),
    [([0.0], [0.0, 0.0]), ([1.0], [-np.inf, np.inf]), ([0.0, 0.0], [1.0, 1.0, 1.0])],
    ids=["one bin without width", "one open bin", "all zero"],
)
def test_degenerate_bins_are_drawn(values: list[float], edges: list[float]) -> None:
    svg = pair(shares(*values, missing=0.0), shares(*values, label="fresh"), edges=edges)

    assert len(marked(svg, "response")) == 1
    assert "nan" not in "".join(str(mark.get("d")) for mark in svg)


@pytest.mark.parametrize(
    ("wrong", "edges", "message"),
    [
        (shares(np.nan, 1.0), [0.0, 1.0, 2.0], "baseline: a number to be drawn is not finite"),
        (shares(1.0, missing=np.nan), [0.0, 1.0], "baseline: a number to be drawn is not finite"),
        (shares(0.5, 0.5), [0.0, np.nan, 2.0], "Price: a number to be drawn is not finite"),
        (shares(1.0), [0.0, 1.0, 2.0], "baseline: expected 2 values"),
        (shares(), [0.0], "baseline: expected 0 values, at least 1"),
    ],
)
def test_what_cannot_be_drawn_is_refused(wrong: Distribution, edges: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        pair(wrong, edges=edges)


# --- changes


def test_a_change_is_counted_between_its_edges_and_none_is_marked() -> None:
    svg = changes([1.0, 0.0, 100.0], [-0.1, -0.05, 0.0, 0.1])

    assert re.findall(r"M([0-9.]+) ", path(svg, "bar")) == ["62", "384"]
    assert path(svg, "planned") == "M384 302V40"
    assert words(svg, "planned mid") == ["no change"]
    assert told(svg) == "Most, 100 records, between 0 and 0.1."


@pytest.mark.parametrize(
    ("counts", "edges"),
    [([5.0], [0.0, 0.0]), ([0.0, 0.0], [-1.0, 0.0, 1.0]), ([3.0], [0.2, 0.3]), ([7.0], [-1e-9, 1e-9])],
    ids=["no breadth", "all zero", "far from zero", "tiny"],
)
def test_degenerate_changes_are_drawn(counts: list[float], edges: list[float]) -> None:
    svg = changes(counts, edges)

    assert LEFT <= float(path(svg, "planned").split(" ")[0][1:]) <= RIGHT
    assert len(words(svg, "tick mid")) >= 1


def test_changes_without_a_number_are_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        changes([1.0], [0.0, np.inf])


# --- pairs of scores


def scattered(x: list[float], y: list[float], flips: list[bool]) -> ElementTree.Element:
    pairs = ScorePairs(x=np.array(x), y=np.array(y), is_notable=np.array(flips))
    return parsed(
        scatter_pair(pairs, x_title="A", y_title="B", notable="flip their label", name="s", title="Scores")
    )


def test_records_are_dots_beside_the_line_of_equal_scores_and_flips_are_crosses() -> None:
    svg = scattered([0.0, 0.5, 1.0], [0.0, 0.5, 0.5], [False, False, True])

    (dots,) = marked(svg, "dot")
    assert [(dot.get("cx"), dot.get("cy")) for dot in dots] == [("62", "642"), ("384", "341")]
    assert path(svg, "cross").startswith("M706 341m")
    assert corners(svg, "planned") == [(62.0, 642.0), (706.0, 40.0)]
    assert told(svg) == "3 records drawn; crosses are those that flip their label."


def test_a_pair_without_a_score_is_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        scattered([0.5], [np.nan], [False])
