"""What the server accepts before it refuses: sizes, counts and times of HTTP/1.1 requests."""

from dataclasses import dataclass, fields

from servable.errors import BadInput, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on one connection and on all of them together; every one must be above zero.

    Attributes:
        max_body_bytes: request body; beyond it 413. The hosting platform sends at most 6,291,456.
        request_line_bytes: request target; beyond it 414.
        header_bytes: names and values of all headers of a request; beyond it 431.
        header_count: headers of a request; beyond it 431.
        header_value_bytes: value of one header; beyond it 431.
        header_s: from the first byte of a request to the end of its headers; beyond it 408.
        body_s: from the end of the headers to the end of the body; beyond it 408.
        body_grace_s: how long a body may be slower than `min_body_bytes_per_s`.
        min_body_bytes_per_s: average rate of a body after its grace; below it 408.
        keep_alive_s: idle time between requests. Longer than that of usual proxies (60 s), so that
            the proxy closes first.
        write_s: time in which a client must take some of its answer.
        linger_s: how long bytes are read and dropped after a refusal, so that the refusal arrives.
        connections: open at the same time; beyond it 503.
        bytes_in_flight: bodies of all unfinished requests together; beyond it 429.
    """

    max_body_bytes: int = 6_553_600
    request_line_bytes: int = 8 * 1024
    header_bytes: int = 32 * 1024
    header_count: int = 100
    header_value_bytes: int = 8 * 1024
    header_s: float = 10.0
    body_s: float = 60.0
    body_grace_s: float = 5.0
    min_body_bytes_per_s: int = 16 * 1024
    keep_alive_s: float = 75.0
    write_s: float = 30.0
    linger_s: float = 1.0
    connections: int = 1024
    bytes_in_flight: int = 256 * 1024 * 1024

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not value > 0:
                raise BadInput(
                    Problem(
                        code="serve.limit",
                        where=f"limit {field.name}",
                        expected="a number above zero",
                        found=str(value),
                        fix="choose a larger one",
                    )
                )

    @property
    def shortest_s(self) -> float:
        """The shortest of the times: a connection that is looked at this often misses no deadline."""
        return min(
            self.header_s, self.body_s, self.body_grace_s, self.keep_alive_s, self.write_s, self.linger_s
        )
