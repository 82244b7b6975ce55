"""The tables beside a booster: risk tables, or codes where LightGBM reads categories itself."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

from servable.artifact.artifact import StoredRiskTable
from servable.artifact.boosters import BoosterFacts
from servable.artifact.damage import DamageLog
from servable.artifact.files import Files
from servable.artifact.manifest import EngineKind
from servable.artifact.safe import parse_json
from servable.artifact.tables import RISK_TABLES, read_twin, risk_tables
from servable.errors import Damaged, Problem, ServableError

MAPPINGS: Final = "categorical_mappings"
CATEGORICAL_CONFIG: Final = "categorical_config.json"
_UNKNOWN: Final = -1.0
"""The code of a category that training did not see, and of a missing one."""
_MOST_CODES: Final = 1 << 24
_LIBRARIES: Final = {EngineKind.XGBOOST: "an XGBoost model", EngineKind.LIGHTGBM: "a LightGBM model"}

_Table = TypeVar("_Table")


def category_tables(files: Files, facts: BoosterFacts, damage: DamageLog) -> dict[str, StoredRiskTable]:
    """By categorical field, the number that stands for each of its categories."""
    settings = _categorical_config(files, damage)
    if facts.kind is EngineKind.LIGHTGBM and settings.get("use_native_categorical") is True:
        tables = read_required(files, MAPPINGS, _code_tables, facts.kind, damage)
        _require_mappings(settings.get("categorical_features"), tables, damage)
        return tables
    return read_required(files, RISK_TABLES, risk_tables, facts.kind, damage)


def read_required(
    files: Files,
    stem: str,
    parse: Callable[..., dict[str, _Table]],
    kind: EngineKind,
    damage: DamageLog,
) -> dict[str, _Table]:
    """A table that a booster cannot do without, by field; empty where damage is tolerated."""
    try:
        plain = read_twin(files, stem)
        if plain is None:
            raise missing_file(f"{stem}.json", f"{stem}.json or {stem}.pkl", kind, found="neither")
        return parse(plain, where=stem)
    except ServableError as error:
        damage.report(error)
        return {}


def missing_file(where: str, expected: str, kind: EngineKind, *, found: str) -> Damaged:
    """The error of a file that a booster cannot do without."""
    return Damaged(
        Problem(
            code="artifact.missing-file",
            where=where,
            expected=f"{expected} beside {_LIBRARIES[kind]}",
            found=found,
            fix="copy it from the training output, or pass `--on-damage warn` to go on without",
        )
    )


def _categorical_config(files: Files, damage: DamageLog) -> Mapping[str, object]:
    """How LightGBM was given categories; without the file, as the values of risk tables."""
    if CATEGORICAL_CONFIG not in files:
        return {}
    try:
        found = parse_json(files.read(CATEGORICAL_CONFIG), where=CATEGORICAL_CONFIG)
        if not isinstance(found, dict):
            raise Damaged(_problem(CATEGORICAL_CONFIG, "an object", "something else"))
    except ServableError as error:
        damage.report(error)
        return {}
    return found


def _code_tables(plain: object, *, where: str) -> dict[str, StoredRiskTable]:
    """Codes by field, of `{field: {category: code}}`."""
    fields = plain if isinstance(plain, dict) else {}
    tables = {}
    for field, codes in fields.items():
        here = f'{where}, field "{field}"'
        if not (isinstance(codes, dict) and all(map(_is_code, codes.values()))):
            raise Damaged(_problem(here, "a whole number from 0 for each category", "something else"))
        bins = {str(category): float(code) for category, code in codes.items()}
        tables[str(field)] = StoredRiskTable(bins=bins, default_bin=_UNKNOWN)
    return tables


def _is_code(value: object) -> bool:
    # beyond 2**24, float32 has not every integer
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST_CODES


def _require_mappings(listed: object, tables: Mapping[str, StoredRiskTable], damage: DamageLog) -> None:
    fields: Sequence[object] = listed if isinstance(listed, list) else ()
    lacking = [field for field in fields if field not in tables]
    if lacking:
        damage.report(Damaged(_problem(MAPPINGS, f'the codes of the category "{lacking[0]}"', "none")))


def _problem(where: str, expected: str, found: str) -> Problem:
    return Problem(
        code="artifact.table",
        where=where,
        expected=expected,
        found=found,
        fix="write the table again with the training that made it",
    )
