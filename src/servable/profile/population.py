"""What a table's rows look like, counted in one pass: every field, and what a model makes of the rows.

What cells hold is counted over all rows. What a model makes of them, default bins, tokens and raw scores,
is counted over those that it was not fitted on; tokens and scores of a network over a sample of these, of
records that differ, since scoring takes long. Memory does not grow with the number of rows, and their order
changes nothing.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from servable.datasets import NO_CLASS
from servable.errors import BadInput
from servable.preprocess import RiskTable, TextReader
from servable.profile.categories import CategoryCounts
from servable.profile.numbers import NumberCounts
from servable.profile.rows import Rows, no_rows
from servable.profile.sample import RecordSample
from servable.progress import Progress, silent
from servable.records import FloatArray, ObjectArray
from servable.schema import Kind
from servable.scorer import Scorer

_SCORED_AT_ONCE = 128
_NOTHING: Mapping[str, Collection[str]] = MappingProxyType({})


class SeenNumbers:
    """Counts of a numeric field.

    Attributes:
        missing: rows without a number.
        values: the numbers of the others.
    """

    def __init__(self) -> None:
        self.missing = 0
        self.values = NumberCounts()

    def add(self, column: NDArray[np.float64]) -> None:
        """`[n]` cells more, NaN = missing."""
        present = column[~np.isnan(column)]
        self.missing += len(column) - len(present)
        self.values.add(present)


class SeenCategories:
    """Counts of a categorical field.

    Attributes:
        missing: rows without a category.
        unknown: rows that the model was not fitted on, with a category that falls to the default bin; None
            without a risk table.
        values: the categories of the others, by the bin that answers them where one does.
    """

    def __init__(self, table: RiskTable | None, always: Collection[str]) -> None:
        self.missing = 0
        self.unknown = None if table is None else 0
        self.values = CategoryCounts([*always, *([] if table is None else table.bins)])
        self._table = table

    def add(self, column: ObjectArray, *, is_fitted: bool) -> None:
        """`[n]` cells more, None = missing."""
        found: Counter[str] = Counter(category for category in column.tolist() if category is not None)
        self.missing += len(column) - found.total()
        if self._table is None or self.unknown is None:
            self.values.add(found)
            return
        by_bin: Counter[str] = Counter()
        for category, rows in found.items():
            key = self._table.bin_of(category)
            self.unknown += rows if key is None and not is_fitted else 0
            by_bin[category if key is None else key] += rows
        self.values.add(by_bin)


class SeenTexts:
    """Counts of a text field.

    Attributes:
        empty: rows whose text is missing, empty or blank.
        characters: lengths of the others.
        tokens: of scored rows, the tokens that a text comes to, with those that are cut.
        cut: scored rows of whose text something was cut.
    """

    def __init__(self) -> None:
        self.empty = self.cut = 0
        self.characters, self.tokens = NumberCounts(), NumberCounts()

    def add(self, column: ObjectArray) -> None:
        """`[n]` cells more, None = missing."""
        lengths = [len(text) for text in column.tolist() if text is not None and text.strip()]
        self.empty += len(column) - len(lengths)
        self.characters.add(np.array(lengths, dtype=np.float64))

    def read(self, column: ObjectArray, reader: TextReader) -> None:
        """`[n]` cells of scored rows more, as the tokenizer reads them."""
        traces = reader.traces(column.tolist())
        kept = [sum(len(chunk.token_ids) for chunk in trace.chunks) for trace in traces]
        cut = [trace.cut_tokens for trace in traces]
        self.tokens.add(np.array(kept, dtype=np.float64) + np.array(cut, dtype=np.float64))
        self.cut += sum(trace.is_cut for trace in traces)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Population:
    """What was seen of a table.

    Attributes:
        rows: how many.
        held_out: of them, those that the model was not fitted on.
        scored: of these, those whose tokens and scores were counted.
        numbers, categories, texts: by field, in the schema's order.
        scores: raw scores by class; of two classes those of class 1 alone.
        labels: rows of each class; None where the table has no labels.
        unlabelled: rows of a table with labels whose own is missing or names no class.
    """

    rows: int
    held_out: int
    scored: int
    numbers: Mapping[str, SeenNumbers]
    categories: Mapping[str, SeenCategories]
    texts: Mapping[str, SeenTexts]
    scores: tuple[NumberCounts, ...]
    labels: tuple[int, ...] | None
    unlabelled: int = 0


def population_of(
    scorer: Scorer,
    table: Iterable[Rows],
    *,
    named: Mapping[str, Collection[str]] = _NOTHING,
    progress: Progress = silent,
) -> Population:
    """The counts of a table that passes by once.

    Args:
        scorer: of the model; it scores what has no scores yet.
        table: blocks of rows.
        named: by field, categories that must be counted however many there are.
        progress: told how far it is.

    Raises:
        BadInput: `table.empty` if there is no row.
    """
    counting, read = _Counting(scorer, named), 0
    for rows in table:
        progress("read the table", read, 0)  # nobody knows how long it is
        counting.add(rows)
        read += len(rows.records)
    progress("read the table", read, read)
    return counting.finished(progress)


class _Counting:
    """Counts that grow block by block."""

    def __init__(self, scorer: Scorer, named: Mapping[str, Collection[str]]) -> None:
        schema, tables = scorer.schema, scorer.preprocessor.risk_tables
        self._scorer = scorer
        self._rows = self._held_out = self._scored = self._unlabelled = 0
        self._numbers = {name: SeenNumbers() for name in schema.names(Kind.NUMERIC)}
        self._categories = {
            name: SeenCategories(tables.get(name), named.get(name, ()))
            for name in schema.names(Kind.CATEGORICAL)
        }
        self._texts = {name: SeenTexts() for name in schema.names(Kind.TEXT)}
        self._labels: NDArray[np.int64] | None = None
        classes = range(len(schema.classes))
        self._curves = classes[1:] if len(classes) == 2 else classes
        self._scores = tuple(NumberCounts() for _ in self._curves)
        self._sample = RecordSample() if scorer.artifact.texts else None

    def add(self, rows: Rows) -> None:
        columns = rows.records.columns
        self._rows += len(rows.records)
        for name, numbers in self._numbers.items():
            numbers.add(columns[name])
        for name, categories in self._categories.items():
            categories.add(columns[name], is_fitted=rows.is_fitted)
        for name, texts in self._texts.items():
            texts.add(columns[name])
        if rows.labels is not None:
            self._count_labels(rows.labels)
        if not rows.is_fitted:
            self._held_out += len(rows.records)
            self._count_answers(rows)

    def _count_answers(self, rows: Rows) -> None:
        """What the model makes of rows, now or of a sample of them in the end."""
        if self._sample is None:
            self._count_scores(rows.scores(self._scorer))
        else:
            self._sample.add(rows)

    def finished(self, progress: Progress) -> Population:
        if not self._held_out:
            raise BadInput(no_rows("table"))
        if self._sample is not None:
            self._read_sample(self._sample.rows(), progress)
        return Population(
            rows=self._rows,
            held_out=self._held_out,
            scored=self._scored,
            numbers=self._numbers,
            categories=self._categories,
            texts=self._texts,
            scores=self._scores,
            labels=None if self._labels is None else tuple(self._labels.tolist()),
            unlabelled=self._unlabelled,
        )

    def _read_sample(self, sample: Rows, progress: Progress) -> None:
        total = len(sample.records)
        for start in range(0, total, _SCORED_AT_ONCE):
            progress("score a sample", start, total)
            at = np.arange(start, min(start + _SCORED_AT_ONCE, total))
            part = sample.take(at)
            for name, reader in self._scorer.preprocessor.texts.items():
                self._texts[name].read(part.records.columns[name], reader)
            self._count_scores(part.scores(self._scorer))
        progress("score a sample", total, total)

    def _count_scores(self, raw: FloatArray) -> None:
        self._scored += len(raw)
        for index, seen in zip(self._curves, self._scores, strict=True):
            seen.add(np.clip(raw[:, index].astype(np.float64), 0.0, 1.0))

    def _count_labels(self, labels: NDArray[np.int64]) -> None:
        known = labels[labels != NO_CLASS]
        self._unlabelled += len(labels) - len(known)
        found = np.bincount(known, minlength=len(self._scorer.schema.classes))
        self._labels = found if self._labels is None else self._labels + found
