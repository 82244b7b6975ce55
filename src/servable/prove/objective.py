"""What an endpoint must achieve for a proof to pass. An instance that exists is valid."""

import math
from dataclasses import dataclass, fields
from typing import NoReturn

from servable.errors import BadInput, Problem, shown

CLAIMS_THAT_CAN_FAIL = 3
"""Latency, errors, rate: a FAIL is a union, so each claim's test of it gets a third of alpha."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """Rate, latency and errors that a proof must show, and how sure it must be.

    Attributes:
        rate_per_s: rate of requests that callers will send, > 0 (`expected_tps` of the step's configuration).
        max_latency_ms: limit of the latency percentile, > 0, from the intended send time to the last
            byte (`max_latency_in_millisecond` there).
        max_error_rate: share of planned requests that may fail, in [0, 1].
        percentile: which percentile the latency limit holds for, in (0, 1).
        confidence: one-sided level of every bound, in (0.5, 1).

    Raises:
        BadInput: `objective.rate`, `objective.latency`, `objective.errors`, `objective.percentile`,
            `objective.confidence`.

    Source: the step's documentation for the three limits, which leaves the percentile open.
    """

    rate_per_s: float
    max_latency_ms: float
    max_error_rate: float
    percentile: float = 0.99
    confidence: float = 0.95

    def __post_init__(self) -> None:
        for field in fields(self):  # a proof's JSON must not depend on whether 20 or 20.0 was given
            object.__setattr__(self, field.name, float(getattr(self, field.name)))
        if not (math.isfinite(self.rate_per_s) and 0.0 < self.rate_per_s <= 1e6):
            _refuse("rate", "a number of requests per second above 0 and at most 1e6", self.rate_per_s)
        if not (math.isfinite(self.max_latency_ms) and 0.0 < self.max_latency_ms <= 3.6e6):
            _refuse("latency", "milliseconds above 0 and at most an hour", self.max_latency_ms)
        if not 0.0 <= self.max_error_rate <= 1.0:
            _refuse("errors", "a share between 0 and 1", self.max_error_rate)
        if not 0.0 < self.percentile < 1.0:
            _refuse("percentile", "a share between 0 and 1, such as 0.99", self.percentile)
        if not 0.5 < self.confidence < 1.0:
            _refuse("confidence", "a share between 0.5 and 1, such as 0.95", self.confidence)

    @property
    def max_latency_s(self) -> float:
        """The latency limit in seconds."""
        return self.max_latency_ms / 1e3

    @property
    def max_latency_ns(self) -> int:
        """The latency limit in whole nanoseconds."""
        return round(self.max_latency_ms * 1e6)

    @property
    def max_slow_share(self) -> float:
        """The share of requests that may exceed the latency limit, 0.01 for the 99th percentile."""
        return round(1.0 - self.percentile, 12)

    @property
    def alpha(self) -> float:
        """Level of the upper bounds that pass a claim."""
        return round(1.0 - self.confidence, 12)

    @property
    def fail_alpha(self) -> float:
        """Level of the lower bounds that fail a claim."""
        return self.alpha / CLAIMS_THAT_CAN_FAIL


def _refuse(name: str, expected: str, found: float) -> NoReturn:
    raise BadInput(
        Problem(
            code=f"objective.{name}",
            where=f"objective, {name}",
            expected=expected,
            found=shown(found),
            fix="correct the limit",
        )
    )
