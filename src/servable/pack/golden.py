"""Which golden records go into a pack (decision 0009).

Whatever the first ones are, the last ones are derived from the schema: they lack what real records rarely
lack.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from servable.artifact import GoldenSet, GoldenSource, OnDamage, Tolerances, derive_records
from servable.errors import BadInput, Damaged, Problem
from servable.pack.agreement import agreeing, disagreement
from servable.pack.golden_table import read_golden_table
from servable.pack.recorded import Compared, RecordedAnswers, read_recorded_answers
from servable.pack.sampling import Sample, sample
from servable.records import Cell, FloatArray, Predictions, Table
from servable.scorer import Scorer

_TYPICAL = 50
_TYPICAL_BESIDE_REAL_ONES = 11
"""One for each kind of text; without texts real records are typical enough."""
_RAW_TOLERANCE = 1e-4
_BLOCK = 1000


@dataclass(frozen=True, slots=True)
class KeptRecords:
    """The records that training kept; where it kept none, derived ones."""


@dataclass(frozen=True, slots=True)
class DerivedRecords:
    """Records derived from the artifact's own tables, and nobody's data."""


@dataclass(frozen=True, slots=True)
class NoRecords:
    """None, so that an endpoint of the pack cannot be proved right."""


@dataclass(frozen=True, slots=True)
class RecordsOfTable:
    """Rows of a CSV, NDJSON, JSON or Parquet file whose columns have names."""

    path: Path


@dataclass(frozen=True, slots=True)
class RecordedRequests:
    """Requests to an endpoint that is being replaced, with the answers that it gave (docs/formats.md).

    Attributes:
        path: of the file.
        compared: what the packed model must answer likewise. The rest of its reference is its own.
    """

    path: Path
    compared: Compared = Compared.ALL


KEPT_RECORDS: Final = KeptRecords()
GoldenChoice = KeptRecords | DerivedRecords | NoRecords | RecordsOfTable | RecordedRequests


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Proposal:
    """Golden records before the packed model has answered them.

    Attributes:
        compared: what packed model and reference are compared on.
        is_kept: whether these records go into the pack.
        recorded: all the recorded answers that the packed model must give, of which the first records
            are a sample; None if there are none.
        origin: where they come from, in words.
    """

    compared: GoldenSet
    is_kept: bool
    recorded: RecordedAnswers | None
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Settled:
    """The golden records of a pack, with the packed model's answers.

    Attributes:
        golden: None if the pack has none.
        origin: where they come from, in words.
        degradations: what was left out of them, in sentences.
        remarks: what a reader of their reference must know, in sentences.
    """

    golden: GoldenSet | None
    origin: str
    degradations: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def propose(choice: GoldenChoice, reference: Scorer) -> Proposal:
    """The golden records that a choice comes to, with the training side's answers.

    Raises:
        NotFound, BadInput: if the file of a choice cannot be used.
        Damaged: `pack.golden` if records that training kept have answers of another model's form.
    """
    match choice:
        case RecordsOfTable(path):
            table = read_golden_table(path, reference.artifact)
            golden = _with_derived(reference, GoldenSource.TABLE, table.items)
            return _proposal(golden, f"records of {path.name}, {table.share}")
        case RecordedRequests(path, compared):
            recorded = read_recorded_answers(path, reference.schema, compared=compared)
            chosen = _chosen(recorded, np.arange(len(recorded.requests))).items
            requests = tuple(recorded.requests[row] for row in chosen)
            golden = _with_derived(reference, GoldenSource.ENDPOINT, requests)
            return replace(_proposal(golden, f"recorded answers of {path.name}"), recorded=recorded)
        case NoRecords():
            return replace(_proposal(_derived(reference), "none"), is_kept=False)
        case DerivedRecords():
            return _proposal(_derived(reference), "derived from the schema")
        case KeptRecords():
            kept = reference.artifact.golden
            if kept is None:
                return _proposal(_derived(reference), "derived from the schema")
            _require_requests(kept, reference)
            return _proposal(kept, "real records of the test split")


def settle(proposal: Proposal, packed: Scorer, *, tolerances: Tolerances, on_damage: OnDamage) -> Settled:
    """The golden records, with the answers of the packed model.

    Recorded answers that the packed model does not give are refused, or with `OnDamage.WARN` left out.

    Raises:
        Damaged: `pack.golden` if training kept answers of another model.
        BadInput: `pack.answers` for recorded answers that differ.
    """
    if not proposal.is_kept:
        return Settled(golden=None, origin=proposal.origin)
    if proposal.recorded is not None:
        return _settled_recorded(proposal, proposal.recorded, packed, on_damage)
    golden = proposal.compared.with_packed(_scores(packed, proposal.compared.requests))
    _require_same_scores(golden, tolerances)
    return Settled(golden=golden, origin=proposal.origin)


def _settled_recorded(
    proposal: Proposal, recorded: RecordedAnswers, packed: Scorer, on_damage: OnDamage
) -> Settled:
    """A sample of the recorded answers that the packed model gives, and the derived records."""
    derived = proposal.compared.derived
    requests = (*recorded.requests, *proposal.compared.requests[-derived:])
    scores, asked = _scores(packed, requests), len(recorded.requests)
    first = Predictions(raw=scores.raw[:asked], calibrated=scores.calibrated[:asked])
    agree = agreeing(recorded, first)
    differing = len(recorded) - int(agree.sum())
    if differing and (on_damage is OnDamage.REFUSE or not agree.any()):
        raise BadInput(disagreement(recorded, first))
    chosen = _chosen(recorded, np.flatnonzero(agree))
    rows = np.array([*chosen.items, *range(asked, len(requests))])
    golden = GoldenSet(
        requests=tuple(requests[row] for row in rows),
        reference=_reference(proposal, recorded, first, np.array(chosen.items)),
        packed=Predictions(raw=scores.raw[rows], calibrated=scores.calibrated[rows]),
        source=proposal.compared.source,
        derived=derived,
    )
    return Settled(
        golden=golden,
        origin=f"{proposal.origin}{' that agree' if differing else ''}, {chosen.share}",
        degradations=_left_out(recorded, differing),
        remarks=() if recorded.calibrated is not None else (_raw_alone(recorded),),
    )


def _chosen(recorded: RecordedAnswers, rows: NDArray[np.intp]) -> Sample[int]:
    return sample(rows.tolist(), key=lambda row: recorded.sources[row])


def _reference(
    proposal: Proposal, recorded: RecordedAnswers, packed: Predictions, rows: NDArray[np.intp]
) -> Predictions:
    """Recorded scores, or the packed model's where they are not compared, before those of derived records."""
    derived, of_training = proposal.compared.derived, proposal.compared.reference
    calibrated = packed.calibrated if recorded.calibrated is None else recorded.calibrated.values

    def joined(first: FloatArray, last: FloatArray) -> FloatArray:
        return np.concatenate([first[rows].astype(last.dtype), last[-derived:]])

    return Predictions(
        raw=joined(recorded.raw.values, of_training.raw),
        calibrated=joined(calibrated, of_training.calibrated),
    )


