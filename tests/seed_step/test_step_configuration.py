"""The payload step's configuration: every parameter, default and rule of its documentation."""

from pathlib import Path
from typing import Any

import pytest

from servable.errors import BadInput
from servable.pipeline import PayloadConfig, VariableType, load_config, save_config
from servable.schema import Field, Kind, Schema

REQUIRED: dict[str, Any] = {
    "bucket": "my-bucket",
    "pipeline_name": "fraud-detection",
    "pipeline_version": "1.0.0",
    "model_registration_objective": "FraudDetection",
    "source_model_inference_output_variable_list": {"fraud_score": VariableType.NUMERIC},
    "source_model_inference_input_variable_list": {
        "account_age": VariableType.NUMERIC,
        "country_code": VariableType.TEXT,
    },
}


def config(**changes: Any) -> PayloadConfig:
    return PayloadConfig(**(REQUIRED | changes))


def refusal(**changes: Any) -> str:
    with pytest.raises(BadInput) as caught:
        config(**changes)
    return str(caught.value)


def test_usage_example_makes_a_configuration() -> None:
    """Usage Example."""
    made = PayloadConfig(
        expected_tps=5,
        max_latency_in_millisecond=500,
        max_acceptable_error_rate=0.1,
        model_registration_objective="FraudDetection",
        source_model_inference_content_types=["text/csv"],
        source_model_inference_response_types=["application/json"],
        source_model_inference_output_variable_list={
            "fraud_score": VariableType.NUMERIC,
            "risk_category": VariableType.TEXT,
        },
        source_model_inference_input_variable_list={
            "account_age": VariableType.NUMERIC,
            "transaction_count": VariableType.NUMERIC,
            "country_code": VariableType.TEXT,
        },
        special_field_values={"country_code": "US-{timestamp}"},
        bucket="my-bucket",
        pipeline_name="fraud-detection",
        pipeline_version="1.0.0",
    )

    assert made.expected_tps == 5
    assert made.special_field_values == {"country_code": "US-{timestamp}"}
    assert list(made.source_model_inference_input_variable_list) == [
        "account_age",
        "transaction_count",
        "country_code",
    ]


@pytest.mark.parametrize(
    ("parameter", "default"),
    [
        ("expected_tps", 2),
        ("max_latency_in_millisecond", 800),
        ("max_acceptable_error_rate", 0.2),
        ("default_numeric_value", 0.0),
        ("default_text_value", "DEFAULT_TEXT"),
        ("special_field_values", None),
        ("payload_script_path", None),
        ("payload_script_arguments", None),
        ("source_model_inference_content_types", ("text/csv",)),
        ("source_model_inference_response_types", ("application/json",)),
    ],
)
def test_parameters_have_their_documented_defaults(parameter: str, default: object) -> None:
    """Configuration Parameters."""
    assert getattr(config(), parameter) == default


def test_the_key_is_made_of_name_and_version_where_none_is_given() -> None:
    """Configuration Parameters > sample_payload_s3_key."""
    assert config().payload_s3_key == "fraud-detection/1.0.0/payload/payload.tar.gz"
    assert config().payload_s3_uri == "s3://my-bucket/fraud-detection/1.0.0/payload/payload.tar.gz"
    assert config(sample_payload_s3_key="mine/p.tar.gz").payload_s3_uri == "s3://my-bucket/mine/p.tar.gz"


@pytest.mark.parametrize(
    ("parameter", "inside", "outside", "rule"),
    [
        ("expected_tps", (1, 1.5, 10_000), (0, 0.99, -1, float("nan"), float("inf"), "5", True), ">= 1"),
        (
            "max_latency_in_millisecond",
            (100, 10_000),
            (99, 99.9, 10_001, "800"),
            "between 100 and 10000",
        ),
        ("max_acceptable_error_rate", (0, 0.0, 1.0, 1), (-0.01, 1.01, float("nan")), "between 0.0 and 1.0"),
    ],
)
def test_bounds_belong_to_what_is_allowed_and_the_error_quotes_the_rule(
    parameter: str, inside: tuple[object, ...], outside: tuple[object, ...], rule: str
) -> None:
    """Validation Rules."""
    for value in inside:
        assert getattr(config(**{parameter: value}), parameter) == value
    for value in outside:
        said = refusal(**{parameter: value})
        assert said.startswith(f"PayloadConfig, {parameter}: expected {rule}, found ")
        assert said.endswith("; correct the value")


@pytest.mark.parametrize("which", ["content_types", "response_types"])
@pytest.mark.parametrize(
    "given",
    [[], ["text/csv", "application/json"], ["text/html"], ["text/csv "], "text/csv", None],
    ids=str,
)
def test_content_types_are_exactly_one_of_two(which: str, given: object) -> None:
    """Validation Rules."""
    parameter = f"source_model_inference_{which}"

    assert getattr(config(**{parameter: ["application/json"]}), parameter) == ("application/json",)
    assert 'expected exactly ["text/csv"] or ["application/json"]' in refusal(**{parameter: given})


