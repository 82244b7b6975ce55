"""`golden.json`: what each file of a payload must be answered, and what must be refused. Values, no files."""

import hashlib
from typing import Annotated, Any, Final, TypeAlias

import msgspec

from servable.artifact import canonical_json, parse_json
from servable.errors import Damaged, Problem

FORMAT: Final = 1
GOLDEN: Final = "golden.json"
PACKED: Final = "packed"
"""The reference of answers that the packed engine gave itself."""


_Ascii: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"\A[ -~]*\Z")]
"""Printable ASCII: what becomes a header or is printed as it stands."""

_Line: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"\A[^\x00-\x1f\x7f-\x9f\u2028\u2029]*\Z")]
"""Words to print on one line."""

_Limit: TypeAlias = Annotated[float, msgspec.Meta(ge=0.0)]


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of `golden.json`; an unknown key is an error, because it may change what a file means."""


class StoredBody(_Part, frozen=True, kw_only=True):
    """A file of the sidecar: its name there and the sha256 of its bytes, hexadecimal."""

    file: _Ascii
    sha256: str


class GoldenTolerance(_Part, frozen=True, kw_only=True):
    """How far an answer may be from the golden one.

    Attributes:
        raw: largest difference of a raw score; each file has its own limit for calibrated ones.
        reason: why it is not nothing, in words.
    """

    raw: _Limit
    reason: _Line


class GoldenFile(_Part, frozen=True, kw_only=True):
    """One file of the payload and its answer.

    Attributes:
        name: of the file in the payload archive.
        case: what it shows; empty where nobody said.
        content_type: of the request.
        accept: content type of the answer.
        records: that it holds.
        sha256: of its bytes, hexadecimal.
        response: the answer's body.
        calibrated_within: largest difference of a calibrated score, of these records.
    """

    name: _Ascii
    case: _Ascii
    content_type: _Ascii
    accept: _Ascii
    records: Annotated[int, msgspec.Meta(ge=1)]
    sha256: str
    response: StoredBody
    calibrated_within: _Limit


class GoldenRefusal(_Part, frozen=True, kw_only=True):
    """An illegal request and what it must get.

    Attributes:
        case: what is wrong with it, in words joined by hyphens.
        content_type: that it claims.
        body: its bytes.
        status: of the answer, 400 to 499.
        field: that the error must name; None where no field can be told.
        record: the record at fault, counted from 0; None where none can be told.
        why: what is wrong, in words.
    """

    case: _Ascii
    content_type: _Ascii
    body: StoredBody
    status: Annotated[int, msgspec.Meta(ge=400, lt=500)]
    field: str | None
    record: Annotated[int, msgspec.Meta(ge=0)] | None
    why: _Line


class GoldenDocument(_Part, frozen=True, kw_only=True):
    """`golden.json`.

    Attributes:
        format: of the file.
        artifact: digest of the artifact, `sha256:...`.
        payload: sha256 of the payload archive, hexadecimal.
        reference: the engine that answered: its kind (`torch`, `xgboost`, `lightgbm`, `onnx-whole`), or
            `packed`.
        reason: why it was this engine, in words.
        tolerance: how far an answer may be from the golden one.
        libraries: versions of what answered.
        files: the payload, by name.
        illegal: requests that must be refused.
    """

    format: int
    artifact: str
    payload: str
    reference: _Ascii
    reason: _Line
    tolerance: GoldenTolerance
    libraries: dict[str, str]
    files: tuple[GoldenFile, ...]
    illegal: tuple[GoldenRefusal, ...]

    @property
    def is_packed(self) -> bool:
        """Whether the packed engine answered, so that the wire alone is compared."""
        return self.reference == PACKED

    def stored(self) -> tuple[StoredBody, ...]:
        """Every other file of the sidecar."""
        return (*(file.response for file in self.files), *(refusal.body for refusal in self.illegal))

    def to_plain(self) -> dict[str, Any]:
        """The JSON values."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain

    @property
    def digest(self) -> str:
        """The identity of the golden answers: it covers the digests of all files, `sha256:...`."""
        return f"sha256:{hashlib.sha256(canonical_json(self.to_plain())).hexdigest()}"


def parse_golden(data: bytes, *, where: str) -> GoldenDocument:
    """The document of its JSON.

    Args:
        data: of `golden.json`.
        where: its place, for errors.

    Raises:
        Damaged: `json.*`, `golden.format`, `golden.json`.
    """
    plain = parse_json(data, where=where)
    found = plain.get("format") if isinstance(plain, dict) else None
    if found != FORMAT:
        raise _damaged("format", f"{where}: $.format", str(FORMAT), repr(found))
    try:
        return msgspec.convert(plain, GoldenDocument)
    except msgspec.ValidationError as error:
        expected = f"the keys and values of format {FORMAT}"
        raise _damaged("json", where, expected, str(error)) from error


def _damaged(kind: str, where: str, expected: str, found: str) -> Damaged:
    return Damaged(
        Problem(
            code=f"golden.{kind}",
            where=where,
            expected=expected,
            found=found,
            fix="make it again with `servable payload --golden`",
        )
    )
