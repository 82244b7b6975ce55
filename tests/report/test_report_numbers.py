"""The question of every page: does each of its numbers stand in the JSON beside it?"""

import pytest
from report_pages import a_page

from report_numbers import assert_in_json, numbers_of
from servable.report import (
    Banner,
    Cell,
    Column,
    Effect,
    Figure,
    Page,
    Section,
    Table,
    Tone,
    effect_bars,
    render,
)


def page(sentence: str, *cells: Cell) -> str:
    table = Table(caption="", columns=tuple(Column(title="") for _ in cells), rows=(cells,))
    banner = Banner(kicker="", verdict="", tone=Tone.PLAIN, sentence=sentence)
    return render(Page(title="", banner=banner, sections=(Section(title="", blocks=(table,)),), footer=""))


def test_numbers_are_those_of_cells_and_those_within_text() -> None:
    shown = page("From \N{MINUS SIGN}1,234.5 to +2e-05, 12.5 % of 3.", Cell(text="0.3333", value=1 / 3))

    assert numbers_of(shown) == [1 / 3, -1234.5, 2e-05, 0.125, 3.0, 0.3333]


@pytest.mark.parametrize("text", ["class-1, sha256, p99, 1.2.3, 5th, bert_2", "no number at all"])
def test_digits_of_names_are_no_numbers(text: str) -> None:
    assert numbers_of(page(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "0.3333",
        "33.33 %",
        "33.33\N{NO-BREAK SPACE}%",
        "-0.3333",
        "+0.3333",
        "1,000,000",
        "2",
        "7.5",
        "at 12, 13",
    ],
)
def test_a_number_may_be_written_as_pages_write_it(text: str) -> None:
    plain = {"auc": 1 / 3, "n": 1_000_000, "bins": [0.1, 0.2], "sentence": "from 7.5 on, 12", "13": None}

    assert_in_json(page(f"So it is: {text}."), plain)


@pytest.mark.parametrize("text", ["0.333", "0.3334", "33.3 %", "3", "12 %", "0.12"])
def test_a_number_that_stands_nowhere_is_found(text: str) -> None:
    with pytest.raises(AssertionError, match="So it is"):
        assert_in_json(page(f"So it is: {text}."), {"auc": 1 / 3, "share": 0.12345, "sentence": "12 of"})


def test_a_cell_needs_all_digits() -> None:
    shown = page("", Cell(text="0.3333", value=0.3333))

    assert_in_json(shown, {"auc": 0.3333})
    with pytest.raises(AssertionError, match=r"0\.3333 \(data\)"):
        assert_in_json(shown, {"auc": 1 / 3})


def test_words_of_the_trade_are_allowed_by_name() -> None:
    shown = page("an interval of 95 %")

    assert_in_json(shown, {}, allowed=["95 %"])
    with pytest.raises(AssertionError):
        assert_in_json(shown, {}, allowed=["95"])


def test_what_a_figure_tells_and_writes_is_asked_for_too_but_not_its_names() -> None:
    svg = effect_bars([Effect(name="field 17", value=0.25)], name="e", title="Effects")
    figure = Figure(svg=svg, keys=(), caption="")
    shown = render(
        Page(title="", banner=a_page().banner, sections=(Section(title="", blocks=(figure,)),), footer="")
    )

    assert numbers_of(shown) == [17.0, 0.25, 0.25]
    assert_in_json(shown, {"field 17": 0.25})
    with pytest.raises(AssertionError, match=r"\+0.25"):
        assert_in_json(shown, {"field 17": 0.26})
