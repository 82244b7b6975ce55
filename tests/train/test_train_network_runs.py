"""How a fine-tuning run goes: what it says, when it ends, how it is stopped and resumed."""

import json
import os
import re
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_trainings import STOPS, TABLE, USES, Trained, kept_texts, settings_of, stop_training, train_network

from fixtures_models import Row, contents, end, start, write_table
from fixtures_text import COLUMNS
from servable.errors import BadInput, Damaged
from servable.train import NetworkSettings, train

pytestmark = pytest.mark.slow
lightning = pytest.importorskip("lightning")
torch = pytest.importorskip("torch")

STEPS = -(-291 // 32)  # of an epoch
ENDS: dict[str, Any] = {"lr": STOPS, "head_lr": STOPS, "max_epochs": 5, "patience": 1}
OTHER_DATA = (
    "checkpoints/last.ckpt: expected the rows and the encoder of this run, found others; "
    "resume with the same table, columns and encoder"
)
UNREADABLE = (
    "checkpoints/last.ckpt: expected a checkpoint that `servable train` wrote, found another file, or a part "
    "of one; run without `--resume`, or with another folder"
)
_START_S = 120.0


def _refusal(folder: Path, settings: NetworkSettings, *, rows: list[Row] = TABLE) -> str:
    """The sentence of a training that is refused and leaves nothing but its table and old checkpoints."""
    table = write_table(folder / "reviews.csv", rows, columns=COLUMNS)
    before = contents(folder)
    with pytest.raises((BadInput, Damaged)) as caught:
        train(table, folder / "output", columns=USES, settings=settings)
    assert contents(folder) == before
    return str(caught.value)


@pytest.fixture(scope="module")
def ended(encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A training that learns nothing and therefore ends after its second epoch."""
    folder = tmp_path_factory.mktemp("ended")
    return train_network(folder, encoder, **ENDS, keep_checkpoints=True)


# --- what it says


def test_a_person_is_told_how_long_an_epoch_will_take_before_the_first_step(trained: Trained) -> None:
    told = trained.told

    estimate = told.lines[told.at("training tiny-bert")]

    assert re.fullmatch(
        r"training tiny-bert on 291 rows, fp32, at most 2 epochs, on 1 thread: about [0-9]+ (s|min) for an "
        r"epoch's steps; `--sample` makes it shorter",
        estimate,
    )
    assert told.at("training tiny-bert") < told.at("[fine-tune")
    assert f"[fine-tune {2 * STEPS}/{2 * STEPS}]" in told.lines


def test_rows_that_fill_less_than_one_batch_are_trained_on(encoder: Path, tmp_path: Path) -> None:
    told = train_network(tmp_path, encoder, batch_size=1000).told

    assert "[fine-tune 1/1]" in told.lines


def test_the_baseline_stands_beside_the_model_and_the_verdict_is_said(ended: Trained) -> None:
    *_, baseline, verdict = ended.result.summary_lines()

    facts = ended.json("training.json")["test"]["baseline"]
    assert baseline.startswith("  baseline (tf-idf and logistic regression): AUC 0.")
    assert f"AUC {facts['scores']['auc']['value']:.4f} [" in baseline
    assert re.match(r"  the model is (worse|no better) than the baseline: log-loss [+-]", verdict)
    assert ended.result.baseline is not None
    assert ended.result.baseline.comparison.standing != "better"


def test_a_column_that_knows_the_label_is_warned_about_before_the_work(encoder: Path, tmp_path: Path) -> None:
    rows = [(*row[:3], 7 * int(str(row[-1])), *row[3:]) for row in TABLE]

    trained = train_network(tmp_path, encoder, rows=rows, columns=(*COLUMNS[:3], "refund", *COLUMNS[3:]))

    sentence = (
        'column "refund" tells the classes apart by itself, with an AUC of 1.000 on 420 rows; '
        "drop it if its value is known only when the label is"
    )
    assert trained.result.warnings == (sentence,)
    assert trained.told.at(f"warning: {sentence}") < trained.told.at("training tiny-bert")
    assert trained.json("training.json")["warnings"] == [sentence]


# --- which rows


def test_a_sample_cuts_the_rows_to_fit_on_and_no_others(
    trained: Trained, encoder: Path, tmp_path: Path
) -> None:
    cut = train_network(tmp_path, encoder, uses=replace(USES, sample=120))

    assert cut.result.rows == {**trained.result.rows, "train": 120, "valid": 30}
    assert cut.json("hyperparameters.json")["training_rows"] == 120
    assert cut.json("training.json")["split"]["sample"] == 120
    assert kept_texts(cut) == kept_texts(trained)


def test_rows_of_one_group_stay_in_one_part(encoder: Path, tmp_path: Path) -> None:
    rows = [(*row[:2], f"customer {number // 7}", *row[2:]) for number, row in enumerate(TABLE)]
    columns = (*COLUMNS[:2], "customer", *COLUMNS[2:])

    trained = train_network(
        tmp_path, encoder, rows=rows, columns=columns, uses=replace(USES, group_column="customer")
    )

    lines = (trained.output / "golden/requests.ndjson").read_text(encoding="utf-8").splitlines()
    tested = {json.loads(line).get("order") for line in lines}
    customers = [{row[0] in tested for row in rows[at : at + 7]} for at in range(0, len(rows), 7)]
    assert all(len(is_tested) == 1 for is_tested in customers)
    assert {True} in customers
    assert trained.json("training.json")["split"]["key"] == "customer"
    assert all("customer" not in json.loads(line) for line in lines)


# --- when it ends


def test_it_ends_when_no_epoch_has_been_better_for_a_while(ended: Trained) -> None:
    assert ended.result.model == "tiny-bert, 2 epochs, fp32"
    assert _steps_of(ended.checkpoints / "best.ckpt") == STEPS
    assert _steps_of(ended.checkpoints / "last.ckpt") == 2 * STEPS


def _steps_of(checkpoint: Path) -> int:
    steps: int = torch.load(checkpoint, weights_only=True)["global_step"]
    return steps


def test_weights_that_are_no_numbers_are_not_written(encoder: Path, tmp_path: Path) -> None:
    settings = settings_of(encoder, tmp_path / "checkpoints")
    weights = dict(settings.encoder.weights)
    weights["pooler.dense.bias"] = np.full_like(weights["pooler.dense.bias"], np.nan)

    message = _refusal(tmp_path, replace(settings, encoder=replace(settings.encoder, weights=weights)))

    assert message == (
        "setting lr: expected a rate at which the loss stays finite, found 0.005 and a loss of NaN; "
        "correct the setting"
    )


def test_an_encoder_whose_configuration_tells_of_other_weights_is_refused(
    encoder: Path, tmp_path: Path
) -> None:
    settings = settings_of(encoder, tmp_path / "checkpoints")
    config = settings.encoder.config | {"max_position_embeddings": 32}

    message = _refusal(tmp_path, replace(settings, encoder=replace(settings.encoder, config=config)))

    assert message == (
        "encoder weights: expected the weight `text_subnetwork.bert.embeddings.position_embeddings.weight` "
        "of shape [32, 32], found one of shape [64, 32]; use the weights, the encoder and the model_class of "
        "one and the same training"
    )


def test_an_accelerator_that_is_not_there_is_refused(encoder: Path, tmp_path: Path) -> None:
    message = _refusal(tmp_path, settings_of(encoder, tmp_path / "checkpoints", accelerator="abacus"))

    assert message == (
        "setting accelerator: expected devices that this machine has, found 1 of 'abacus' (You selected an "
        "invalid accelerator name: `accelerator='abacus'`); correct the setting"
    )


# --- checkpoints


def test_checkpoints_are_kept_where_they_are_asked_for(trained: Trained) -> None:
    assert sorted(path.name for path in trained.checkpoints.iterdir()) == ["best.ckpt", "last.ckpt"]


def test_checkpoints_are_removed_where_they_are_not(repeated: Trained) -> None:
    assert not repeated.checkpoints.exists()


def test_files_of_others_beside_the_checkpoints_stay(encoder: Path, tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "notes.txt").write_text("mine")

    trained = train_network(tmp_path, encoder)

    assert contents(trained.checkpoints) == {"notes.txt": b"mine"}


def test_a_run_that_was_killed_is_resumed_as_if_it_had_not_been(encoder: Path, tmp_path: Path) -> None:
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    killed.mkdir()
    whole.mkdir()
    write_table(killed / "reviews.csv", TABLE, columns=COLUMNS)
    columns = ("--label", "recommended", "--id", "order", "--text", "title,review")
    family = ("--family", "bimodal_bert", "--encoder", encoder, "--max-sen-len", "48", "--lr", "5e-3")
    length = ("--max-epochs", "6", "--patience", "6", "--threads", "1", "--precision", "fp32")
    options = (*columns, *family, *length, "--accelerator", "cpu", "--checkpoints", "checkpoints")

    process = start("train", "reviews.csv", *options, "-o", "output", log=killed / "log", cwd=killed)
    try:
        _wait_for(killed / "checkpoints" / "last.ckpt", while_runs=process.poll)
        process.kill()
        process.wait()
    finally:
        end(process)
    assert not (killed / "output").exists()
    step = _steps_of(killed / "checkpoints" / "last.ckpt")
    resumed = train_network(killed, encoder, max_epochs=6, patience=6, resume=True)

    assert 0 < step < 6 * STEPS
    assert f"[fine-tune {step}/{6 * STEPS}]" not in resumed.told.lines
    assert f"[fine-tune {step + 1}/{6 * STEPS}]" in resumed.told.lines
    uninterrupted = train_network(whole, encoder, max_epochs=6, patience=6)
    assert contents(resumed.output) == contents(uninterrupted.output)


def _wait_for(path: Path, *, while_runs: Callable[[], int | None]) -> None:
    deadline = time.monotonic() + _START_S
    while not path.exists() and while_runs() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert path.exists()


def test_a_run_that_was_over_is_resumed_to_the_same_output(
    trained: Trained, encoder: Path, tmp_path: Path
) -> None:
    shutil.copytree(trained.checkpoints, tmp_path / "checkpoints")

    again = train_network(tmp_path, encoder, max_epochs=2, patience=2, resume=True)

    assert not any(line.startswith("[fine-tune") for line in again.told.lines)
    assert contents(again.output) == contents(trained.output)
    assert not again.checkpoints.exists()


def test_a_run_that_had_ended_early_is_not_continued(ended: Trained, encoder: Path, tmp_path: Path) -> None:
    shutil.copytree(ended.checkpoints, tmp_path / "checkpoints")

    again = train_network(tmp_path, encoder, **ENDS, resume=True)

    assert again.result.model == "tiny-bert, 2 epochs, fp32"
    assert contents(again.output) == contents(ended.output)


@pytest.fixture
def again(
    trained: Trained, encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> NetworkSettings:
    """The settings by which a copy of the checkpoints, in this folder, could be resumed."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(trained.checkpoints, "checkpoints")
    return settings_of(encoder, Path("checkpoints"), max_epochs=2, patience=2, resume=True)


@pytest.mark.parametrize(
    ("changed", "named"),
    [({"lr": 1e-3}, "lr"), ({"seed": 4, "batch_size": 16}, "batch_size, seed"), ({"devices": 2}, "devices")],
    ids=["lr", "batch_size and seed", "devices"],
)
def test_a_run_of_other_settings_is_not_resumed(
    changed: dict[str, Any], named: str, again: NetworkSettings
) -> None:
    assert _refusal(Path(), replace(again, **changed)) == (
        f"checkpoints/last.ckpt: expected the settings of this run, found another value of {named}; "
        "resume with the same settings"
    )


def test_a_run_on_other_rows_is_not_resumed(again: NetworkSettings) -> None:
    rows = [(*row[:4], "another review", row[5]) for row in TABLE]

    assert _refusal(Path(), again, rows=rows) == OTHER_DATA


def test_a_run_of_another_encoder_is_not_resumed(again: NetworkSettings) -> None:
    weights = dict(again.encoder.weights)
    weights["pooler.dense.bias"] = weights["pooler.dense.bias"] + 1

    other = replace(again, encoder=replace(again.encoder, weights=weights))

    assert _refusal(Path(), other) == OTHER_DATA


@pytest.mark.parametrize("kept", [0, 4, 200_000], ids="{} bytes".format)
def test_a_checkpoint_of_which_a_part_is_there_is_refused(kept: int, again: NetworkSettings) -> None:
    last = Path("checkpoints", "last.ckpt")
    last.write_bytes(last.read_bytes()[:kept])

    assert _refusal(Path(), again) == UNREADABLE


def test_a_file_of_torch_that_is_no_checkpoint_is_refused(again: NetworkSettings) -> None:
    torch.save({"state_dict": {}}, Path("checkpoints", "last.ckpt"))

    assert _refusal(Path(), again) == UNREADABLE


def test_without_a_checkpoint_nothing_is_resumed(again: NetworkSettings) -> None:
    shutil.rmtree("checkpoints")

    assert _refusal(Path(), again) == (
        "checkpoints/last.ckpt: expected a checkpoint to go on from, found no such file; "
        "run without `--resume`, or name the folder with `--checkpoints`"
    )


# --- who stops it


def test_whoever_terminates_it_sees_that_it_did_not_end_well(encoder: Path, tmp_path: Path) -> None:
    def progress(what: str, done: int, _: int) -> None:
        if what == "fine-tune" and done == STEPS + 2:
            os.kill(os.getpid(), signal.SIGTERM)

    table = write_table(tmp_path / "reviews.csv", TABLE, columns=COLUMNS)
    settings = settings_of(encoder, tmp_path / "checkpoints", max_epochs=3)
    handler = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as caught:
        train(table, tmp_path / "output", columns=USES, settings=settings, progress=progress)

    assert caught.value.code == 128 + signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) == handler
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoints", "reviews.csv"]


def test_whoever_interrupts_it_sees_an_interrupt(encoder: Path, tmp_path: Path) -> None:
    handler = signal.getsignal(signal.SIGINT)
    try:
        stop_training(tmp_path, encoder, after_step=3, error=KeyboardInterrupt())
    finally:
        signal.signal(signal.SIGINT, handler)  # which Lightning has switched off

    assert [path.name for path in tmp_path.iterdir()] == ["reviews.csv"]
