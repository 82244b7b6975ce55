"""The settings of a network: `hyperparameters.json` over the configuration inside `model_artifacts.pth`.

Settings stand twice. The first wins, the second is the copy to fall back on; where the two name other
fields or classes, one of them belongs to another model (decision 0011).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from servable.artifact.damage import DamageLog
from servable.artifact.files import Files
from servable.artifact.hyperparameters import (
    HYPERPARAMETERS,
    optional_name,
    problem,
    read_hyperparameters,
    require_class_weights,
    require_consistent_classes,
)
from servable.artifact.networks.classes import MODEL_CLASSES
from servable.artifact.safe import read_torch
from servable.errors import Damaged, Problem, ServableError, shown

MODEL_ARTIFACTS: Final = "model_artifacts.pth"

_SAME: Final = (
    *("tab_field_list", "cat_field_list", "text_name", "primary_text_name", "secondary_text_name"),
    *("network_fields", "text_columns", "id_name", "label_name"),
    *("num_classes", "is_binary", "multiclass_categories", "hidden_common_dim"),
    *("max_sen_len", "chunk_trancate", "max_total_chunks", "text_input_ids_key", "text_attention_mask_key"),
)
"""Settings that make a model what it is; in both files they are equal."""

_STEPS: Final = ("text_processing_steps", "primary_text_processing_steps", "secondary_text_processing_steps")

_WITHOUT_EFFECT: Final = (
    *("fusion_dim", "fusion_hidden_dim", "fusion_dropout", "num_heads", "cross_attention_heads"),
    *("primary_tokenizer", "secondary_tokenizer"),
    *("primary_hidden_common_dim", "secondary_hidden_common_dim"),
    *("primary_reinit_layers", "primary_reinit_pooler", "secondary_reinit_layers", "secondary_reinit_pooler"),
)
"""Settings that a training of this layout drops before it builds its network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings:
    """What an artifact says of its network.

    Attributes:
        values: settings by name.
        copies: the configuration inside `model_artifacts.pth`; empty where it cannot be read.
        model_class: the name of its family; None where none is given.
        vocabulary: token -> id of the tokenizer that it was trained with, or None.
        unreadable: files that are there and say nothing.
        remarks: what is sound and yet odd.
    """

    values: Mapping[str, object]
    copies: Mapping[str, object]
    model_class: str | None
    vocabulary: Mapping[str, object] | None
    unreadable: tuple[str, ...]
    remarks: tuple[str, ...]


def read_network_settings(files: Files, damage: DamageLog) -> NetworkSettings:
    """The settings of a network's training output.

    Raises:
        Damaged: if a file is missing or broken, or the two are of different models, and damage is refused;
            `artifact.hyperparameters` if the classes contradict one another.
    """
    stored, own = _read_model_artifacts(files, damage), _read_own(files, damage)
    config = stored.get("config")
    copies = dict(config) if isinstance(config, dict) else {}
    if own and copies:
        _require_one_model(own, copies, damage)
    # what is null is not said, and so its copy is
    values = copies | {key: value for key, value in (own or {}).items() if value is not None}
    require_consistent_classes(values)
    try:
        require_class_weights(values)
    except Damaged as error:
        damage.report(error)
    vocabulary = stored.get("vocab")
    return NetworkSettings(
        values=values,
        copies=copies,
        model_class=_model_class(stored, own or {}, damage) or optional_name(copies, "model_class"),
        vocabulary=vocabulary if isinstance(vocabulary, dict) else None,
        unreadable=(HYPERPARAMETERS,) if own is None and HYPERPARAMETERS in files else (),
        remarks=(*_steps_that_differ(own or {}, copies), *_without_effect(values)),
    )


