"""A sequence classifier as Hugging Face saves it, read as an artifact with one text."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load, save
from tokenizers import Tokenizer, normalizers

from servable.artifact import Artifact, MemoryFiles, OnDamage, read_files, read_weights
from servable.errors import Damaged
from servable.pack import pack
from servable.schema import Kind
from servable.scorer import Scorer, scorer_of
from servable.scorer import load as load_scorer
from tiny_outputs import (
    BERT,
    POSITIONS,
    ROBERTA,
    WIDTH,
    Files,
    as_json,
    byte_pairs,
    changed_json,
    classifier_folder,
    saved,
    word_pieces,
)

TEXTS = (
    "the cat is very good",
    "",
    "   ",
    "good " * 60,
    "[CLS] is <s> not bad?",
    "Très déçu, 很好 \U0001f600",
)
KINDS = ("bert", "roberta")
WRONG_FOLDER = "name the folder of a classifier of one text that this layout can hold"


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def folder(kind: str) -> Files:
    return classifier_folder(kind)


@pytest.fixture(scope="module")
def of_bert() -> Files:
    return classifier_folder("bert")


def _read(files: Files, on_damage: OnDamage = OnDamage.REFUSE) -> Artifact:
    return read_files(MemoryFiles(files), on_damage=on_damage)


def _scorer(files: Files) -> Scorer:
    return scorer_of(_read(files), threads=1)


def _refused(files: Files) -> str:
    with pytest.raises(Damaged) as caught:
        _read(files)
    return str(caught.value)


# --- a second implementation, from the formulas alone

_erf = np.vectorize(math.erf)


def _normalized(
    x: NDArray[Any], weights: Mapping[str, NDArray[Any]], name: str, epsilon: float
) -> NDArray[Any]:
    centred = x - x.mean(-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + epsilon)
    return np.asarray(scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"])


def _linear(x: NDArray[Any], weights: Mapping[str, NDArray[Any]], name: str) -> NDArray[Any]:
    return np.asarray(x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"])


def _softmax(x: NDArray[Any]) -> NDArray[Any]:
    powers = np.exp(x - x.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True))


def _expected(files: Files, kind: str, ids: list[int]) -> NDArray[Any]:
    """Class probabilities of one text in double precision; its encoder has one head."""
    weights = {name: array.astype(np.float64) for name, array in load(files["model.safetensors"]).items()}
    epsilon = json.loads(files["config.json"])["layer_norm_eps"]
    encoder = {name.removeprefix(f"{kind}."): array for name, array in weights.items()}
    first = 2 if kind == "roberta" else 0
    x = (
        encoder["embeddings.word_embeddings.weight"][ids]
        + encoder["embeddings.position_embeddings.weight"][first : first + len(ids)]
        + encoder["embeddings.token_type_embeddings.weight"][0]
    )
    x = _normalized(x, encoder, "embeddings.LayerNorm", epsilon)
    for layer in (f"encoder.layer.{number}" for number in range(2)):
        query, key, value = (
            _linear(x, encoder, f"{layer}.attention.self.{name}") for name in ("query", "key", "value")
        )
        mixed = _softmax(query @ key.T / math.sqrt(WIDTH)) @ value
        x = x + _linear(mixed, encoder, f"{layer}.attention.output.dense")
        x = _normalized(x, encoder, f"{layer}.attention.output.LayerNorm", epsilon)
        inner = _linear(x, encoder, f"{layer}.intermediate.dense")
        inner = inner * 0.5 * (1 + _erf(inner / math.sqrt(2)))
        x = x + _linear(inner, encoder, f"{layer}.output.dense")
        x = _normalized(x, encoder, f"{layer}.output.LayerNorm", epsilon)
    pooler, last = (
        ("bert.pooler.dense", "classifier") if kind == "bert" else ("classifier.dense", "classifier.out_proj")
    )
    return _softmax(_linear(np.tanh(_linear(x[0], weights, pooler)), weights, last))


def _ids(tokenizer: Tokenizer, kind: str, text: str) -> list[int]:
    """Token ids as the folder's own library cuts them: 20 at most, special ones included."""
    begin, end = ("[CLS]", "[SEP]") if kind == "bert" else ("<s>", "</s>")
    vocabulary = tokenizer.get_vocab()
    marks = [vocabulary[begin], vocabulary[end]]
    pieces = tokenizer.encode(text, add_special_tokens=False).ids[:18]
    return [marks[0], *pieces, marks[1]]


