"""The page of a proof in a real browser: verdict and figures are seen, on a telephone and on a desk."""

from pathlib import Path

import pytest
from proof_documents import CASES

from browser import needs_browser, shown
from servable.prove.page import proof_page

FIGURES = (
    "Latency of every request over time",
    "Latency by percentile",
    "Offered and finished requests per second over time",
    "Requests under way over time",
)


@pytest.mark.slow
@needs_browser
@pytest.mark.parametrize("width", [400, 1400])
def test_it_shows_verdict_and_figures_and_nothing_stands_over_the_edge(width: int, tmp_path: Path) -> None:
    pages = {case: proof_page(*parts) for case, parts in CASES.items()}

    found = shown(pages, width=width, folder=tmp_path)

    assert {case: page.heading for case, page in found.items()} == {
        case: case.partition(",")[0] for case in CASES
    }
    assert {case: page.figures for case, page in found.items()} == {
        case: FIGURES if len(samples) else () for case, (_, samples) in CASES.items()
    }
    assert {case: (page.width, page.outside) for case, page in found.items()} == dict.fromkeys(
        CASES, (width, ())
    )
    assert {case: page.collisions for case, page in found.items()} == dict.fromkeys(CASES, ())
