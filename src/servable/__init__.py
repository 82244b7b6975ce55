"""From a trained text-and-tabular classifier to a proven endpoint.

import servable
scorer = servable.load("model.tar.gz")
scorer.score({"age": 39, "workclass": "State-gov"}).calibrated
"""

from importlib import import_module

TYPE_CHECKING = False  # as checkers know it, without the time that `typing` takes
if TYPE_CHECKING:
    from servable.errors import BadInput, Busy, Damaged, NotFound, ServableError, TooLarge, Unavailable
    from servable.records import Predictions, Records
    from servable.scorer import Scorer, load

__all__ = [
    "BadInput",
    "Busy",
    "Damaged",
    "NotFound",
    "Predictions",
    "Records",
    "Scorer",
    "ServableError",
    "TooLarge",
    "Unavailable",
    "load",
]
__version__ = "0.1.0"

_HOMES = {
    "Predictions": "servable.records",
    "Records": "servable.records",
    "Scorer": "servable.scorer",
    "load": "servable.scorer",
}


def __getattr__(name: str) -> object:
    """Public names, imported when first used: the command line must not wait for numpy."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "servable.errors")), name)
