"""A trained model with all that belongs to it, read but not yet able to score."""

from collections.abc import Mapping
from dataclasses import dataclass

from servable.artifact.files import Files
from servable.artifact.golden import GoldenSet
from servable.artifact.manifest import EngineKind, Manifest
from servable.schema import Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFile:
    """The model file, what runs it, and on how many threads inside one operation.

    Trees always run on one thread: with another number the last digits of a score move.
    """

    kind: EngineKind
    file: str
    intra_op_threads: int = 1
    score_dtype: str = "float32"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRiskTable:
    """A risk table as it is stored: category -> value, and the value of any other category."""

    bins: Mapping[str, float]
    default_bin: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCalibration:
    """A calibrator as it is stored: lookup tables (lists of pairs) by class index, not yet checked.

    Attributes:
        kind: `percentile`, `regular` or `regular_multiclass`, the handler's names.
        tables: class index -> list of pairs.
        where: the file or folder, for errors.
    """

    kind: str
    tables: Mapping[int, object]
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """What `read_artifact` found.

    Attributes:
        name: the model's own name.
        family: `xgboost`.
        digest: `sha256:...`, the identity (decision 0010).
        schema: what a record must hold.
        features: fields in the order in which the model reads them.
        risk_tables: by categorical field.
        imputation: value of a missing number, by field.
        calibrations: what the artifact holds, the one to prefer first; at most one is used.
        engine: the model file.
        golden: stored requests and answers, or None.
        manifest: of a packed artifact; None for a training output.
        degradations: what was passed over because damage was tolerated.
        files: everything else.
    """

    name: str
    family: str
    digest: str
    schema: Schema
    features: tuple[str, ...]
    risk_tables: Mapping[str, StoredRiskTable]
    imputation: Mapping[str, float]
    calibrations: tuple[StoredCalibration, ...]
    engine: EngineFile
    golden: GoldenSet | None
    manifest: Manifest | None
    degradations: tuple[str, ...]
    files: Files
