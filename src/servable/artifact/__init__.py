"""Artifacts: layouts, reading and writing, the manifest, golden records. No byte of one is executed."""

from servable.artifact.artifact import (
    Artifact,
    EngineFile,
    StoredCalibration,
    StoredNetwork,
    StoredRiskTable,
    StoredText,
)
from servable.artifact.damage import OnDamage
from servable.artifact.derived import derive_records
from servable.artifact.feature_columns import FEATURE_COLUMNS, format_feature_columns
from servable.artifact.files import Files, MemoryFiles
from servable.artifact.golden import GoldenSet
from servable.artifact.hyperparameters import HYPERPARAMETERS, field_lists
from servable.artifact.manifest import (
    FORMAT,
    MANIFEST,
    CalibratorEntry,
    Conversion,
    EngineEntry,
    EngineKind,
    FieldEntry,
    GoldenEntry,
    Manifest,
    SchemaEntry,
    TextEntry,
    TextJoinEntry,
    Tolerances,
    file_entries,
)
from servable.artifact.network_output import WEIGHTS
from servable.artifact.packed import IMPUTATION, RISK_TABLES
from servable.artifact.reading import read_artifact, read_files
from servable.artifact.safe import (
    atomic_directory,
    atomic_write,
    atomic_writer,
    canonical_json,
    disk_errors,
    parse_json,
    pretty_json,
    read_archive,
    read_pickle,
    read_torch,
    require_vacant,
    require_writable,
    write_tar_gz,
)
from servable.artifact.tokenizers import (
    ENCODER_CONFIG,
    TOKENIZER,
    TOKENIZER_FOLDER,
    TOKENIZER_PATH_VARIABLE,
    TokenizerSearch,
    vocabulary_size,
)
from servable.artifact.training_facts import read_training_facts

__all__ = [
    "ENCODER_CONFIG",
    "FEATURE_COLUMNS",
    "FORMAT",
    "HYPERPARAMETERS",
    "IMPUTATION",
    "MANIFEST",
    "RISK_TABLES",
    "TOKENIZER",
    "TOKENIZER_FOLDER",
    "TOKENIZER_PATH_VARIABLE",
    "WEIGHTS",
    "Artifact",
    "CalibratorEntry",
    "Conversion",
    "EngineEntry",
    "EngineFile",
    "EngineKind",
    "FieldEntry",
    "Files",
    "GoldenEntry",
    "GoldenSet",
    "Manifest",
    "MemoryFiles",
    "OnDamage",
    "SchemaEntry",
    "StoredCalibration",
    "StoredNetwork",
    "StoredRiskTable",
    "StoredText",
    "TextEntry",
    "TextJoinEntry",
    "TokenizerSearch",
    "Tolerances",
    "atomic_directory",
    "atomic_write",
    "atomic_writer",
    "canonical_json",
    "derive_records",
    "disk_errors",
    "field_lists",
    "file_entries",
    "format_feature_columns",
    "parse_json",
    "pretty_json",
    "read_archive",
    "read_artifact",
    "read_files",
    "read_pickle",
    "read_torch",
    "read_training_facts",
    "require_vacant",
    "require_writable",
    "vocabulary_size",
    "write_tar_gz",
]