def _read_model_artifacts(files: Files, damage: DamageLog) -> Mapping[str, object]:
    try:
        if MODEL_ARTIFACTS not in files:
            raise missing_file(MODEL_ARTIFACTS)
        found = read_torch(files.read(MODEL_ARTIFACTS), where=MODEL_ARTIFACTS)
        if not isinstance(found, dict) or not isinstance(found.get("config"), dict):
            raise Damaged(problem(MODEL_ARTIFACTS, 'an object with the key "config"', "something else"))
    except ServableError as error:
        damage.report(error)
        return {}
    return found


def _read_own(files: Files, damage: DamageLog) -> dict[str, object] | None:
    """The settings of `hyperparameters.json`; None where it is broken or missing."""
    try:
        if HYPERPARAMETERS not in files:
            raise missing_file(HYPERPARAMETERS)
        return read_hyperparameters(files)
    except ServableError as error:
        damage.report(error)
        return None


def _require_one_model(own: Mapping[str, object], copies: Mapping[str, object], damage: DamageLog) -> None:
    """Nothing, if both files are of one training; else the damage that they are not."""
    for key in _SAME:
        mine, theirs = own.get(key), copies.get(key)
        if mine is None or theirs is None or _comparable(mine) == _comparable(theirs):
            continue
        expected, found = _first_difference(mine, theirs)
        damage.report(
            Damaged(
                Problem(
                    code="artifact.hyperparameters",
                    where=f'{HYPERPARAMETERS}, "{key}"',
                    expected=f"{expected}, as the configuration in {MODEL_ARTIFACTS} says",
                    found=found,
                    fix="use the hyperparameters.json that was written with these weights",
                )
            )
        )
        return


def _comparable(value: object) -> object:
    return list(map(str, value)) if isinstance(value, list | tuple) else value


def _first_difference(mine: object, theirs: object) -> tuple[str, str]:
    if not isinstance(mine, list) or not isinstance(theirs, list):
        return shown(theirs), shown(mine)
    pairs = zip(map(str, mine), map(str, theirs), strict=False)
    place = next((n for n, (of_mine, of_theirs) in enumerate(pairs) if of_mine != of_theirs), None)
    if place is None:
        return f"{len(theirs)} entries", f"{len(mine)}"
    return f"{shown(str(theirs[place]))} at place {place}", shown(str(mine[place]))


def _model_class(stored: Mapping[str, object], own: Mapping[str, object], damage: DamageLog) -> str | None:
    """The family's name; the one beside the weights wins, because they are read with it."""
    of_weights, of_settings = optional_name(stored, "model_class"), optional_name(own, "model_class")
    if of_weights is None or of_settings is None:
        return of_weights or of_settings
    if MODEL_CLASSES.get(of_weights, of_weights) != MODEL_CLASSES.get(of_settings, of_settings):
        damage.report(
            Damaged(
                Problem(
                    code="network.model-class",
                    where=f'{HYPERPARAMETERS}, "model_class"',
                    expected=f"{shown(of_weights)}, as {MODEL_ARTIFACTS} says",
                    found=shown(of_settings),
                    fix="use the hyperparameters.json that was written with these weights",
                )
            )
        )
    return of_weights


def _steps_that_differ(own: Mapping[str, object], copies: Mapping[str, object]) -> list[str]:
    return [
        f'"{key}": {HYPERPARAMETERS} and {MODEL_ARTIFACTS} name different steps, and the first decides'
        for key in _STEPS
        if own.get(key) is not None and copies.get(key) is not None and own[key] != copies[key]
    ]


def _without_effect(values: Mapping[str, object]) -> list[str]:
    named = [f'"{key}"' for key in _WITHOUT_EFFECT if values.get(key) is not None]
    if not named:
        return []
    return [f"{', '.join(named)}: without effect, because the weights tell what the network is like"]


def missing_file(name: str) -> Damaged:
    """That a declared file of a network is not there."""
    return Damaged(
        Problem(
            code="artifact.missing-file",
            where=name,
            expected="the file beside the weights of a network",
            found="no such file",
            fix="copy it from the training output, or pass `--on-damage warn` to go on without",
        )
    )
