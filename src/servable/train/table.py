"""A training table, read, split and ready to be fitted on."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from servable.codecs import read_table
from servable.errors import BadInput, Problem
from servable.records import ObjectArray, Records
from servable.train.columns import LabelledTable, TableSettings, read_columns
from servable.train.split import SPLIT_RULE, Part, positions, split

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingTable:
    """The labelled rows of a table and what each is for.

    Attributes:
        path: the file.
        labelled: cells, schema and labels.
        records: the same rows as typed columns.
        places: `[n]` position of each row in the split.
        parts: row numbers of each part, after sampling.
        settings: how the columns are used.
    """

    path: Path
    labelled: LabelledTable
    records: Records
    places: NDArray[np.float64]
    parts: Mapping[Part, Rows]
    settings: TableSettings

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self.path.name.partition(".")[0]

    def labels_of(self, part: Part) -> NDArray[np.int64]:
        """Class indices of a part's rows."""
        labels: NDArray[np.int64] = self.labelled.labels[self.parts[part]]
        return labels

    def rows_of(self, *parts: Part) -> tuple[Records, NDArray[np.int64]]:
        """Records and class indices of the rows of several parts, one part after the other."""
        rows = np.concatenate([self.parts[part] for part in parts])
        return self.records.take(rows), self.labelled.labels[rows]

    def texts_of(self, part: Part, field: str) -> list[str]:
        """The texts of a part's rows, the missing ones empty."""
        texts: ObjectArray = self.records.columns[field][self.parts[part]]
        return [text or "" for text in texts.tolist()]

    def sizes(self) -> dict[str, int]:
        """Rows of each part."""
        return {part.value: len(self.parts[part]) for part in Part}

    def facts(self) -> dict[str, Any]:
        """What a reader of the training output should know of the table and its split."""
        settings, schema = self.settings, self.labelled.schema
        return {
            "data": {
                "name": self.name,
                "rows": len(self.labelled.table),
                "rows_without_label": self.labelled.unlabelled,
                "sha256": hashlib.sha256(self.path.read_bytes()).hexdigest(),
                "label": schema.label_name,
                "classes": list(schema.classes),
            },
            "split": {
                "rule": SPLIT_RULE,
                "key": settings.group_column or settings.id_column,  # none: by the number of the row
                "rows": self.sizes(),
                "sample": settings.sample,
            },
        }


def read_training_table(path: Path, settings: TableSettings, *, seed: int) -> TrainingTable:
    """A table of a file, split by the hash of each row's key.

    Raises:
        NotFound, BadInput: for a table that cannot be read or used.
    """
    table = read_table(path)
    try:
        labelled = read_columns(table, settings)
        records = labelled.schema.bind(labelled.table)
        places = positions(_keys(labelled, records))
        parts = _sampled(split(places), settings.sample, seed=seed)
        _require_both_classes(parts, labelled.labels)
    except BadInput as error:
        raise error.inside(path.name) from error
    return TrainingTable(
        path=path, labelled=labelled, records=records, places=places, parts=parts, settings=settings
    )


def _keys(labelled: LabelledTable, records: Records) -> Sequence[object]:
    """Keys of the split: groups, else ids, which then must all be there, else the row numbers."""
    for keys, option in ((labelled.groups, "--group"), (records.ids, "--id")):
        if keys is None:
            continue
        if None in keys:
            raise BadInput(
                Problem(
                    code="train.id",
                    where=f"record {keys.index(None)}",
                    expected="a value by which to decide what the row is for",
                    found="none",
                    fix=f"write one in every row, or leave `{option}` out",
                )
            )
        return keys
    return range(len(records))


def _sampled(parts: Mapping[Part, Rows], sample: int | None, *, seed: int) -> dict[Part, Rows]:
    """The parts, of which the two that a model is fitted on are cut to the sample."""
    if sample is None:
        return dict(parts)
    draws = np.random.default_rng(seed)
    cut = {Part.TRAIN: sample, Part.VALID: max(1, sample // 4)}
    return {
        part: np.sort(draws.choice(rows, cut[part], replace=False))
        if part in cut and cut[part] < len(rows)
        else rows
        for part, rows in parts.items()
    }


def _require_both_classes(parts: Mapping[Part, Rows], labels: NDArray[np.int64]) -> None:
    for part, rows in parts.items():
        if len(set(labels[rows].tolist())) < 2:
            raise BadInput(
                Problem(
                    code="train.rows",
                    where=f"{part} split",
                    expected="rows of both classes",
                    found=f"{len(rows)} rows of fewer",
                    fix="train on a larger table",
                )
            )
