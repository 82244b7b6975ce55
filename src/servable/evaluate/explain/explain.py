"""What a model sees of a record, and which fields move its score."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from servable.evaluate.explain.against import compared_with
from servable.evaluate.explain.effects import Effects, effects_of
from servable.evaluate.explain.expected import read_expected
from servable.evaluate.explain.found import Explanation, ModelSeen
from servable.evaluate.explain.partings import Comparison
from servable.evaluate.explain.partings_expected import compared_with_expected
from servable.evaluate.explain.record import (
    GivenRecord,
    GivenTable,
    Place,
    given_again,
    one_record_wanted,
    the_only_record,
    the_record_at,
)
from servable.evaluate.explain.sample import sampled
from servable.evaluate.explain.way import Way, model_seen, way_of
from servable.progress import Progress, silent
from servable.scorer import Scorer


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordReport:
    """What a model saw of one record.

    Attributes:
        explanation: every step.
        effects: what each field adds to the score.
        comparison: where its way parts from another one; None if there is none to compare with.
    """

    explanation: Explanation
    effects: Effects
    comparison: Comparison | None

    def to_plain(self) -> dict[str, Any]:
        """The report as JSON values."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


@dataclass(frozen=True, slots=True, kw_only=True)
class TableReport:
    """Which fields move the scores of a table.

    Attributes:
        model: the artifact.
        source: name of the table.
        total: its rows.
        chosen: how the rows were chosen that were asked, in words.
        effects: what each field adds to the score.
    """

    model: ModelSeen
    source: str
    total: int
    chosen: str
    effects: Effects

    def to_plain(self) -> dict[str, Any]:
        """The report as JSON values."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OtherModel:
    """A model to compare with.

    Attributes:
        scorer: of the model.
        file: name of its file or folder.
    """

    scorer: Scorer
    file: str


def explain(
    scorer: Scorer,
    given: GivenTable,
    *,
    file: str,
    place: Place | None = None,
    against: OtherModel | Path | None = None,
    rows: int | None = None,
    progress: Progress = silent,
) -> RecordReport | TableReport:
    """One record through every step; of a table of which no row is meant, the fields that move its scores.

    Args:
        scorer: of the model.
        given: the record or the table.
        file: name of the artifact's file or folder.
        place: which row is meant; None for the only one there is, or else for the whole table.
        against: another model, or a file with what the training side has for the record.
        rows: of a table, at most; the same ones whenever it is asked.  [default: all of them]
        progress: told how many records are scored.

    Raises:
        NotFound, BadInput: naming file, record and field; `explain.record` if no record is meant and there
            is something to compare it with; `explain.expected`.
        ServableError: if a model gives no probability.
    """
    artifact = scorer.artifact
    found = the_only_record(given, artifact) if place is None else the_record_at(given, place, artifact)
    if isinstance(found, GivenRecord):
        way = way_of(scorer, found, file=file)
        comparison = None if against is None else _compared(way, against)
        return RecordReport(
            explanation=way.found, effects=effects_of(scorer, found.records), comparison=comparison
        )
    if against is not None:
        raise one_record_wanted(given.source)
    sample = sampled((block.records for block in found.blocks), most=rows, source=found.source)
    return TableReport(
        model=model_seen(scorer, file=file),
        source=found.source,
        total=sample.total,
        chosen=sample.chosen,
        effects=effects_of(scorer, sample.records, progress=progress),
    )


def _compared(way: Way, against: OtherModel | Path) -> Comparison:
    if isinstance(against, Path):
        expected = read_expected(against, way.found, id_name=way.scorer.schema.id_name)
        return compared_with_expected(way, expected)
    other = given_again(way.given, against.scorer.artifact, file=against.file)
    return compared_with(way, way_of(against.scorer, other, file=against.file))
