"""What a comparison of fresh data with a profile found: values that say it all, and decide by themselves."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import msgspec

from servable.metrics import Estimate
from servable.schema import Kind

LEAST_PSI: Final = 0.1
"""PSI below which nothing raises an alarm, however certain it is."""

LEAST_POINTS: Final = 0.05
"""Change of a share, in [0, 1], below which it raises no alarm, however certain it is."""


class Aspect(StrEnum):
    """Of what the spread is compared."""

    NUMBERS = "numbers"
    CATEGORIES = "categories"
    CHARACTERS = "characters"
    TOKENS = "tokens"
    SCORES = "scores"
    LABELS = "labels"


class Sign(StrEnum):
    """Rows of which kind are counted."""

    MISSING = "missing"
    UNKNOWN = "unknown category"
    EMPTY = "empty text"
    CUT = "cut text"


class Of(StrEnum):
    """What a finding is of."""

    FIELD = "field"
    SCORE = "score"
    LABEL = "label"


class BinKind(StrEnum):
    """What a bin holds: a range or a category, the categories that are not named, or no value."""

    VALUE = "value"
    REST = "rest"
    MISSING = "missing"


class DriftVerdict(StrEnum):
    """What a comparison came to."""

    SILENT = "silent"
    ALARM = "alarm"
    TOO_FEW = "too few rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """A range of numbers or a category, the rows in it, and their share of all rows compared."""

    name: str
    kind: BinKind
    baseline: int
    fresh: int
    baseline_share: float
    fresh_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How values are spread in the baseline and in fresh rows.

    Attributes:
        name: of the field, or of the class whose scores these are.
        aspect: what the values are.
        bins: each row is in one of them.
        bounds: of numbers, where their bins part, both ends of the range included; the last bin may be
            that of missing ones. None of categories.
        baseline_rows, fresh_rows: that are compared.
        psi: population stability index over the bins.
        chance: what PSI comes to without drift at most, for these numbers of rows and figures.
        limit: above which it raises an alarm.
        is_judged: whether there are rows enough, of the profile and fresh ones, to raise one.
        is_alarm: whether it does.
    """

    name: str
    aspect: Aspect
    bins: tuple[Bin, ...]
    bounds: tuple[float, ...] | None
    baseline_rows: int
    fresh_rows: int
    psi: float
    chance: float
    limit: float
    is_judged: bool
    is_alarm: bool

    @property
    def weight(self) -> float:
        """How far it is beyond its limit; above 1 it would raise an alarm."""
        return self.psi / self.limit

    @property
    def about(self) -> Aspect:
        """What the values are."""
        return self.aspect

    @property
    def of(self) -> Of:
        """What it is of."""
        return {Aspect.SCORES: Of.SCORE, Aspect.LABELS: Of.LABEL}.get(self.aspect, Of.FIELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareChange:
    """The share of rows of a kind, in the baseline and in fresh rows.

    Attributes:
        name: of the field.
        sign: of which kind.
        baseline, fresh: shares, in [0, 1].
        baseline_rows, fresh_rows: of which they are shares.
        difference: fresh minus baseline, with an interval that is as wide as so many figures need.
        is_judged: whether there are rows enough, of the profile and fresh ones, to raise an alarm.
        is_alarm: whether the interval leaves out 0 and the change is large enough to matter.
    """

    name: str
    sign: Sign
    baseline: float
    fresh: float
    baseline_rows: int
    fresh_rows: int
    difference: Estimate
    is_judged: bool
    is_alarm: bool

    @property
    def weight(self) -> float:
        """How far it is beyond the least change that matters; 0 if chance may have made it."""
        is_certain = self.difference.is_above(0) or self.difference.is_below(0)
        return abs(self.difference.value) / LEAST_POINTS if is_certain else 0.0

    @property
    def about(self) -> Sign:
        """Rows of which kind."""
        return self.sign

    @property
    def of(self) -> Of:
        """What it is of."""
        return Of.FIELD


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDrift:
    """What was found of one field.

    Attributes:
        name: of the field.
        kind: what it holds.
        is_read: whether the model reads it.
        spreads: of its values; none where the profile has too few of them.
        shares: of rows of a kind.
        is_alarm: whether any of it raises an alarm.
    """

    name: str
    kind: Kind
    is_read: bool
    spreads: tuple[Spread, ...]
    shares: tuple[ShareChange, ...]
    is_alarm: bool

    @property
    def weight(self) -> float:
        """That of the gravest finding."""
        weights = [*(spread.weight for spread in self.spreads), *(share.weight for share in self.shares)]
        return max(weights, default=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A change that chance does not make.

    Attributes:
        of: what it is of.
        name: of the field or of the class; `label` for the shares of the classes.
        about: what is spread otherwise, or rows of which kind have another share.
        weight: how far it is beyond what raises an alarm, above 1.
        sentence: the same for people, with numbers.
    """

    of: Of
    name: str
    about: Aspect | Sign
    weight: float
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Fresh data beside the profile of what a model was made for.

    Attributes:
        model, digest: of the artifact.
        table: name of the file.
        source: whose rows the profile is of.
        profile: whose they are and how many, in words.
        baseline_rows, fresh_rows: in all.
        baseline_held_out: of the profile's rows, those that the model was not fitted on.
        baseline_scored, fresh_scored: of which tokens and scores are compared.
        unlabelled: fresh rows whose label is missing or names no class, where there is such a column.
        fields: the gravest first.
        scores: by class, in their order; of two classes the second one alone.
        labels: None where one side has none.
        alarms: the gravest first.
        unjudged: what has too few rows to be judged, a sentence each.
        degradations: what the model lacks because damage was tolerated, a sentence each.
        verdict: what it comes to.
        level: share of tables without drift that raise an alarm, at most.
        least_rows: of the profile and of fresh data, below which a figure is not judged.
        least_psi, least_points: below which nothing raises an alarm.
        floor: below which PSI takes no share to be.
        seed, draws: of what chance comes to.
    """

    model: str
    digest: str
    table: str
    source: str
    profile: str
    baseline_rows: int
    fresh_rows: int
    baseline_held_out: int
    baseline_scored: int
    fresh_scored: int
    unlabelled: int
    fields: tuple[FieldDrift, ...]
    scores: tuple[Spread, ...]
    labels: Spread | None
    alarms: tuple[Alarm, ...]
    unjudged: tuple[str, ...]
    degradations: tuple[str, ...]
    verdict: DriftVerdict
    level: float
    least_rows: int
    least_psi: float
    least_points: float
    floor: float
    seed: int
    draws: int

    def to_plain(self) -> dict[str, Any]:
        """The findings as JSON values."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain
