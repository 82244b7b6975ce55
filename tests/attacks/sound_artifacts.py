"""Artifacts with nothing wrong, as small as they can be, for attacks to change."""

import io
import json
import pickle
import tarfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from onnx import TensorProto, helper
from safetensors.numpy import save
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from servable.engines.networks import new_network
from servable.pack import pack
from tiny_boosters import lightgbm_model, native_output, output_of, xgboost_model

Files = dict[str, bytes]

TEXT, NUMBERS = "notes", ("age", "amount")
STEPS = ["dialogue_splitter", "text_normalizer", "dialogue_chunker", "tokenizer"]
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "a", "b", "##a", "##b", "."]
VOCABULARY = {word: number for number, word in enumerate(WORDS)}
RECORD = {"age": 0.5, "income": 1.5, "balance": 2, "region": "north"}
TEXT_RECORD = {TEXT: "good bad a b. good", "age": 3, "amount": 7.5}
KNOTS = [(0.0, 0.0), (0.25, 0.3), (1.0, 1.0)]

ENCODER = {
    "model_type": "bert",
    "vocab_size": len(WORDS),
    "hidden_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 12,
    "max_position_embeddings": 32,
    "type_vocab_size": 2,
    "hidden_act": "gelu",
    "pad_token_id": 0,
}

SETTINGS = {
    "model_class": "bimodal_bert",
    "tab_field_list": list(NUMBERS),
    "cat_field_list": [TEXT],
    "full_field_list": [*NUMBERS, TEXT, "id", "y"],
    "text_name": TEXT,
    "text_processing_steps": STEPS,
    "label_name": "y",
    "id_name": "id",
    "max_sen_len": 16,
    "hidden_common_dim": 4,
    "is_binary": True,
    "num_classes": 2,
    "multiclass_categories": [0, 1],
    "tokenizer": "tiny",
}


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()


def saved(value: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


@cache
def tokenizer() -> bytes:
    found = Tokenizer(models.WordPiece(VOCABULARY, unk_token="[UNK]"))  # noqa: S106
    found.normalizer = normalizers.BertNormalizer(lowercase=True)
    found.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return str(found.to_str()).encode()


@cache
def _network() -> Mapping[str, torch.Tensor]:
    config: dict[str, Any] = dict(ENCODER)
    draws = np.random.default_rng(0)
    with torch.device("meta"):
        from servable.engines.networks.bert import Encoder, EncoderConfig  # noqa: PLC0415

        shapes = {
            name: tuple(tensor.shape)
            for name, tensor in Encoder(EncoderConfig.of(config)).state_dict().items()
        }
    weights = {name: draws.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    network = new_network(
        "bimodal_bert", config, weights, text_field=TEXT, features=len(NUMBERS), hidden=4, classes=2, seed=0
    )
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def weights() -> dict[str, torch.Tensor]:
    return dict(_network())


@cache
def _xgboost(form: str) -> bytes:
    return xgboost_model(rounds=3, form=form)


def xgboost() -> Files:
    """A training output of XGBoost whose tables are pickles."""
    tables = json.loads(output_of("m", b"")["risk_table_map.json"])
    return output_of(
        "xgboost_model.bst",
        _xgboost("json"),
        risk_table_map__json=None,
        impute_dict__json=None,
        risk_table_map__pkl=pickle.dumps(tables),
        impute_dict__pkl=pickle.dumps({"age": 0.5, "income": -0.25}),
    ) | {"calibration/percentile_score.pkl": pickle.dumps(KNOTS)}


def xgboost_binary() -> Files:
    """The same with the model in UBJSON and tables in JSON."""
    return output_of("xgboost_model.bst", _xgboost("ubj"))


@cache
def _lightgbm() -> bytes:
    return lightgbm_model(rounds=3, codes=())


def lightgbm() -> Files:
    """A training output of LightGBM."""
    return output_of("lightgbm_model.txt", _lightgbm())


@cache
def _native() -> Files:
    return native_output()


def native() -> Files:
    """A training output of LightGBM that reads categories itself."""
    return dict(_native())


def network() -> Files:
    """A training output of a network of a text and two numbers."""
    return dict(_stored_network())


@cache
def _stored_network() -> Files:
    artifacts = {
        "config": SETTINGS,
        "model_class": "bimodal_bert",
        "vocab": VOCABULARY,
        "torch_version": torch.__version__,
    }
    return {
        "model.pth": saved(weights()),
        "model_artifacts.pth": saved(artifacts),
        "hyperparameters.json": as_json(SETTINGS),
        "feature_columns.txt": b"# columns\n0,age\n1,amount\n2,notes\n",
        "impute_dict.pkl": pickle.dumps({"age": 1.0, "amount": 2.0}),
        "tokenizer/tokenizer.json": tokenizer(),
        "tokenizer/config.json": as_json(ENCODER),
    }


def graph(
    nodes: list[Any],
    *,
    initializers: tuple[Any, ...] = (),
    inputs: tuple[Any, ...] = (),
    functions: tuple[Any, ...] = (),
    domains: tuple[str, ...] = (),
) -> Any:
    """A model with the inputs of the network's own graph, and `probs` for its output."""
    names = [f"{TEXT}_input_ids", f"{TEXT}_attention_mask"]
    texts = [helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "c", "t"]) for name in names]
    numbers = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 1]) for name in NUMBERS]
    made = helper.make_graph(
        nodes,
        "whole",
        [*texts, *numbers, *inputs],
        [helper.make_tensor_value_info("probs", TensorProto.FLOAT, ["n", 2])],
        list(initializers),
    )
    opsets = [helper.make_opsetid("", 17), *(helper.make_opsetid(domain, 1) for domain in domains)]
    return helper.make_model(made, opset_imports=opsets, functions=list(functions), ir_version=8)


