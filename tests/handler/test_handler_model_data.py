"""What `model_fn` returns is read like the dict of the documentation."""

import json
import math
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from example_artifacts import EXAMPLE, Layout

from servable.artifact import TokenizerSearch, open_files, read_files
from servable.errors import BadInput
from servable.handler import Model, ModelData, model_fn, predict_fn
from servable.inspection import describe
from servable.scorer import scorer_of

KEYS = [
    *("model", "config", "embedding_mat", "vocab", "model_class", "pipelines", "calibrator"),
    *("feature_columns", "hyperparameters", "risk_processors", "numerical_processors"),
]


@pytest.fixture(scope="module")
def model_data(example_output: Path) -> ModelData:
    return model_fn(example_output)


def test_it_is_a_mapping_with_exactly_the_documented_keys(model_data: ModelData) -> None:
    assert isinstance(model_data, Mapping)
    assert list(model_data) == KEYS
    assert len(model_data) == 11
    assert list(dict(model_data)) == KEYS
    assert "scorer" not in model_data
    with pytest.raises(KeyError):
        model_data["scorer"]


def test_nothing_in_it_can_be_set(model_data: ModelData) -> None:
    with pytest.raises(TypeError):
        model_data["calibrator"] = None  # type: ignore[index]  # what the test is about


def test_its_representation_tells_the_model_and_no_table(model_data: ModelData) -> None:
    assert repr(model_data).startswith("ModelData(Model('model', bimodal_bert, sha256:")
    assert len(repr(model_data)) < 130


def test_settings_columns_and_tables_are_those_of_the_files(
    model_data: ModelData, example_output: Path
) -> None:
    assert isinstance(model_data["model"], Model)
    assert model_data["model_class"] == "bimodal_bert"
    stored = json.loads((example_output / "hyperparameters.json").read_text())
    assert model_data["hyperparameters"] == stored
    assert model_data["config"] == model_data["config"] | stored
    assert model_data["config"].text_name == model_data["config"]["text_name"] == "text"
    assert model_data["config"].is_binary is True
    assert not hasattr(model_data["config"], "no_such_setting")
    assert model_data["feature_columns"] == ["customer_id", "text", "feature1", "feature2", "feature3"]
    assert model_data["calibrator"] == {"type": "regular", "data": [(0.0, 0.01), (0.5, 0.4), (1.0, 0.98)]}


def test_embeddings_and_vocabulary_are_those_of_training(model_data: ModelData, example_output: Path) -> None:
    tokenizer = json.loads((example_output / "tokenizer" / "tokenizer.json").read_text())

    assert model_data["vocab"] == tokenizer["model"]["vocab"]
    assert isinstance(model_data["embedding_mat"], np.ndarray)
    assert model_data["embedding_mat"].shape == (len(model_data["vocab"]), 32)


def test_what_training_stored_is_read_only_when_they_are_asked_for(example_output: Path) -> None:
    reads: list[str] = []
    files = open_files(example_output)

    class _Recording:
        def read(self, name: str) -> bytes:
            reads.append(name)
            return files.read(name)

        def __getattr__(self, name: str) -> object:
            return getattr(files, name)

        def __contains__(self, name: object) -> bool:
            return name in files

    recording = _Recording()
    artifact = read_files(recording, tokenizers=TokenizerSearch())  # type: ignore[arg-type]  # all but by name
    model_data = ModelData(Model(scorer_of(artifact)))
    reads.clear()

    of_training = ("config", "embedding_mat", "vocab")
    for key in (key for key in KEYS if key not in of_training):
        model_data[key]
    predict_fn({"text": "a", "feature1": 1, "feature2": "b", "feature3": 2}, model_data)
    assert "model_artifacts.pth" not in reads
    for key in (*of_training, "embedding_mat"):
        model_data[key]

    assert reads.count("model_artifacts.pth") == 1


def test_processors_do_what_the_model_reads(model_data: ModelData) -> None:
    assert list(model_data["pipelines"]) == ["text"]
    assert list(model_data["risk_processors"]) == ["feature2"]
    assert list(model_data["numerical_processors"]) == ["feature1", "feature3"]
    risk = model_data["risk_processors"]["feature2"]
    assert [risk.process(value) for value in ("category_B", "new", None, math.nan)] == [0.7, 0.5, 0.5, 0.5]
    assert risk.apply(["category_A", "category_B"]) == [0.2, 0.7]
    number = model_data["numerical_processors"]["feature1"]
    assert [number(value) for value in (2, " 7.5 ", True, None, "", math.nan)] == [2, 7.5, 1, 4.5, 4.5, 4.5]
    with pytest.raises(BadInput, match='field "feature1": expected a number'):
        number.process("many")
    with pytest.raises(BadInput, match='field "feature2": expected a string, found a list'):
        risk.process(["category_A"])


