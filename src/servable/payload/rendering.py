"""A sample as the body of one content type, if that carries its records exactly."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from servable.codecs import ParquetRecords
from servable.payload import script
from servable.payload.carrying import is_carried
from servable.payload.plain import NUMBERS, PlainRule
from servable.payload.samples import Sample
from servable.records import Table
from servable.schema import Kind, Schema

_LINE_BREAK: Final = re.compile("[\r\n]")

Record = Mapping[str, Any]


class NumberForm(StrEnum):
    """How the numbers of a record are written in JSON; in a CSV they are the same text either way."""

    STRINGS = "strings"
    NUMBERS = "numbers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forms:
    """The records of a sample as the content types want them.

    Attributes:
        records: as they are.
        texts: the same with the numbers of numeric fields as strings.
        is_plain: whether every content type that carries one such sample carries all.
    """

    records: Sequence[Record]
    texts: Sequence[Record]
    is_plain: bool

    @property
    def has_line_breaks(self) -> bool:
        """Whether any string holds one."""
        return not self.is_plain and any(
            isinstance(cell, str) and _LINE_BREAK.search(cell)
            for record in self.records
            for cell in record.values()
        )


class Renderer:
    """Samples to bodies.

    Reading a body back costs several times what writing it does. So of plain samples the first one answers
    for all of a content type; every other sample is read back from each.
    """

    def __init__(self, schema: Schema, numbers: NumberForm) -> None:
        """For records of this schema.

        Args:
            schema: names the fields, and the columns of a CSV.
            numbers: how JSON writes numbers.
        """
        self._schema, self._numbers = schema, numbers
        self._fields = schema.names()
        self._numeric = schema.names(Kind.NUMERIC)
        self._plain_rule = PlainRule(schema)
        self._parquet_records: ParquetRecords | None = None
        self._carries_plain: dict[str, bool] = {}

    def forms_of(self, sample: Sample) -> Forms:
        """The records as they are written, without a content type yet."""
        return Forms(
            records=sample.records,
            texts=[self._with_texts(record) for record in sample.records],
            is_plain=self._plain_rule.holds_for(sample.records),
        )

    def data(self, forms: Forms, content_type: str) -> bytes | None:
        """The body that holds the records; None if the content type does not carry them exactly.

        Raises:
            BadInput: if the records are none of the schema.
        """
        try:
            body = self._encoded(forms, content_type)
        except ValueError:  # a text that no body can hold, a name that no column can have
            return None
        is_plain = forms.is_plain and not self._looks_like_header(forms, content_type)
        if is_plain and self._carries_plain.get(content_type):
            return body
        bound = self._schema.bind(Table.of_records(self._fields_of(forms.records)))
        carries = is_carried(body, content_type, schema=self._schema, records=bound)
        if is_plain:
            self._carries_plain.setdefault(content_type, carries)
        return body if carries else None

    def _encoded(self, forms: Forms, content_type: str) -> bytes:
        if content_type == script.CSV_WITH_HEADER:
            return script.encode_records(content_type, forms.texts, self._schema.csv_columns or self._fields)
        if content_type == script.CSV:
            return script.encode_records(content_type, forms.texts, self._schema.csv_columns or ())
        if content_type == script.PARQUET:
            return self._parquet(forms)
        records = forms.texts if self._numbers is NumberForm.STRINGS else forms.records
        return script.encode_records(content_type, self._fields_of(records), self._fields)

    def _fields_of(self, records: Sequence[Record]) -> Sequence[Record]:
        """The records without what is no field: an id, which a CSV alone has."""
        if all(len(record) == len(self._fields) for record in records):
            return records
        return [{name: record[name] for name in self._fields} for record in records]

    def _with_texts(self, record: Record) -> Record:
        texts = dict(record)
        for name in self._numeric:
            cell = texts[name]
            if type(cell) is float or type(cell) is int:
                texts[name] = str(cell)
        return texts

    def _parquet(self, forms: Forms) -> bytes:
        records, record = forms.records, forms.records[0]
        if len(records) == 1 and (forms.is_plain or self._has_numbers(record)):
            if self._parquet_records is None:
                self._parquet_records = ParquetRecords(self._fields, numbers=frozenset(self._numeric))
            cells = [record[name] for name in self._fields]
            return self._parquet_records.encode(cells)
        return script.encode_records(script.PARQUET, self._fields_of(records), self._fields)

    def _has_numbers(self, record: Record) -> bool:
        """Whether numeric fields hold numbers or nothing, and no string of one."""
        return NUMBERS.issuperset(type(record[name]) for name in self._numeric)

    def _looks_like_header(self, forms: Forms, content_type: str) -> bool:
        """Whether a headerless CSV may begin with its columns' names, which a reader then skips."""
        columns = self._schema.csv_columns
        if content_type != script.CSV or not columns:
            return False
        return bool(forms.texts[0].get(columns[0]) == columns[0])
