"""Gates and the verdict: what a disturbed run may still say."""

import numpy as np
import pytest
from prove_doubles import a_plan, a_run

from servable.codecs import Answer
from servable.prove import Objective, Verdict
from servable.prove.claims import ERRORS, GOLDEN, LATENCY, RATE, judge_claims
from servable.prove.endpoint import Identity
from servable.prove.gates import Client, Gate, Sighting, judge_gates
from servable.prove.parity import Expected, Mode, ParityLine, ParityRule, Replayed, parity_line
from servable.prove.samples import Outcome, Samples
from servable.prove.verdict import Judgement, judge

LIMITS = Objective(rate_per_s=100, max_latency_ms=100, max_error_rate=0.01)
DIGEST = "sha256:1"
SAME = Identity(artifact=DIGEST, process_start="1")
IDLE_CLIENT = Client(cpu_s=0.1, wall_s=5.0, connections=4)


def parity(*, failure: str | None = None) -> ParityLine:
    scores = np.array([[0.25, 0.75]])
    expected = Expected(raw=scores, calibrated=scores, labels=("class-1",))
    answer = None if failure else Answer(raw=scores, calibrated=scores, labels=("class-1",))
    return parity_line(
        [Replayed(rows=(0,), answer=answer, failure=failure)],
        expected=expected,
        content_type="application/json",
        accept="application/json",
        mode=Mode.ALONE,
        rule=ParityRule.SAME_BUILD,
        left_out=0,
    )


def judged(
    samples: Samples,
    *,
    n: int | None = None,
    objective: Objective = LIMITS,
    line: ParityLine | None = None,
    client: Client = IDLE_CLIENT,
    before: Identity | None = SAME,
    after: Identity | None = SAME,
    died: bool = False,
    reached: bool = True,
) -> tuple[Judgement, dict[str, Gate]]:
    plan = a_plan(n or len(samples))
    claims = judge_claims(
        samples, objective=objective, plan=plan, parity=[line or parity()], endpoint_died=died
    )
    gates = judge_gates(
        samples,
        objective=objective,
        plan=plan,
        latency=claims[0],
        client=client,
        sighting=Sighting(expected_artifact=DIGEST, before=before, after=after, endpoint_died=died),
    )
    return judge(claims, gates, is_reached=reached), {gate.id: gate for gate in gates}


def late(samples: Samples, lag_ms: float, *, every: int = 1) -> Samples:
    """The same run sent late by the client: each answer is later by as much."""
    lag_ns = round(lag_ms * 1e6)
    samples.sent_ns[::every] += lag_ns
    samples.done_ns[::every] += lag_ns
    return samples


def failed(n: int, failures: int, outcome: Outcome) -> Samples:
    samples = a_run(n)
    samples.outcome[:failures] = outcome
    return samples


def test_a_good_run_is_a_pass_by_all_four_claims() -> None:
    judgement, gates = judged(a_run(473))

    assert judgement == Judgement(Verdict.PASS, (LATENCY, ERRORS, RATE, GOLDEN))
    assert all(gate.ok for gate in gates.values())


@pytest.mark.parametrize(
    ("verdict", "code"),
    [(Verdict.PASS, 0), (Verdict.FAIL, 1), (Verdict.INCONCLUSIVE, 3), (Verdict.INVALID, 4)],
)
def test_each_verdict_has_its_exit_code(verdict: Verdict, code: int) -> None:
    assert verdict.exit_code == code


def test_a_slow_endpoint_is_a_fail_by_latency() -> None:
    assert judged(a_run(473, slow=20))[0] == Judgement(Verdict.FAIL, (LATENCY,))


def test_a_few_slow_requests_decide_nothing() -> None:
    assert judged(a_run(473, slow=3))[0] == Judgement(Verdict.INCONCLUSIVE, (LATENCY,))


def test_298_requests_are_never_a_pass() -> None:
    assert judged(a_run(298))[0].verdict is Verdict.INCONCLUSIVE


def test_nothing_but_fast_failures_with_every_error_allowed_decides_nothing() -> None:
    anything = Objective(rate_per_s=100, max_latency_ms=100, max_error_rate=1)

    judgement, _ = judged(failed(473, 473, Outcome.STATUS), objective=anything)

    assert judgement == Judgement(Verdict.INCONCLUSIVE, (LATENCY,))


def test_wrong_golden_answers_are_a_fail() -> None:
    assert judged(a_run(473), line=parity(failure="status 500"))[0] == Judgement(Verdict.FAIL, (GOLDEN,))


def test_an_endpoint_that_was_never_ready_is_invalid() -> None:
    judgement, _ = judged(Samples.empty(), n=473, reached=False, before=None, after=None)

    assert judgement == Judgement(Verdict.INVALID, ("reached",))


