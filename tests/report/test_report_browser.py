"""A page in a real browser: it reads the verdict without a script."""

import shutil
import subprocess
from pathlib import Path

import pytest
from report_pages import rendered, seen

CHROMIUM = Path("/usr/bin/chromium")


@pytest.mark.slow
@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed")
def test_a_browser_reads_the_verdict(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(rendered("INCONCLUSIVE"))
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]

    ran = subprocess.run(
        [str(CHROMIUM), *options, "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )

    assert seen(ran.stdout).words["h1"] == ["INCONCLUSIVE"]
    shutil.rmtree(tmp_path / "profile", ignore_errors=True)
