"""Reading what training leaves: the directory layout of the inference handler's documentation.

This version reads the XGBoost layout; the other families are refused by name.
"""

import hashlib
from collections.abc import Mapping
from typing import Final

from servable.artifact.artifact import Artifact, EngineFile, StoredRiskTable
from servable.artifact.damage import DamageLog, OnDamage
from servable.artifact.files import Files
from servable.artifact.golden import read_golden
from servable.artifact.manifest import EngineKind
from servable.artifact.safe import canonical_json, parse_json
from servable.artifact.tables import imputation_values, read_calibrations, read_twin, risk_tables
from servable.errors import BadInput, Damaged, Problem, ServableError
from servable.schema import PANDAS_NULLS, Field, Kind, Schema

MODEL = "xgboost_model.bst"
FEATURE_COLUMNS = "feature_columns.txt"
HYPERPARAMETERS = "hyperparameters.json"
RISK_TABLES, IMPUTATION = "risk_table_map", "impute_dict"
TRAINING = "training.json"

_NOT_YET: Final = {"lightgbm_model.txt": "a LightGBM model", "model.pth": "a PyTorch network"}


def read_training_output(files: Files, on_damage: OnDamage) -> Artifact:
    """The artifact of a training output.

    Raises:
        BadInput: `artifact.layout` if this is no training output that can be read.
        Damaged: if a required file is missing or broken and damage is refused.
    """
    _require_known_layout(files)
    damage = DamageLog(on_damage)
    hyperparameters = _read_hyperparameters(files, damage)
    columns = parse_feature_columns(files.read(FEATURE_COLUMNS))
    risk = risk_tables(_read_required(files, RISK_TABLES, damage), where=RISK_TABLES)
    imputation = imputation_values(_read_required(files, IMPUTATION, damage), where=IMPUTATION)
    schema = _schema(hyperparameters, columns, risk)
    calibrations, broken = read_calibrations(files, schema.classes)
    for error in broken:
        damage.report(error)
    engine = EngineFile(kind=EngineKind.XGBOOST, file=MODEL)
    derived = read_training_facts(files).get("derived_golden_records", 0)
    return Artifact(
        name=str(hyperparameters.get("pipeline_name", "model")),
        family="xgboost",
        digest=_digest(files),
        schema=schema,
        features=schema.names(),
        risk_tables=risk,
        imputation=imputation,
        calibrations=tuple(calibrations),
        engine=engine,
        golden=read_golden(
            files,
            dtype=engine.score_dtype,
            source="train",
            derived=derived if isinstance(derived, int) else 0,
        ),
        manifest=None,
        degradations=damage.degradations,
        files=files,
    )