class TestDisturbance:
    def test_a_pass_stays_a_pass_when_the_client_was_late(self) -> None:
        judgement, gates = judged(late(a_run(473), 30))

        assert judgement.verdict is Verdict.PASS
        assert gates["G3"].ok is False
        assert gates["G4"].ok is False

    def test_slowness_that_the_client_itself_caused_is_invalid(self) -> None:
        judgement, gates = judged(late(a_run(473), 300))

        assert judgement.verdict is Verdict.INVALID
        assert gates["G2"].value == 473
        assert gates["G2"].ok is False
        assert "G2" in judgement.reason

    def test_a_late_client_spoils_a_fail_by_latency(self) -> None:
        judgement, gates = judged(late(a_run(473, slow=20), 3))

        assert gates["G2"].ok
        assert judgement == Judgement(Verdict.INVALID, ("G3",))

    def test_sends_in_bursts_spoil_a_fail_by_latency(self) -> None:
        judgement, gates = judged(late(a_run(473, slow=20), 6, every=90))

        assert gates["G3"].ok is False
        assert gates["G4"].ok is False
        assert judgement.verdict is Verdict.INVALID

    def test_a_busy_client_spoils_a_fail_and_not_a_pass(self) -> None:
        busy = Client(cpu_s=3.6, wall_s=5.0, connections=4)

        assert judged(a_run(473, slow=20), client=busy)[0] == Judgement(Verdict.INVALID, ("G5",))
        assert judged(a_run(473), client=busy)[0].verdict is Verdict.PASS

    def test_requests_that_failed_for_want_of_files_spoil_a_fail_by_errors(self) -> None:
        judgement, _ = judged(failed(473, 30, Outcome.LOCAL))

        assert judgement == Judgement(Verdict.INVALID, ("G9",))

    @pytest.mark.parametrize("outcome", [Outcome.STATUS, Outcome.CONNECTION, Outcome.TIMEOUT])
    def test_lateness_of_the_client_does_not_excuse_errors_of_the_endpoint(self, outcome: Outcome) -> None:
        judgement, gates = judged(late(failed(473, 30, outcome), 3))

        assert gates["G3"].ok is False
        assert judgement == Judgement(Verdict.FAIL, (ERRORS,))

    def test_no_disturbance_excuses_wrong_scores(self) -> None:
        busy = Client(cpu_s=4.9, wall_s=5.0, connections=4)

        judgement, _ = judged(late(failed(473, 30, Outcome.WRONG), 30), client=busy)

        assert judgement == Judgement(Verdict.FAIL, (GOLDEN,))


class TestEveryVerdict:
    def test_requests_that_were_not_sent_make_a_run_invalid(self) -> None:
        samples = a_run(1000)
        samples.sent_ns[:2] = -1

        assert judged(samples)[0] == Judgement(Verdict.INVALID, ("G1",))

    def test_a_request_without_an_outcome_makes_a_run_invalid(self) -> None:
        assert judged(failed(473, 1, Outcome.NONE))[0] == Judgement(Verdict.INVALID, ("G1",))

    @pytest.mark.parametrize(
        "after",
        [Identity(artifact=DIGEST, process_start="2"), Identity(artifact="sha256:2", process_start="1")],
    )
    def test_another_endpoint_afterwards_makes_a_run_invalid(self, after: Identity) -> None:
        assert judged(a_run(473), after=after)[0] == Judgement(Verdict.INVALID, ("G10",))

    def test_an_endpoint_of_another_artifact_makes_a_run_invalid(self) -> None:
        other = Identity(artifact="sha256:2", process_start="1")

        judgement, gates = judged(a_run(473), before=other, after=other)

        assert judgement == Judgement(Verdict.INVALID, ("G10",))
        assert gates["G10"].note == "the endpoint serves sha256:2"

    def test_an_endpoint_that_does_not_say_who_it_is_can_pass_and_the_gate_says_so(self) -> None:
        judgement, gates = judged(a_run(473), before=None, after=None)

        assert judgement.verdict is Verdict.PASS
        assert gates["G10"].ok is None
        assert gates["G10"].note == "/ping of this endpoint names no artifact and no process start"


class TestDeath:
    def test_an_endpoint_that_died_is_a_fail_that_nothing_excuses(self) -> None:
        busy = Client(cpu_s=4.9, wall_s=5.0, connections=4)

        judgement, _ = judged(
            late(failed(473, 200, Outcome.CONNECTION), 30), died=True, after=None, client=busy
        )

        assert judgement == Judgement(Verdict.FAIL, (ERRORS,))

    def test_an_endpoint_that_died_of_its_golden_requests_is_a_fail(self) -> None:
        line = parity(failure="connection refused or closed")

        judgement, gates = judged(Samples.empty(), n=473, died=True, after=None, line=line)

        assert judgement == Judgement(Verdict.FAIL, (ERRORS, GOLDEN))
        assert gates["G1"].ok is None