def test_a_classifier_gives_the_scores_of_the_formulas(folder: Files, kind: str) -> None:
    tokenizer = word_pieces() if kind == "bert" else byte_pairs()
    expected = [_expected(folder, kind, _ids(tokenizer, kind, text)) for text in TEXTS]

    scores = _scorer(folder).score([{"text": text} for text in TEXTS])

    np.testing.assert_allclose(scores.raw, expected, atol=2e-6, rtol=0)


def test_a_text_is_cut_where_the_folders_own_library_cuts_it(folder: Files, kind: str) -> None:
    tokenizer = word_pieces() if kind == "bert" else byte_pairs()
    scorer = _scorer(folder)
    texts = np.array(TEXTS, dtype=object)

    inputs = scorer.preprocessor.texts["text"].apply(texts)

    assert [ids.tolist() for ids in inputs.token_ids] == [_ids(tokenizer, kind, text) for text in TEXTS]
    assert inputs.chunk_offsets.tolist() == list(range(len(TEXTS) + 1))


# --- what is read


def test_a_folder_becomes_one_text_field_and_its_classes_by_name(folder: Files) -> None:
    artifact = _read(folder)

    assert artifact.family == "bert"
    assert [(field.name, field.kind) for field in artifact.schema.fields] == [("text", Kind.TEXT)]
    assert artifact.schema.csv_columns == ("text",)
    assert artifact.schema.classes == ("label 0", "label 1", "label 2")
    assert (artifact.texts[0].steps, artifact.texts[0].max_tokens) == (("one_chunk", "tokenizer"), 20)
    assert (artifact.degradations, artifact.remarks) == ((), ())


@pytest.mark.parametrize(
    ("base", "most", "tokens"),
    [(BERT, None, POSITIONS), (BERT, 10**30, POSITIONS), (ROBERTA, 1e30, POSITIONS - 2), (BERT, 7, 7)],
)
def test_a_text_has_no_more_tokens_than_the_encoder_has_positions(
    base: Mapping[str, Any], most: float | None, tokens: int
) -> None:
    files = classifier_folder(str(base["model_type"]))

    artifact = _read(changed_json(files, "tokenizer_config.json", model_max_length=most))

    assert artifact.texts[0].max_tokens == tokens


def test_labels_without_names_have_those_of_the_library() -> None:
    files = changed_json(classifier_folder("bert", classes=2), "config.json", id2label=None)

    assert _read(files).schema.classes == ("LABEL_0", "LABEL_1")


def test_labels_are_in_the_order_of_their_indices(of_bert: Files) -> None:
    labels = {"2": "c", "0": "a", "1": "b"}

    assert _read(changed_json(of_bert, "config.json", id2label=labels)).schema.classes == ("a", "b", "c")


def test_weights_are_read_from_either_file_and_under_their_former_names(folder: Files) -> None:
    weights = load(folder["model.safetensors"])
    former = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): array
        for name, array in weights.items()
    }
    positions = {
        f"{next(iter(weights)).partition('.')[0]}.embeddings.position_ids": np.zeros((1, 9), np.int64)
    }
    other = {name: data for name, data in folder.items() if name != "model.safetensors"}

    found = _scorer(other | {"pytorch_model.bin": saved(former | positions)}).score({"text": "good"}).raw

    assert found.tolist() == _scorer(folder).score({"text": "good"}).raw.tolist()


def test_a_pooler_that_the_classifier_of_a_roberta_does_not_use_is_left_out() -> None:
    files = classifier_folder("roberta")
    weights = load(files["model.safetensors"])
    unused = {
        f"roberta.pooler.dense.{part}": weights[f"classifier.dense.{part}"] + 1 for part in ("weight", "bias")
    }

    found = read_weights(MemoryFiles(files | {"model.safetensors": save(weights | unused)}))

    assert np.array_equal(found["bert.bert.pooler.dense.weight"], weights["classifier.dense.weight"])


