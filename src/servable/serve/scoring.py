"""Scoring of a batch that several requests share, so that one that fails does not fail the others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from servable.errors import Problem, ServableError, Unavailable
from servable.records import Predictions, Records, Table
from servable.serve.merge import concatenate, cut, join, split

Score = Callable[[Records], Predictions]
Outcome = Predictions | ServableError
"""What became of the records that one request has in a batch."""


class _Artifact(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def digest(self) -> str: ...


class _Schema(Protocol):
    def bind(self, table: Table, /) -> Records: ...


class Scoring(Protocol):
    """What the server needs of a scorer; `servable.scorer.Scorer` is one."""

    @property
    def artifact(self) -> _Artifact:
        """Whose scores these are."""

    @property
    def schema(self) -> _Schema:
        """Gives cells their types."""

    @property
    def is_cheap(self) -> bool:
        """Whether a small batch takes less time than handing it to another thread."""

    @property
    def batch_rows(self) -> int:
        """How many records are worth scoring at once."""

    @property
    def threads(self) -> int:
        """How many threads compute inside one operation."""

    @property
    def degradations(self) -> tuple[str, ...]:
        """What was passed over because damage was tolerated."""

    def score_records(self, records: Records, /) -> Predictions:
        """Scores of records, in one thread at a time."""


@dataclass(frozen=True, slots=True)
class Part:
    """Records of one request that share a batch with others; `first` is the number of the first one."""

    records: Records
    first: int = 0


def score_parts(score: Score, parts: Sequence[Part]) -> list[Outcome]:
    """An outcome for each part; a batch that fails is tried again by request, then record by record.

    Decision 0015: only the request that holds the failing record fails, and its error names the record.
    """
    try:
        return [*split(_score(score, concatenate([part.records for part in parts])), _sizes(parts))]
    except (KeyboardInterrupt, SystemExit):
        raise
    except Unavailable as error:  # the engine cannot go on, and asking it again would not help
        return [error] * len(parts)
    # a panic in a Rust library (tokenizers) is a BaseException, and no reason to stop serving
    except BaseException as error:
        if len(parts) > 1:
            return [score_parts(score, [part])[0] for part in parts]
        if parts[0].records.n > 1:
            return [_score_singly(score, parts[0])]
        return [_named(error, parts[0].first)]


def _score_singly(score: Score, part: Part) -> Outcome:
    """The predictions of a part whose records were scored one at a time, or the first failure."""
    done: list[Predictions] = []
    for index in range(part.records.n):
        outcome = score_parts(score, [Part(cut(part.records, index, index + 1), part.first + index)])[0]
        if isinstance(outcome, ServableError):
            return outcome
        done.append(outcome)
    return join(done, ids=part.records.ids)


def _score(score: Score, records: Records) -> Predictions:
    predictions = score(records)
    if len(predictions) != records.n:
        raise ServableError(
            Problem(
                code="score.count",
                where="model",
                expected=f"{records.n} scores for {records.n} records",
                found=str(len(predictions)),
                fix="pack the artifact again",
            )
        )
    return predictions


def _sizes(parts: Sequence[Part]) -> list[int]:
    return [part.records.n for part in parts]


def _named(error: BaseException, record: int) -> ServableError:
    """The error of a record that was scored alone, with the record's number in its own request."""
    if isinstance(error, ServableError):
        problem = error.problems[0]
        where = problem.where.replace("record 0", f"record {record}", 1)
        named = type(error)(replace(problem, where=where))
    else:
        named = ServableError(
            Problem(
                code="score.failed",
                where=f"record {record}",
                expected="a score from the model",
                found="a failure inside it",
                fix="look at this record with `servable predict`",
            )
        )
    named.__cause__ = error
    return named
