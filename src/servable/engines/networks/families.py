"""The families of text networks by the names that trainings write; one file each."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import torch
from numpy.typing import NDArray

from servable.artifact import MODEL_CLASSES
from servable.engines.networks.bert import EncoderConfig
from servable.engines.networks.bimodal_bert import BimodalBert
from servable.engines.networks.bimodal_cross_attention import BimodalCrossAttention
from servable.engines.networks.bimodal_gate_fusion import BimodalGateFusion
from servable.engines.networks.bimodal_moe import BimodalMixture
from servable.engines.networks.branches import BranchedNetwork, Sizes
from servable.engines.networks.network import Network
from servable.engines.networks.text_classifier import TextClassifier
from servable.engines.networks.trimodal_bert import TrimodalBert
from servable.engines.networks.trimodal_cross_attention import TrimodalCrossAttention
from servable.engines.networks.trimodal_gate_fusion import TrimodalGateFusion
from servable.engines.networks.weights import drawn_weights, encoder_weights_of, load_weights, weights_of
from servable.errors import Damaged, Problem

Family = type[BranchedNetwork] | type[TextClassifier]

_NETWORKS: Final[Mapping[str, Family]] = {
    "bert": TextClassifier,
    "bimodal_bert": BimodalBert,
    "bimodal_cross_attn": BimodalCrossAttention,
    "bimodal_gate_fusion": BimodalGateFusion,
    "bimodal_moe": BimodalMixture,
    "trimodal_bert": TrimodalBert,
    "trimodal_cross_attn": TrimodalCrossAttention,
    "trimodal_gate_fusion": TrimodalGateFusion,
}

FAMILIES: Final[Mapping[str, Family]] = {name: _NETWORKS[family] for name, family in MODEL_CLASSES.items()}
"""`model_class`, under any of its names -> network."""

TRAINABLE: Final[Mapping[str, type[BranchedNetwork]]] = {
    name: BimodalBert for name, network in FAMILIES.items() if network is BimodalBert
}
"""Those that `new_network` makes."""


def build_network(
    model_class: str,
    weights: Mapping[str, object],
    encoder: Mapping[str, object],
    *,
    text_fields: Sequence[str],
) -> Network:
    """The network of stored weights, in evaluation mode; its widths are those of the weights.

    Args:
        model_class: the family, under the name that a training wrote.
        weights: float arrays by name, as they were stored; what only training needs may be among them.
        encoder: the encoder's `config.json`.
        text_fields: the texts in the order in which the network reads them.

    Raises:
        Damaged: `network.model-class`, `network.encoder`, `network.texts`, `network.weights`.
    """
    plain = weights_of(weights, where="model weights")
    shapes = {name: array.shape for name, array in plain.items()}
    family, config = _family(model_class), EncoderConfig.of(encoder)
    with torch.device("meta"):  # without memory, which the weights bring
        network = family.of_shapes(shapes, config, text_fields=text_fields)
    used = {name: array for name, array in plain.items() if not name.startswith(network.unused)}
    load_weights(network, used, where="model weights")
    return network.eval()


def new_network(
    model_class: str,
    encoder_config: Mapping[str, object],
    encoder_weights: Mapping[str, object],
    *,
    text_field: str,
    features: int,
    hidden: int,
    classes: int,
    seed: int,
    dropout: float = 0.1,
) -> Network:
    """A network to be trained, in training mode: a pretrained encoder under layers that know nothing yet.

    Args:
        model_class: the family.
        encoder_config: the encoder's `config.json`, whose shares of dropout hold inside the encoder.
        encoder_weights: float arrays by name, as a published checkpoint holds them, pooler included.
        text_field: the text that it reads.
        features: numbers that it reads beside the text; 0 for none.
        hidden: width of the text branch and of the table branch.
        classes: number of logits.
        seed: of the first weights outside the encoder.
        dropout: share of the text's vector that is dropped while training.

    Raises:
        Damaged: `network.model-class`, `network.encoder`, `network.weights`.
    """
    if model_class not in TRAINABLE:
        raise _unknown(model_class, TRAINABLE)
    family, config = TRAINABLE[model_class], EncoderConfig.of(encoder_config)
    sizes = Sizes(
        text_fields=(text_field,), features=features, hidden=hidden, classes=classes, dropout=dropout
    )
    with torch.device("meta"):
        network = family(config, sizes)
    pretrained = encoder_weights_of(encoder_weights, where="encoder weights")
    weights: dict[str, NDArray[Any]] = drawn_weights(network, seed=seed, outside=family.ENCODERS)
    for prefix in family.ENCODERS:
        weights |= {prefix + name: array for name, array in pretrained.items()}
    load_weights(network, weights, where="encoder weights")
    return network.train()


def _family(model_class: str) -> Family:
    if model_class not in FAMILIES:
        raise _unknown(model_class, FAMILIES)
    return FAMILIES[model_class]


def _unknown(model_class: str, known: Iterable[str]) -> Damaged:
    return Damaged(
        Problem(
            code="network.model-class",
            where="model_class",
            expected=f"one of {', '.join(sorted(known))}",
            found=model_class,
            fix="use a model of one of these families",
        )
    )
