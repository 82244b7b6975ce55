"""Figures of an evaluation in words and digits, as sentences and the terminal write them."""

from servable.metrics import Estimate
from servable.wording import percent


def figure(value: float) -> str:
    """A figure with four decimals."""
    return f"{value:z.4f}"


def interval(estimate: Estimate) -> str:
    """A figure with its 95 % interval: `0.9123 [0.9011, 0.9235]`."""
    return estimate.text("z.4f")


def signed_interval(estimate: Estimate) -> str:
    """A difference with its 95 % interval."""
    return estimate.text("+z.4f")


def percent_or_dash(share: float | None) -> str:
    """A share with one decimal; a dash for none."""
    return "-" if share is None else percent(share)
