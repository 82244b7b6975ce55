"""Settings and the values that they give to fields:
"Environment Variable Parsing Component" of the script's documentation."""

import json
import tarfile
from pathlib import Path

import pytest
from payload_cases import MOMENT_S, VARIABLES, run, warnings

from servable.payload import script


def test_content_types_are_split_at_commas_and_stripped() -> None:
    assert script.get_environment_content_types({}) == ["application/json"]
    assert script.get_environment_content_types({"CONTENT_TYPES": " application/json , text/csv"}) == [
        "application/json",
        "text/csv",
    ]


@pytest.mark.parametrize(("text", "number"), [("1", 1.0), (" 2.50 ", 2.5), ("-1e3", -1000.0)])
def test_the_default_number_is_parsed(text: str, number: float, log: pytest.LogCaptureFixture) -> None:
    assert script.get_environment_default_numeric_value({"DEFAULT_NUMERIC_VALUE": text}) == number
    assert not warnings(log)


@pytest.mark.parametrize("text", ["abc", "", "1,5"])
def test_a_default_that_is_no_number_is_zero_with_a_warning(text: str, log: pytest.LogCaptureFixture) -> None:
    assert script.get_environment_default_numeric_value({"DEFAULT_NUMERIC_VALUE": text}) == 0.0
    assert "DEFAULT_NUMERIC_VALUE is no number" in warnings(log)


def test_the_default_text_is_taken_as_it_stands() -> None:
    assert script.get_environment_default_text_value({}) == "DEFAULT_TEXT"
    assert script.get_environment_default_text_value({"DEFAULT_TEXT_VALUE": ""}) == ""


def test_special_fields_are_those_with_the_prefix_in_lower_case() -> None:
    environ = {"SPECIAL_FIELD_timestamp": "{timestamp}", "SPECIAL_FIELD_USER_ID": "u", "SPECIAL": "no"}

    assert script.get_environment_special_fields(environ) == {"timestamp": "{timestamp}", "user_id": "u"}


def test_field_defaults_are_strings_and_numbers_of_a_json_object(log: pytest.LogCaptureFixture) -> None:
    environ = {"FIELD_DEFAULTS": '{"a": "x", "b": 3, "c": 1.5, "d": null, "e": [1], "f": true}'}

    assert script.get_environment_field_defaults(environ) == {"a": "x", "b": "3", "c": "1.5"}
    assert warnings(log).count("neither a string nor a number") == 3


@pytest.mark.parametrize("text", ["{bad", "[1]", "3"])
def test_field_defaults_that_are_no_object_are_passed_over_with_a_warning(
    text: str, log: pytest.LogCaptureFixture
) -> None:
    assert script.get_environment_field_defaults({"FIELD_DEFAULTS": text}) == {}
    assert "FIELD_DEFAULTS is no JSON object" in warnings(log)


def test_a_special_value_wins_over_a_field_default(model_dir: Path, tmp_path: Path) -> None:
    environ = {
        "CONTENT_TYPES": "text/csv",
        "FIELD_DEFAULTS": '{"category1": "{default}", "feature1": 42}',
        "SPECIAL_FIELD_category1": "special",
        "SPECIAL_FIELD_feature2": "7",
    }

    with_special = run(model_dir, tmp_path, environ)
    without = run(model_dir, tmp_path, {k: v for k, v in environ.items() if not k.endswith("category1")})

    assert with_special == {"payload_text_csv_0.csv": "42.0,0.0,special"}
    assert without == {"payload_text_csv_0.csv": "42.0,0.0,{default}"}


