"""A trained model with all that belongs to it, read but not yet able to score."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from servable.artifact.files import Files
from servable.artifact.golden import GoldenSet
from servable.artifact.manifest import EngineKind, Manifest
from servable.artifact.profile import Profile
from servable.errors import Problem
from servable.records import TextJoin
from servable.schema import Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFile:
    """The model file, what runs it, and on how many threads inside one operation.

    Trees always run on one thread: with another number the last digits of a score move. For a network
    the number is that of the comparison at pack time; who serves it may choose another.

    Attributes:
        file: the model; of a packed network its head.
        encoders: text field -> graph of its encoder; a packed network only.
        pad_token_id: the token that fills up shorter chunks of a batch.
    """

    kind: EngineKind
    file: str
    intra_op_threads: int = 1
    score_dtype: str = "float32"
    encoders: Mapping[str, str] = field(default_factory=dict)
    pad_token_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredText:
    """How one text field becomes token ids, as it is stored.

    Attributes:
        field: the text field.
        steps: names of the text steps, in their order.
        max_tokens: tokens of one chunk, the special ones included.
        max_chunks: chunks of one text at most, or None for as many as it gives.
        tokenizer: content of a `tokenizer.json`.
        where: the tokenizer's place, for errors.
    """

    field: str
    steps: tuple[str, ...]
    max_tokens: int
    max_chunks: int | None
    tokenizer: bytes
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredNetwork:
    """What a training output says of its network; the weights stand in the engine's file.

    Attributes:
        model_class: its family, under the name that a training wrote.
        encoder: the encoder's `config.json`.
        ids_suffix, mask_suffix: behind `<text field>_`, the names of the inputs of its own graph.
    """

    model_class: str
    encoder: Mapping[str, object]
    ids_suffix: str = "input_ids"
    mask_suffix: str = "attention_mask"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRiskTable:
    """A risk table as it is stored: category -> value, and the value of any other category."""

    bins: Mapping[str, float]
    default_bin: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCalibration:
    """A calibrator as it is stored: lookup tables (lists of pairs) or parameters, not yet checked.

    Attributes:
        kind: `percentile`, `regular` or `regular_multiclass`, the handler's names; `temperature` or `beta`.
        tables: class index -> list of pairs.
        parameters: name -> number, of the last two kinds.
        where: the file or folder, for errors.
    """

    kind: str
    tables: Mapping[int, object]
    where: str
    parameters: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """What `read_artifact` found.

    Attributes:
        name: the model's own name.
        family: `xgboost`, `lightgbm`, or the `model_class` of a network.
        digest: `sha256:...`, the identity (decision 0010).
        schema: what a record must hold.
        features: fields in the order in which the model reads them.
        risk_tables: by categorical field.
        imputation: value of a missing number, by field.
        calibrations: what the artifact holds, the one to prefer first; at most one is used.
        engine: the model file.
        texts: the text fields, in the order in which the model reads them.
        text_join: which columns of a table training joined into its text field, or None.
        network: of a training output with a network; None for trees and packed artifacts.
        golden: stored requests and answers, or None.
        manifest: of a packed artifact; None for a training output.
        degradations: what was passed over because damage was tolerated.
        remarks: what is sound and yet odd, one sentence each, for people.
        profile: of the data that it was made for, or None.
        profile_problem: why a profile that is there cannot be read.
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
    texts: tuple[StoredText, ...] = ()
    text_join: TextJoin | None = None
    network: StoredNetwork | None = None
    remarks: tuple[str, ...] = ()
    profile: Profile | None = None
    profile_problem: Problem | None = None
