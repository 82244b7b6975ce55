"""Stored tables: risk tables, imputation values and calibration, checked for shape, of JSON or pickle.

Where a table exists in both forms they must agree; JSON wins (decision 0020).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from servable.artifact.artifact import StoredCalibration, StoredRiskTable
from servable.artifact.files import Files
from servable.artifact.hyperparameters import MOST_CLASSES
from servable.artifact.safe import parse_json, read_pickle
from servable.errors import Damaged, Problem, ServableError, shown
from servable.schema import FLOAT32_MAX
from servable.wording import enumerated

CALIBRATION = "calibration"
RISK_TABLES, IMPUTATION = "risk_table_map", "impute_dict"
"""Names, without their ending, of the tables of a training output."""

ONE_TABLE: Final[Mapping[str, str]] = {
    "percentile": f"{CALIBRATION}/percentile_score",
    "regular": f"{CALIBRATION}/calibration_model",
}
"""Kinds of a calibrator that have one table -> its path without its ending."""

CURVES: Final[Mapping[str, str]] = {kind: f"{CALIBRATION}/{kind}.json" for kind in ("temperature", "beta")}
"""Kinds of a calibrator that have parameters -> their file."""

CLASS_TABLES, OF_CLASS = f"{CALIBRATION}/calibration_models", "calibration_model_class_"
"""The folder of the tables of a calibrator by class, and how the names of its files begin."""


def read_twin(files: Files, stem: str) -> object | None:
    """The plain data of `stem.json` or `stem.pkl`, or None where there is neither.

    Raises:
        Damaged: if a file is broken, holds nothing or more than plain data, or the two differ.
    """
    json_name, pickle_name = f"{stem}.json", f"{stem}.pkl"
    found: dict[str, object] = {}
    if json_name in files:
        found[json_name] = parse_json(files.read(json_name), where=json_name)
    if pickle_name in files:
        found[pickle_name] = _as_json(read_pickle(files.read(pickle_name), where=pickle_name))
    for name, plain in found.items():
        if plain is None:
            raise Damaged(_problem(name, "a table", "nothing in the file"))
    if len(found) > 1 and found[json_name] != found[pickle_name]:
        raise Damaged(_problem(json_name, f"the same table as {pickle_name}", "another one"))
    return next(iter(found.values()), None)


def risk_tables(plain: object, *, where: str) -> dict[str, StoredRiskTable]:
    """Risk tables by field, of `{field: {"bins": {category: value}, "default_bin": value}}`."""
    tables = {}
    for field, table in _object(plain, where).items():
        here = f'{where}, field "{field}"'
        entry = _object(table, here)
        bins = _object(entry.get("bins"), f"{here}, bins")
        numbers = [*bins.values(), entry.get("default_bin")]
        if not all(_is_number(value) for value in numbers):
            raise Damaged(_problem(here, "a number for each bin and for default_bin", "something else"))
        _require_float32(numbers, here)
        tables[field] = StoredRiskTable(
            bins={category: float(value) for category, value in bins.items()},  # type: ignore[arg-type]  # tested above
            default_bin=float(entry["default_bin"]),  # type: ignore[arg-type]  # tested above
        )
    return tables


def imputation_values(plain: object, *, where: str) -> dict[str, float]:
    """Imputation values by field."""
    values = _object(plain, where)
    for field, value in values.items():
        if not _is_number(value):
            raise Damaged(_problem(f'{where}, field "{field}"', "a number", f"{type(value).__name__}"))
        _require_float32([value], f'{where}, field "{field}"')
    return {field: float(value) for field, value in values.items()}  # type: ignore[arg-type]  # tested above


def read_calibrations(
    files: Files, class_names: Sequence[str]
) -> tuple[list[StoredCalibration], list[ServableError]]:
    """What `calibration/` holds, in the order of preference, and what of it is broken.

    The order is the handler's (percentile, two classes, per class), then temperature, then beta. Tables of
    classes are named by category, or by class index where all those names are indices.
    """
    found: list[StoredCalibration] = []
    broken: list[ServableError] = []
    in_order: tuple[Callable[[], StoredCalibration | None], ...] = (
        lambda: _one_table(files, "percentile"),
        lambda: _one_table(files, "regular"),
        lambda: _per_class(files, class_names),
        lambda: _parameters(files, "temperature"),
        lambda: _parameters(files, "beta"),
    )
    for read in in_order:
        try:
            stored = read()
        except ServableError as error:
            broken.append(error)
        else:
            found += [] if stored is None else [stored]
    return found, broken


def _one_table(files: Files, kind: str) -> StoredCalibration | None:
    stem = ONE_TABLE[kind]
    pairs = read_twin(files, stem)
    if pairs is None:
        return None
    where = next(file for file in (f"{stem}.json", f"{stem}.pkl") if file in files)
    return StoredCalibration(kind=kind, tables={1: pairs}, where=where)


def curve_parameters(plain: object, *, where: str) -> Mapping[str, object]:
    """Parameters of a calibration curve by name, not yet checked."""
    return _object(plain, where)


def calibrated_classes(files: Files) -> tuple[str, ...]:
    """Names of classes as the files of their tables have them, in order; all indices up to the largest.

    Indices beyond `MOST_CLASSES` are left out here; whoever reads the tables refuses them.
    """
    found = [name for name in _class_tables(files) if not _is_beyond(name)]
    if all(name.isdecimal() for name in found):
        return tuple(map(str, range(max(map(int, found), default=-1) + 1)))
    return tuple(sorted(found))


def _class_tables(files: Files) -> dict[str, list[str]]:
    """Tables by class: name of the class as a file has it -> paths of its files without their ending."""
    names = (name for name in files.names() if is_class_table(name))
    tables: dict[str, list[str]] = {}
    for stem in sorted({name.rpartition(".")[0] for name in names}):
        tables.setdefault(stem.removeprefix(f"{CLASS_TABLES}/").removeprefix(OF_CLASS), []).append(stem)
    return tables


def _is_beyond(name: str) -> bool:
    """Whether a name is an index that no class can have."""
    # the length first, because Python reads no integer of thousands of digits
    return name.isdecimal() and (len(name) > len(str(MOST_CLASSES)) or int(name) >= MOST_CLASSES)


def _per_class(files: Files, class_names: Sequence[str]) -> StoredCalibration | None:
    stems = _class_tables(files)
    if not stems:
        return None
    if beyond := [name for name in stems if _is_beyond(name) and name not in class_names]:
        expected = f"tables of at most {MOST_CLASSES} classes"
        raise Damaged(_problem(CLASS_TABLES, expected, f"one of the class {enumerated(beyond)}"))
    if several := next((paths for paths in stems.values() if len(paths) > 1), None):
        raise Damaged(_problem(several[0], "one table for each class", f"a second one, {several[1]}"))
    indices = [str(index) for index in range(len(class_names))]
    known = next((names for names in ([*class_names], indices) if stems.keys() <= set(names)), None)
    if known is None:
        unknown = enumerated([f'"{name}"' for name in sorted(stems.keys() - set(class_names))])
        expected = f"tables of the classes {enumerated(class_names)}"
        raise Damaged(_problem(CLASS_TABLES, expected, f"one of {unknown}"))
    tables = {known.index(name): read_twin(files, stem) for name, (stem,) in stems.items()}
    return StoredCalibration(kind="regular_multiclass", tables=tables, where=CLASS_TABLES)


def is_class_table(name: str) -> bool:
    """Whether a file lies in the folder of the tables by class, has their ending, and is not a hidden one."""
    folder, _, file = name.rpartition("/")
    return folder == CLASS_TABLES and file.endswith((".json", ".pkl")) and not file.startswith(".")


def _parameters(files: Files, kind: str) -> StoredCalibration | None:
    name = CURVES[kind]
    if name not in files:
        return None
    parameters = curve_parameters(parse_json(files.read(name), where=name), where=name)
    return StoredCalibration(kind=kind, tables={}, parameters=parameters, where=name)


def _as_json(value: object) -> object:
    """Plain data as JSON would hold it: tuples become lists."""
    if isinstance(value, list | tuple):
        return [_as_json(item) for item in value]
    if isinstance(value, dict):
        return {key: _as_json(item) for key, item in value.items()}
    return value


def _object(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise Damaged(_problem(where, "an object with string keys", "something else"))
    return value


def _is_number(value: object) -> bool:
    # the comparison is false for NaN and both infinities
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")


def _require_float32(numbers: Sequence[object], where: str) -> None:
    """Nothing, if no number becomes infinity in the model, which computes in float32."""
    for number in numbers:
        if abs(number) > FLOAT32_MAX:  # type: ignore[arg-type]  # tested by the caller
            raise Damaged(_problem(where, "numbers that float32 holds", shown(number)))


def _problem(where: str, expected: str, found: str) -> Problem:
    return Problem(
        code="artifact.table",
        where=where,
        expected=expected,
        found=found,
        fix="write the table again with the training that made it",
    )
