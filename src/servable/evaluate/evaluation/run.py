"""From a model and a labelled table to an evaluation."""

from pathlib import Path
from typing import Final

import numpy as np

from servable.artifact import OnDamage
from servable.errors import BadInput, Problem
from servable.evaluate.evaluation.answers import (
    AtThreshold,
    answer_matrix,
    at_thresholds,
    of_classes,
)
from servable.evaluate.evaluation.evaluation import Evaluation, LabelledRows, Subject
from servable.evaluate.evaluation.judged import ScoreKind
from servable.evaluate.evaluation.measure import Measured, is_percentile, measure
from servable.evaluate.evaluation.scoring import changes_scores
from servable.evaluate.evaluation.sentences import data_sentences, data_warnings, figure_sentences, headline
from servable.evaluate.evaluation.settings import EvaluationSettings, Origin
from servable.evaluate.evaluation.table import ScoredTable, read_scored_table
from servable.evaluate.evaluation.use import Use, use_of_rows, use_of_rows_by_other
from servable.metrics import base_rate
from servable.progress import Progress, silent, told
from servable.scorer import Scorer
from servable.wording import enumerated

LEAST_ROWS_EVALUATED: Final = 30
"""Labelled rows below which no figure means anything."""


def evaluate(
    scorer: Scorer,
    path: Path,
    *,
    settings: EvaluationSettings | None = None,
    against: Scorer | None = None,
    on_damage: OnDamage = OnDamage.REFUSE,
    progress: Progress = silent,
) -> Evaluation:
    """What a model is worth on the labelled rows of a table.

    Args:
        scorer: of the model.
        path: .csv with a header, .ndjson, .json or .parquet.
        settings: which rows, which slices, how many draws.
        against: of another model of the same classes, to compare with on the same rows.
        on_damage: whether what a model remembers of its training is passed over where it is broken.
        progress: told how far it is.

    Raises:
        NotFound, BadInput: for a table that cannot be read or used: `table.*`, `split.*`, `evaluate.*`.
        ServableError: `score.*`, where a model answers what is no probability.
        Damaged: if what a model remembers of its training is broken, and that is refused.
    """
    settings = settings or EvaluationSettings()
    _require_two_for_thresholds(scorer, settings)
    if against is not None:
        _require_same_classes(scorer, against)
    with told(progress, "read the table"):
        use = use_of_rows(path, scorer, settings, on_damage=on_damage)
        if against is not None:
            other = use_of_rows_by_other(path, against, scorer.artifact, settings, on_damage=on_damage)
            use = use.beside(other)
    _require_rows(path, use.rows, settings)
    table = read_scored_table(
        path, scorer, settings=settings, rows=use.rows, against=against, progress=progress
    )
    _require_two_classes(path, table, scorer.schema.classes)
    _require_two_groups(path, table)
    measured = measure(table, scorer, against=against, settings=settings, progress=progress)
    return _evaluation(
        scorer, settings=settings, data=_data(path, scorer, settings, table), measured=measured, use=use
    )


def _evaluation(
    scorer: Scorer, *, settings: EvaluationSettings, data: LabelledRows, measured: Measured, use: Use
) -> Evaluation:
    """What was measured, put together and said."""
    artifact, classes, raw = scorer.artifact, scorer.schema.classes, measured.model.raw
    judged = measured.model.judged
    figures, thresholds = measured.figures[judged.kind], _thresholds(measured, settings)
    calibrator = scorer.calibrator if changes_scores(scorer) else None
    return Evaluation(
        model=Subject(
            name=artifact.name,
            family=artifact.family,
            digest=artifact.digest,
            calibrator=None if calibrator is None else str(calibrator.kind),
        ),
        data=data,
        classes=classes,
        draws=settings.draws,
        seed=settings.seed,
        base=base_rate(raw.labels, classes=len(classes)),
        accuracy=measured.accuracy,
        raw=measured.figures[ScoreKind.RAW],
        calibrated=measured.figures.get(ScoreKind.CALIBRATED),
        judged=judged.kind,
        change=measured.change,
        thresholds=thresholds,
        confusion=tuple(map(tuple, answer_matrix(raw).tolist())),
        of_classes=of_classes(raw, classes, measured.of_classes) if len(classes) > 2 else (),
        slices=measured.slices,
        against=measured.against,
        curves=measured.curves,
        headline=headline(artifact.name, figures),
        sentences=(
            *figure_sentences(
                figures, classes=len(classes), change=measured.change, is_percentile=is_percentile(scorer)
            ),
            *([] if measured.against is None else [measured.against.sentence]),
            *data_sentences(data, classes),
            *use.remarks,
        ),
        warnings=(*use.warnings, *data_warnings(data, classes), *scorer.degradations),
    )


