"""Two artifacts held against each other: what differs, and how their scores move."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from servable.artifact import Artifact
from servable.evaluate.diff.about import Facts, about_changes, differing_files, engine_changes, facts_of
from servable.evaluate.diff.calibrators import CalibratorsDiff, calibrators_diff
from servable.evaluate.diff.change import Change
from servable.evaluate.diff.fields import FieldsDiff, fields_diff
from servable.evaluate.diff.golden import GoldenDiff, golden_diff
from servable.evaluate.diff.movers import Cells
from servable.evaluate.diff.sample import NotComparableError, sample_of
from servable.evaluate.diff.scores import ScoresDiff, require_scorable, scores_diff
from servable.evaluate.diff.side import Side
from servable.evaluate.diff.tables import TablesDiff, tables_diff
from servable.evaluate.diff.texts import TextsDiff, texts_diff
from servable.evaluate.diff.verdict import DiffVerdict, Standing
from servable.evaluate.diff.weights import WeightsDiff, weights_diff
from servable.progress import Progress, silent

ROUNDING: Final = 1e-4
"""Two engines of the same numbers give raw scores that are no further apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffSettings:
    """On what two artifacts are compared.

    Attributes:
        table: whose rows are scored; None for golden requests or derived records.
        rows: of the table or the golden requests, the first ones, at most; None for all.
        cells: whether the records that move most are told with their cells.
    """

    table: Path | None = None
    rows: int | None = None
    cells: Cells = Cells.WITHHELD


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """What differs between two artifacts.

    Attributes:
        verdict: in a word.
        sentence: in words.
        moves_scores: whether anything differs that can move a score.
        a, b: what the two are.
        scores: how the scores of the same records differ; None where that could not be asked.
        not_scored: then why; else empty.
        fields, texts, tables, calibrators, weights, golden: part by part.
        engine: what differs about what computes the scores.
        about: what differs beside all this.
        files: names of files that differ, of two artifacts of one layout.
    """

    verdict: DiffVerdict
    sentence: str
    moves_scores: bool
    a: Facts
    b: Facts
    scores: ScoresDiff | None
    not_scored: str
    fields: FieldsDiff
    texts: TextsDiff
    tables: TablesDiff
    calibrators: CalibratorsDiff
    weights: WeightsDiff
    engine: tuple[Change, ...]
    golden: GoldenDiff
    about: tuple[Change, ...]
    files: tuple[str, ...]

    def to_plain(self) -> dict[str, Any]:
        """The comparison as JSON values."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


def diff(a: Side, b: Side, *, settings: DiffSettings | None = None, progress: Progress = silent) -> Diff:
    """What differs between A and B.

    Args:
        a: an artifact.
        b: another one, of any layout and family.
        settings: on what they are compared.  [default: golden requests, else derived records]
        progress: told how many records are scored.

    Raises:
        NotFound, BadInput: for a table that neither of the two can read.
        ServableError: if one of them cannot score a record.
    """
    settings = settings or DiffSettings()
    scores, not_scored = _scores(a, b, settings, progress)
    one, other = a.artifact, b.artifact
    fields, texts, tables = fields_diff(one, other), texts_diff(one, other), tables_diff(one, other)
    calibrators, weights, engine = calibrators_diff(a, b), weights_diff(one, other), engine_changes(a, b)
    moving = {
        "fields": fields.moves_scores,
        "texts": texts.moves_scores,
        "tables": tables.moves_scores,
        "calibrator": calibrators.moves_scores,
        "weights": weights.moves_scores,
        "family": any(change.moves_scores for change in engine),
    }
    standing = Standing(
        is_one_artifact=one.digest == other.digest,
        moving_parts=[name for name, moves in moving.items() if moves],
        is_whole=weights.is_whole,
        rounding=max(map(_rounding, (one, other))),
        scores=scores,
        not_scored=not_scored,
    )
    return Diff(
        verdict=standing.verdict,
        sentence=standing.sentence,
        moves_scores=standing.moves_scores,
        a=facts_of(one),
        b=facts_of(other),
        scores=scores,
        not_scored=not_scored,
        fields=fields,
        texts=texts,
        tables=tables,
        calibrators=calibrators,
        weights=weights,
        engine=engine,
        golden=golden_diff(one, other),
        about=about_changes(a, b),
        files=differing_files(a, b),
    )


def _scores(a: Side, b: Side, settings: DiffSettings, progress: Progress) -> tuple[ScoresDiff | None, str]:
    """How scores move, or why nobody can tell."""
    try:
        require_scorable(a, b)
        sample = sample_of(a, b, table=settings.table, rows=settings.rows)
        return scores_diff(a, b, sample, cells=settings.cells, progress=progress), ""
    except NotComparableError as error:
        return None, str(error)


def _rounding(artifact: Artifact) -> float:
    """How far the raw scores of an artifact's engine may be from those of another one."""
    return ROUNDING if artifact.manifest is None else max(ROUNDING, artifact.manifest.tolerances.raw_max)
