"""Training outputs of text networks small enough to be made for each test, with random weights."""

import io
import json
import string
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

Files = dict[str, bytes]
Weights = dict[str, NDArray[Any]]

WIDTH, INNER, POSITIONS, HIDDEN = 64, 48, 24, 8
_WORDS = ("good", "bad", "fair", "cat", "dog", "the", "is", "not", "very", "##ly")
_ROBERTA_MARKS = ("<s>", "<pad>", "</s>", "<unk>")

BERT: Mapping[str, Any] = {
    "model_type": "bert",
    "hidden_size": WIDTH,
    "num_hidden_layers": 2,
    "num_attention_heads": 1,
    "intermediate_size": INNER,
    "max_position_embeddings": POSITIONS,
    "type_vocab_size": 2,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-12,
    "pad_token_id": 0,
}
ROBERTA: Mapping[str, Any] = dict(BERT) | {
    "model_type": "roberta",
    "type_vocab_size": 1,
    "layer_norm_eps": 1e-5,
    "pad_token_id": 1,
}


def word_pieces(*more: str) -> Tokenizer:
    """A BERT tokenizer of letters and a few words."""
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *string.ascii_lowercase, *string.digits, "."]
    tokens += [f"##{letter}" for letter in string.ascii_lowercase]
    vocabulary = {token: number for number, token in enumerate((*tokens, *_WORDS, *more))}
    tokenizer = Tokenizer(models.WordPiece(vocab=vocabulary, unk_token="[UNK]"))  # noqa: S106  # a token
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(tokens[:5])
    return tokenizer


