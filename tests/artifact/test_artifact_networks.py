"""Reading the training output of a text network: what its files must agree on (decisions 0001 and 0011)."""

import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch

from servable.artifact import (
    MODEL_CLASSES,
    Artifact,
    MemoryFiles,
    OnDamage,
    format_feature_columns,
    read_files,
    read_weights,
)
from servable.artifact.damage import DamageLog
from servable.artifact.networks.fields import network_fields
from servable.engines.networks.weights import weights_of
from servable.errors import Damaged
from servable.schema import Kind
from servable.scorer import scorer_of
from tiny_outputs import (
    BERT,
    RECORD,
    RISK,
    ROBERTA,
    SETTINGS,
    WIDTH,
    Files,
    artifacts,
    as_json,
    byte_pairs,
    changed_json,
    encoder_weights,
    network_output,
    network_weights,
    saved,
    with_settings,
    word_pieces,
)

AGAIN = "write the file again with the training that made it"
SAME_TRAINING = "use the hyperparameters.json that was written with these weights"


@pytest.fixture(scope="module")
def output() -> Files:
    return network_output()


def _read(files: Files, on_damage: OnDamage = OnDamage.REFUSE) -> Artifact:
    return read_files(MemoryFiles(files), on_damage=on_damage)


def _refused(files: Files) -> str:
    with pytest.raises(Damaged) as caught:
        _read(files)
    return str(caught.value)


def _tolerated(files: Files) -> Artifact:
    """Read and able to score, whatever was passed over."""
    artifact = _read(files, OnDamage.WARN)
    scores = scorer_of(artifact, on_damage=OnDamage.WARN, threads=1).score([RECORD]).raw
    assert np.isfinite(scores).all()
    return artifact


def _without(files: Files, *names: str) -> Files:
    assert set(names) <= files.keys()
    return {name: data for name, data in files.items() if name not in names}


def test_a_sound_output_is_read_without_a_word(output: Files) -> None:
    artifact = _tolerated(output)

    assert (artifact.degradations, artifact.remarks) == ((), ())
    assert artifact.family == "bimodal_bert"
    assert artifact.features == ("age", "region")
    assert artifact.schema.csv_columns == ("age", "region", "note", "region")
    assert [(field.name, field.kind) for field in artifact.schema.fields] == [
        ("age", Kind.NUMERIC),
        ("region", Kind.CATEGORICAL),
        ("note", Kind.TEXT),
    ]


# --- families


@pytest.mark.parametrize("name", ["bimodal_bert", "bimodal", "multimodal_bert"])
def test_a_family_is_read_under_each_of_its_names(name: str, output: Files) -> None:
    artifact = _tolerated(with_settings(output, model_class=name))

    assert (artifact.family, artifact.degradations) == (name, ())


def test_an_unknown_family_is_refused_with_the_known_ones_whatever_the_policy(output: Files) -> None:
    files = with_settings(output, model_class="lstm")

    for policy in OnDamage:
        with pytest.raises(Damaged) as caught:
            _read(files, policy)
        assert str(caught.value) == (
            f'model_class: expected "model_class", one of {", ".join(sorted(MODEL_CLASSES))}, '
            "found 'lstm'; use a model of one of these families"
        )


def test_a_family_that_is_not_that_of_the_weights_is_refused_with_both(output: Files) -> None:
    assert _refused(with_settings(output, model_class="multimodal_moe")) == (
        "model_class: expected bimodal_bert, because the names of the weights in model.pth are of this "
        "family, found multimodal_moe; use the weights and the model_class of one and the same training"
    )


