"""A calibration lookup table: what a stored one must hold to be believed, and what it answers."""

from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from servable.calibration.segments import Segments
from servable.errors import Damaged, Problem, shown
from servable.records import FloatArray

MAX_PAIRS: Final = 10_000
ROUNDING: Final = 1e-9
"""A calibrated score may fall by this much from one pair to the next: it is then raised again."""


@dataclass(frozen=True, slots=True, eq=False)
class LookupTable:
    """Knots (raw score, calibrated score), sorted by raw score; equal raw scores express a step.

    Attributes:
        x: `[k]` float64, k >= 2, finite, not decreasing.
        y: `[k]` float64 in [0, 1].
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    _segments: Segments = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_segments", Segments.of_pairs(self.x, self.y))

    @classmethod
    def of_pairs(cls, pairs: object, *, where: str) -> Self:
        """A checked table of a list of pairs, without what cannot be reached and without rounding's falls.

        Raises:
            Damaged: `calibration.table`, naming the first knot that breaks a rule: at least 2 and at most
                10,000 pairs of finite numbers, raw scores in rising order, calibrated scores between 0 and
                1 that do not fall.
        """
        found = _pairs(pairs, where)
        for index, pair in enumerate(found):
            if not (isinstance(pair, list | tuple) and len(pair) == 2 and all(map(_is_number, pair))):
                raise Damaged(_problem(where, "a pair of finite numbers", shown(pair), index))
        x, y = np.array(found, dtype=np.float64).T.copy()
        highest = np.maximum.accumulate(y)
        for broken, expected in (
            (np.diff(x, prepend=x[0]) < 0, "raw scores in rising order"),
            ((y < 0) | (y > 1), "a calibrated score between 0 and 1"),
            (y < highest - ROUNDING, "calibrated scores that do not fall"),
        ):
            if broken.any():
                first = int(broken.argmax())
                before = f" after {shown(found[first - 1])}" if first else ""
                raise Damaged(_problem(where, expected, f"{shown(found[first])}{before}", first))
        is_reachable = np.ones(len(x), dtype=bool)  # of a run of equal raw scores, the first and the last
        is_reachable[1:-1] = (x[1:-1] != x[:-2]) | (x[1:-1] != x[2:])
        return cls(x[is_reachable], highest[is_reachable])

    def pairs(self) -> list[tuple[float, float]]:
        """The knots as plain numbers, the form in which they are stored."""
        return list(zip(self.x.tolist(), self.y.tolist(), strict=True))

    def apply(self, scores: FloatArray) -> NDArray[np.float64]:
        """`[n]` calibrated scores of `[n]` finite raw ones; outside the knots, the nearest knot's value.

        At an inner knot the left segment answers; at a repeated knot, therefore, its first value.
        A NaN is answered by NaN.
        """
        return self._segments.answers(scores)


def _pairs(value: object, where: str) -> list[object]:
    if not isinstance(value, list) or len(value) < 2:
        found = f"{len(value)}" if isinstance(value, list) else "something else"
        raise Damaged(_problem(where, "a list of at least two pairs of numbers", found))
    if len(value) > MAX_PAIRS:
        raise Damaged(_problem(where, f"at most {MAX_PAIRS:,} pairs", f"{len(value):,}"))
    return value


def _is_number(value: object) -> bool:
    # the comparison is false for NaN, and true for no integer that a float cannot hold
    return isinstance(value, int | float) and not isinstance(value, bool) and -1e300 < value < 1e300


def _problem(where: str, expected: str, found: str, index: int | None = None) -> Problem:
    return Problem(
        code="calibration.table",
        where=where if index is None else f"{where}, knot {index}",
        expected=expected,
        found=found,
        fix="fit the calibrator again or repair the table",
    )
