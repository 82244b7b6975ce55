"""A page: one file without scripts or links, whose text stays text, readable in both schemes."""

import re
from itertools import product
from pathlib import Path

import pytest
from report_pages import a_page, rendered, seen

import servable.report
from servable.report import Cell, Column, Page, Points, Quote, Section, Series, Table, render

STYLE = (Path(servable.report.__file__).parent / "templates" / "page.css").read_text()
TONES = ("good", "bad", "unsure", "void")


def test_equal_pages_are_equal_bytes() -> None:
    assert rendered() == rendered()


def test_it_needs_no_script_and_nothing_from_elsewhere() -> None:
    page = seen(rendered())

    assert not {"script", "link", "img", "iframe", "object", "form", "a"} & set(page.tags)
    assert not {"src", "href", "style"} & {name for name, _ in page.attributes}
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert "url(" not in STYLE
    assert "@import" not in STYLE


def test_it_forbids_the_browser_to_load_or_run_anything() -> None:
    policies = [value for name, value in seen(rendered()).attributes if name == "content"]

    assert "default-src 'none'; style-src 'unsafe-inline'" in policies


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "</style></title><script>",
        "{{ page }}{% raw %}",
        "&lt;b&gt;",
    ],
)
def test_hostile_text_stays_text_wherever_it_stands(hostile: str) -> None:
    page, plain = seen(rendered(hostile)), seen(rendered())

    assert page.tags == plain.tags
    assert [name for name, _ in page.attributes] == [name for name, _ in plain.attributes]
    assert "".join(page.words["h1"]) == hostile
    assert "".join(page.words["title"]) == hostile


@pytest.mark.parametrize(
    ("character", "shown"),
    [("\0", "\\u{0}"), ("\x1b", "\\u{1b}"), ("\u202e", "\\u{202e}"), ("\ud800", "\\u{d800}")],
)
def test_characters_that_cannot_be_seen_are_shown_by_their_number(character: str, shown: str) -> None:
    page = seen(rendered(f"a{character}b"))

    assert page.words["h1"] == [f"a{shown}b"]


def test_a_quote_keeps_its_lines() -> None:
    plain = a_page()
    quote = Section(title="log", blocks=(Quote(title="last lines", text="one\n\ttwo"),))

    page = seen(render(Page(title="", banner=plain.banner, sections=(quote,), footer="")))

    assert page.words["pre"] == ["one\n\ttwo"]


def test_the_meaning_of_a_verdict_stands_between_it_and_its_numbers() -> None:
    page = rendered("said")

    assert page.index("<h1>") < page.index('class="meaning"') < page.index('class="sentence"')


def test_points_are_a_list() -> None:
    banner = a_page().banner
    points = Section(title="", blocks=(Points(items=("one", "two")),))

    page = seen(render(Page(title="", banner=banner, sections=(points,), footer="")))

    assert page.words["li"][-2:] == ["one", "two"]


def test_a_page_is_printed_light_on_a4_and_cuts_no_figure() -> None:
    printed = STYLE.partition("@media print")[2]

    assert "color-scheme: light" in printed
    assert "size: A4" in printed
    assert re.search(r"figure[^{}]*{ break-inside: avoid; }", printed)
    assert "(prefers-color-scheme: dark)" not in STYLE.replace("screen and (prefers-color-scheme: dark)", "")


def test_paper_is_no_narrow_screen() -> None:
    """A4 is narrower than many screens, but tables fit on it as tables."""
    narrow = re.findall(r"@media ([^{]*max-width[^{]*)", STYLE)

    assert narrow
    assert all(query.startswith("screen and ") for query in narrow)


def test_a_series_has_a_pattern_of_its_own_and_not_only_a_colour() -> None:
    patterns = re.findall(r"path\.series-[a-d] {[^}]*?(stroke-dasharray: [^;]*;)? }", STYLE)

    assert len(patterns) == len(set(patterns)) == len(Series)


def test_a_cell_with_a_shade_has_its_ground() -> None:
    table = Table(
        caption="", columns=(Column(title=""),) * 2, rows=((Cell(text="a"), Cell(text="9", shade=5)),)
    )

    page = seen(
        render(
            Page(title="", banner=a_page().banner, sections=(Section(title="", blocks=(table,)),), footer="")
        )
    )

    classes = [value for name, value in page.attributes if name == "class"]
    assert [value for value in classes if value and "shade" in value] == ["plain shade-5"]
    assert "td.shade-5 { background:" in STYLE


def test_a_cell_stands_for_rows_below_it() -> None:
    table = Table(
        caption="types",
        columns=(Column(title="type"), Column(title="mode")),
        rows=((Cell(text="json", rows=2), Cell(text="alone")), (Cell(text="batch"),)),
    )

    page = seen(
        render(
            Page(title="", banner=a_page().banner, sections=(Section(title="", blocks=(table,)),), footer="")
        )
    )

    assert ("rowspan", "2") in page.attributes
    assert [value for name, value in page.attributes if name == "data-label"] == ["type", "mode", "mode"]


def test_a_number_carries_all_its_digits() -> None:
    table = Table(caption="", columns=(Column(title="ms"),), rows=((Cell(text="12.5", value=12.533507),),))

    page = seen(
        render(
            Page(title="", banner=a_page().banner, sections=(Section(title="", blocks=(table,)),), footer="")
        )
    )

    assert page.numbers == [(12.533507, "12.5")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_the_contrast_of_wcag_aa_in_both_schemes(scheme: str) -> None:
    light, dark = STYLE.split("@media screen and (prefers-color-scheme: dark)")
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", light if scheme == "light" else dark))
    pairs = [
        *product(("ink", "quiet", *TONES), ("paper",)),
        *product(("ink", "quiet"), (*(f"{tone}-tint" for tone in TONES), "well")),
        *((tone, f"{tone}-tint") for tone in TONES),
    ]

    too_weak = [pair for pair in pairs if contrast(*(colours[name] for name in pair)) < 4.5]

    assert too_weak == []
    lines = ("line", "line-b", "line-c", "line-d", "line-soft")
    assert min(contrast(colours[mark], colours["paper"]) for mark in lines) >= 3.0
    shades = [colour for name, colour in colours.items() if name.startswith("shade-")]
    assert len(shades) == 5
    assert min(contrast(colours["ink"], shade) for shade in shades) >= 4.5


def contrast(one: str, other: str) -> float:
    """Source: WCAG 2.2, contrast ratio."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
