"""Wheels that pip takes from a folder instead of an index, for the tests of the demo."""

import hashlib
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

from servable.demo.wheels import Member, Wheel

REQUIREMENT = "servable-demo-test==1.0"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def pip_environment(cache: Path, *, wheels: Path) -> dict[str, str]:
    """What makes pip look into one folder and nowhere else."""
    return {
        "XDG_CACHE_HOME": str(cache),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
    }


def write_wheel(folder: Path, contents: Mapping[str, bytes], *, also: Mapping[str, bytes]) -> Wheel:
    """A wheel in the folder; `contents` by file name are its members, `also` is in it by full path."""
    members = {f"package/data/{file}.part": data for file, data in contents.items()}
    info = "servable_demo_test-1.0.dist-info"
    meta = {
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: servable-demo-test\nVersion: 1.0\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": b"",
    }
    path = folder / "servable_demo_test-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in (members | dict(also) | meta).items():
            archive.writestr(name, data)
    return Wheel(
        requirement=REQUIREMENT,
        sha256=sha256(path.read_bytes()),
        members=tuple(
            Member(path=name, sha256=sha256(data), file=file)
            for (name, data), file in zip(members.items(), contents, strict=True)
        ),
    )