@pytest.mark.parametrize(
    ("names", "family"),
    [
        (("bert.bert.embeddings.word_embeddings.weight",), "bert"),
        (("text_subnetwork.bert.pooler.dense.bias",), "bimodal_bert"),
        (("text_subnetwork.bert.x", "gate_fusion.gate_net.0.bias"), "bimodal_gate_fusion"),
        (("text_subnetwork.bert.x", "moe_fusion.router.0.bias"), "bimodal_moe"),
        (("text_subnetwork.bert.x", "cross_att.text_norm.bias"), "bimodal_cross_attn"),
        (("primary_text_subnetwork.bert.x",), "trimodal_bert"),
        (("primary_text_subnetwork.bert.x", "gate_fusion.tab_proj.bias"), "trimodal_gate_fusion"),
        (("secondary_text_subnetwork.bert.x", "cross_attention.norm_primary.bias"), "trimodal_cross_attn"),
    ],
)
def test_the_names_of_weights_tell_their_family(names: tuple[str, ...], family: str, output: Files) -> None:
    weights = saved({f"model.{name}": np.zeros((1, 1), np.float32) for name in names})
    other = "bimodal_bert" if family != "bimodal_bert" else "bert"

    message = _refused(with_settings(output, model_class=other) | {"model.pth": weights})

    assert message.startswith(f"model_class: expected {family}, because")


def test_two_files_that_name_different_families_are_refused(output: Files) -> None:
    files = changed_json(output, "hyperparameters.json", model_class="bimodal_moe")
    sentence = (
        "hyperparameters.json, \"model_class\": expected 'bimodal_bert', as model_artifacts.pth says, found "
        f"'bimodal_moe'; {SAME_TRAINING}"
    )

    assert _refused(files) == sentence
    assert _tolerated(files).degradations == (sentence,)


def test_two_names_of_one_family_are_no_contradiction(output: Files) -> None:
    files = changed_json(output, "hyperparameters.json", model_class="multimodal_bert")

    assert _read(files).degradations == ()


def test_a_family_that_is_named_nowhere_is_that_of_the_weights_where_damage_is_tolerated(
    output: Files,
) -> None:
    files = with_settings(output, model_class=None)
    sentence = f'model_artifacts.pth: expected "model_class", the name of a family, found none; {AGAIN}'

    assert _refused(files) == sentence
    artifact = _tolerated(files)
    assert (artifact.family, artifact.degradations) == ("bimodal_bert", (sentence,))


# --- a hyperparameters.json of another model


@pytest.mark.parametrize(
    ("changes", "where", "expected", "found"),
    [
        ({"tab_field_list": ["region", "age"]}, "tab_field_list", "'age' at place 0", "'region'"),
        ({"tab_field_list": ["age"]}, "tab_field_list", "2 entries", "1"),
        ({"cat_field_list": ["note", "area"]}, "cat_field_list", "'region' at place 1", "'area'"),
        ({"text_name": "subject"}, "text_name", "'note'", "'subject'"),
        ({"max_sen_len": 20}, "max_sen_len", "16", "20"),
        ({"max_total_chunks": 5}, "max_total_chunks", "2", "5"),
        ({"multiclass_categories": ["no", "yes"]}, "multiclass_categories", "'0' at place 0", "'no'"),
        ({"hidden_common_dim": 100}, "hidden_common_dim", "8", "100"),
        ({"label_name": "target"}, "label_name", "'y'", "'target'"),
    ],
)
def test_hyperparameters_of_another_model_are_refused_with_the_first_difference(
    changes: Mapping[str, Any], where: str, expected: str, found: str, output: Files
) -> None:
    message = _refused(changed_json(output, "hyperparameters.json", **changes))

    assert message == (
        f'hyperparameters.json, "{where}": expected {expected}, as the configuration in '
        f"model_artifacts.pth says, found {found}; {SAME_TRAINING}"
    )


def test_hyperparameters_win_over_their_copies_where_damage_is_tolerated(output: Files) -> None:
    files = changed_json(output, "hyperparameters.json", max_sen_len=20, multiclass_categories=["no", "yes"])

    artifact = _tolerated(files)

    assert artifact.texts[0].max_tokens == 20
    assert artifact.schema.classes == ("no", "yes")
    assert len(artifact.degradations) == 1


def test_categories_are_equal_as_numbers_and_as_words(output: Files) -> None:
    files = changed_json(output, "hyperparameters.json", multiclass_categories=["0", "1"])

    assert _read(files).schema.classes == ("0", "1")


