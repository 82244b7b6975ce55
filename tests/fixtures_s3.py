"""A server on 127.0.0.1 that speaks S3, and settings under which no other is asked.

A conftest.py makes the fixtures known with `config.pluginmanager.import_plugin("fixtures_s3")`.
"""

import json
import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen

import pytest


@dataclass(frozen=True, slots=True)
class Store:
    """The server, where one bucket, `models`, exists."""

    url: str
    client: Any

    def object_of(self, key: str) -> Any:
        """The answer to a GET of this object of the bucket."""
        return self.client.get_object(Bucket="models", Key=key)

    def stored(self) -> list[str]:
        """The keys of the bucket."""
        found = self.client.list_objects_v2(Bucket="models")
        return [entry["Key"] for entry in found.get("Contents", ())]

    def deny_writing(self, keys: str = "*") -> None:
        """Refuse whoever stores an object in the bucket, or one of these keys."""
        denied = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::models/{keys}",
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [denied]})
        self.client.put_bucket_policy(Bucket="models", Policy=policy)

    def forget_everybody(self) -> None:
        """Ask for credentials from now on, of which the server knows none."""
        self._ask_for_rights(after=0)

    def let_everybody_in(self) -> None:
        """Ask for no credentials."""
        self._ask_for_rights(after=math.inf)

    def _ask_for_rights(self, *, after: float) -> None:
        headers = {"Content-Type": "text/plain"}
        request = Request(f"{self.url}/moto-api/reset-auth", str(after).encode(), headers)  # noqa: S310
        with urlopen(request, timeout=10) as answer:  # noqa: S310  # 127.0.0.1
            assert answer.status == 200


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of a server that stores in memory."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415  # slow to import

    log = logging.getLogger("werkzeug")
    level = log.level
    log.setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()
    log.setLevel(level)


@pytest.fixture
def aws(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Settings with credentials that nobody knows, no endpoint, no configuration file, no network."""
    nothing = tmp_path_factory.mktemp("aws") / "nothing"
    settings = {
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_CONFIG_FILE": str(nothing),
        "AWS_SHARED_CREDENTIALS_FILE": str(nothing),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "NO_PROXY": "127.0.0.1",
    }
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.fixture
def s3(s3_server: str, aws: pytest.MonkeyPatch) -> Iterator[Store]:
    """The server as the one that the settings name, with an empty bucket `models`."""
    import boto3  # noqa: PLC0415  # slow to import

    aws.setenv("AWS_ENDPOINT_URL", s3_server)
    client = boto3.client("s3")
    client.create_bucket(Bucket="models")
    store = Store(s3_server, client)
    yield store
    store.let_everybody_in()
    for key in store.stored():
        client.delete_object(Bucket="models", Key=key)
    client.delete_bucket(Bucket="models")
    client.close()
