"""HTTP/1.1 on raw sockets: framing, sizes and times (decision 0014)."""

import json
import socket
import threading
import time
from dataclasses import replace

import pytest
from serve_doubles import (
    FakeScorer,
    Reply,
    Wire,
    body_of,
    invocation_bytes,
    predictions_of,
    request_bytes,
    serving,
    settle,
)

from servable.errors import BadInput
from servable.serve import BatchLimits, Limits

pytestmark = pytest.mark.alone

SMALL = Limits(
    max_body_bytes=100_000,
    request_line_bytes=500,
    header_bytes=2000,
    header_count=20,
    header_value_bytes=1000,
)
QUICK = Limits(header_s=0.4, body_grace_s=0.4, keep_alive_s=0.6, write_s=0.6, linger_s=0.4)


@pytest.fixture(scope="module")
def port():
    with serving() as number:
        yield number


@pytest.fixture(scope="module")
def small_port():
    with serving(limits=SMALL) as number:
        yield number


@pytest.fixture(scope="module")
def quick_port():
    with serving(limits=QUICK) as number:
        yield number


def exchange(port: int, *pieces: bytes) -> Reply:
    with Wire(port) as wire:
        for piece in pieces:
            wire.write(piece)
        reply = wire.reply()
    assert reply is not None
    return reply


def assert_refused(port: int, data: bytes, status: int, words: str = "") -> None:
    """One sentence as JSON, and then the end of the connection."""
    with Wire(port) as wire:
        wire.write(data)
        reply = wire.reply()
        assert reply is not None
        assert reply.status == status
        assert reply.headers["content-type"] == "application/json"
        assert reply.headers["connection"] == "close"
        assert words in reply.json["error"]
        assert wire.is_closed()


# Framing


def test_an_answer_has_a_date_and_no_server_name(port: int) -> None:
    exchange(port, request_bytes())  # the date is there once the server's clock has ticked

    reply = exchange(port, request_bytes())

    assert reply.status == 200
    assert "server" not in reply.headers
    assert "date" in reply.headers


def test_pipelined_requests_are_answered_in_order(port: int) -> None:
    with Wire(port) as wire:
        wire.write(b"".join(invocation_bytes(float(age)) for age in range(5)))
        scores = [wire.reply().positive_scores[0] for _ in range(5)]

    assert scores == predictions_of(range(5)).raw[:, 1].tolist()


def test_a_request_that_comes_byte_by_byte_is_served(port: int) -> None:
    with Wire(port) as wire:
        for byte in invocation_bytes(3.0):
            wire.write(bytes([byte]))
        reply = wire.reply()

    assert reply.status == 200


def test_a_chunked_body_is_served_and_its_trailers_are_dropped(port: int) -> None:
    body = body_of(3.0)
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:4], body[4:]))
    head = request_bytes(
        "/invocations", verb="POST", content_type="application/json", transfer_encoding="chunked"
    )
    with Wire(port) as wire:
        wire.write(head + chunks + b"0\r\nContent-Type: text/csv\r\n\r\n" + request_bytes())
        first, second = wire.reply(), wire.reply()

    assert first.positive_scores == predictions_of([3.0]).raw[:, 1].tolist()
    assert second.json["status"] == "ready"


CHUNKED = b"POST /invocations HTTP/1.1\r\nHost: a\r\n"


