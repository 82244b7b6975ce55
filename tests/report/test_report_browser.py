"""A page in a real browser: it reads the verdict without a script, and fits a telephone."""

from pathlib import Path

import pytest
from report_pages import a_full_page, rendered, seen

from browser import dom, needs_browser, shown

TELEPHONE = 400


@pytest.mark.slow
@needs_browser
def test_a_browser_reads_the_verdict(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(rendered("INCONCLUSIVE"))

    assert seen(dom(page, folder=tmp_path)).words["h1"] == ["INCONCLUSIVE"]


@pytest.mark.slow
@needs_browser
def test_every_kind_of_block_and_figure_fits_a_telephone(tmp_path: Path) -> None:
    found = shown({"page": a_full_page()}, width=TELEPHONE, folder=tmp_path)["page"]

    assert found.heading == "PASS"
    assert found.figures == (
        "Latency of every request over time",
        "Latency by percentile",
        "Offered and finished requests per second over time",
        "Requests under way over time",
        "Bars",
        "Calibration",
        "Histogram",
        "ROC",
        "Precision",
        "Reliability",
        "Scores",
        "Pair",
        "Changes",
        "Effects",
        "Shares",
    )
    assert (found.width, found.outside) == (TELEPHONE, ())
    assert found.collisions == ()
