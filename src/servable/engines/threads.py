"""How many threads a packed network gets inside one operation: measured where it serves.

Two threads for one request are worth it only where a second core is idle and the request is long; on cores
that others use too, more threads make every request slower.
"""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

from servable.engines.engine import Engine
from servable.records import ModelInputs

WORTHWHILE: Final = 0.9
"""The share of the time on one thread that more threads must not exceed to be chosen."""

CGROUP_LIMIT: Final = Path("/sys/fs/cgroup/cpu.max")


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadChoice:
    """A number of threads, and what it was chosen by.

    Attributes:
        threads: to use inside one operation.
        milliseconds: number of threads -> median time of a run; empty where there was no choice.
    """

    threads: int
    milliseconds: Mapping[int, float] = field(default_factory=dict)

    def sentence(self) -> str:
        """The choice and its reason, in a few words."""
        chosen = f"{self.threads} thread{'' if self.threads == 1 else 's'}"
        measured = ", ".join(f"{threads}: {ms:.1f} ms" for threads, ms in self.milliseconds.items())
        return f"{chosen} ({measured})" if measured else chosen


def usable_cores(limit: Path = CGROUP_LIMIT) -> int:
    """Cores that this process may use: of its affinity, and within the quota of its container.

    Args:
        limit: the file `cpu.max` of cgroup v2: microseconds of CPU in a period, and the period.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = limit.read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return cores
    return cores if quota == "max" else max(1, min(cores, int(quota) // int(period)))


def choose_threads(
    open_engine: Callable[[int], Engine],
    inputs: ModelInputs,
    *,
    cores: int,
    budget_s: float = 0.3,
    clock: Callable[[], float] = time.perf_counter,
) -> ThreadChoice:
    """One thread, or as many as there are cores where that takes at most nine tenths of the time.

    Each engine is opened once and runs the inputs once unmeasured, then in turns until the budget is
    spent, so that what else the machine does falls on both. Nothing is opened on one core.

    Args:
        open_engine: the engine on so many threads.
        inputs: what a typical request asks.
        cores: usable ones.
        budget_s: of the measured runs together; each number of threads is measured at least once.
        clock: seconds.
    """
    if cores <= 1:
        return ThreadChoice(threads=1)
    engines = {threads: open_engine(threads) for threads in (1, cores)}
    for engine in engines.values():
        engine.run(inputs)
    taken: dict[int, list[float]] = {threads: [] for threads in engines}
    end = clock() + budget_s
    while not taken[cores] or clock() < end:
        for threads, engine in engines.items():
            start = clock()
            engine.run(inputs)
            taken[threads].append(clock() - start)
    milliseconds = {threads: 1e3 * median(seconds) for threads, seconds in taken.items()}
    is_worthwhile = milliseconds[cores] <= WORTHWHILE * milliseconds[1]
    return ThreadChoice(threads=cores if is_worthwhile else 1, milliseconds=milliseconds)
