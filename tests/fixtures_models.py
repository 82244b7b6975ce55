"""One small model, trained once per session through the command line, and the processes that use it.

A conftest.py makes the fixtures known with `config.pluginmanager.import_plugin("fixtures_models")`.
"""

import csv
import http.client
import json
import math
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import servable
from in_process import call

ID, LABEL = "customer", "churned"
FIELDS = ("age", "income", "region", "plan")
COLUMNS = (ID, *FIELDS, LABEL)
_REGIONS = ("north", "south", "NA", "Köln, Süd")
_PLANS = ("basic", "plus", "007")
_START_S = 120.0
_STOP_S = 60.0
_PAUSE_S = 0.02

Row = tuple[object, ...]


def rows_of_table(n: int, *, seed: int) -> list[Row]:
    """Rows of two numbers and two categories, one cell in twenty missing, with an id and a label."""
    draws = random.Random(seed)  # noqa: S311  # a table, not a secret

    def row(number: int) -> Row:
        age, income = draws.randint(18, 90), round(draws.lognormvariate(10, 0.6), 2)
        region, plan = draws.choice(_REGIONS), draws.choice(_PLANS)
        score = (age - 50) / 15 + (income - 25_000) / 20_000 + (region == "north") - (plan == "007")
        label = int(draws.random() < 1 / (1 + math.exp(-score)))
        cells = [None if draws.random() < 0.05 else cell for cell in (age, income, region, plan)]
        return (f"c{number}", *cells, label)

    return [row(number) for number in range(n)]


def write_table(path: Path, rows: Sequence[Row], *, columns: Sequence[str] = COLUMNS) -> Path:
    """A CSV file with a header, a missing cell as an empty one."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([["" if cell is None else cell for cell in row] for row in rows])
    return path


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command came to."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without what a hosting platform would set, and with our package."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("SAGEMAKER_", "KUBERN"))
    }
    package = str(Path(servable.__file__).parents[1])
    path = os.pathsep.join(filter(None, [package, kept.get("PYTHONPATH")]))
    return {**kept, "PYTHONPATH": path, "PYTHONUTF8": "1", **(extra or {})}


def run(*arguments: str | Path, cwd: Path) -> Ran:
    """A `servable` command, run to its end in this process."""
    return Ran(*call([str(argument) for argument in arguments], cwd=cwd, environment=environment()))


def run_well(*arguments: str | Path, cwd: Path) -> Ran:
    """A `servable` command that must end with exit code 0."""
    ran = run(*arguments, cwd=cwd)
    assert ran.exit_code == 0, ran.stderr
    return ran


def run_apart(*arguments: str | Path, cwd: Path, extra: Mapping[str, str] | None = None) -> Ran:
    """A `servable` command, run to its end in a process of its own, where a process is what is tested."""
    done = subprocess.run(
        [sys.executable, "-m", "servable", *map(str, arguments)],
        cwd=cwd,
        env=environment(extra),
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        timeout=300,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


def contents(folder: Path) -> dict[str, bytes | None]:
    """Every file below a folder with its bytes, every folder with None: what `unchanged` means."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """The files of one trained, packed model, and what the commands that made them said with `--json`."""

    table: Path
    trained: Path
    archive: Path
    payload: Path
    said: Mapping[str, Any]


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A model of two numbers and two categories: train, pack, payload."""
    folder = tmp_path_factory.mktemp("model")
    table = write_table(folder / "customers.csv", rows_of_table(1200, seed=7))
    size = ("--num-round", "30", "--max-depth", "3")
    columns = ("--label", LABEL, "--id", ID, "--family", "xgboost")
    types = ("--content-types", "application/json,text/csv")
    said = {
        "train": run_well("train", table, *columns, *size, "-o", "trained", "--json", cwd=folder).json,
        "pack": run_well("pack", "trained", "-o", "model.tar.gz", "--json", cwd=folder).json,
        "payload": run_well(
            "payload", "model.tar.gz", "-o", "payload.tar.gz", *types, "--json", cwd=folder
        ).json,
    }
    return Model(
        table=table,
        trained=folder / "trained",
        archive=folder / "model.tar.gz",
        payload=folder / "payload.tar.gz",
        said=said,
    )


