"""What an evaluation says in words: the headline, and what else is worth knowing."""

from collections.abc import Iterator, Sequence
from typing import Final

from servable.evaluate.evaluation.evaluation import LabelledRows
from servable.evaluate.evaluation.figures import ProbabilityFigures, ScoreFigures
from servable.evaluate.evaluation.settings import Origin
from servable.evaluate.evaluation.words import figure, interval, signed_interval
from servable.metrics import FEWEST_OF_CLASS, Estimate, skill_sentence
from servable.wording import counted

FEW_OF_CLASS: Final = 10
FEW_GROUPS: Final = 30


def headline(name: str, figures: ScoreFigures) -> str:
    """How a model stands to the base rate, by scores that are probabilities."""
    if figures.probability is None:
        return name
    return f"{name} is {skill_sentence(figures.probability.log_loss_skill)}"


def figure_sentences(
    figures: ScoreFigures, *, classes: int, change: Estimate | None, is_percentile: bool
) -> Iterator[str]:
    """What figures of probabilities come to.

    Args:
        figures: of the scores that are judged.
        classes: how many there are.
        change: of the log-loss by calibration; None without a calibrator of probabilities.
        is_percentile: whether the calibrated scores are percentiles.
    """
    if is_percentile:
        yield (
            "the calibrator answers percentiles: they rank records and are no probabilities, so no log-loss, "
            "Brier score or calibration error is taken of them; what is said here is of the raw scores"
        )
    scores = f"{figures.kind} scores"
    of = "" if classes == 2 else ", mean of each class against the rest"
    yield f"{scores}: AUC {interval(figures.auc)}{of}"
    if change is not None:
        yield _changed(change)
    if figures.probability is not None:
        yield f"{scores}: {figures.probability.calibration[0].sentence}"
        yield _bias(scores, figures.probability, classes=classes)
        if figures.probability.certain:
            yield _certain(scores, figures.probability)


def _changed(change: Estimate) -> str:
    if change.is_below(0):
        verb = "calibration lowers the log-loss"
    elif change.is_above(0):
        verb = "calibration raises the log-loss, and so makes the scores worse"
    else:
        verb = "calibration does not change the log-loss by more than chance does"
    return f"{verb}: {signed_interval(change)} (calibrated minus raw on the same rows)"


def _bias(scores: str, found: ProbabilityFigures, *, classes: int) -> str:
    bias = found.bias
    verdict = "right on average"
    if bias.is_above(0):
        verdict = "too high on average"
    if bias.is_below(0):
        verdict = "too low on average"
    said, came_true = (
        ("mean score", "share of class 1")
        if classes == 2
        else ("mean score of the likeliest class", "share of rows where it is right")
    )
    return (
        f"{scores} are {verdict}: {said} {figure(found.mean_score)}, {came_true} {figure(found.share)}, "
        f"difference {signed_interval(bias)}"
    )


def _certain(scores: str, found: ProbabilityFigures) -> str:
    wrong = (
        ""
        if not found.certain_wrong
        else f", {counted(found.certain_wrong, 'of them is', 'of them are')} wrong"
    )
    return (
        f"{scores}: {counted(found.certain, 'row has', 'rows have')} a probability of exactly 0 or 1{wrong}; "
        "one that is wrong costs without end, and the log-loss counts it as 34.5 nats"
    )


def data_sentences(data: LabelledRows, classes: Sequence[str]) -> Iterator[str]:
    """Which rows the figures are of, and what their intervals draw."""
    grouping = data.grouping
    if grouping is not None:
        why = "as asked for" if grouping.origin is Origin.ASKED else "which training kept together"
        yield (
            f"intervals draw whole groups of rows, {counted(grouping.groups, 'value')} of "
            f'"{grouping.column}", {why}, since rows of one group are no independent witnesses'
        )
    if data.part is not None:
        labelled = data.rows + data.other_parts
        yield f"only rows of the part {data.part}: {data.rows:,} of {labelled:,} with a label"
    if data.unlabelled:
        yield f"{counted(data.unlabelled, 'row')} without a label left out"
    for name, rows in zip(classes, data.rows_of_class, strict=True):
        if not rows:
            yield f'no row of class "{name}": it has no part in the mean AUC'


def data_warnings(data: LabelledRows, classes: Sequence[str]) -> Iterator[str]:
    """What spoils calibrated scores, and what makes intervals rough."""
    if data.kept_raw:
        yield (
            f"the calibrator has no answer for {counted(data.kept_raw, 'row')}: raw scores stand in "
            "the place of the calibrated ones"
        )
    for name, rows in zip(classes, data.rows_of_class, strict=True):
        if 0 < rows < FEW_OF_CLASS:
            few = ", and an AUC has none" if rows < FEWEST_OF_CLASS else ""
            yield f'only {counted(rows, "row")} of class "{name}": intervals are rough{few}'
    if data.grouping is not None and data.grouping.groups < FEW_GROUPS:
        yield (
            f'only {counted(data.grouping.groups, "group")} of "{data.grouping.column}": intervals are rough'
        )
