"""What Hugging Face calls the weights of a sequence classifier, and what the family `bert` calls them.

A RoBERTa classifier has its pooler inside the head: a tanh over a linear map of the first token, which is
what a BERT has before its last layer.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from numpy.typing import NDArray

from servable.errors import Damaged, Problem

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

    Raises:
        Damaged: `network.weights` if two of the names are names of one and the same weight.
    """
    has_own_pooler = any(name.startswith(_HEAD_POOLER) for name in weights)
    unused = (*_BUFFERS, *(_ENCODER_POOLER if has_own_pooler else ()))
    used = {name: array for name, array in weights.items() if not name.endswith(unused)}
    return under_names(used, _renamed, where="weights")


def current_name(name: str) -> str:
    """The name that the weight of a LayerNorm has in checkpoints of today; of any other weight its own."""
    stem, dot, last = name.rpartition(".")
    return f"{stem}{dot}{_FORMER_NAMES.get(last, last)}"


def under_names(
    weights: Mapping[str, NDArray[Any]], rename: Callable[[str], str], *, where: str
) -> dict[str, NDArray[Any]]:
    """The weights under other names.

    Raises:
        Damaged: `network.weights` if two of them would have one.
    """
    former: dict[str, str] = {}
    for name in weights:
        other = former.setdefault(rename(name), name)
        if other != name:
            raise _twice(other, name, where)
    return {renamed: weights[name] for renamed, name in former.items()}


def _twice(name: str, other: str, where: str) -> Damaged:
    return Damaged(
        Problem(
            code="network.weights",
            where=where,
            expected="each weight once",
            found=f"`{name}` and `{other}`, two names of one",
            fix="save the model once more",
        )
    )


def _renamed(name: str) -> str:
    name = current_name(name)
    for prefix in _ENCODERS:
        if name.startswith(prefix):
            return _ENCODER + name.removeprefix(prefix)
    for prefix, of_family in _HEADS.items():
        if name.startswith(prefix):
            return of_family + name.removeprefix(prefix)
    return name