@pytest.mark.parametrize("half", ["float16", "bfloat16"])
def test_weights_of_half_precision_are_read(half: str, of_bert: Files) -> None:
    import torch  # noqa: PLC0415  # beside which NumPy has no bfloat16
    from safetensors.torch import load as load_tensors  # noqa: PLC0415
    from safetensors.torch import save as save_tensors  # noqa: PLC0415

    tensors = load_tensors(of_bert["model.safetensors"])
    short = {name: tensor.to(getattr(torch, half)) for name, tensor in tensors.items()}

    found = read_weights(MemoryFiles(of_bert | {"model.safetensors": save_tensors(short)}))

    expected = short["classifier.weight"].float().numpy()
    assert np.array_equal(found["bert.classifier.weight"].astype(np.float32), expected)


@pytest.mark.slow
def test_a_classifier_is_packed_and_gives_the_same_scores(of_bert: Files, tmp_path: Path) -> None:
    source = tmp_path / "classifier"
    source.mkdir()
    for name, data in of_bert.items():
        (source / name).write_bytes(data)

    packed = load_scorer(pack(source, tmp_path / "model.tar.gz").output, threads=1)

    records = [{"text": text} for text in TEXTS]
    np.testing.assert_allclose(
        packed.score(records).raw, _scorer(of_bert).score(records).raw, atol=1e-5, rtol=0
    )


# --- what is refused


@pytest.mark.parametrize(
    ("changes", "where", "expected", "found"),
    [
        (
            {"architectures": ["DistilBertForSequenceClassification"]},
            '"architectures"',
            "one of BertForSequenceClassification, RobertaForSequenceClassification, "
            "XLMRobertaForSequenceClassification",
            "['DistilBertForSequenceClassification']",
        ),
        (
            {"problem_type": "multi_label_classification"},
            '"problem_type"',
            "single_label_classification, or none",
            "'multi_label_classification'",
        ),
        (
            {"problem_type": "regression"},
            '"problem_type"',
            "single_label_classification, or none",
            "'regression'",
        ),
        (
            {"id2label": {"0": "score"}},
            '"id2label"',
            "at least two labels of different names, of a classifier that gives one of them",
            "score",
        ),
        (
            {"id2label": None, "num_labels": 1},
            '"id2label"',
            "at least two labels of different names, of a classifier that gives one of them",
            "LABEL_0",
        ),
        (
            {"id2label": {"0": "a", "2": "b"}},
            '"id2label"',
            "the name of each label under its index, from 0 on",
            "{'0': 'a', '2': 'b'}",
        ),
        ({"max_position_embeddings": "many"}, '"max_position_embeddings"', "a number", "'many'"),
    ],
)
def test_another_kind_of_model_is_refused_in_words(
    changes: Mapping[str, Any], where: str, expected: str, found: str, of_bert: Files
) -> None:
    assert _refused(changed_json(of_bert, "config.json", **changes)) == (
        f"config.json, {where}: expected {expected}, found {found}; {WRONG_FOLDER}"
    )


@pytest.mark.parametrize("most", [2, 0, -1, True, 1.5, "512"])
def test_a_limit_of_tokens_that_no_text_can_keep_is_refused(most: object, of_bert: Files) -> None:
    message = _refused(changed_json(of_bert, "tokenizer_config.json", model_max_length=most))

    expected = f"expected a number of tokens, at least 3, found {most!r}; "
    assert message.startswith(f'tokenizer_config.json, "model_max_length": {expected}')


@pytest.mark.parametrize(
    ("kind", "architecture", "model_type"),
    [("bert", "Bert", "roberta"), ("roberta", "Roberta", "bert"), ("roberta", "XLMRoberta", "roberta")],
)
def test_a_type_of_encoder_that_contradicts_the_architecture_is_refused(
    kind: str, architecture: str, model_type: str
) -> None:
    name = f"{architecture}ForSequenceClassification"
    files = changed_json(classifier_folder(kind), "config.json", architectures=[name], model_type=model_type)

    assert (
        f'config.json, "model_type": expected {architecture.lower().replace("xlm", "xlm-")}, as of {name}, '
        in (_refused(files))
    )


