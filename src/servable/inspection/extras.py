"""Which extra an engine needs beside the core."""

from typing import Final

from servable.artifact import EngineKind

_EXTRAS: Final = {
    EngineKind.TORCH: "torch",
    EngineKind.XGBOOST: "trees",
    EngineKind.LIGHTGBM: "trees",
}


def extra_of(kind: EngineKind) -> str | None:
    """The extra of the package that an engine of this kind needs; None if the core has it."""
    return _EXTRAS.get(kind)
