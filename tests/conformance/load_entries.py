"""Changed copies of an artifact: which of them load, with either policy, and with what in them."""

import io
import json
import pickle
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from function_entries import REFUSED, Entry
from recorded_suite import Suite

from servable.artifact import (
    MODEL_CLASSES,
    Files,
    MemoryFiles,
    OnDamage,
    TokenizerSearch,
    read_files,
    read_torch,
)
from servable.scorer import Scorer, scorer_of

LOADING: Final = "load_variants.json"

Members = dict[str, bytes]
Change = Callable[[Members], Members]

_SETTINGS, _ARTIFACTS = "hyperparameters.json", "model_artifacts.pth"
_RISK, _IMPUTATION = "risk_table_map", "impute_dict"
_COLUMNS = "feature_columns.txt"
_TABLES = "calibration/calibration_models/calibration_model_class_"

_FAMILIES: Final = {"BimodalBert": "bimodal_bert"}
_STEPS: Final = {
    "DialogueSplitterProcessor": "dialogue_splitter",
    "HTMLNormalizerProcessor": "html_normalizer",
    "EmojiRemoverProcessor": "emoji_remover",
    "TextNormalizationProcessor": "text_normalizer",
    "DialogueChunkerProcessor": "dialogue_chunker",
    "BertTokenizeProcessor": "tokenizer",
}


def load_entries(content: Mapping[str, Any], suite: Suite) -> Iterator[Entry]:
    """Each variant with each policy; the unchanged artifact among the facts."""
    bases: dict[str, Members] = {}
    for variant in content["variants"]:
        case = _base(content["base"], variant["name"])
        if case not in bases:
            bases[case] = members_of(suite.root / "cases" / case / "artifact")
        whole = json.loads((suite.root / "cases" / case / "case.json").read_text(encoding="utf-8"))
        told = {"feature_columns": whole["feature_columns"], "model_class_built": whole["model_class"]}
        facts = {"whole": _stored(whole["model_fn"] | told)}
        for policy in OnDamage:
            yield Entry(
                path=f"{variant['name']}/{policy}",
                stored=_stored(variant["result"]),
                ours=_loading(bases[case], variant["name"], policy, suite.root),
                facts=facts,
            )


def variant_files(suite: Suite, name: str) -> Files:
    """The files of one variant."""
    base = _base(suite.file(LOADING)["base"], name)
    return MemoryFiles(CHANGES[name](members_of(suite.root / "cases" / base / "artifact")))


def load_variant(files: Files, policy: OnDamage, tokenizers: Path) -> Scorer:
    """What scores, or the reason why nothing does."""
    artifact = read_files(files, on_damage=policy, tokenizers=TokenizerSearch(folder=tokenizers))
    return scorer_of(artifact, on_damage=policy, threads=1)


def _loading(members: Members, name: str, policy: OnDamage, tokenizers: Path) -> Callable[[], object]:
    return lambda: _described(load_variant(MemoryFiles(CHANGES[name](members)), policy, tokenizers))


def _described(scorer: Scorer) -> dict[str, object]:
    """What was loaded, as `_stored` tells it of the other implementation."""
    artifact = scorer.artifact
    return {
        "columns": list(artifact.schema.csv_columns or ()),
        "family": MODEL_CLASSES[artifact.family],
        "calibrated": scorer.calibrator is not None,
        "risk": sorted(artifact.risk_tables),
        "imputation": sorted(artifact.imputation),
        "steps": {text.field: list(text.steps) for text in artifact.texts},
    }


def _stored(result: Mapping[str, Any]) -> object:
    if "exception" in result:
        return REFUSED
    built = result["model_class_built"]
    return {
        "columns": result["feature_columns"],
        "family": MODEL_CLASSES[_FAMILIES.get(built, built)],
        "calibrated": result["calibrator_type"] is not None,
        "risk": sorted(result["risk_processors"]),
        "imputation": sorted(result["numerical_processors"]),
        "steps": {
            field: [_STEPS.get(name, name) for name in names] for field, names in result["pipelines"].items()
        },
    }


def _base(bases: Mapping[str, str], name: str) -> str:
    """The case that a variant is a changed copy of."""
    return next((case for pattern, case in bases.items() if fnmatchcase(name, pattern)), bases["default"])


