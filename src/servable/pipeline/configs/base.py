"""What the configurations of all steps share: the pipeline's name and bucket, and errors in sentences."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from servable.errors import BadInput, Problem, shown
from servable.wording import enumerated

_BUCKET = r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"


class StepConfig(BaseModel):
    """The configuration of one step; a parameter that it does not know is an error.

    Raises:
        BadInput: `config.unknown`, `config.missing`, `config.value`: every parameter that is wrong, each
            with its rule.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, strict=False)

    step_type: ClassVar[str]
    """By which a map of builders finds the builder of this step."""

    bucket: Annotated[str, Field(pattern=_BUCKET)]
    """The S3 bucket that the pipeline writes to."""
    pipeline_name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,255}$")]
    """Letters, digits and hyphens, as SageMaker takes them."""
    pipeline_version: Annotated[str, Field(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$")]
    """Part of the keys that the pipeline writes to."""

    def __init__(self, **parameters: Any) -> None:
        """A configuration of these parameters."""
        try:
            super().__init__(**parameters)
        except ValidationError as error:
            raise BadInput(list(_problems(type(self), parameters, error))) from error

    def to_plain(self) -> dict[str, Any]:
        """Every parameter as JSON values, in the order in which they are documented."""
        return self.model_dump(mode="json")


def _problems(
    config: type[StepConfig], parameters: Mapping[str, object], error: ValidationError
) -> Iterator[Problem]:
    rules = {name: field.description for name, field in config.model_fields.items()}
    for found in error.errors(include_url=False):
        path = found["loc"]
        own = found.get("ctx", {}).get("error")
        if isinstance(own, BadInput):
            yield from own.problems
            continue
        name = str(path[0]) if path else ""
        where = f"{config.__name__}, {'.'.join(map(str, path))}" if path else config.__name__
        if found["type"] == "extra_forbidden":
            yield _unknown(where, name, tuple(config.model_fields))
        elif found["type"] == "missing" and len(path) == 1:
            yield Problem(
                code="config.missing",
                where=where,
                expected=rules[name] or "a value",
                found="none",
                fix="provide it",
            )
        else:
            yield Problem(
                code="config.value",
                where=where,
                expected=_rule(rules.get(name), found),
                found=shown(_innermost(parameters, path)),
                fix="correct the value",
            )


def _rule(rule: str | None, found: Any) -> str:
    """The documented rule of a parameter; of others what the checker says."""
    reason = str(found["msg"]).removeprefix("Value error, ")
    return rule or f"a value of the right form ({reason})"


def _innermost(parameters: Mapping[str, object], path: tuple[int | str, ...]) -> object:
    value: Any = parameters
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            break
    return value


def _unknown(where: str, name: str, known: tuple[str, ...]) -> Problem:
    near = difflib.get_close_matches(name, known, n=1)
    return Problem(
        code="config.unknown",
        where=where,
        expected=f"one of the parameters {enumerated(known)}",
        found=f'"{name}"' + (f" (did you mean `{near[0]}`?)" if near else ""),
        fix="correct the name or leave it out",
    )
