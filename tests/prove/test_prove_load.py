"""The load generator: connections, requests in turn, and a run that always ends."""

import asyncio
import errno
import gc
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from prove_doubles import a_plan, running

from servable.progress import silent
from servable.prove.connection import IDLE, Address, Connection, connect, outcome_of
from servable.prove.endpoint import parse_target
from servable.prove.exchange import ask_in_turn
from servable.prove.load import Ammunition, loop_alarm, run_load
from servable.prove.plan import make_schedule
from servable.prove.response import Response
from servable.prove.samples import Outcome

pytestmark = pytest.mark.alone

UNKNOWN = b"POST /invocations HTTP/1.1\r\nContent-Length: 7\r\n\r\nunknown"
NOT_IN_TABLE = b'{"error": "a request that is not in the table"}'


class Heard:
    """A listener that notes what it hears."""

    def __init__(self) -> None:
        self.results: list[Response | Outcome] = []
        self.gone = 0

    def finished(self, connection: Connection, result: Response | Outcome) -> None:
        connection.request = IDLE
        self.results.append(result)

    def lost(self, connection: Connection) -> None:
        self.gone += 1


class Wire(asyncio.Transport):
    """A transport that keeps what is written and can be closed."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.is_aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def abort(self) -> None:
        self.is_aborted = True


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def connection(heard: Heard, wire: Wire) -> Connection:
    connection = Connection(heard, time.monotonic_ns)
    connection.connection_made(wire)
    return connection


class TestConnection:
    def test_an_answer_in_pieces_is_told_once(self, connection: Connection, heard: Heard, wire: Wire) -> None:
        connection.ask(3, b"request")
        for piece in (b"HTTP/1.1 200 OK\r\nContent-", b"Length: 2\r\n\r\n{", b"}"):
            connection.data_received(piece)

        assert wire.written == b"request"
        assert heard.results == [Response(200, b"{}", True)]
        assert not wire.is_aborted

    def test_one_connection_carries_one_request_after_the_other(
        self, connection: Connection, heard: Heard
    ) -> None:
        for number in range(3):
            connection.ask(number, b"request")
            connection.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d" % number)

        assert [result.body for result in heard.results if isinstance(result, Response)] == [b"0", b"1", b"2"]

    def test_an_answer_that_is_cut_off_is_a_broken_connection(
        self, connection: Connection, heard: Heard
    ) -> None:
        connection.ask(0, b"request")
        connection.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        connection.connection_lost(None)

        assert heard.results == [Outcome.CONNECTION]

    def test_an_answer_that_ends_with_the_connection_is_whole(
        self, connection: Connection, heard: Heard
    ) -> None:
        connection.ask(0, b"request")
        connection.data_received(b"HTTP/1.1 200 OK\r\n\r\nall")
        connection.connection_lost(None)

        assert heard.results == [Response(200, b"all", False)]

    def test_a_reset_is_no_whole_answer(self, connection: Connection, heard: Heard) -> None:
        connection.ask(0, b"request")
        connection.data_received(b"HTTP/1.1 200 OK\r\n\r\nall")
        connection.connection_lost(ConnectionResetError())

        assert heard.results == [Outcome.CONNECTION]

    def test_nonsense_closes_it(self, connection: Connection, heard: Heard, wire: Wire) -> None:
        connection.ask(0, b"request")
        connection.data_received(b"220 mail ready\r\n\r\n")

        assert heard.results == [Outcome.MALFORMED]
        assert wire.is_aborted

    def test_bytes_that_nobody_asked_for_close_it_and_are_no_answer(
        self, connection: Connection, heard: Heard, wire: Wire
    ) -> None:
        connection.data_received(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")

        assert heard.results == []
        assert heard.gone == 1
        assert wire.is_aborted

    def test_an_idle_connection_that_the_endpoint_closes_is_not_used_again(
        self, connection: Connection, heard: Heard
    ) -> None:
        connection.eof_received()

        assert heard.gone == 1

    def test_one_that_is_abandoned_says_nothing_more(
        self, connection: Connection, heard: Heard, wire: Wire
    ) -> None:
        connection.ask(0, b"request")
        connection.abandon()
        connection.connection_lost(None)

        assert heard.results == []
        assert wire.is_aborted

    def test_a_file_number_that_the_loop_cannot_watch_is_the_fault_of_this_machine(
        self, heard: Heard
    ) -> None:
        address = Address(socket.AF_INET, "127.0.0.1", 9)

        with pytest.raises(OSError, match="more connections") as refused:
            asyncio.run(connect(address, heard, clock=time.monotonic_ns, max_files=0))

        assert outcome_of(refused.value) is Outcome.LOCAL

    @pytest.mark.parametrize(
        ("number", "outcome"),
        [
            (errno.EMFILE, Outcome.LOCAL),
            (errno.EADDRNOTAVAIL, Outcome.LOCAL),
            (errno.ECONNREFUSED, Outcome.CONNECTION),
            (errno.EHOSTUNREACH, Outcome.CONNECTION),
        ],
    )
    def test_a_failed_connect_is_this_machines_fault_or_the_endpoints(
        self, number: int, outcome: Outcome
    ) -> None:
        assert outcome_of(OSError(number, "")) is outcome


class TestInTurn:
    def test_each_request_gets_its_answer_also_across_closed_connections(
        self, table: Path, artifact: Path
    ) -> None:
        with running(table, artifact) as url:
            results = ask_in_turn(
                parse_target(url).address, [UNKNOWN] * 30, timeout_s=20, advance=lambda: None
            )

        assert [result.body for result in results if isinstance(result, Response)] == [NOT_IN_TABLE] * 30

    @pytest.mark.slow
    def test_an_endpoint_that_hangs_is_given_up_after_three_requests(self) -> None:
        steps: list[int] = []
        with socket.socket() as silent_endpoint:
            silent_endpoint.bind(("127.0.0.1", 0))
            silent_endpoint.listen(16)
            address = Address(socket.AF_INET, *silent_endpoint.getsockname())
            started = time.monotonic()

            results = ask_in_turn(address, [UNKNOWN] * 300, timeout_s=0.3, advance=lambda: steps.append(1))

        assert results == [Outcome.TIMEOUT] * 300
        assert len(steps) == 300
        assert time.monotonic() - started < 45  # 300 requests of 0.3 s would take 90

    def test_where_nobody_listens_every_request_is_refused(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            address = Address(socket.AF_INET, *taken.getsockname())

            results = ask_in_turn(address, [UNKNOWN] * 5, timeout_s=5, advance=lambda: None)

        assert results == [Outcome.CONNECTION] * 5


class TestRun:
    def test_answers_that_were_not_expected_are_kept_and_refusals_counted(
        self, table: Path, artifact: Path
    ) -> None:
        plan = a_plan(20, rate=200.0)
        with running(table, artifact) as url:
            record = run_load(
                parse_target(url).address,
                [Ammunition(wire=UNKNOWN, expected=b"")],
                plan=plan,
                schedule=make_schedule(plan),
                alarm=loop_alarm,
                progress=silent,
            )

        assert record.refusals == {404: (0, NOT_IN_TABLE)}
        assert record.samples.outcome.tolist() == [Outcome.STATUS] * 20
        assert record.samples.bytes.tolist() == [len(NOT_IN_TABLE)] * 20
        assert gc.isenabled()

    def test_a_fault_of_the_client_itself_ends_the_run_with_that_fault(
        self, table: Path, artifact: Path
    ) -> None:
        calls: list[float] = []

        def broken(loop: asyncio.AbstractEventLoop, at_s: float, wake: Callable[[], None]) -> object:
            calls.append(at_s)
            if len(calls) > 3:
                raise ZeroDivisionError("a fault")
            return loop.call_at(at_s, wake)

        plan = a_plan(50, rate=100.0)
        with running(table, artifact) as url, pytest.raises(ZeroDivisionError, match="a fault"):
            run_load(
                parse_target(url).address,
                [Ammunition(wire=UNKNOWN, expected=b"")],
                plan=plan,
                schedule=make_schedule(plan),
                alarm=broken,
                progress=silent,
            )

        assert gc.isenabled()
