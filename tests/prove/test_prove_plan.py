"""The plan of a proof and its schedule."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servable.errors import BadInput
from servable.prove import Objective, Warmup
from servable.prove.plan import Plan, make_plan, make_schedule, shuffled

rates = st.floats(0.5, 5000.0)
seeds = st.integers(0, 2**63)

FIRST_ARRIVALS = [1559092, 34918790, 98279751]
FIRST_BODIES = [3, 0, 3, 1, 0, 3, 2, 4]


def planned(rate: float = 20.0, *, latency_ms: float = 100.0, seed: int = 1, **options: object) -> Plan:
    objective = Objective(rate_per_s=rate, max_latency_ms=latency_ms, max_error_rate=0.01)
    defaults = {"content_types": ("a", "b"), "body_classes": (3, 0, 2), "min_duration_s": 0.0}
    return make_plan(objective, seed=seed, **{**defaults, **options})  # type: ignore[arg-type]  # a mixture


@settings(deadline=None)
@given(rates, seeds, st.integers(1, 1000))
def test_a_schedule_is_sorted_has_the_planned_count_and_stays_in_its_window(
    rate: float, seed: int, requests: int
) -> None:
    plan = planned(rate, seed=seed, min_requests=requests, warmup=Warmup(min_s=0.1, requests_per_type=3))

    at_ns = make_schedule(plan).at_ns

    warmup_ns = round(plan.warmup_s * 1e9)
    warm, measured = at_ns[: plan.warmup_n], at_ns[plan.warmup_n :]
    assert len(measured) == plan.n == requests
    assert bool((np.diff(at_ns) >= 0).all())
    assert warm[0] >= 0
    assert warm[-1] <= warmup_ns <= measured[0]
    assert measured[-1] <= warmup_ns + round(plan.duration_s * 1e9)


@settings(deadline=None)
@given(seeds)
def test_a_schedule_depends_on_nothing_but_its_plan(seed: int) -> None:
    one, again = make_schedule(planned(seed=seed)), make_schedule(planned(seed=seed))

    np.testing.assert_array_equal(one.at_ns, again.at_ns)
    np.testing.assert_array_equal(one.body, again.body)


def test_a_schedule_is_the_same_on_every_machine_and_in_every_year() -> None:
    schedule = make_schedule(planned(seed=7))

    assert schedule.at_ns[:3].tolist() == FIRST_ARRIVALS
    assert schedule.body[:8].tolist() == FIRST_BODIES


def test_another_seed_is_another_schedule() -> None:
    one, other = make_schedule(planned(seed=1)), make_schedule(planned(seed=2))

    assert not np.array_equal(one.at_ns, other.at_ns)
    assert not np.array_equal(one.body, other.body)


def test_arrivals_are_those_of_a_poisson_process() -> None:
    measured = make_schedule(planned(100.0, min_requests=20_000)).at_ns[-20_000:] / 1e9

    gaps = np.diff(measured)
    assert gaps.mean() == pytest.approx(0.01, rel=0.02)
    # exponential gaps: the standard deviation equals the mean, and a share of 1/e exceeds it
    assert gaps.std() == pytest.approx(0.01, rel=0.05)
    assert (gaps > 0.01).mean() == pytest.approx(math.exp(-1), abs=0.02)


def test_every_class_of_bodies_is_drawn_as_often_as_another_whatever_its_size() -> None:
    body = make_schedule(planned(min_requests=20_000, body_classes=(300, 0, 2))).body

    assert (body < 300).mean() == pytest.approx(0.5, abs=0.02)
    assert set(body[body >= 300].tolist()) == {300, 301}


@settings(deadline=None)
@given(rates, st.floats(1.0, 20_000.0))
def test_a_plan_offers_the_rate_exactly_and_at_least_473_requests(rate: float, latency_ms: float) -> None:
    plan = planned(rate, latency_ms=latency_ms, min_duration_s=10.0)

    assert plan.n >= max(473, rate * 10.0)
    assert plan.n / plan.duration_s == pytest.approx(rate)
    assert plan.timeout_s == pytest.approx(max(4 * latency_ms, latency_ms + 2000) / 1e3)


def test_headroom_raises_the_offered_rate() -> None:
    assert planned(20.0, headroom=1.5).rate_per_s == 30.0


@pytest.mark.parametrize(("rate", "seconds"), [(100.0, 5.0), (20.0, 5.0), (2.0, 50.0)])
def test_the_warm_up_takes_five_seconds_or_fifty_requests_of_each_type(rate: float, seconds: float) -> None:
    assert planned(rate).warmup_s == seconds
    assert planned(rate).warmup_n == math.ceil(rate * seconds)


@settings(deadline=None)
@given(st.integers(0, 200), seeds)
def test_a_shuffle_holds_every_number_once(n: int, seed: int) -> None:
    assert sorted(shuffled(n, seed=seed)) == list(range(n))
    assert shuffled(n, seed=seed) == shuffled(n, seed=seed)


def test_a_shuffle_changes_the_order_and_depends_on_the_seed() -> None:
    assert shuffled(24, seed=1) != list(range(24))
    assert shuffled(24, seed=1) != shuffled(24, seed=2)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"min_requests": 0}, "prove.requests"),
        ({"min_duration_s": math.inf}, "prove.duration"),
        ({"headroom": 0.5}, "prove.headroom"),
        ({"assurance": "standard"}, "prove.assurance"),
    ],
)
def test_a_plan_that_cannot_be_made_is_refused_in_words(options: dict[str, object], code: str) -> None:
    with pytest.raises(BadInput, match="expected") as refused:
        planned(**options)  # type: ignore[arg-type]  # wrong on purpose

    assert refused.value.code == code


def test_another_assurance_than_iid_is_refused_by_name() -> None:
    with pytest.raises(BadInput) as refused:
        planned(assurance="standard")

    assert str(refused.value) == (
        "the proof's assurance: expected `iid`, the only one that is built, found 'standard'; leave it out"
    )


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("rate_per_s", 0, "objective.rate"),
        ("rate_per_s", math.nan, "objective.rate"),
        ("rate_per_s", math.inf, "objective.rate"),
        ("max_latency_ms", 0, "objective.latency"),
        ("max_latency_ms", -1, "objective.latency"),
        ("max_error_rate", 1.01, "objective.errors"),
        ("max_error_rate", math.nan, "objective.errors"),
        ("percentile", 1.0, "objective.percentile"),
        ("confidence", 0.5, "objective.confidence"),
    ],
)
def test_an_objective_that_means_nothing_is_refused(field: str, value: float, code: str) -> None:
    limits = {"rate_per_s": 20, "max_latency_ms": 100, "max_error_rate": 0.01}

    with pytest.raises(BadInput) as refused:
        Objective(**{**limits, field: value})

    assert refused.value.code == code


def test_an_objective_of_whole_numbers_equals_one_of_fractions() -> None:
    whole = Objective(rate_per_s=20, max_latency_ms=100, max_error_rate=0)

    assert repr(whole) == repr(Objective(rate_per_s=20.0, max_latency_ms=100.0, max_error_rate=0.0))
