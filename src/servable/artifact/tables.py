"""Stored tables: risk tables, imputation values and calibration, checked for shape, of JSON or pickle.

Where a table exists in both forms they must agree; JSON wins (decision 0020).
"""

from collections.abc import Mapping, Sequence

from servable.artifact.artifact import StoredCalibration, StoredRiskTable
from servable.artifact.files import Files
from servable.artifact.safe import parse_json, read_pickle
from servable.errors import Damaged, Problem, ServableError

CALIBRATION = "calibration"
RISK_TABLES, IMPUTATION = "risk_table_map", "impute_dict"
"""Names, without their ending, of the tables of a training output."""


def read_twin(files: Files, stem: str) -> object | None:
    """The plain data of `stem.json` or `stem.pkl`, or None where there is neither.

    Raises:
        Damaged: if a file is broken, holds more than plain data, or the two differ.
    """
    json_name, pickle_name = f"{stem}.json", f"{stem}.pkl"
    plain = parse_json(files.read(json_name), where=json_name) if json_name in files else None
    if pickle_name not in files:
        return plain
    pickled = read_pickle(files.read(pickle_name), where=pickle_name)
    if json_name in files and _as_json(pickled) != plain:
        raise Damaged(_problem(json_name, f"the same table as {pickle_name}", "another one"))
    return _as_json(pickled)


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
    return {field: float(value) for field, value in values.items()}  # type: ignore[arg-type]  # tested above


def read_calibrations(
    files: Files, class_names: Sequence[str]
) -> tuple[list[StoredCalibration], list[ServableError]]:
    """What `calibration/` holds, in the handler's order of preference, and what of it is broken.

    Per-class files are named by category; only if those names do not match the classes are they
    read as class indices.
    """
    found: list[StoredCalibration] = []
    broken: list[ServableError] = []
    for kind, stem in (("percentile", "percentile_score"), ("regular", "calibration_model")):
        try:
            pairs = read_twin(files, f"{CALIBRATION}/{stem}")
        except ServableError as error:
            broken.append(error)
            continue
        if pairs is not None:
            found.append(StoredCalibration(kind=kind, tables={1: pairs}, where=f"{CALIBRATION}/{stem}"))
    try:
        per_class = _read_per_class(files, class_names)
    except ServableError as error:
        broken.append(error)
    else:
        if per_class:
            where = f"{CALIBRATION}/calibration_models"
            found.append(StoredCalibration(kind="regular_multiclass", tables=per_class, where=where))
    return found, broken


def _read_per_class(files: Files, class_names: Sequence[str]) -> dict[int, object]:
    prefix = f"{CALIBRATION}/calibration_models/calibration_model_class_"
    stems = sorted({name.rpartition(".")[0] for name in files.names() if name.startswith(prefix)})
    names = [stem.removeprefix(prefix) for stem in stems]
    indices = [str(index) for index in range(len(class_names))]
    known = list(class_names) if any(name in class_names for name in names) else indices
    unknown = [name for name in names if name not in known]
    if unknown:
        raise Damaged(
            _problem(
                f"{CALIBRATION}/calibration_models",
                f"tables of the classes {', '.join(class_names)}",
                f'one of "{unknown[0]}"',
            )
        )
    return {known.index(name): read_twin(files, stem) for name, stem in zip(names, stems, strict=True)}


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


def _problem(where: str, expected: str, found: str) -> Problem:
    return Problem(
        code="artifact.table",
        where=where,
        expected=expected,
        found=found,
        fix="write the table again with the training that made it",
    )
