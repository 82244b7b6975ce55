"""Scores of a network in two parts: encoders of texts, and a head over their vectors and the table.

The one way for a packed network and for one on torch; they differ in what runs the two parts.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from servable.engines.chunks import Encode, encode_texts
from servable.records import ModelInputs

Head = Callable[[Mapping[str, NDArray[np.float32]], NDArray[np.float32]], NDArray[np.float32]]
"""By text field `[n, d]` mean vectors, and `[n, t]` numbers, to `[n, classes]` logits."""


def class_probabilities(
    inputs: ModelInputs, *, encoders: Mapping[str, Encode], head: Head, pad_token_id: int
) -> NDArray[np.float32]:
    """`[n, classes]` float32 of n records, at least one."""
    texts = {
        field: encode_texts(inputs.texts[field], encode, pad_token_id=pad_token_id)
        for field, encode in encoders.items()
    }
    return _softmax(head(texts, inputs.tabular))


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    with np.errstate(invalid="ignore"):  # what is not finite stays so, and is refused by who asked
        logits = logits - logits.max(axis=1, keepdims=True)
    odds: NDArray[np.float32] = np.exp(logits)
    probabilities: NDArray[np.float32] = odds / odds.sum(axis=1, keepdims=True)
    return probabilities
