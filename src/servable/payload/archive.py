"""The requests of a payload archive, or of a folder with its files: told by their names.

Files are named `payload_<content type, / as _>_<number>.<ending>`. The number counts per content type; in
archives of other writers it is the place in the list of content types, which changes nothing here. Files of
other names are passed over.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath

from servable.artifact import open_files, read_archive
from servable.codecs import decode_request
from servable.errors import BadInput, NotFound, Problem, ServableError, shown
from servable.payload import script
from servable.records import Table
from servable.schema import Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadRequest:
    """One file of a payload archive.

    Attributes:
        name: of the file, without its folder.
        content_type: by its name; a key of `script.CONTENT_TYPES`.
        accept: content type that the answer shall have.
        body: its bytes.
        records: that the answer must hold.
    """

    name: str
    content_type: str
    accept: str
    body: bytes
    records: int

    @property
    def sha256(self) -> str:
        """Of its bytes, hexadecimal."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """A payload archive as it was read.

    Attributes:
        sha256: of the archive, hexadecimal; None of a folder.
        requests: its requests, by content type and name.
    """

    sha256: str | None
    requests: tuple[PayloadRequest, ...]


def read_payload(path: Path, *, schema: Schema | None = None) -> Payload:
    """The payload in an archive or a folder.

    Args:
        path: of either.
        schema: as in `payload_requests`.

    Raises:
        NotFound: `payload.not-found`.
        Damaged: as `read_archive`; of a folder `artifact.folder` for a link out of it, or beyond the limits.
        BadInput: as `payload_requests`.
    """
    if path.is_dir():
        files = open_files(path)  # within the limits of archives
        members = {
            name: files.read(name)
            for name in files.names()
            if name.startswith(script.SAMPLE_PREFIX) and "/" not in name
        }
        return Payload(sha256=None, requests=payload_requests(members, schema=schema))
    if not path.exists():
        raise NotFound(
            Problem(
                code="payload.not-found",
                where=str(path),
                expected="a payload archive, or a folder with its files",
                found="nothing",
                fix="check the path",
            )
        )
    members = read_archive(path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Payload(sha256=digest, requests=payload_requests(members, schema=schema))


def payload_requests(
    members: Mapping[str, bytes], *, schema: Schema | None = None
) -> tuple[PayloadRequest, ...]:
    """The requests of a payload archive's members, by content type and name.

    Args:
        members: bytes by name.
        schema: of the model that they are for, which tells a header from a record (decision 0002); without
            one, and in what the model cannot read, each row counts.

    Raises:
        BadInput: `payload.type` for a content type that is not served, `payload.empty` for an archive
            without a request, or the codec's error for a body that cannot be read.
    """
    requests = [
        _request(PurePosixPath(name).name, body, schema)
        for name, body in members.items()
        if PurePosixPath(name).name.startswith(script.SAMPLE_PREFIX)
    ]
    requests.sort(key=lambda request: (request.content_type, _number(request.name), request.name))
    if not requests:
        raise _refused("empty", "payload archive", "files named payload_<content type>_<number>", "none")
    names = [request.name for request in requests]
    for first, second in pairwise(names):
        if first == second:
            raise _refused("twice", f"payload archive, {first}", "each name once", "one in two folders")
    return tuple(requests)


def answer_type(content_type: str) -> str:
    """The content type in which answers are asked for: CSV for CSV, else JSON."""
    return script.CSV if content_type.partition(";")[0].strip() == script.CSV else script.JSON


def _request(name: str, body: bytes, schema: Schema | None) -> PayloadRequest:
    content_type = script.content_type_of(name)
    if content_type is None:
        kinds = ", ".join(script.CONTENT_TYPES)
        expected = f"a name that begins with {script.SAMPLE_PREFIX} and one of {kinds} (/ as _)"
        raise _refused("type", f"payload archive, {name}", expected, shown(name))
    try:
        table = decode_request(body, content_type)
    except ServableError as error:
        raise error.inside(f"payload archive, {name}") from error
    return PayloadRequest(
        name=name,
        content_type=content_type,
        accept=answer_type(content_type),
        body=body,
        records=_records(table, schema),
    )


def _records(table: Table, schema: Schema | None) -> int:
    if schema is None:
        return len(table)
    try:
        return len(schema.bind(table))
    except BadInput:
        return len(table)  # an endpoint refuses it, which is for the endpoint to say


def _number(name: str) -> int:
    """The number in a file's name, so that 10 comes after 9; of a name without one, 0."""
    digits = PurePosixPath(name).stem.rpartition("_")[2]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 20 else 0


def _refused(kind: str, where: str, expected: str, found: str) -> BadInput:
    return BadInput(
        Problem(
            code=f"payload.{kind}",
            where=where,
            expected=expected,
            found=found,
            fix="make the archive with `servable payload`",
        )
    )
