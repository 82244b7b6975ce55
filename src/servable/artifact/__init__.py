"""Artifacts: layouts, reading and writing, the manifest, golden records. No byte of one is executed."""

from servable.artifact.artifact import (
    Artifact,
    EngineFile,
    StoredCalibration,
    StoredNetwork,
    StoredRiskTable,
    StoredText,
)
from servable.artifact.boosters import (
    LightGBMModel,
    LightGBMTree,
    MissingValues,
    XGBoostModel,
    XGBoostTree,
    read_lightgbm,
    read_xgboost,
)
from servable.artifact.damage import OnDamage
from servable.artifact.derived import derive_records
from servable.artifact.feature_columns import FEATURE_COLUMNS, format_feature_columns
from servable.artifact.files import Files, MemoryFiles, open_files
from servable.artifact.golden import GoldenSet, GoldenSource
from servable.artifact.hyperparameters import HYPERPARAMETERS, class_names, field_lists
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
from servable.artifact.networks.classes import MODEL_CLASSES
from servable.artifact.networks.huggingface_names import current_name, under_names
from servable.artifact.networks.settings import MODEL_ARTIFACTS
from servable.artifact.networks.weights import WEIGHTS, named_weights, read_weights
from servable.artifact.packed import IMPUTATION, RISK_TABLES
from servable.artifact.reading import read_artifact, read_files
from servable.artifact.safe import (
    atomic_directory,
    atomic_write,
    atomic_writer,
    canonical_json,
    check_onnx,
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
from servable.artifact.tables import calibrated_classes, read_calibrations
from servable.artifact.tokenizers.folder import (
    ENCODER_CONFIG,
    TOKENIZER,
    TOKENIZER_FOLDER,
    vocabulary_size,
)
from servable.artifact.tokenizers.search import (
    TOKENIZER_PATH_VARIABLE,
    TokenizerSearch,
)
from servable.artifact.training_facts import read_training_facts

__all__ = [
    "ENCODER_CONFIG",
    "FEATURE_COLUMNS",
    "FORMAT",
    "HYPERPARAMETERS",
    "IMPUTATION",
    "MANIFEST",
    "MODEL_ARTIFACTS",
    "MODEL_CLASSES",
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
    "GoldenSource",
    "LightGBMModel",
    "LightGBMTree",
    "Manifest",
    "MemoryFiles",
    "MissingValues",
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
    "XGBoostModel",
    "XGBoostTree",
    "atomic_directory",
    "atomic_write",
    "atomic_writer",
    "calibrated_classes",
    "canonical_json",
    "check_onnx",
    "class_names",
    "current_name",
    "derive_records",
    "disk_errors",
    "field_lists",
    "file_entries",
    "format_feature_columns",
    "named_weights",
    "open_files",
    "parse_json",
    "pretty_json",
    "read_archive",
    "read_artifact",
    "read_calibrations",
    "read_files",
    "read_lightgbm",
    "read_pickle",
    "read_torch",
    "read_training_facts",
    "read_weights",
    "read_xgboost",
    "require_vacant",
    "require_writable",
    "under_names",
    "vocabulary_size",
    "write_tar_gz",
]
