"""Loads artifacts one by one in a process of its own, and tells of each what became of it and what it cost.

Its arguments are a file with a list of tasks and an empty folder to run in. A line of JSON is printed before
each task and after it, so that whoever reads knows where a process died.
"""

import contextlib
import ctypes
import io
import json
import logging
import os
import sys
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import servable
from servable.cli import main as servable_command
from servable.errors import ServableError

_RUNS = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.Popen", "socket.")
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
_SLOW_S = 1.2  # what takes longer is measured once more: the machine is not this process's alone


class Hearing:
    """What is run, written or changed while it is on; a hook cannot be removed."""

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
        scorer.score(record)
    except ServableError as error:
        return {"end": "refused", "said": list(map(str, error.problems)), "degradations": degradations}
    except BaseException as error:  # whatever it is, it is what is looked for
        return {"end": "broken", "said": [f"{type(error).__name__}: {error}"], "degradations": degradations}
    return {"end": "scored", "said": [], "degradations": degradations}


def command(*arguments: str) -> dict[str, object]:
    """Exit code and error of a `servable` command in this process."""
    errors = io.StringIO()
    code: object = "none"
    with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()):
        try:
            servable_command(list(arguments))
        except SystemExit as end:
            code = end.code
    return {"exit_code": code, "stderr": errors.getvalue()}


def forget_peak() -> None:
    """From now on the most memory is counted anew, where the system lets a process say so."""
    with contextlib.suppress(OSError, AttributeError):  # what was freed goes back first
        ctypes.CDLL(None).malloc_trim(0)
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_bytes() -> int:
    """The most memory that the process has held since."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmHWM:"))


def measured(task: Mapping[str, Any], on_damage: str) -> dict[str, object]:
    """What became of an artifact, and the processor time that it took."""
    times: list[float] = []
    ended: dict[str, object] = {}
    while not times or (min(times) > _SLOW_S and len(times) < 3):
        start = time.process_time()
        ended = load(task["path"], on_damage, task["record"])
        times.append(time.process_time() - start)
    return {"on_damage": on_damage, "cpu_s": min(times), **ended}


def tell(told: str, task: Mapping[str, Any], **facts: object) -> None:
    line = {"told": told, "title": task["title"], "form": task["form"], **facts}
    sys.stdout.write(f"{json.dumps(line)}\n")
    sys.stdout.flush()


def main(plan: Path, folder: Path) -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    os.chdir(folder)
    hearing = Hearing()
    before = {*listing(folder.parent)}
    for task in json.loads(plan.read_text()):
        tell("begun", task)
        for on_damage in task["policies"]:
            forget_peak()
            hearing.heard.clear()
            hearing.is_on = task["is_heard"]
            found = measured(task, on_damage)
            hearing.is_on = False
            left = sorted({*listing(folder.parent)} - before)
            tell("load", task, **found, peak_bytes=peak_bytes(), heard=hearing.heard, left=left)
        for arguments in task["commands"]:
            found = command(*arguments)
            tell("command", task, **found, left=sorted({*listing(folder.parent)} - before))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
