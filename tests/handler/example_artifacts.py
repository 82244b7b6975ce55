"""Training outputs of text networks with random weights, in the layout of the handler's documentation."""

import json
import pickle
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.numpy import load_file

WIDTH, HIDDEN = 32, 8
STEPS = ["dialogue_splitter", "text_normalizer", "dialogue_chunker", "tokenizer"]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What a model reads.

    Attributes:
        numbers: imputation value by numeric field.
        categories: risks by categorical field; 0.5 is the risk of any other category.
        columns: of a CSV without a header.
        calibration: content of files below `calibration/`, by name; pairs are pickled where it ends in .pkl.
    """

    numbers: dict[str, float]
    categories: dict[str, dict[str, float]] = field(default_factory=dict)
    columns: tuple[str, ...]
    id_name: str = "customer_id"
    text: str = "text"
    classes: tuple[str, ...] = ("0", "1")
    steps: tuple[str, ...] = ("text_normalizer", "dialogue_chunker", "tokenizer")
    calibration: dict[str, Any] = field(default_factory=dict)


EXAMPLE = Layout(
    numbers={"feature1": 4.5, "feature3": 2.0},
    categories={"feature2": {"category_A": 0.2, "category_B": 0.7}},
    columns=("customer_id", "text", "feature1", "feature2", "feature3"),
    calibration={"calibration_model.pkl": [(0.0, 0.01), (0.5, 0.4), (1.0, 0.98)]},
)
"""The fields and columns of the documentation's first two examples."""

CALIBRATION_EXAMPLE = Layout(
    numbers={"feature1": 4.5},
    columns=("customer_id", "text", "feature1"),
    calibration={"percentile_score.pkl": [(0.0, 0.0), (0.5, 0.65), (0.9, 0.95), (1.0, 1.0)]},
)
"""Those of its third example, with the table of its description of percentile calibration."""


def write_text_output(folder: Path, layout: Layout, *, encoder: Path) -> Path:
    """A folder as the training of a bimodal network leaves it."""
    folder.mkdir()
    features = [*layout.numbers, *layout.categories]
    weights = _weights(encoder, len(features), len(layout.classes))
    torch.save(weights, folder / "model.pth")
    settings = _settings(layout, features)
    risk = {name: {"bins": bins, "default_bin": 0.5} for name, bins in layout.categories.items()}
    embeddings = torch.nn.Parameter(weights["text_subnetwork.bert.embeddings.word_embeddings.weight"])
    vocabulary = json.loads((encoder / "tokenizer.json").read_text())["model"]["vocab"]
    torch.save(
        {
            "config": settings | {"imputation_dict": layout.numbers, "risk_tables": risk},
            "embedding_mat": embeddings,
            "vocab": vocabulary,
            "model_class": "bimodal_bert",
        },
        folder / "model_artifacts.pth",
    )
    (folder / "hyperparameters.json").write_text(json.dumps(settings))
    (folder / "feature_columns.txt").write_text(
        "# <index>,<name>\n" + "".join(f"{at},{name}\n" for at, name in enumerate(layout.columns))
    )
    (folder / "impute_dict.pkl").write_bytes(pickle.dumps(layout.numbers))
    (folder / "risk_table_map.pkl").write_bytes(pickle.dumps(risk))
    shutil.copytree(encoder, folder / "tokenizer", ignore=shutil.ignore_patterns("*.safetensors"))
    for name, content in layout.calibration.items():
        write_calibration(folder, name, content)
    return folder


def write_calibration(folder: Path, name: str, content: Any) -> None:
    """A file below `calibration/`."""
    file = folder / "calibration" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        file.write_bytes(pickle.dumps(content) if name.endswith(".pkl") else json.dumps(content).encode())


def _settings(layout: Layout, features: list[str]) -> dict[str, Any]:
    is_binary = len(layout.classes) == 2
    return {
        "model_class": "bimodal_bert",
        "id_name": layout.id_name,
        "label_name": "label",
        "text_name": layout.text,
        "tab_field_list": features,
        "cat_field_list": [*layout.categories, layout.text],
        "full_field_list": [layout.id_name, layout.text, *features, "label"],
        "text_processing_steps": list(layout.steps),
        "max_sen_len": 24,
        "chunk_trancate": True,
        "max_total_chunks": 3,
        "hidden_common_dim": HIDDEN,
        "num_classes": len(layout.classes),
        "is_binary": is_binary,
        "multiclass_categories": list(layout.classes),
        "class_weights": [1.0] * len(layout.classes),
        "tokenizer": "tiny",
        "text_input_ids_key": "input_ids",
        "text_attention_mask_key": "attention_mask",
    }


def _weights(encoder: Path, features: int, classes: int) -> dict[str, torch.Tensor]:
    draws = torch.Generator().manual_seed(7)

    def matrix(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=draws)

    published = load_file(encoder / "model.safetensors")
    return {
        **{f"text_subnetwork.bert.{name}": torch.from_numpy(array) for name, array in published.items()},
        "text_subnetwork.head_layer.1.weight": matrix(HIDDEN, WIDTH),
        "text_subnetwork.head_layer.1.bias": matrix(HIDDEN),
        "tab_subnetwork.embedding_layer.0.weight": torch.ones(features),
        "tab_subnetwork.embedding_layer.0.bias": matrix(features),
        "tab_subnetwork.embedding_layer.1.weight": matrix(HIDDEN, features),
        "tab_subnetwork.embedding_layer.1.bias": matrix(HIDDEN),
        "final_merge_network.1.weight": matrix(classes, 2 * HIDDEN),
        "final_merge_network.1.bias": matrix(classes),
    }
