"""Settings and the values that they give to fields:
"Environment Variable Parsing Component" of the script's documentation."""

import json
import math
from pathlib import Path

import pytest

from fixtures_script import VARIABLES, run, warnings, write_hyperparameters
from servable.codecs import decode_request
from servable.payload import script


def test_two_special_values_for_one_name_are_a_warning(log: pytest.LogCaptureFixture) -> None:
    environ = {"SPECIAL_FIELD_REGION": "first", "SPECIAL_FIELD_region": "second"}

    assert script.get_environment_special_fields(environ) == {"region": "second"}
    assert "SPECIAL_FIELD_region is set more than once" in warnings(log)


def test_field_defaults_are_strings_numbers_and_booleans_of_a_json_object() -> None:
    environ = {"FIELD_DEFAULTS": '{"a": "x", "b": 3, "c": 1.5, "d": true}'}

    assert script.get_environment_field_defaults({}) == {}
    assert script.get_environment_field_defaults({"FIELD_DEFAULTS": ""}) == {}
    assert script.get_environment_field_defaults(environ) == {"a": "x", "b": "3", "c": "1.5", "d": True}


@pytest.mark.parametrize("text", ["{bad", "[1]", "3", "null", '{"a": 1, "a": 2}', "[" * 100_000])
def test_field_defaults_that_are_no_object_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="FIELD_DEFAULTS: expected a JSON object, found "):
        script.get_environment_field_defaults({"FIELD_DEFAULTS": text})


@pytest.mark.parametrize("value", ["null", "[1]", "{}", "NaN", "1e999", "-Infinity"])
def test_a_field_default_of_another_type_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="the value of 'b': expected a string, a finite number or a boolean"):
        script.get_environment_field_defaults({"FIELD_DEFAULTS": f'{{"a": 1, "b": {value}}}'})


def test_a_default_of_no_field_is_a_warning(
    model_dir: Path, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    run(model_dir, tmp_path, {"FIELD_DEFAULTS": '{"nosuch": 1}'})

    assert "FIELD_DEFAULTS: 'nosuch' is no field" in warnings(log)


@pytest.mark.parametrize("name", ["categroy1", "feature1", "id", "label"])
def test_a_special_value_for_no_text_field_is_refused_and_names_those(
    model_dir: Path, tmp_path: Path, name: str
) -> None:
    with pytest.raises(
        ValueError, match=f"SPECIAL_FIELD_{name}: expected the name of a TEXT field, one of category1, "
    ):
        run(model_dir, tmp_path, {f"SPECIAL_FIELD_{name}": "x"})
    assert not (tmp_path / "out").exists()


def test_a_special_value_where_no_field_is_text_is_refused() -> None:
    with pytest.raises(ValueError, match=r"SPECIAL_FIELD_a: .*although no field is TEXT"):
        script.match_special_fields({"a": "x"}, [["a", "NUMERIC"]])


@pytest.mark.parametrize("value", ['"many"', '""', '"nan"', '"1e999"', '"True"'])
def test_a_numeric_field_default_must_be_a_number(model_dir: Path, tmp_path: Path, value: str) -> None:
    with pytest.raises(ValueError, match="the default of field 'feature1': expected a finite number"):
        run(model_dir, tmp_path, {"FIELD_DEFAULTS": f'{{"feature1": {value}}}'})
    assert not (tmp_path / "out").exists()


def test_a_boolean_is_one_or_zero_in_a_number_and_its_text_elsewhere(model_dir: Path, tmp_path: Path) -> None:
    environ = {"FIELD_DEFAULTS": '{"feature1": true, "feature2": false, "category1": true}'}

    samples = run(model_dir, tmp_path, {**environ, "CONTENT_TYPES": "text/csv"})

    assert samples == {"payload_text_csv_0.csv": "1.0,0.0,True"}


def test_a_special_value_reaches_a_field_with_capitals_and_its_own_spelling_wins() -> None:
    special = {"region": "lower", "Region": "own"}

    assert script.get_field_default_value("REGION", "TEXT", 0.0, "t", special) == "lower"
    assert script.get_field_default_value("Region", "TEXT", 0.0, "t", special) == "own"


@pytest.mark.parametrize(
    ("environ", "row"),
    [
        ({"SPECIAL_FIELD_User_ID": "x"}, "x,t"),
        ({"SPECIAL_FIELD_user_id": "x"}, "t,x"),
        ({"SPECIAL_FIELD_user_id": "1", "SPECIAL_FIELD_User_ID": "2"}, "2,1"),
    ],
)
def test_fields_that_differ_in_their_capitals_are_told_apart(
    environ: dict[str, str], row: str, tmp_path: Path
) -> None:
    model_dir = write_hyperparameters(
        tmp_path / "model", tab_field_list=[], cat_field_list=["User_ID", "user_id"], id_name="none"
    )

    samples = run(model_dir, tmp_path, {**environ, "CONTENT_TYPES": "text/csv", "DEFAULT_TEXT_VALUE": "t"})

    assert list(samples.values()) == [row]


@pytest.mark.parametrize("order", [1, -1])
def test_two_spellings_of_one_field_are_refused_in_any_order(
    order: int, model_dir: Path, tmp_path: Path
) -> None:
    both = [("SPECIAL_FIELD_category1", "a"), ("SPECIAL_FIELD_CATEGORY1", "b")][::order]

    with pytest.raises(
        script.SettingError, match="expected one value for the field category1, found another"
    ):
        run(model_dir, tmp_path, dict(both))


def test_a_value_that_no_content_type_asks_for_is_checked_too(model_dir: Path, tmp_path: Path) -> None:
    (model_dir / "feature_columns.txt").write_text("0,id\n1,category1\n")

    with pytest.raises(ValueError, match="Invalid placeholder in template for field 'id'"):
        run(model_dir, tmp_path, {"SPECIAL_FIELD_id": "{x}"})
    with pytest.raises(ValueError, match="the default of field 'feature1': expected a finite number"):
        run(model_dir, tmp_path, {"FIELD_DEFAULTS": '{"feature1": "x"}', "CONTENT_TYPES": "text/csv"})


def test_special_names_match_in_any_case_where_one_field_is_meant() -> None:
    variables = [["region", "TEXT"], ["Region", "TEXT"], ["COUNTRY", "TEXT"], ["Amount", "NUMERIC"]]

    assert script.match_special_fields({"region": "r", "country": "c"}, variables) == {
        "region": "r",
        "COUNTRY": "c",
    }
    record = json.loads(script.generate_json_payload(variables, 0.0, "t", {"region": "r", "country": "c"}))
    assert record == {"region": "r", "Region": "t", "COUNTRY": "c", "Amount": "0.0"}


def test_a_special_name_that_means_several_fields_is_refused() -> None:
    variables = [["REGION", "TEXT"], ["Region", "TEXT"]]

    with pytest.raises(ValueError, match=r"SPECIAL_FIELD_region: .*found a name of REGION, Region; "):
        script.match_special_fields({"region": "r"}, variables)


@pytest.mark.parametrize("text", ["now", "-1", "1.5", "9" * 30, "253402300800", "٣"])
def test_a_source_date_epoch_that_is_no_time_is_refused(model_dir: Path, tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match="SOURCE_DATE_EPOCH: expected whole seconds since 1970"):
        run(model_dir, tmp_path, {"SOURCE_DATE_EPOCH": text})


@pytest.mark.parametrize(
    ("template", "named"),
    [
        ("{custom_value}", "{custom_value}"),
        ("{time stamp}", "{time stamp}"),
        ("{{timestamp}}", "{{timestamp}}"),
        ("{}", "{}"),
        ("{0}", "{0}"),
        ("{timestamp", "{timestamp"),
        ("timestamp}", "}"),
        ("{timestamp!r}", "{timestamp!r}"),
        ("{timestamp.__class__}", "{timestamp.__class__}"),
        ("{timestamp}{", "{"),
        ("{timestamp}}", "{timestamp}}"),
        ("a {timestamp} b {other}", "{other}"),
    ],
)
def test_any_other_placeholder_is_refused_by_name(template: str, named: str) -> None:
    with pytest.raises(ValueError, match="Invalid placeholder in template for field 'f'") as caught:
        script.get_field_default_value("f", "TEXT", 0.0, "t", {"f": template})

    assert f"found {named!r};" in str(caught.value)


@pytest.mark.parametrize("content_type", ["text/xml", "", "Text/CSV", "text/csv; header=absent"])
def test_an_unsupported_content_type_is_refused_and_the_others_named(content_type: str) -> None:
    with pytest.raises(script.SettingError) as caught:
        script.generate_sample_payloads(VARIABLES, ["text/csv", content_type], 0.0, "x", {})

    assert str(caught.value) == (
        f"Unsupported content type: expected one of {', '.join(script.CONTENT_TYPES)}, "
        f"found {content_type!r}; correct this setting"
    )


@pytest.mark.parametrize("text", ["", " ", "application/json,", ",text/csv", "text/csv, ,application/json"])
def test_an_empty_content_type_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"Unsupported content type: .*an empty entry in CONTENT_TYPES"):
        script.get_environment_content_types({"CONTENT_TYPES": text})