def test_a_text_pipeline_gives_chunks_of_token_ids(text_output: Callable[[Layout], Path]) -> None:
    layout = Layout(
        numbers={"feature1": 1.0},
        columns=("text", "feature1"),
        steps=("dialogue_splitter", "text_normalizer", "dialogue_chunker", "tokenizer"),
    )
    pipeline = model_fn(text_output(layout))["pipelines"]["text"]
    long = "lovely dress " * 9

    chunks = pipeline.process(f"[bom] {long} [eom] [bom] {long} [eom]")

    assert len(chunks) == 2
    assert chunks[0] == chunks[1]
    assert len(chunks[0]["input_ids"]) == len(chunks[0]["attention_mask"]) == 20
    assert set(chunks[0]["attention_mask"]) == {1}
    assert pipeline(None) == pipeline("") == pipeline.apply([math.nan])[0]
    assert pipeline.apply(["[bom] a [eom]", 12])[0] == pipeline("[bom] a [eom]")


@pytest.mark.parametrize("packed", [False, True], ids=["training output", "packed"])
def test_a_booster_has_the_same_keys_without_texts_and_embeddings(
    packed: bool, trees_output: Path, request: pytest.FixtureRequest
) -> None:
    path = request.getfixturevalue("packed_trees") if packed else trees_output

    model_data = model_fn(path)

    assert list(model_data) == KEYS
    assert model_data["embedding_mat"] is None
    assert model_data["vocab"] == {}
    assert model_data["pipelines"] == {}
    assert model_data["model_class"] == "xgboost"
    assert model_data["config"].num_classes == 2
    assert model_data["feature_columns"] == ["age", "income", "region", "code"]
    assert list(model_data["risk_processors"]) == ["region", "code"]
    assert list(model_data["numerical_processors"]) == ["age", "income"]
    assert model_data["calibrator"]["type"] == "regular"
    assert model_data["config"].imputation_dict.keys() >= {"age"}


def test_a_model_without_hyperparameters_has_the_copies_as_its_settings(
    text_output: Callable[[Layout], Path],
) -> None:
    output = text_output(EXAMPLE)
    (output / "hyperparameters.json").unlink()

    model_data = model_fn(output)

    assert model_data["hyperparameters"] == {}
    assert model_data["config"].text_processing_steps == list(EXAMPLE.steps)


def test_a_setting_that_hyperparameters_lack_is_its_copy_and_tables_are_those_in_use(
    text_output: Callable[[Layout], Path],
) -> None:
    output = text_output(EXAMPLE)
    settings = json.loads((output / "hyperparameters.json").read_text())
    steps = settings.pop("text_processing_steps")
    (output / "hyperparameters.json").write_text(json.dumps(settings | {"max_sen_len": 12}))
    imputation = EXAMPLE.numbers | {"feature1": -1.0}
    (output / "impute_dict.pkl").write_bytes(pickle.dumps(imputation))

    config = model_fn(output)["config"]

    assert config.text_processing_steps == steps
    assert config.max_sen_len == 12
    assert config.imputation_dict == imputation


@pytest.mark.parametrize("more", [{}, {"temperature.json": {"temperature": 2.0}}], ids=["alone", "beside"])
def test_a_calibrator_without_effect_on_so_many_classes_is_told_when_the_model_is_loaded(
    more: dict[str, object], text_output: Callable[[Layout], Path], caplog: pytest.LogCaptureFixture
) -> None:
    calibration = {"percentile_score.pkl": [(0.0, 0.0), (1.0, 1.0)], **more}
    layout = Layout(
        numbers={"feature1": 1.0},
        columns=("text", "feature1"),
        classes=("a", "b", "c"),
        calibration=calibration,
    )

    model_data = model_fn(text_output(layout))

    sentence = "the calibrator of kind percentile is one for two classes and has no effect on 3"
    scorer = model_data["model"].scorer
    assert scorer.degradations == (sentence,)
    assert sentence in caplog.text
    assert model_data["calibrator"]["type"] == ("temperature" if more else "percentile")
    scores = predict_fn({"text": "a", "feature1": 2}, model_data)
    is_raw = scores["raw_predictions"].tolist() == scores["calibrated_predictions"].tolist()
    assert is_raw is not bool(more)
    told = [oddity for oddity in describe(scorer).oddities if oddity.code.startswith("calibration.")]
    assert [oddity.code for oddity in told] == [
        "calibration.unused" if more else "calibration.without-effect"
    ]
    assert "one for two classes" in str(told[0])


def test_a_model_without_a_calibrator_or_a_list_of_columns_says_none(
    text_output: Callable[[Layout], Path],
) -> None:
    output = text_output(Layout(numbers={"feature1": 1.0}, columns=("text", "feature1")))
    (output / "feature_columns.txt").unlink()

    model_data = model_fn(output)

    assert model_data["calibrator"] is None
    assert model_data["feature_columns"] is None
