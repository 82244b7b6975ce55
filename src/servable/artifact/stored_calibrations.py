"""A calibrator as files: of a training output, in the handler's layout, and of a packed artifact."""

import pickle
from collections.abc import Mapping, Sequence
from enum import Enum, auto

from servable.artifact.artifact import StoredCalibration
from servable.artifact.manifest import CalibratorEntry
from servable.artifact.safe import pretty_json
from servable.artifact.tables import CLASS_TABLES, CURVES, OF_CLASS, ONE_TABLE, is_class_table


class TableNaming(Enum):
    """By what files of tables of classes are named.

    `INDEX`: the index, by which the handler looks them up, but where it is the name of another class.
    `NAME`: the name of the class, which has no other place where there are no settings.
    """

    INDEX = auto()
    NAME = auto()


def twin_files(stem: str, table: object) -> dict[str, bytes]:
    """A table as JSON and as a pickle of plain data, which other readers of the layout expect."""
    return {f"{stem}.json": pretty_json(table), f"{stem}.pkl": pickle.dumps(table, protocol=4)}


def calibration_files(
    stored: StoredCalibration | None, classes: Sequence[str], *, naming: TableNaming = TableNaming.INDEX
) -> dict[str, bytes]:
    """The files of a calibrator in a training output of a model with these classes; none without one."""
    if stored is None:
        return {}
    if stored.kind in CURVES:
        return {CURVES[stored.kind]: pretty_json(dict(stored.parameters))}
    stems = _stems(stored, classes, naming)
    return {
        name: data
        for index, pairs in stored.tables.items()
        for name, data in twin_files(stems[index], pairs).items()
    }


def packed_calibration(
    stored: StoredCalibration | None,
) -> tuple[CalibratorEntry | None, dict[str, bytes]]:
    """What a manifest says of a calibrator, and its files in a packed artifact."""
    if stored is None:
        return None, {}
    if stored.kind in CURVES:
        name = CURVES[stored.kind]
        return (
            CalibratorEntry(kind=stored.kind, parameters=name),
            {name: pretty_json(dict(stored.parameters))},
        )
    names = {index: f"{stem}.json" for index, stem in _stems(stored).items()}
    return (
        CalibratorEntry(kind=stored.kind, tables={str(index): name for index, name in names.items()}),
        {names[index]: pretty_json(pairs) for index, pairs in stored.tables.items()},
    )


def is_calibration_file(name: str) -> bool:
    """Whether a file of a training output is one of those that make its calibrators."""
    stems = [name.removesuffix(ending) for ending in (".json", ".pkl") if name.endswith(ending)]
    is_one = any(stem in ONE_TABLE.values() for stem in stems)
    return is_one or name in CURVES.values() or is_class_table(name)


def _stems(
    stored: StoredCalibration, classes: Sequence[str] = (), naming: TableNaming = TableNaming.INDEX
) -> Mapping[int, str]:
    """Paths of a calibrator's tables without their ending, by class index."""
    if stored.kind in ONE_TABLE:
        return dict.fromkeys(stored.tables, ONE_TABLE[stored.kind])
    names = {index: str(index) for index in stored.tables}
    # indices that are names of classes would be taken for these
    if naming is TableNaming.NAME or set(names.values()) <= set(classes):
        names = {index: classes[index] for index in stored.tables}
    return {index: f"{CLASS_TABLES}/{OF_CLASS}{name}" for index, name in names.items()}
