"""Settings and the values of fields: "Environment Variable Parsing" and "Default Value Resolution"."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from fixtures_script import run
from servable.payload import script


def test_content_types_are_split_at_commas_and_stripped() -> None:
    """Key Functions and Tasks > Environment Variable Parsing Component, get_environment_content_types."""
    environ = {"CONTENT_TYPES": "application/json, text/csv"}

    assert script.get_environment_content_types(environ) == ["application/json", "text/csv"]
    assert script.get_environment_content_types({}) == ["application/json"]


@pytest.mark.parametrize(
    ("environ", "number"),
    [
        ({}, 0.0),
        ({"DEFAULT_NUMERIC_VALUE": "0.0"}, 0.0),
        ({"DEFAULT_NUMERIC_VALUE": "1"}, 1.0),
        ({"DEFAULT_NUMERIC_VALUE": "-2.5e3"}, -2500.0),
        ({"DEFAULT_NUMERIC_VALUE": " 2.50 "}, 2.5),
    ],
    ids=["default", "zero", "whole", "exponent", "blanks"],
)
def test_the_default_number_is_a_float(
    environ: dict[str, str], number: float, log: pytest.LogCaptureFixture
) -> None:
    """Key Functions and Tasks > Environment Variable Parsing Component, the default number."""
    found = script.get_environment_default_numeric_value(environ)

    assert (type(found), found) == (float, number)
    assert not log.records


@pytest.mark.parametrize("text", ["abc", "", "1,5", "nan", "inf", "-Infinity", "1e999"])
def test_a_default_that_is_no_number_is_zero_with_a_warning(text: str, log: pytest.LogCaptureFixture) -> None:
    """Key Functions and Tasks > Environment Variable Parsing Component, the default number.

    Settled: a number that is not finite is as unusable as a word.
    """
    assert script.get_environment_default_numeric_value({"DEFAULT_NUMERIC_VALUE": text}) == 0.0
    assert [record.levelname for record in log.records] == ["WARNING"]
    assert "DEFAULT_NUMERIC_VALUE" in log.text


def test_the_default_text_is_taken_as_it_stands() -> None:
    """Key Functions and Tasks > Environment Variable Parsing Component, the default text."""
    assert script.get_environment_default_text_value({}) == "DEFAULT_TEXT"
    assert script.get_environment_default_text_value({"DEFAULT_TEXT_VALUE": "{x} "}) == "{x} "


def test_special_fields_are_collected_by_their_prefix() -> None:
    """Key Functions and Tasks > Environment Variable Parsing Component, get_environment_special_fields."""
    environ = {
        "SPECIAL_FIELD_timestamp": "{timestamp}",
        "SPECIAL_FIELD_user_id": "test_user",
        "CONTENT_TYPES": "text/csv",
        "MY_SPECIAL_FIELD_x": "no",
    }

    assert script.get_environment_special_fields(environ) == {
        "timestamp": "{timestamp}",
        "user_id": "test_user",
    }
    assert script.get_environment_special_fields({}) == {}


def test_the_name_of_a_special_field_is_in_lower_case() -> None:
    """Key Functions and Tasks > Environment Variable Parsing Component, get_environment_special_fields."""
    assert script.get_environment_special_fields({"SPECIAL_FIELD_USER_Id": "u"}) == {"user_id": "u"}


@pytest.mark.parametrize("var_type", ["TEXT", script.VariableType.TEXT])
def test_a_text_takes_its_special_value_or_the_default(var_type: str) -> None:
    """Key Functions and Tasks > Default Value Resolution Component, step 1."""
    special = {"a": "mine"}

    assert script.get_field_default_value("a", var_type, 1.5, "default", special) == "mine"
    assert script.get_field_default_value("b", var_type, 1.5, "default", special) == "default"


@pytest.mark.parametrize("var_type", ["NUMERIC", script.VariableType.NUMERIC])
@pytest.mark.parametrize(("number", "text"), [(0.0, "0.0"), (1.5, "1.5"), (1000.0, "1000.0"), (-0.0, "-0.0")])
def test_a_number_is_the_default_as_a_string(var_type: str, number: float, text: str) -> None:
    """Key Functions and Tasks > Default Value Resolution Component, step 2."""
    assert script.get_field_default_value("a", var_type, number, "default", {}) == text


def test_a_number_has_no_special_value() -> None:
    """Key Functions and Tasks > Default Value Resolution Component, step 2."""
    assert script.get_field_default_value("a", "NUMERIC", 0.0, "default", {"a": "99"}) == "0.0"


@pytest.mark.parametrize("var_type", ["BOOL", "", "text"])
def test_an_unknown_type_is_a_value_error(var_type: str) -> None:
    """Key Functions and Tasks > Default Value Resolution Component, step 3."""
    with pytest.raises(ValueError, match="Unknown variable type"):
        script.get_field_default_value("a", var_type, 0.0, "default", {})


@pytest.fixture
def far_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A local time nine hours ahead of UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "XXX-9")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("far_east")
def test_a_timestamp_is_the_local_time_now_in_the_documented_form() -> None:
    """Key Functions and Tasks > Default Value Resolution Component, Template Support."""
    before = datetime.now(UTC).replace(microsecond=0)

    value = script.get_field_default_value("a", "TEXT", 0.0, "t", {"a": "at {timestamp}!"})

    told = datetime.strptime(value, "at %Y-%m-%d %H:%M:%S!").replace(tzinfo=timezone(timedelta(hours=9)))
    assert before <= told <= datetime.now(UTC)
    assert re.fullmatch(r"at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d!", value)


@pytest.mark.usefixtures("far_east")
def test_each_timestamp_of_a_template_is_replaced(tmp_path: Path, model_dir: Path) -> None:
    """Key Functions and Tasks > Default Value Resolution Component, Template Support."""
    environ = {"SPECIAL_FIELD_category1": "{timestamp}/{timestamp}", "SOURCE_DATE_EPOCH": "0"}

    samples = run(model_dir, tmp_path, {**environ, "CONTENT_TYPES": "text/csv"})

    assert list(samples.values()) == ["0.0,0.0,1970-01-01 00:00:00/1970-01-01 00:00:00"]


@pytest.mark.parametrize(
    "template",
    ["{custom_value}", "{time stamp}", "{}", "{0}", "{timestamp!r}", "{timestamp.__class__}", "{timestamp"],
)
def test_another_placeholder_is_a_value_error_that_names_field_and_placeholder(template: str) -> None:
    """Key Functions and Tasks > Default Value Resolution Component, Error Handling.

    Settled: the literal `{timestamp}` alone is replaced, and nothing of a template is evaluated.
    """
    with pytest.raises(ValueError, match="Invalid placeholder in template") as caught:
        script.get_field_default_value("my_field", "TEXT", 0.0, "t", {"my_field": template})

    assert "my_field" in str(caught.value)
    assert template in str(caught.value)


def test_a_default_text_is_no_template() -> None:
    """Key Functions and Tasks > Default Value Resolution Component, step 1b."""
    assert script.get_field_default_value("a", "TEXT", 0.0, "{timestamp} {x}", {}) == "{timestamp} {x}"


def test_a_special_value_reaches_a_field_with_capitals(tmp_path: Path, model_dir: Path) -> None:
    """Script Contract > Optional Environment Variables; settled: in any case, where one field fits."""
    (model_dir / "hyperparameters.json").write_text('{"tab_field_list": [], "cat_field_list": ["UserId"]}')

    samples = run(model_dir, tmp_path, {"SPECIAL_FIELD_USERID": "u"})

    assert list(samples.values()) == ['{"UserId": "u"}']


def test_a_special_value_that_two_fields_could_take_is_refused(tmp_path: Path, model_dir: Path) -> None:
    """Script Contract > Optional Environment Variables; settled: in any case, where one field fits."""
    (model_dir / "hyperparameters.json").write_text(
        '{"tab_field_list": [], "cat_field_list": ["UserId", "USERID"]}'
    )

    with pytest.raises(ValueError, match=r"(?s)UserId.*USERID|USERID.*UserId"):
        run(model_dir, tmp_path, {"SPECIAL_FIELD_userid": "u"})


@pytest.mark.parametrize("name", ["nosuch", "feature1"])
def test_a_special_value_that_reaches_no_text_is_an_error_that_lists_the_texts(
    tmp_path: Path, model_dir: Path, name: str
) -> None:
    """Script Contract > Optional Environment Variables; settled: an error, where the text ignores it."""
    with pytest.raises(ValueError, match=f"(?i)SPECIAL_FIELD_{name}") as caught:
        run(model_dir, tmp_path, {f"SPECIAL_FIELD_{name}": "v"})

    assert "category1" in str(caught.value)
    assert not (tmp_path / "out" / "payload.tar.gz").exists()


def test_a_default_of_a_single_field_holds_unless_a_special_value_does(
    tmp_path: Path, model_dir: Path
) -> None:
    """Script Contract > Optional Environment Variables; settled: FIELD_DEFAULTS is a variable more."""
    environ = {"CONTENT_TYPES": "text/csv", "FIELD_DEFAULTS": '{"category1": "{own}", "feature2": 7.5}'}

    alone = run(model_dir, tmp_path, environ)
    beside = run(model_dir, tmp_path, {**environ, "SPECIAL_FIELD_category1": "special"})

    assert list(alone.values()) == ["0.0,7.5,{own}"]
    assert list(beside.values()) == ["0.0,7.5,special"]


@pytest.mark.parametrize("text", ["{bad", "[1]", "3", '"x"', '{"category1": [1]}', '{"category1": null}'])
def test_defaults_of_single_fields_that_are_no_values_by_name_are_refused(
    tmp_path: Path, model_dir: Path, text: str
) -> None:
    """Script Contract > Optional Environment Variables; settled: FIELD_DEFAULTS is a JSON object."""
    with pytest.raises(ValueError, match="FIELD_DEFAULTS"):
        run(model_dir, tmp_path, {"FIELD_DEFAULTS": text})

    assert not (tmp_path / "out" / "payload.tar.gz").exists()