def test_steps_of_the_hyperparameters_win_and_that_is_told(output: Files) -> None:
    steps = ["dialogue_splitter", "dialogue_chunker", "tokenizer"]
    artifact = _read(changed_json(output, "hyperparameters.json", text_processing_steps=steps))

    assert artifact.texts[0].steps == tuple(steps)
    assert artifact.remarks == (
        '"text_processing_steps": hyperparameters.json and model_artifacts.pth name different steps, and '
        "the first decides",
    )


def test_settings_that_never_act_are_told(output: Files) -> None:
    artifact = _read(with_settings(output, num_heads=12, fusion_dim=256))

    assert artifact.remarks == (
        '"fusion_dim", "num_heads": without effect, because the weights tell what the network is like',
    )


# --- classes


@pytest.mark.parametrize(
    ("changes", "expected", "found"),
    [
        (
            {"is_binary": True, "multiclass_categories": [0, 1, 2], "num_classes": 3},
            'two classes, because "is_binary" is true',
            "the 3 classes 0, 1, 2",
        ),
        ({"is_binary": False, "num_classes": 3}, '3 classes, as "num_classes" says', "the 2 classes 0, 1"),
        ({"multiclass_categories": [1, 1]}, "classes of different names", "the 2 classes 1, 1"),
    ],
)
def test_classes_that_contradict_one_another_are_refused_whatever_the_policy(
    changes: Mapping[str, Any], expected: str, found: str, output: Files
) -> None:
    files = with_settings(output, **changes)

    for policy in OnDamage:
        with pytest.raises(Damaged) as caught:
            _read(files, policy)
        assert str(caught.value) == (
            f'hyperparameters.json, "multiclass_categories": expected {expected}, found {found}; {AGAIN}'
        )


def test_weights_of_classes_that_are_not_there_are_refused_and_tolerated_in_words(output: Files) -> None:
    files = with_settings(output, class_weights=[1.0, 1.0, 1.0])
    sentence = (
        'hyperparameters.json, "class_weights": expected 2 numbers, one for each class, found 3; ' + AGAIN
    )

    assert _refused(files) == sentence
    assert _tolerated(files).degradations == (sentence,)


def test_classes_without_names_are_called_by_their_indices(output: Files) -> None:
    changes = {"multiclass_categories": None, "num_classes": 4, "is_binary": False, "class_weights": None}

    assert _read(with_settings(output, **changes)).schema.classes == ("0", "1", "2", "3")


# --- tables


def test_tables_of_what_is_no_field_are_left_out_and_told(output: Files) -> None:
    risk = dict(RISK) | {"planet": RISK["region"], "note": RISK["region"]}
    imputation = {"age": 40.0, "y": 1.0}
    copies = {"risk_tables": risk, "imputation_dict": imputation}
    files = output | {
        "model_artifacts.pth": artifacts(dict(SETTINGS) | copies, word_pieces()),
        "risk_table_map.json": as_json(risk),
        "impute_dict.json": as_json(imputation),
    }

    artifact = _read(files)

    assert (list(artifact.risk_tables), list(artifact.imputation)) == (["region"], ["age"])
    assert artifact.remarks == (
        '"planet": its risk table has no effect, because it is no field that takes one',
        '"note": its risk table has no effect, because it is no field that takes one',
        '"y": its imputation value has no effect, because it is no field that takes one',
    )


def test_a_category_that_the_network_reads_must_have_a_table(output: Files) -> None:
    copies = {"risk_tables": {}, "imputation_dict": {"age": 40.0}}
    files = _without(output, "risk_table_map.json") | {
        "model_artifacts.pth": artifacts(dict(SETTINGS) | copies, word_pieces())
    }

    for policy in OnDamage:
        with pytest.raises(Damaged, match='a table of the category "region", found none'):
            _read(files, policy)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("risk_table_map.json", as_json({"region": {"bins": {"north": 0.2}}})),
        ("risk_table_map.json", as_json({"region": {}})),
        ("risk_table_map.pkl", b"not a pickle"),
        ("impute_dict.json", as_json({"age": "forty"})),
        ("impute_dict.json", as_json({"age": None})),
    ],
)
def test_a_broken_table_is_refused_and_else_taken_from_its_copy(
    name: str, data: bytes, output: Files
) -> None:
    stem = name.partition(".")[0]

    assert stem in _refused(output | {name: data})
    artifact = _tolerated(output | {name: data})

    assert artifact.degradations[1] == f"{stem}: taken from its copy in model_artifacts.pth"
    assert artifact.imputation == {"age": 40.0}
    assert dict(artifact.risk_tables["region"].bins) == RISK["region"]["bins"]


