"""From a training output to a packed artifact."""

from servable.pack.comparison import DEFAULT_TOLERANCES
from servable.pack.golden import (
    DerivedRecords,
    GoldenChoice,
    KeptRecords,
    NoRecords,
    RecordedRequests,
    RecordsOfTable,
)
from servable.pack.pack import PackResult, pack
from servable.pack.recorded import Compared

__all__ = [
    "DEFAULT_TOLERANCES",
    "Compared",
    "DerivedRecords",
    "GoldenChoice",
    "KeptRecords",
    "NoRecords",
    "PackResult",
    "RecordedRequests",
    "RecordsOfTable",
    "pack",
]
