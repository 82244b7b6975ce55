"""Training outputs and packs of a text network with files that are missing, broken or hostile."""

import hashlib
import json
import os
import pickle
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from bad_input_cases import refusal

import servable
from fixtures_models import Model, run
from servable.artifact import read_torch
from servable.errors import Damaged

pytestmark = pytest.mark.slow

ARTIFACTS, SETTINGS = "model_artifacts.pth", "hyperparameters.json"
AGAIN = "copy the artifact again, or pack it again"
NO_FILE = (
    "expected the file beside the weights of a network, found no such file; "
    "copy it from the training output, or pass `--on-damage warn` to go on without"
)
NOT_JSON = (
    "line 1, column 2: expected valid JSON, found an error (Expecting property name enclosed in double "
    "quotes); mend the file, or write it again"
)
CUT_OFF = "expected the directory of a zip archive, found none; make the archive again"

Damage = Callable[[Path], None]


class Command:
    """An object whose pickle runs a command wherever it is loaded without care."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (os.system, ("touch executed",))


def _without(*names: str) -> Damage:
    def damage(trained: Path) -> None:
        for name in names:
            (trained / name).unlink()

    return damage


def _with(name: str, data: bytes) -> Damage:
    def damage(trained: Path) -> None:
        (trained / name).write_bytes(data)

    return damage


def _cut(name: str) -> Damage:
    def damage(trained: Path) -> None:
        whole = (trained / name).read_bytes()
        (trained / name).write_bytes(whole[: len(whole) // 2])

    return damage


# --- training outputs that are refused


@pytest.mark.parametrize(
    "arguments",
    [
        ("inspect", "trained"),
        ("serve", "trained", "--port", "0"),
        ("pack", "trained", "-o", "new.tar.gz"),
        ("predict", "trained", "reviews.csv", "-o", "scores.csv"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_artifacts_that_are_cut_off_are_refused_by_every_verb(
    arguments: tuple[str, ...], text_workshop: Path
) -> None:
    _cut(ARTIFACTS)(text_workshop / "trained")

    assert refusal(*arguments, cwd=text_workshop) == f"error: trained, {ARTIFACTS}: {CUT_OFF}\n"


def test_weights_that_are_cut_off_are_refused(text_workshop: Path) -> None:
    _cut("model.pth")(text_workshop / "trained")

    assert refusal("inspect", "trained", cwd=text_workshop) == f"error: trained, model.pth: {CUT_OFF}\n"


@pytest.mark.parametrize("file", [ARTIFACTS, SETTINGS])
def test_a_declared_file_that_is_missing_is_refused(file: str, text_workshop: Path) -> None:
    (text_workshop / "trained" / file).unlink()

    assert refusal("inspect", "trained", cwd=text_workshop) == f"error: trained, {file}: {NO_FILE}\n"


def test_settings_that_are_not_json_are_refused(text_workshop: Path) -> None:
    _with(SETTINGS, b"{not json")(text_workshop / "trained")

    assert refusal("inspect", "trained", cwd=text_workshop) == f"error: trained, {SETTINGS}, {NOT_JSON}\n"


def test_artifacts_that_would_run_a_command_are_refused_and_run_nothing(text_workshop: Path) -> None:
    with zipfile.ZipFile(text_workshop / "trained" / ARTIFACTS, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"config": Command()}, protocol=2))
        archive.writestr("archive/byteorder", "little")

    message = refusal("inspect", "trained", cwd=text_workshop)

    assert message == (
        f"error: trained, {ARTIFACTS}, member 'archive/data.pkl': expected plain data (list, tuple, dict, "
        "str, number), found a reference to `posix.system`; save it again as lists, dicts, strings and "
        "numbers\n"
    )
    assert not (text_workshop / "executed").exists()


def test_a_training_output_without_its_tokenizer_is_refused(text_workshop: Path) -> None:
    (text_workshop / "trained" / "tokenizer" / "tokenizer.json").unlink()

    message = refusal("inspect", "trained", cwd=text_workshop)

    assert message == (
        "error: tokenizer tiny-bert: expected tokenizer/tokenizer.json in the artifact, a folder of this "
        "name where SERVABLE_TOKENIZER_PATH says, or the cache of the Hugging Face hub, found none of them, "
        "and SERVABLE_TOKENIZER_PATH is not set; set SERVABLE_TOKENIZER_PATH to a folder with "
        "tokenizer.json and config.json, or pass `--allow-download`\n"
    )


def test_a_tokenizer_with_more_tokens_than_the_encoder_has_vectors_is_refused(text_workshop: Path) -> None:
    path = text_workshop / "trained" / "tokenizer" / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps(config | {"vocab_size": 50}))

    message = refusal("inspect", "trained", cwd=text_workshop)

    assert message == (
        "error: trained, tokenizer/tokenizer.json: expected at most 50 tokens, which the encoder has vectors "
        f"for, found {config['vocab_size']}; copy both files from the encoder that was trained\n"
    )


# --- damage that is passed over (decision 0011)


@pytest.fixture(scope="module")
def whole(text_model: Model) -> servable.Scorer:
    """A scorer of the training output as it was."""
    return servable.load(text_model.trained, threads=1)


@pytest.fixture
def trained(tmp_path: Path, text_model: Model) -> Path:
    """A copy of the training output."""
    return Path(shutil.copytree(text_model.trained, tmp_path / "trained"))


@pytest.mark.parametrize(
    ("damage", "degradations"),
    [
        (_without(ARTIFACTS), (f"{ARTIFACTS}: {NO_FILE}",)),
        (_cut(ARTIFACTS), (f"{ARTIFACTS}: {CUT_OFF}",)),
        (_without(SETTINGS), (f"{SETTINGS}: {NO_FILE}",)),
        (_with(SETTINGS, b"{"), (f"{SETTINGS}, {NOT_JSON}",)),
        (
            _with("risk_table_map.json", b"{"),
            (
                f"risk_table_map.json, {NOT_JSON}",
                f"risk_table_map: taken from its copy in {ARTIFACTS}",
            ),
        ),
        (
            _with("impute_dict.json", b'{"age": 1.0}'),
            (
                "impute_dict.json: expected the same table as impute_dict.pkl, found another one; "
                "write the table again with the training that made it",
                f"impute_dict: taken from its copy in {ARTIFACTS}",
            ),
        ),
    ],
    ids=[
        "no artifacts",
        "artifacts cut off",
        "no settings",
        "settings no JSON",
        "risk tables no JSON",
        "imputation values that differ",
    ],
)
def test_damage_is_refused_unless_a_warning_will_do_and_then_the_copies_score_the_same(
    damage: Damage, degradations: tuple[str, ...], trained: Path, whole: servable.Scorer
) -> None:
    damage(trained)

    with pytest.raises(Damaged) as caught:
        servable.load(trained)
    degraded = servable.load(trained, on_damage="warn", threads=1)

    assert str(caught.value) == f"{trained}, {degradations[0]}"
    assert degraded.degradations == degradations
    _assert_same_scores(degraded, whole)


@pytest.mark.parametrize("stem", ["risk_table_map", "impute_dict"])
def test_a_table_that_is_missing_is_taken_from_its_copy_and_that_is_said(
    stem: str, trained: Path, whole: servable.Scorer
) -> None:
    _without(f"{stem}.json", f"{stem}.pkl")(trained)

    scorer = servable.load(trained, threads=1)

    assert scorer.degradations == (f"{stem}: taken from its copy in {ARTIFACTS}",)
    _assert_same_scores(scorer, whole)


def test_a_calibrator_that_is_broken_gives_way_to_raw_scores_and_that_is_said(trained: Path) -> None:
    _with("calibration/calibration_model.json", b"{")(trained)

    scorer = servable.load(trained, on_damage="warn", threads=1)
    scores = scorer.score({"age": 39, "division": "General", "text": "lovely dress"})

    assert scorer.degradations == (f"calibration/calibration_model.json, {NOT_JSON}",)
    assert scores.calibrated.tobytes() == scores.raw.tobytes()


def test_default_text_steps_are_never_taken_in_silence(trained: Path) -> None:
    settings = json.loads((trained / SETTINGS).read_text())
    (trained / SETTINGS).write_text(json.dumps(settings | {"text_processing_steps": None}))
    stored = read_torch((trained / ARTIFACTS).read_bytes(), where=ARTIFACTS)
    assert isinstance(stored, dict)
    del stored["config"]["text_processing_steps"]  # the copy would do as well
    torch.save({key: stored[key] for key in ("config", "model_class")}, trained / ARTIFACTS)

    scorer = servable.load(trained, threads=1)

    assert scorer.degradations == (
        'field "text": no "text_processing_steps", so the default steps dialogue_splitter, html_normalizer, '
        "emoji_remover, text_normalizer, dialogue_chunker, tokenizer are used",
    )


def _assert_same_scores(scorer: servable.Scorer, whole: servable.Scorer) -> None:
    golden = whole.artifact.golden
    assert golden is not None
    table = golden.table()
    found, expected = (of.score_records(of.schema.bind(table)) for of in (scorer, whole))
    assert np.array_equal(found.raw, expected.raw)
    assert np.array_equal(found.calibrated, expected.calibrated)


def test_without_settings_and_without_their_copy_nothing_is_loaded(text_workshop: Path) -> None:
    _without(ARTIFACTS, SETTINGS)(text_workshop / "trained")

    message = refusal("inspect", "trained", "--on-damage", "warn", cwd=text_workshop)

    assert message.splitlines()[-1] == (
        'error: trained, hyperparameters.json: expected "tab_field_list", a list of names, found none; '
        "write the file again with the training that made it"
    )


def test_inspect_shows_what_was_passed_over(text_workshop: Path) -> None:
    _without(SETTINGS)(text_workshop / "trained")

    ran = run("inspect", "trained", "--on-damage", "warn", "--json", cwd=text_workshop)

    assert ran.exit_code == 0
    assert ran.json["degradations"] == [f"{SETTINGS}: {NO_FILE}"]
    assert ran.stderr == f"WARNING: {SETTINGS}: {NO_FILE}\n"


# --- packs


@pytest.fixture
def packed(text_workshop: Path) -> Path:
    """The pack as a folder."""
    with tarfile.open(text_workshop / "model.tar.gz") as archive:
        archive.extractall(text_workshop / "packed", filter="data")
    return text_workshop / "packed"


def _seal(packed: Path) -> None:
    """Write the manifest anew, so that it fits files that were changed."""
    manifest = json.loads((packed / "manifest.json").read_text())
    for name in manifest["files"]:
        data = (packed / name).read_bytes()
        manifest["files"][name] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    (packed / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize("file", ["encoder.onnx", "head.onnx", "tokenizer/tokenizer.json"])
def test_a_packed_file_that_was_changed_is_refused(file: str, packed: Path, text_workshop: Path) -> None:
    listed = json.loads((packed / "manifest.json").read_text())["files"][file]["sha256"]
    data = (packed / file).read_bytes() + b" "
    (packed / file).write_bytes(data)

    message = refusal("serve", "packed", "--port", "0", cwd=text_workshop)

    assert message == (
        f"error: packed, {file}: expected the packed file, sha256 {listed}, "
        f"found sha256 {hashlib.sha256(data).hexdigest()}; {AGAIN}\n"
    )


@pytest.mark.parametrize(
    ("file", "name"), [("encoder.onnx", 'encoder of the field "text"'), ("head.onnx", "head")]
)
def test_a_graph_that_is_none_is_refused_whatever_its_manifest_says(
    file: str, name: str, packed: Path, text_workshop: Path
) -> None:
    (packed / file).write_bytes(b"junk")
    _seal(packed)

    message = refusal("serve", "packed", "--port", "0", cwd=text_workshop)

    assert message == (
        f"error: {name}: expected an ONNX graph that ONNX Runtime can load, found one that it refuses "
        "(a file that is cut off); pack the artifact again\n"
    )


def test_a_graph_that_is_missing_is_refused_even_if_a_warning_would_do(
    packed: Path, text_workshop: Path
) -> None:
    (packed / "encoder.onnx").unlink()

    message = refusal("serve", "packed", "--port", "0", "--on-damage", "warn", cwd=text_workshop)

    warning, error = message.splitlines()
    assert warning.startswith("WARNING: encoder.onnx: expected the packed file, sha256 ")
    assert error == f"error: encoder.onnx: expected the model file, found no such file; {AGAIN}"
