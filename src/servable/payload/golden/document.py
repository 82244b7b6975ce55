"""`golden.json`: what each file of a payload must be answered, and what must be refused. Values, no files."""

import hashlib
from typing import Any, Final

import msgspec

from servable.artifact import canonical_json, parse_json
from servable.errors import Damaged, Problem

FORMAT: Final = 1
GOLDEN: Final = "golden.json"
PACKED: Final = "packed"
"""The reference of answers that the packed engine gave itself."""


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of `golden.json`; an unknown key is an error, because it may change what a file means."""


class StoredBody(_Part, frozen=True, kw_only=True):
    """A file of the sidecar: its name there and the sha256 of its bytes, hexadecimal."""

    file: str
    sha256: str


class GoldenTolerance(_Part, frozen=True, kw_only=True):
    """How far an answer may be from the golden one.

    Attributes:
        raw: largest difference of a raw score.
        calibrated: the same of a calibrated score, where a file's entry does not allow more.
        reason: why it is not nothing, in words.
    """

    raw: float
    calibrated: float
    reason: str


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

    name: str
    case: str
    content_type: str
    accept: str
    records: int
    sha256: str
    response: StoredBody
    calibrated_within: float


class GoldenRefusal(_Part, frozen=True, kw_only=True):
    """An illegal request and what it must get.

    Attributes:
        case: what is wrong with it, in words joined by hyphens.
        content_type: that it claims.
        body: its bytes.
        status: of the answer.
        field: that the error must name; None where no field can be told.
        record: the record at fault, counted from 0; None where none can be told.
        why: what is wrong, in words.
    """

    case: str
    content_type: str
    body: StoredBody
    status: int
    field: str | None
    record: int | None
    why: str


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
    reference: str
    reason: str
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
