"""Figures of scores and of named values: marks where the numbers are, names that fit and stay text."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from report_pages import a_page, seen

from servable.report import (
    Bar,
    Figure,
    Gallery,
    Key,
    Page,
    ScoreCurve,
    Section,
    bars,
    calibration_plot,
    render,
    score_histogram,
)
from servable.report.rows import shortened

LEFT, RIGHT, TOP = 62.0, 706.0, 40.0
TALL_BOTTOM, SHORT_BOTTOM = 302.0, 182.0
FIRST = 244.0
"""Where bars begin; one of the highest value ends 368 further."""


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314  # our own markup


def curve(*points: tuple[float, float], has_knots: bool = True) -> ScoreCurve:
    raw, calibrated = np.array(points).T
    return ScoreCurve(raw=raw, calibrated=calibrated, has_knots=has_knots)


def plotted(shown: ScoreCurve) -> ElementTree.Element:
    return parsed(calibration_plot(shown, name="c", title="Calibration"))


def corners(svg: ElementTree.Element, mark: str) -> list[tuple[float, float]]:
    (path,) = (path for path in svg if path.get("class") == mark)
    numbers = [float(text) for text in re.findall(r"[0-9.]+", str(path.get("d")))]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


# --- calibration


def test_a_calibration_is_drawn_through_its_knots_beside_what_would_change_nothing() -> None:
    svg = plotted(curve((0.0, 0.0), (0.5, 0.25), (1.0, 1.0)))

    middle = TALL_BOTTOM - 0.25 * (TALL_BOTTOM - TOP)
    assert corners(svg, "planned") == [(LEFT, TALL_BOTTOM), (RIGHT, TOP)]
    assert corners(svg, "response") == [(LEFT, TALL_BOTTOM), ((LEFT + RIGHT) / 2, middle), (RIGHT, TOP)]


def test_beyond_its_knots_a_calibration_is_level() -> None:
    drawn = corners(plotted(curve((0.25, 0.25), (0.75, 0.75))), "response")

    assert [across for across, _ in drawn] == [LEFT, 223.0, 545.0, RIGHT]
    assert (drawn[0][1], drawn[2][1]) == (drawn[1][1], drawn[3][1])


def test_knots_where_no_score_is_are_not_drawn() -> None:
    drawn = corners(plotted(curve((-1e299, 0.0), (1e299, 1.0))), "response")

    assert drawn == [(LEFT, 171.0), (RIGHT, 171.0)]


@pytest.mark.parametrize(("knots", "dots"), [(40, 1), (43, 0)])
def test_few_knots_are_seen(knots: int, dots: int) -> None:
    at = np.linspace(0.0, 1.0, knots)
    groups = [plotted(ScoreCurve(raw=at, calibrated=at, has_knots=known)) for known in (True, False)]

    assert [sum(part.get("class") == "dot" for part in svg) for svg in groups] == [dots, 0]


def test_a_calibration_is_told_to_those_who_do_not_see_it() -> None:
    told = plotted(curve((0.0, 0.2), (1.0, 0.7))).findtext("desc")

    assert told == "0.1 becomes 0.25, 0.5 becomes 0.45, 0.9 becomes 0.65."


# --- histogram


def histogram(*scores: float) -> ElementTree.Element:
    return parsed(score_histogram(np.array(scores), name="h", title="Scores", what="records"))


def test_a_score_is_counted_in_its_twentieth() -> None:
    svg = histogram(0.01, 0.02, 0.51, 1.0)

    (path,) = (path for path in svg if path.get("class") == "response")
    heights = [float(text) for text in re.findall(r"V([0-9.]+)", str(path.get("d")))]
    whole = SHORT_BOTTOM - TOP
    first = float(re.findall(r"M[0-9.]+ ([0-9.]+)", str(path.get("d")))[0])
    assert [round((SHORT_BOTTOM - down) / whole * 1.15 * 2, 1) for down in (first, *heights)] == [
        *(2.0, *[0.0] * 9),
        *(1.0, *[0.0] * 8, 1.0),
        1.0,
    ]


def test_numbers_of_records_are_whole() -> None:
    ticks = [text.text for text in histogram(0.5) if text.get("class") == "tick end"]

    assert ticks == ["0", "1"]


def test_a_histogram_is_told_to_those_who_do_not_see_it() -> None:
    told = histogram(*np.linspace(0.0, 1.0, 101)).findtext("desc")

    assert told == "101 records; 5 % at or below 0.05, half at or below 0.5, 95 % at or below 0.95."
    assert (
        histogram().findtext("desc")
        == "0 records; 5 % at or below 0, half at or below 0, 95 % at or below 0."
    )


# --- bars


def lengths(*values: float, reference: float | None = None) -> list[tuple[float, float]]:
    rows = [Bar(str(number), value) for number, value in enumerate(values)]
    svg = parsed(bars(rows, reference=reference, name="b", title="Bars"))
    return [
        (float(str(bar.get("x"))), float(str(bar.get("width")))) for bar in svg if bar.get("class") == "bar"
    ]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((0.5, 0.25), [(FIRST, 368.0), (FIRST, 184.0)]),
        ((0.5, -0.5), [(428.0, 184.0), (FIRST, 184.0)]),
        ((-0.5, -0.25), [(FIRST, 368.0), (428.0, 184.0)]),
        ((0.0,), [(FIRST, 1.0)]),
        ((1.7e308, -1.7e308), [(428.0, 184.0), (FIRST, 184.0)]),
    ],
)
def test_a_bar_goes_from_0_to_its_value(
    values: tuple[float, ...], expected: list[tuple[float, float]]
) -> None:
    assert lengths(*values) == expected


def test_a_reference_beyond_all_values_has_room() -> None:
    assert lengths(0.25, reference=0.5) == [(FIRST, 184.0)]


def test_bars_are_told_to_those_who_do_not_see_them() -> None:
    svg = parsed(bars([Bar("north", 0.75), Bar("a\u202eb", 0.25)], reference=0.5, name="b", title="Risks"))

    assert svg.findtext("desc") == "north 0.75, a\\u{202e}b 0.25."
    assert [text.text for text in svg if text.get("class") == "name end"] == ["north", "a\\u{202e}b"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.12345, "0.1235"),
        (-1.7e308, "\N{MINUS SIGN}1.7e+308"),
        (123456.5, "123,456"),
        (12345678.0, "1.2e+07"),
    ],
)
def test_a_number_is_short_enough_to_stand_behind_its_bar(value: float, text: str) -> None:
    svg = parsed(bars([Bar("a", value)], reference=None, name="b", title=""))

    assert [part.text for part in svg if part.get("class") == "value"] == [text]


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        (20 * "a", 20 * "a"),
        (21 * "a", f"{19 * 'a'}\N{HORIZONTAL ELLIPSIS}"),
        (20 * "W", f"{12 * 'W'}\N{HORIZONTAL ELLIPSIS}"),
        (20 * "東", f"{9 * '東'}\N{HORIZONTAL ELLIPSIS}"),
        ("", ""),
    ],
)
def test_a_name_is_cut_to_the_room_beside_its_bar(name: str, fits: str) -> None:
    assert shortened(name) == fits


# --- gallery and head


def a_figure(title: str, *, keys: tuple[Key, ...] = ()) -> Figure:
    return Figure(
        title=title, svg=bars([Bar("a", 1.0)], reference=None, name="b", title=""), keys=keys, caption=""
    )


def rendered(figure: Figure) -> str:
    gallery = Section(title="", blocks=(Gallery(figures=(figure, figure)),))
    return render(Page(title="", banner=a_page().banner, sections=(gallery,), footer=""))


def test_figures_of_a_gallery_have_headings_and_a_legend_only_if_there_is_something_to_explain() -> None:
    without = seen(rendered(a_figure("<b>one")))
    explained = seen(rendered(a_figure("two", keys=(Key(mark="bar", text="a bar"),))))

    assert (without.words["h3"], explained.words["h3"]) == (["<b>one"] * 2, ["two"] * 2)
    assert explained.tags.count("ul") - without.tags.count("ul") == 2