@pytest.mark.parametrize(
    "data",
    [
        CHUNKED + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        CHUNKED + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        CHUNKED + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        CHUNKED + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        CHUNKED + b"Content-Length: -5\r\n\r\n",
        CHUNKED + b"Content-Length: \r\n\r\n",
        CHUNKED + b"Content-Length: 5_0\r\n\r\n",
        CHUNKED + b"Content-Length: 99999999999999999999999\r\n\r\n",
        CHUNKED + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        CHUNKED + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        CHUNKED + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n",
        b"GET /ping HTTP/1.1\nHost: a\n\n",
        b"GET /ping HTTP/1.1\r\nHost : a\r\n\r\n",
        b"GET /ping HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
        b"GET /ping HTTP/1.1\r\nHost: a\x00b\r\n\r\n",
        b"GET /ping HTTP/1.1\r\n\r\n",
        b"GET /ping HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET http://a/ping HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET ping HTTP/1.1\r\nHost: a\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        b"CONNECT /ping HTTP/1.1\r\nHost: a\r\nUpgrade: b\r\nConnection: upgrade\r\n\r\n",
        b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"NOSUCH /ping HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /ping HTTP/9.9\r\nHost: a\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_what_two_readers_could_understand_differently_is_refused(port: int, data: bytes) -> None:
    assert_refused(port, data, 400)


def test_the_request_before_a_malformed_one_gets_its_answer_first() -> None:
    gate = threading.Event()
    scorer = FakeScorer(is_cheap=False, gate=gate)
    with serving(scorer) as port, Wire(port) as wire:
        wire.write(invocation_bytes(5.0) + b"NOSUCH / HTTP/1.1\r\n\r\n")
        time.sleep(0.1)
        gate.set()
        first, second = wire.reply(), wire.reply()
        is_closed = wire.is_closed()

    assert first.positive_scores == predictions_of([5.0]).raw[:, 1].tolist()
    assert second.status == 400
    assert is_closed


def test_a_pipelined_body_that_is_too_large_is_refused_after_the_answer_before_it() -> None:
    gate = threading.Event()
    scorer = FakeScorer(is_cheap=False, gate=gate)
    head = request_bytes(
        "/invocations", verb="POST", content_type="application/json", transfer_encoding="chunked"
    )
    limits = Limits(max_body_bytes=1000)
    with serving(scorer, limits=limits) as port, Wire(port) as wire:
        wire.write(invocation_bytes(5.0) + head + b"400\r\n" + b" " * 1024 + b"\r\n")
        time.sleep(0.1)
        gate.set()
        first, second = wire.reply(), wire.reply()
        is_closed = wire.is_closed()

    assert (first.status, second.status) == (200, 413)
    assert is_closed
    assert scorer.batches == [1]


def test_a_client_that_asks_whether_to_continue_is_told_to(port: int) -> None:
    body = body_of(1.0)
    head = request_bytes(
        "/invocations",
        verb="POST",
        content_type="application/json",
        expect="100-continue",
        content_length=str(len(body)),
    )
    with Wire(port) as wire:
        wire.write(head)
        interim = wire.reply()
        wire.write(body)
        final = wire.reply()

    assert (interim.status, final.status) == (100, 200)


def test_http_1_0_needs_no_host_and_ends_the_connection(port: int) -> None:
    with Wire(port) as wire:
        wire.write(b"GET /ping HTTP/1.0\r\n\r\n")
        reply = wire.reply()
        is_closed = wire.is_closed()

    assert reply.status == 200
    assert is_closed


def test_connection_close_ends_the_connection(port: int) -> None:
    with Wire(port) as wire:
        wire.write(request_bytes(connection="close"))
        reply = wire.reply()
        is_closed = wire.is_closed()

    assert (reply.status, reply.headers["connection"]) == (200, "close")
    assert is_closed


def test_an_offer_of_another_protocol_is_passed_over(port: int) -> None:
    offer = {"connection": "Upgrade, HTTP2-Settings", "upgrade": "h2c", "http2_settings": "AAMAAABkAAQ"}
    with Wire(port) as wire:
        wire.write(request_bytes(**offer) * 3 + invocation_bytes(1.0, **offer) + request_bytes())
        statuses = [wire.reply().status for _ in range(5)]

    assert statuses == [200] * 5


def test_blank_lines_before_a_request_are_skipped(port: int) -> None:
    assert exchange(port, b"\r\n\r\n", request_bytes()).status == 200


def test_a_head_answer_has_no_body(port: int) -> None:
    with Wire(port) as wire:
        wire.write(request_bytes(verb="HEAD"))
        wire.socket.settimeout(0.3)
        received = wire.socket.recv(65_536)

    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert received.endswith(b"\r\n\r\n")


def test_an_unknown_path_keeps_the_connection(port: int) -> None:
    with Wire(port) as wire:
        wire.write(request_bytes("/nowhere", verb="POST", body=b"x" * 200_000))
        first = wire.reply()
        wire.write(request_bytes())
        second = wire.reply()

    assert (first.status, second.status) == (404, 200)


# Sizes


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (request_bytes("/" + "a" * 499), 404),
        (request_bytes("/" + "a" * 500), 414),
        (b"GET /" + b"a" * 200_000, 414),
        (request_bytes(x="a" * 1000), 200),
        (request_bytes(x="a" * 1001), 431),
        (request_bytes(**{f"x{i}": "a" for i in range(19)}), 200),
        (request_bytes(**{f"x{i}": "a" for i in range(20)}), 431),
        (request_bytes(**{f"x{i}": "a" * 480 for i in range(4)}), 200),
        (request_bytes(**{f"x{i}": "a" * 495 for i in range(4)}), 431),
        (b"GET /ping HTTP/1.1\r\nHost: a\r\nx: " + b"a" * 200_000, 431),
        (b"GET /ping HTTP/1.1\r\nHost: a\r\n" + b"a" * 3000, 431),
        (CHUNKED + b"Content-Length: 100001\r\n\r\n", 413),
        (CHUNKED + b"Transfer-Encoding: chunked\r\n\r\n186a1\r\n" + b" " * 100_001, 413),
        (CHUNKED + b"Transfer-Encoding: chunked\r\n\r\n1\r\n \r\n0\r\n" + b"a: b\r\n" * 500, 431),
    ],
)
def test_sizes_have_limits(small_port: int, data: bytes, status: int) -> None:
    reply = exchange(small_port, data)

    assert reply.status == status


