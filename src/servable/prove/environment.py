"""What a proof says about the machine and the installation it ran on: no names, no folders."""

import os
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_CPU_INFO = Path("/proc/cpuinfo")


def describe_environment(packages: Iterable[str]) -> dict[str, Any]:
    """Processor, kernel, Python and the installed versions of these packages."""
    return {
        "cpu_model": _cpu_model(),
        "cores": os.cpu_count() or 0,
        "machine": platform.machine(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "packages": {name: found for name in sorted(set(packages)) if (found := installed(name))},
    }


def is_same_build(libraries: Mapping[str, str]) -> bool:
    """Whether those of the libraries that packed an artifact which are installed here are the same."""
    found = {name: installed(name) for name in libraries}
    here = {name: held for name, held in found.items() if held is not None}
    return bool(here) and all(libraries[name] == held for name, held in here.items())


def installed(name: str) -> str | None:
    """The installed version of a package, or None."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _cpu_model() -> str:
    try:
        lines = _CPU_INFO.read_text(errors="replace").splitlines()
    except OSError:
        return platform.processor()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor())
