"""Fine-tuning a network, from a table to a training output."""

import json
import os
import pickle
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_trainings import (
    TABLE,
    USES,
    Trained,
    joined,
    kept_texts,
    log_loss,
    request,
    rows_of,
    settings_of,
    train_network,
)

import servable
from fixtures_models import contents, write_table
from fixtures_text import COLUMNS
from servable.artifact import read_artifact
from servable.preprocess import TextReader
from servable.progress import Progress
from servable.records import ModelInputs
from servable.schema import Schema
from servable.train import NetworkSettings, train
from servable.train.batches import LengthBatches
from servable.train.family import Examples, FittedModel, Say
from servable.train.split import Part

pytestmark = pytest.mark.slow
lightning = pytest.importorskip("lightning")
torch = pytest.importorskip("torch")


# --- the training output


def test_an_output_has_the_files_of_the_layout(trained: Trained) -> None:
    assert [name for name, data in contents(trained.output).items() if data is not None] == [
        "calibration/calibration_model.json",
        "calibration/calibration_model.pkl",
        "feature_columns.txt",
        "golden/answers.ndjson",
        "golden/requests.ndjson",
        "hyperparameters.json",
        "impute_dict.json",
        "impute_dict.pkl",
        "model.pth",
        "model_artifacts.pth",
        "profile.json",
        "risk_table_map.json",
        "risk_table_map.pkl",
        "tokenizer/config.json",
        "tokenizer/tokenizer.json",
        "training.json",
        "training_rows.json",
    ]


def test_torch_itself_reads_the_weights_and_the_artifacts_without_running_anything(
    trained: Trained,
) -> None:
    weights = torch.load(trained.output / "model.pth", weights_only=True)
    with torch.serialization.safe_globals([torch.torch_version.TorchVersion]):
        artifacts = torch.load(trained.output / "model_artifacts.pth", weights_only=True)

    assert {tensor.dtype for tensor in weights.values()} == {torch.float32}
    words = weights["text_subnetwork.bert.embeddings.word_embeddings.weight"]
    assert isinstance(artifacts["embedding_mat"], torch.nn.Parameter)
    assert torch.equal(artifacts["embedding_mat"], words)
    vocabulary = trained.json("tokenizer/tokenizer.json")["model"]["vocab"]
    assert artifacts["vocab"] == vocabulary
    assert artifacts["model_class"] == "bimodal_bert"
    assert type(artifacts["torch_version"]) is torch.torch_version.TorchVersion


def test_the_artifacts_hold_a_copy_of_the_configuration_and_of_the_tables(trained: Trained) -> None:
    with torch.serialization.safe_globals([torch.torch_version.TorchVersion]):
        config = torch.load(trained.output / "model_artifacts.pth", weights_only=True)["config"]

    assert config == trained.json("hyperparameters.json") | {
        "imputation_dict": trained.json("impute_dict.json"),
        "risk_tables": trained.json("risk_table_map.json"),
    }


def test_hyperparameters_hold_every_effective_setting(trained: Trained, encoder: Path) -> None:
    found = trained.json("hyperparameters.json")

    settings = settings_of(encoder, trained.checkpoints, max_epochs=2, patience=2)
    of_the_machine = {"encoder", "text_steps", "checkpoints", "keep_checkpoints", "resume"}
    of_the_machine |= {"threads", "accelerator"}
    for name in {setting.name for setting in fields(settings)} - of_the_machine:
        assert found[name] == getattr(settings, name), name
    assert (found["model_class"], found["tokenizer"]) == ("bimodal_bert", "tiny-bert")
    assert found["text_processing_steps"] == list(settings.text_steps)
    assert (found["text_name"], found["text_columns"], found["text_separator"]) == (
        "text",
        ["title", "review"],
        " ",
    )
    assert (found["tab_field_list"], found["cat_field_list"]) == (["age"], ["division", "text"])
    assert (found["network_fields"], found["input_tab_dim"]) == (["age", "division"], 2)
    assert (found["chunk_trancate"], found["is_binary"], found["num_classes"]) == (True, True, 2)
    assert (found["id_name"], found["label_name"]) == ("order", "recommended")


