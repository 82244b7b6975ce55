"""`PayloadConfig`: what the payload step makes, where it goes, and what an endpoint must do with it.

Source: the payload step's documentation, "Configuration Parameters" and "Validation Rules".
"""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from servable.errors import BadInput, Problem
from servable.payload import VariableType
from servable.pipeline.configs.base import StepConfig
from servable.schema import Kind, Schema
from servable.wording import enumerated

_ONE_TYPE = 'exactly ["text/csv"] or ["application/json"]'
_VARIABLES = "variables and their types, NUMERIC or TEXT, as a mapping or as pairs, at least one"


def _of_pairs(given: object) -> object:
    """Variables that came as pairs as a mapping; what is neither is left to the checker."""
    if not isinstance(given, list | tuple):
        return given
    pairs = [tuple(pair) for pair in given if isinstance(pair, list | tuple)]
    names = [pair[0] for pair in pairs if len(pair) == 2]
    if len(names) < len(given) or len(set(names)) < len(names):
        raise ValueError("expected pairs of a name and a type, each name once")
    return dict(pairs)


ContentType = Literal["text/csv", "application/json"]
OneType = Annotated[tuple[ContentType], Field(description=_ONE_TYPE)]
Variables = Annotated[
    dict[str, VariableType],
    BeforeValidator(_of_pairs),
    # pairs, because their order is that of a CSV, and files may sort the keys of a mapping
    PlainSerializer(lambda variables: [[name, kind.value] for name, kind in variables.items()]),
    Field(min_length=1, description=_VARIABLES),
]


class PayloadConfig(StepConfig):
    """The parameters of the payload step, with the rules of its documentation.

    Variables are a mapping `{name: type}` or pairs `[[name, type], ...]`; their order is that of a CSV. The
    bounds of numbers belong to what they allow.

    Attributes:
        expected_tps: requests per second that an endpoint must bear.
        max_latency_in_millisecond: milliseconds that its answers may take.
        max_acceptable_error_rate: share of requests that may fail.
        sample_payload_s3_key: of the archive, in the bucket.
        default_numeric_value: of every NUMERIC variable.
        default_text_value: of every TEXT variable.
        special_field_values: templates of single TEXT variables, where `{timestamp}` is replaced.
        payload_script_path: a script to run in place of servable's own.
        payload_script_arguments: its arguments.
        model_registration_objective: what the model is registered for.
        source_model_inference_content_types: of requests.
        source_model_inference_response_types: of answers.
        source_model_inference_output_variable_list: what an answer holds, in the user's own names.
        source_model_inference_input_variable_list: what a request holds.
    """

    step_type: ClassVar[str] = "MIMSPayloadStep"

    expected_tps: Annotated[float, Field(ge=1, strict=True, allow_inf_nan=False, description=">= 1")] = 2
    max_latency_in_millisecond: Annotated[
        float, Field(ge=100, le=10_000, strict=True, allow_inf_nan=False, description="between 100 and 10000")
    ] = 800
    max_acceptable_error_rate: Annotated[
        float, Field(ge=0, le=1, strict=True, allow_inf_nan=False, description="between 0.0 and 1.0")
    ] = 0.2
    sample_payload_s3_key: Annotated[
        str | None,
        Field(pattern=r"^[^/].*\.tar\.gz$", max_length=1024, description="a key that ends in .tar.gz"),
    ] = None
    default_numeric_value: Annotated[
        float, Field(strict=True, allow_inf_nan=False, description="a finite number")
    ] = 0.0
    default_text_value: Annotated[str, Field(description="a string")] = "DEFAULT_TEXT"
    special_field_values: Annotated[
        dict[str, str] | None, Field(description="templates, strings by the name of a TEXT variable")
    ] = None
    payload_script_path: Annotated[str | None, Field(min_length=1, description="a path")] = None
    payload_script_arguments: Annotated[
        tuple[str, ...] | None, Field(description="strings, with payload_script_path")
    ] = None
    model_registration_objective: Annotated[str, Field(min_length=1, description="the objective, a string")]
    source_model_inference_content_types: OneType = ("text/csv",)
    source_model_inference_response_types: OneType = ("application/json",)
    source_model_inference_output_variable_list: Variables
    source_model_inference_input_variable_list: Variables

    @model_validator(mode="after")
    def _special_fields_are_texts(self) -> Self:
        variables = self.source_model_inference_input_variable_list
        texts = [name for name, kind in variables.items() if kind is VariableType.TEXT]
        problems = [
            _problem(
                f"special_field_values, {name}",
                "a field that exists in source_model_inference_input_variable_list and is of type TEXT, "
                f"one of {enumerated(texts) or 'none'}",
                "one of type NUMERIC" if name in variables else "a name that is not in the list",
            )
            for name in self.special_field_values or {}
            if name not in texts
        ]
        if self.payload_script_arguments and self.payload_script_path is None:
            problems.append(
                _problem("payload_script_arguments", "payload_script_path with them", "arguments alone")
            )
        if problems:
            raise BadInput(problems)
        return self

    @property
    def payload_s3_key(self) -> str:
        """The key of the archive in the bucket: the given one, else one made of name and version."""
        own = f"{self.pipeline_name}/{self.pipeline_version}/payload/payload.tar.gz"
        return self.sample_payload_s3_key or own

    @property
    def payload_s3_uri(self) -> str:
        """Bucket and key as one URI."""
        return f"s3://{self.bucket}/{self.payload_s3_key}"

    def require_fields_of(self, schema: Schema) -> None:
        """Nothing, if the input variables are the fields of a schema, with their types.

        Raises:
            BadInput: `config.variables`, for each variable that the model does not read or reads as another
                type, and for each field that is not listed.
        """
        own, theirs = self.source_model_inference_input_variable_list, variables_of(schema)
        problems = [
            Problem(
                code="config.variables",
                where=f"PayloadConfig, source_model_inference_input_variable_list, {name}",
                expected=theirs[name].value if name in theirs else "a field that the model reads",
                found=own[name].value if name in own else "no such variable",
                fix="take the variables of the model",
            )
            for name in dict.fromkeys([*theirs, *own])
            if own.get(name) != theirs.get(name)
        ]
        if problems:
            raise BadInput(problems)


def variables_of(schema: Schema) -> dict[str, VariableType]:
    """The fields of a schema as input variables, in its order."""
    return {
        field.name: VariableType.NUMERIC if field.kind is Kind.NUMERIC else VariableType.TEXT
        for field in schema.fields
    }


def _problem(where: str, expected: str, found: str) -> Problem:
    return Problem(
        code="config.value",
        where=f"PayloadConfig, {where}",
        expected=expected,
        found=found,
        fix="correct the value",
    )
