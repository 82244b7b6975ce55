"""Reading what training leaves: the directory layouts of the inference handler's documentation."""

from typing import Final

from servable.artifact.artifact import Artifact
from servable.artifact.boosters.alone import bare_booster, read_bare_booster
from servable.artifact.boosters.output import BOOSTERS, read_booster_output
from servable.artifact.damage import DamageLog, OnDamage
from servable.artifact.feature_columns import FEATURE_COLUMNS
from servable.artifact.files import Files
from servable.artifact.networks.huggingface import is_huggingface_output, read_huggingface_output
from servable.artifact.networks.output import WHOLE_GRAPH, read_network_output
from servable.artifact.networks.settings import MODEL_ARTIFACTS
from servable.artifact.networks.weights import SAFETENSORS, TORCH_WEIGHTS, WEIGHTS
from servable.artifact.tokenizers.search import TokenizerSearch
from servable.errors import BadInput, Problem

_NETWORK: Final = (WEIGHTS, MODEL_ARTIFACTS, WHOLE_GRAPH)


def read_training_output(files: Files, on_damage: OnDamage, *, tokenizers: TokenizerSearch) -> Artifact:
    """The artifact of a training output.

    Args:
        files: of the output.
        on_damage: whether a missing or broken file is refused.
        tokenizers: where to look for a tokenizer that is not among the files.

    Raises:
        BadInput: `artifact.layout` if this is no training output that can be read.
        Damaged: if a required file is missing or broken and damage is refused.
    """
    damage = DamageLog(on_damage)
    _require_one_model(files)
    if (alone := bare_booster(files)) is not None and not (alone in BOOSTERS and FEATURE_COLUMNS in files):
        return read_bare_booster(files, damage, file=alone)
    if any(name in files for name in BOOSTERS):
        return read_booster_output(files, damage)
    # a graph beside the weights of such a folder has other inputs than the one of a training output
    if is_huggingface_output(files) and not any(name in files for name in (WEIGHTS, MODEL_ARTIFACTS)):
        return read_huggingface_output(files, damage)
    if any(name in files for name in _NETWORK):
        return read_network_output(files, damage, tokenizers=tokenizers)
    raise _layout(
        "manifest.json (packed), xgboost_model.bst or lightgbm_model.txt with "
        f"{FEATURE_COLUMNS} (output with trees), "
        f"{WEIGHTS} with {MODEL_ARTIFACTS} (network output), config.json with its weights "
        "(a classifier of Hugging Face), or a booster alone",
        ", ".join(files.names()[:5]) or "no file",
    )


def _require_one_model(files: Files) -> None:
    """Nothing, unless there are a booster and a network, and nothing tells which of them is meant."""
    # a graph alone is no network: it may well be the booster once more
    weights = (SAFETENSORS, TORCH_WEIGHTS) if is_huggingface_output(files) else ()
    boosters, networks = (
        [name for name in names if name in files]
        for names in (BOOSTERS, (WEIGHTS, MODEL_ARTIFACTS, *weights))
    )
    if boosters and networks:
        raise _layout("one model", f"a booster, {boosters[0]}, and a network, {networks[0]}")


def _layout(expected: str, found: str) -> BadInput:
    return BadInput(
        Problem(
            code="artifact.layout",
            where="layout",
            expected=expected,
            found=found,
            fix="name the folder or archive that training or `servable pack` wrote",
        )
    )
