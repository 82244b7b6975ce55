"""What two artifacts are to each other, in a word and in a sentence."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from servable.evaluate.diff.scores import ScoresDiff
from servable.wording import number


class DiffVerdict(StrEnum):
    """What two artifacts are to each other."""

    SAME_ARTIFACT = "the same artifact"
    SAME_SCORES = "the same scores"
    ROUNDING = "the same scores but for rounding"
    MOVED = "scores move"
    NOT_COMPARED = "scores were not compared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What decides on a verdict.

    Attributes:
        is_one_artifact: whether both have one digest.
        moving_parts: what differs that can move a score, in words.
        is_whole: whether all of the two models was compared.
        rounding: how far raw scores of the same numbers may be apart.
        scores: of both on the same records, or None.
        not_scored: why there are none; else empty.
    """

    is_one_artifact: bool
    moving_parts: Sequence[str]
    is_whole: bool
    rounding: float
    scores: ScoresDiff | None
    not_scored: str

    @property
    def moves_scores(self) -> bool:
        """Whether anything differs that can move a score; scores tell of what could not be compared."""
        if self.scores is None:
            return bool(self.moving_parts) or not self.is_whole
        return bool(self.moving_parts) or self.scores.largest_raw > self.rounding

    @property
    def verdict(self) -> DiffVerdict:
        """In a word."""
        is_same = self.scores is None or self.scores.is_bit_equal
        if self.is_one_artifact and is_same and not self.moves_scores:
            return DiffVerdict.SAME_ARTIFACT
        if self.scores is None:
            return DiffVerdict.NOT_COMPARED
        if self.scores.is_bit_equal:
            return DiffVerdict.SAME_SCORES
        return DiffVerdict.MOVED if self.moves_scores else DiffVerdict.ROUNDING

    @property
    def sentence(self) -> str:
        """How scores move, and what differs that can move one."""
        if self.verdict is DiffVerdict.SAME_ARTIFACT:
            return "The same artifact: nothing differs."
        return f"{self._of_scores()} {self._of_parts()}"

    def _of_scores(self) -> str:
        if self.scores is None:
            return f"Scores were not compared: {self.not_scored}."
        on = f"on {self.scores.said}"
        if self.scores.is_bit_equal:
            return f"The same scores {on}."
        if self.verdict is DiffVerdict.ROUNDING:
            return f"The same scores but for rounding {on}: raw ones are at most {_raw(self.scores)} apart."
        return f"{_moved(self.scores)} {on}."

    def _of_parts(self) -> str:
        if self.moving_parts:
            return f"What differs and can move a score: {', '.join(self.moving_parts)}."
        if self.moves_scores:
            found = ["Nothing was found that explains it."] if self.scores else []
            return " ".join([*found, *([] if self.is_whole else ["Not all of it could be compared."])])
        return "Nothing differs that can move a score."


def _moved(scores: ScoresDiff) -> str:
    flipped = f"{scores.flipped:,} of {scores.records:,} labels flip"
    if not scores.largest:
        return f"Calibrated scores do not move, raw ones by at most {_raw(scores)}, and {flipped},"
    return f"Scores move by at most {number(scores.largest)}, and {flipped},"


def _raw(scores: ScoresDiff) -> str:
    return number(scores.largest_raw)