def parse_feature_columns(data: bytes) -> tuple[str, ...]:
    """Names of `feature_columns.txt`, in the order of its lines: `<index>,<name>`, `#` begins a comment.

    Raises:
        Damaged: `artifact.feature-columns`, naming the first line of another form.
    """
    names = []
    for number, line in enumerate(data.decode("utf-8", errors="replace").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        index, comma, name = line.strip().partition(",")
        if not comma or not index.strip().isdigit() or not name or "," in name:
            raise Damaged(_columns_problem(f"{FEATURE_COLUMNS} line {number}", "another form"))
        names.append(name)
    if not names:
        raise Damaged(_columns_problem(FEATURE_COLUMNS, "no such line"))
    return tuple(names)


def format_feature_columns(names: tuple[str, ...]) -> bytes:
    """The text of `feature_columns.txt`."""
    head = "# The columns that the model reads, in this order: <index>,<name>\n"
    return (head + "".join(f"{index},{name}\n" for index, name in enumerate(names))).encode()


def _columns_problem(where: str, found: str) -> Problem:
    return Problem(
        code="artifact.feature-columns",
        where=where,
        expected="lines of the form `<index>,<name>`",
        found=found,
        fix="write the file again with the training that made it",
    )


def _require_known_layout(files: Files) -> None:
    for name in (MODEL, FEATURE_COLUMNS):
        if name in files:
            continue
        other = next((what for file, what in _NOT_YET.items() if file in files), None)
        listed = ", ".join(files.names()[:5]) or "no file"
        raise BadInput(
            Problem(
                code="artifact.layout",
                where="layout",
                expected=f"manifest.json (packed), or {MODEL} with {FEATURE_COLUMNS} (XGBoost output)",
                found=f"{other}, which this version cannot read yet" if other else listed,
                fix="name the folder or archive that training or `servable pack` wrote",
            )
        )


def _read_hyperparameters(files: Files, damage: DamageLog) -> Mapping[str, object]:
    if HYPERPARAMETERS not in files:  # optional beside a booster
        return {}
    try:
        found = parse_json(files.read(HYPERPARAMETERS), where=HYPERPARAMETERS)
        for key in ("tab_field_list", "cat_field_list"):
            value = found.get(key) if isinstance(found, dict) else None
            if not (isinstance(value, list) and all(isinstance(name, str) for name in value)):
                raise Damaged(
                    Problem(
                        code="artifact.hyperparameters",
                        where=HYPERPARAMETERS,
                        expected=f'"{key}", a list of field names',
                        found="none" if value is None else "something else",
                        fix="write the file again with the training that made it",
                    )
                )
    except ServableError as error:
        damage.report(error)
        return {}
    assert isinstance(found, dict)  # noqa: S101  # every other value was refused above
    return found


def _read_required(files: Files, stem: str, damage: DamageLog) -> object:
    """The plain data of a table that a booster cannot do without; empty where damage is tolerated."""
    try:
        plain = read_twin(files, stem)
    except ServableError as error:
        damage.report(error)
        return {}
    if plain is None:
        damage.report(
            Damaged(
                Problem(
                    code="artifact.missing-file",
                    where=f"{stem}.json",
                    expected=f"{stem}.json or {stem}.pkl beside an XGBoost model",
                    found="neither",
                    fix="copy it from the training output, or pass `--on-damage warn` to go on without",
                )
            )
        )
        return {}
    return plain


def _schema(
    hyperparameters: Mapping[str, object],
    columns: tuple[str, ...],
    risk: Mapping[str, StoredRiskTable],
) -> Schema:
    """Fields in the order of `feature_columns.txt`: categorical with a risk table, else numeric."""
    id_name, label_name = (hyperparameters.get(key) for key in ("id_name", "label_name"))
    left_out = {name for name in (id_name, label_name) if isinstance(name, str)}
    fields = tuple(
        Field(name, Kind.CATEGORICAL if name in risk else Kind.NUMERIC)
        for name in dict.fromkeys(columns)
        if name not in left_out
    )
    categories = hyperparameters.get("multiclass_categories")
    classes = tuple(map(str, categories)) if isinstance(categories, list) and categories else ("0", "1")
    spellings = hyperparameters.get("null_spellings")
    return Schema(
        fields=fields,
        classes=classes,
        id_name=id_name if isinstance(id_name, str) else None,
        label_name=label_name if isinstance(label_name, str) else None,
        csv_columns=columns,
        null_spellings=frozenset(map(str, spellings)) if isinstance(spellings, list) else PANDAS_NULLS,
    )


def field_lists(schema: Schema) -> dict[str, object]:
    """What `hyperparameters.json` says about fields and classes."""
    return {
        "full_field_list": [*schema.names(), *filter(None, [schema.id_name, schema.label_name])],
        "tab_field_list": list(schema.names(Kind.NUMERIC)),
        "cat_field_list": list(schema.names(Kind.CATEGORICAL)),
        "label_name": schema.label_name,
        "id_name": schema.id_name,
        "is_binary": len(schema.classes) == 2,
        "num_classes": len(schema.classes),
        "multiclass_categories": list(schema.classes),
        "null_spellings": sorted(schema.null_spellings),
    }


def read_training_facts(files: Files) -> dict[str, object]:
    """What training wrote down about itself (`training.json`); empty for outputs of other tools."""
    if TRAINING not in files:
        return {}
    facts = parse_json(files.read(TRAINING), where=TRAINING)
    return facts if isinstance(facts, dict) else {}


def _digest(files: Files) -> str:
    digests = {name: hashlib.sha256(files.read(name)).hexdigest() for name in files.names()}
    return f"sha256:{hashlib.sha256(canonical_json(digests)).hexdigest()}"
