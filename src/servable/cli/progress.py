"""Progress of long work on a terminal; nothing where standard error is not one."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from servable.progress import Progress, silent


@contextmanager
def progress() -> Iterator[Progress]:
    """A function to call with what is being done, how much is done, and how much there is."""
    if not sys.stderr.isatty():
        yield silent
        return
    try:
        from rich.console import Console  # noqa: PLC0415  # only on a terminal
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415
        from rich.progress import Progress as Bars  # noqa: PLC0415
    except ImportError:  # the extra `prove` brings it; without it, work is silent
        yield silent
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, int] = {}

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(bars.task_ids[list(tasks).index(what)], completed=done, total=total)

        yield report
