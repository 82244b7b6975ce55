"""Models of a known size for the benchmarks, as training leaves them; their scores mean nothing."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
import xgboost
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing

from servable.engines.networks import new_network

MINILM: Final[dict[str, Any]] = {
    "model_type": "bert",
    "vocab_size": 30522,
    "hidden_size": 384,
    "num_hidden_layers": 6,
    "num_attention_heads": 12,
    "intermediate_size": 1536,
    "max_position_embeddings": 512,
    "type_vocab_size": 2,
    "pad_token_id": 0,
}
"""The sizes of all-MiniLM-L6-v2."""

STEPS: Final = (
    *("dialogue_splitter", "html_normalizer", "emoji_remover"),
    *("text_normalizer", "dialogue_chunker", "tokenizer"),
)
NUMBERS: Final = ("amount", "days", "orders")
CATEGORIES: Final = ("region", "plan", "channel")
_MARKS: Final = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_BINS: Final = 8


def booster_output(folder: Path, *, fields: int, trees: int = 200, depth: int = 6) -> Path:
    """An XGBoost training output: a third of the fields categorical, a table of 1,001 knots."""
    draws = np.random.default_rng(0)
    names = [f"field_{number}" for number in range(fields)]
    categorical = names[: fields // 3]
    rows = draws.normal(size=(4000, fields)).astype(np.float32)
    tables = {}
    for column, name in enumerate(categorical):
        values = draws.random(_BINS)
        tables[name] = {"bins": {f"k{at}": float(v) for at, v in enumerate(values)}, "default_bin": 0.5}
        rows[:, column] = draws.choice(values, len(rows))
    labels = (rows[:, :6].sum(axis=1) + draws.normal(size=len(rows)) > 0).astype(int)
    settings = {"objective": "binary:logistic", "max_depth": depth, "nthread": 1, "eta": 0.1}
    booster = xgboost.train(settings, xgboost.DMatrix(rows, labels), trees)
    folder.mkdir(parents=True)
    (folder / "xgboost_model.bst").write_bytes(bytes(booster.save_raw("ubj")))
    _write_columns(folder, names)
    _write(folder, "risk_table_map.json", tables)
    _write(folder, "impute_dict.json", dict.fromkeys(names[len(categorical) :], 0.0))
    lists = {"tab_field_list": names[len(categorical) :], "cat_field_list": categorical}
    _write(folder, "hyperparameters.json", lists | {"label_name": "label"})
    (folder / "calibration").mkdir()
    _write(
        folder, "calibration/calibration_model.json", [[at / 1000, (at / 1000) ** 1.5] for at in range(1001)]
    )
    return folder


def network_output(folder: Path, *, max_tokens: int) -> Path:
    """A training output of the family `bimodal_bert`: one text, three numbers, three categories."""
    network = new_network(
        "bimodal_bert",
        MINILM,
        _encoder_weights(),
        text_field="chat",
        features=len(NUMBERS + CATEGORIES),
        hidden=100,
        classes=2,
        seed=0,
    )
    bins = {f"k{at}": at / _BINS for at in range(_BINS)}
    config = {
        "text_name": "chat",
        "tab_field_list": [*NUMBERS, *CATEGORIES],
        "cat_field_list": ["chat", *CATEGORIES],
        "text_processing_steps": list(STEPS),
        "max_sen_len": max_tokens,
        "label_name": "label",
        "is_binary": True,
        "num_classes": 2,
        "multiclass_categories": [0, 1],
        "model_class": "bimodal_bert",
    }
    folder.mkdir(parents=True)
    torch.save(network.state_dict(), folder / "model.pth")
    torch.save({"config": config, "model_class": "bimodal_bert"}, folder / "model_artifacts.pth")
    _write(folder, "hyperparameters.json", config)
    _write(folder, "impute_dict.json", dict.fromkeys(NUMBERS, 0.0))
    _write(folder, "risk_table_map.json", {name: {"bins": bins, "default_bin": 0.5} for name in CATEGORIES})
    _write_columns(folder, [*NUMBERS, "chat", *CATEGORIES])
    (folder / "tokenizer").mkdir()
    _write(folder, "tokenizer/config.json", MINILM)
    (folder / "tokenizer/tokenizer.json").write_text(tokenizer().to_str(), encoding="utf-8")
    return folder


def tokenizer() -> Tokenizer:
    """A tokenizer of whole words, `w0` to `w30516`, with a vocabulary of the usual size."""
    words = [*_MARKS, *(f"w{number}" for number in range(MINILM["vocab_size"] - len(_MARKS)))]
    made = Tokenizer(WordPiece({word: at for at, word in enumerate(words)}, unk_token="[UNK]"))  # noqa: S106
    made.normalizer = BertNormalizer(lowercase=True)
    made.pre_tokenizer = BertPreTokenizer()
    marks = [(mark, words.index(mark)) for mark in ("[CLS]", "[SEP]")]
    made.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=marks)
    return made


def text_of(words: int) -> str:
    """A message of this many words."""
    return f"[bom] {' '.join(f'w{number * 37 % 30000}' for number in range(words))} [eom]"


def _encoder_weights() -> dict[str, object]:
    width, inner = MINILM["hidden_size"], MINILM["intermediate_size"]
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (MINILM["vocab_size"], width),
        "embeddings.position_embeddings.weight": (MINILM["max_position_embeddings"], width),
        "embeddings.token_type_embeddings.weight": (MINILM["type_vocab_size"], width),
        "embeddings.LayerNorm.weight": (width,),
        "embeddings.LayerNorm.bias": (width,),
        **_linear("pooler.dense", width, width),
    }
    for number in range(MINILM["num_hidden_layers"]):
        layer = f"encoder.layer.{number}"
        for part in ("query", "key", "value"):
            shapes |= _linear(f"{layer}.attention.self.{part}", width, width)
        shapes |= _linear(f"{layer}.attention.output.dense", width, width)
        shapes |= _linear(f"{layer}.intermediate.dense", inner, width)
        shapes |= _linear(f"{layer}.output.dense", width, inner)
        for part in ("attention.output", "output"):
            shapes |= {f"{layer}.{part}.LayerNorm.{kind}": (width,) for kind in ("weight", "bias")}
    draws = np.random.default_rng(0)
    return {
        name: (draws.standard_normal(shape) * 0.05 + name.endswith("LayerNorm.weight")).astype(np.float32)
        for name, shape in shapes.items()
    }


def _linear(name: str, outputs: int, inputs: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def _write(folder: Path, name: str, value: object) -> None:
    (folder / name).write_text(json.dumps(value), encoding="utf-8")


def _write_columns(folder: Path, names: Sequence[str]) -> None:
    lines = [f"{number},{name}\n" for number, name in enumerate(names)]
    (folder / "feature_columns.txt").write_text("".join(lines), encoding="utf-8")
