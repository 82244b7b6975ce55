"""Fixtures that several folders of tests share."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of conformance cases and data beside the checkout; without it the test is skipped."""
    path = ROOT.parent / "shared"
    if not path.is_dir():
        reason = "the folder `shared` with conformance cases and data is not beside this checkout"
        if os.environ.get("CI") == "true":
            pytest.fail(f"{reason}, and in CI it must be")
        pytest.skip(reason)
    return path


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """A name for bytes that does not hold them: a compressed file knows when it was made."""
    return argname if isinstance(val, bytes) else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A report that UTF-8 can hold: it travels between processes, and names of files need not be text."""
    report = yield
    report.sections = [
        (name, content.encode(errors="backslashreplace").decode()) for name, content in report.sections
    ]
    return report
