"""`pack` stops at a missing or corrupt file with its name and what was expected, and writes nothing."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from bad_input_cases import refusal

from fixtures_models import Model, contents
from servable.errors import ServableError
from servable.pack import pack

Damage = Callable[[Path], None]


def _remove(path: Path) -> None:
    path.unlink()


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _garble(path: Path) -> None:
    path.write_bytes(b"\x00garbage")


def _empty(path: Path) -> None:
    path.write_bytes(b"")


REQUIRED = {
    "trees": ("xgboost_model.bst", "feature_columns.txt"),
    "network": ("model.pth", "model_artifacts.pth", "hyperparameters.json", "tokenizer/tokenizer.json"),
}
PRESENT = {
    "trees": (
        *("hyperparameters.json", "risk_table_map.json", "risk_table_map.pkl", "impute_dict.json"),
        *("impute_dict.pkl", "calibration/calibration_model.json", "calibration/calibration_model.pkl"),
        *("golden/answers.ndjson", "golden/requests.ndjson", "training.json"),
    ),
    "network": (
        *("risk_table_map.json", "impute_dict.pkl", "calibration/calibration_model.json"),
        *("golden/answers.ndjson", "tokenizer/config.json"),
    ),
}
TABLES = ("risk_table_map", "impute_dict", "calibration/calibration_model")
"""Stored as plain data and as a pickle: a sentence names one of the two, or both by what they share."""

CASES = [
    pytest.param(family, file, damage, id=f"{family}-{file}-{damage.__name__.strip('_')}")
    for files, damages in (
        (REQUIRED, (_remove, _cut, _garble, _empty)),
        (PRESENT, (_cut, _garble, _empty)),
    )
    for family in files
    for file in files[family]
    for damage in damages
]


@pytest.fixture
def outputs(model: Model, text_model: Model, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """A training output of each kind."""
    monkeypatch.delenv("SERVABLE_TOKENIZER_PATH", raising=False)
    return {"trees": model.trained, "network": text_model.trained}


@pytest.mark.slow
@pytest.mark.parametrize(("family", "file", "damage"), CASES)
def test_a_file_that_is_missing_or_corrupt_stops_pack_with_its_name_and_what_was_expected(
    family: str, file: str, damage: Damage, outputs: dict[str, Path], tmp_path: Path
) -> None:
    shutil.copytree(outputs[family], tmp_path / "trained")
    damage(tmp_path / "trained" / file)
    before = contents(tmp_path)

    with pytest.raises(ServableError) as caught:
        pack(tmp_path / "trained", tmp_path / "model.tar.gz")

    sentence = str(caught.value)
    stem = file.rpartition(".")[0]
    assert (stem if stem in TABLES else file) in sentence
    assert re.fullmatch(".+: expected .+, found .+; .+", sentence)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            ("--golden", "sythetic"),
            "--golden: expected real, synthetic, none or a table in a file, found sythetic, which is no "
            "file; check the path",
        ),
        (
            ("--golden", "folder"),
            "folder: expected a table in a file, found a folder; check the path",
        ),
        (
            ("--golden", "rows.csv"),
            'rows.csv, record 0, field "age": expected a number between -3.403e+38 and 3.403e+38, '
            "found the string 'old'; send a number, or null if the value is missing",
        ),
        (
            ("--golden-answers", "rows.csv"),
            "rows.csv line 1, column 1: expected valid JSON, found an error (Expecting value); "
            "mend the file, or write it again (and 1 more problem)",
        ),
        (
            ("--golden", "none", "--golden-answers", "rows.csv"),
            "`--golden` and `--golden-answers` both name golden records; pass one",
        ),
    ],
    ids=["no such word", "a folder", "a bad table", "no recorded answers", "two sources"],
)
def test_golden_records_that_cannot_be_used_are_refused(
    options: tuple[str, ...], sentence: str, workshop: Path
) -> None:
    (workshop / "folder").mkdir()
    (workshop / "rows.csv").write_text("age,income,region,plan\nold,1,north,plus\n")

    message = refusal("pack", "trained", "-o", "new.tar.gz", *options, cwd=workshop)

    assert message == f"error: {sentence}\n"
