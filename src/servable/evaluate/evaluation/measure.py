"""A scored table measured: every figure of both models by the same draws, slices, curves."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from servable.calibration import CalibratorKind
from servable.evaluate.evaluation.against import COMPARED, Against, Side, compared
from servable.evaluate.evaluation.curves import ClassCurves, curves_of
from servable.evaluate.evaluation.figures import ScoreFigures, figures_of_scores
from servable.evaluate.evaluation.judged import Answered, Judged, ScoreKind
from servable.evaluate.evaluation.scoring import Scores
from servable.evaluate.evaluation.settings import EvaluationSettings
from servable.evaluate.evaluation.slices import SLICE_DRAWS, SLICE_FIGURES, Slices, slices_of
from servable.evaluate.evaluation.table import ScoredTable
from servable.metrics import Estimate, Resampled, Resampler, Weights, accuracy_figure, resample
from servable.progress import Progress, silent, told
from servable.scorer import Scorer

_OURS: Final = "this model, "
_THEIRS: Final = "the other model, "
_ACCURACY: Final = "accuracy"
_DRAWING: Final = "draw the rows anew"
_TOLD_EVERY: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """What was found out about a model on the rows of a table.

    Attributes:
        model: its scores.
        figures: of the raw and of the calibrated scores.
        change: log-loss of the calibrated scores minus that of the raw ones; None where one is missing.
        accuracy: share of the rows whose label the model answers.
        of_classes: AUC and bias of each class by the scores that are judged, None where a class has no
            rows; empty for two classes.
        slices: None where none were asked for.
        against: None without another model.
        curves: those of the raw scores first.
    """

    model: Answered
    figures: dict[ScoreKind, ScoreFigures]
    change: Estimate | None
    accuracy: Estimate
    of_classes: tuple[tuple[Estimate | None, Estimate], ...]
    slices: Slices | None
    against: Against | None
    curves: tuple[ClassCurves, ...]


def measure(
    table: ScoredTable,
    scorer: Scorer,
    *,
    against: Scorer | None,
    settings: EvaluationSettings,
    progress: Progress = silent,
) -> Measured:
    """A model measured on a table, whose labels are of at least two classes.

    Args:
        table: the scores of its rows.
        scorer: of the model.
        against: of the model whose scores are beside, or None.
        settings: how many draws, of which seed.
        progress: told how far it is.
    """
    model = _answered(scorer, table.scores, table)
    other = None if against is None or table.against is None else _answered(against, table.against, table)
    resampled = _resampled(model, other, table, settings, progress)
    judged, fewer = model.judged, _resampler(table, min(settings.draws, SLICE_DRAWS), settings)
    with told(progress, "cut into slices"):
        whole = {name: resampled.values[_name(_OURS, judged, name)] for name in SLICE_FIGURES}
        slices = slices_of(judged, table.columns, whole=whole, draws=fewer)
    comparison = None
    if against is not None and other is not None:
        comparison = compared(_side(scorer, model, _OURS), _side(against, other, _THEIRS), resampled)
    with told(progress, "draw the curves"):
        curves = tuple(
            found
            for scores in model.both
            for found in curves_of(scores, scorer.schema.classes, draws=fewer if scores is judged else None)
        )
    return Measured(
        model=model,
        figures={
            scores.kind: figures_of_scores(scores, resampled, _name(_OURS, scores), seed=settings.seed)
            for scores in model.both
        },
        change=_change(model, resampled),
        accuracy=resampled.estimate(_ACCURACY),
        of_classes=_of_classes(judged, resampled),
        slices=slices,
        against=comparison,
        curves=curves,
    )


def is_percentile(scorer: Scorer) -> bool:
    """Whether a model's calibrated scores are ranks."""
    return scorer.calibrator is not None and scorer.calibrator.kind is CalibratorKind.PERCENTILE


def _answered(scorer: Scorer, scores: Scores, table: ScoredTable) -> Answered:
    calibrated = None
    if scores.calibrated is not None:
        calibrated = Judged(
            kind=ScoreKind.CALIBRATED,
            scores=scores.calibrated,
            labels=table.labels,
            is_probability=not is_percentile(scorer),
        )
    raw = Judged(kind=ScoreKind.RAW, scores=scores.raw, labels=table.labels)
    return Answered(raw=raw, calibrated=calibrated)


def _name(of: str, scores: Judged, figure: str = "") -> str:
    """A figure's name among those of both models."""
    return f"{of}{scores.kind} {figure}"


def _side(scorer: Scorer, model: Answered, of: str) -> Side:
    return Side(
        name=scorer.artifact.name,
        digest=scorer.artifact.digest,
        judged=model.judged,
        answered=model.labels,
        prefix=_name(of, model.judged),
    )


def _resampler(table: ScoredTable, draws: int, settings: EvaluationSettings) -> Resampler:
    return Resampler(n=len(table), draws=draws, seed=settings.seed, groups=table.groups)


def _resampled(
    model: Answered,
    other: Answered | None,
    table: ScoredTable,
    settings: EvaluationSettings,
    progress: Progress,
) -> Resampled:
    """Every figure of both models, all of the same draws, so that differences are paired."""
    figures = {
        _name(_OURS, scores, name): figure
        for scores, found in zip(model.both, model.figures(), strict=True)
        for name, figure in found.items()
    }
    if other is not None:
        theirs = other.judged.figures()
        figures |= {_name(_THEIRS, other.judged, name): theirs[name] for name in COMPARED}
    figures[_ACCURACY] = accuracy_figure(model.labels, table.labels)
    draws = _resampler(table, settings.draws, settings)
    return resample(figures, _told(draws, settings.draws, progress))


def _told(draws: Iterable[Weights], total: int, progress: Progress) -> Iterator[Weights]:
    for done, weights in enumerate(draws):
        if done % _TOLD_EVERY == 0:
            progress(_DRAWING, done, total)
        yield weights
    progress(_DRAWING, total, total)


def _change(model: Answered, resampled: Resampled) -> Estimate | None:
    if model.calibrated is None or not model.calibrated.is_probability:
        return None
    return resampled.difference(
        _name(_OURS, model.calibrated, "log_loss"), _name(_OURS, model.raw, "log_loss")
    )


def _of_classes(judged: Judged, resampled: Resampled) -> tuple[tuple[Estimate | None, Estimate], ...]:
    if judged.classes == 2:
        return ()
    return tuple(
        (
            resampled.estimate(_name(_OURS, judged, f"auc_{number}")) if rows else None,
            resampled.estimate(_name(_OURS, judged, f"bias_{number}")),
        )
        for number, rows in enumerate(judged.rows_of_class.tolist())
    )
