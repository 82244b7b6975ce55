"""Plain data: lists, tuples, dicts, text, bytes, numbers, true, false and None, of a bounded extent.

Containers may share a part. A container may not be inside itself, nor stand for more than a reader who
follows every reference could finish: by sharing, a kilobyte spells out to a terabyte.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain
from typing import NoReturn

from servable.errors import Damaged, Problem

_SCALARS = frozenset({int, float, bool, type(None)})


def check_plain(
    value: object, *, where: str, max_depth: int, max_extent: int, leaves: tuple[type, ...] = ()
) -> None:
    """Returns where a value is plain data within the limits, else raises.

    Args:
        value: any object.
        where: its place, as errors name it.
        max_depth: levels of containers.
        max_extent: values and characters, counted once for each way that leads to them.
        leaves: types of values beyond plain data that it may hold; each value counts as one.

    Raises:
        Damaged: `pickle.kind`, `pickle.cycle`, `pickle.depth` or `pickle.extent`.
    """
    _Measure(where=where, max_depth=max_depth, max_extent=max_extent, leaves=leaves).of(value, depth=0)


@dataclass(slots=True, kw_only=True)
class _Measure:
    """Extent and height of values, each container measured once."""

    where: str
    max_depth: int
    max_extent: int
    leaves: tuple[type, ...]
    _known: dict[int, tuple[int, int]] = field(default_factory=dict)
    _open: set[int] = field(default_factory=set)

    def of(self, value: object, *, depth: int) -> tuple[int, int]:
        """Extent and height of a value that stands inside so many containers."""
        if type(value) in _SCALARS or isinstance(value, self.leaves):
            return 1, 0
        if isinstance(value, str | bytes):
            return 1 + len(value), 0
        if not isinstance(value, dict | list | tuple):
            expected = "plain data (list, tuple, dict, str, number)"
            self._refuse("kind", expected=expected, found=f"{value} itself")
        key = id(value)
        if key in self._open:
            self._refuse("cycle", expected="data without cycles", found="a container inside itself")
        if key not in self._known:
            if depth >= self.max_depth:
                self._refuse_depth()
            self._open.add(key)
            self._known[key] = self._of_parts(_parts(value), depth=depth + 1)
            self._open.remove(key)
        extent, height = self._known[key]
        if depth + height > self.max_depth:
            self._refuse_depth()
        return extent, height

    def _of_parts(self, parts: Iterable[object], *, depth: int) -> tuple[int, int]:
        extent, height = 1, 1
        for part in parts:
            part_extent, part_height = self.of(part, depth=depth)
            extent += part_extent
            height = max(height, 1 + part_height)
        if extent > self.max_extent:
            expected = f"data that spells out to at most {self.max_extent} values and characters"
            self._refuse("extent", expected=expected, found="more")
        return extent, height

    def _refuse_depth(self) -> NoReturn:
        self._refuse("depth", expected=f"data of at most {self.max_depth} levels", found="more")

    def _refuse(self, kind: str, *, expected: str, found: str) -> NoReturn:
        fix = "save it again as plain lists and dicts"
        raise Damaged(
            Problem(code=f"pickle.{kind}", where=self.where, expected=expected, found=found, fix=fix)
        )


def _parts(container: dict[object, object] | list[object] | tuple[object, ...]) -> Iterable[object]:
    if isinstance(container, dict):
        return chain(container.keys(), container.values())
    return container