def _thresholds(measured: Measured, settings: EvaluationSettings) -> tuple[AtThreshold, ...]:
    model = measured.model
    if model.raw.classes > 2:
        return ()
    return at_thresholds(model, asked=settings.thresholds)


def _data(path: Path, scorer: Scorer, settings: EvaluationSettings, table: ScoredTable) -> LabelledRows:
    return LabelledRows(
        table=path.name,
        label=settings.label or scorer.schema.label_name or "",
        part=None if settings.part is None else settings.part.value,
        rows=len(table),
        rows_of_class=tuple(np.bincount(table.labels, minlength=len(scorer.schema.classes)).tolist()),
        unlabelled=table.unlabelled,
        other_parts=table.other_parts,
        grouping=table.grouping,
        kept_raw=table.scores.kept_raw,
    )


def _require_two_for_thresholds(scorer: Scorer, settings: EvaluationSettings) -> None:
    classes = scorer.schema.classes
    if settings.thresholds and len(classes) > 2:
        raise BadInput(
            Problem(
                code="evaluate.setting",
                where="--threshold",
                expected="a model of two classes",
                found=f"{len(classes)}: {enumerated(classes)}",
                fix="leave it out",
            )
        )


def _require_same_classes(scorer: Scorer, against: Scorer) -> None:
    ours, theirs = scorer.schema.classes, against.schema.classes
    if ours != theirs:
        raise BadInput(
            Problem(
                code="evaluate.classes",
                where=f"--against, {against.artifact.name}",
                expected=f"the classes {enumerated(ours)}, in this order",
                found=enumerated(theirs),
                fix="compare with a model of the same classes",
            )
        )


def _require_rows(path: Path, rows: int, settings: EvaluationSettings) -> None:
    if rows < LEAST_ROWS_EVALUATED:
        part = "" if settings.part is None else f" of the part {settings.part}"
        raise BadInput(
            Problem(
                code="evaluate.rows",
                where=path.name,
                expected=f"at least {LEAST_ROWS_EVALUATED} rows{part} with a label",
                found=f"{rows:,}",
                fix="evaluate on more rows",
            )
        )


def _require_two_groups(path: Path, table: ScoredTable) -> None:
    grouping = table.grouping
    if grouping is None or grouping.groups > 1:
        return
    is_asked = grouping.origin is Origin.ASKED
    raise BadInput(
        Problem(
            code="evaluate.groups",
            where=f'{path.name}, {"--group" if is_asked else "column"} "{grouping.column}"',
            expected="at least two values, since the bootstrap draws whole groups of rows",
            found=f"one value in all {len(table):,} rows",
            fix="name another column" if is_asked else "evaluate on rows of more groups, or pass `--group`",
        )
    )


def _require_two_classes(path: Path, table: ScoredTable, classes: tuple[str, ...]) -> None:
    present = [classes[number] for number in np.unique(table.labels).tolist()]
    if len(present) < 2:
        raise BadInput(
            Problem(
                code="evaluate.one-class",
                where=path.name,
                expected="labelled rows of at least two classes",
                found=f'class "{present[0]}" alone in all {len(table):,} rows',
                fix="add rows of another class",
            )
        )