@pytest.mark.parametrize(
    ("name", "table", "place", "numbers"),
    [
        ("impute_dict", {"age": 41.0}, 'field "age"', ("40.0", "41.0")),
        ("impute_dict", {"age": 40.0, "z": 1.0}, 'field "z"', ("none", "1.0")),
        (
            "risk_table_map",
            {"region": {"bins": {"north": 0.2, "south": 0.8}, "default_bin": 0.5}},
            'field "region", bin "south"',
            ("0.7", "0.8"),
        ),
        (
            "risk_table_map",
            {"region": dict(RISK["region"]) | {"default_bin": 0.1}},
            'field "region", default_bin',
            ("0.5", "0.1"),
        ),
    ],
)
def test_a_table_that_is_not_its_copy_is_refused_and_else_wins(
    name: str, table: Mapping[str, Any], place: str, numbers: tuple[str, str], output: Files
) -> None:
    expected, found = numbers
    files = output | {f"{name}.json": as_json(table)}
    sentence = (
        f"{name}, {place}: expected {expected}, as its copy in model_artifacts.pth says, found {found}; "
        "use the table that was written with these weights"
    )

    assert _refused(files) == sentence
    artifact = _tolerated(files)
    assert artifact.degradations == (sentence,)
    if name == "impute_dict":
        assert artifact.imputation == {"age": table["age"]}
    else:
        assert artifact.risk_tables["region"].default_bin == table["region"]["default_bin"]


# --- columns


@pytest.mark.parametrize(
    "data",
    [b"# nothing\n", b"0,age\n1,reg,ion\n2,note\n", b"0,age\n1,note\n", b"0,c\n1,a\n2,b\n"],
)
def test_columns_that_cannot_be_right_are_refused_and_else_taken_from_the_lists(
    data: bytes, output: Files
) -> None:
    files = output | {"feature_columns.txt": data}

    assert "feature_columns.txt" in _refused(files)
    artifact = _tolerated(files)

    assert len(artifact.degradations) == 1
    assert artifact.schema.csv_columns == ("age", "region", "note", "region")


def test_lines_count_in_their_order_whatever_their_index(output: Files) -> None:
    files = output | {"feature_columns.txt": b"9,note\n3,region\n3,age\n"}

    assert _read(files).schema.csv_columns == ("note", "region", "age")


def test_the_label_among_the_numbers_is_not_read(output: Files) -> None:
    artifact = _read(with_settings(output, tab_field_list=["age", "region", "y"]))

    assert artifact.features == ("age", "region")


def test_an_id_that_the_network_reads_is_a_field(output: Files) -> None:
    artifact = _read(with_settings(output, id_name="age"))

    assert artifact.schema.id_name is None
    assert "age" in artifact.schema.names()


class _Name(str):
    """A name that counts how often it is compared with another."""

    __slots__ = ()
    compared = 0

    def __eq__(self, other: object) -> bool:
        _Name.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def test_fields_are_found_in_time_that_grows_with_their_number_alone() -> None:
    number = 500
    settings: dict[str, object] = {
        "tab_field_list": [_Name(f"field {index}") for index in range(number)],
        "cat_field_list": [],
        "text_name": "note",
    }
    damage = DamageLog(OnDamage.REFUSE)
    _Name.compared = 0

    fields = network_fields(
        settings, MemoryFiles({}), family="bimodal_bert", risk={}, imputation={}, damage=damage
    )
    schema = fields.schema(settings)

    assert len(schema.names(Kind.NUMERIC)) == number
    assert _Name.compared < 20 * number


# --- limits and settings of the wrong type


