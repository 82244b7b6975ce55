"""What a model is worth on a labelled table: everything that a page, a terminal and a machine are told."""

from dataclasses import dataclass
from typing import Any

import msgspec

from servable.evaluate.evaluation.against import Against
from servable.evaluate.evaluation.answers import AtThreshold, OfClass
from servable.evaluate.evaluation.curves import ClassCurves
from servable.evaluate.evaluation.figures import ScoreFigures
from servable.evaluate.evaluation.judged import ScoreKind
from servable.evaluate.evaluation.settings import Grouping
from servable.evaluate.evaluation.slices import Slices
from servable.metrics import BaseRate, Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Which model.

    Attributes:
        name: the model's own.
        family: of models.
        digest: `sha256:...`, its identity.
        calibrator: its kind; None where there is none that has an effect.
    """

    name: str
    family: str
    digest: str
    calibrator: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledRows:
    """Which rows.

    Attributes:
        table: name of the file.
        label: column of the labels.
        part: of the split that training recorded; None for all rows.
        rows: how many were scored.
        rows_of_class: how many of each class, in class order.
        unlabelled: rows that were left out because their label is missing.
        other_parts: labelled rows that were left out because they belong to another part.
        grouping: by what the bootstrap draws; None where each row stands alone.
        kept_raw: rows whose raw scores stand among the calibrated ones, for the calibrator has no answer.
    """

    table: str
    label: str
    part: str | None
    rows: int
    rows_of_class: tuple[int, ...]
    unlabelled: int
    other_parts: int
    grouping: Grouping | None
    kept_raw: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What a model is worth on some rows. Intervals are of 95 %, by the bootstrap.

    Attributes:
        model: which one.
        data: which rows.
        classes: names of the classes in the order of the scores.
        draws: of the bootstrap.
        seed: of every draw.
        base: shares of the classes, and the losses of answering them to every row.
        accuracy: share of the rows whose label the model answers.
        raw: of the model's own scores.
        calibrated: of the calibrated ones; None where no calibrator has an effect.
        judged: which of them the sentences, the slices and the comparison are about: the calibrated ones,
            where they are probabilities.
        change: log-loss of the calibrated scores minus that of the raw ones, of the same draws; None where
            one of them is missing.
        thresholds: of two classes; else empty.
        confusion: `[K, K]` rows by their class (down) and by the class that the model answers (across).
        of_classes: of more than two classes; else empty.
        slices: None where none were asked for.
        against: None where no other model was named.
        curves: what the figures are drawn of; the raw scores' first.
        headline: how the model stands to the base rate.
        sentences: what else is worth knowing, the most important first.
        warnings: why the figures may be other than they look.
    """

    model: Subject
    data: LabelledRows
    classes: tuple[str, ...]
    draws: int
    seed: int
    base: BaseRate
    accuracy: Estimate
    raw: ScoreFigures
    calibrated: ScoreFigures | None
    judged: ScoreKind
    change: Estimate | None
    thresholds: tuple[AtThreshold, ...]
    confusion: tuple[tuple[int, ...], ...]
    of_classes: tuple[OfClass, ...]
    slices: Slices | None
    against: Against | None
    curves: tuple[ClassCurves, ...]
    headline: str
    sentences: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def figures(self) -> ScoreFigures:
        """Of the scores that are judged."""
        return self.calibrated if self.calibrated and self.judged is ScoreKind.CALIBRATED else self.raw

    def to_plain(self) -> dict[str, Any]:
        """The evaluation as JSON values."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain
