"""Reading what the training of a booster leaves: the XGBoost layout of the handler's documentation."""

from collections.abc import Mapping
from typing import Final

from servable.artifact.artifact import Artifact, EngineFile, StoredRiskTable
from servable.artifact.damage import DamageLog
from servable.artifact.feature_columns import FEATURE_COLUMNS, parse_feature_columns
from servable.artifact.files import Files
from servable.artifact.hyperparameters import (
    HYPERPARAMETERS,
    class_names,
    null_spellings,
    optional_name,
    read_hyperparameters,
)
from servable.artifact.manifest import EngineKind
from servable.artifact.tables import (
    IMPUTATION,
    RISK_TABLES,
    imputation_values,
    read_calibrations,
    read_twin,
    risk_tables,
)
from servable.artifact.training_facts import read_training_golden, training_digest
from servable.errors import Damaged, Problem, ServableError
from servable.schema import Field, Kind, Schema

XGBOOST_MODEL: Final = "xgboost_model.bst"


def read_booster_output(files: Files, damage: DamageLog) -> Artifact:
    """The artifact of a training output with an XGBoost model.

    Raises:
        Damaged: if a required file is missing or broken and damage is refused.
    """
    settings = _read_settings(files, damage)
    columns = parse_feature_columns(files.read(FEATURE_COLUMNS))
    risk = risk_tables(_read_required(files, RISK_TABLES, damage), where=RISK_TABLES)
    imputation = imputation_values(_read_required(files, IMPUTATION, damage), where=IMPUTATION)
    schema = _schema(settings, columns, risk)
    calibrations, broken = read_calibrations(files, schema.classes)
    for error in broken:
        damage.report(error)
    engine = EngineFile(kind=EngineKind.XGBOOST, file=XGBOOST_MODEL)
    return Artifact(
        name=optional_name(settings, "pipeline_name") or "model",
        family="xgboost",
        digest=training_digest(files),
        schema=schema,
        features=schema.names(),
        risk_tables=risk,
        imputation=imputation,
        calibrations=tuple(calibrations),
        engine=engine,
        golden=read_training_golden(files, dtype=engine.score_dtype),
        manifest=None,
        degradations=damage.degradations,
        files=files,
    )


def _read_settings(files: Files, damage: DamageLog) -> dict[str, object]:
    if HYPERPARAMETERS not in files:  # optional beside a booster
        return {}
    try:
        return read_hyperparameters(files)
    except ServableError as error:
        damage.report(error)
        return {}


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
    settings: Mapping[str, object],
    columns: tuple[str, ...],
    risk: Mapping[str, StoredRiskTable],
) -> Schema:
    """Fields in the order of `feature_columns.txt`: categorical with a risk table, else numeric."""
    id_name, label_name = optional_name(settings, "id_name"), optional_name(settings, "label_name")
    fields = tuple(
        Field(name, Kind.CATEGORICAL if name in risk else Kind.NUMERIC)
        for name in dict.fromkeys(columns)
        if name not in {id_name, label_name}
    )
    return Schema(
        fields=fields,
        classes=class_names(settings),
        id_name=id_name,
        label_name=label_name,
        csv_columns=columns,
        null_spellings=null_spellings(settings),
    )
