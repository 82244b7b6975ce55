"""What every family of models gives to training: how it reads texts, and how it is fitted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from servable.errors import BadInput, Problem
from servable.preprocess import TextReader
from servable.progress import Progress
from servable.records import ModelInputs
from servable.schema import Schema

LARGEST_SEED = 2**31 - 1
"""What every library in use takes as a seed."""

Say = Callable[[str], None]
"""Called with a sentence that a person should read before the work is done."""


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Model inputs of n rows and their `[n]` class indices."""

    inputs: ModelInputs
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)


def _no_copies(_: Mapping[str, Any]) -> Mapping[str, bytes]:
    return {}


def _nothing() -> None:
    """Of a fit that left nothing on disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedModel:
    """A fitted model.

    Attributes:
        files: of the training output that hold it, by name.
        hyperparameters: every effective setting, as JSON values.
        summary: what it is, in a few words.
        copies: more files, of the whole configuration of the training output, where the layout has such.
        discard: removes what fitting left on disk, to be called once the training output is written.
    """

    files: Mapping[str, bytes]
    hyperparameters: Mapping[str, Any]
    summary: str
    copies: Callable[[Mapping[str, Any]], Mapping[str, bytes]] = _no_copies
    discard: Callable[[], None] = _nothing


class Family(Protocol):
    """A family of models with its settings.

    Attributes:
        model_class: its name in artifacts.
        missing: stands for a missing number that has no imputation value.
        seed: of every draw.
    """

    @property
    def model_class(self) -> str: ...  # noqa: D102  # described above

    @property
    def missing(self) -> float: ...  # noqa: D102

    @property
    def seed(self) -> int: ...  # noqa: D102

    def require_fields(self, schema: Schema) -> None:
        """Nothing, if the fields are such as this family can read.

        Raises:
            BadInput: `train.text`.
        """

    def readers(self, schema: Schema) -> Mapping[str, TextReader]:
        """What turns the text fields into tokens."""
        ...

    def fit(
        self, train: Examples, valid: Examples, schema: Schema, *, say: Say, progress: Progress
    ) -> FittedModel:
        """A model fitted on `train` and chosen on `valid`."""
        ...


def require_setting(name: str, value: object, is_good: bool, expected: str) -> None:
    """Nothing, if a setting has a value that can be used.

    Raises:
        BadInput: `train.setting`.
    """
    if not is_good:
        raise BadInput(
            Problem(
                code="train.setting",
                where=f"setting {name}",
                expected=expected,
                found=repr(value),
                fix="correct the setting",
            )
        )
