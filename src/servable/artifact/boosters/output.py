"""Reading what the training of a booster leaves: the tree layouts of the handler's documentation."""

from collections.abc import Iterator, Mapping
from typing import Final

from servable.artifact.artifact import Artifact, EngineFile, StoredRiskTable
from servable.artifact.boosters import BoosterFacts, booster_facts
from servable.artifact.boosters.tables import MAPPINGS, category_tables, missing_file, read_required
from servable.artifact.damage import DamageLog
from servable.artifact.feature_columns import FEATURE_COLUMNS, parse_feature_columns
from servable.artifact.files import Files
from servable.artifact.hyperparameters import (
    FIELD_LISTS,
    HYPERPARAMETERS,
    class_names,
    null_spellings,
    optional_name,
    problem,
    read_hyperparameters,
    require_consistent_classes,
)
from servable.artifact.manifest import EngineKind
from servable.artifact.profile import profile_of_output
from servable.artifact.tables import (
    IMPUTATION,
    calibrated_classes,
    imputation_values,
    read_calibrations,
)
from servable.artifact.training_facts import training_digest
from servable.artifact.training_golden import tolerated_golden, without
from servable.errors import Damaged, ServableError
from servable.schema import Field, Kind, Schema

BOOSTERS: Final = {
    "xgboost_model.bst": EngineKind.XGBOOST,
    "xgboost_model.ubj": EngineKind.XGBOOST,
    "xgboost_model.json": EngineKind.XGBOOST,
    "lightgbm_model.txt": EngineKind.LIGHTGBM,
}
"""Names of a booster in a training output, the one to prefer first, and the library that wrote it."""

_FULL_LIST: Final = "full_field_list"
_CATEGORIES: Final = FIELD_LISTS[1]


def read_booster_output(files: Files, damage: DamageLog) -> Artifact:
    """The artifact of a training output with a booster, of which one of `BOOSTERS` is among the files.

    Raises:
        Damaged: if a required file is missing or broken and damage is refused.
    """
    file = next(name for name in BOOSTERS if name in files)
    facts = booster_facts(files.read(file), file=file, kind=BOOSTERS[file])
    settings = _read_settings(files, damage)
    columns = _read_columns(files, facts, damage)
    tables = category_tables(files, facts, damage)
    imputation = read_required(files, IMPUTATION, imputation_values, facts.kind, damage)
    schema = _schema(settings, columns, tables, _class_names(files, settings, classes=facts.classes))
    _require_consistent(settings, schema, tables, facts, damage)
    calibrations, broken = read_calibrations(files, schema.classes)
    for error in broken:
        damage.report(error)
    golden, broken_records = tolerated_golden(files, damage, dtype=facts.score_dtype)
    profile = profile_of_output(files, schema)
    known = frozenset(schema.names())
    return Artifact(
        name=optional_name(settings, "pipeline_name") or "model",
        family=facts.kind.value,
        digest=training_digest(files),
        schema=schema,
        features=schema.names(),
        risk_tables={name: table for name, table in tables.items() if name in known},
        imputation={name: value for name, value in imputation.items() if name in known},
        calibrations=tuple(calibrations),
        engine=EngineFile(kind=facts.kind, file=file, score_dtype=facts.score_dtype),
        golden=golden,
        manifest=None,
        profile=profile.profile,
        profile_problem=profile.problem,
        degradations=damage.degradations,
        files=without(files, broken_records),
        remarks=(
            *profile.remarks,
            *(f"{other} is not read, because {file} is there" for other in _unread_boosters(files, file)),
            *_remarks(settings, schema, tables, imputation, facts),
        ),
    )


def named_classes(files: Files, *, classes: int) -> tuple[str, ...]:
    """The classes of a booster's output as its files name them, whatever else of these is broken.

    Args:
        files: its settings and its calibration tables, if there are some.
        classes: how many the booster has.
    """
    try:
        settings = read_hyperparameters(files) if HYPERPARAMETERS in files else {}
    except ServableError:
        settings = {}
    return _class_names(files, settings, classes=classes)


def _read_settings(files: Files, damage: DamageLog) -> dict[str, object]:
    if HYPERPARAMETERS not in files:  # optional beside a booster
        return {}
    try:
        settings = read_hyperparameters(files)
    except ServableError as error:
        damage.report(error)
        return {}
    try:
        require_consistent_classes(settings)
    except Damaged as error:
        damage.report(error)
    return settings


