"""What every booster's file says, whichever library wrote it."""

import re
from dataclasses import dataclass
from typing import Final

from servable.artifact.boosters.lightgbm_model import read_lightgbm
from servable.artifact.boosters.xgboost_model import read_xgboost
from servable.artifact.manifest import EngineKind
from servable.errors import Damaged, Problem

_BLANKS: Final = re.compile(r"\s")
_LIGHTGBM_START: Final = (b"tree\n", b"tree\r\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class BoosterFacts:
    """What an artifact takes from its booster.

    Attributes:
        file: its name, for errors.
        kind: the library that scores it.
        features: how many columns it reads.
        names: its own names of them; empty where it has none but the library's default names.
        coded: the columns that it reads as codes of categories.
        classes: how many probabilities it gives.
    """

    file: str
    kind: EngineKind
    features: int
    names: tuple[str, ...]
    coded: tuple[int, ...]
    classes: int

    @property
    def score_dtype(self) -> str:
        """The type of the scores that its library gives."""
        return "float64" if self.kind is EngineKind.LIGHTGBM else "float32"

    def require_names(self, columns: tuple[str, ...], *, where: str) -> None:
        """Nothing, if these are the names that the booster has itself.

        LightGBM writes a blank in a name as an underscore.

        Raises:
            Damaged: `artifact.columns`, naming the first two that differ.
        """
        written = [_BLANKS.sub("_", name) for name in columns]
        if len(written) != len(self.names):
            return  # without names of its own, or with another number of them, which is told elsewhere
        for number, (name, own) in enumerate(zip(columns, self.names, strict=True)):
            if name != own and written[number] != own:
                raise Damaged(
                    Problem(
                        code="artifact.columns",
                        where=f"{where}, column {number}",
                        expected=f'"{own}", as {self.file} names it',
                        found=f'"{name}"',
                        fix="use the files of one and the same training run",
                    )
                )


def looks_like_booster(start: bytes) -> bool:
    """Whether a file that begins like this may be a booster."""
    return start.startswith(_LIGHTGBM_START) or (start.lstrip().startswith(b"{") and b"learner" in start)


def booster_facts(data: bytes, *, file: str, kind: EngineKind | None = None) -> BoosterFacts:
    """What a booster's file says.

    Args:
        data: the file.
        file: its name, for errors.
        kind: the library that wrote it.  [default: by its first bytes]

    Raises:
        Damaged: `booster.*` if it is broken or no classifier.
    """
    is_lightgbm = data.startswith(_LIGHTGBM_START) if kind is None else kind is EngineKind.LIGHTGBM
    if is_lightgbm:
        lightgbm = read_lightgbm(data, where=file)
        return BoosterFacts(
            file=file,
            kind=EngineKind.LIGHTGBM,
            features=lightgbm.features,
            names=lightgbm.names,
            coded=lightgbm.coded,
            classes=lightgbm.classes,
        )
    xgboost = read_xgboost(data, where=file)
    return BoosterFacts(
        file=file,
        kind=EngineKind.XGBOOST,
        features=xgboost.features,
        names=xgboost.names,
        coded=(),
        classes=xgboost.classes,
    )
