"""Fresh data beside the profile of what a model was made for: what has changed beyond chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from servable.artifact import Profile
from servable.errors import BadInput, Damaged, Problem
from servable.evaluate.drift.bins import (
    Counted,
    CountedRows,
    CountedSpread,
    counted_fields,
    counted_labels,
    counted_scores,
)
from servable.evaluate.drift.chance import DRAWS, FLOOR, LEVEL, chance_bounds, difference, psi
from servable.evaluate.drift.found import (
    LEAST_POINTS,
    LEAST_PSI,
    Drift,
    DriftVerdict,
    FieldDrift,
    ShareChange,
    Spread,
)
from servable.evaluate.drift.words import Words, is_told_by, unjudged_sentences
from servable.evaluate.settings import require_seed
from servable.profile import LEAST_ROWS_JUDGED, Population, population_of, read_rows
from servable.progress import Progress, silent
from servable.schema import Field
from servable.scorer import Scorer

Found = Spread | ShareChange


def drift(
    scorer: Scorer, path: Path, *, seed: int = 0, draws: int = DRAWS, progress: Progress = silent
) -> Drift:
    """What has changed in a table since the profile of an artifact was made.

    Args:
        scorer: of the artifact.
        path: .csv, .ndjson, .json or .parquet; with labels or without.
        seed: of the draws by which chance is told.
        draws: how many.
        progress: told how far it is.

    Raises:
        NotFound, BadInput: for a table that cannot be read; `drift.profile` for an artifact without one.
    """
    require_seed(seed)
    profile = profile_to_compare(scorer)
    named = {part.field: part.categories for part in profile.categories}
    rows = read_rows(path, scorer.artifact)
    fresh = population_of(scorer, rows, named=named, progress=progress)
    return drift_of(scorer, profile, fresh, table=path.name, seed=seed, draws=draws)


def profile_to_compare(scorer: Scorer) -> Profile:
    """The profile of an artifact.

    Raises:
        BadInput: `drift.profile` if it has none.
        Damaged: `artifact.profile` if it has one that cannot be read.
    """
    artifact = scorer.artifact
    if artifact.profile_problem is not None:
        raise Damaged(artifact.profile_problem)
    if artifact.profile is None:
        raise BadInput(
            Problem(
                code="drift.profile",
                where=artifact.name,
                expected="an artifact with a profile of the data that it was made for",
                found="none",
                fix="pack its training output with `servable pack TRAINED -o model.tar.gz --golden TABLE`, "
                "where TABLE holds rows like those it was trained on",
            )
        )
    return artifact.profile


def drift_of(
    scorer: Scorer, profile: Profile, fresh: Population, *, table: str, seed: int = 0, draws: int = DRAWS
) -> Drift:
    """The same of a table that has been counted; a pure function of its arguments.

    Args:
        scorer: of the artifact.
        profile: of what it was made for.
        fresh: counts of the table.
        table: its name.
        seed: see `drift`.
        draws: the same.
    """
    classes, schema = scorer.schema.classes, scorer.schema
    by_field = counted_fields(profile, fresh)
    scores = [*counted_scores(profile, fresh, classes)]
    labels = counted_labels(profile, fresh, classes)
    others = scores if labels is None else [*scores, labels]
    judge = _Judge.of(
        [*chain.from_iterable(by_field.values()), *others], profile=profile, seed=seed, draws=draws
    )
    read = {*scorer.preprocessor.features, *scorer.preprocessor.texts}
    fields = [judge.field(field, by_field[field.name], is_read=field.name in read) for field in schema.fields]
    found = [judge.spread(each) for each in others]
    every: list[Found] = [*found]
    for each in fields:
        every += (*each.spreads, *each.shares)
    curves = 1 if len(classes) == 2 else len(classes)
    unjudged = unjudged_sentences(
        (profile.rows, fresh.rows), every, least=LEAST_ROWS_JUDGED, has_scores=len(scores) == curves
    )
    alarms = sorted((each for each in every if each.is_alarm), key=lambda each: -each.weight)
    told = [each for each in alarms if not is_told_by(each, alarms)]
    words = Words(scorer)
    return Drift(
        model=scorer.artifact.name,
        digest=scorer.artifact.digest,
        table=table,
        source=profile.source,
        profile=profile.rows_in_words,
        baseline_rows=profile.rows,
        fresh_rows=fresh.rows,
        baseline_held_out=profile.held_out,
        baseline_scored=profile.scored,
        fresh_scored=fresh.scored,
        unlabelled=fresh.unlabelled,
        fields=tuple(sorted(fields, key=lambda field: -field.weight)),
        scores=tuple(found[: len(scores)]),
        labels=None if labels is None else found[-1],
        alarms=tuple(words.alarm(each) for each in told),
        unjudged=unjudged,
        degradations=scorer.degradations,
        verdict=_verdict(
            alarms,
            are_scores_judged=len(scores) == curves and all(each.is_judged for each in found[: len(scores)]),
        ),
        level=LEVEL,
        least_rows=LEAST_ROWS_JUDGED,
        least_psi=LEAST_PSI,
        least_points=LEAST_POINTS,
        floor=FLOOR,
        seed=seed,
        draws=draws,
    )


def _verdict(alarms: Sequence[Found], *, are_scores_judged: bool) -> DriftVerdict:
    """Nothing is silent while the scores could not be judged, which say most."""
    if alarms:
        return DriftVerdict.ALARM
    return DriftVerdict.SILENT if are_scores_judged else DriftVerdict.TOO_FEW


@dataclass(frozen=True, slots=True)
class _Judge:
    """What chance comes to, for all figures of one comparison together.

    Attributes:
        chances: by counts in bins, what PSI comes to without drift.
        comparisons: how many shares are compared.
        is_large: whether the whole profile has rows enough.
    """

    chances: Mapping[CountedSpread, float]
    comparisons: int
    is_large: bool

    @classmethod
    def of(cls, every: Sequence[Counted], *, profile: Profile, seed: int, draws: int) -> "_Judge":
        spreads = [each for each in every if isinstance(each, CountedSpread)]
        bounds = chance_bounds([(each.baseline, each.fresh) for each in spreads], seed=seed, draws=draws)
        is_large = profile.rows >= LEAST_ROWS_JUDGED
        return cls(dict(zip(spreads, bounds, strict=True)), len(every) - len(spreads), is_large)

    def field(self, field: Field, counted: Sequence[Counted], *, is_read: bool) -> FieldDrift:
        spreads = tuple(self.spread(each) for each in counted if isinstance(each, CountedSpread))
        shares = tuple(self.change(each) for each in counted if isinstance(each, CountedRows))
        return FieldDrift(
            name=field.name,
            kind=field.kind,
            is_read=is_read,
            spreads=spreads,
            shares=shares,
            is_alarm=any(each.is_alarm for each in spreads) or any(each.is_alarm for each in shares),
        )

    def spread(self, counted: CountedSpread) -> Spread:
        found, chance = float(psi(counted.baseline, counted.fresh)), self.chances[counted]
        limit, fresh_rows = max(LEAST_PSI, chance), int(counted.fresh.sum())
        is_judged = self._is_judged(fresh_rows)
        return Spread(
            name=counted.name,
            aspect=counted.aspect,
            bins=counted.shared(),
            bounds=counted.bounds,
            baseline_rows=int(counted.baseline.sum()),
            fresh_rows=fresh_rows,
            psi=found,
            chance=chance,
            limit=limit,
            is_judged=is_judged,
            is_alarm=is_judged and found > limit,
        )

    def change(self, counted: CountedRows) -> ShareChange:
        apart = difference(
            counted.baseline,
            counted.baseline_rows,
            counted.fresh,
            counted.fresh_rows,
            comparisons=self.comparisons,
        )
        is_certain = apart.is_above(0) or apart.is_below(0)
        is_large, is_judged = abs(apart.value) >= LEAST_POINTS, self._is_judged(counted.fresh_rows)
        return ShareChange(
            name=counted.name,
            sign=counted.sign,
            baseline=counted.baseline / counted.baseline_rows,
            fresh=counted.fresh / counted.fresh_rows,
            baseline_rows=counted.baseline_rows,
            fresh_rows=counted.fresh_rows,
            difference=apart,
            is_judged=is_judged,
            is_alarm=is_judged and is_certain and is_large,
        )

    def _is_judged(self, fresh_rows: int) -> bool:
        # of the profile all rows count: what chance makes of the fewer held-out ones is in the bounds
        return self.is_large and fresh_rows >= LEAST_ROWS_JUDGED