@pytest.mark.parametrize(
    ("changes", "expected", "found"),
    [
        ({"chunk_trancate": "yes"}, '"chunk_trancate", true or false', "'yes'"),
        ({"chunk_trancate": 1}, '"chunk_trancate", true or false', "1"),
        ({"max_sen_len": True}, '"max_sen_len", a whole number from 3 on', "True"),
        ({"max_sen_len": "16"}, '"max_sen_len", a whole number from 3 on', "'16'"),
        ({"max_sen_len": 2}, '"max_sen_len", a whole number from 3 on', "2"),
        ({"max_total_chunks": 0}, '"max_total_chunks", a whole number from 1 on', "0"),
    ],
)
def test_a_limit_that_is_none_is_refused_whatever_the_policy(
    changes: Mapping[str, Any], expected: str, found: str, output: Files
) -> None:
    files = with_settings(output, **changes)

    for policy in OnDamage:
        with pytest.raises(Damaged) as caught:
            _read(files, policy)
        assert str(caught.value) == f"hyperparameters.json: expected {expected}, found {found}; {AGAIN}"


@pytest.mark.parametrize(
    ("changes", "where", "expected", "found"),
    [
        ({"num_classes": True}, "num_classes", "a whole number", "True"),
        ({"num_classes": "2"}, "num_classes", "a whole number", "'2'"),
        (
            {"num_classes": 10**9, "multiclass_categories": None},
            "num_classes",
            "at most 1000 classes",
            "1000000000",
        ),
        (
            {"multiclass_categories": [*range(1_001)]},
            "multiclass_categories",
            "at most 1000 classes",
            "1001",
        ),
    ],
)
def test_a_number_of_classes_that_cannot_be_is_refused(
    changes: Mapping[str, Any], where: str, expected: str, found: str, output: Files
) -> None:
    assert _refused(with_settings(output, **changes)) == (
        f'hyperparameters.json, "{where}": expected {expected}, found {found}; {AGAIN}'
    )


def test_a_sentence_lists_the_first_few_classes(output: Files) -> None:
    changes = {"multiclass_categories": [*range(900)], "num_classes": 900}

    assert "found the 900 classes 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 890 more;" in _refused(
        with_settings(output, **changes)
    )


def test_a_setting_that_is_null_is_taken_from_its_copy(output: Files) -> None:
    own = json.loads(output["hyperparameters.json"]) | {"max_sen_len": None, "text_processing_steps": None}
    artifact = _read(output | {"hyperparameters.json": as_json(own)})

    assert artifact.texts[0].max_tokens == SETTINGS["max_sen_len"]
    assert artifact.texts[0].steps == tuple(SETTINGS["text_processing_steps"])
    assert artifact.degradations == ()


@pytest.mark.parametrize("pad", ["0", True, 1.5, -1, 10_000])
def test_a_token_of_padding_that_the_encoder_has_no_vector_for_is_refused(pad: object, output: Files) -> None:
    message = _refused(changed_json(output, "tokenizer/config.json", pad_token_id=pad))

    most = word_pieces().get_vocab_size() - 1
    assert message.startswith(
        f'config.json, "pad_token_id": expected a whole number from 0 to {most}, a token that the encoder '
        f"has a vector for, found {pad!r};"
    )


# --- texts


def test_a_network_of_one_text_reads_the_one_of_text_name(output: Files) -> None:
    columns = ("age", "region", "note", "first", "second")
    files = with_settings(output, primary_text_name="first", secondary_text_name="second")

    artifact = _read(files | {"feature_columns.txt": format_feature_columns(columns)})

    assert [text.field for text in artifact.texts] == ["note"]
    assert artifact.schema.names(Kind.TEXT) == ("note",)
    assert artifact.remarks == (
        '"first": named by "primary_text_name", and the network does not read it',
        '"second": named by "secondary_text_name", and the network does not read it',
    )


def test_a_network_of_one_text_may_name_it_as_its_primary_one(output: Files) -> None:
    artifact = _read(with_settings(output, text_name=None, primary_text_name="note"))

    assert [text.field for text in artifact.texts] == ["note"]