def test_every_content_type_has_its_own_form_of_one_record() -> None:
    samples = script.generate_sample_payloads(VARIABLES[1:], list(script.CONTENT_TYPES), 0.0, "x", {})

    payloads = {sample["content_type"]: sample["payload"] for sample in samples}
    parquet = payloads.pop("application/x-parquet")
    assert payloads == {
        "application/json": '{"feature2": "0.0", "category1": "x"}',
        "text/csv": "0.0,x",
        "text/csv; header=present": "feature2,category1\r\n0.0,x",
        "application/x-ndjson": '{"feature2": "0.0", "category1": "x"}\n',
        "application/jsonlines": '{"feature2": "0.0", "category1": "x"}\n',
    }
    assert isinstance(parquet, bytes)
    assert decode_request(parquet, "application/x-parquet").rows == [("0.0", "x")]


def test_several_records_are_an_array_or_a_line_each_and_what_is_missing_is_null_or_empty() -> None:
    records: list[dict[str, script.Value]] = [{"a": 1.5, "b": None}, {"a": True, "b": 'x,"y"'}]
    columns = ["id", "b", "a", "b"]

    bodies = {name: script.encode_records(name, records, columns) for name in script.CONTENT_TYPES}

    assert bodies["application/json"] == b'[{"a": 1.5, "b": null}, {"a": true, "b": "x,\\"y\\""}]'
    assert bodies["application/x-ndjson"] == b'{"a": 1.5, "b": null}\n{"a": true, "b": "x,\\"y\\""}\n'
    assert bodies["text/csv"] == b',,1.5,\r\n,"x,""y""",True,"x,""y"""'
    assert bodies["text/csv; header=present"] == b"id,b,a,b\r\n" + bodies["text/csv"]


def test_a_number_that_is_not_finite_is_no_json() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        script.encode_records("application/json", [{"a": math.nan}], ["a"])
