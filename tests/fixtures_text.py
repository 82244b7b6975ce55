"""A text model small enough for tests: a random encoder of two layers, trained once per session.

A conftest.py makes the fixtures known with `config.pluginmanager.import_plugin("fixtures_text")`.
"""

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from fixtures_models import Endpoint, Model, Row, run_well, serving, write_table

TEXT_COLUMNS = ("title", "review")
COLUMNS = ("order", "age", "division", *TEXT_COLUMNS, "recommended")
_GOOD = ("lovely", "perfect", "soft", "comfortable", "flattering", "love", "great", "beautiful")
_BAD = ("returned", "scratchy", "cheap", "disappointed", "huge", "awful", "thin", "unflattering")
_PLAIN = ("the", "dress", "is", "and", "fabric", "it", "was", "size", "colour", "i", "this", "top", "very")
_LABEL_NOISE = 0.1


def reviews(n: int, *, seed: int) -> list[Row]:
    """Rows whose words tell the label nine times in ten; titles, reviews and both may be missing."""
    draws = random.Random(seed)  # noqa: S311  # a table, not a secret

    def sentence(words: tuple[str, ...], length: int) -> str:
        return " ".join(draws.choice(words if draws.random() < 0.3 else _PLAIN) for _ in range(length))

    def row(number: int) -> Row:
        label = int(draws.random() < 0.6)
        is_good = label if draws.random() > _LABEL_NOISE else 1 - label
        words = _GOOD if is_good else _BAD
        title = None if draws.random() < 0.1 else sentence(words, draws.randint(1, 4))
        review = None if draws.random() < 0.05 else sentence(words, draws.randint(3, 60))
        age = None if draws.random() < 0.05 else draws.randint(18, 90)
        division = None if draws.random() < 0.05 else draws.choice(("General", "Petite", "NA"))
        return (f"o{number}", age, division, title, review, label)

    return [row(number) for number in range(n)]


def write_encoder(folder: Path, *, seed: int = 0) -> Path:
    """The folder of a BERT encoder with random weights: configuration, tokenizer, weights with a pooler."""
    folder.mkdir()
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))  # noqa: S106  # a token of a vocabulary
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    corpus = [" ".join((*_GOOD, *_BAD, *_PLAIN)), "abcdefghijklmnopqrstuvwxyz 0123456789 .,!?'"]
    tokenizer.train_from_iterator(
        corpus * 3, trainers.WordPieceTrainer(vocab_size=300, special_tokens=special, show_progress=False)
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "model_type": "bert",
        "vocab_size": tokenizer.get_vocab_size(),
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 64,
        "max_position_embeddings": 64,
        "type_vocab_size": 2,
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-12,
        "pad_token_id": 0,
    }
    (folder / "config.json").write_text(json.dumps(config))
    save_file(_weights(config, np.random.default_rng(seed)), folder / "model.safetensors")
    return folder


def _weights(config: dict[str, object], draws: np.random.Generator) -> dict[str, np.ndarray]:
    """Tensors under the names of published checkpoints."""
    width, inner = 32, 64
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (int(str(config["vocab_size"])), width),
        "embeddings.position_embeddings.weight": (64, width),
        "embeddings.token_type_embeddings.weight": (2, width),
    }
    for layer in (f"encoder.layer.{number}" for number in range(2)):
        shapes |= {
            f"{layer}.attention.self.{name}.weight": (width, width) for name in ("query", "key", "value")
        }
        shapes |= {f"{layer}.attention.output.dense.weight": (width, width)}
        shapes |= {f"{layer}.intermediate.dense.weight": (inner, width)}
        shapes |= {f"{layer}.output.dense.weight": (width, inner)}
    shapes["pooler.dense.weight"] = (width, width)
    weights = {name: draws.normal(0, 0.1, shape).astype(np.float32) for name, shape in shapes.items()}
    for name in [name for name in weights if "embeddings" not in name]:
        weights[name.replace(".weight", ".bias")] = np.zeros(shapes[name][0], np.float32)
    norms = ["embeddings.LayerNorm"]
    for number in range(2):
        norms += [
            f"encoder.layer.{number}.attention.output.LayerNorm",
            f"encoder.layer.{number}.output.LayerNorm",
        ]
    for norm in norms:
        weights |= {f"{norm}.weight": np.ones(width, np.float32), f"{norm}.bias": np.zeros(width, np.float32)}
    return weights


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small encoder with random weights."""
    return write_encoder(tmp_path_factory.mktemp("encoder") / "tiny-bert")


@pytest.fixture(scope="session")
def text_model(tmp_path_factory: pytest.TempPathFactory, encoder: Path) -> Model:
    """A model of two text columns, a number and a category: train, pack, payload."""
    folder = tmp_path_factory.mktemp("text-model")
    table = write_table(folder / "reviews.csv", reviews(900, seed=3), columns=COLUMNS)
    columns = ("--label", "recommended", "--id", "order", "--text", ",".join(TEXT_COLUMNS))
    family = ("--family", "bimodal_bert", "--encoder", encoder, "--max-sen-len", "48", "--lr", "5e-3")
    types = ("--content-types", "application/json,text/csv")
    said = {
        "train": run_well("train", table, *columns, *family, "-o", "trained", "--json", cwd=folder).json,
        "pack": run_well("pack", "trained", "-o", "model.tar.gz", "--json", cwd=folder).json,
        "payload": run_well(
            "payload", "model.tar.gz", "-o", "payload.tar.gz", *types, "--json", cwd=folder
        ).json,
    }
    return Model(
        table=table,
        trained=folder / "trained",
        archive=folder / "model.tar.gz",
        payload=folder / "payload.tar.gz",
        said=said,
    )


@pytest.fixture
def text_workshop(tmp_path: Path, text_model: Model, encoder: Path) -> Path:
    """A folder of its own with copies of the text model's files, for commands that name them relatively."""
    folder = tmp_path / "workshop"
    folder.mkdir()
    for source in (text_model.table, text_model.archive, text_model.payload):
        shutil.copy(source, folder)
    shutil.copytree(text_model.trained, folder / "trained")
    shutil.copytree(encoder, folder / "tiny-bert")
    return folder


@pytest.fixture(scope="session")
def text_endpoint(text_model: Model, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """An endpoint of the packed text model that serves all tests which do not harm it."""
    with serving(text_model.archive, folder=tmp_path_factory.mktemp("text-endpoint")) as running:
        yield running
