"""Values of single fields that somebody chose; they stand in every sample that is not about single values."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from servable.errors import BadInput, Problem, shown
from servable.payload import script
from servable.payload.samples import Body, Sample
from servable.records import Cell
from servable.schema import Kind, Schema
from servable.wording import enumerated

Variable = Sequence[str]
"""The name of a field and its type, as the script has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSettings:
    """What was asked for by field.

    Attributes:
        field_defaults: values as they stand.
        special_fields: templates of categories and texts, in which `{timestamp}` is replaced.
        timestamp: what replaces it; None takes the clock.
    """

    field_defaults: Mapping[str, str] = field(default_factory=dict)
    special_fields: Mapping[str, str] = field(default_factory=dict)
    timestamp: str | None = None

    def __bool__(self) -> bool:
        return bool(self.field_defaults or self.special_fields)


def variables_of(schema: Schema) -> list[Variable]:
    """The fields of a schema as the script types them, and behind them CSV columns that are no field."""
    variables: list[Variable] = [
        (each.name, script.VariableType.NUMERIC if each.kind is Kind.NUMERIC else script.VariableType.TEXT)
        for each in schema.fields
    ]
    names = frozenset(schema.names())
    others = dict.fromkeys(name for name in schema.csv_columns or () if name not in names)
    return [*variables, *((name, script.VariableType.TEXT) for name in others)]


def chosen_values(settings: FieldSettings, variables: Sequence[Variable]) -> dict[str, Cell]:
    """The value of each field that has one of its own, a number where the field is one.

    Args:
        settings: names must be those of the variables.
        variables: fields and columns with their types.

    Raises:
        BadInput: `payload.unknown-field`.
        SettingError: `payload.special-field`, `payload.placeholder`, `payload.field-default`.
    """
    types = {name: var_type for name, var_type in reversed(variables)}
    _require_known(settings.field_defaults, [name for name, _ in variables])
    templates = script.match_special_fields(settings.special_fields, list(variables))
    options = script.SampleOptions(
        field_defaults=settings.field_defaults, timestamp=settings.timestamp or script.current_timestamp()
    )
    values: dict[str, Cell] = {}
    for name in (*settings.field_defaults, *templates):
        own = {name: templates[name]} if name in templates else {}
        text = script.get_field_default_value(name, types[name], 0.0, "", own, options=options)
        values[name] = float(text) if types[name] == script.VariableType.NUMERIC else text
    return values


def with_values(samples: Iterable[Sample | Body], values: Mapping[str, Cell]) -> Iterator[Sample | Body]:
    """The samples with these values in every record."""
    for sample in samples:
        if isinstance(sample, Sample) and values:
            yield replace(sample, records=tuple({**record, **values} for record in sample.records))
        else:
            yield sample


def _require_known(given: Mapping[str, str], known: Sequence[str]) -> None:
    problems = [
        Problem(
            code="payload.unknown-field",
            where="values of single fields",
            expected=f"the name of a field, one of {enumerated(list(dict.fromkeys(known)))}",
            found=shown(name),
            fix="correct the name",
        )
        for name in given
        if name not in known
    ]
    if problems:
        raise BadInput(problems)
