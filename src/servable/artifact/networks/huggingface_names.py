"""What Hugging Face calls the weights of a sequence classifier, and what the family `bert` calls them.

A RoBERTa classifier has its pooler inside the head: a tanh over a linear map of the first token, which is
what a BERT has before its last layer.
"""

from collections.abc import Mapping
from typing import Any, Final

from numpy.typing import NDArray

_ENCODERS: Final = ("bert.", "roberta.")
_ENCODER, _POOLER, _LAST = "bert.bert.", "bert.bert.pooler.dense.", "bert.classifier."
_HEADS: Final = {"classifier.dense.": _POOLER, "classifier.out_proj.": _LAST, "classifier.": _LAST}
_FORMER_NAMES: Final = {"gamma": "weight", "beta": "bias"}
_BUFFERS: Final = (".position_ids", ".token_type_ids")
_HEAD_POOLER: Final = "classifier.dense."
_ENCODER_POOLER: Final = ("roberta.pooler.dense.weight", "roberta.pooler.dense.bias")


def classifier_weights(weights: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The weights of a sequence classifier under the names of the family `bert`.

    Names that no such classifier has stay as they are, so that whoever puts the weights into a network
    refuses them. Left out are buffers that only hold positions, and a pooler of the encoder's own beside
    one in the head, which takes its place.
    """
    has_own_pooler = any(name.startswith(_HEAD_POOLER) for name in weights)
    unused = (*_BUFFERS, *(_ENCODER_POOLER if has_own_pooler else ()))
    return {_renamed(name): array for name, array in weights.items() if not name.endswith(unused)}


def _renamed(name: str) -> str:
    stem, dot, last = name.rpartition(".")
    name = f"{stem}{dot}{_FORMER_NAMES.get(last, last)}"
    for prefix in _ENCODERS:
        if name.startswith(prefix):
            return _ENCODER + name.removeprefix(prefix)
    for prefix, of_family in _HEADS.items():
        if name.startswith(prefix):
            return of_family + name.removeprefix(prefix)
    return name
