"""Which fields a sample has, of which type and in which order:
"Hyperparameters Structure" of the script's documentation."""

import json
from pathlib import Path

import pytest

from fixtures_script import HYPERPARAMETERS, run, warnings, write_archive, write_hyperparameters
from servable.artifact.feature_columns import parse_feature_columns
from servable.errors import Damaged
from servable.payload import script


def test_a_text_field_inside_a_list_keeps_its_place(tmp_path: Path) -> None:
    write_hyperparameters(tmp_path / "model", cat_field_list=["dialogue", "category1"], text_name="dialogue")

    samples = run(tmp_path / "model", tmp_path)

    assert samples["payload_text_csv_0.csv"] == "0.0,0.0,DEFAULT_TEXT,DEFAULT_TEXT"
    assert list(json.loads(samples["payload_application_json_0.json"]))[2] == "dialogue"


@pytest.mark.parametrize(
    ("tabular", "categorical", "row"),
    [
        (["a", "b"], ["a", "c"], "0.0,0.0,0.0,DEFAULT_TEXT"),
        (["a", "b", "a"], ["c"], "0.0,0.0,0.0,DEFAULT_TEXT"),
        (["a"], ["c", "c"], "0.0,DEFAULT_TEXT,DEFAULT_TEXT"),
    ],
    ids=["in both lists", "twice a number", "twice a category"],
)
def test_a_field_that_is_listed_twice_has_two_columns_and_one_key(
    tmp_path: Path, log: pytest.LogCaptureFixture, tabular: list[str], categorical: list[str], row: str
) -> None:
    write_hyperparameters(tmp_path / "model", tab_field_list=tabular, cat_field_list=categorical)

    samples = run(tmp_path / "model", tmp_path)

    assert samples["payload_text_csv_0.csv"] == row
    record = json.loads(samples["payload_application_json_0.json"])
    assert sorted(record) == sorted({*tabular, *categorical})
    assert record["a"] == "0.0"
    assert warnings(log).count("is listed more than once: JSON has it once, as ") == 1
    assert warnings(log).count("is more than one column: a CSV repeats it") == 1


def test_a_csv_whose_columns_are_known_repeats_what_they_repeat(
    tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    model_dir = write_hyperparameters(tmp_path / "model", cat_field_list=["feature1"])
    (model_dir / "feature_columns.txt").write_text("0,feature1\n1,feature2\n")

    samples = run(model_dir, tmp_path)

    assert samples["payload_text_csv_0.csv"] == "0.0,0.0"
    assert warnings(log) == "'feature1' is listed more than once: JSON has it once, as NUMERIC"


def test_absent_label_and_id_names_are_label_and_id(tmp_path: Path) -> None:
    write_hyperparameters(
        tmp_path / "model", cat_field_list=["id", "label", "c"], label_name=None, id_name=None
    )

    samples = run(tmp_path / "model", tmp_path, {"CONTENT_TYPES": "text/csv"})

    assert samples == {"payload_text_csv_0.csv": "0.0,0.0,DEFAULT_TEXT"}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"tab_field_list": "amount"}, r"tab_field_list: expected a list of names, found 'amount'; "),
        ({"cat_field_list": [1]}, r"cat_field_list: expected a list of names, found \[1\]; "),
        ({"text_name": ["a"]}, r"text_name: expected a name or null, found \['a'\]; "),
        ({"label_name": 3}, r"label_name: expected a name or null, found 3; "),
    ],
)
def test_a_field_list_of_another_type_is_refused(
    tmp_path: Path, changes: dict[str, object], sentence: str
) -> None:
    write_hyperparameters(tmp_path / "model", **changes)

    with pytest.raises(ValueError, match=sentence):
        run(tmp_path / "model", tmp_path)
    assert not (tmp_path / "out").exists()


