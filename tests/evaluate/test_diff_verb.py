"""`servable diff`: what it prints, what it ends with, and the page with its numbers."""

import json
from pathlib import Path

import pytest
from diffed import IMPUTED, SETTINGS, TABLES, changed, trained

from report_numbers import assert_in_json
from servable.artifact import write_tar_gz
from servable.cli import main
from servable.pack import pack
from tiny_boosters import COLUMNS, output_of, settings_of, xgboost_model

OF_SOMEBODY = "a record of somebody"
CELLS = {"age": "63.8125", "income": "0.71875", "balance": "-1.40625", "region": "south", "note": OF_SOMEBODY}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two training outputs that differ in one bin, the pack of the first, one of three classes, a table."""
    folder = tmp_path_factory.mktemp("diff")
    moved = changed(trained(), TABLES, "region", "bins", "south", to=35.0)
    write_tar_gz(folder / "a.tar.gz", trained())
    write_tar_gz(folder / "b.tar.gz", moved)
    classes = settings_of(num_classes=3, is_binary=False, multiclass_categories=["x", "y", "z"])
    model = xgboost_model("multi:softprob", classes=3, names=COLUMNS)
    three = output_of("xgboost_model.bst", model, hyperparameters__json=classes)
    write_tar_gz(folder / "three.tar.gz", three)
    write_tar_gz(folder / "other.tar.gz", changed(three, TABLES, "region", "bins", "south", to=35.0))
    pack(folder / "a.tar.gz", folder / "model.tar.gz")
    rows = [
        f"r{row},{row / 10 - 3},{row / 20},0.5,{'south' if row % 2 else 'north'},{OF_SOMEBODY}"
        for row in range(60)
    ]
    (folder / "rows.csv").write_text("\n".join(["id,age,income,balance,region,note", *rows, ""]))
    fields = settings_of(tab_field_list=["income", "balance"], cat_field_list=["age", "region"])
    by_bins = changed(trained(), TABLES, "age", to={"bins": {"1": 0.5}, "default_bin": -30.0})
    by_bins |= {SETTINGS: json.dumps(fields).encode(), IMPUTED: json.dumps({"income": -0.25}).encode()}
    write_tar_gz(folder / "bins.tar.gz", by_bins)
    (folder / "mine.csv").write_text("\n".join([",".join(CELLS), ",".join(CELLS.values()), ""]))
    write_tar_gz(folder / "remark.tar.gz", {**trained(), "notes.txt": b"mine"})
    (folder / "lone.bst").write_bytes(xgboost_model())
    (folder / "columns.txt").write_text("\n".join(COLUMNS))
    (folder / "strange.csv").write_text("age,income\n1,2\n")
    return folder


def _run(folder: Path, *arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Exit code, what was printed, and what was told on standard error."""
    files = {path.name for path in folder.iterdir()}
    words = [
        str(folder / word) if word in files or word.endswith((".html", ".gone")) else word
        for word in arguments
    ]
    with pytest.raises(SystemExit) as ended:
        main(["diff", *words])
    said = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, said.out, said.err


