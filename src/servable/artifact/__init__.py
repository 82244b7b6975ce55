"""Artifacts: layouts, reading and writing, the manifest, golden records. No byte of one is executed."""

from servable.artifact.artifact import (
    Artifact,
    EngineFile,
    StoredCalibration,
    StoredRiskTable,
)
from servable.artifact.damage import OnDamage
from servable.artifact.derived import derive_records
from servable.artifact.files import Files, MemoryFiles
from servable.artifact.golden import GoldenSet
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
    Tolerances,
    file_entries,
)
from servable.artifact.packed import IMPUTATION, RISK_TABLES
from servable.artifact.reading import read_artifact, read_files
from servable.artifact.safe import (
    atomic_directory,
    atomic_write,
    atomic_writer,
    canonical_json,
    parse_json,
    pretty_json,
    read_archive,
    read_pickle,
    require_vacant,
    require_writable,
    write_tar_gz,
)
from servable.artifact.training_output import (
    FEATURE_COLUMNS,
    HYPERPARAMETERS,
    field_lists,
    format_feature_columns,
    read_training_facts,
)

__all__ = [
    "FEATURE_COLUMNS",
    "FORMAT",
    "HYPERPARAMETERS",
    "IMPUTATION",
    "MANIFEST",
    "RISK_TABLES",
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
    "StoredRiskTable",
    "Tolerances",
    "atomic_directory",
    "atomic_write",
    "atomic_writer",
    "canonical_json",
    "derive_records",
    "field_lists",
    "file_entries",
    "format_feature_columns",
    "parse_json",
    "pretty_json",
    "read_archive",
    "read_artifact",
    "read_files",
    "read_pickle",
    "read_training_facts",
    "require_vacant",
    "require_writable",
    "write_tar_gz",
]
