"""Reading what training leaves: the directory layouts of the inference handler's documentation."""

from typing import Final

from servable.artifact.artifact import Artifact
from servable.artifact.booster_output import XGBOOST_MODEL, read_booster_output
from servable.artifact.damage import DamageLog, OnDamage
from servable.artifact.feature_columns import FEATURE_COLUMNS
from servable.artifact.files import Files
from servable.artifact.network_output import MODEL_ARTIFACTS, WEIGHTS, WHOLE_GRAPH, read_network_output
from servable.artifact.tokenizers import TokenizerSearch
from servable.errors import BadInput, Problem

_NOT_YET: Final = {"lightgbm_model.txt": "a LightGBM model"}
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
    if XGBOOST_MODEL in files and FEATURE_COLUMNS in files:
        return read_booster_output(files, damage)
    if any(name in files for name in _NETWORK):
        return read_network_output(files, damage, tokenizers=tokenizers)
    other = next((what for file, what in _NOT_YET.items() if file in files), None)
    listed = ", ".join(files.names()[:5]) or "no file"
    raise BadInput(
        Problem(
            code="artifact.layout",
            where="layout",
            expected=f"manifest.json (packed), {XGBOOST_MODEL} with {FEATURE_COLUMNS} (XGBoost output), or "
            f"{WEIGHTS} with {MODEL_ARTIFACTS} (network output)",
            found=f"{other}, which this version cannot read yet" if other else listed,
            fix="name the folder or archive that training or `servable pack` wrote",
        )
    )