def _read_columns(files: Files, facts: BoosterFacts, damage: DamageLog) -> tuple[str, ...]:
    """The columns of `feature_columns.txt`; the booster's own names where damage is tolerated."""
    try:
        if FEATURE_COLUMNS not in files:
            raise missing_file(FEATURE_COLUMNS, "the columns of the model", facts.kind, found="no such file")
        return parse_feature_columns(files.read(FEATURE_COLUMNS))
    except Damaged as error:
        if not facts.names:
            raise
        damage.report(error)
        return facts.names


def _class_names(files: Files, settings: Mapping[str, object], *, classes: int) -> tuple[str, ...]:
    """The classes that the settings name; without settings, those of the tables or indices."""
    if settings:
        return class_names(settings)
    calibrated = calibrated_classes(files)
    return calibrated if len(calibrated) == classes else tuple(map(str, range(classes)))


def _schema(
    settings: Mapping[str, object],
    columns: tuple[str, ...],
    tables: Mapping[str, StoredRiskTable],
    classes: tuple[str, ...],
) -> Schema:
    """Fields in the order of `feature_columns.txt`: categorical with a table, else numeric."""
    id_name, label_name = optional_name(settings, "id_name"), optional_name(settings, "label_name")
    fields = tuple(
        Field(name, Kind.CATEGORICAL if name in tables else Kind.NUMERIC)
        for name in dict.fromkeys(columns)
        if name not in {id_name, label_name}
    )
    return Schema(
        fields=fields,
        classes=classes,
        id_name=id_name,
        label_name=label_name,
        csv_columns=columns,
        null_spellings=null_spellings(settings),
    )


def _require_consistent(
    settings: Mapping[str, object],
    schema: Schema,
    tables: Mapping[str, StoredRiskTable],
    facts: BoosterFacts,
    damage: DamageLog,
) -> None:
    """Reports what cannot be of one and the same training: names, lists of fields, codes without a table."""
    features = schema.names()
    try:
        facts.require_names(features, where=FEATURE_COLUMNS)
    except Damaged as error:
        damage.report(error)
    listed = _listed(settings) if len(features) == facts.features else frozenset()
    strangers = [name for name in features if listed and name not in listed]
    if strangers:
        expected = f'the field "{strangers[0]}" of {FEATURE_COLUMNS} in a list of fields'
        damage.report(Damaged(problem(HYPERPARAMETERS, expected, "none")))
    coded = frozenset(facts.coded)
    uncoded = [name for index, name in enumerate(features) if index in coded and name not in tables]
    if uncoded:
        where, expected = f"{MAPPINGS}.json", f'the codes of "{uncoded[0]}", a category in {facts.file}'
        damage.report(missing_file(where, expected, facts.kind, found="none"))


def _listed(settings: Mapping[str, object], *keys: str) -> frozenset[str]:
    """All names that the settings list as fields."""
    lists = (settings.get(key) for key in keys or (*FIELD_LISTS, _FULL_LIST))
    return frozenset(
        name for found in lists if isinstance(found, list) for name in found if isinstance(name, str)
    )


def _unread_boosters(files: Files, file: str) -> tuple[str, ...]:
    return tuple(other for other in BOOSTERS if other in files and other != file)


def _remarks(
    settings: Mapping[str, object],
    schema: Schema,
    tables: Mapping[str, StoredRiskTable],
    imputation: Mapping[str, float],
    facts: BoosterFacts,
) -> Iterator[str]:
    """What is sound and yet odd, one sentence each; nothing of columns that are not the booster's."""
    if len(schema.fields) != facts.features:
        return
    features, categories = dict.fromkeys(schema.names()), _listed(settings, _CATEGORIES)
    for kind, found in (("table", tables), ("imputation value", imputation)):
        for name in found:
            if name not in features:
                yield f'"{name}": its {kind} has no effect, because the model does not read it'
    for name in features:
        if name in categories and name not in tables:
            yield f'"{name}": listed as a category and without a table, so it is read as a number'
    for name in sorted(_listed(settings, *FIELD_LISTS)):
        if name not in features and name not in {schema.id_name, schema.label_name}:
            yield f'"{name}": listed as a field, and the model does not read it'