def _two_texts(**changes: Any) -> Files:
    settings = dict(SETTINGS) | {
        "model_class": "trimodal",
        "text_name": "both",
        "primary_text_name": "note",
        "secondary_text_name": "events",
    }
    config = dict(BERT) | {"vocab_size": word_pieces().get_vocab_size()}
    weights = {
        name.replace("text_subnetwork", f"{place}_text_subnetwork"): array
        for place in ("primary", "secondary")
        for name, array in network_weights(config).items()
    }
    files = network_output({key: value for key, value in (settings | changes).items() if value is not None})
    columns = format_feature_columns(("age", "region", "note", "events"))
    return files | {"model.pth": saved(weights), "feature_columns.txt": columns}


def test_a_network_of_two_texts_reads_them_in_their_order_with_the_steps_of_each() -> None:
    secondary = ["text_normalizer", "dialogue_chunker", "tokenizer"]
    artifact = _read(_two_texts(secondary_text_processing_steps=secondary))

    assert [text.field for text in artifact.texts] == ["note", "events"]
    assert artifact.texts[0].steps[:2] == ("dialogue_splitter", "html_normalizer")
    assert artifact.texts[1].steps == tuple(secondary)
    assert len(artifact.degradations) == 1  # that the first has no steps of its own


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"secondary_text_name": None}, '"secondary_text_name", the name of a text field'),
        ({"secondary_text_name": "note"}, 'another field under "secondary_text_name"'),
    ],
)
def test_a_network_of_two_texts_needs_two(changes: Mapping[str, Any], expected: str) -> None:
    assert expected in _refused(_two_texts(**changes))


# --- the encoder's configuration from its weights


def test_an_encoder_without_a_configuration_is_told_from_its_weights(output: Files) -> None:
    artifact = _tolerated(_without(output, "tokenizer/config.json"))

    assert artifact.network is not None
    assert artifact.network.encoder == dict(BERT) | {"vocab_size": word_pieces().get_vocab_size()}
    assert artifact.degradations == (
        "no config.json beside tokenizer.json, so the encoder is told from its weights; 1 attention heads, "
        "the activation gelu and the epsilon 1e-12 are assumed",
    )


def test_a_tokenizer_of_bytes_belongs_to_an_encoder_of_the_roberta_type(output: Files) -> None:
    tokenizer = byte_pairs()
    config = dict(ROBERTA) | {"vocab_size": tokenizer.get_vocab_size()}
    files = _without(output, "tokenizer/config.json") | {
        "model.pth": saved(network_weights(config)),
        "model_artifacts.pth": artifacts(SETTINGS, tokenizer),
        "tokenizer/tokenizer.json": tokenizer.to_str().encode(),
    }

    artifact = _tolerated(files)

    assert artifact.network is not None
    assert artifact.network.encoder == config
    assert artifact.engine.pad_token_id == 1


@pytest.mark.parametrize(("width", "heads"), [(384, 12), (128, 2), (768, 12)])
def test_the_number_of_heads_is_that_of_published_encoders(width: int, heads: int, output: Files) -> None:
    artifact = _read(_without(output, "tokenizer/config.json") | {"model.pth": _of_width(width)})

    assert artifact.network is not None
    assert artifact.network.encoder["num_attention_heads"] == heads


def test_a_width_that_does_not_tell_the_number_of_heads_is_refused(output: Files) -> None:
    files = _without(output, "tokenizer/config.json") | {"model.pth": _of_width(312)}

    assert _refused(files) == (
        "encoder: expected its config.json, or a width that is a multiple of 64, from which the number of "
        "attention heads can be told, found the width 312; put the config.json of the encoder beside its "
        "tokenizer.json"
    )


def _of_width(width: int) -> bytes:
    config = dict(BERT) | {"hidden_size": width, "vocab_size": word_pieces().get_vocab_size()}
    weights = encoder_weights(config, np.random.default_rng(0))
    return saved({f"text_subnetwork.bert.{name}": array for name, array in weights.items()})


def test_widths_that_are_not_those_of_the_settings_are_refused(output: Files) -> None:
    files = with_settings(output, hidden_common_dim=30)
    sentence = (
        'hyperparameters.json: expected "hidden_common_dim" of 8, the width of the weights in model.pth, '
        f"found 30; {AGAIN}"
    )

    assert _refused(files) == sentence
    assert _tolerated(files).degradations == (sentence,)


