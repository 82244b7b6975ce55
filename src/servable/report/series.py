"""The looks of several series in one figure."""

from enum import StrEnum


class Series(StrEnum):
    """How one of several series looks, in every figure and in its legend (`Key.mark`).

    Colour is never alone: each line has a pattern of its own, too.
    """

    A = "series-a"
    B = "series-b"
    C = "series-c"
    D = "series-d"

    @property
    def dot(self) -> str:
        """The mark of its points."""
        return f"dot dot-{self[-1]}"

    @property
    def ribbon(self) -> str:
        """The mark of what lies between the ends of its interval."""
        return f"ribbon-{self[-1]}"

    @property
    def beam(self) -> str:
        """The mark of the bands at its points."""
        return f"beam-{self[-1]}"
