"""The plan of a proof: how many requests, when, and which. Fixed before the first one is sent.

Arrivals are open-loop and Poisson, conditioned on their count: N sorted uniforms on [0, T], so that
the offered rate is exact and one seed gives one schedule. The warm-up has a schedule of its own and
the measured phase follows it without a gap.

Source: docs/proving.md, "Load".
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

import numpy as np
from numpy.typing import NDArray

from servable.errors import BadInput, Problem, shown
from servable.prove.objective import Objective

MIN_REQUESTS: Final = 473
"""The fewest requests that pass with one exceedance of the 99th percentile at 95 % confidence."""

MIN_DURATION_S: Final = 10.0
ASSURANCES: Final = ("iid",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Warmup:
    """How long requests run before the measured ones: whichever of the two takes longer.

    Attributes:
        min_s: seconds.
        requests_per_type: requests for each content type.
    """

    min_s: float = 5.0
    requests_per_type: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What will be sent; everything in it is decided before the run.

    Attributes:
        seed: of the arrivals, of the choice of bodies and of the shuffled parity batches.
        rate_per_s: offered rate: the objective's times the headroom.
        n: measured requests.
        duration_s: measured time T = n / rate.
        warmup_n: requests before the measured ones.
        warmup_s: their time.
        timeout_s: after which a request is given up, counted from when it was sent.
        body_classes: how many bodies each class (a content type of the golden set or of the payload)
            has; a request draws its class, then a body of the class, each with equal chance.
        content_types: types in which golden requests are sent.
        assurance: `iid`: bounds that hold if requests are independent of each other.
    """

    seed: int
    rate_per_s: float
    n: int
    duration_s: float
    warmup_n: int
    warmup_s: float
    timeout_s: float
    body_classes: tuple[int, ...]
    content_types: tuple[str, ...]
    assurance: str = "iid"
    arrivals: str = "poisson-conditioned"

    @property
    def golden_bodies(self) -> int:
        """How many of the bodies are golden records; they come first, those of the payload after them."""
        return sum(self.body_classes[: len(self.content_types)])

    @property
    def payload_bodies(self) -> int:
        """How many of the bodies are files of the payload."""
        return sum(self.body_classes) - self.golden_bodies


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Schedule:
    """When each request is to be sent and which body it carries.

    Attributes:
        at_ns: `[warmup_n + n]` int64, sorted, from the start of the run.
        body: `[warmup_n + n]` int32, index into the bodies, class after class.
    """

    at_ns: NDArray[np.int64]
    body: NDArray[np.int32]


def make_plan(
    objective: Objective,
    *,
    seed: int,
    content_types: Sequence[str],
    body_classes: Sequence[int],
    min_requests: int = MIN_REQUESTS,
    min_duration_s: float = MIN_DURATION_S,
    warmup: Warmup | None = None,
    headroom: float = 1.0,
    assurance: str = "iid",
) -> Plan:
    """The plan for an objective: at least `min_requests` and `min_duration_s`, at the offered rate.

    Raises:
        BadInput: `prove.requests`, `prove.duration`, `prove.headroom`, `prove.assurance`.
    """
    if min_requests < 1:
        _refuse("requests", "at least 1 measured request", min_requests, f"plan for {MIN_REQUESTS}")
    if not (math.isfinite(min_duration_s) and min_duration_s >= 0.0):
        _refuse("duration", "seconds, 0 or more", min_duration_s, "give a finite number")
    if not (math.isfinite(headroom) and headroom >= 1.0):
        _refuse("headroom", "a factor of at least 1", headroom, "leave it out to offer the expected rate")
    if assurance not in ASSURANCES:
        _refuse("assurance", "`iid`, the only one that is built", assurance, "leave it out")
    warmup = warmup or Warmup()
    rate = objective.rate_per_s * headroom
    n = max(min_requests, math.ceil(rate * min_duration_s))
    warmup_s = max(float(warmup.min_s), warmup.requests_per_type * len(content_types) / rate)
    return Plan(
        seed=seed,
        rate_per_s=rate,
        n=n,
        duration_s=n / rate,
        warmup_n=math.ceil(rate * warmup_s),
        warmup_s=warmup_s,
        timeout_s=max(4.0 * objective.max_latency_s, objective.max_latency_s + 2.0),
        body_classes=tuple(body_classes),
        content_types=tuple(content_types),
        assurance=assurance,
    )


def make_schedule(plan: Plan) -> Schedule:
    """The schedule of a plan; it depends on nothing else, on no library's version either."""
    warmup_ns, duration_ns = round(plan.warmup_s * 1e9), round(plan.duration_s * 1e9)
    warm = _arrivals(draws(plan.seed, "warm-up arrivals"), plan.warmup_n, duration_ns=warmup_ns)
    measured = _arrivals(draws(plan.seed, "arrivals"), plan.n, duration_ns=duration_ns)
    return Schedule(
        at_ns=np.concatenate([warm, warmup_ns + measured]),
        body=_bodies(draws(plan.seed, "bodies"), plan.warmup_n + plan.n, plan.body_classes),
    )


def draws(seed: int, purpose: str) -> random.Random:
    """A stream of uniform draws for one purpose; only `random()` of it is the same on every Python."""
    return random.Random(f"servable.prove {purpose} {seed}")  # noqa: S311  # a schedule is no secret


def shuffled(n: int, *, seed: int) -> list[int]:
    """The numbers 0 to n - 1 in an order that depends on the seed alone."""
    stream = draws(seed, "shuffle")
    keys = [stream.random() for _ in range(n)]
    return sorted(range(n), key=keys.__getitem__)


def _arrivals(stream: random.Random, n: int, *, duration_ns: int) -> NDArray[np.int64]:
    offsets = np.array([stream.random() for _ in range(n)], dtype=np.float64)
    return np.sort(np.floor(offsets * duration_ns).astype(np.int64))


def _bodies(stream: random.Random, n: int, classes: Sequence[int]) -> NDArray[np.int32]:
    filled = [(first, size) for first, size in zip(_firsts(classes), classes, strict=True) if size]
    chosen = np.empty(n, dtype=np.int32)
    for index in range(n):
        first, size = filled[int(stream.random() * len(filled))]
        chosen[index] = first + int(stream.random() * size)
    return chosen


def _firsts(classes: Sequence[int]) -> list[int]:
    return [sum(classes[:index]) for index in range(len(classes))]


def _refuse(name: str, expected: str, found: object, fix: str) -> NoReturn:
    raise BadInput(
        Problem(
            code=f"prove.{name}",
            where=f"the proof's {name}",
            expected=expected,
            found=shown(found),
            fix=fix,
        )
    )