def test_many_large_headers_over_many_packets_are_refused(small_port: int) -> None:
    with Wire(small_port) as wire:
        wire.write(request_bytes() + b"GET /ping HTTP/1.1\r\nHost: a\r\nx: ")
        assert wire.reply().status == 200
        for _ in range(30):
            wire.write(b"a" * 100)
        reply = wire.reply()

    assert reply.status == 431


def test_a_body_that_nobody_reads_has_its_limit_too(small_port: int) -> None:
    head = request_bytes("/nowhere", verb="POST", transfer_encoding="chunked")
    with Wire(small_port) as wire:
        wire.write(head + b"186a1\r\n")
        assert wire.reply().status == 404
        wire.write(b" " * 100_001)
        is_closed = wire.is_closed()

    assert is_closed


def test_a_body_at_the_limit_is_read(small_port: int) -> None:
    body = body_of(1.0)

    reply = exchange(
        small_port,
        request_bytes(
            "/invocations",
            verb="POST",
            content_type="application/json",
            body=body + b" " * (100_000 - len(body)),
        ),
    )

    assert reply.status == 200


def test_a_body_that_says_it_is_too_large_is_refused_before_it_is_asked_for(small_port: int) -> None:
    reply = exchange(
        small_port,
        request_bytes("/invocations", verb="POST", expect="100-continue", content_length="100001"),
    )

    assert reply.status == 413
    assert json.loads(reply.body)["error"].startswith("body: expected at most 100000 bytes")


def test_a_client_that_sends_all_before_it_reads_still_gets_the_refusal(port: int) -> None:
    body = b" " * 8_000_000
    with Wire(port) as wire:
        wire.write(request_bytes("/invocations", verb="POST", body=body))
        reply = wire.reply()

    assert reply.status == 413


def test_connections_beyond_the_limit_are_told_so() -> None:
    with serving(limits=Limits(connections=2)) as port, Wire(port) as first, Wire(port) as second:
        for wire in (first, second):
            wire.write(request_bytes())
            assert wire.reply().status == 200
        with Wire(port) as one_more:
            reply = one_more.reply()
            is_closed = one_more.is_closed()
        first.write(request_bytes())
        assert first.reply().status == 200

    assert (reply.status, reply.headers["retry-after"]) == (503, "5")
    assert is_closed


# Times


def test_a_head_that_does_not_come_to_an_end_is_refused(quick_port: int) -> None:
    assert_refused(quick_port, b"GET /ping HTTP/1.1\r\nHost: a\r\n", 408, "within 0.4 s")


def test_a_body_that_does_not_come_is_refused(quick_port: int) -> None:
    assert_refused(quick_port, CHUNKED + b"Content-Length: 10\r\n\r\n{", 408, "after 0.4 s")


def test_a_body_has_a_time_however_fast_it_is() -> None:
    limits = replace(QUICK, body_s=0.3, body_grace_s=10)
    with serving(limits=limits) as port:
        assert_refused(port, CHUNKED + b"Content-Length: 90000\r\n\r\n" + b" " * 80_000, 408, "within 0.3 s")


