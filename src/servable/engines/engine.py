"""What every engine can do."""

from typing import Protocol

from servable.records import FloatArray, ModelInputs


class Engine(Protocol):
    """Computes raw scores; an engine is used by one thread at a time.

    Attributes:
        features: number of columns that it reads.
        classes: number of columns of the scores.
    """

    @property
    def features(self) -> int:
        """How many columns `tabular` must have."""
        ...

    @property
    def classes(self) -> int:
        """How many columns the scores have."""
        ...

    def run(self, inputs: ModelInputs) -> FloatArray:
        """`[n, classes]` class probabilities."""
        ...
