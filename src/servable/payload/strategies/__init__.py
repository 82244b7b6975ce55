"""What requests of a model may look like: typical, drawn from what it knows, at its limits, hostile."""

from enum import StrEnum

__all__ = ["Strategy"]


class Strategy(StrEnum):
    """What the samples of a payload are made of.

    `DEFAULT` needs no more of an artifact than its lists of fields; the others read the artifact itself.
    """

    DEFAULT = "default"
    """The script's constants: `0.0` for a number, a placeholder for a category, a short text for a text."""

    TYPICAL = "typical"
    """What the artifact takes for usual: values of missing numbers, the most frequent categories."""

    REALISTIC = "realistic"
    """Seeded draws from what the artifact recorded of the data that it was made for."""

    BOUNDARY = "boundary"
    """Legal values at the limits of what a record may hold."""

    HOSTILE = "hostile"
    """Legal requests that a careless endpoint stumbles over."""
