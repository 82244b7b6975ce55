"""Records derived from an artifact's own tables: typical, missing and unknown values.

They reach what records of the training table may not: every default bin, every imputation value, and
texts of every sort that a pipeline treats differently.
"""

from collections.abc import Mapping

from servable.artifact.artifact import StoredRiskTable
from servable.artifact.derived_texts import TEXTS
from servable.records import Cell
from servable.schema import Kind, Schema

UNKNOWN = "a category that training did not see"


def derive_records(
    schema: Schema,
    risk_tables: Mapping[str, StoredRiskTable],
    imputation: Mapping[str, float],
    *,
    typical: int,
) -> list[dict[str, Cell]]:
    """Typical records, and those that lack something.

    The `typical` ones walk through the known categories, around the imputation values and through a cycle
    of varied texts. After them come one record with everything missing, one with every category unknown,
    for each field one that lacks its value, and, where there are text fields, one whose texts are empty.
    """
    texts = schema.names(Kind.TEXT)

    def value(field: str, kind: Kind, step: int) -> Cell:
        if kind is Kind.TEXT:
            # two text fields of one record differ
            return TEXTS[(step + texts.index(field)) % len(TEXTS)]
        if kind is Kind.NUMERIC:
            return imputation.get(field, 0.0) * (1 + (step % 7 - 3) / 10) + step % 3
        bins = sorted(risk_tables[field].bins) if field in risk_tables else []
        return bins[step % len(bins)] if bins else "text"

    def record(step: int) -> dict[str, Cell]:
        return {field.name: value(field.name, field.kind, step) for field in schema.fields}

    unknown = {field.name: UNKNOWN for field in schema.fields if field.kind is Kind.CATEGORICAL}
    lacking = [record(step) | {field.name: None} for step, field in enumerate(schema.fields)]
    return [
        *(record(step) for step in range(typical)),
        dict.fromkeys(schema.names()),
        record(0) | unknown,
        *lacking,
        *([record(0) | dict.fromkeys(texts, "")] if texts else []),
    ]