def test_a_listed_id_and_a_repeated_name_have_cells_of_their_own(
    model_dir: Path, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    (model_dir / "feature_columns.txt").write_text("0,id\n1,feature1\n2,category1\n3,feature1\n")

    samples = run(model_dir, tmp_path, {"CONTENT_TYPES": "text/csv"})

    assert samples == {"payload_text_csv_0.csv": "DEFAULT_TEXT,0.0,DEFAULT_TEXT,0.0"}
    assert "in no field list get the text default: id" in warnings(log)
    assert "'feature1' is more than one column: a CSV repeats it" in warnings(log)
    assert "Fields without a CSV column, in JSON samples only: feature2" in warnings(log)


def test_the_manifests_columns_count_where_there_is_no_feature_columns_file(
    model_dir: Path, tmp_path: Path
) -> None:
    columns = ["category1", "feature1", "feature2"]
    (model_dir / "manifest.json").write_text(json.dumps({"schema": {"csv_columns": columns}}))

    by_manifest = run(model_dir, tmp_path, {"CONTENT_TYPES": "text/csv"})
    (model_dir / "feature_columns.txt").write_text("0,feature1\n1,category1\n2,feature2\n")
    by_file = run(model_dir, tmp_path, {"CONTENT_TYPES": "text/csv"})

    assert by_manifest == {"payload_text_csv_0.csv": "DEFAULT_TEXT,0.0,0.0"}
    assert by_file == {"payload_text_csv_0.csv": "0.0,DEFAULT_TEXT,0.0"}


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        ('{"made by": "somebody else"}', True),
        ('{"schema": {}}', True),
        ('{"schema": "https://schema"}', True),
        ("[]", True),
        ("{bad", True),
        ('{"schema": {"csv_columns": null}}', False),
    ],
)
def test_a_manifest_without_columns_leaves_the_order_to_the_field_lists(
    text: str, warned: bool, model_dir: Path, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    (model_dir / "manifest.json").write_text(text)

    assert run(model_dir, tmp_path)["payload_text_csv_0.csv"] == "0.0,0.0,DEFAULT_TEXT"
    assert ("manifest.json has no schema.csv_columns" in warnings(log)) is warned


def test_columns_beside_another_hyperparameters_file_do_not_count(model_dir: Path, tmp_path: Path) -> None:
    (model_dir / "feature_columns.txt").write_text("0,other\n")
    write_archive(model_dir / "model.tar.gz", {"hyperparameters.json": json.dumps(HYPERPARAMETERS).encode()})

    assert run(model_dir, tmp_path)["payload_text_csv_0.csv"] == "0.0,0.0,DEFAULT_TEXT"


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("feature_columns.txt", "# none\n", "lines of the form <index>,<name>.*found no such line"),
        ("feature_columns.txt", "0,a\n\nb\n", "found line 3, 'b'"),
        ("feature_columns.txt", "0,a\n1,b,c\n", "found line 2, '1,b,c'"),
        ("feature_columns.txt", "first,a\n", "found line 1, 'first,a'"),
        ("manifest.json", '{"schema": {"csv_columns": "a"}}', "expected a list of names, found 'a'"),
    ],
)
def test_a_broken_list_of_columns_is_refused(
    model_dir: Path, tmp_path: Path, name: str, text: str, sentence: str
) -> None:
    (model_dir / name).write_text(text)

    with pytest.raises(ValueError, match=sentence):
        run(model_dir, tmp_path)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (b"0,a\n1,b\n", ("a", "b")),
        (b"# order\n\n 1 , b c \n0,a\r\n", (" b c", "a")),
        (b"7,a\n7,a\n", ("a", "a")),
        ("0,\u00fc\u2028 1,b".encode(), ("\u00fc", "b")),
        ("\u0663,a".encode(), ("a",)),
        (b"", None),
        (b"#0,a\n", None),
        (b" #0,a\n", None),
        (b"0\n", None),
        (b"0,\n", None),
        (b"x,a\n", None),
        (b"-1,a\n", None),
        (b",a\n", None),
        (b"0,a,b\n", None),
        (b"0,a\n1,\xff\n", None),
        (b"\xef\xbb\xbf0,a\n", None),
        (b"0,a\n" + b"\n" * 100_000, None),
    ],
    ids=ascii,
)
def test_the_list_of_columns_is_read_as_the_package_reads_it(
    data: bytes, names: tuple[str, ...] | None, tmp_path: Path
) -> None:
    files = script.ModelFiles("m", {"hyperparameters.json": b"{}", "feature_columns.txt": data})
    if names is None:
        with pytest.raises(Damaged):
            parse_feature_columns(data)
        with pytest.raises(script.DamagedModelError):
            script.csv_variables(files, [])
    else:
        assert parse_feature_columns(data) == names
        assert [name for name, _ in script.csv_variables(files, [])] == list(names)
