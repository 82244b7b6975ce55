"""Claims judged from samples: latency, errors, rate, golden answers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prove_doubles import a_plan, a_run

from servable.prove import Objective
from servable.prove.bounds import allowed_events, rejecting_events
from servable.prove.claims import (
    ClaimVerdict,
    ErrorClaim,
    LatencyClaim,
    RateClaim,
    error_claim,
    golden_claim,
    latency_claim,
    latency_verdict,
    rate_claim,
)
from servable.prove.parity import Mode, ParityLine, ParityRule
from servable.prove.samples import Outcome, Samples

LIMITS = Objective(rate_per_s=100, max_latency_ms=500, max_error_rate=0.2)


def latency(samples: Samples, objective: Objective = LIMITS) -> LatencyClaim:
    return latency_claim(samples, objective=objective, duration_s=len(samples) / 100)


def errors(samples: Samples, *, limit: float = 0.2, died: bool = False) -> ErrorClaim:
    objective = Objective(rate_per_s=100, max_latency_ms=500, max_error_rate=limit)
    return error_claim(samples, objective=objective, duration_s=len(samples) / 100, endpoint_died=died)


def rate(samples: Samples, *, per_s: float = 100.0, warmup_n: int = 0) -> RateClaim:
    return rate_claim(
        samples, objective=LIMITS, plan=a_plan(len(samples) - warmup_n, rate=per_s, warmup_n=warmup_n)
    )


def with_failures(n: int, failures: int, *, outcome: Outcome, after_ms: float) -> Samples:
    samples = a_run(n)
    samples.outcome[:failures] = outcome
    samples.done_ns[:failures] = samples.scheduled_ns[:failures] + round(after_ms * 1e6)
    return samples


class TestLatency:
    def test_473_requests_pass_with_one_over_the_limit_and_not_with_two(self) -> None:
        assert latency(a_run(473, slow=1)).verdict is ClaimVerdict.PASS
        assert latency(a_run(473, slow=2)).verdict is ClaimVerdict.INCONCLUSIVE

    def test_a_fail_needs_a_lower_bound_above_the_limit(self) -> None:
        assert latency(a_run(473, slow=10)).verdict is ClaimVerdict.INCONCLUSIVE
        assert latency(a_run(473, slow=11)).verdict is ClaimVerdict.FAIL

    def test_298_fast_requests_are_never_a_pass(self) -> None:
        claim = latency(a_run(298))

        assert claim.verdict is ClaimVerdict.INCONCLUSIVE
        assert claim.p99_upper_ms is None
        assert claim.extra_s == pytest.approx(0.01, abs=0.05)

    def test_latency_counts_from_the_intended_send_time(self) -> None:
        samples = a_run(473)
        samples.sent_ns[:] = samples.scheduled_ns + 600_000_000
        samples.done_ns[:] = samples.sent_ns + 1_000_000

        assert latency(samples).k == 473

    def test_exactly_the_limit_is_within_it(self) -> None:
        assert latency(a_run(473, response_ms=500)).k == 0

    def test_a_fast_failure_is_not_in_the_population_and_a_slow_one_is_an_exceedance(self) -> None:
        fast = latency(with_failures(473, 100, outcome=Outcome.STATUS, after_ms=1))
        slow = latency(with_failures(473, 100, outcome=Outcome.TIMEOUT, after_ms=2500))

        assert (fast.k, fast.n) == (0, 373)
        assert (slow.k, slow.n) == (100, 473)

    def test_it_fails_when_every_request_hung_past_the_limit(self) -> None:
        samples = with_failures(473, 473, outcome=Outcome.TIMEOUT, after_ms=2500)

        assert latency(samples).verdict is ClaimVerdict.FAIL

    def test_it_is_not_evaluated_when_every_request_failed_and_one_of_them_fast(self) -> None:
        samples = with_failures(473, 473, outcome=Outcome.TIMEOUT, after_ms=2500)
        samples.done_ns[0] = samples.scheduled_ns[0] + 1

        claim = latency(samples)

        assert claim.verdict is ClaimVerdict.NOT_EVALUATED
        assert claim.upper is None

    def test_it_is_not_evaluated_without_requests(self) -> None:
        assert latency(Samples.empty()).verdict is ClaimVerdict.NOT_EVALUATED

    @given(st.lists(st.integers(1, 2_000), min_size=1, max_size=700))
    @settings(deadline=None)
    def test_it_passes_exactly_when_the_bound_of_the_percentile_is_within_the_limit(
        self, ms: list[int]
    ) -> None:
        samples = a_run(len(ms))
        samples.done_ns[:] = samples.scheduled_ns + np.array(ms) * 1_000_000

        claim = latency(samples)

        bounded = claim.p99_upper_ms is not None and claim.p99_upper_ms <= 500
        assert (claim.verdict is ClaimVerdict.PASS) == bounded

    @given(st.integers(1, 3000), st.data())
    @settings(deadline=None, max_examples=50)
    def test_its_verdict_is_that_of_the_tables_of_allowed_and_rejecting_counts(
        self, n: int, data: st.DataObject
    ) -> None:
        allowed = allowed_events(n, 0.01, LIMITS.alpha)
        rejecting = rejecting_events(n, 0.01, LIMITS.fail_alpha)
        k = data.draw(st.integers(0, min(n, 2 * rejecting)))

        expected = ClaimVerdict.INCONCLUSIVE
        if k <= allowed:
            expected = ClaimVerdict.PASS
        elif k >= rejecting:
            expected = ClaimVerdict.FAIL
        assert latency(a_run(n, slow=k)).verdict is expected

    def test_the_percentile_is_the_smallest_time_with_99_per_cent_at_or_below(self) -> None:
        samples = a_run(1000)
        samples.done_ns[:] = samples.scheduled_ns + np.arange(1, 1001) * 100_000

        assert latency(samples).p99_point_ms == 99.0

    def test_an_endpoint_exactly_at_the_limit_seldom_passes_or_fails(self) -> None:
        slow = np.random.default_rng(9).binomial(1000, 0.01, size=2000)
        verdicts = [latency_verdict(int(k), 1000, LIMITS) for k in slow]

        # the promised levels are 5 % and 1.67 %
        assert verdicts.count(ClaimVerdict.PASS) <= 0.05 * 2000
        assert verdicts.count(ClaimVerdict.FAIL) <= 0.0167 * 2000
        assert verdicts.count(ClaimVerdict.PASS) > 0


class TestErrors:
    def test_thirteen_requests_cannot_prove_an_error_rate_of_20_per_cent_and_fourteen_can(self) -> None:
        assert errors(a_run(13)).verdict is ClaimVerdict.INCONCLUSIVE
        assert errors(a_run(14)).verdict is ClaimVerdict.PASS

    @pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.OK])
    def test_whatever_is_not_a_right_answer_is_an_error(self, outcome: Outcome) -> None:
        claim = errors(with_failures(100, 60, outcome=outcome, after_ms=1))

        assert claim.kinds == {outcome.name.lower(): 60}
        assert claim.verdict is ClaimVerdict.FAIL

    def test_a_limit_of_zero_passes_without_errors_and_prints_the_bound(self) -> None:
        claim = errors(a_run(473), limit=0)

        assert claim.verdict is ClaimVerdict.PASS
        assert claim.claim_kind == "zero_observed"
        assert claim.upper == pytest.approx(0.0063, abs=1e-4)

    def test_a_limit_of_zero_fails_with_one_error(self) -> None:
        samples = with_failures(473, 1, outcome=Outcome.STATUS, after_ms=1)

        assert errors(samples, limit=0).verdict is ClaimVerdict.FAIL

    def test_a_limit_of_one_is_vacuous(self) -> None:
        samples = with_failures(473, 473, outcome=Outcome.STATUS, after_ms=1)

        claim = errors(samples, limit=1)

        assert claim.verdict is ClaimVerdict.PASS
        assert claim.claim_kind == "vacuous"

    def test_an_endpoint_that_died_fails_however_few_requests_it_cost(self) -> None:
        claim = errors(a_run(473), died=True)

        assert claim.verdict is ClaimVerdict.FAIL
        assert claim.endpoint_died

    def test_an_undecided_share_says_how_much_longer_would_decide(self) -> None:
        claim = errors(with_failures(100, 16, outcome=Outcome.STATUS, after_ms=1))

        assert claim.verdict is ClaimVerdict.INCONCLUSIVE
        assert claim.extra_s is not None
        again = round((100 + claim.extra_s * 100) * 1.03)  # counts are whole, the hint is not
        longer = with_failures(again, round(0.16 * again), outcome=Outcome.STATUS, after_ms=1)
        assert errors(longer).verdict is ClaimVerdict.PASS


class TestRate:
    def test_it_holds_where_every_request_ends_soon_after_it_was_sent(self) -> None:
        claim = rate(a_run(473))

        assert claim.verdict is ClaimVerdict.PASS
        assert claim.offered == 100.0

    def test_it_fails_when_requests_were_not_sent(self) -> None:
        samples = a_run(1000)
        samples.sent_ns[:2] = -1

        assert rate(samples).broken == ("sent",)

    def test_a_queue_that_grows_fails_even_while_no_request_is_over_the_latency_limit(self) -> None:
        samples = a_run(1000, rate=1000.0)
        # served at 80 % of the offered rate: each request waits a little longer than the one before
        samples.done_ns[:] = (np.arange(1, 1001) * 1e9 / 800).astype(np.int64)

        assert latency(samples).k == 0
        claim = rate(samples, per_s=1000.0)
        assert claim.verdict is ClaimVerdict.FAIL
        assert {"finished", "in flight trend"} <= set(claim.broken)

    def test_warm_up_requests_that_end_in_the_measured_time_count_as_finished(self) -> None:
        # 8 requests are under way at either end: what the one end lacks, the other brings
        claim = rate(a_run(1000, response_ms=80), warmup_n=500)

        assert claim.finished_per_s == pytest.approx(100.0, rel=0.005)

    def test_a_steady_endpoint_seldom_fails_it(self) -> None:
        assert steady_failures(runs=300) <= 6

    def test_without_a_load_it_is_not_evaluated(self) -> None:
        claim = rate_claim(Samples.empty(), objective=LIMITS, plan=a_plan(473))

        assert claim.verdict is ClaimVerdict.NOT_EVALUATED


def steady_failures(*, runs: int) -> int:
    """Runs out of so many that a steady endpoint with 8 requests under way fails (Poisson arrivals)."""
    random = np.random.default_rng(5)
    failures = 0
    for _ in range(runs):
        scheduled = np.sort(np.concatenate([random.random(200) * 2.0, 2.0 + random.random(473) * 4.73]))
        samples = a_run(673)
        samples.scheduled_ns[:] = samples.sent_ns[:] = (scheduled * 1e9).astype(np.int64)
        samples.done_ns[:] = samples.scheduled_ns + (random.lognormal(-2.7, 0.6, 673) * 1e9).astype(np.int64)
        failures += rate(samples, warmup_n=200).verdict is ClaimVerdict.FAIL
    return failures


class TestGolden:
    def line(self, *, records: int = 24, acceptable: int = 24) -> ParityLine:
        return ParityLine(
            content_type="application/json",
            accept="application/json",
            mode=Mode.ALONE,
            rule=ParityRule.SAME_BUILD,
            records=records,
            left_out=0,
            answered=records,
            acceptable=acceptable,
            bit_equal=acceptable,
            max_abs_raw=0.0,
            max_abs_calibrated=0.0,
            decades=(0,) * 7,
            flips=0,
            first_failure=None,
            worst=(),
        )

    def test_it_holds_when_every_golden_answer_is_right(self) -> None:
        claim = golden_claim([self.line(), self.line()], a_run(100))

        assert claim.verdict is ClaimVerdict.PASS
        assert (claim.rows, claim.under_load) == (48, 100)

    def test_one_wrong_answer_before_the_load_fails_it(self) -> None:
        assert golden_claim([self.line(acceptable=23)], a_run(100)).verdict is ClaimVerdict.FAIL

    def test_one_wrong_answer_under_load_fails_it(self) -> None:
        samples = with_failures(1000, 1, outcome=Outcome.WRONG, after_ms=1)

        assert golden_claim([self.line()], samples).verdict is ClaimVerdict.FAIL

    def test_without_golden_answers_it_is_not_evaluated(self) -> None:
        assert golden_claim([], a_run(100)).verdict is ClaimVerdict.NOT_EVALUATED
