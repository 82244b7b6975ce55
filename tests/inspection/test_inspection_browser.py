"""The page of an inspection in a real browser: nothing stands over the edge, in either scheme."""

from pathlib import Path

import pytest
from test_inspection_page import EVERYTHING, page_of

from browser import needs_browser, shown

DARK, ALWAYS = "@media screen and (prefers-color-scheme: dark)", "@media screen"


@pytest.mark.slow
@needs_browser
@pytest.mark.parametrize(("width", "scheme"), [(400, DARK), (1400, ALWAYS)], ids=["telephone", "dark desk"])
def test_names_and_figures_are_seen_and_nothing_stands_over_the_edge(
    width: int, scheme: str, tmp_path: Path
) -> None:
    pages = {case: page_of(artifact) for case, artifact in EVERYTHING.items()}
    assert all(DARK in page for page in pages.values())

    found = shown(
        {case: page.replace(DARK, scheme) for case, page in pages.items()}, width=width, folder=tmp_path
    )

    assert {case: page.heading for case, page in found.items()} == {
        case: artifact.name for case, artifact in EVERYTHING.items()
    }
    assert {case: (page.width, page.outside) for case, page in found.items()} == dict.fromkeys(
        EVERYTHING, (width, ())
    )
    assert {case: page.collisions for case, page in found.items()} == dict.fromkeys(EVERYTHING, ())
    assert {"Calibrator", 'Raw scores of class "1"'} <= set(found["trees"].figures)
