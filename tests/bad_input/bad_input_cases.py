"""A refusal by the command line, archives that nobody should trust, and a record to spoil."""

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fixtures_models import Endpoint, Ran, Reply, contents, run, run_apart

RECORD = {"age": 39, "income": 1000.5, "region": "north", "plan": "plus"}


def refusal(*arguments: str | Path, cwd: Path) -> str:
    """What a command says that ends with exit code 2 and leaves its folder byte for byte as it was."""
    return _refusal(cwd, lambda: run(*arguments, cwd=cwd))


def refusal_apart(*arguments: str | Path, cwd: Path) -> str:
    """The same of a command in a process of its own."""
    return _refusal(cwd, lambda: run_apart(*arguments, cwd=cwd))


def _refusal(cwd: Path, run_command: Callable[[], Ran]) -> str:
    before = contents(cwd)

    ran = run_command()

    assert ran.exit_code == 2, ran
    assert ran.stdout == ""
    assert contents(cwd) == before
    return ran.stderr


def refused(endpoint: Endpoint, body: bytes, content_type: str = "application/json", **headers: str) -> Reply:
    """The answer to a POST that is refused; the endpoint still answers others and has written nothing."""
    reply = endpoint.invoke(body, content_type, **headers)

    assert endpoint.invoke(json.dumps(RECORD).encode()).status == 200
    assert contents(endpoint.workdir) == {}
    assert reply.headers["content-type"] == "application/json"
    return reply


def body_of(*records: dict[str, Any]) -> bytes:
    """A JSON body: an object for one record, else an array."""
    return json.dumps(records[0] if len(records) == 1 else records).encode()


def write_archive(path: Path, name: str, *, kind: bytes = tarfile.REGTYPE, link: str = "") -> Path:
    """A .tar.gz with a harmless file and one member of this name, kind and link target."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, link
    harmless = tarfile.TarInfo("feature_columns.txt")
    harmless.size = 6
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(harmless, io.BytesIO(b"0,age\n"))
        archive.addfile(member)
    return path
