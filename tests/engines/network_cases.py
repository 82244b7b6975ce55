"""Recorded answers of text networks, as values that an engine reads and gives."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from servable.artifact import read_torch
from servable.engines.networks import FAMILIES, Network, build_network
from servable.records import ModelInputs, TextInputs
from servable.schema import NETWORK_MAX

FIRST = "01_json_single"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NetworkCase:
    """One case: its files, and its answers to requests of one record.

    Attributes:
        recorded: by answer what reached the network, whether it was right or not, and `[1, classes]` raw
            scores that came of it.
    """

    name: str
    folder: Path
    model_class: str
    encoder: Mapping[str, object]
    text_fields: tuple[str, ...]
    features: tuple[str, ...]
    recorded: Mapping[str, tuple[ModelInputs, NDArray[np.float64]]]

    @property
    def pad_token_id(self) -> int:
        pad = self.encoder["pad_token_id"]
        assert isinstance(pad, int)
        return pad

    def network(self) -> Network:
        weights = read_torch((self.folder / "artifact/model.pth").read_bytes(), where="model.pth")
        assert isinstance(weights, dict)
        return build_network(self.model_class, weights, self.encoder, text_fields=self.text_fields)

    def layers(self) -> dict[str, NDArray[np.float32]]:
        """Outputs of modules for the first request, by name; of those that give one array."""
        stored = json.loads((self.folder / "layers.json").read_text())["outputs"]
        return {
            name: np.array(calls[0]["values"], dtype=np.float32)
            for name, calls in stored.items()
            if isinstance(calls[0], dict)
        }

    def together(self) -> tuple[ModelInputs, NDArray[np.float64]]:
        """All records as one batch."""
        inputs = [one for one, _ in self.recorded.values()]
        tabular = np.concatenate([one.tabular for one in inputs])
        scores = np.concatenate([raw for _, raw in self.recorded.values()])
        texts = {field: _joined([one.texts[field] for one in inputs]) for field in self.text_fields}
        return ModelInputs(tabular=tabular, texts=texts), scores


def _joined(texts: Sequence[TextInputs]) -> TextInputs:
    return TextInputs(
        token_ids=[chunk for one in texts for chunk in one.token_ids],
        chunk_offsets=np.cumsum([0, *(len(one.token_ids) for one in texts)], dtype=np.int64),
    )


def case_names(shared: Path, *, engine: str) -> set[str]:
    """Cases of the families that are built, by the engine that answered them."""
    index = json.loads((shared / "conformance/index.json").read_text())["cases"]
    return {
        Path(entry["case"]).name
        for entry in index
        if entry["engine"] == engine and entry["model_class"] in FAMILIES and entry["loads_upstream"]
    }


def read_case(shared: Path, name: str) -> NetworkCase:
    root = shared / "conformance"
    folder = root / "cases" / name
    case = json.loads((folder / "case.json").read_text())
    answers = json.loads((folder / "answers.json").read_text())
    texts = tuple(field for field, kind in case["fields"].items() if kind in {"text", "text2"})
    recorded = {
        key: found for key, answer in answers.items() if (found := _recorded(answer, texts)) is not None
    }
    features = next(
        tuple(answer["intermediate"]["tabular"]["order"])
        for answer in answers.values()
        if "order" in answer.get("intermediate", {}).get("tabular", {})
    )
    return NetworkCase(
        name=name,
        folder=folder,
        model_class=case["model_class"],
        encoder=json.loads((root / case["encoder"] / "config.json").read_text()),
        text_fields=texts,
        features=features,
        recorded=recorded,
    )


def _recorded(
    answer: dict[str, Any], fields: tuple[str, ...]
) -> tuple[ModelInputs, NDArray[np.float64]] | None:
    """Inputs and raw scores of an answer about one record, or None for another answer."""
    predicted, steps = answer.get("predict_fn", {}), answer.get("intermediate", {})
    if predicted.get("path") != ["single"] or "raw" not in predicted:
        return None
    chunks = {field: steps["text"][field]["ids"][0] for field in fields}
    if not all(ids for of_field in chunks.values() for ids in of_field):
        return None
    raw = np.array(predicted["raw"]["values"], dtype=np.float64)
    if raw.ndim == 1:  # of two classes only the second was recorded
        raw = np.column_stack([1 - raw, raw])
    if not np.isfinite(raw).all():
        return None
    tabular = np.array(steps["tabular"]["columns"], dtype=np.float32).reshape(-1, 1).T
    if np.abs(tabular).max(initial=0) > NETWORK_MAX:  # refused before it reaches a network (decision 0004)
        return None
    return ModelInputs(
        tabular=np.ascontiguousarray(tabular),
        texts={field: _of_one_record(of_field) for field, of_field in chunks.items()},
    ), raw


def _of_one_record(chunks: list[list[int]]) -> TextInputs:
    return TextInputs(
        token_ids=[np.array(chunk, dtype=np.int32) for chunk in chunks],
        chunk_offsets=np.array([0, len(chunks)], dtype=np.int64),
    )
