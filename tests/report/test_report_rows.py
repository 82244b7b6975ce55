"""Signed effects around zero, and shares of categories side by side."""

from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from drawn import marked, parsed, path, told, words

from servable.report import Effect, SharePair, effect_bars, share_bars, significant

FIRST, RIGHT = 244.0, 570.0
"""Where effects begin and end."""


def effects(*rows: Effect) -> ElementTree.Element:
    return parsed(effect_bars(rows, name="e", title="Effects"))


def effect(value: float, **changes: Any) -> Effect:
    return Effect(**{"name": "age", "value": value, **changes})


def room(svg: ElementTree.Element, mark: str) -> list[tuple[float, float]]:
    return [(float(str(bar.get("x"))), float(str(bar.get("width")))) for bar in marked(svg, mark)]


def test_a_rise_goes_to_the_right_of_zero_and_a_fall_to_the_left() -> None:
    svg = effects(effect(0.5), effect(-0.5))

    assert (room(svg, "rise"), room(svg, "fall")) == ([(407.0, 163.0)], [(FIRST, 163.0)])
    assert path(svg, "zero").startswith("M407.0 ")
    assert words(svg, "value end") == ["+0.5", "\N{MINUS SIGN}0.5"]


def test_an_interval_has_room_beyond_its_bar() -> None:
    svg = effects(effect(0.5, low=0.25, high=1.0))

    assert room(svg, "rise") == [(FIRST, 163.0)]
    assert path(svg, "whisker") == "M325.5 16v10m0 -5H570.0m0 -5v10"


@pytest.mark.parametrize("rows", [[0.0], [0.0, 0.0, 0.0], [1e-300], [1.7e308, -1.7e308]])
def test_effects_of_any_size_are_drawn(rows: list[float]) -> None:
    svg = effects(*map(effect, rows))

    drawn = [*room(svg, "rise"), *room(svg, "fall")]
    assert len(drawn) == len(rows)
    assert all(x >= FIRST and x + width <= RIGHT + 1 and width >= 1.0 for x, width in drawn)


def test_effects_are_told_with_their_intervals() -> None:
    svg = effects(effect(0.5, low=-0.25, high=1.0), effect(-0.125, name="b\u202e"))

    assert told(svg) == "age +0.5 (from \N{MINUS SIGN}0.25 to +1), b\\u{202e} \N{MINUS SIGN}0.125."


def test_a_size_is_written_without_a_sign() -> None:
    row = effect(0.5, low=0.25, high=1.0)
    svg = parsed(effect_bars([row], name="e", title="Sizes", written=significant))

    assert words(svg, "value end") == ["0.5"]
    assert told(svg) == "age 0.5 (from 0.25 to 1)."


@pytest.mark.parametrize("wrong", [effect(np.nan), effect(0.1, low=np.nan, high=0.2)])
def test_an_effect_without_a_number_is_refused(wrong: Effect) -> None:
    with pytest.raises(ValueError, match=r"^Effects: a number to be drawn is not finite$"):
        effects(wrong)


def pairs(*rows: SharePair) -> ElementTree.Element:
    return parsed(share_bars(rows, labels=("baseline", "fresh"), name="s", title="Shares"))


def test_a_category_has_two_bars_with_their_percentages() -> None:
    svg = pairs(
        SharePair(name="flat", baseline=0.5, fresh=0.25), SharePair(name="house", baseline=0.0, fresh=1.0)
    )

    assert room(svg, "base") == [(FIRST, 184.0), (FIRST, 1.0)]
    assert room(svg, "bar") == [(FIRST, 92.0), (FIRST, 368.0)]
    assert words(svg, "value") == [f"{text}\N{NO-BREAK SPACE}%" for text in ("50", "25", "0", "100")]
    assert told(svg) == "flat: baseline 50 %, fresh 25 %; house: baseline 0 %, fresh 100 %."


def test_a_share_without_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^Shares: a number to be drawn is not finite$"):
        pairs(SharePair(name="flat", baseline=0.5, fresh=np.nan))
