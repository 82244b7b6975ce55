"""What no figure draws: numbers that are none, and lists that do not belong together."""

from collections.abc import Sized

import numpy as np

from servable.report.axes import FloatVector


def require_finite(what: str, *values: FloatVector | float | None) -> None:
    """Nothing, if every number is one.

    Args:
        what: the figure or the curve, for the message.
        values: arrays or numbers; None is passed over.

    Raises:
        ValueError: for NaN and for infinite numbers: whoever computed them must say what they mean.
    """
    if any(value is not None and not np.isfinite(value).all() for value in values):
        raise ValueError(f"{what}: a number to be drawn is not finite")


def require_length(what: str, length: int, *values: Sized | None) -> None:
    """Nothing, if each list is as long as it must be, and not empty; None is passed over.

    Raises:
        ValueError: otherwise.
    """
    if length < 1 or any(value is not None and len(value) != length for value in values):
        lengths = [None if value is None else len(value) for value in values]
        raise ValueError(f"{what}: expected {length} values, at least 1, found {lengths}")
