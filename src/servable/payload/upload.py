"""Archives to S3: one request for each, with bounded waiting, and every failure as a sentence."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from servable.errors import NotFound, Problem, ServableError, Unavailable
from servable.payload.destination import SCHEME, Destination
from servable.wording import cut

try:
    from boto3.session import Session
    from botocore.config import Config
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        CredentialRetrievalError,
        HTTPClientError,
        NoCredentialsError,
        PartialCredentialsError,
        SSOError,
        TokenRetrievalError,
    )
    from botocore.exceptions import ConnectionError as NoConnectionError
except ImportError as error:
    raise Unavailable(
        Problem(
            code="upload.extra",
            where="upload to S3",
            expected="the package boto3",
            found="that it is not installed",
            fix='install it with `pip install "servable[aws]"`',
        )
    ) from error

_MAX_REASON: Final = 200
_CONNECT_TIMEOUT_S: Final = 10
_ANSWER_TIMEOUT_S: Final = 60
_ATTEMPTS: Final = 3


class _Failure(NamedTuple):
    """One way in which an upload ends badly."""

    kind: type[ServableError]
    code: str
    expected: str
    fix: str


_CREDENTIALS: Final = _Failure(
    Unavailable,
    "upload.credentials",
    "credentials of AWS that are known and valid",
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
)
_BUCKET_MISSING: Final = _Failure(
    NotFound, "upload.bucket", "a bucket of this name", "make it, or correct the name"
)
_DENIED: Final = _Failure(
    Unavailable, "upload.denied", "leave to write there", "ask the bucket's owner for s3:PutObject"
)
_UNREACHABLE: Final = _Failure(
    Unavailable,
    "upload.unreachable",
    "an answer of the endpoint",
    "check the network, AWS_REGION and AWS_ENDPOINT_URL",
)
_OTHER: Final = _Failure(
    Unavailable, "upload.failed", "S3 to store it", "upload it again when this is mended"
)

_OF_ANSWER: Final = {
    "NoSuchBucket": _BUCKET_MISSING,
    **dict.fromkeys(("AccessDenied", "AllAccessDisabled", "403"), _DENIED),
    **dict.fromkeys(
        ("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"), _CREDENTIALS
    ),
}
"""By the code of S3's error answer, or its status where the answer is empty."""

_OF_LIBRARY: Final = (
    *((kind, _CREDENTIALS) for kind in (NoCredentialsError, PartialCredentialsError)),
    *((kind, _CREDENTIALS) for kind in (CredentialRetrievalError, TokenRetrievalError, SSOError)),
    *((kind, _UNREACHABLE) for kind in (NoConnectionError, HTTPClientError)),
)
"""By the kind of the library's own error, where S3 has answered nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """An archive that S3 has stored.

    Attributes:
        archive: the local file.
        bucket: name of the bucket.
        key: key of the object.
        size_bytes: its size.
        sha256: its digest in hexadecimal digits, which is also the object's metadata `sha256`.
        version: the version that a bucket with versions gave it.
    """

    archive: Path
    bucket: str
    key: str
    size_bytes: int
    sha256: str
    version: str | None

    @property
    def uri(self) -> str:
        """`s3://bucket/key`."""
        return f"{SCHEME}{self.bucket}/{self.key}"

    def to_plain(self) -> dict[str, Any]:
        """The same as JSON may hold it."""
        return {
            "uri": self.uri,
            "bucket": self.bucket,
            "key": self.key,
            "archive": str(self.archive),
            "size_bytes": self.size_bytes,
            "sha256": self.sha256,
            "version": self.version,
        }


class Uploader:
    """A connection to S3 by the settings of the environment and the AWS configuration files."""

    def __init__(self, destination: Destination) -> None:
        """Prepares the connection; nothing is sent yet.

        Raises:
            Unavailable: `upload.settings` where the settings make no connection (an unknown profile, an
                endpoint that is no URL).
        """
        self._destination = destination
        config = Config(
            connect_timeout=_CONNECT_TIMEOUT_S,
            read_timeout=_ANSWER_TIMEOUT_S,
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        )
        try:
            self._client: Any = Session().client("s3", config=config)
        except (BotoCoreError, ValueError) as error:
            raise Unavailable(
                Problem(
                    code="upload.settings",
                    where="upload to S3",
                    expected="settings of AWS that fit together",
                    found=_reason(error),
                    fix="correct the AWS_ variables of the environment or the files below ~/.aws",
                )
            ) from error

    def upload(self, archives: Sequence[Path]) -> tuple[Uploaded, ...]:
        """Stores the archives, one after the other; S3 checks the sha256 of what arrives.

        Raises:
            BadInput: as `Destination.keys`.
            Unavailable: `upload.credentials`, `upload.denied`, `upload.unreachable`, `upload.failed`.
            NotFound: `upload.bucket`.
        """
        keys = self._destination.keys(archives)
        stored: list[Uploaded] = []
        for archive, key in zip(archives, keys, strict=True):
            stored.append(self._put(archive, key, earlier=stored))
        return tuple(stored)

    def _put(self, archive: Path, key: str, *, earlier: Sequence[Uploaded]) -> Uploaded:
        bucket = self._destination.bucket
        with archive.open("rb") as body:
            digest = hashlib.file_digest(body, "sha256")
            size_bytes = body.tell()
            body.seek(0)
            try:
                answer: Mapping[str, Any] = self._client.put_object(
                    Bucket=bucket,
                    Key=key,
                    Body=body,
                    ContentType="application/gzip",
                    ChecksumSHA256=base64.b64encode(digest.digest()).decode(),
                    Metadata={"sha256": digest.hexdigest()},
                )
            except (BotoCoreError, ClientError) as error:
                raise _failure(
                    error, archive=archive, uri=self._destination.uri_of(key), earlier=earlier
                ) from error
        return Uploaded(
            archive=archive,
            bucket=bucket,
            key=key,
            size_bytes=size_bytes,
            sha256=digest.hexdigest(),
            version=answer.get("VersionId"),
        )


def _failure(
    error: BotoCoreError | ClientError, *, archive: Path, uri: str, earlier: Sequence[Uploaded]
) -> ServableError:
    """What the library says, as one of our errors; the archive stays, and the sentence says where."""
    if isinstance(error, ClientError):
        failure = _OF_ANSWER.get(error.response.get("Error", {}).get("Code", ""), _OTHER)
    else:
        failure = next((found for kind, found in _OF_LIBRARY if isinstance(error, kind)), _OTHER)
    stored = f"; stored before it: {', '.join(each.uri for each in earlier)}" if earlier else ""
    return failure.kind(
        Problem(
            code=failure.code,
            where=f"upload to {uri}",
            expected=failure.expected,
            found=f"none: {_reason(error)}",
            fix=f"{failure.fix}; the archive stays at {archive}{stored}",
        )
    )


def _reason(error: Exception) -> str:
    return cut(" ".join(str(error).split()), _MAX_REASON).rstrip(".")