def members_of(folder: Path) -> Members:
    """The files of an artifact by name."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


# --- the changes, as the file tells them in words


def _without(*names: str) -> Change:
    return lambda members: {name: data for name, data in members.items() if name not in names}


def _with(**files: bytes) -> Change:
    named = {name.replace("__", "."): data for name, data in files.items()}
    return lambda members: members | named


def with_settings(**changes: Any) -> Change:
    """Settings changed wherever they stand; the family also beside the weights."""

    def change(members: Members) -> Members:
        return _own_settings(**changes)(_stored_settings(**changes)(members))

    return change


def _own_settings(**changes: Any) -> Change:
    def change(members: Members) -> Members:
        return members | {_SETTINGS: json.dumps(json.loads(members[_SETTINGS]) | changes).encode()}

    return change


def _stored_settings(**changes: Any) -> Change:
    def change(members: Members) -> Members:
        stored = _stored_artifacts(members)
        stored["config"] = stored["config"] | changes
        stored["model_class"] = changes.get("model_class", stored["model_class"])
        return members | {_ARTIFACTS: _saved(stored)}

    return change


def _without_key(key: str) -> Change:
    def change(members: Members) -> Members:
        stored = _stored_artifacts(members)
        del stored[key]
        return members | {_ARTIFACTS: _saved(stored)}

    return change


def _stored_artifacts(members: Members) -> dict[str, Any]:
    found = read_torch(members[_ARTIFACTS], where=_ARTIFACTS)
    assert isinstance(found, dict)
    return dict(found)


def _saved(stored: Mapping[str, Any]) -> bytes:
    file = io.BytesIO()
    tensors = {
        key: torch.from_numpy(value.copy()) if isinstance(value, np.ndarray) else value
        for key, value in stored.items()
    }
    torch.save(tensors, file)
    return file.getvalue()


def _table(stem: str, change: Callable[[dict[str, Any]], object]) -> Change:
    """A table changed in both of its forms."""

    def changed(members: Members) -> Members:
        content = change(json.loads(members[f"{stem}.json"]))
        return members | {
            f"{stem}.json": json.dumps(content).encode(),
            f"{stem}.pkl": pickle.dumps(content, protocol=4),
        }

    return changed


def _without_default(tables: dict[str, Any]) -> object:
    first, *_ = tables
    return tables | {first: {"bins": tables[first]["bins"]}}


def _with_empty_table(tables: dict[str, Any]) -> object:
    first, *_ = tables
    return tables | {first: {}}


def _lines(*lines: str) -> Change:
    text = "".join(f"{line}\n" for line in ("# columns", *lines))
    return lambda members: members | {_COLUMNS: text.encode()}


_PAIRS = pickle.dumps([(0.0, 0.0), (1.0, 1.0)], protocol=4)

CHANGES: Final[Mapping[str, Change]] = {
    "unchanged": dict,
    "no_model_pth": _without("model.pth"),
    "no_artifacts": _without(_ARTIFACTS),
    "no_hyperparameters": _without(_SETTINGS),
    "bad_hyperparameters": _with(hyperparameters__json=b"{not json"),
    "no_steps_anywhere": with_settings(text_processing_steps=None),
    "unknown_step": with_settings(text_processing_steps=["dialogue_splitter", "spell_checker", "tokenizer"]),
    "fasttext_step": with_settings(
        text_processing_steps=["dialogue_splitter", "fasttext_embedding", "tokenizer"]
    ),
    "temporal_step": with_settings(text_processing_steps=["time_delta", "tokenizer"]),
    "empty_steps": with_settings(text_processing_steps=[]),
    "steps_differ": _own_settings(
        text_processing_steps=["dialogue_splitter", "dialogue_chunker", "tokenizer"]
    ),
    "unknown_model_class": with_settings(model_class="no_such_class"),
    "bimodal_alias": with_settings(model_class="bimodal"),
    "multimodal_alias": with_settings(model_class="multimodal_bert"),
    "class_mismatch": with_settings(model_class="bimodal_moe"),
    "lstm": with_settings(model_class="lstm"),
    "bimodal_cnn": with_settings(model_class="bimodal_cnn"),
    "tri_training_name_gate": with_settings(model_class="trimodal_gate_fusion"),
    "tri_training_name_cross": with_settings(model_class="trimodal_cross_attn"),
    "binary_three_classes": with_settings(is_binary=True, num_classes=3),
    "class_weights_len": with_settings(class_weights=[1.0, 1.0, 1.0]),
    "hidden_100_cross": with_settings(model_class="bimodal_cross_attn", hidden_common_dim=30),
    "extra_config_keys": with_settings(num_heads=8, fusion_dim=64, fusion_hidden_dim=32),
    "missing_artifact_key": _without_key("vocab"),
    "unknown_tokenizer": with_settings(tokenizer="no-such/tokenizer"),
    "bad_risk_pickle": _with(risk_table_map__pkl=b"not a pickle"),
    "risk_no_default": _table(_RISK, _without_default),
    "risk_empty_table": _table(_RISK, _with_empty_table),
    "impute_string": _table(_IMPUTATION, lambda values: values | {next(iter(values)): "five"}),
    "impute_none": _table(_IMPUTATION, lambda values: values | {next(iter(values)): None}),
    "fc_empty": _lines(),
    "fc_comma_name": _lines("0,good", "1,bad,name", "2,other"),
    "fc_order_ignored": _lines("2,c", "0,a", "1,b"),
    "fc_spaces": _lines("0, a", "", "1,b"),
    "cal_empty_dir": dict,  # a folder without files is not among the files
    "cal_bad_multiclass": lambda members: (
        members | {f"{_TABLES}0.pkl": _PAIRS, f"{_TABLES}1.pkl": b"not a pickle"}
    ),
}
"""Variant -> how it is made of the artifact that it is a copy of."""