def test_a_setting_that_reaches_no_field_is_a_warning(
    model_dir: Path, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    environ = {
        "SPECIAL_FIELD_categroy1": "x",
        "SPECIAL_FIELD_feature1": "5",
        "FIELD_DEFAULTS": '{"nosuch": 1}',
    }

    run(model_dir, tmp_path, environ)

    assert "SPECIAL_FIELD_categroy1 names no TEXT field" in warnings(log)
    assert "SPECIAL_FIELD_feature1 names no TEXT field" in warnings(log)
    assert "FIELD_DEFAULTS: nosuch is no field" in warnings(log)


def test_a_numeric_field_default_must_be_a_number(model_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the default of field 'feature1': expected a number"):
        run(model_dir, tmp_path, {"FIELD_DEFAULTS": '{"feature1": "many"}'})
    assert not (tmp_path / "out").exists()


def test_a_value_follows_the_type_given_as_string_or_as_member() -> None:
    assert script.get_field_default_value("a", "TEXT", 1.0, "t", {}) == "t"
    assert script.get_field_default_value("a", script.VariableType.TEXT, 1.0, "t", {}) == "t"
    assert script.get_field_default_value("a", "NUMERIC", 1, "t", {"a": "x"}) == "1"
    assert script.get_field_default_value("a", script.VariableType.NUMERIC, 1.5, "t", {}) == "1.5"


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(ValueError, match="Unknown variable type: BOOL"):
        script.get_field_default_value("a", "BOOL", 0.0, "t", {})


def test_a_special_value_reaches_a_field_with_capitals_and_its_own_spelling_wins() -> None:
    special = {"region": "lower", "Region": "own"}

    assert script.get_field_default_value("REGION", "TEXT", 0.0, "t", special) == "lower"
    assert script.get_field_default_value("Region", "TEXT", 0.0, "t", special) == "own"


def test_a_timestamp_without_a_given_time_is_that_of_the_clock() -> None:
    value = script.get_field_default_value("a", "TEXT", 0.0, "t", {"a": "<{timestamp}>"})

    before_s, after_s = 1_700_000_000, 253_402_300_799
    assert script.current_timestamp(before_s) < value[1:-1] < script.current_timestamp(after_s)


def test_source_date_epoch_is_the_time_in_samples_and_in_the_archive(model_dir: Path, tmp_path: Path) -> None:
    environ = {"SOURCE_DATE_EPOCH": MOMENT_S, "SPECIAL_FIELD_category1": "{timestamp} {timestamp}"}

    samples = run(model_dir, tmp_path, {**environ, "CONTENT_TYPES": "text/csv"})

    assert samples == {"payload_text_csv_0.csv": "0.0,0.0,2025-11-18 20:45:30 2025-11-18 20:45:30"}
    with tarfile.open(tmp_path / "out" / "payload.tar.gz") as tar:
        assert [member.mtime for member in tar] == [int(MOMENT_S)]


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


def test_samples_are_those_of_the_documentation() -> None:
    assert script.generate_csv_payload(VARIABLES, 0.0, "DEFAULT_TEXT", {}) == "0.0,0.0,DEFAULT_TEXT"
    assert script.generate_json_payload(VARIABLES, 0.0, "DEFAULT_TEXT", {}) == (
        '{"feature1": "0.0", "feature2": "0.0", "category1": "DEFAULT_TEXT"}'
    )


def test_variables_may_be_a_dict() -> None:
    as_dict = {name: var_type for name, var_type in VARIABLES}

    assert script.generate_csv_payload(as_dict, 1.0, "x", {}) == "1.0,1.0,x"
    assert json.loads(script.generate_json_payload(as_dict, 1.0, "x", {}))["category1"] == "x"


def test_samples_come_in_the_order_of_their_content_types() -> None:
    payloads = script.generate_sample_payloads(VARIABLES[2:], ["text/csv", "application/json"], 0.0, "x", {})

    assert payloads == [
        {"content_type": "text/csv", "payload": "x"},
        {"content_type": "application/json", "payload": '{"category1": "x"}'},
    ]


@pytest.mark.parametrize("content_type", ["application/x-parquet", "", "Text/CSV"])
def test_an_unsupported_content_type_is_refused(content_type: str) -> None:
    with pytest.raises(ValueError, match="Unsupported content type: expected application/json or text/csv"):
        script.generate_sample_payloads(VARIABLES, ["text/csv", content_type], 0.0, "x", {})
