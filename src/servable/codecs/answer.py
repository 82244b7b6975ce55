"""An answer as a caller of an endpoint reads it, and the names of labels on the wire."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from servable.errors import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Scores read back from the wire.

    Attributes:
        raw: `[n, m]` float64; m = 1 (class 1) for JSON of two classes, else the number of classes.
        calibrated: `[n, m]` float64.
        labels: n labels of the form `class-0`.
    """

    raw: NDArray[np.float64]
    calibrated: NDArray[np.float64]
    labels: tuple[str, ...]


def label_of(index: int) -> str:
    """The label of a class on the wire (decision 0013)."""
    return f"class-{index}"


def answer_problem(expected: str, found: str) -> Problem:
    """The problem of an endpoint's answer that does not have the agreed form."""
    return Problem(
        code="answer.form",
        where="answer",
        expected=expected,
        found=found,
        fix="check what answers at this address",
    )