def test_training_in_bf16_gives_weights_and_scores_in_fp32(encoder: Path, tmp_path: Path) -> None:
    trained = train_network(tmp_path, encoder, precision="bf16")

    weights = torch.load(trained.output / "model.pth", weights_only=True)
    scores = servable.load(trained.output).score([request(row) for row in rows_of(Part.TEST)])
    assert trained.json("hyperparameters.json")["precision"] == "bf16"
    assert {tensor.dtype for tensor in weights.values()} == {torch.float32}
    assert len(np.unique(scores.raw[:, 1])) > 0.9 * len(scores)


def test_no_file_of_an_output_names_a_path_of_the_machine(trained: Trained, encoder: Path) -> None:
    paths = {trained.output.parent, encoder.parent, Path(servable.__file__).parent, Path.cwd()}
    for name, data in contents(trained.output).items():
        for path in paths:
            assert data is None or os.fsencode(path) not in data, (name, path)


@pytest.mark.parametrize("stem", ["risk_table_map", "impute_dict", "calibration/calibration_model"])
def test_the_json_and_the_pickle_of_a_table_agree(stem: str, trained: Trained) -> None:
    pickled = pickle.loads((trained.output / f"{stem}.pkl").read_bytes())

    assert json.loads(json.dumps(pickled)) == trained.json(f"{stem}.json")


def test_the_columns_of_a_headerless_csv_are_fields_in_the_order_of_the_table(trained: Trained) -> None:
    lines = (trained.output / "feature_columns.txt").read_text(encoding="utf-8").splitlines()

    assert [line for line in lines if not line.startswith("#")] == ["0,age", "1,division", "2,text"]


# --- one way from a row to a score


def test_the_text_is_what_is_there_of_title_and_review(trained: Trained) -> None:
    texts = kept_texts(trained)

    test = rows_of(Part.TEST)
    assert texts == {row[0]: joined(row) for row in test}
    assert {(row[3] is None, row[4] is None) for row in test} >= {
        (False, False),
        (True, False),
        (False, True),
    }


def test_a_missing_text_is_none_and_not_a_blank(encoder: Path, tmp_path: Path) -> None:
    rows = [(*row[:3], None, None, row[5]) if number % 2 else row for number, row in enumerate(TABLE)]

    trained = train_network(tmp_path, encoder, rows=rows)

    texts = kept_texts(trained)
    without = {row[0] for number, row in enumerate(TABLE) if number % 2}
    assert {texts[key] for key in without & texts.keys()} == {None}
    assert None not in {texts[key] for key in texts.keys() - without}


def test_golden_answers_are_the_scores_of_the_same_rows_of_the_table(trained: Trained) -> None:
    scorer = servable.load(trained.output)
    golden = scorer.artifact.golden
    assert golden is not None
    rows = {row[0]: row for row in TABLE}
    keys = [json.loads(request).get("order") for request in golden.requests][: -golden.derived]

    scores = scorer.score([request(rows[key]) for key in keys])

    assert set(keys) == {row[0] for row in rows_of(Part.TEST)}
    real = slice(0, len(keys))
    assert np.abs(scores.raw - golden.reference.raw[real]).max() <= 5e-6
    assert np.abs(scores.calibrated - golden.reference.calibrated[real]).max() <= 1e-4


@dataclass
class Watched:
    """The family, and what it was given to fit on."""

    settings: NetworkSettings
    given: dict[str, Examples] = field(default_factory=dict)
    model_class: str = "bimodal_bert"
    missing: float = 0.0
    seed: int = 0

    def require_fields(self, schema: Schema) -> None:
        self.settings.require_fields(schema)

    def readers(self, schema: Schema) -> Mapping[str, TextReader]:
        return self.settings.readers(schema)

    def fit(
        self, train: Examples, valid: Examples, schema: Schema, *, say: Say, progress: Progress
    ) -> FittedModel:
        self.given = {"train": train, "valid": valid}
        return self.settings.fit(train, valid, schema, say=say, progress=progress)


def _assert_equal(found: ModelInputs, expected: ModelInputs) -> None:
    assert found.tabular.tobytes() == expected.tabular.tobytes()
    assert found.texts.keys() == expected.texts.keys()
    for name, text in found.texts.items():
        assert text.chunk_offsets.tolist() == expected.texts[name].chunk_offsets.tolist()
        assert [ids.tolist() for ids in text.token_ids] == [
            ids.tolist() for ids in expected.texts[name].token_ids
        ]


