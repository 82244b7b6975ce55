"""Reading a packed artifact: the manifest first, then every file that it declares, by its digest."""

from collections.abc import Mapping

from servable.artifact.artifact import Artifact, EngineFile, StoredCalibration, StoredRiskTable, StoredText
from servable.artifact.damage import DamageLog, OnDamage
from servable.artifact.files import Declared, Files
from servable.artifact.golden import read_golden
from servable.artifact.manifest import MANIFEST, CalibratorEntry, Manifest, parse_manifest
from servable.artifact.profile import profile_of_json
from servable.artifact.safe import check_tokenizer, parse_json
from servable.artifact.tables import curve_parameters, imputation_values, risk_tables
from servable.artifact.training_facts import checked_facts
from servable.errors import Damaged, Problem
from servable.records import TextJoin
from servable.schema import FLOAT32_MAX, NETWORK_MAX, Field, Kind, Schema

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
        elif (found := files.sha256(name)) != entry.sha256:
            damage.report(Damaged(_file_problem(name, entry.sha256, f"sha256 {found}")))
    _require_consistent(manifest)
    checked_facts(manifest.training or {}, where=f"{MANIFEST}: $.training")
    declared = Declared(files, frozenset(manifest.files))
    schema = _schema(manifest)
    profile = profile_of_json(manifest.profile, schema, where=f"{MANIFEST}: $.profile")
    golden = manifest.golden
    return Artifact(
        name=manifest.name,
        family=manifest.family,
        digest=manifest.digest,
        schema=schema,
        features=manifest.features,
        risk_tables=_risk_tables(declared, manifest),
        imputation=imputation_values(_read_json(declared, IMPUTATION), where=IMPUTATION),
        calibrations=_calibrations(declared, manifest, damage),
        engine=EngineFile(
            kind=manifest.engine.kind,
            file=manifest.engine.file,
            intra_op_threads=manifest.engine.intra_op_threads,
            score_dtype=manifest.engine.score_dtype,
            encoders=manifest.engine.encoders,
            pad_token_id=manifest.engine.pad_token_id,
        ),
        golden=None
        if golden is None
        else read_golden(
            declared, dtype=manifest.engine.score_dtype, source=golden.source, derived=golden.derived_records
        ),
        manifest=manifest,
        degradations=manifest.degradations + damage.degradations,
        remarks=manifest.remarks + profile.remarks,
        profile=profile.profile,
        profile_problem=profile.problem,
        files=declared,
        texts=_texts(declared, manifest),
        text_join=None
        if manifest.text_join is None
        else TextJoin(
            field=manifest.text_join.field,
            columns=manifest.text_join.columns,
            separator=manifest.text_join.separator,
        ),
    )


def _require_consistent(manifest: Manifest) -> None:
    """What no type can say: that names in one part of the manifest are names in another."""
    fields = {field.name for field in manifest.schema.fields if field.kind is not Kind.TEXT}
    unknown = [name for name in manifest.features if name not in fields]
    if unknown:
        raise Damaged(
            _manifest_problem("features", "names of numeric or categorical fields", f'"{unknown[0]}"')
        )
    for name in (manifest.engine.file, *manifest.engine.encoders.values()):
        if name not in manifest.files:
            raise Damaged(_manifest_problem("engine", "files of the manifest", f'"{name}"'))
    texts = {field.name for field in manifest.schema.fields if field.kind is Kind.TEXT}
    if manifest.text_join is not None and manifest.text_join.field not in texts:
        found = f'"{manifest.text_join.field}"'
        raise Damaged(_manifest_problem("text_join.field", "the name of a text field", found))
    for key, entries in (
        ("texts", [text.field for text in manifest.texts]),
        ("engine.encoders", list(manifest.engine.encoders)),
    ):
        if len(entries) != len(texts) or set(entries) != texts:
            expected = f"one entry for each text field ({', '.join(sorted(texts)) or 'there is none'})"
            raise Damaged(_manifest_problem(key, expected, ", ".join(entries) or "none"))
    if manifest.calibrator is not None:
        _require_calibrator(manifest.calibrator, classes=len(manifest.schema.classes))


