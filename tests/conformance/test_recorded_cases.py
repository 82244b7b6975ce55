"""Artifacts, requests and answers of an implementation that is not ours: scores, refusals, model inputs."""

from collections.abc import Callable
from pathlib import Path

import pytest
from conformance_replay import replay_case
from recorded_suite import Case, Suite, at_collection
from roads import ThroughHandler, ThroughScorer

pytestmark = pytest.mark.conformance


@pytest.mark.parametrize("name", at_collection(lambda suite: [case.name for case in suite.cases]))
def test_every_recorded_request_gets_its_right_answer(name: str, suite: Suite) -> None:
    tally = replay_case(suite.case(name), ThroughHandler(suite.root))

    assert tally.disagreements == []
    assert tally.stored + tally.expected == tally.requests > 0


def _to_pack(suite: Suite) -> list[str]:
    """Every kind that has no graph of its own, and one that has."""
    kinds = suite.one_of_each_kind()
    with_graph = [kind for kind in kinds if "on onnx" in kind]
    return [kind for kind in kinds if kind not in with_graph[1:]]


@pytest.mark.slow
@pytest.mark.parametrize("kind", at_collection(_to_pack))
def test_a_packed_artifact_gives_the_same_answers(
    kind: str, suite: Suite, packed: Callable[[Case], Path]
) -> None:
    case = suite.one_of_each_kind()[kind]

    tally = replay_case(case, ThroughScorer(), artifact=packed(case))

    assert tally.disagreements == []


def test_tokens_and_numbers_of_every_network_and_booster_were_compared(suite: Suite) -> None:
    compared = {case.kind for case in suite.cases if any(r.steps is not None for r in case.requests())}

    assert compared == set(suite.one_of_each_kind())
