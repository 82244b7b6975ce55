"""The script of this package as a file of its own, for containers that have nothing else."""

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from servable.artifact import atomic_write


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedScript:
    """What `export_script` wrote.

    Attributes:
        path: the file.
        size_bytes: its size.
        sha256: its digest in hexadecimal digits.
    """

    path: Path
    size_bytes: int
    sha256: str

    def summary_lines(self) -> list[str]:
        """What a person wants to know, the file first."""
        return [
            f"{self.path} ({self.size_bytes:,} bytes, sha256:{self.sha256})",
            f"runs with Python 3.11 or later and no package: python {self.path} --help",
        ]

    def to_plain(self) -> dict[str, Any]:
        """The same as JSON may hold it."""
        return {"script": str(self.path), "size_bytes": self.size_bytes, "sha256": self.sha256}


def export_script(path: Path) -> ExportedScript:
    """Writes the script to `path`, byte for byte, in place of a file that was there, and says what it wrote.

    Raises:
        NotFound, BadInput, Unavailable: as `servable.artifact.atomic_write`.
    """
    source = files("servable.payload").joinpath("script.py").read_bytes()
    atomic_write(path, source)
    return ExportedScript(path=path, size_bytes=len(source), sha256=hashlib.sha256(source).hexdigest())
