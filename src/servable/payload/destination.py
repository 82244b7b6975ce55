"""Where archives go in S3, told by a URI."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from servable.errors import BadInput, Problem, shown

SCHEME: Final = "s3://"
_BUCKET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]")
_MAX_KEY_BYTES: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where archives go.

    Attributes:
        bucket: name of the bucket.
        key: key of the one object, or a prefix that ends in `/` or is empty.
    """

    bucket: str
    key: str

    @classmethod
    def of(cls, uri: str) -> Self:
        """The destination that `s3://bucket/key` names; a key that ends in `/` is a prefix.

        Raises:
            BadInput: `upload.uri`.
        """
        bucket, slash, key = uri.removeprefix(SCHEME).partition("/")
        is_sound = uri.startswith(SCHEME) and slash and _BUCKET.fullmatch(bucket)
        if not is_sound or not key.isprintable() or len(key.encode()) > _MAX_KEY_BYTES:
            raise _refused(
                "s3://bucket/key, or s3://bucket/prefix/ for the file's own name below a prefix",
                shown(uri),
                "name the bucket and the key in this form",
            )
        return cls(bucket=bucket, key=key)

    def uri_of(self, key: str) -> str:
        """`s3://bucket/key` of an object."""
        return f"{SCHEME}{self.bucket}/{key}"

    def keys(self, paths: Sequence[Path]) -> list[str]:
        """The key of each archive: the one named, or below a prefix its name.

        Raises:
            BadInput: `upload.uri` for several archives and a key of one.
        """
        if not self.key or self.key.endswith("/"):
            return [f"{self.key}{path.name}" for path in paths]
        if len(paths) > 1:
            raise _refused(
                f"a prefix that ends in /, because {len(paths)} archives go there",
                shown(self.uri_of(self.key)),
                "add the /",
            )
        return [self.key for _ in paths]


def _refused(expected: str, found: str, fix: str) -> BadInput:
    return BadInput(Problem(code="upload.uri", where="--to", expected=expected, found=found, fix=fix))
