"""A loaded model as the handler's functions share it: one scorer, used by one thread at a time."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from servable.artifact import OnDamage
from servable.records import Predictions, Records, Table
from servable.scorer import Scorer, load, to_table


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Model:
    """A scorer and the lock that keeps the threads of a container from each other."""

    scorer: Scorer
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __repr__(self) -> str:
        artifact = self.scorer.artifact
        return f"Model({artifact.name!r}, {artifact.family}, {artifact.digest})"

    @classmethod
    def load(cls, model_dir: Path | str) -> "Model":
        """The model in a folder or archive; what can be done without is passed over (decision 0011)."""
        return cls(load(model_dir, on_damage=OnDamage.WARN))

    def predict(self, records: Table | Records | Mapping[str, Any] | Any) -> Predictions:
        """Raw and calibrated scores of a table, a DataFrame, a dict or a list of dicts.

        Raises:
            BadInput: naming record and field, if a record does not fit the schema.
        """
        bound = records if isinstance(records, Records) else self.scorer.schema.bind(_table(records))
        with self._lock:
            return self.scorer.score_records(bound)


def _table(records: Any) -> Table:
    """A table of whatever holds records; a frame whose columns are numbers is a CSV without a header."""
    if isinstance(records, Table):
        return records
    table = to_table(records)
    columns = getattr(records, "columns", ())
    if len(columns) and all(isinstance(name, int) for name in columns):
        return Table(names=None, rows=table.rows)
    return table