@pytest.mark.parametrize("model_type", ["xlm-roberta", None])
def test_a_roberta_under_another_name_is_read_as_one(model_type: str | None) -> None:
    files = classifier_folder("roberta")
    named = changed_json(
        files, "config.json", architectures=["XLMRobertaForSequenceClassification"], model_type=model_type
    )

    assert _scorer(named).score({"text": "good"}).raw.tolist() == (
        _scorer(files).score({"text": "good"}).raw.tolist()
    )


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("bert.embeddings.LayerNorm.weight", "bert.embeddings.LayerNorm.gamma"),
        ("bert.embeddings.LayerNorm.weight", "roberta.embeddings.LayerNorm.weight"),
        ("classifier.weight", "classifier.out_proj.weight"),
    ],
)
def test_two_names_of_one_weight_are_refused(name: str, other: str, of_bert: Files) -> None:
    weights = load(of_bert["model.safetensors"])
    twice = save(weights | {other: weights[name] + 1})

    message = _refused(of_bert | {"model.safetensors": twice})

    assert message.startswith("weights: expected each weight once, found ")
    assert f"`{name}`" in message
    assert f"`{other}`" in message


def _bert_settings(files: Files, rules: Mapping[str, Any], settings: Mapping[str, Any]) -> Files:
    """A tokenizer of these rules beside these settings."""
    tokenizer = word_pieces()
    tokenizer.normalizer = normalizers.BertNormalizer(**rules)
    return files | {
        "tokenizer.json": tokenizer.to_str().encode(),
        "tokenizer_config.json": as_json(settings),
    }


OF_BERT = {"tokenizer_class": "BertTokenizer"}
CASED = {"lowercase": False}


@pytest.mark.parametrize(
    ("rules", "settings", "expected", "found"),
    [
        (CASED, OF_BERT, '"lowercase": true, as "do_lower_case" of {} leaves to its library', "false"),
        (CASED, {"do_lower_case": True}, '"lowercase": true, as "do_lower_case" of {} says', "false"),
        (
            {"handle_chinese_chars": False},
            {"tokenizer_class": "BertTokenizerFast"},
            '"handle_chinese_chars": true, as "tokenize_chinese_chars" of {} leaves to its library',
            "false",
        ),
        (
            {"strip_accents": False},
            OF_BERT,
            '"strip_accents": null, as "strip_accents" of {} leaves to its library',
            "false",
        ),
        (
            {"strip_accents": False},
            {"strip_accents": None},
            '"strip_accents": null, as "strip_accents"',
            "false",
        ),
        ({}, {"strip_accents": False}, '"strip_accents": false, as "strip_accents" of {} says', "null"),
    ],
)
def test_a_tokenizer_is_refused_whose_settings_or_their_defaults_say_other_rules(
    rules: Mapping[str, Any], settings: Mapping[str, Any], expected: str, found: str, of_bert: Files
) -> None:
    message = _refused(_bert_settings(of_bert, rules, settings))

    assert message.startswith(f"tokenizer.json: expected {expected.format('tokenizer_config.json')}")
    assert f", found {found}; " in message


@pytest.mark.parametrize(
    ("rules", "settings"),
    [
        (CASED, {}),
        (CASED, {"tokenizer_class": "PreTrainedTokenizerFast", "do_lower_case": True}),
        (CASED, OF_BERT | {"do_lower_case": False}),
        (CASED | {"strip_accents": False}, OF_BERT | {"do_lower_case": False}),
        ({"strip_accents": True}, OF_BERT),
        ({"strip_accents": False}, OF_BERT | {"strip_accents": False}),
    ],
)
def test_a_tokenizer_is_read_whose_settings_say_the_same_or_nothing(
    rules: Mapping[str, Any], settings: Mapping[str, Any], of_bert: Files
) -> None:
    assert _read(_bert_settings(of_bert, rules, settings)).degradations == ()


def test_a_tokenizer_that_cuts_texts_at_their_beginning_is_refused(of_bert: Files) -> None:
    files = changed_json(of_bert, "tokenizer_config.json", truncation_side="left")

    assert _refused(files).startswith(
        'tokenizer_config.json, "truncation_side": expected "right", found \'left\'; '
    )


def test_code_of_the_folders_own_is_refused(of_bert: Files) -> None:
    files = changed_json(of_bert, "config.json", auto_map={"AutoModel": "own.Model"})

    assert _refused(files).startswith(
        'config.json, "auto_map": expected an encoder and a tokenizer that need'
    )


