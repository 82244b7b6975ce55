"""Fixtures that several folders of tests share."""

import os
import resource
import sys
from collections.abc import Callable, Generator, Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_TOLD = "told"

# before any library counts the cores: two processes of tests share them with the processes that they
# start, and threads that wait for each other inside one small operation would take most of both
os.environ.setdefault("OMP_NUM_THREADS", "1")


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


@pytest.fixture
def limit_files() -> Iterator[Callable[[int], None]]:
    """Limits the bytes of a file that this process writes, as a full disk would, until the test is over."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda most: resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Writes lines at the end of the run, of whichever process the test is in."""
    return lambda lines: record_property(_TOLD, lines)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """`-m alone` imports the few files that have such tests, and not all the others too."""
    if config.option.markexpr != "alone" or not fnmatch(collection_path.name, "test_*.py"):
        return None
    return "mark.alone" not in collection_path.read_text(encoding="utf-8") or None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first, so that no process waits at the end for one that another began."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for report in terminalreporter.getreports("passed"):
        for name, lines in report.user_properties:
            if name == _TOLD:
                terminalreporter.write_line(str(lines))


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """A name for bytes that does not hold them: a compressed file knows when it was made."""
    return argname if isinstance(val, bytes) else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Files of recorded answers run without a count of lines, which would take as long again as they do.

    The answers lie outside this repository: what is covered is what the other tests reach.
    """
    trace = sys.gettrace()
    counts_lines = type(trace).__module__.startswith("coverage")
    module = item.getparent(pytest.Module)
    if counts_lines and module is not None and module.get_closest_marker("conformance"):
        sys.settrace(None)
    try:
        return (yield)
    finally:
        if counts_lines:
            sys.settrace(trace)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A report that UTF-8 can hold: it travels between processes, and names of files need not be text."""
    report = yield
    report.sections = [
        (name, content.encode(errors="backslashreplace").decode()) for name, content in report.sections
    ]
    return report
