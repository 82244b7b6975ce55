"""Figures: marks where the numbers are, words for those who do not see them, few enough points."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servable.report import (
    Curve,
    TimedRequests,
    count,
    latency_over_time,
    percentile_plot,
    share,
    significant,
    thinned,
)
from servable.report.svg import Axis, Plot, Scale, linear_axis, log_axis, steps


def requests(n: int = 100, **changes: object) -> TimedRequests:
    values = {
        "at_s": np.arange(n) / 10.0,
        "latency_ms": np.linspace(1.0, 5.0, n),
        "is_error": np.zeros(n, dtype=bool),
        "is_warmup": np.arange(n) < n // 10,
        "notable_ms": np.inf,
    }
    return TimedRequests(**{**values, **changes})  # type: ignore[arg-type]


def over_time(drawn: TimedRequests, *, most: int = 2000) -> ElementTree.Element:
    svg = latency_over_time(drawn, limit_ms=100.0, most=most, name="over-time")
    return ElementTree.fromstring(svg)  # noqa: S314  # our own markup


def marks(svg: ElementTree.Element, mark: str) -> int:
    return sum(len(group) for group in svg if group.get("class") == mark)


def crossed(svg: ElementTree.Element) -> int:
    return sum(str(path.get("d")).count("M") for path in svg if path.get("class") == "cross")


def test_each_request_is_a_dot_and_each_error_a_cross() -> None:
    wrong = np.zeros(100, dtype=bool)
    wrong[[3, 50, 51]] = True

    svg = over_time(requests(is_error=wrong))

    assert (marks(svg, "dot-warm"), marks(svg, "dot"), crossed(svg)) == (9, 88, 3)


def test_a_figure_says_in_words_what_it_shows() -> None:
    svg = over_time(requests(latency_ms=np.where(np.arange(100) == 60, 250.0, 2.0)))

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

    svg = over_time(requests(latency_ms=hung, is_error=np.isinf(hung)))

    cross = next(str(path.get("d")) for path in svg if path.get("class") == "cross")
    assert re.match(r"M[\d.]+ 34m", cross)


def test_of_many_requests_the_errors_and_the_slow_ones_are_drawn() -> None:
    n = 50_000
    latency, wrong = np.full(n, 2.0), np.zeros(n, dtype=bool)
    latency[10_000::100] = 50.0
    wrong[10_001::1000] = True

    svg = over_time(requests(n, latency_ms=latency, is_error=wrong, notable_ms=10.0))

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
        bound_ms=None,
        name="curve",
    )

    description = re.search("<desc[^>]*>(.*?)</desc>", svg)
    line = re.search('<path class="response" d="([^"]*)"', svg)
    assert description is not None
    assert line is not None
    assert description[1].replace("\N{NO-BREAK SPACE}", " ") == (
        "p50 2 ms, p75 4 ms, p90 8 ms, of 4 answered requests; limit 10 ms."
    )
    assert line[1].count("H") == line[1].count("V") == 3


def test_steps_go_across_before_they_go_up() -> None:
    axis = Axis(low=0.0, high=10.0, title="", ticks=(), scale=Scale.LINEAR)

    path = steps(Plot(x=axis, y=axis), np.array([0.0, 10.0]), np.array([0.0, 10.0]), mark="m")

    assert path == '<path class="m" d="M62 296H706V34"/>'


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
    ],
)
def test_a_measure_has_four_digits_and_no_exponent_where_it_can(value: float | None, text: str) -> None:
    assert significant(value) == text


def test_shares_and_counts_read_as_a_person_writes_them() -> None:
    assert share(0.006313457878) == "0.6313\N{NO-BREAK SPACE}%"
    assert count(100_000) == "100,000"
