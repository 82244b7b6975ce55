"""Changed copies of an artifact, one by one: every change is known, and a refusal names what was changed.

Which of them load, and with what in them, is compared with the other recorded functions.
"""

from pathlib import Path

import pytest
from load_entries import CHANGES, LOADING, load_variant, members_of, variant_files, with_settings
from recorded_suite import Suite

from servable.artifact import MemoryFiles, OnDamage
from servable.errors import ServableError

pytestmark = pytest.mark.conformance

REFUSED = {
    "no_model_pth": "model.pth: expected the weights of a network",
    "no_artifacts": "model_artifacts.pth: expected the file beside the weights",
    "no_hyperparameters": "hyperparameters.json: expected the file beside the weights",
    "bad_hyperparameters": "hyperparameters.json, line 1, column 2: expected valid JSON",
    "unknown_step": "'spell_checker'",
    "fasttext_step": "'fasttext_embedding'",
    "temporal_step": "'time_delta'",
    "empty_steps": "expected steps that end in tokenizer, found none",
    "unknown_model_class": "trimodal_gate_fusion_bert, found 'no_such_class'",
    "class_mismatch": "expected bimodal_bert, because the names of the weights in model.pth",
    "lstm": "found 'lstm'",
    "bimodal_cnn": "found 'bimodal_cnn'",
    "tri_training_name_cross": "expected trimodal_gate_fusion, because the names of the weights",
    "binary_three_classes": '"multiclass_categories": expected 3 classes',
    "class_weights_len": '"class_weights": expected 2 numbers, one for each class, found 3',
    "hidden_100_cross": "expected bimodal_bert, because the names of the weights in model.pth",
    "unknown_tokenizer": "tokenizer no-such/tokenizer: expected tokenizer/tokenizer.json in the artifact",
    "bad_risk_pickle": "risk_table_map.pkl",
    "risk_no_default": "expected a number for each bin and for default_bin",
    "risk_empty_table": "bins: expected an object",
    "impute_string": ": expected a number, found str",
    "impute_none": ": expected a number, found NoneType",
    "fc_empty": "feature_columns.txt: expected lines of the form",
    "fc_comma_name": "feature_columns.txt line 3: expected lines of the form",
    "fc_order_ignored": 'feature_columns.txt: expected a line for the field "dialogue", found none',
    "fc_spaces": 'feature_columns.txt: expected a line for the field "dialogue", found none',
    "cal_bad_multiclass": "calibration/calibration_models/calibration_model_class_1.pkl",
}
"""Variant -> what the refusal of the strict policy says."""

LOST_FOR_GOOD = frozenset(
    [
        *("no_model_pth", "unknown_step", "fasttext_step", "temporal_step", "empty_steps"),
        *("unknown_model_class", "class_mismatch", "lstm", "bimodal_cnn", "tri_training_name_cross"),
        *("binary_three_classes", "hidden_100_cross", "unknown_tokenizer"),
    ]
)
"""What no warning helps against."""


@pytest.fixture
def tokenizers(suite: Suite) -> Path:
    return suite.root


def test_every_recorded_variant_is_made(suite: Suite) -> None:
    assert [variant["name"] for variant in suite.file(LOADING)["variants"]] == list(CHANGES)


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_says_what_is_wrong_and_with_a_warning_it_is_passed_over_in_the_same_words(
    name: str, suite: Suite, tokenizers: Path
) -> None:
    files = variant_files(suite, name)

    with pytest.raises(ServableError) as caught:
        load_variant(files, OnDamage.REFUSE, tokenizers)

    assert REFUSED[name] in str(caught.value)
    if name in LOST_FOR_GOOD:
        with pytest.raises(ServableError):
            load_variant(files, OnDamage.WARN, tokenizers)
    else:
        degradations = load_variant(files, OnDamage.WARN, tokenizers).degradations
        assert degradations[0] == str(caught.value)


@pytest.mark.parametrize("name", sorted(CHANGES.keys() - REFUSED.keys()))
def test_what_is_not_refused_loads_alike_with_either_policy(
    name: str, suite: Suite, tokenizers: Path
) -> None:
    files = variant_files(suite, name)

    strict, lenient = (load_variant(files, policy, tokenizers) for policy in OnDamage)

    assert strict.degradations == lenient.degradations
    assert strict.artifact.remarks == lenient.artifact.remarks
    assert strict.artifact.schema == lenient.artifact.schema


@pytest.mark.parametrize(
    ("name", "remark"),
    [
        ("extra_config_keys", '"fusion_dim", "fusion_hidden_dim", "num_heads": without effect'),
        ("steps_differ", '"text_processing_steps": hyperparameters.json and model_artifacts.pth name'),
    ],
)
def test_what_is_odd_and_sound_is_told(name: str, remark: str, suite: Suite, tokenizers: Path) -> None:
    artifact = load_variant(variant_files(suite, name), OnDamage.REFUSE, tokenizers).artifact

    (said,) = artifact.remarks
    assert said.startswith(remark)


@pytest.mark.parametrize("name", ["trimodal_cross_attn", "trimodal_cross_attn_bert"])
def test_both_names_of_a_family_with_cross_attention_load(name: str, suite: Suite, tokenizers: Path) -> None:
    members = members_of(suite.root / "cases" / "t17_trimodal_cross_attn" / "artifact")
    files = MemoryFiles(with_settings(model_class=name)(members))

    scorer = load_variant(files, OnDamage.REFUSE, tokenizers)

    assert [text.field for text in scorer.artifact.texts] == ["dialogue", "shiptrack_events"]
