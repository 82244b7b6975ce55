"""The server process: its socket, readiness, and its end."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from serve_doubles import Wire, invocation_bytes, request_bytes, settle

from servable.errors import BadInput
from servable.serve import open_socket, url_of
from servable.serve.identity import process_start

PROGRAM = Path(__file__).with_name("serve_process.py")


@contextmanager
def process(row_s: float) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server process that answers, and its port."""
    child = subprocess.Popen([sys.executable, str(PROGRAM), str(row_s)], stdout=subprocess.PIPE, text=True)
    try:
        yield child, int(child.stdout.readline().rpartition(":")[2])
    finally:
        child.kill()
        child.communicate(timeout=30)


def wait_until_refused(port: int) -> None:
    """Return once the server accepts no connection any more."""
    with suppress(ConnectionRefusedError):
        while True:
            Wire(port).socket.close()
            time.sleep(0.01)


@pytest.mark.alone
def test_sigterm_finishes_what_has_begun_and_exits_with_0() -> None:
    with process(row_s=1.0) as (child, port), Wire(port) as idle, Wire(port) as busy:
        idle.write(request_bytes())
        assert idle.reply().status == 200
        busy.write(invocation_bytes(1.0))
        settle(port)

        child.send_signal(signal.SIGTERM)

        reply = busy.reply()
        assert (reply.status, reply.headers["connection"]) == (200, "close")
        assert idle.is_closed()
        assert child.wait(30) == 0


@pytest.mark.alone
@pytest.mark.slow
def test_a_second_signal_ends_at_once() -> None:
    with process(row_s=60.0) as (child, port), Wire(port) as busy:
        busy.write(invocation_bytes(1.0))
        settle(port)
        started = time.monotonic()

        child.send_signal(signal.SIGTERM)
        wait_until_refused(port)
        child.send_signal(signal.SIGTERM)

        assert child.wait(30) == 0
        assert time.monotonic() - started < 20


def test_two_processes_tell_themselves_apart_and_one_stays_itself() -> None:
    def start_of(port: int) -> str:
        with Wire(port) as wire:
            wire.write(request_bytes())
            return wire.reply().json["process_start"]

    with process(row_s=0) as (_, first), process(row_s=0) as (_, second):
        starts = [start_of(first), start_of(first), start_of(second)]

    assert starts[0] == starts[1] != starts[2]


def test_a_process_is_told_apart_without_a_proc_file_system(tmp_path: Path) -> None:
    assert process_start(tmp_path / "absent") == process_start(tmp_path / "absent")
    assert process_start(tmp_path / "absent") != process_start()


def test_the_start_is_found_behind_any_command_name(tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    fields = " ".join(str(number) for number in range(4, 53))
    stat.write_text(f"17 (a ) b) S {fields}")

    assert process_start(stat).partition("-")[2] == "22"


def test_a_port_in_use_is_told_before_anything_is_loaded() -> None:
    with closing(open_socket("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BadInput) as refused:
            open_socket("127.0.0.1", port)

    assert str(refused.value) == (
        f"port {port} of 127.0.0.1: expected a port that this process may use, "
        "found address already in use; choose another one with `--port`"
    )


@pytest.mark.parametrize("host", ["no such host", "a" * 300])
def test_a_host_that_is_no_address_is_refused(host: str) -> None:
    with pytest.raises(BadInput, match="option --host: expected an address of this machine"):
        open_socket(host, 0)


def test_a_socket_accepts_connections_before_the_server_runs() -> None:
    with closing(open_socket("127.0.0.1", 0)) as sock, Wire(sock.getsockname()[1]) as wire:
        wire.write(request_bytes())


@pytest.mark.parametrize(("host", "url"), [("127.0.0.1", "http://127.0.0.1:{}"), ("::1", "http://[::1]:{}")])
def test_an_address_is_written_as_a_caller_writes_it(host: str, url: str) -> None:
    try:
        sock = open_socket(host, 0)
    except BadInput:
        pytest.skip("this machine has no such address")
    with closing(sock):
        assert url_of(sock) == url.format(sock.getsockname()[1])


LOADED = """
import json, sys
from serve_doubles import invoke
from servable.codecs import REQUEST_TYPES, encode_table
from servable.records import Table
table = Table(names=("age", "town"), rows=[(1.0, "x"), (2.0, "y")])
for name in REQUEST_TYPES:
    assert invoke(encode_table(table, name), content_type=name).status == 200, name
    assert invoke(encode_table(table, name), content_type=name, accept="text/csv").status == 200, name
print(json.dumps(sorted(sys.modules)))
"""


def test_serving_every_content_type_imports_nothing_of_training() -> None:
    heavy = {
        "torch",
        "transformers",
        "lightning",
        "xgboost",
        "lightgbm",
        "pandas",
        "sklearn",
        "scipy",
        "boto3",
    }

    done = subprocess.run(
        [sys.executable, "-c", LOADED],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        cwd=PROGRAM.parent,
    )

    assert heavy.isdisjoint(json.loads(done.stdout))