SCORES = helper.make_node("Concat", ["age", "amount"], ["both"], axis=1)
PROBS = helper.make_node("Softmax", ["both"], ["probs"], axis=1)


def whole() -> Files:
    """The network's training output with a graph of its own."""
    return network() | {"model.onnx": graph([SCORES, PROBS]).SerializeToString()}


def huggingface() -> Files:
    """A sequence classifier as Hugging Face saves it."""
    draws = np.random.default_rng(1)
    stored = {
        name.replace("text_subnetwork.", ""): tensor.numpy()
        for name, tensor in _network().items()
        if name.startswith("text_subnetwork.bert.")
    }
    stored |= {
        "classifier.weight": draws.normal(size=(2, 8)).astype(np.float32),
        "classifier.bias": np.zeros(2, np.float32),
    }
    config = ENCODER | {
        "architectures": ["BertForSequenceClassification"],
        "id2label": {"0": "no", "1": "yes"},
    }
    return {
        "model.safetensors": save(stored),
        "config.json": as_json(config),
        "tokenizer.json": tokenizer(),
        "tokenizer_config.json": as_json({"model_max_length": 16}),
    }


def huggingface_pickled() -> Files:
    """The same with its weights in `pytorch_model.bin`."""
    files = huggingface()
    from safetensors.numpy import load  # noqa: PLC0415

    stored = {name: torch.tensor(array) for name, array in load(files.pop("model.safetensors")).items()}
    return files | {"pytorch_model.bin": saved(stored)}


@cache
def _packed(kind: str) -> Files:
    with TemporaryDirectory() as folder:
        source, target = Path(folder, "output"), Path(folder, "model.tar.gz")
        write_folder({"network": network, "xgboost": xgboost_binary}[kind](), source)
        pack(source, target)
        with tarfile.open(target) as archive:
            return {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}  # type: ignore[union-attr]


def packed_network() -> Files:
    return dict(_packed("network"))


def packed_trees() -> Files:
    return dict(_packed("xgboost"))


def write_folder(files: Mapping[str, bytes], folder: Path) -> Path:
    for name, data in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return folder


SOUND = {
    "xgboost": xgboost,
    "xgboost in UBJSON": xgboost_binary,
    "lightgbm": lightgbm,
    "lightgbm with categories": native,
    "network": network,
    "network with a graph": whole,
    "hugging face": huggingface,
    "hugging face, pickled": huggingface_pickled,
    "packed network": packed_network,
    "packed trees": packed_trees,
}
"""Every kind of sound artifact."""
