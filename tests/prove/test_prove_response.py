"""Reading HTTP answers from bytes, however they are cut."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servable.prove.response import Malformed, Response, ResponseParser

bodies = st.binary(max_size=300)
cuts = st.lists(st.integers(0, 1000), max_size=8)


def parsed(data: bytes, cuts: list[int]) -> Response | None:
    """The answer of bytes that come in pieces; all but the last piece must leave it open."""
    places = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    pieces = [data[a:b] for a, b in itertools.pairwise(places)]
    parser = ResponseParser()
    results = [parser.feed(piece) for piece in pieces]
    assert results[:-1] == [None] * (len(results) - 1)
    return results[-1]


def with_length(body: bytes, *, status: int = 200, more: str = "") -> bytes:
    return f"HTTP/1.1 {status} OK\r\ncontent-LENGTH: {len(body)}\r\n{more}\r\n".encode() + body


def chunked(body: bytes, sizes: list[int]) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks, at = b"", 0
    for size in sizes:
        part = body[at : at + size]
        at += len(part)
        if part:
            chunks += b"%X;name=value\r\n%s\r\n" % (len(part), part)
    rest = body[at:]
    return head + chunks + (b"%x\r\n%s\r\n" % (len(rest), rest) if rest else b"") + b"0\r\n\r\n"


@given(bodies, cuts)
def test_an_answer_with_a_length_is_read_however_it_is_cut(body: bytes, cuts: list[int]) -> None:
    assert parsed(with_length(body), cuts) == Response(200, body, True)


@given(bodies, st.lists(st.integers(1, 40), max_size=10), cuts)
def test_a_chunked_answer_is_read_however_it_is_cut(body: bytes, sizes: list[int], cuts: list[int]) -> None:
    assert parsed(chunked(body, sizes), cuts) == Response(200, body, True)


@given(bodies)
def test_an_answer_without_a_length_ends_with_the_connection(body: bytes) -> None:
    parser = ResponseParser()

    assert parser.feed(b"HTTP/1.1 200 OK\r\n\r\n" + body) is None
    assert parser.end() == Response(200, body, False)


def test_an_answer_that_is_cut_off_is_none() -> None:
    for data in (with_length(b"four")[:-1], chunked(b"four", [2])[:-2], b"HTTP/1.1 200 OK\r\n"):
        parser = ResponseParser()
        assert parser.feed(data) is None
        assert parser.end() is None


def test_interim_answers_are_passed_over() -> None:
    early = b"HTTP/1.1 100 Continue\r\n\r\n" * 3000

    assert parsed(early + with_length(b"x", status=201), [10, 40]) == Response(201, b"x", True)


def test_an_answer_without_content_has_no_body() -> None:
    assert parsed(b"HTTP/1.1 204 No Content\r\n\r\n", []) == Response(204, b"", True)


@pytest.mark.parametrize(
    ("version", "header", "keeps_alive"),
    [
        ("1.1", "", True),
        ("1.1", "Connection: close\r\n", False),
        ("1.1", "Connection: Upgrade, CLOSE\r\n", False),
        ("1.0", "", False),
        ("1.0", "Connection: keep-alive\r\n", True),
    ],
)
def test_whether_a_connection_goes_on_follows_version_and_header(
    version: str, header: str, keeps_alive: bool
) -> None:
    data = f"HTTP/{version} 200 OK\r\nContent-Length: 0\r\n{header}\r\n".encode()

    assert parsed(data, []) == Response(200, b"", keeps_alive)


@pytest.mark.parametrize(
    "data",
    [
        b"220 mail.example.org ready\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n",
        with_length(b"four") + b"!",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
        chunked(b"four", [4]) + b"!",
        b"x" * 70_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"0" * 70_000,
    ],
)
def test_bytes_that_are_no_answer_are_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        ResponseParser().feed(data)


@given(st.binary(max_size=400), cuts)
def test_any_bytes_are_an_answer_or_refused_or_not_whole_yet(data: bytes, cuts: list[int]) -> None:
    parser = ResponseParser()
    try:
        parser.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        response = parser.feed(data)
    except Malformed:
        return
    assert response is None or response.status == 200
