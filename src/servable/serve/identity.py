"""What tells one server process from another."""

import os
import time
from pathlib import Path

_IMPORTED_NS = time.time_ns()
_START_FIELD = 22 - 3
"""Of /proc/PID/stat, counted after the command's closing bracket. Source: proc_pid_stat(5)."""


def process_start(stat: Path = Path("/proc/self/stat")) -> str:
    """A string that stays the same in one process and differs in any other.

    A container's process always has the same id, so the time it started is in it: clock ticks since
    boot where the kernel tells them, else the time of import.
    """
    try:
        # the command may hold spaces and brackets
        started = stat.read_text().rpartition(")")[2].split()[_START_FIELD]
    except (OSError, IndexError):
        started = str(_IMPORTED_NS)
    return f"{os.getpid()}-{started}"
