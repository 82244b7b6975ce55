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

from servable.artifact import GoldenSet, GoldenSource, OnDamage, Tolerances, derive_records
from servable.errors import BadInput, Damaged, Problem
from servable.pack.agreement import agreeing, disagreement
from servable.pack.golden_table import read_golden_table
from servable.pack.recorded import RecordedAnswers, read_recorded_answers
from servable.records import Cell, FloatArray, Predictions
from servable.scorer import Scorer

_TYPICAL = 50
_TYPICAL_BESIDE_REAL_ONES = 11
"""One for each kind of text; without texts real records are typical enough."""
_RAW_TOLERANCE = 1e-4


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
    """Requests to an endpoint that is being replaced, with the answers that it gave (docs/formats.md)."""

    path: Path


KEPT_RECORDS: Final = KeptRecords()
GoldenChoice = KeptRecords | DerivedRecords | NoRecords | RecordsOfTable | RecordedRequests


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Proposal:
    """Golden records before the packed model has answered them.

    Attributes:
        compared: what packed model and reference are compared on.
        is_kept: whether these records go into the pack.
        recorded: the recorded answers that the first records must get, if they came with any.
        origin: where they come from, in words.
    """

    compared: GoldenSet
    is_kept: bool
    recorded: RecordedAnswers | None
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Settled:
    """The golden records of a pack, with the packed model's answers, and what was left out of them."""

    golden: GoldenSet | None
    degradations: tuple[str, ...]


def propose(choice: GoldenChoice, reference: Scorer) -> Proposal:
    """The golden records that a choice comes to, with the training side's answers.

    Raises:
        NotFound, BadInput: if the file of a choice cannot be used.
        Damaged: `pack.golden` if records that training kept have answers of another model's form.
    """
    match choice:
        case RecordsOfTable(path):
            table = read_golden_table(path, reference.artifact)
            golden = _with_derived(reference, GoldenSource.TABLE, table.requests, reference_of_first=None)
            return _proposal(golden, f"records of {path.name}, {_share(len(table.requests), table.rows)}")
        case RecordedRequests(path):
            recorded = read_recorded_answers(path, reference.schema)
            golden = _with_derived(
                reference, GoldenSource.ENDPOINT, recorded.requests, reference_of_first=recorded.scores
            )
            origin = f"recorded answers of {path.name}, {_share(len(recorded), recorded.records)}"
            return replace(_proposal(golden, origin), recorded=recorded)
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


def settle(
    proposal: Proposal, packed: Predictions, *, tolerances: Tolerances, on_damage: OnDamage
) -> Settled:
    """The golden records, now that the packed model has answered them.

    Recorded answers that the packed model does not give are refused, or with `OnDamage.WARN` left out.

    Raises:
        Damaged: `pack.golden` if training kept answers of another model.
        BadInput: `pack.answers` for recorded answers that differ.
    """
    golden, recorded = proposal.compared.with_packed(packed), proposal.recorded
    if not proposal.is_kept:
        return Settled(golden=None, degradations=())
    if recorded is None:
        _require_same_scores(golden, packed, tolerances)
        return Settled(golden=golden, degradations=())
    first = Predictions(raw=packed.raw[: len(recorded)], calibrated=packed.calibrated[: len(recorded)])
    agree = agreeing(recorded, first)
    if agree.all():
        return Settled(golden=golden, degradations=())
    if on_damage is OnDamage.REFUSE or not agree.any():
        raise BadInput(disagreement(recorded, first))
    sentence = (
        f"{recorded.file}: recorded answers that this model does not give: {int((~agree).sum())} of "
        f"{len(recorded)}; the golden records are the others"
    )
    kept = np.concatenate([agree, np.ones(golden.derived, dtype=np.bool_)])
    return Settled(golden=golden.only(kept, derived=golden.derived), degradations=(sentence,))


def _proposal(golden: GoldenSet, origin: str) -> Proposal:
    return Proposal(compared=golden, is_kept=True, recorded=None, origin=origin)


def _share(taken: int, total: int) -> str:
    return f"all {total:,}" if taken == total else f"{taken:,} of {total:,} by a hash of their content"


def _derived(reference: Scorer) -> GoldenSet:
    return _golden_set(reference, GoldenSource.SCHEMA, (), _records(reference, typical=_TYPICAL), None)


def _with_derived(
    reference: Scorer,
    source: GoldenSource,
    requests: tuple[bytes, ...],
    *,
    reference_of_first: Predictions | None,
) -> GoldenSet:
    derived = _records(reference, typical=_TYPICAL_BESIDE_REAL_ONES if reference.artifact.texts else 0)
    return _golden_set(reference, source, requests, derived, reference_of_first)


def _golden_set(
    reference: Scorer,
    source: GoldenSource,
    real: tuple[bytes, ...],
    derived: Sequence[dict[str, Cell]],
    recorded: Predictions | None,
) -> GoldenSet:
    """Real requests and then derived ones; the reference of the former is what was recorded, if it was."""
    requests = (*real, *map(msgspec.json.encode, derived))
    scores = reference.score([msgspec.json.decode(request) for request in requests])
    if recorded is not None:
        scores = Predictions(
            raw=_replaced(scores.raw, recorded.raw),
            calibrated=_replaced(scores.calibrated, recorded.calibrated),
        )
    return GoldenSet(requests=requests, reference=scores, packed=None, source=source, derived=len(derived))


def _replaced(scores: FloatArray, first: FloatArray) -> FloatArray:
    """The scores with others in the place of the first ones, at the precision that they have."""
    return np.concatenate([first.astype(scores.dtype), scores[len(first) :]])


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


def _require_same_scores(golden: GoldenSet, packed: Predictions, tolerances: Tolerances) -> None:
    """Refuse golden records whose stored raw scores are not the model's."""
    difference = float(np.abs(golden.reference.raw.astype(np.float64) - packed.raw).max())
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