@pytest.mark.parametrize(
    "parameter",
    [
        "model_registration_objective",
        "source_model_inference_input_variable_list",
        "source_model_inference_output_variable_list",
        "bucket",
        "pipeline_name",
        "pipeline_version",
    ],
)
def test_required_parameters_must_be_provided(parameter: str) -> None:
    """Validation Rules."""
    with pytest.raises(BadInput) as caught:
        PayloadConfig(**{name: value for name, value in REQUIRED.items() if name != parameter})

    assert caught.value.code == "config.missing"
    assert str(caught.value).startswith(f"PayloadConfig, {parameter}: expected ")


@pytest.mark.parametrize(
    ("special", "refused"),
    [
        ({"account_age": "1"}, "found one of type NUMERIC"),
        ({"Country_Code": "x"}, "found a name that is not in the list"),
    ],
)
def test_special_fields_exist_and_are_texts(special: dict[str, str], refused: str) -> None:
    """Validation Rules."""
    said = refusal(special_field_values=special)

    (name,) = special
    assert said.startswith(
        f"PayloadConfig, special_field_values, {name}: expected a field that exists in "
        "source_model_inference_input_variable_list and is of type TEXT, one of country_code, "
    )
    assert refused in said


def test_variables_are_a_mapping_or_pairs_and_keep_their_order() -> None:
    """Configuration Parameters > source_model_inference_input_variable_list."""
    pairs = [["b", "TEXT"], ["a", "NUMERIC"]]

    made = config(source_model_inference_input_variable_list=pairs)

    assert list(made.source_model_inference_input_variable_list.items()) == [
        ("b", VariableType.TEXT),
        ("a", VariableType.NUMERIC),
    ]
    for wrong in ([["a", "TEXT"], ["a", "TEXT"]], [["a"]], ["a"], [], {}, {"a": "NUMBER"}, None):
        assert "variables and their types" in refusal(source_model_inference_input_variable_list=wrong)


def test_an_unknown_parameter_is_an_error_that_names_the_one_that_was_meant() -> None:
    said = refusal(expected_tsp=3)

    assert said.startswith("PayloadConfig, expected_tsp: expected one of the parameters ")
    assert "did you mean `expected_tps`?" in said


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(BadInput) as caught:
        config(expected_tps=0, max_acceptable_error_rate=2, colour="red")

    assert [problem.code for problem in caught.value.problems] == [
        "config.value",
        "config.value",
        "config.unknown",
    ]


def test_a_configuration_does_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        config().expected_tps = 3  # type: ignore[misc]


@pytest.mark.parametrize("name", ["payload.yaml", "payload.yml", "payload.json"])
def test_a_configuration_saved_and_loaded_is_the_same_to_the_order_of_its_variables(
    name: str, tmp_path: Path
) -> None:
    made = config(
        expected_tps=5,
        special_field_values={"country_code": "US-{timestamp}"},
        source_model_inference_input_variable_list=[
            ["z", "NUMERIC"],
            ["country_code", "TEXT"],
            ["a", "TEXT"],
        ],
    )

    save_config(made, tmp_path / name)
    loaded = load_config(PayloadConfig, tmp_path / name)

    assert loaded == made
    assert list(loaded.source_model_inference_input_variable_list) == ["z", "country_code", "a"]


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("c.yaml", "expected_tps: 0\n", "config.missing"),
        ("c.yaml", "- 1\n", "config.file"),
        ("c.yaml", "a: [\n", "config.file"),
        ("c.yaml", "bucket: a-bucket\nbucket: another\n", "config.file"),
        ("c.json", "{", "json.syntax"),
        ("c.toml", "a = 1\n", "config.file"),
    ],
)
def test_a_file_that_is_no_configuration_is_refused_by_its_name(
    name: str, text: str, code: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)

    with pytest.raises(Exception, match=name.replace(".", r"\.")) as caught:
        load_config(PayloadConfig, tmp_path / name)

    assert getattr(caught.value, "code", None) == code


def test_variables_that_are_not_the_model_s_are_an_error() -> None:
    fields = (Field("account_age", Kind.NUMERIC), Field("country_code", Kind.CATEGORICAL))
    config().require_fields_of(Schema(fields=fields, classes=("0", "1")))

    with pytest.raises(BadInput) as caught:
        config().require_fields_of(
            Schema(
                fields=(Field("account_age", Kind.TEXT), Field("region", Kind.CATEGORICAL)),
                classes=("0", "1"),
            )
        )

    assert [problem.where.rpartition(", ")[2] for problem in caught.value.problems] == [
        "account_age",
        "region",
        "country_code",
    ]