def _left_out(recorded: RecordedAnswers, differing: int) -> tuple[str, ...]:
    if not differing:
        return ()
    refused = f" ({len(recorded.refused)} of them to requests that it refuses)" if recorded.refused else ""
    return (
        f"{recorded.file}: recorded answers that this model does not give: {differing} of "
        f"{len(recorded)}{refused}; the golden records are the others",
    )


def _raw_alone(recorded: RecordedAnswers) -> str:
    return (
        f"{recorded.file}: raw scores and labels alone are compared with the recorded answers; "
        "the calibrated scores in the reference are the packed model's own"
    )


def _scores(scorer: Scorer, requests: Sequence[bytes]) -> Predictions:
    """The answers to requests, of which there is one at least."""
    answers = [
        scorer.score_records(
            scorer.schema.bind(Table.of_records([msgspec.json.decode(request) for request in block]))
        )
        for block in (requests[start : start + _BLOCK] for start in range(0, len(requests), _BLOCK))
    ]
    return Predictions(
        raw=np.concatenate([answer.raw for answer in answers]),
        calibrated=np.concatenate([answer.calibrated for answer in answers]),
    )


def _proposal(golden: GoldenSet, origin: str) -> Proposal:
    return Proposal(compared=golden, is_kept=True, recorded=None, origin=origin)


def _derived(reference: Scorer) -> GoldenSet:
    return _golden_set(reference, GoldenSource.SCHEMA, (), _records(reference, typical=_TYPICAL))


def _with_derived(reference: Scorer, source: GoldenSource, requests: tuple[bytes, ...]) -> GoldenSet:
    derived = _records(reference, typical=_TYPICAL_BESIDE_REAL_ONES if reference.artifact.texts else 0)
    return _golden_set(reference, source, requests, derived)


def _golden_set(
    reference: Scorer, source: GoldenSource, real: tuple[bytes, ...], derived: Sequence[dict[str, Cell]]
) -> GoldenSet:
    """Real requests and then derived ones, with the answers of the training side."""
    requests = (*real, *map(msgspec.json.encode, derived))
    scores = reference.score([msgspec.json.decode(request) for request in requests])
    return GoldenSet(requests=requests, reference=scores, packed=None, source=source, derived=len(derived))


def _records(reference: Scorer, *, typical: int) -> list[dict[str, Cell]]:
    artifact = reference.artifact
    return derive_records(artifact.schema, artifact.risk_tables, artifact.imputation, typical=typical)


def _require_requests(kept: GoldenSet, reference: Scorer) -> None:
    try:
        reference.schema.bind(kept.table())
    except BadInput as error:
        raise Damaged(_not_of_this_model("requests with the fields of this model", str(error))) from error
    if kept.reference.raw.shape[1:] != (len(reference.schema.classes),):
        found = f"scores of the shape {list(kept.reference.raw.shape)}"
        raise Damaged(_not_of_this_model(f"scores of {len(reference.schema.classes)} classes", found))


def _require_same_scores(golden: GoldenSet, tolerances: Tolerances) -> None:
    """Refuse golden records whose stored raw scores are not the model's."""
    difference = float(np.abs(golden.reference.raw.astype(np.float64) - golden.expected.raw).max())
    limit = max(_RAW_TOLERANCE, tolerances.raw_max)
    if not difference <= limit:
        expected = f"the raw scores of this model, within {limit:.0e}"
        raise Damaged(_not_of_this_model(expected, f"a difference of {difference:.2g}"))


def _not_of_this_model(expected: str, found: str) -> Problem:
    return Problem(
        code="pack.golden",
        where="golden records of the training output",
        expected=expected,
        found=found,
        fix="copy all files of one and the same training run, or pass `--golden synthetic`",
    )
