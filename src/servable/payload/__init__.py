"""Schema of an artifact -> sample requests, packed as an archive."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from servable.payload.generation import PayloadSummary, generate

__all__ = ["PayloadSummary", "generate"]

_HOMES = {
    "PayloadSummary": "servable.payload.generation",
    "generate": "servable.payload.generation",
}


def __getattr__(name: str) -> object:
    """Public names, imported when first used: the script of this package must not wait for numpy."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
