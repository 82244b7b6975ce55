"""What a packed artifact is made of beside its model: the tables, and the manifest over all of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from servable.artifact import (
    FEATURE_COLUMNS,
    FORMAT,
    HYPERPARAMETERS,
    IMPUTATION,
    MANIFEST,
    RISK_TABLES,
    TOKENIZER,
    TOKENIZER_FOLDER,
    Artifact,
    CalibratorEntry,
    Conversion,
    EngineEntry,
    FieldEntry,
    GoldenEntry,
    GoldenSet,
    Manifest,
    MemoryFiles,
    SchemaEntry,
    StoredText,
    TextEntry,
    TextJoinEntry,
    Tolerances,
    field_lists,
    file_entries,
    format_feature_columns,
    pretty_json,
    read_files,
    read_training_facts,
)
from servable.calibration import Calibrator, CalibratorKind
from servable.records import TextJoin
from servable.schema import Schema
from servable.scorer import Scorer, scorer_of

_LIBRARIES = (
    *("numpy", "onnx", "onnxmltools", "onnxruntime", "servable", "tokenizers", "torch"),
    *("xgboost", "xgboost-cpu"),
)
_TOKENIZER: Final = f"{TOKENIZER_FOLDER}/{TOKENIZER}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """What the manifest takes from the training output, whatever engine is packed."""

    artifact: Artifact
    calibrator: Calibrator | None
    name: str
    tolerances: Tolerances
    degradations: tuple[str, ...]

    def members(self) -> dict[str, bytes]:
        """The files of the pack but for engine, golden records and manifest."""
        artifact, calibrator, files = self.artifact, self.calibrator, self.artifact.files
        hyperparameters = (
            files.read(HYPERPARAMETERS)
            if HYPERPARAMETERS in files
            else pretty_json(field_lists(artifact.schema))
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
            **({_TOKENIZER: artifact.texts[0].tokenizer} if artifact.texts else {}),
        }

    def manifest(
        self,
        members: Mapping[str, bytes],
        engine: EngineEntry,
        golden: GoldenSet | None = None,
        conversion: Conversion | None = None,
    ) -> Manifest:
        """The manifest of an artifact that is made of these files."""
        return Manifest(
            format=FORMAT,
            name=self.name,
            family=self.artifact.family,
            schema=_schema_entry(self.artifact.schema),
            features=self.artifact.features,
            engine=engine,
            texts=tuple(map(_text_entry, self.artifact.texts)),
            text_join=_text_join_entry(self.artifact.text_join),
            calibrator=None
            if self.calibrator is None
            else CalibratorEntry(
                kind=self.calibrator.kind,
                tables={
                    str(index): _table_name(self.calibrator.kind, index) for index in self.calibrator.tables
                },
            ),
            golden=None
            if golden is None
            else GoldenEntry(source=golden.source, records=len(golden), derived_records=golden.derived),
            tolerances=self.tolerances,
            conversion=conversion,
            training=read_training_facts(self.artifact.files) or None,
            degradations=self.degradations,
            libraries=_versions(),
            files=file_entries(members),
        )

    def scorer(self, members: Mapping[str, bytes], engine: EngineEntry) -> Scorer:
        """What scores with these files, as any reader of the packed artifact will see them."""
        manifest = pretty_json(self.manifest(members, engine).to_plain())
        return scorer_of(read_files(MemoryFiles(dict(members) | {MANIFEST: manifest})))


def _versions() -> dict[str, str]:
    """Versions of what packed; XGBoost is installed under one of two names."""
    found = {}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


def _text_entry(text: StoredText) -> TextEntry:
    return TextEntry(
        field=text.field,
        steps=text.steps,
        max_tokens=text.max_tokens,
        max_chunks=text.max_chunks,
        tokenizer=_TOKENIZER,
    )


def _text_join_entry(join: TextJoin | None) -> TextJoinEntry | None:
    if join is None:
        return None
    return TextJoinEntry(field=join.field, columns=join.columns, separator=join.separator)


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
