"""`servable inspect` of real models, trained, packed and recorded: text, JSON, page."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import servable
from fixtures_models import Model
from servable.cli.inspect import command
from servable.errors import BadInput
from servable.inspection import describe, description_lines
from servable.inspection.page import description_page

WITHOUT_PAGES = """
import sys
sys.modules["jinja2"] = None  # as Python marks a module that cannot be imported
from servable.cli import main
main(["inspect", *sys.argv[1:]])
"""


def inspect(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_it_prints_text_or_json(model: Model) -> None:
    text, plain = inspect(model.archive), inspect(model.archive, "--json")

    assert (text.exit_code, plain.exit_code) == (0, 0)
    assert text.output.startswith("customers (xgboost, packed)\n  digest      sha256:")
    assert plain.output.startswith('{\n  "name": "customers",\n')


def test_it_writes_a_page_beside_what_it_prints(model: Model, tmp_path: Path) -> None:
    page = tmp_path / "page.html"

    ran = inspect(model.archive, "--html", page)

    assert ran.exit_code == 0
    assert ran.output == inspect(model.archive).output
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert list(tmp_path.iterdir()) == [page]


def test_a_place_that_is_a_folder_is_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    ran = inspect(tmp_path / "absent", "--html", tmp_path)

    assert isinstance(ran.exception, BadInput)
    assert ran.exception.code == "write.target"


def test_without_the_library_of_pages_text_is_printed_and_a_page_refused(
    model: Model, tmp_path: Path
) -> None:
    def run(*options: str) -> "subprocess.CompletedProcess[str]":
        words = [sys.executable, "-c", WITHOUT_PAGES, str(model.archive), *options]
        return subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path)

    text, page = run(), run("--html", "page.html")

    assert (text.returncode, text.stderr) == (0, "")
    assert (page.returncode, page.stdout) == (2, "")
    assert page.stderr == (
        "error: the page of a report: expected the package jinja2, found that it is not installed; "
        "install servable[prove]\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_training_output_and_its_pack_are_told_alike_but_for_what_packing_adds(model: Model) -> None:
    trained, packed = (
        description_lines(describe(servable.load(path))) for path in (model.trained, model.archive)
    )

    added = [line.split()[0] for line in packed if line and line not in trained]
    assert added == ["customers", "digest", "engine", "conversion", "data", "files"]
    assert [line for line in trained if "`servable pack`" in line] == [
        "  note        engine: xgboost needs servable[trees] where it serves; `servable pack` makes an "
        "artifact without that"
    ]


@pytest.mark.slow
def test_a_network_and_its_pack_are_told_alike_but_for_what_packing_adds(text_model: Model) -> None:
    trained, packed = (describe(servable.load(path)) for path in (text_model.trained, text_model.archive))

    lines = description_lines(trained)
    added = [line.split()[0] for line in description_lines(packed) if line not in lines]
    assert added == ["reviews", "digest", "engine", "conversion", "data", "files"]
    assert [oddity.code for oddity in trained.oddities] == ["text.one-message", "engine.extra"]
    assert [oddity.code for oddity in packed.oddities] == ["text.one-message"]
    (text,) = (field.text for field in packed.fields if field.text)
    assert (text.tokenizer.place, packed.layout) == ("tokenizer/tokenizer.json", "packed")


# --- models that another implementation trained

NETWORK = {
    "columns.repeated",
    "table.missing-words",
    "text.dialogue-splitter",
    "text.emoji-remover",
    "golden.none",
    "table.numeric-keys",
    "text.full-chunk",
    "text.chunk-limit",
}
TREES = {"golden.none", "table.numeric-keys", "engine.extra"}


@pytest.mark.conformance
@pytest.mark.parametrize(
    ("case", "layout", "codes"),
    [
        ("x01_xgb_binary", "XGBoost output", TREES),
        (
            "x02_xgb_binary_percentile",
            "XGBoost output",
            TREES | {"calibration.percentile", "calibration.step"},
        ),
        (
            "x05_xgb_multiclass_tables",
            "XGBoost output",
            TREES | {"table.one-number", "calibration.certainty"},
        ),
        (
            "x06_xgb_multiclass_percentile",
            "XGBoost output",
            TREES | {"table.one-number", "calibration.without-effect"},
        ),
        ("l01_lgb_binary", "LightGBM output", TREES),
        ("l05_lgb_native_categorical", "LightGBM output", TREES),
        ("t04_bimodal_bert", "text network output", NETWORK | {"engine.extra"}),
        (
            "t14_bimodal_multiclass_onnx_partial",
            "text network output",
            NETWORK
            | {"table.one-number", "calibration.class-without-table", "calibration.certainty"}
            | {"engine.whole-graph"},
        ),
        (
            "t19_bimodal_cats_ignored",
            "text network output",
            (NETWORK - {"columns.repeated", "table.missing-words", "table.numeric-keys"})
            | {"field.table-without-effect", "engine.extra"},
        ),
        (
            "t21_cs_format",
            "text network output",
            (NETWORK - {"text.dialogue-splitter"}) | {"text.cs-chat-splitter", "engine.extra"},
        ),
        (
            "t22_no_chunker",
            "text network output",
            {"text.emoji-remover", "text.no-chunker", "golden.none", "engine.extra"},
        ),
    ],
)
def test_what_is_odd_about_recorded_models_is_found(
    shared_dir: Path, case: str, layout: str, codes: set[str]
) -> None:
    folder = shared_dir / "conformance"
    scorer = servable.load(folder / "cases" / case / "artifact", tokenizers=folder)

    found = describe(scorer)

    assert (found.layout, {oddity.code for oddity in found.oddities}) == (layout, codes)
    assert description_page(scorer, found).count("<h1 ") == 1