def test_a_network_is_fitted_on_what_serving_will_give_it(encoder: Path, tmp_path: Path) -> None:
    family = Watched(settings_of(encoder, tmp_path / "checkpoints"))
    table = write_table(tmp_path / "reviews.csv", TABLE, columns=COLUMNS)

    result = train(table, tmp_path / "output", columns=USES, settings=family)

    scorer = servable.load(result.output)
    for part in (Part.TRAIN, Part.VALID):
        requests = [request(row) for row in rows_of(part)]
        named = scorer.schema.bind(servable.scorer.to_table(requests))
        _assert_equal(family.given[part.value].inputs, scorer.preprocessor.apply(named))
        assert family.given[part.value].labels.tolist() == [row[-1] for row in rows_of(part)]


def test_the_model_that_is_served_has_the_validation_loss_of_the_best_epoch(trained: Trained) -> None:
    best = torch.load(trained.checkpoints / "best.ckpt", weights_only=True)
    (state,) = [state for state in best["callbacks"].values() if "best" in state]

    scores = servable.load(trained.output).score([request(row) for row in rows_of(Part.VALID)])

    assert log_loss(scores.raw.astype(np.float64), rows_of(Part.VALID)) == pytest.approx(
        state["best"], abs=1e-5
    )


def test_every_epoch_passes_over_the_batches_in_another_order() -> None:
    class Looked(lightning.LightningModule):  # type: ignore[misc, name-defined]  # skipped where it is missing
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(1))
            self.seen: list[list[list[int]]] = []

        def train_dataloader(self) -> Any:
            sampler = LengthBatches(np.arange(1, 41), batch_size=4, seed=0)
            return torch.utils.data.DataLoader(range(40), batch_sampler=sampler)

        def on_train_epoch_start(self) -> None:
            self.seen.append([])

        def training_step(self, batch: Any, _: int) -> Any:
            self.seen[-1].append(batch.tolist())
            return self.weight.sum()

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD([self.weight], lr=0.1)

    looked = Looked()
    quiet: dict[str, Any] = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = lightning.Trainer(
        accelerator="cpu", max_epochs=3, use_distributed_sampler=False, enable_checkpointing=False, **quiet
    )
    with warnings.catch_warnings():  # of advice on workers and devices
        warnings.simplefilter("ignore")
        trainer.fit(looked)

    assert [sorted(row for batch in epoch for row in batch) for epoch in looked.seen] == [list(range(40))] * 3
    assert looked.seen[0] != looked.seen[1] != looked.seen[2] != looked.seen[0]


# --- the profile


def test_the_profile_has_lengths_tokens_and_scores_of_held_out_rows_and_no_text(trained: Trained) -> None:
    profile = read_artifact(trained.output).profile

    assert profile is not None
    (text,) = profile.texts
    held_out = [joined(row) for part in (Part.CALIB, Part.TEST) for row in rows_of(part)]
    assert (profile.rows, profile.held_out) == (len(TABLE), len(held_out))
    assert text.empty == sum(joined(row) is None for row in TABLE)
    assert text.tokens is not None
    assert text.tokens.rows == profile.scored == len(held_out)  # no two of them are equal
    assert text.cut > 0
    data = (trained.output / "profile.json").read_bytes()
    words = {word for text in held_out for word in (text or "").split()}
    assert not [word for word in words if word.encode() in data and len(word) > 4]


# --- the same bytes


def test_one_seed_gives_one_output(trained: Trained, repeated: Trained) -> None:
    assert contents(repeated.output) == contents(trained.output)


def test_another_seed_gives_another_model(trained: Trained, encoder: Path, tmp_path: Path) -> None:
    other = train_network(tmp_path, encoder, seed=1, max_epochs=2, patience=2)

    of_seed = {"model.pth", "model_artifacts.pth", "golden/answers.ndjson", "hyperparameters.json"}
    of_rows = {"golden/requests.ndjson", "impute_dict.json", "risk_table_map.json", "feature_columns.txt"}
    first, second = contents(trained.output), contents(other.output)
    changed = {name for name, data in first.items() if second[name] != data}
    assert of_seed <= changed
    assert not of_rows & changed