def byte_pairs() -> Tokenizer:
    """A RoBERTa tokenizer of bytes alone."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate((*_ROBERTA_MARKS, *letters))}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    tokenizer.add_special_tokens(list(_ROBERTA_MARKS))
    return tokenizer


def encoder_weights(config: Mapping[str, Any], draws: np.random.Generator) -> Weights:
    """The tensors of an encoder without its pooler, under the names of published checkpoints."""
    width, inner = config["hidden_size"], config["intermediate_size"]
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (config["vocab_size"], width),
        "embeddings.position_embeddings.weight": (config["max_position_embeddings"], width),
        "embeddings.token_type_embeddings.weight": (config["type_vocab_size"], width),
    }
    norms = ["embeddings.LayerNorm"]
    for layer in (f"encoder.layer.{number}" for number in range(config["num_hidden_layers"])):
        linear = {f"attention.self.{name}": (width, width) for name in ("query", "key", "value")}
        linear |= {"attention.output.dense": (width, width)}
        linear |= {"intermediate.dense": (inner, width), "output.dense": (width, inner)}
        for name, shape in linear.items():
            shapes |= {f"{layer}.{name}.weight": shape, f"{layer}.{name}.bias": shape[:1]}
        norms += [f"{layer}.attention.output.LayerNorm", f"{layer}.output.LayerNorm"]
    for norm in norms:
        shapes |= {f"{norm}.weight": (width,), f"{norm}.bias": (width,)}
    return {name: draws.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}


def linear(name: str, outputs: int, inputs: int, draws: np.random.Generator) -> Weights:
    """The two tensors of a linear map."""
    return {
        f"{name}.weight": draws.normal(0, 0.3, (outputs, inputs)).astype(np.float32),
        f"{name}.bias": draws.normal(0, 0.3, outputs).astype(np.float32),
    }


def saved(value: object) -> bytes:
    """What `torch.save` writes of data with NumPy arrays, as tensors."""
    file = io.BytesIO()
    torch.save(_as_tensors(value), file)
    return file.getvalue()


def _as_tensors(value: object) -> object:
    if isinstance(value, np.ndarray):
        return torch.from_numpy(np.array(value))
    return {key: _as_tensors(item) for key, item in value.items()} if isinstance(value, dict) else value


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()


SETTINGS: Mapping[str, Any] = {
    "model_class": "bimodal_bert",
    "id_name": "order",
    "label_name": "y",
    "text_name": "note",
    "tab_field_list": ["age", "region"],
    "cat_field_list": ["note", "region"],
    "full_field_list": ["order", "note", "age", "region", "y"],
    "num_classes": 2,
    "is_binary": True,
    "multiclass_categories": [0, 1],
    "class_weights": [1.0, 1.0],
    "hidden_common_dim": HIDDEN,
    "max_sen_len": 16,
    "chunk_trancate": True,
    "max_total_chunks": 2,
    "tokenizer": "org/tiny-bert",
    "text_processing_steps": ["text_normalizer", "dialogue_chunker", "tokenizer"],
}
RISK: Mapping[str, Any] = {"region": {"bins": {"north": 0.2, "south": 0.7}, "default_bin": 0.5}}
RECORD: Mapping[str, Any] = {"note": "the cat is very good", "age": 39, "region": "south"}


def network_weights(config: Mapping[str, Any], *, seed: int = 0) -> Weights:
    """The weights of a network with one text and two numbers."""
    draws = np.random.default_rng(seed)
    encoder = encoder_weights(config, draws) | linear("pooler.dense", WIDTH, WIDTH, draws)
    table = {
        f"tab_subnetwork.embedding_layer.0.{part}": np.ones(2, np.float32) for part in ("weight", "bias")
    }
    return (
        {f"text_subnetwork.bert.{name}": array for name, array in encoder.items()}
        | linear("text_subnetwork.head_layer.1", HIDDEN, WIDTH, draws)
        | table
        | linear("tab_subnetwork.embedding_layer.1", HIDDEN, 2, draws)
        | linear("final_merge_network.1", 2, 2 * HIDDEN, draws)
    )


def network_output(settings: Mapping[str, Any] = SETTINGS, *, own: Mapping[str, Any] | None = None) -> Files:
    """The files of a training output with a network.

    Args:
        settings: in both places.
        own: changes of `hyperparameters.json` alone.
    """
    tokenizer = word_pieces()
    config = dict(BERT) | {"vocab_size": tokenizer.get_vocab_size()}
    copies = dict(settings) | {"imputation_dict": {"age": 40.0}, "risk_tables": dict(RISK)}
    return {
        "model.pth": saved(network_weights(config)),
        "model_artifacts.pth": artifacts(copies, tokenizer),
        "hyperparameters.json": as_json(dict(settings) | dict(own or {})),
        "feature_columns.txt": b"0,age\n1,region\n2,note\n3,region\n",
        "risk_table_map.json": as_json(RISK),
        "impute_dict.json": as_json({"age": 40.0}),
        "tokenizer/tokenizer.json": tokenizer.to_str().encode(),
        "tokenizer/config.json": as_json(config),
    }


def artifacts(config: Mapping[str, Any], tokenizer: Tokenizer, **more: object) -> bytes:
    """A `model_artifacts.pth`; a value of None leaves a key out."""
    content = {
        "config": dict(config),
        "vocab": tokenizer.get_vocab(with_added_tokens=True),
        "model_class": config.get("model_class"),
    } | more
    return saved({key: value for key, value in content.items() if value is not None})


def with_settings(files: Files, **changes: Any) -> Files:
    """The output with settings changed in both places; a value of None takes one away."""
    settings = {key: value for key, value in (dict(SETTINGS) | changes).items() if value is not None}
    changed = network_output(settings)
    return files | {name: changed[name] for name in ("hyperparameters.json", "model_artifacts.pth")}


def classifier_folder(kind: str, *, classes: int = 3) -> Files:
    """The files of a sequence classifier of Hugging Face, of type `bert` or `roberta`."""
    draws = np.random.default_rng(5)
    tokenizer = word_pieces() if kind == "bert" else byte_pairs()
    config = dict(BERT if kind == "bert" else ROBERTA) | {"vocab_size": tokenizer.get_vocab_size()}
    architecture = "BertForSequenceClassification" if kind == "bert" else "RobertaForSequenceClassification"
    labels = {str(number): f"label {number}" for number in range(classes)}
    weights = {f"{kind}.{name}": array for name, array in encoder_weights(config, draws).items()}
    if kind == "bert":
        weights |= linear("bert.pooler.dense", WIDTH, WIDTH, draws)
        weights |= linear("classifier", classes, WIDTH, draws)
    else:
        weights |= linear("classifier.dense", WIDTH, WIDTH, draws)
        weights |= linear("classifier.out_proj", classes, WIDTH, draws)
    return {
        "config.json": as_json(config | {"architectures": [architecture], "id2label": labels}),
        "model.safetensors": save(weights),
        "tokenizer.json": tokenizer.to_str().encode(),
        "tokenizer_config.json": as_json(
            {"model_max_length": 20, "tokenizer_class": "PreTrainedTokenizerFast"}
        ),
    }


def changed_json(files: Files, name: str, **changes: Any) -> Files:
    """The files with keys of one JSON file changed; a value of None takes one away."""
    content = json.loads(files[name]) | changes
    return files | {name: as_json({key: value for key, value in content.items() if value is not None})}
