"""The families of text networks: the names that trainings give them, and what their weights are called.

Some families have one name when they are trained and another when they are served; both are read.
"""

from collections.abc import Iterable
from typing import Final

from servable.errors import Damaged, Problem, shown

_SPELLINGS: Final = {
    "bert": ("bert",),
    "bimodal_bert": ("bimodal_bert", "bimodal", "multimodal_bert"),
    "bimodal_cross_attn": ("bimodal_cross_attn", "multimodal_cross_attn"),
    "bimodal_gate_fusion": ("bimodal_gate_fusion", "multimodal_gate_fusion"),
    "bimodal_moe": ("bimodal_moe", "multimodal_moe"),
    "trimodal_bert": ("trimodal_bert", "trimodal"),
    "trimodal_cross_attn": ("trimodal_cross_attn", "trimodal_cross_attn_bert"),
    "trimodal_gate_fusion": ("trimodal_gate_fusion", "trimodal_gate_fusion_bert"),
}

MODEL_CLASSES: Final = {name: family for family, names in _SPELLINGS.items() for name in names}
"""`model_class`, under any of its names -> family."""

_CLASSIFIER, _ONE_TEXT = "bert.bert.", "text_subnetwork.bert."
_TWO_TEXTS = ("primary_text_subnetwork.bert.", "secondary_text_subnetwork.bert.")
_OF_ONE_TEXT: Final = {
    "cross_att.": "bimodal_cross_attn",
    "gate_fusion.": "bimodal_gate_fusion",
    "moe_fusion.": "bimodal_moe",
}
_OF_TWO_TEXTS: Final = {"cross_attention.": "trimodal_cross_attn", "gate_fusion.": "trimodal_gate_fusion"}

ENCODERS: Final = (_CLASSIFIER, _ONE_TEXT, *_TWO_TEXTS)
"""What the names of an encoder's weights begin with, in any family."""


def family_of(model_class: str, *, where: str) -> str:
    """The family that a training calls by this name.

    Raises:
        Damaged: `network.model-class`, naming the known ones.
    """
    if model_class not in MODEL_CLASSES:
        raise Damaged(
            Problem(
                code="network.model-class",
                where=where,
                expected=f'"model_class", one of {", ".join(sorted(MODEL_CLASSES))}',
                found=shown(model_class),
                fix="use a model of one of these families",
            )
        )
    return MODEL_CLASSES[model_class]


def reads_two_texts(family: str) -> bool:
    """Whether networks of a family read a primary and a secondary text."""
    return family.startswith("trimodal")


def family_of_weights(names: Iterable[str]) -> str | None:
    """The family whose weights have such names, or None where they are of no known one."""
    listed = tuple(names)

    def any_begins(prefix: str) -> bool:
        return any(name.startswith(prefix) for name in listed)

    if any_begins(_CLASSIFIER):
        return "bert"
    if any_begins(_ONE_TEXT):
        plain, fusions = "bimodal_bert", _OF_ONE_TEXT
    elif any(map(any_begins, _TWO_TEXTS)):
        plain, fusions = "trimodal_bert", _OF_TWO_TEXTS
    else:
        return None
    return next((family for prefix, family in fusions.items() if any_begins(prefix)), plain)