@pytest.fixture
def workshop(tmp_path: Path, model: Model) -> Path:
    """A folder of its own with copies of the model's files, for commands that name them relatively."""
    folder = tmp_path / "workshop"
    folder.mkdir()
    for source in (model.table, model.archive, model.payload):
        shutil.copy(source, folder)
    shutil.copytree(model.trained, folder / "trained")
    return folder


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Endpoint:
    """A server in a process of its own, and one connection to it."""

    def __init__(self, process: "subprocess.Popen[bytes]", *, log: Path, workdir: Path) -> None:
        self.process = process
        self.log = log
        self.workdir = workdir
        self.port = 0
        self._connection = http.client.HTTPConnection("127.0.0.1", 0)

    def wait_until_ready(self) -> None:
        """Learn the port from the line by which the server says that it is ready."""
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline and self.process.poll() is None:
            said = re.search(
                r"^ready at http://127\.0\.0\.1:([0-9]+): .*\n", self.log.read_text(), re.MULTILINE
            )
            if said is not None:
                self.port = int(said[1])
                self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
                return
            time.sleep(_PAUSE_S)
        pytest.fail(f"the server did not become ready; it wrote: {self.log.read_text()}")

    def ask(self, verb: str, path: str, *, body: bytes = b"", **headers: str) -> Reply:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            self._connection.request(verb, path, body=body or None, headers=names)
            response = self._connection.getresponse()
        except http.client.RemoteDisconnected:  # other tests took long, and the server closes what is idle
            self._connection.close()
            self._connection.request(verb, path, body=body or None, headers=names)
            response = self._connection.getresponse()
        reply = Reply(response.status, dict(response.getheaders()), response.read())
        if response.will_close:
            self._connection.close()
        return reply

    def invoke(self, body: bytes, content_type: str = "application/json", **headers: str) -> Reply:
        return self.ask("POST", "/invocations", body=body, content_type=content_type, **headers)

    def end(self) -> int:
        """The exit code after SIGTERM; leaves nothing behind, whatever has happened."""
        self._connection.close()
        return end(self.process)


@contextmanager
def serving(
    artifact: Path, *, folder: Path, options: Sequence[str] = (), launcher: Sequence[str] = ("-m", "servable")
) -> Iterator[Endpoint]:
    """A ready endpoint at a free port of 127.0.0.1; `folder` takes its log and an empty working directory."""
    log, workdir = folder / "server.log", folder / "workdir"
    workdir.mkdir()
    process = start("serve", artifact, "--port", "0", *options, log=log, cwd=workdir, launcher=launcher)
    endpoint = Endpoint(process, log=log, workdir=workdir)
    try:
        endpoint.wait_until_ready()
        yield endpoint
    finally:
        endpoint.end()


def start(
    *arguments: str | Path, log: Path, cwd: Path, launcher: Sequence[str] = ("-m", "servable")
) -> "subprocess.Popen[bytes]":
    """A `servable` command, started; its standard error goes to `log`."""
    with log.open("wb") as errors:
        return subprocess.Popen(
            [sys.executable, *launcher, *map(str, arguments)],
            cwd=cwd,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )


def end(process: "subprocess.Popen[Any]") -> int:
    """The exit code of a process that is told to stop, or killed if it does not."""
    if process.poll() is None:
        process.terminate()
    try:
        return process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _ready_port(process: "subprocess.Popen[bytes]", log: Path) -> int:
    """The port that the server names in the line by which it says that it is ready."""
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        line = next((line for line in log.read_text().splitlines() if line.startswith("ready at ")), None)
        if line is not None:
            return int(line.removeprefix("ready at http://127.0.0.1:").partition(":")[0])
        time.sleep(_PAUSE_S)
    pytest.fail(f"the server did not become ready; it wrote: {log.read_text()}")


@pytest.fixture(scope="session")
def endpoint(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """An endpoint of the packed model that serves all tests which do not harm it."""
    with serving(model.archive, folder=tmp_path_factory.mktemp("endpoint")) as running:
        yield running
