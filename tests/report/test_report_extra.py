"""What is said where the library that makes pages is not installed."""

import subprocess
import sys

import pytest

SCRIPT = """
import sys
sys.modules[{missing!r}] = None  # as Python marks a module that cannot be imported
from servable.errors import Unavailable
try:
    import servable.prove
except Unavailable as error:
    print(error)
"""


@pytest.mark.parametrize("missing", ["jinja2", "markupsafe"])
def test_a_prover_without_the_library_of_pages_says_what_to_install(missing: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(missing=missing)], capture_output=True, text=True, check=True
    )

    assert ran.stdout == (
        "the page of a report: expected the package jinja2, found that it is not installed; "
        "install servable[prove]\n"
    )
