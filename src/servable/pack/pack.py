"""From a training output to a packed artifact: convert, compare, keep golden answers, write.

Deterministic: the same training output and the same libraries give the same bytes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from servable.artifact import (
    FEATURE_COLUMNS,
    FORMAT,
    HYPERPARAMETERS,
    IMPUTATION,
    MANIFEST,
    RISK_TABLES,
    Artifact,
    CalibratorEntry,
    Conversion,
    EngineEntry,
    EngineKind,
    FieldEntry,
    GoldenEntry,
    GoldenSet,
    Manifest,
    MemoryFiles,
    OnDamage,
    SchemaEntry,
    Tolerances,
    derive_records,
    field_lists,
    file_entries,
    format_feature_columns,
    pretty_json,
    read_artifact,
    read_files,
    read_training_facts,
    require_writable,
    write_tar_gz,
)
from servable.calibration import Calibrator, CalibratorKind
from servable.errors import BadInput, Problem
from servable.pack.comparison import DEFAULT_TOLERANCES, at_every_split, compare, within
from servable.pack.trees import split_thresholds, to_onnx
from servable.schema import Schema
from servable.scorer import Scorer, scorer_of

DERIVED_GOLDEN_RECORDS = 50
_LIBRARIES = ("numpy", "onnx", "onnxmltools", "onnxruntime", "servable", "xgboost", "xgboost-cpu")

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackResult:
    """What was packed.

    Attributes:
        output: the archive.
        manifest: its manifest.
        converted: the comparison of the graph with the booster, whichever of the two was packed.
    """

    output: Path
    manifest: Manifest
    converted: Conversion

    def summary_lines(self) -> list[str]:
        """What a person wants to know, the archive first."""
        manifest, converted, golden = self.manifest, self.converted, self.manifest.golden
        lines = [
            f"{self.output} ({self.output.stat().st_size:,} bytes, {manifest.digest})",
            f"engine {manifest.engine.kind}: largest difference from the booster "
            f"{converted.max_difference:.2g} on {converted.golden_records} golden records and "
            f"{converted.threshold_records} at the splits",
        ]
        if manifest.engine.kind != EngineKind.ONNX_TREES:
            lines.append("the graph differs by more than the tolerance: serving needs the extra `trees`")
        if golden is not None:
            origin = (
                "real records of the test split" if golden.source == "train" else "derived from the schema"
            )
            lines.append(
                f"golden records: {golden.records}, of them {golden.derived_records} derived; {origin}"
            )
        return lines


def pack(
    path: Path,
    output: Path,
    *,
    name: str | None = None,
    on_damage: OnDamage = OnDamage.REFUSE,
    tolerances: Tolerances = DEFAULT_TOLERANCES,
    progress: Progress = lambda *_: None,
) -> PackResult:
    """Packs a training output into one archive that serves without the training libraries.

    A booster whose graph differs by more than the tolerances is packed in its own format, and then
    serving needs the extra `trees`.

    Raises:
        NotFound, BadInput, Damaged: nothing is written then.
    """
    if not output.name.endswith((".tar.gz", ".tgz")):
        raise _refusal("output", "a name that ends in .tar.gz", output.name, "pass `-o model.tar.gz`")
    require_writable(output)
    reference = scorer_of(read_artifact(path, on_damage=on_damage), on_damage=on_damage)
    artifact = reference.artifact
    if artifact.manifest is not None:
        raise _refusal(str(path), "a training output", "an artifact that is packed already", "serve it")
    golden = artifact.golden or _derived_golden(reference)
    booster = artifact.files.read(artifact.engine.file)
    progress("convert the trees", 0, 1)
    members = _members(artifact, reference.calibrator)
    entries = _Entries(artifact=artifact, name=name or artifact.name, tolerances=tolerances)
    graph = members | {"trees.onnx": to_onnx(booster, features=len(artifact.features))}
    engine = _engine(EngineKind.ONNX_TREES, "trees.onnx")
    packed = _scorer(graph, entries.manifest(graph, engine, reference.calibrator))
    progress("compare at every split", 0, 1)
    converted = _compare(packed, reference, golden, booster)
    if within(converted, tolerances):
        members = graph
    else:
        members = members | {"xgboost_model.ubj": booster}
        engine = _engine(EngineKind.XGBOOST, "xgboost_model.ubj")
        packed = _scorer(members, entries.manifest(members, engine, reference.calibrator))
    golden = golden.with_packed(packed.score_records(packed.schema.bind(golden.table())))
    members = members | golden.to_files()
    manifest = entries.manifest(members, engine, reference.calibrator, golden, converted)
    progress("write the archive", 0, 1)
    write_tar_gz(output, members | {MANIFEST: pretty_json(manifest.to_plain())})
    return PackResult(output=output, manifest=manifest, converted=converted)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entries:
    """What the manifest takes from the training output, whatever engine is packed."""

    artifact: Artifact
    name: str
    tolerances: Tolerances

    def manifest(
        self,
        members: Mapping[str, bytes],
        engine: EngineEntry,
        calibrator: Calibrator | None,
        golden: GoldenSet | None = None,
        conversion: Conversion | None = None,
    ) -> Manifest:
        return Manifest(
            format=FORMAT,
            name=self.name,
            family=self.artifact.family,
            schema=_schema_entry(self.artifact.schema),
            features=self.artifact.features,
            engine=engine,
            calibrator=None
            if calibrator is None
            else CalibratorEntry(
                kind=calibrator.kind,
                tables={str(index): _table_name(calibrator.kind, index) for index in calibrator.tables},
            ),
            golden=None
            if golden is None
            else GoldenEntry(source=golden.source, records=len(golden), derived_records=golden.derived),
            tolerances=self.tolerances,
            conversion=conversion,
            training=read_training_facts(self.artifact.files) or None,
            libraries=_versions(),
            files=file_entries(members),
        )


def _versions() -> dict[str, str]:
    """Versions of what packed; XGBoost is installed under one of two names."""
    found = {}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


def _members(artifact: Artifact, calibrator: Calibrator | None) -> dict[str, bytes]:
    """The files of the pack but for engine, golden records and manifest."""
    files = artifact.files
    hyperparameters = (
        files.read(HYPERPARAMETERS) if HYPERPARAMETERS in files else pretty_json(field_lists(artifact.schema))
    )
    tables = {} if calibrator is None else calibrator.tables
    kind = CalibratorKind.BINARY if calibrator is None else calibrator.kind
    return {
        HYPERPARAMETERS: hyperparameters,
        FEATURE_COLUMNS: format_feature_columns(artifact.schema.csv_columns or artifact.features),
        RISK_TABLES: pretty_json(
            {
                name: {"bins": dict(table.bins), "default_bin": table.default_bin}
                for name, table in artifact.risk_tables.items()
            }
        ),
        IMPUTATION: pretty_json(dict(artifact.imputation)),
        **{_table_name(kind, index): pretty_json(table.pairs()) for index, table in tables.items()},
    }


def _table_name(kind: CalibratorKind, index: int) -> str:
    return {
        CalibratorKind.PERCENTILE: "calibration/percentile_score.json",
        CalibratorKind.BINARY: "calibration/calibration_model.json",
        CalibratorKind.MULTICLASS: f"calibration/calibration_models/calibration_model_class_{index}.json",
    }[kind]


def _schema_entry(schema: Schema) -> SchemaEntry:
    return SchemaEntry(
        fields=tuple(FieldEntry(name=field.name, kind=field.kind) for field in schema.fields),
        classes=schema.classes,
        id_name=schema.id_name,
        label_name=schema.label_name,
        csv_columns=schema.csv_columns,
        null_spellings=tuple(sorted(schema.null_spellings)),
    )


def _engine(kind: EngineKind, file: str) -> EngineEntry:
    return EngineEntry(kind=kind, file=file, intra_op_threads=1, score_dtype="float32")


def _scorer(members: Mapping[str, bytes], manifest: Manifest) -> Scorer:
    return scorer_of(read_files(MemoryFiles(dict(members) | {MANIFEST: pretty_json(manifest.to_plain())})))


def _compare(packed: Scorer, reference: Scorer, golden: GoldenSet, booster: bytes) -> Conversion:
    base = reference.preprocessor.apply(reference.schema.bind(golden.table())).tabular
    splits = at_every_split(base, *split_thresholds(booster))
    return compare(packed.engine, reference.engine, golden=base, splits=splits)


def _derived_golden(reference: Scorer) -> GoldenSet:
    artifact = reference.artifact
    records = derive_records(
        artifact.schema, artifact.risk_tables, artifact.imputation, typical=DERIVED_GOLDEN_RECORDS
    )
    return GoldenSet(
        requests=tuple(map(msgspec.json.encode, records)),
        reference=reference.score(records),
        packed=None,
        source="schema",
        derived=len(records),
    )


def _refusal(where: str, expected: str, found: str, fix: str) -> BadInput:
    return BadInput(Problem(code="pack.input", where=where, expected=expected, found=found, fix=fix))
