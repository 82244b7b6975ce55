"""Figures that explain a run, and what a proof says of the machine."""

import platform

import numpy as np
import pytest
from prove_doubles import a_plan, a_run

from servable.prove import Objective
from servable.prove.endpoint import redacted
from servable.prove.environment import describe_environment, installed, is_same_build
from servable.prove.figures import latency_figures, timeline, warnings
from servable.prove.plan import Plan
from servable.prove.samples import Outcome, Samples

LIMITS = Objective(rate_per_s=100, max_latency_ms=500, max_error_rate=0.01)


def with_warmup(n: int, warmup_n: int, *, warmup_ms: float = 10.0) -> tuple[Samples, Plan]:
    samples = a_run(n + warmup_n, response_ms=10.0, slow=warmup_n, slow_ms=warmup_ms)
    return samples, a_plan(n, warmup_n=warmup_n)


def test_the_warm_up_stands_apart_from_the_measured_requests() -> None:
    samples, plan = with_warmup(3000, 500, warmup_ms=80.0)

    figures = latency_figures(samples, plan=plan, objective=LIMITS)

    assert figures["response"] == {"p50": 10.0, "p90": 10.0, "p99": 10.0, "p999": 10.0, "max": 10.0}
    assert figures["warmup"]["requests"] == 500
    assert figures["warmup"]["first"] == 80.0
    assert figures["warmup"]["response"]["max"] == 80.0


def test_a_p999_needs_2995_requests() -> None:
    for n, expected in ((2994, None), (2995, 10.0)):
        samples, plan = with_warmup(n, 0)
        assert latency_figures(samples, plan=plan, objective=LIMITS)["response"]["p999"] == expected


def test_service_time_counts_from_the_actual_send_and_response_time_from_the_intended_one() -> None:
    samples, plan = with_warmup(100, 0)
    samples.sent_ns[:] += 4_000_000

    figures = latency_figures(samples, plan=plan, objective=LIMITS)

    assert figures["response"]["p50"] == 10.0
    assert figures["service"]["p50"] == 6.0
    assert figures["send_lag"]["p99"] == 4.0


def test_every_measured_request_is_in_the_timeline_once() -> None:
    samples, plan = with_warmup(730, 200)
    samples.outcome[300:310] = Outcome.STATUS

    figures = timeline(samples, plan=plan)

    assert sum(figures["sent"]) == 730
    assert sum(figures["errors"]) == 10
    assert np.add(figures["ok"], figures["errors"]).tolist() == figures["sent"]
    assert figures["sent"][:7] == [100] * 7
    assert len({len(column) for name, column in figures.items() if name != "bucket_s"}) == 1


def test_a_long_run_is_told_in_at_most_601_steps() -> None:
    samples, plan = with_warmup(2000, 0)
    hours = a_plan(2000, rate=0.5)
    samples.scheduled_ns[:] *= 200

    assert timeline(samples, plan=plan)["bucket_s"] == 1
    assert timeline(samples, plan=hours)["bucket_s"] == 7
    assert len(timeline(samples, plan=hours)["sent"]) <= 601


def test_a_run_without_requests_has_no_figures() -> None:
    figures = latency_figures(Samples.empty(), plan=a_plan(473), objective=LIMITS)

    assert figures["response"] == {"p50": None, "p90": None, "p99": None, "p999": None, "max": None}
    assert timeline(Samples.empty(), plan=a_plan(473))["sent"] == []


def test_a_warm_up_that_was_still_slow_at_its_end_is_told() -> None:
    slow, plan = with_warmup(1000, 200, warmup_ms=80.0)
    even, _ = with_warmup(1000, 200)

    assert warnings(slow, plan=plan, gates=()) == [
        "the warm-up was too short: its last second had a median of 80 ms, the first 5 measured seconds 10 ms"
    ]
    assert warnings(even, plan=plan, gates=()) == []


def test_the_same_libraries_are_the_same_build() -> None:
    here = installed("numpy")

    assert here is not None
    assert is_same_build({"numpy": here, "a-library-for-training-only": "1.0"})
    assert not is_same_build({"numpy": "0.1"})
    assert not is_same_build({})


def test_an_environment_names_neither_machine_nor_folders() -> None:
    environment = describe_environment(["numpy", "no-such-package"])

    assert environment["packages"] == {"numpy": installed("numpy")}
    assert platform.node() not in environment.values()


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('File "/usr/lib/python3/asyncio/base.py", line 3', 'File "base.py", line 3'),
        ("GET /ping 200, see http://127.0.0.1/a/b", "GET /ping 200, see http://127.0.0.1/a/b"),
        ("cannot open /home/somebody/model.tar.gz: gone", "cannot open model.tar.gz: gone"),
        ("nothing to hide 3/4", "nothing to hide 3/4"),
    ],
)
def test_log_lines_lose_their_folders(line: str, shown: str) -> None:
    assert redacted(line) == shown
