"""The variants of an artifact that must load, or be refused, otherwise than was stored.

The strict policy refuses what is missing or broken; the lenient one goes on with the copies that the
training left, or with the lists of fields (decision 0011).
"""

from collections.abc import Mapping
from typing import Any, Final

from function_entries import REFUSED, Departure
from load_entries import LOADING

_DOCUMENTED_STEPS: Final = [
    *("dialogue_splitter", "html_normalizer", "emoji_remover"),
    *("text_normalizer", "dialogue_chunker", "tokenizer"),
]
_DAMAGE = "decision 0011: what is missing or broken is refused, unless a warning will do"
_COPIES = "decision 0011: the copies beside the weights are used, F44"
_NAMES = "decision 0002: columns that lack what the network reads are damage, and the lists take their place"


def _whole(facts: Mapping[str, Any]) -> object:
    return facts["whole"]


def _with_documented_steps(facts: Mapping[str, Any]) -> object:
    return facts["whole"] | {"steps": dict.fromkeys(facts["whole"]["steps"], _DOCUMENTED_STEPS)}


LOAD_DEPARTURES: Final = tuple(
    Departure(file=LOADING, entries=entries, because=because, right=right)
    for entries, because, right in (
        ("no_artifacts/warn", "decision 0011: hyperparameters.json says it all", _whole),
        ("no_hyperparameters/refuse", _DAMAGE, REFUSED),
        ("bad_hyperparameters/refuse", _DAMAGE, REFUSED),
        (
            "no_steps_anywhere/*",
            "the handler's documentation has these default steps",
            _with_documented_steps,
        ),
        ("empty_steps/*", "decision 0006: steps that end in no tokenizer cannot work, F14", REFUSED),
        ("unknown_model_class/*", "an unknown family is refused, never taken for another, F21", REFUSED),
        ("tri_training_name_gate/*", "a family is read under both of its names, F21", _whole),
        ("class_weights_len/warn", "decision 0011: scoring does not read these weights", _whole),
        ("missing_artifact_key/*", "the tokenizer brings its vocabulary, F20", _whole),
        ("bad_risk_pickle/refuse", _DAMAGE, REFUSED),
        ("bad_risk_pickle/warn", _COPIES, _whole),
        ("risk_no_default/warn", _COPIES, _whole),
        ("risk_empty_table/refuse", _DAMAGE, REFUSED),
        ("risk_empty_table/warn", _COPIES, _whole),
        ("impute_*/warn", _COPIES, _whole),
        ("fc_empty/warn", "decision 0002: without the file, the lists of fields", _whole),
        ("fc_comma_name/refuse", "decision 0002: a line of another form is damage, never skipped", REFUSED),
        ("fc_comma_name/warn", _NAMES, _whole),
        ("fc_order_ignored/refuse", _NAMES, REFUSED),
        ("fc_order_ignored/warn", _NAMES, _whole),
        ("fc_spaces/refuse", _NAMES, REFUSED),
        ("fc_spaces/warn", _NAMES, _whole),
        ("cal_bad_multiclass/refuse", _DAMAGE, REFUSED),
    )
)
