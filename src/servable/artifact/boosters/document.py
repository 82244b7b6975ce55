"""Looking up what a nested document must hold, with the path to what it does not."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from servable.artifact.boosters.damaged_model import damaged_model
from servable.errors import Damaged, shown

_INTEGER = re.compile(r"-?[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Part:
    """A value of a document of JSON or UBJSON, and where it stands."""

    value: object = field(repr=False)
    where: str

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, Mapping) and key in self.value

    def __getitem__(self, key: str) -> "Part":
        if not isinstance(self.value, Mapping):
            raise self.refusal("an object", f"a value of type {type(self.value).__name__}")
        if key not in self.value:
            raise self.refusal(f'"{key}"', "none")
        return Part(self.value[key], f"{self.where}.{key}")

    def items(self) -> list["Part"]:
        """The parts of a list of anything but numbers, which would be millions of parts."""
        if isinstance(self.value, np.ndarray) and len(self.value):
            raise self.refusal("a list of other things than numbers", f"values of type {self.value.dtype}")
        return [Part(item, f"{self.where}[{index}]") for index, item in enumerate(self._list())]

    def length(self) -> int:
        """How many entries a list has."""
        return len(self._list())

    def text(self) -> str:
        """A string."""
        if not isinstance(self.value, str):
            raise self.refusal("text", f"a value of type {type(self.value).__name__}")
        return self.value

    def count(self) -> int:
        """An integer of at most nine digits, which XGBoost writes as text."""
        if not _INTEGER.fullmatch(self.text()):
            raise self.refusal("an integer", shown(self.value))
        return int(self.text())

    def integers(self) -> NDArray[np.int64]:
        """`[n]` integers, true and false among them as 1 and 0."""
        found = self._array()
        if found.dtype.kind not in "iub":
            raise self.refusal("integers", f"values of type {found.dtype}")
        return found.astype(np.int64)

    def floats(self) -> NDArray[np.float64]:
        """`[n]` finite numbers."""
        found = self._array()
        if found.dtype.kind not in "iuf" or not math.isfinite(np.abs(found, dtype=np.float64).sum()):
            raise self.refusal("finite numbers", "something else")
        return found.astype(np.float64)

    def _list(self) -> "Sequence[object] | NDArray[np.generic]":
        if not isinstance(self.value, list | np.ndarray):
            raise self.refusal("a list", f"a value of type {type(self.value).__name__}")
        return self.value

    def _array(self) -> "NDArray[np.generic]":
        found = self._list()
        if len(found) == 0:
            return np.empty(0, dtype=np.int64)
        if isinstance(found, np.ndarray):
            return found
        if not all(isinstance(item, int | float) for item in found):
            raise self.refusal("a list of numbers", "something else in it")
        return np.array(found)

    def refusal(self, expected: str, found: str) -> Damaged:
        """The error that says what is wrong here."""
        return damaged_model(self.where, expected, found)