# --- weights


@pytest.mark.parametrize("wrapper", ["model.", "module.model.", "_orig_mod."])
def test_weights_are_found_in_a_checkpoint_and_behind_the_prefixes_of_wrappers(
    wrapper: str, output: Files
) -> None:
    plain = read_weights(MemoryFiles(output))
    checkpoint = {"state_dict": {f"{wrapper}{name}": array for name, array in plain.items()}, "epoch": 3}

    found = read_weights(MemoryFiles({"model.pth": saved(checkpoint)}))

    assert found.keys() == plain.keys()
    assert all(np.array_equal(found[name], plain[name]) for name in plain)


def test_two_weights_of_one_name_behind_their_prefixes_are_refused() -> None:
    stored = {"model.a": np.ones(1, np.float32), "module.a": np.zeros(1, np.float32)}
    sentence = "model.pth: expected one weight `a`, found a second one, 'module.a'"

    with pytest.raises(Damaged) as caught:
        read_weights(MemoryFiles({"model.pth": saved(stored)}))
    assert str(caught.value).startswith(sentence)
    with pytest.raises(Damaged) as caught:
        weights_of(stored, where="model.pth")
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        ([1.0], "model.pth: expected weights by name, found a value of type list"),
        ({"a": "b"}, "model.pth: expected numbers under `a`, found a value of type str"),
    ],
)
def test_a_file_of_something_else_than_weights_is_refused(
    stored: object, message: str, output: Files
) -> None:
    file = io.BytesIO()
    torch.save(stored, file)

    assert _refused(output | {"model.pth": file.getvalue()}).startswith(message)


def test_weights_are_declared_also_beside_a_graph(output: Files) -> None:
    files = _without(output, "model.pth") | {"model.onnx": b"a graph"}
    sentence = (
        "model.pth: expected the weights of a network, found no such file; copy the file again from the "
        "training output"
    )

    assert _refused(files) == sentence
    assert _read(files, OnDamage.WARN).degradations == (sentence,)


@pytest.mark.parametrize(
    ("rows", "is_confirmed"), [(79, True), (80, True), (80, False), (79, False), (320, False), (320, True)]
)
def test_vectors_beyond_the_tokens_are_told_if_the_vocabulary_is_known_or_they_fill_up_a_round_number(
    rows: int, is_confirmed: bool, output: Files
) -> None:
    config, tokenizer = dict(BERT) | {"vocab_size": rows}, word_pieces()
    vocabulary = tokenizer.get_vocab() if is_confirmed else None
    files = output | {
        "model.pth": saved(network_weights(config)),
        "model_artifacts.pth": artifacts(SETTINGS, tokenizer, vocab=vocabulary),
        "tokenizer/config.json": as_json(config),
    }

    tokens = tokenizer.get_vocab_size()
    assert tokens < 79
    if is_confirmed or rows == 80:
        remarks = (f"tokenizer.json: {tokens} tokens, and the weights have vectors for {rows}",)
        assert _read(files).remarks == remarks
    else:
        assert f"expected {rows} tokens" in _refused(files)


# --- what training kept for a later proof


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("training.json", b"{"),
        ("golden/requests.ndjson", b"{}\n"),
        ("hyperparameters.json", b"{"),
    ],
)
def test_a_broken_file_is_refused_and_else_passed_over_by_everyone(
    name: str, data: bytes, output: Files
) -> None:
    files = output | {name: data}

    _refused(files)
    artifact = _tolerated(files)

    assert len(artifact.degradations) == 1
    assert artifact.golden is None
    assert name not in artifact.files


def test_an_encoder_with_weights_of_its_own_for_each_text_has_one_shape() -> None:
    files = _two_texts()
    weights = {name: np.array(array) for name, array in read_weights(MemoryFiles(files)).items()}
    name = "secondary_text_subnetwork.bert.embeddings.word_embeddings.weight"
    weights[name] = np.zeros((5, WIDTH), np.float32)

    message = _refused(files | {"model.pth": saved(weights)})

    assert "expected the weights of an encoder, of one shape for every text, found" in message
    assert json.dumps(5) in message
