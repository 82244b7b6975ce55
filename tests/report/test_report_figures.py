"""Figures: marks where the numbers are, words for those who do not see them, few enough points."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_pages import figures, stairs, throughput, timed

from servable.report import (
    Axis,
    Curve,
    TimedRequests,
    UpperBound,
    bounded_ms,
    count,
    latency_over_time,
    percentile_plot,
    rate_over_time,
    share,
    significant,
    thinned,
    time_axis,
    under_way_over_time,
)
from servable.report.axes import Plot, Scale, linear_axis, log_axis
from servable.report.svg import area, between, steps

X = time_axis(-1.0, 9.0)


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314  # our own markup


def over_time(drawn: TimedRequests, *, most: int = 2000) -> ElementTree.Element:
    return parsed(latency_over_time(drawn, x=X, limit_ms=100.0, most=most, name="over-time"))


def corners(svg: ElementTree.Element, mark: str) -> str:
    """The path of a mark that is there once."""
    (path,) = (path for path in svg if path.get("class") == mark)
    return str(path.get("d"))


def marks(svg: ElementTree.Element, mark: str) -> int:
    return sum(len(group) for group in svg if group.get("class") == mark)


def crossed(svg: ElementTree.Element) -> int:
    return sum(str(path.get("d")).count("M") for path in svg if path.get("class") == "cross")


def test_each_request_is_a_dot_and_each_error_a_cross() -> None:
    wrong = np.zeros(100, dtype=bool)
    wrong[[3, 50, 51]] = True

    svg = over_time(timed(is_error=wrong))

    assert (marks(svg, "dot-warm"), marks(svg, "dot"), crossed(svg)) == (9, 88, 3)


def test_a_figure_says_in_words_what_it_shows() -> None:
    svg = over_time(timed(latency_ms=np.where(np.arange(100) == 60, 250.0, 2.0)))

    title, description = svg[0], svg[1]
    assert svg.get("role") == "img"
    assert svg.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    assert title.text == "Latency of every request over time"
    assert description.text == (
        "100 of 100 requests drawn; 0 measured requests are errors, "
        "1 took longer than 100\N{NO-BREAK SPACE}ms."
    )


def test_a_request_that_never_ended_is_drawn_at_the_top() -> None:
    hung = np.full(100, 2.0)
    hung[50] = np.inf

    svg = over_time(timed(latency_ms=hung, is_error=np.isinf(hung)))

    cross = next(str(path.get("d")) for path in svg if path.get("class") == "cross")
    assert re.match(r"M[\d.]+ 40m", cross)


def test_of_many_requests_the_errors_and_the_slow_ones_are_drawn() -> None:
    n = 50_000
    latency, wrong = np.full(n, 2.0), np.zeros(n, dtype=bool)
    latency[10_000::100] = 50.0
    wrong[10_001::1000] = True

    svg = over_time(timed(n, latency_ms=latency, is_error=wrong, notable_ms=10.0))

    high = [
        circle
        for group in svg
        if group.get("class") == "dot"
        for circle in group
        if float(str(circle.get("cy"))) < 150
    ]
    assert crossed(svg) == wrong.sum()
    assert len(high) == (latency == 50.0).sum()
    assert marks(svg, "dot") + marks(svg, "dot-warm") + crossed(svg) == 2000


@given(st.lists(st.booleans(), max_size=300), st.integers(0, 100))
def test_thinning_keeps_what_matters_and_never_too_much(matters: list[bool], most: int) -> None:
    important = np.array(matters, dtype=bool)

    kept = thinned(important, most=most)

    assert len(kept) == min(most, len(matters))
    assert len(set(kept.tolist())) == len(kept)
    assert kept.tolist() == sorted(kept.tolist())
    assert important[kept].sum() == min(most, important.sum())


def test_a_percentile_stands_at_one_over_one_minus_p() -> None:
    plot = Plot(x=log_axis(1.0, 1000.0, title=""), y=linear_axis(0.0, 100.0, title=""))

    across = [plot.place(1.0 / (1.0 - p), 0.0)[0] for p in (0.0, 0.9, 0.99, 0.999)]

    assert across == ["62", "276.7", "491.3", "706"]


def test_the_curve_keeps_each_value_until_the_next_rank() -> None:
    svg = percentile_plot(
        [Curve(latency_ms=np.array([1.0, 2.0, 4.0, 8.0]), mark="response")],
        limit_ms=10.0,
        percentile=0.75,
        bound=None,
        name="curve",
    )

    description = re.search("<desc[^>]*>(.*?)</desc>", svg)
    line = re.search('<path class="response" d="([^"]*)"', svg)
    assert description is not None
    assert line is not None
    assert description[1].replace("\N{NO-BREAK SPACE}", " ") == (
        "p50 2 ms, p75 4 ms, p90 8 ms, of 4 requests; limit 10 ms."
    )
    assert line[1].count("H") == line[1].count("V") == 3


TEN = Axis(low=0.0, high=10.0, title="", ticks=(), scale=Scale.LINEAR)
ENDS = np.array([0.0, 10.0])


def test_steps_go_across_before_they_go_up() -> None:
    path = steps(Plot(x=TEN, y=TEN), ENDS, ENDS, mark="m")

    assert path == '<path class="m" d="M62 302H706V40"/>'


def test_an_area_reaches_down_to_the_axis() -> None:
    path = area(Plot(x=TEN, y=TEN), ENDS, np.array([5.0, 10.0]), mark="m")

    assert path == '<path class="m" d="M62 171H706V40V302H62Z"/>'


def test_an_area_between_two_lines_comes_back_along_the_lower_one() -> None:
    plot, upper, lower = Plot(x=TEN, y=TEN), (ENDS, np.array([5.0, 10.0])), (ENDS, np.array([0.0, 5.0]))

    path = between(plot, upper, lower, mark="m")

    assert path == '<path class="m" d="M62 171H706V40V171V302H62Z"/>'


@pytest.mark.parametrize(
    ("percentile", "bound_ms"), [(0.0, 4.0), (0.5, 4.0), (0.51, 5.0), (0.99, 5.0), (0.995, None)]
)
def test_a_bound_is_that_of_the_first_step_that_reaches_the_percentile(
    percentile: float, bound_ms: float | None
) -> None:
    bound = UpperBound(until=np.array([2.0, 100.0]), latency_ms=np.array([4.0, 5.0]))

    assert bounded_ms(bound, percentile) == bound_ms


def test_the_bound_of_the_judged_percentile_has_a_bar() -> None:
    curve = Curve(latency_ms=np.linspace(1.0, 5.0, 500), mark="response")

    bars = [
        marks_of(
            percentile_plot(
                [curve],
                limit_ms=100.0,
                percentile=0.99,
                bound=UpperBound(until=np.array([2.0, until]), latency_ms=np.array([4.0, 5.0])),
                name="curve",
            )
        )
        for until in (120.0, 80.0)
    ]

    assert [("bound" in marks, "whisker" in marks) for marks in bars] == [(True, True), (True, False)]


def test_a_curve_whose_end_was_never_reached_says_so() -> None:
    curve = Curve(latency_ms=np.array([1.0, 2.0, np.inf]), mark="response")

    svg = parsed(percentile_plot([curve], limit_ms=10.0, percentile=0.99, bound=None, name="curve"))

    assert "p99 unanswered, of 3 requests" in str(svg[1].text)


def marks_of(svg: str) -> set[str | None]:
    return {element.get("class") for element in parsed(svg)}


def test_finished_requests_are_a_line_over_the_offered_ones() -> None:
    svg = parsed(rate_over_time(throughput(), x=time_axis(-1.0, 2.0), name="rate"))

    assert corners(svg, "response").count("H") == 3
    assert corners(svg, "area").endswith("V182H62Z")
    assert corners(svg, "planned").startswith("M62 ")
    assert svg[1].text == (
        "Planned 10/s; offered 9 to 11/s, finished 9 to 11/s, errors 0/s, warm-up included."
    )


def test_errors_are_a_line_only_where_there_are_any() -> None:
    drawn = [
        marks_of(rate_over_time(throughput(failed=failed), x=X, name="rate"))
        for failed in (stairs(0.0, 0.0, 0.0), stairs(0.0, 2.0, 0.0))
    ]

    assert ["failed" in marks for marks in drawn] == [False, True]


def test_requests_under_way_are_counted_in_whole_numbers() -> None:
    svg = parsed(under_way_over_time(stairs(1.0, 2.0), stairs(0.1, 0.2), x=X, allowed=1.0, name="under-way"))

    ticks = [element.text for element in svg if element.get("class") == "tick end"]
    assert ticks == ["0", "1", "2"]
    assert svg[1].text == "At most 2 at once, warm-up included; allowed at the end are 1."


def test_the_figures_over_time_have_one_time_axis() -> None:
    over_time, _, rate, under_way = map(parsed, figures())

    labels = [
        [(element.get("x"), element.text) for element in svg if element.get("class") == "tick mid"]
        for svg in (over_time, rate, under_way)
    ]

    assert labels[0] == labels[1] == labels[2]
    assert all("band" in {element.get("class") for element in svg} for svg in (over_time, rate, under_way))


def test_a_load_without_a_warm_up_has_nothing_shaded() -> None:
    drawn = rate_over_time(throughput(), x=time_axis(0.0, 2.0), name="rate")

    assert "band" not in marks_of(drawn)


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (1.0, 60.0, ["1", "2", "5", "10", "20", "50"]),
        (0.5, 2000.0, ["1", "10", "100", "1,000"]),
    ],
)
def test_a_logarithmic_axis_has_few_round_ticks(low: float, high: float, labels: list[str]) -> None:
    assert [label for _, label in log_axis(low, high, title="").ticks] == labels


@given(st.floats(-1000, 0), st.floats(0.001, 1e6))
def test_a_linear_axis_has_few_ticks_inside_it(low: float, high: float) -> None:
    ticks = linear_axis(low, high, title="").ticks

    assert 1 <= len(ticks) <= 8
    assert all(low - 1e-6 <= value <= high * (1 + 1e-6) for value, _ in ticks)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "\N{EN DASH}"),
        (0.0, "0"),
        (100.0, "100"),
        (12.533507, "12.53"),
        (12345.678, "12,346"),
        (0.01111038745, "0.01111"),
        (-2.5, "\N{MINUS SIGN}2.5"),
        (3.2e-7, "3.20e\N{MINUS SIGN}07"),
        (99.99999, "100"),
        (999999999999.0, "999,999,999,999"),
        (-1.5e12, "\N{MINUS SIGN}1.50e+12"),
    ],
)
def test_a_measure_has_four_digits_and_no_exponent_where_it_can(value: float | None, text: str) -> None:
    assert significant(value) == text


def test_shares_and_counts_read_as_a_person_writes_them() -> None:
    assert share(0.006313457878) == "0.6313\N{NO-BREAK SPACE}%"
    assert count(100_000) == "100,000"
