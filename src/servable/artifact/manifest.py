"""The manifest of a packed artifact: what it holds, and its identity (decision 0010).

The artifact's digest is the sha256 of the manifest's canonical JSON, and the manifest holds the
sha256 of every other file. `FORMAT` rises when a reader of today would misread a file of tomorrow;
then the old reader stays and a packed artifact of the old format stays among the tests.
"""

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec

from servable.artifact.safe import canonical_json, parse_json
from servable.errors import Damaged, Problem
from servable.schema import Kind

FORMAT = 1
MANIFEST = "manifest.json"


class EngineKind(StrEnum):
    """What can compute an artifact's scores.

    A packed network is two graphs, encoder and head (`onnx-network`); a training output may bring one
    graph of its own for both (`onnx-whole`), else its weights run on torch.
    """

    ONNX_TREES = "onnx-trees"
    XGBOOST = "xgboost"
    LIGHTGBM = "lightgbm"
    ONNX_NETWORK = "onnx-network"
    ONNX_WHOLE = "onnx-whole"
    TORCH = "torch"

    @property
    def extra(self) -> str | None:
        """The extra of the package that serving with it needs; None if the core has it."""
        match self:
            case EngineKind.TORCH:
                return "torch"
            case EngineKind.XGBOOST | EngineKind.LIGHTGBM:
                return "trees"
            case _:
                return None


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of the manifest; an unknown key is an error, because it may change what a file means."""


class FieldEntry(_Part, frozen=True, kw_only=True):
    """One field of a record."""

    name: str
    kind: Kind


class SchemaEntry(_Part, frozen=True, kw_only=True):
    """See `servable.schema.Schema`."""

    fields: tuple[FieldEntry, ...]
    classes: tuple[str, ...]
    id_name: str | None = None
    label_name: str | None = None
    csv_columns: tuple[str, ...] | None = None
    null_spellings: tuple[str, ...]


class EngineEntry(_Part, frozen=True, kw_only=True):
    """What computes the scores, its file, and the threads it was compared on; see `EngineFile`."""

    kind: EngineKind
    file: str
    intra_op_threads: Annotated[int, msgspec.Meta(ge=1, le=1024)]
    score_dtype: Literal["float32", "float64"]
    encoders: dict[str, str] = {}
    pad_token_id: Annotated[int, msgspec.Meta(ge=0)] = 0


class TextEntry(_Part, frozen=True, kw_only=True):
    """How one text field becomes token ids; see `StoredText`."""

    field: str
    steps: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    max_tokens: Annotated[int, msgspec.Meta(ge=3)]
    max_chunks: Annotated[int, msgspec.Meta(ge=1)] | None = None
    tokenizer: str


class TextJoinEntry(_Part, frozen=True, kw_only=True):
    """Which columns of a table make the text field; see `TextJoin`."""

    field: str
    columns: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    separator: str


class CalibratorEntry(_Part, frozen=True, kw_only=True):
    """The kind of the calibrator, and the files of its tables by class index or of its parameters."""

    kind: Annotated[str, msgspec.Meta(pattern="^(percentile|regular|regular_multiclass|temperature|beta)$")]
    tables: dict[str, str] = {}
    parameters: str | None = None


class GoldenEntry(_Part, frozen=True, kw_only=True):
    """Where the golden records come from, see `GoldenSource`, and how many were derived from the schema."""

    source: str
    records: int
    derived_records: int


class Tolerances(_Part, frozen=True, kw_only=True):
    """How far raw scores of the packed engine may be from the reference: at p99.9 and at most.

    Attributes:
        is_bit_equal_on_wire: whether one build gives the same bits wherever it serves. Matrix products
            of a network sum in an order that depends on the processor and the number of threads.
    """

    raw_p999: float
    raw_max: float
    reason: str
    is_bit_equal_on_wire: bool = True


class Conversion(_Part, frozen=True, kw_only=True):
    """What the comparison of the packed engine with the reference found, in raw class probability.

    Beside the golden records: trees are compared at and beside every split threshold
    (`threshold_records`), networks at many numbers of tokens and chunks (`length_records`). Where there is
    no golden record, `derived_records` take their place.
    """

    golden_records: int
    derived_records: int = 0
    threshold_records: int = 0
    length_records: int = 0
    max_difference: float
    p999_difference: float

    @property
    def hard_records(self) -> str:
        """The records that were made to be hard, in words."""
        derived = f"{self.derived_records} derived ones, " if self.derived_records else ""
        if self.length_records:
            return f"{derived}{self.length_records} of many lengths"
        return f"{derived}{self.threshold_records} at the splits"


class FileEntry(_Part, frozen=True, kw_only=True):
    """Digest and size of a file."""

    sha256: str
    size: int


class Manifest(_Part, frozen=True, kw_only=True):
    """Everything that a reader must know before it opens another file of the artifact."""

    format: int
    name: str
    family: str
    schema: SchemaEntry
    features: tuple[str, ...]
    engine: EngineEntry
    texts: tuple[TextEntry, ...] = ()
    text_join: TextJoinEntry | None = None
    calibrator: CalibratorEntry | None = None
    golden: GoldenEntry | None = None
    tolerances: Tolerances
    conversion: Conversion | None = None
    training: dict[str, Any] | None = None
    profile: dict[str, Any] | None = None
    degradations: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    libraries: dict[str, str]
    files: dict[str, FileEntry]

    def to_plain(self) -> dict[str, Any]:
        """The manifest as JSON values."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain

    @property
    def digest(self) -> str:
        """The artifact's identity, `sha256:` and 64 hexadecimal digits."""
        return f"sha256:{hashlib.sha256(canonical_json(self.to_plain())).hexdigest()}"


def parse_manifest(data: bytes) -> Manifest:
    """The manifest of its JSON.

    Raises:
        Damaged: `manifest.json`, `manifest.format`.
    """
    plain = parse_json(data, where=MANIFEST)
    found = plain.get("format") if isinstance(plain, dict) else None
    if found != FORMAT:
        raise Damaged(
            Problem(
                code="manifest.format",
                where=f"{MANIFEST}: $.format",
                expected=str(FORMAT),
                found=repr(found),
                fix="read it with the version of servable that packed it, or pack it again",
            )
        )
    try:
        return msgspec.convert(plain, Manifest)
    except msgspec.ValidationError as error:
        raise Damaged(
            Problem(
                code="manifest.json",
                where=MANIFEST,
                expected="the keys and values of format 1",
                found=str(error),
                fix="read it with the version of servable that packed it, or pack it again",
            )
        ) from error


def file_entries(members: Mapping[str, bytes]) -> dict[str, FileEntry]:
    """Digest and size of each of these files."""
    return {
        name: FileEntry(sha256=hashlib.sha256(data).hexdigest(), size=len(data))
        for name, data in sorted(members.items())
    }
