"""Reading a packed artifact: the manifest first, then every file that it declares, by its digest."""

import hashlib

from servable.artifact.artifact import Artifact, EngineFile, EngineKind, StoredCalibration
from servable.artifact.damage import DamageLog, OnDamage
from servable.artifact.files import Files
from servable.artifact.golden import read_golden
from servable.artifact.manifest import MANIFEST, Manifest, parse_manifest
from servable.artifact.safe import parse_json
from servable.artifact.tables import imputation_values, risk_tables
from servable.errors import Damaged, Problem
from servable.schema import Field, Kind, Schema

RISK_TABLES, IMPUTATION = "tables/risk.json", "tables/impute.json"


def read_packed(files: Files, on_damage: OnDamage) -> Artifact:
    """The artifact that a manifest describes.

    Raises:
        Damaged: `manifest.*`, or `artifact.file` for a file that is missing or is not the packed one.
    """
    manifest = parse_manifest(files.read(MANIFEST))
    damage = DamageLog(on_damage)
    for name, entry in manifest.files.items():
        if name not in files:
            damage.report(Damaged(_file_problem(name, entry.sha256, "no such file")))
        elif (found := hashlib.sha256(files.read(name)).hexdigest()) != entry.sha256:
            damage.report(Damaged(_file_problem(name, entry.sha256, f"sha256 {found}")))
    golden = manifest.golden
    return Artifact(
        name=manifest.name,
        family=manifest.family,
        digest=manifest.digest,
        schema=_schema(manifest),
        features=manifest.features,
        risk_tables=risk_tables(_read_json(files, RISK_TABLES), where=RISK_TABLES),
        imputation=imputation_values(_read_json(files, IMPUTATION), where=IMPUTATION),
        calibrations=_calibrations(files, manifest),
        engine=EngineFile(
            kind=_engine_kind(manifest.engine.kind),
            file=manifest.engine.file,
            intra_op_threads=manifest.engine.intra_op_threads,
            score_dtype=manifest.engine.score_dtype,
        ),
        golden=None
        if golden is None
        else read_golden(
            files, dtype=manifest.engine.score_dtype, source=golden.source, derived=golden.derived_records
        ),
        manifest=manifest,
        degradations=damage.degradations,
        files=files,
    )


def _schema(manifest: Manifest) -> Schema:
    entry = manifest.schema
    return Schema(
        fields=tuple(Field(field.name, Kind(field.kind)) for field in entry.fields),
        classes=entry.classes,
        id_name=entry.id_name,
        label_name=entry.label_name,
        csv_columns=entry.csv_columns,
        null_spellings=frozenset(entry.null_spellings),
    )


def _calibrations(files: Files, manifest: Manifest) -> tuple[StoredCalibration, ...]:
    entry = manifest.calibrator
    if entry is None:
        return ()
    tables = {int(index): _read_json(files, name) for index, name in entry.tables.items()}
    return (StoredCalibration(kind=entry.kind, tables=tables, where="calibration"),)


def _read_json(files: Files, name: str) -> object:
    if name not in files:
        raise Damaged(_file_problem(name, "as the manifest lists", "no such file"))
    return parse_json(files.read(name), where=name)


def _engine_kind(name: str) -> EngineKind:
    try:
        return EngineKind(name)
    except ValueError as error:
        raise Damaged(
            Problem(
                code="manifest.engine",
                where=f"{MANIFEST}: $.engine.kind",
                expected=f"one of {', '.join(EngineKind)}",
                found=repr(name),
                fix="read it with the version of servable that packed it",
            )
        ) from error


def _file_problem(name: str, sha256: str, found: str) -> Problem:
    return Problem(
        code="artifact.file",
        where=name,
        expected=f"the packed file, sha256 {sha256}",
        found=found,
        fix="copy the artifact again, or pack it again",
    )