def test_weights_in_several_files_are_refused(of_bert: Files) -> None:
    files = {name: data for name, data in of_bert.items() if name != "model.safetensors"}

    assert _refused(files | {"model.safetensors.index.json": b"{}"}) == (
        "weights: expected the weights in one file, model.safetensors or pytorch_model.bin, found none; save "
        "the model once more as one file"
    )


def test_a_tokenizer_of_another_encoder_is_refused_with_both_numbers(of_bert: Files) -> None:
    files = changed_json(of_bert, "config.json", vocab_size=None)

    assert _refused(files | {"tokenizer.json": byte_pairs().to_str().encode()}) == (
        f"tokenizer.json: expected {word_pieces().get_vocab_size()} tokens, as many as the weights have "
        "vectors for, found 260; copy tokenizer.json and config.json from the encoder that was trained"
    )


def test_labels_of_another_number_than_the_weights_are_refused(of_bert: Files) -> None:
    labels = {"0": "a", "1": "b"}

    with pytest.raises(Damaged, match="expected 2 classes, as the artifact lists, found 3"):
        _scorer(changed_json(of_bert, "config.json", id2label=labels))


# --- safetensors files that lie


def _safetensors(header: object, n_bytes: int) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + bytes(n_bytes)


def _tensor(**changes: object) -> dict[str, object]:
    return {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} | changes}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "expected a header as long as the first eight bytes say, found a file of 0 bytes"),
        (b"\xff" * 16, "expected a header as long as the first eight bytes say, found a file of 16 bytes"),
        (_safetensors([], 0), "expected an object of tensors by name, found something else"),
        (_safetensors(b"{", 0), "expected valid JSON"),
        (_safetensors(_tensor(), 4), "expected 8 bytes of tensors, found 4"),
        (_safetensors(_tensor(), 12), "expected 8 bytes of tensors, found 12"),
        (_safetensors(_tensor(shape=[3]), 8), "tensor 'a': expected 12 bytes for its shape, found 8"),
        (_safetensors(_tensor(shape=[1 << 60]), 8), "expected `dtype`, `shape` and `data_offsets`"),
        (_safetensors(_tensor(shape=[0, 1 << 58, 1 << 58]), 8), "expected `dtype`, `shape` and"),
        (_safetensors(_tensor(shape=[-2]), 8), "expected `dtype`, `shape` and `data_offsets`"),
        (_safetensors(_tensor(shape=[True, 2]), 8), "expected `dtype`, `shape` and `data_offsets`"),
        (
            _safetensors(_tensor(data_offsets=[4, 12]), 12),
            "tensor 'a': expected its first byte at 0, found 4",
        ),
        (_safetensors(_tensor(data_offsets=[8, 0]), 8), "tensor 'a': expected its first byte at 0, found 8"),
        (_safetensors(_tensor(dtype="F8_E4M3"), 8), "expected a type of F64, F32, F16, BF16, I64"),
        (_safetensors(_tensor(more=1), 8), "expected `dtype`, `shape` and `data_offsets`"),
        (
            _safetensors(_tensor() | {"b": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, 8),
            "tensor 'b': expected its first byte at 8, found 0",
        ),
        (_safetensors(b'{"a": 1, "a": 2}', 0), "expected each key once in an object, found 'a' again"),
    ],
)
def test_a_safetensors_file_that_lies_is_refused(data: bytes, message: str, of_bert: Files) -> None:
    assert message in _refused(of_bert | {"model.safetensors": data})


def test_safetensors_of_every_shape_are_read_as_they_were_written() -> None:
    written: dict[str, NDArray[Any]] = {
        "bert.scalar": np.array(3.5, np.float32),
        "bert.empty": np.zeros((0, 3), np.float64),
        "bert.flags": np.array([True, False]),
        "bert.wide": np.arange(6, dtype=np.int64).reshape(2, 3),
    }

    found = read_weights(MemoryFiles({"config.json": as_json({}), "model.safetensors": save(written)}))

    for name, array in written.items():
        ours = found[f"bert.{name}"]
        assert (ours.shape, ours.dtype, ours.tolist()) == (array.shape, array.dtype, array.tolist())
