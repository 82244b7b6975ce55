"""What a packed artifact is made of beside its model: the tables, and the manifest over all of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

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
    Conversion,
    EngineEntry,
    FieldEntry,
    GoldenEntry,
    GoldenSet,
    Manifest,
    MemoryFiles,
    SchemaEntry,
    StoredCalibration,
    StoredText,
    TextEntry,
    TextJoinEntry,
    Tolerances,
    field_lists,
    file_entries,
    format_feature_columns,
    packed_calibration,
    pretty_json,
    read_files,
    read_training_facts,
)
from servable.engines import Device
from servable.records import TextJoin
from servable.schema import Schema
from servable.scorer import Scorer, scorer_of

_LIBRARIES = (
    *("lightgbm", "numpy", "onnx", "onnxruntime", "servable", "tokenizers", "torch"),
    *("xgboost", "xgboost-cpu"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """What the manifest takes from the training output, whatever engine is packed."""

    artifact: Artifact
    calibrator: StoredCalibration | None
    name: str
    tolerances: Tolerances
    degradations: tuple[str, ...]

    def members(self) -> dict[str, bytes]:
        """The files of the pack but for engine, golden records and manifest."""
        artifact, files = self.artifact, self.artifact.files
        hyperparameters = (
            files.read(HYPERPARAMETERS)
            if HYPERPARAMETERS in files
            else pretty_json(field_lists(artifact.schema))
        )
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
            **packed_calibration(self.calibrator)[1],
            **{name: tokenizer for tokenizer, name in _tokenizer_files(artifact.texts).items()},
        }

    def manifest(
        self,
        members: Mapping[str, bytes],
        engine: EngineEntry,
        golden: GoldenSet | None = None,
        conversion: Conversion | None = None,
    ) -> Manifest:
        """The manifest of an artifact that is made of these files."""
        profile = self.artifact.profile
        return Manifest(
            format=FORMAT,
            name=self.name,
            family=self.artifact.family,
            schema=_schema_entry(self.artifact.schema),
            features=self.artifact.features,
            engine=engine,
            texts=_text_entries(self.artifact.texts),
            text_join=_text_join_entry(self.artifact.text_join),
            calibrator=packed_calibration(self.calibrator)[0],
            golden=None
            if golden is None
            else GoldenEntry(source=golden.source, records=len(golden), derived_records=golden.derived),
            tolerances=self.tolerances,
            conversion=conversion,
            training=read_training_facts(self.artifact.files) or None,
            profile=None if profile is None else profile.to_plain(),
            degradations=self.degradations,
            remarks=self.artifact.remarks,
            libraries=_versions(),
            files=file_entries(members),
        )

    def scorer(self, members: Mapping[str, bytes], engine: EngineEntry) -> Scorer:
        """What scores with these files, as any reader of the packed artifact will see them."""
        manifest = pretty_json(self.manifest(members, engine).to_plain())
        artifact = read_files(MemoryFiles(dict(members) | {MANIFEST: manifest}))
        return scorer_of(artifact, device=Device.CPU)


def _versions() -> dict[str, str]:
    """Versions of what packed; XGBoost is installed under one of two names."""
    found = {}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


def _tokenizer_files(texts: Sequence[StoredText]) -> dict[bytes, str]:
    """Tokenizers and their files: one for all texts, or a folder for each further one that differs."""
    different = dict.fromkeys(text.tokenizer for text in texts)
    return {
        tokenizer: f"{TOKENIZER_FOLDER}/{f'{number}/' if number else ''}{TOKENIZER}"
        for number, tokenizer in enumerate(different)
    }


def _text_entries(texts: Sequence[StoredText]) -> tuple[TextEntry, ...]:
    files = _tokenizer_files(texts)
    return tuple(
        TextEntry(
            field=text.field,
            steps=text.steps,
            max_tokens=text.max_tokens,
            max_chunks=text.max_chunks,
            tokenizer=files[text.tokenizer],
        )
        for text in texts
    )


def _text_join_entry(join: TextJoin | None) -> TextJoinEntry | None:
    if join is None:
        return None
    return TextJoinEntry(field=join.field, columns=join.columns, separator=join.separator)


def _schema_entry(schema: Schema) -> SchemaEntry:
    return SchemaEntry(
        fields=tuple(FieldEntry(name=field.name, kind=field.kind) for field in schema.fields),
        classes=schema.classes,
        id_name=schema.id_name,
        label_name=schema.label_name,
        csv_columns=schema.csv_columns,
        null_spellings=tuple(sorted(schema.null_spellings)),
    )
