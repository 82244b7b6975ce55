"""Whatever bytes arrive, the server answers in words or closes, and goes on serving others."""

import logging

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from serve_doubles import FakeScorer, Wire, invocation_bytes, request_bytes, serving

from servable.serve import Limits

LIMITS = Limits(header_s=0.3, body_s=0.3, body_grace_s=0.3, keep_alive_s=0.3, linger_s=0.3)
PIECES = [
    invocation_bytes(1.0),
    request_bytes(),
    request_bytes(upgrade="h2c", connection="Upgrade"),
    request_bytes("/invocations", verb="POST", transfer_encoding="chunked"),
    b"5\r\nhello\r\n",
    b"0\r\n\r\n",
    b"Content-Length: 3\r\n",
    b"Connection: upgrade\r\nUpgrade: x\r\n",
    b"GET /ping HTTP/1.1\r\n",
    b"\r\n",
    b"\x00\xff",
]


@pytest.fixture(scope="module")
def port():
    with serving(FakeScorer(), limits=LIMITS) as number:
        yield number


@pytest.mark.slow
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pieces=st.lists(st.sampled_from(PIECES), min_size=1, max_size=5),
    cut=st.integers(0, 400),
    noise=st.binary(max_size=3),
)
def test_any_bytes_are_answered_or_refused_and_harm_nobody_else(
    port: int, caplog: pytest.LogCaptureFixture, pieces: list[bytes], cut: int, noise: bytes
) -> None:
    caplog.set_level(logging.WARNING)
    whole = b"".join(pieces)
    data = whole[:cut] + noise + whole[cut:]
    statuses = []

    with Wire(port) as wire:
        wire.write(data)
        while (reply := wire.reply()) is not None:
            statuses.append(reply.status)
    with Wire(port) as other:
        other.write(request_bytes())
        assert other.reply().status == 200

    assert set(statuses) <= {200, 400, 404, 405, 408, 415, 431}
    assert caplog.messages == []
