"""The shared library inside an installed package, used without importing the package.

Importing `xgboost` or `lightgbm` imports scipy, and pandas and scikit-learn where they are installed:
1.5 s and 130 MB more for a model that is loaded in milliseconds (2 cores, Python 3.11). Scoring needs a
handful of functions of the documented C interface that both packages ship.
"""

import ctypes
import importlib.util
import logging
import sys
from functools import cache
from pathlib import Path
from typing import Any

from servable.errors import Damaged, Problem, Unavailable

_FOLDERS = ("lib", "bin", "")
_log = logging.getLogger("servable.engines")


def unloadable(library: str, *, where: str) -> Damaged:
    """The error for a model that a library does not load, although it looked sound."""
    return Damaged(
        Problem(
            code="engine.model",
            where=where,
            expected=f"a booster that {library} can load",
            found="one that it refuses",
            fix="write it again with the training that made it",
        )
    )


class LibraryError(RuntimeError):
    """A function of the library that has failed, in the library's own words."""


class Library:
    """A loaded library whose functions return 0 unless they have failed."""

    def __init__(self, functions: ctypes.CDLL, *, last_error: str) -> None:
        self._functions = functions
        self._last_error = functions[last_error]
        self._last_error.restype = ctypes.c_char_p

    def call(self, name: str, *arguments: Any) -> None:
        """Calls a function.

        Raises:
            LibraryError: with what the library says.
        """
        if getattr(self._functions, name)(*arguments) != 0:
            raise LibraryError((self._last_error() or b"").decode("utf-8", errors="replace").strip())


def open_library(package: str, stem: str, *, last_error: str, log_to: str) -> Library:
    """The shared library of a package.

    Args:
        package: as it is imported.
        stem: the library's file without its ending.
        last_error: its function that tells the last error.
        log_to: its function that takes a function for its messages.

    Raises:
        Unavailable: `engine.extra` if the package or its library is not installed, or does not load.
    """
    functions = _load(package, stem)
    library = Library(functions, last_error=last_error)
    if package not in sys.modules:  # which has its own way with messages
        library.call(log_to, _LOG_FUNCTION)
    return library


def _log_message(message: bytes | None) -> None:
    if text := (message or b"").decode("utf-8", errors="replace").strip():
        _log.info("%s", text)


_LOG_FUNCTION = ctypes.CFUNCTYPE(None, ctypes.c_char_p)(_log_message)  # alive as long as a library


@cache
def _load(package: str, stem: str) -> ctypes.CDLL:
    spec = importlib.util.find_spec(package)
    roots = [Path(place) for place in (spec.submodule_search_locations if spec else None) or ()]
    names = [f"{stem}{ending}" for ending in (".so", ".dylib", ".dll")]
    folders = [root / folder for root in roots for folder in _FOLDERS]
    # some distributions keep the library beside those of the interpreter
    folders += [Path(sys.prefix) / "lib", Path(sys.prefix) / "Library" / "bin"] if roots else []
    found = next((path for folder in folders for name in names if (path := folder / name).is_file()), None)
    if found is None:
        raise Unavailable(_problem(package, "that it is not installed"))
    try:
        return ctypes.CDLL(str(found))
    except OSError as error:
        raise Unavailable(_problem(package, f"that {found.name} does not load ({error})")) from error


def _problem(package: str, found: str) -> Problem:
    return Problem(
        code="engine.extra",
        where=f"{package} model",
        expected=f"the package {package}",
        found=found,
        fix="install servable[trees], or serve the packed artifact, which does not need it",
    )
