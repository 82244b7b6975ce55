"""What becomes of one field: the parts of a loaded model's preprocessing, by the names of its fields.

Nothing is computed here: cells are read by the schema, as those of a request are, and then go through
the tables and text steps that the model's scores go through.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Generic, TypeVar

import numpy as np

from servable.preprocess import RiskTable, TextReader
from servable.records import FloatArray, ObjectArray, TextInputs
from servable.schema import Field, Schema
from servable.scorer import to_table

Result = TypeVar("Result")

IDS, MASK = "input_ids", "attention_mask"


@dataclass(frozen=True, slots=True)
class Processor(Generic[Result]):
    """Values of one field to what the model reads of them; also callable.

    Attributes:
        schema: of the field alone.
        read: what becomes of a column of it.
    """

    schema: Schema
    read: Callable[[Any], Sequence[Result]]

    def process(self, value: object) -> Result:
        """What becomes of one value: a cell of a request, or NaN for a missing one.

        Raises:
            BadInput: for a value that a request may not hold either.
        """
        return self.apply([value])[0]

    __call__ = process

    def apply(self, values: Sequence[object]) -> Sequence[Result]:
        """What becomes of n values."""
        (field,) = self.schema.fields
        bound = self.schema.bind(to_table([{field.name: value} for value in values]))
        return self.read(bound.columns[field.name])


def risk_processor(schema: Schema, field: Field, table: RiskTable) -> Processor[float]:
    """A category to its risk."""
    return Processor(_alone(schema, field), table.apply)


def numerical_processor(schema: Schema, field: Field, imputation: float) -> Processor[float]:
    """A number to itself, a missing one to its imputation value."""

    def imputed(numbers: FloatArray) -> list[float]:
        found: list[float] = np.where(np.isnan(numbers), imputation, numbers).tolist()
        return found

    return Processor(_alone(schema, field), imputed)


def text_processor(
    schema: Schema, field: Field, reader: TextReader, *, keys: tuple[str, str] = (IDS, MASK)
) -> Processor[list[dict[str, list[int]]]]:
    """A text to its tokens, chunk by chunk: ids and mask under these keys, without padding."""

    def tokens(texts: ObjectArray) -> list[list[dict[str, list[int]]]]:
        return chunk_tokens(reader.apply(texts), keys=keys)

    return Processor(_alone(schema, field), tokens)


def chunk_tokens(inputs: TextInputs, *, keys: tuple[str, str]) -> list[list[dict[str, list[int]]]]:
    """The chunks of each text as plain lists."""
    ids, mask = keys
    chunks = [{ids: chunk.tolist(), mask: [1] * len(chunk)} for chunk in inputs.token_ids]
    offsets = inputs.chunk_offsets.tolist()
    return [chunks[first:end] for first, end in pairwise(offsets)]


def _alone(schema: Schema, field: Field) -> Schema:
    """The schema of one field of a model."""
    return replace(schema, fields=(field,), id_name=None, label_name=None, csv_columns=None)