def test_a_body_that_trickles_is_refused_though_something_always_comes(quick_port: int) -> None:
    started = time.monotonic()
    with Wire(quick_port) as wire:
        wire.write(CHUNKED + b"Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
        wire.socket.settimeout(0.05)
        received = b""
        while not received and time.monotonic() - started < 10:
            wire.write(b" ")
            try:
                received = wire.socket.recv(100)
            except TimeoutError:
                continue

    assert received.startswith(b"HTTP/1.1 408 ")


def test_a_body_that_is_fast_enough_may_take_longer_than_its_grace(quick_port: int) -> None:
    body = body_of(1.0) + b" " * 60_000
    with Wire(quick_port) as wire:
        wire.write(CHUNKED + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body))
        for start in range(0, len(body), 12_500):
            wire.write(body[start : start + 12_500])
            time.sleep(0.1)
        reply = wire.reply()

    assert reply.status == 200


def test_an_idle_connection_is_closed(quick_port: int) -> None:
    started = time.monotonic()
    with Wire(quick_port) as wire:
        wire.write(request_bytes())
        assert wire.reply().status == 200
        is_closed = wire.is_closed()

    assert is_closed
    assert time.monotonic() - started > 0.5


def test_a_connection_that_never_says_anything_is_closed(quick_port: int) -> None:
    with Wire(quick_port) as wire:
        assert wire.is_closed()


def test_the_scoring_may_take_longer_than_any_time_of_the_connection() -> None:
    scorer = FakeScorer(is_cheap=False, row_s=1.2)
    with serving(scorer, limits=QUICK) as port:
        reply = exchange(port, invocation_bytes(1.0))

    assert reply.status == 200


def test_a_large_body_behind_a_request_that_is_being_scored_is_not_slow() -> None:
    scorer = FakeScorer(is_cheap=False, row_s=0.6)
    second = request_bytes(
        "/invocations", verb="POST", content_type="application/json", body=body_of(2.0) + b" " * 90_000
    )
    with serving(scorer, limits=QUICK) as port, Wire(port) as wire:
        wire.write(invocation_bytes(1.0) + second)
        statuses = [wire.reply().status for _ in range(2)]

    assert statuses == [200, 200]


@pytest.mark.slow
def test_a_client_that_takes_nothing_of_its_answers_is_cut_off(quick_port: int) -> None:
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(10)
        sock.connect(("127.0.0.1", quick_port))
        requests = invocation_bytes(*([1.0] * 1000)) * 1000
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            sock.sendall(requests)


# The queue


def test_a_client_that_hangs_up_is_not_scored() -> None:
    gate = threading.Event()
    scorer = FakeScorer(is_cheap=False, gate=gate)
    with serving(scorer, batch_limits=BatchLimits(row_budget=1)) as port, Wire(port) as first:
        first.write(invocation_bytes(1.0))
        while not scorer.batches:
            time.sleep(0.01)
        with Wire(port) as second:
            second.write(invocation_bytes(2.0))
            settle(port)
        settle(port)
        gate.set()
        assert first.reply().status == 200
        assert exchange(port, invocation_bytes(3.0)).status == 200

    assert scorer.batches == [1, 1]


def test_ping_is_quick_and_ready_while_the_queue_is_full() -> None:
    gate = threading.Event()
    scorer = FakeScorer(is_cheap=False, gate=gate)
    limits = BatchLimits(row_budget=1, max_queue_rows=1)
    with serving(scorer, batch_limits=limits) as port, Wire(port) as first, Wire(port) as second:
        first.write(invocation_bytes(1.0))
        while not scorer.batches:
            time.sleep(0.01)
        second.write(invocation_bytes(2.0))
        settle(port)
        refused = exchange(port, invocation_bytes(3.0))
        ping = exchange(port, request_bytes())
        gate.set()
        statuses = [first.reply().status, second.reply().status]

    assert (refused.status, refused.headers["retry-after"]) == (429, "1")
    assert ping.status == 200
    assert statuses == [200, 200]


def test_a_limit_of_nothing_is_refused() -> None:
    with pytest.raises(BadInput, match="limit header_s: expected a number above zero, found 0"):
        Limits(header_s=0)
