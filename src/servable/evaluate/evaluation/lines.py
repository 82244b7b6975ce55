"""An evaluation as lines of text."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from servable.evaluate.evaluation.against import Compared
from servable.evaluate.evaluation.answers import AtThreshold, OfClass, Shares
from servable.evaluate.evaluation.evaluation import Evaluation
from servable.evaluate.evaluation.figures import ProbabilityFigures, ScoreFigures
from servable.evaluate.evaluation.slices import Mark, Slice, SliceFigure, Slices
from servable.evaluate.evaluation.words import figure, interval, percent_or_dash, signed_interval
from servable.metrics import CalibrationError, ErrorForm, ErrorTarget
from servable.wording import cut, percent, plain

_MOST_NAME: Final = 40
_APART: Final = "   "
_STARS: Final = {Mark.NONE: "", Mark.APART: " *", Mark.FAR: " **"}
_STARS_MEAN: Final = "*: apart from the whole; **: far apart"
_NONE: Final = "-"
_FORMS: Final = {ErrorForm.MEAN_GAP: "", ErrorForm.DEBIASED: "debiased, "}

Row = tuple[str, ...]


def evaluation_lines(evaluation: Evaluation) -> list[str]:
    """The evaluation as text: the headline, what else is worth knowing, and the figures in tables."""
    blocks = (
        [f"{evaluation.headline}", *_head(evaluation)],
        [f"  warning: {sentence}" for sentence in evaluation.warnings],
        [f"  {sentence}" for sentence in evaluation.sentences],
        _aligned(_figures(evaluation)),
        _aligned(_thresholds(evaluation.thresholds)),
        _aligned(_classes(evaluation.of_classes)),
        _aligned(_confusion(evaluation)),
        *([] if evaluation.against is None else [_aligned(_against(evaluation))]),
        *([] if evaluation.slices is None else [_slices(evaluation, evaluation.slices)]),
    )
    lines = [line for block in blocks if block for line in (*map(plain, block), "")]
    return lines[:-1]


def _head(evaluation: Evaluation) -> Iterator[str]:
    data, model = evaluation.data, evaluation.model
    part = "" if data.part is None else f", part {data.part}"
    by_class = ", ".join(
        f"{name} in {rows:,} ({percent(share)})"
        for name, rows, share in zip(
            evaluation.classes, data.rows_of_class, evaluation.base.shares, strict=True
        )
    )
    yield f"  model   {model.name} ({model.family}, calibrator {model.calibrator or 'none'}), {model.digest}"
    yield f"  table   {data.table}{part}: {data.rows:,} rows, {data.label}: {by_class}"
    yield f"  draws   {evaluation.draws:,} of the bootstrap, seed {evaluation.seed}; intervals are of 95 %"


def _figures(evaluation: Evaluation) -> list[Row]:
    """A column for raw and for calibrated scores, and one for what the base rate comes to."""
    base, scores = evaluation.base, [evaluation.raw]
    if evaluation.calibrated is not None:
        scores.append(evaluation.calibrated)
    found = [one.probability for one in scores]
    rows: list[Row] = [
        ("", *(str(one.kind) for one in scores), "base rate"),
        ("AUC", *(interval(one.auc) for one in scores), figure(0.5)),
    ]
    if evaluation.raw.average_precision is not None:
        rows.append(("average precision", *map(_average_precision, scores), figure(base.shares[1])))
    rows += [
        ("log-loss", *_each(found, lambda one: interval(one.log_loss)), figure(base.log_loss)),
        ("  skill", *_each(found, lambda one: interval(one.log_loss_skill)), figure(0)),
        ("Brier score", *_each(found, lambda one: interval(one.brier)), figure(base.brier)),
        ("  skill", *_each(found, lambda one: interval(one.brier_skill)), figure(0)),
        *_parts_of_brier(found),
        ("mean score minus share", *_each(found, lambda one: signed_interval(one.bias)), figure(0)),
        *_calibration(found),
    ]
    highest = max(base.shares)
    rows.append(
        ("accuracy of the label", interval(evaluation.accuracy), *[""] * (len(scores) - 1), figure(highest))
    )
    return rows


def _each(
    found: Sequence[ProbabilityFigures | None], said: Callable[[ProbabilityFigures], str]
) -> Iterator[str]:
    return (_NONE if one is None else said(one) for one in found)


def _average_precision(scores: ScoreFigures) -> str:
    return _NONE if scores.average_precision is None else interval(scores.average_precision)


def _parts_of_brier(found: Sequence[ProbabilityFigures | None]) -> Iterator[Row]:
    parts = [None if one is None else one.decomposition for one in found]
    if all(one is None for one in parts):
        return
    for name in ("reliability", "resolution", "uncertainty", "within_bins"):
        title = f"  {name.replace('_', ' ')}"
        yield (title, *(_NONE if one is None else figure(getattr(one, name)) for one in parts), "")


def _calibration(found: Sequence[ProbabilityFigures | None]) -> Iterator[Row]:
    """Each error with what chance alone comes to."""
    known = [one for one in found if one is not None]
    for place, finding in enumerate(known[0].calibration):
        error = finding.error
        of = "top label, " if error.target is ErrorTarget.TOP_LABEL else ""
        title = f"  {of}{_FORMS[error.form]}{error.kind}"
        errors = [None if one is None else one.calibration[place].error for one in found]
        yield (title if place else "calibration error", *map(_error, errors), "")


def _error(error: CalibrationError | None) -> str:
    return _NONE if error is None else f"{figure(error.value)} (by chance {figure(error.null)})"


def _thresholds(thresholds: Sequence[AtThreshold]) -> list[Row]:
    if not thresholds:
        return []
    titles = ("class 1 from", "score", "answered", "precision", "recall", "specificity", "F1", "")
    rows = [
        (
            f"{at.threshold:.4g}",
            str(at.kind),
            percent_or_dash(at.answered_share),
            *_shares(at.shares),
            str(at.reason),
        )
        for at in thresholds
    ]
    return [titles, *rows]


def _shares(shares: Shares) -> Row:
    return tuple(map(percent_or_dash, (shares.precision, shares.recall, shares.specificity, shares.f1)))


def _classes(classes: Sequence[OfClass]) -> list[Row]:
    if not classes:
        return []
    titles = ("class", "rows", "AUC", "mean score minus share", "precision", "recall", "specificity", "F1")
    rows = [
        (
            _cut(one.name),
            f"{one.rows:,}",
            _NONE if one.auc is None else interval(one.auc),
            signed_interval(one.bias),
            *_shares(one.shares),
        )
        for one in classes
    ]
    return [titles, *rows]


def _confusion(evaluation: Evaluation) -> list[Row]:
    """Rows by class and by answer."""
    titles = ("true class", *(f"answered {_cut(name)}" for name in evaluation.classes))
    rows = [
        (_cut(name), *(f"{count:,}" for count in counts))
        for name, counts in zip(evaluation.classes, evaluation.confusion, strict=True)
    ]
    return [titles, *rows]


def _against(evaluation: Evaluation) -> list[Row]:
    against = evaluation.against
    if against is None:
        return []
    ours, theirs = against.titles
    compared = (("AUC", against.auc), ("log-loss", against.log_loss), ("Brier score", against.brier))
    return [
        ("", f"{_cut(ours)}, {against.kind}", f"{_cut(theirs)}, {against.other_kind}", "difference"),
        *((title, *_compared(found)) for title, found in compared),
        (
            "other label",
            f"{against.flips_right:,} right",
            f"{against.flips_other_right:,} right",
            f"{against.flips:,} rows",
        ),
    ]


def _compared(found: Compared) -> Row:
    return interval(found.model), interval(found.other), signed_interval(found.difference)


def _slices(evaluation: Evaluation, slices: Slices) -> list[str]:
    base = evaluation.base.shares
    share, of_all = ("class 1", base[1]) if len(base) == 2 else ("largest class", max(base))
    titles = ("field", "slice", "rows", share, "AUC", "log-loss", "mean score minus share")
    rows = [
        ("", "all", f"{evaluation.data.rows:,}", percent(of_all), *_whole(evaluation.figures)),
    ]
    rows += [
        (_cut(one.column), _cut(one.name), f"{one.rows:,}", percent(one.base_rate), *_slice(one))
        for one in slices.slices
    ]
    return [*_aligned([titles, *rows]), f"  {_STARS_MEAN}; {slices.sentence}"]


def _whole(scores: ScoreFigures) -> Row:
    found = scores.probability
    losses = (_NONE, _NONE) if found is None else (interval(found.log_loss), interval(found.bias))
    return (interval(scores.auc), *losses)


def _slice(one: Slice) -> Row:
    if one.log_loss is None:
        return f"too small: {one.too_small}", "", ""
    return _marked(one.auc), _marked(one.log_loss), _marked(one.bias)


def _marked(found: SliceFigure | None) -> str:
    return _NONE if found is None else f"{interval(found.estimate)}{_STARS[found.mark]}"


def _aligned(rows: Sequence[Row]) -> list[str]:
    if not rows:
        return []
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return [f"  {_APART.join(map(str.ljust, row, widths))}".rstrip() for row in rows]


def _cut(name: str) -> str:
    return cut(name, _MOST_NAME)
