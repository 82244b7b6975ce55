"""Whether the rows of an evaluation are new to a model: it looks better on those that it was fitted on."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from servable.artifact import Artifact, OnDamage
from servable.datasets import LabelledBlock
from servable.errors import Damaged
from servable.evaluate.evaluation.blocks import as_the_other, labelled_blocks, wanted_blocks
from servable.evaluate.evaluation.settings import EvaluationSettings
from servable.scorer import Scorer
from servable.train import RecordedSplit, fitted_its_calibrator, used_in_training


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What is known of the rows and of the trainings.

    Attributes:
        rows: how many labelled rows are wanted.
        warnings: why figures look better than they will be.
        remarks: what was checked, or could not be.
    """

    rows: int = 0
    warnings: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    def beside(self, other: "Use") -> "Use":
        """The same with what is known of another model."""
        return replace(self, warnings=(*self.warnings, *other.warnings))


def use_of_rows(
    path: Path, scorer: Scorer, settings: EvaluationSettings, *, on_damage: OnDamage = OnDamage.REFUSE
) -> Use:
    """Whether a model's training, or the fit of its calibrator, used the rows that are wanted.

    Raises:
        NotFound, BadInput: if the table cannot be read.
        Damaged: if what the artifact remembers of its training is broken, and that is refused.
    """
    labelled = labelled_blocks(path, scorer.artifact, settings)
    return _use(path, scorer, settings, labelled, on_damage=on_damage)


def _use(
    path: Path,
    scorer: Scorer,
    settings: EvaluationSettings,
    labelled: Iterator[LabelledBlock],
    *,
    on_damage: OnDamage,
) -> Use:
    artifact = scorer.artifact
    blocks = wanted_blocks(path, artifact, settings, labelled)
    try:
        used = used_in_training(path, artifact, blocks, part=settings.part, on_damage=on_damage)
    except Damaged as error:
        raise error.inside(artifact.name) from error
    said = used.sentence()
    warnings = [f"{said}; a model looks better there than it is"] if used.is_beyond_chance else []
    if scorer.calibrator is not None and fitted_its_calibrator(path, artifact, part=settings.part):
        warnings.append(f"the calibrator was fitted on rows of {path.name}: there it looks better than it is")
    return Use(rows=used.rows, warnings=tuple(warnings), remarks=() if used.is_beyond_chance else (said,))


def use_of_rows_by_other(
    path: Path,
    other: Scorer,
    artifact: Artifact,
    settings: EvaluationSettings,
    *,
    on_damage: OnDamage = OnDamage.REFUSE,
) -> Use:
    """The same of the model that is compared, in its own name; nothing where the two split otherwise.

    Args:
        path: the file.
        other: the model that is compared.
        artifact: of the model whose parts are meant.
        settings: which rows are wanted.
        on_damage: as in `used_in_training`.
    """
    splits = [RecordedSplit.of(artifact), RecordedSplit.of(other.artifact)]
    keys = {None if split is None else split.key for split in splits}
    if settings.part is not None and (None in splits or len(keys) > 1):
        return Use()
    label = settings.label or artifact.schema.label_name
    theirs = replace(settings, label=label, slices=(), group=None)
    labelled = as_the_other(other.artifact, labelled_blocks(path, other.artifact, theirs))
    found = _use(path, other, theirs, labelled, on_damage=on_damage)
    return Use(
        warnings=tuple(f"the other model, {other.artifact.name}: {sentence}" for sentence in found.warnings)
    )
