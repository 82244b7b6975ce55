"""Loads artifacts one by one in a process of its own, and tells of each what became of it and what it cost.

Its arguments are a file with a list of {"id", "path", "record"}, sound artifacts first, and an empty folder to run in.
A line of JSON is printed before each artifact and after it, so that whoever reads knows where a process died.
"""

import json
import logging
import os
import sys
import time
import warnings
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import servable
from servable.errors import ServableError

_RUNS = (
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "subprocess.Popen",
    "socket.",
    "ctypes.dlopen evil",
)
_CHANGES = (
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.symlink",
    "os.link",
    "os.chmod",
    "os.truncate",
    "shutil.",
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Hearing:
    """What was run or written; a hook cannot be removed."""

    def __init__(self) -> None:
        self.is_on = False
        self.heard: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.is_on:
            return
        is_written = event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING
        if is_written or event.startswith((*_RUNS, *_CHANGES)):
            self.heard.append(f"{event} {arguments!r:.80}")


def listing(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def load(path: str, on_damage: str, record: Mapping[str, object]) -> dict[str, object]:
    """What became of an artifact: `refused`, `scored`, or `broken` for what is no refusal in words."""
    degradations: tuple[str, ...] = ()
    try:
        scorer = servable.load(path, on_damage=on_damage, device="cpu")
        degradations = scorer.degradations
        scores = scorer.score(record)
    except ServableError as error:
        words = [f"[{problem.code}] {problem}" for problem in error.problems]
        return {"end": "refused", "said": words, "degradations": degradations}
    except BaseException as error:  # what must not happen is what is looked for
        return {"end": "broken", "said": [f"{type(error).__name__}: {error}"], "degradations": degradations}
    return {"end": "scored", "said": [], "scores": scores.raw.tolist(), "degradations": degradations}


def forget_peak() -> None:
    """From now on, the most memory is counted anew, where the system lets a process say so."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak() -> int:
    """The most memory that the process has held since, in bytes."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmHWM:"))


def main(plan: Path, folder: Path) -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    os.chdir(folder)
    hearing = Hearing()
    before = listing(folder.parent)
    for number, task in enumerate(json.loads(plan.read_text())):
        print(json.dumps({"begun": task["id"]}), flush=True)
        for on_damage in ("refuse", "warn"):
            forget_peak()
            hearing.heard.clear()
            hearing.is_on = number >= 2 * task["sound"]
            start = time.process_time()
            ended = load(task["path"], on_damage, task["record"])
            cpu_s = time.process_time() - start
            hearing.is_on = False
            peak_bytes = peak()
            left = sorted({*listing(folder.parent)} - {*before})
            told = {"id": task["id"], "on_damage": on_damage, "cpu_s": cpu_s, "peak_bytes": peak_bytes}
            print(json.dumps(told | ended | {"heard": hearing.heard, "left": left}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