def _require_calibrator(entry: CalibratorEntry, *, classes: int) -> None:
    """Tables by class index, of class 1 alone for the two-class kinds; or parameters and no table."""
    is_curve = entry.kind in ("temperature", "beta")
    if is_curve is not (entry.parameters is not None):
        expected = "a file of parameters" if is_curve else "tables and no parameters"
        raise Damaged(_manifest_problem("calibrator.parameters", expected, entry.parameters or "none"))
    indices = {str(index) for index in range(classes)}
    allowed = set() if is_curve else indices if entry.kind == "regular_multiclass" else {"1"}
    if not entry.tables.keys() <= allowed or bool(entry.tables) is is_curve:
        expected = "no table" if is_curve else "tables by class index"
        found = ", ".join(entry.tables) or "none"
        raise Damaged(_manifest_problem("calibrator.tables", expected, found))


def _manifest_problem(key: str, expected: str, found: str) -> Problem:
    return Problem(
        code="manifest.json",
        where=f"{MANIFEST}: $.{key}",
        expected=expected,
        found=found,
        fix="pack the artifact again",
    )


def _risk_tables(files: Files, manifest: Manifest) -> dict[str, StoredRiskTable]:
    tables = risk_tables(_read_json(files, RISK_TABLES), where=RISK_TABLES)
    kinds = {field.name: field.kind for field in manifest.schema.fields}
    for name in manifest.features:
        if kinds[name] is Kind.CATEGORICAL and name not in tables:
            raise Damaged(
                Problem(
                    code="artifact.table",
                    where=RISK_TABLES,
                    expected=f'a table of the categorical field "{name}"',
                    found="none",
                    fix="pack the artifact again",
                )
            )
    return tables


def _schema(manifest: Manifest) -> Schema:
    entry = manifest.schema
    return Schema(
        fields=tuple(Field(field.name, field.kind) for field in entry.fields),
        classes=entry.classes,
        id_name=entry.id_name,
        label_name=entry.label_name,
        csv_columns=entry.csv_columns,
        null_spellings=frozenset(entry.null_spellings),
        number_limit=NETWORK_MAX if manifest.texts else FLOAT32_MAX,
    )


def _texts(files: Files, manifest: Manifest) -> tuple[StoredText, ...]:
    for entry in manifest.texts:
        if entry.tokenizer not in files:
            raise Damaged(_file_problem(entry.tokenizer, "", "no such file"))
    for name in {entry.tokenizer: None for entry in manifest.texts}:
        check_tokenizer(files.read(name), where=name)
    return tuple(
        StoredText(
            field=entry.field,
            steps=entry.steps,
            max_tokens=entry.max_tokens,
            max_chunks=entry.max_chunks,
            tokenizer=files.read(entry.tokenizer),
            where=entry.tokenizer,
        )
        for entry in manifest.texts
    )


def _calibrations(files: Files, manifest: Manifest, damage: DamageLog) -> tuple[StoredCalibration, ...]:
    entry = manifest.calibrator
    if entry is None:
        return ()
    try:
        tables = {int(index): _read_json(files, name) for index, name in entry.tables.items()}
        parameters = {} if entry.parameters is None else _parameters(files, entry.parameters)
    except Damaged as error:
        damage.report(error)
        return ()
    files_of_it = [entry.parameters] if entry.parameters else list(entry.tables.values())
    return (
        StoredCalibration(
            kind=entry.kind,
            tables=tables,
            where=files_of_it[0] if len(files_of_it) == 1 else "calibration/calibration_models",
            parameters=parameters,
        ),
    )


def _parameters(files: Files, name: str) -> Mapping[str, object]:
    return curve_parameters(_read_json(files, name), where=name)


def _read_json(files: Files, name: str) -> object:
    if name not in files:
        raise Damaged(_file_problem(name, "", "no such file"))
    return parse_json(files.read(name), where=name)


def _file_problem(name: str, sha256: str, found: str) -> Problem:
    return Problem(
        code="artifact.file",
        where=name,
        expected=f"the packed file{f', sha256 {sha256}' if sha256 else ''}",
        found=found,
        fix="copy the artifact again, or pack it again",
    )
