"""Which fields a sample has, of which type and in which order:
"Hyperparameters Structure" of the script's documentation."""

import json
from pathlib import Path

import pytest
from payload_cases import BOTH, HYPERPARAMETERS, run, warnings, write_archive, write_hyperparameters

from servable.payload import script


def test_label_and_id_are_no_variables_and_types_follow_the_lists() -> None:
    variables = script.create_model_variable_list(
        ["id", "a", "b", "c", "label"], ["a", "label"], ["b", "a", "id"], "label", "id"
    )

    assert variables == [["a", "NUMERIC"], ["b", "TEXT"], ["c", "TEXT"]]


def test_a_field_of_neither_list_is_not_in_the_payload(tmp_path: Path) -> None:
    write_hyperparameters(tmp_path / "model", full_field_list=["id", "feature1", "extra", "label"])

    samples = run(tmp_path / "model", tmp_path)

    assert "extra" not in samples["payload_application_json_0.json"]


@pytest.mark.parametrize("key", ["text_name", "primary_text_name", "secondary_text_name"])
def test_a_text_field_outside_the_lists_follows_them(tmp_path: Path, key: str) -> None:
    write_hyperparameters(tmp_path / "model", **{key: "dialogue"})

    samples = run(tmp_path / "model", tmp_path, {**BOTH, "SPECIAL_FIELD_dialogue": "hello"})

    assert samples["payload_text_csv_0.csv"] == "0.0,0.0,DEFAULT_TEXT,hello"
    assert list(json.loads(samples["payload_application_json_0.json"])) == [
        "feature1",
        "feature2",
        "category1",
        "dialogue",
    ]


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
    assert warnings(log).count("listed more than once: a CSV repeats its column") == 1


@pytest.mark.parametrize(
    "lists",
    [
        {"tab_field_list": [], "cat_field_list": []},
        {"tab_field_list": None, "cat_field_list": None},
        {"tab_field_list": ["label"], "cat_field_list": ["id"]},
    ],
    ids=["empty", "null", "label and id alone"],
)
def test_without_a_field_the_samples_are_empty_and_a_warning_says_so(
    tmp_path: Path, log: pytest.LogCaptureFixture, lists: dict[str, object]
) -> None:
    write_hyperparameters(tmp_path / "model", **lists)

    samples = run(tmp_path / "model", tmp_path)

    assert samples == {"payload_application_json_0.json": "{}", "payload_text_csv_0.csv": ""}
    assert "No field is left for a request" in warnings(log)


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


def test_feature_columns_decide_the_order_of_the_csv_alone(model_dir: Path, tmp_path: Path) -> None:
    (model_dir / "feature_columns.txt").write_text("# order\n0,category1\n1,feature2\n\n2,feature1\n")

    samples = run(model_dir, tmp_path, {**BOTH, "FIELD_DEFAULTS": '{"feature1": 1, "feature2": 2}'})

    assert samples["payload_text_csv_0.csv"] == "DEFAULT_TEXT,2.0,1.0"
    assert list(json.loads(samples["payload_application_json_0.json"])) == [
        "feature1",
        "feature2",
        "category1",
    ]


def test_a_listed_id_and_a_repeated_name_have_cells_of_their_own(
    model_dir: Path, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    (model_dir / "feature_columns.txt").write_text("0,id\n1,feature1\n2,category1\n3,feature1\n")

    samples = run(model_dir, tmp_path, {"CONTENT_TYPES": "text/csv"})

    assert samples == {"payload_text_csv_0.csv": "DEFAULT_TEXT,0.0,DEFAULT_TEXT,0.0"}
    assert "in no field list get the text default: id" in warnings(log)
    assert "'feature1' is listed more than once: a CSV repeats its column" in warnings(log)
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


def test_a_manifest_without_columns_leaves_the_order_to_the_field_lists(
    model_dir: Path, tmp_path: Path
) -> None:
    (model_dir / "manifest.json").write_text('{"made by": "somebody else"}')

    assert run(model_dir, tmp_path)["payload_text_csv_0.csv"] == "0.0,0.0,DEFAULT_TEXT"


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
        ("manifest.json", "{bad", "manifest.json: expected a JSON object"),
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