def test_a_training_output_and_its_pack_end_with_0(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text, told = _run(folder, "a.tar.gz", "model.tar.gz", capsys=capsys)

    assert (code, told) == (0, "")
    assert "Nothing differs that can move a score." in text
    assert "engine (moves no score)" in text
    assert "\nthe same: 4 fields; no texts; 1 risk table, 2 imputation values; weights; calibrator; " in text


def test_one_moved_bin_ends_with_1_and_is_told_with_what_follows(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text, _ = _run(folder, "a.tar.gz", "b.tar.gz", "--sample", "rows.csv", capsys=capsys)

    assert code == 1
    assert (
        "0 of 60 labels flip, on all 60 rows of rows.csv. What differs and can move a score: tables." in text
    )
    assert (
        "  region        bins: 1 moved; at most 34.75\n                south  0.25 -> 35 (+34.75)\n" in text
    )
    assert "; region 0.25 -> 35\n" in text
    assert [line for line in text.splitlines() if line and not line.startswith(" ")][3:] == [
        "how scores move",
        "tables",
        "about (moves no score)",
        "the same: 4 fields; no texts; weights; calibrator; engine; no golden records",
    ]
    assert f"  files that differ  {TABLES}\n" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("a.tar.gz", "nothing.gone"), "expected a folder or an archive"),
        (
            ("a.tar.gz", "b.tar.gz", "--sample", "nothing.gone"),
            "expected a table in a file, found no such file",
        ),
        (("a.tar.gz", "b.tar.gz", "--sample", "strange.csv"), "error: strange.csv"),
        (("a.tar.gz", "b.tar.gz", "--rows", "0"), "Invalid value for '--rows'"),
        (("a.tar.gz", "rows.csv"), "error: "),
        (("a.tar.gz",), "Missing argument 'B'"),
    ],
    ids=["no artifact", "no table", "a strange table", "no rows", "no model", "one artifact"],
)
def test_bad_input_ends_with_2_and_a_sentence(
    arguments: tuple[str, ...], words: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text, told = _run(folder, *arguments, capsys=capsys)

    assert (code, text) == (2, "")
    assert words in told


def test_a_page_of_another_name_is_refused_before_anything_is_scored(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, told = _run(folder, "a.tar.gz", "nothing.gone", "--html", "page.txt", capsys=capsys)

    assert code == 2
    assert "expected a name that ends in .html" in told


PAIRS = {
    "a bin": ("a.tar.gz", "b.tar.gz", "--sample", "rows.csv"),
    "a pack": ("a.tar.gz", "model.tar.gz"),
    "three classes": ("three.tar.gz", "other.tar.gz"),
    "other classes": ("a.tar.gz", "three.tar.gz"),
    "the same": ("a.tar.gz", "a.tar.gz"),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_every_number_of_the_page_stands_in_the_json_beside_it(
    pair: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, text, _ = _run(folder, *PAIRS[pair], "--json", "--html", "page.html", capsys=capsys)

    page, beside = (folder / "page.html").read_text(), json.loads((folder / "page.json").read_text())
    assert json.loads(text) == beside
    assert beside["sentence"] in page
    assert_in_json(page, beside)


def test_twice_the_same_gives_the_same_bytes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts, pages = set(), set()
    for _ in range(2):
        texts.add(_run(folder, *PAIRS["a bin"], "--html", "page.html", capsys=capsys))
        pages.add((folder / "page.html").read_bytes() + (folder / "page.json").read_bytes())

    assert (len(texts), len(pages)) == (1, 1)


def test_cells_of_records_are_shown_only_where_they_are_asked_for(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = {}
    for option in ([], ["--show-records"]):
        _, text, _ = _run(folder, *PAIRS["a bin"], *option, "--html", "page.html", capsys=capsys)
        said[bool(option)] = [text, (folder / "page.html").read_text(), (folder / "page.json").read_text()]

    assert [OF_SOMEBODY in text for text in said[False]] == [False, False, False]
    assert [OF_SOMEBODY in text for text in said[True]] == [True, True, True]


@pytest.mark.parametrize("option", [(), ("--json",)], ids=["text", "json"])
def test_no_cell_of_a_withheld_record_is_told_anywhere(
    option: tuple[str, ...], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("a.tar.gz", "bins.tar.gz", "--sample", "mine.csv", "--html", "page.html")
    _, text, _ = _run(folder, *arguments, *option, capsys=capsys)

    page, beside = (folder / "page.html").read_text(), (folder / "page.json").read_text()
    (mover,) = json.loads(beside)["scores"]["movers"]
    assert mover["inputs"] == [{"field": "age", "a": "as given", "b": -30.0}]
    told = text + page + beside
    rounded = {name: CELLS[name].lstrip("-")[:5] for name in ("age", "income", "balance")}
    for cells in (CELLS, rounded):  # as it came, and as a number is shown
        assert [name for name, cell in cells.items() if cell in told] == []


def test_files_that_differ_are_named_where_all_that_was_compared_is_the_same(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text, _ = _run(folder, "a.tar.gz", "remark.tar.gz", "--html", "page.html", capsys=capsys)

    assert code == 0
    assert "about (moves no score)\n  files that differ  notes.txt\n" in text
    assert json.loads((folder / "page.json").read_text())["files"] == ["notes.txt"]
    assert "notes.txt" in (folder / "page.html").read_text()


def test_a_list_of_columns_goes_to_whichever_side_is_a_booster_alone(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = ("--columns", str(folder / "columns.txt"))

    for pair in (("lone.bst", "a.tar.gz"), ("a.tar.gz", "lone.bst"), ("lone.bst", "lone.bst")):
        code, text, told = _run(folder, *pair, *columns, capsys=capsys)
        assert (code in {0, 1}, told) == (True, "")
        assert "weights" in text or "The same artifact" in text
    code, _, told = _run(folder, "a.tar.gz", "b.tar.gz", *columns, capsys=capsys)

    assert code == 2
    assert "pass `--columns` with a model file alone" in told


def test_what_a_stranger_named_cannot_steer_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bins = {"north": 0.0, "\x1b[31mred": 0.5}
    write_tar_gz(tmp_path / "a.tar.gz", trained())
    write_tar_gz(tmp_path / "b.tar.gz", changed(trained(), TABLES, "region", "bins", to=bins))

    _, text, _ = _run(tmp_path, "a.tar.gz", "b.tar.gz", capsys=capsys)

    assert "\\x1b[31mred" in text
    assert "\x1b" not in text


def test_the_help_says_what_the_exit_codes_mean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, text, _ = _run(tmp_path, "--help", capsys=capsys)

    said = " ".join(text.split())
    assert (
        "0 if nothing differs that can move a score, with 1 if something does, with 2 for bad input" in said
    )
