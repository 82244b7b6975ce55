"""Requests that never reach the application: what is wrong with them, and the answer in bytes."""

from http import HTTPStatus

from servable.errors import BadInput, Problem, ServableError, TooLarge, Unavailable
from servable.serve.answers import error_answer
from servable.serve.asgi import Headers
from servable.serve.limits import Limits


class RefusedError(Exception):
    """Ends the parsing of a connection; what to answer is its argument."""

    def __init__(self, error: ServableError) -> None:
        self.error = error
        super().__init__(str(error))


def refusal_bytes(error: ServableError, headers: Headers) -> bytes:
    """The whole answer to a refused request, which ends its connection, with the server's own headers."""
    answer = error_answer(error)
    lines = [b"%s: %s\r\n" % header for header in (*headers, *answer.headers, (b"connection", b"close"))]
    reason = HTTPStatus(answer.status).phrase.encode("ascii")
    return b"".join([b"HTTP/1.1 %d %s\r\n" % (answer.status, reason), *lines, b"\r\n", answer.body])


def bad_framing(expected: str, found: str) -> BadInput:
    """A request that is not HTTP/1.1, or that two readers could understand differently."""
    return BadInput(
        Problem(
            code="http.framing",
            where="request",
            expected=expected,
            found=found,
            fix="send HTTP/1.1 as RFC 9112 has it",
        )
    )


def long_target(limits: Limits) -> BadInput:
    """A request line that is too long."""
    return BadInput(
        Problem(
            code="http.request-line",
            where="request line",
            expected=f"at most {limits.request_line_bytes} bytes",
            found="more",
            fix="send what it holds in the body",
        )
    )


def large_head(limits: Limits) -> BadInput:
    """Headers that are too many or too long."""
    return BadInput(
        Problem(
            code="http.headers",
            where="headers",
            expected=f"at most {limits.header_count} headers of {limits.header_value_bytes} bytes each "
            f"and {limits.header_bytes} bytes together",
            found="more",
            fix="send fewer or shorter ones",
        )
    )


def large_body(limits: Limits) -> TooLarge:
    """A body that is too large, by its own word or by what has arrived."""
    return TooLarge(
        Problem(
            code="request.body-size",
            where="body",
            expected=f"at most {limits.max_body_bytes} bytes",
            found="more",
            fix="send fewer records in a request, or serve with a larger `--max-body-bytes`",
        )
    )


def slow_head(limits: Limits) -> BadInput:
    """Headers that did not arrive in time."""
    return BadInput(
        Problem(
            code="http.slow",
            where="headers",
            expected=f"all of them within {limits.header_s:g} s",
            found="that some are missing",
            fix="send the request faster",
        )
    )


def slow_body(limits: Limits) -> BadInput:
    """A body that did not arrive in time."""
    return BadInput(
        Problem(
            code="http.slow",
            where="body",
            expected=f"all of it within {limits.body_s:g} s, and at least {limits.min_body_bytes_per_s} "
            f"bytes per second after {limits.body_grace_s:g} s",
            found="that some is missing",
            fix="send the request faster",
        )
    )


def many_connections(limits: Limits) -> Unavailable:
    """One connection more than the server keeps open."""
    return Unavailable(
        Problem(
            code="server.connections",
            where="server",
            expected=f"at most {limits.connections} connections",
            found="one more",
            fix="keep connections alive and use them again, or try another server",
        )
    )
