"""Archives in S3, stored by a server that speaks S3; what fails leaves them where they are."""

import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures_s3 import Store
from servable.errors import BadInput, NotFound, ServableError, Unavailable
from servable.payload import Destination, Uploader

DATA = bytes(range(256)) * 300


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A file that need not be an archive to be stored as one."""
    path = tmp_path / "payload.tar.gz"
    path.write_bytes(DATA)
    return path


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port of 127.0.0.1 that refuses every connection as long as the test lasts."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def failure(uri: str, archive: Path, kind: type[ServableError]) -> tuple[str, str]:
    """The code and the sentence of an upload that fails and leaves the archive as it was."""
    with pytest.raises(kind) as caught:
        Uploader(Destination.of(uri)).upload([archive])
    assert archive.read_bytes() == DATA
    return caught.value.code, str(caught.value)


def test_the_object_has_the_bytes_of_the_archive(s3: Store, archive: Path) -> None:
    (stored,) = Uploader(Destination.of("s3://models/reviews/7/payload.tar.gz")).upload([archive])

    found = s3.object_of("reviews/7/payload.tar.gz")
    digest = hashlib.sha256(DATA).hexdigest()
    assert found["Body"].read() == DATA
    assert (found["ContentType"], found["Metadata"]) == ("application/gzip", {"sha256": digest})
    assert stored.to_plain() == {
        "uri": "s3://models/reviews/7/payload.tar.gz",
        "bucket": "models",
        "key": "reviews/7/payload.tar.gz",
        "archive": str(archive),
        "size_bytes": len(DATA),
        "sha256": digest,
        "version": None,
    }


def test_a_bucket_with_versions_says_which_one_it_is(s3: Store, archive: Path) -> None:
    s3.client.create_bucket(Bucket="versioned")
    s3.client.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})

    first, second = (Uploader(Destination.of("s3://versioned/p")).upload([archive])[0] for _ in range(2))

    assert first.version
    assert second.version
    assert first.version != second.version


@pytest.mark.parametrize(
    ("uri", "names", "keys"),
    [
        ("s3://models/a/b.tar.gz", ["p.tar.gz"], ["a/b.tar.gz"]),
        ("s3://models/a/", ["p.tar.gz"], ["a/p.tar.gz"]),
        ("s3://models/", ["p.tar.gz"], ["p.tar.gz"]),
        ("s3://models/a/", ["p.tar.gz", "q.tar.gz"], ["a/p.tar.gz", "a/q.tar.gz"]),
        ("s3://models/", ["p.tar.gz", "q.tar.gz"], ["p.tar.gz", "q.tar.gz"]),
        ("s3://models//a b?c#d%20ü/", ["p.tar.gz"], ["/a b?c#d%20ü/p.tar.gz"]),
    ],
)
def test_a_prefix_and_several_archives_keep_the_names_of_files(
    uri: str, names: list[str], keys: list[str]
) -> None:
    assert Destination.of(uri).keys([Path("out") / name for name in names]) == keys


def test_several_archives_have_no_place_under_one_key() -> None:
    with pytest.raises(BadInput) as caught:
        Destination.of("s3://models/a").keys([Path("p.tar.gz"), Path("q.tar.gz")])

    assert caught.value.code == "upload.uri"
    assert "expected a prefix that ends in /, because 2 archives go there, found 's3://models/a'" in str(
        caught.value
    )


def test_a_later_upload_that_fails_says_what_is_stored(s3: Store, archive: Path) -> None:
    later = archive.with_name("later.tar.gz")
    later.write_bytes(DATA)
    s3.deny_writing("a/later*")

    with pytest.raises(Unavailable) as caught:
        Uploader(Destination.of("s3://models/a/")).upload([archive, later])

    assert s3.stored() == ["a/payload.tar.gz"]
    assert str(caught.value).endswith(
        f"; the archive stays at {later}; stored before it: s3://models/a/payload.tar.gz"
    )


def test_a_key_is_taken_as_it_stands(s3: Store, archive: Path) -> None:
    (stored,) = Uploader(Destination.of("s3://models/a b?c#d%20ü+/")).upload([archive])

    assert s3.stored() == ["a b?c#d%20ü+/payload.tar.gz"]
    assert stored.uri == "s3://models/a b?c#d%20ü+/payload.tar.gz"


@pytest.mark.parametrize(
    "uri",
    [
        *("", "models/key", "S3://models/key", "https://models.s3.amazonaws.com/key", "s3:/models/key"),
        *("s3://", "s3:///key", "s3://models", "s3://m/key", "s3://-models/key", "s3://mo dels/key"),
        *("s3://models/a\nb", "s3://models/\ud800", f"s3://models/{'ü' * 513}"),
    ],
    ids=ascii,
)
def test_what_names_no_object_is_refused(uri: str) -> None:
    with pytest.raises(BadInput) as caught:
        Destination.of(uri)

    assert caught.value.code == "upload.uri"
    assert "expected s3://bucket/key, or s3://bucket/prefix/" in str(caught.value)


def test_a_bucket_that_is_not_there_is_named(s3: Store, archive: Path) -> None:
    assert failure("s3://modles/payload.tar.gz", archive, NotFound) == (
        "upload.bucket",
        "upload to s3://modles/payload.tar.gz: expected a bucket of this name, found none: An error occurred "
        "(NoSuchBucket) when calling the PutObject operation: The specified bucket does not exist; make it, "
        f"or correct the name; the archive stays at {archive}",
    )


def test_a_bucket_that_may_not_be_written_to_is_said(s3: Store, archive: Path) -> None:
    s3.deny_writing()

    code, sentence = failure("s3://models/payload.tar.gz", archive, Unavailable)

    assert code == "upload.denied"
    assert sentence.startswith("upload to s3://models/payload.tar.gz: expected leave to write there, found ")
    assert sentence.endswith(f"; ask the bucket's owner for s3:PutObject; the archive stays at {archive}")
    assert s3.stored() == []


def test_credentials_that_nobody_knows_are_said(s3: Store, archive: Path) -> None:
    s3.forget_everybody()

    code, sentence = failure("s3://models/payload.tar.gz", archive, Unavailable)

    assert code == "upload.credentials"
    assert "InvalidAccessKeyId" in sentence


def test_no_credentials_are_said(aws: pytest.MonkeyPatch, archive: Path) -> None:
    aws.delenv("AWS_ACCESS_KEY_ID")
    aws.delenv("AWS_SECRET_ACCESS_KEY")

    assert failure("s3://models/payload.tar.gz", archive, Unavailable) == (
        "upload.credentials",
        "upload to s3://models/payload.tar.gz: expected credentials of AWS that are known and valid, found "
        "none: Unable to locate credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
        f"; the archive stays at {archive}",
    )


def test_an_endpoint_that_does_not_answer_is_said(
    aws: pytest.MonkeyPatch, closed_port: int, archive: Path
) -> None:
    aws.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed_port}")

    code, sentence = failure("s3://models/payload.tar.gz", archive, Unavailable)

    assert code == "upload.unreachable"
    assert f'"http://127.0.0.1:{closed_port}/models/payload.tar.gz"' in sentence


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("AWS_PROFILE", "nobody", "The config profile (nobody) could not be found"),
        ("AWS_ENDPOINT_URL", "no", "no"),
    ],
)
def test_settings_that_make_no_connection_are_refused_before_anything_is_sent(
    name: str, value: str, told: str, aws: pytest.MonkeyPatch
) -> None:
    aws.setenv(name, value)

    with pytest.raises(Unavailable) as caught:
        Uploader(Destination.of("s3://models/payload.tar.gz"))

    assert caught.value.code == "upload.settings"
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
