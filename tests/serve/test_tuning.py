"""A scorer made ready for its machine: on other threads, with the same scores."""

import os
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

import servable
from fixtures_models import Model
from servable.engines import usable_cores
from servable.records import FloatArray, ModelInputs
from servable.scorer import Scorer
from servable.tuning import tuned

RECORD = {"age": 33, "division": "Petite", "text": "a lovely dress"}

several_cores = pytest.mark.skipif(usable_cores() < 2, reason="on one core there is nothing to choose")


class Spy:
    """An engine that notes what it is asked."""

    def __init__(self, scorer: Scorer) -> None:
        self._engine = scorer.engine
        self.features, self.classes = scorer.engine.features, scorer.engine.classes
        self.asked: list[ModelInputs] = []

    def run(self, inputs: ModelInputs) -> FloatArray:
        self.asked.append(inputs)
        return self._engine.run(inputs)


@pytest.fixture(scope="module", params=["packed", "trained"])
def scorer(request: pytest.FixtureRequest, text_model: Model) -> Scorer:
    return servable.load(text_model.archive if request.param == "packed" else text_model.trained)


@pytest.fixture
def one_core() -> Iterator[None]:
    """This process, held to one core."""
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("this system holds no process to a core")
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    yield
    os.sched_setaffinity(0, before)


def records_of(scorer: Scorer) -> list[dict[str, object]]:
    golden = scorer.artifact.golden
    assert golden is not None
    table = golden.table()
    return [dict(zip(table.names or (), row, strict=True)) for row in table.rows[:40]]


def test_a_tuned_scorer_gives_the_scores_of_the_one_before(scorer: Scorer) -> None:
    records = [{**record, "order": "x"} for record in records_of(scorer)]

    found, choice = tuned(scorer)

    assert choice is not None
    assert np.abs(found.score(records).raw - scorer.score(records).raw).max() <= 5e-6
    assert found.threads == choice.threads
    assert found.threads in {1, usable_cores()}
    assert (found.artifact, found.preprocessor, found.calibrator) == (
        scorer.artifact,
        scorer.preprocessor,
        scorer.calibrator,
    )


def test_the_scorer_before_is_left_as_it_was(scorer: Scorer) -> None:
    engine = scorer.engine

    tuned(scorer)

    assert (scorer.engine, scorer.threads) == (engine, 1)


@several_cores
def test_the_measuring_is_done_with_one_record_of_middling_length(scorer: Scorer) -> None:
    golden = scorer.artifact.golden
    assert golden is not None
    spy = Spy(scorer)

    _, choice = tuned(replace(scorer, engine=spy))

    assert choice is not None
    assert list(choice.milliseconds) == [1, usable_cores()]
    assert {len(inputs) for inputs in spy.asked} == {1}
    assert len({id(inputs) for inputs in spy.asked}) == 1
    longest = max(
        len(chunk)
        for chunk in scorer.preprocessor.apply(scorer.schema.bind(golden.table())).texts["text"].token_ids
    )
    assert 3 < len(spy.asked[0].texts["text"].token_ids[0]) <= longest


@several_cores
def test_what_a_scorer_has_on_one_thread_is_not_opened_again(scorer: Scorer) -> None:
    slow = replace(scorer, engine=Spy(scorer))

    found, choice = tuned(slow)

    assert choice is not None
    assert (found.engine is slow.engine) == (choice.threads == 1)


@several_cores
def test_a_scorer_on_all_cores_is_not_taken_for_one_on_one_thread(text_model: Model) -> None:
    both = servable.load(text_model.archive, threads=usable_cores())

    found, choice = tuned(both)

    assert choice is not None
    assert (found.engine is both.engine) == (choice.threads == usable_cores())


def test_on_one_core_nothing_is_measured_and_the_engine_stays(scorer: Scorer, one_core: None) -> None:
    found, choice = tuned(scorer)

    assert choice is not None
    assert (choice.threads, dict(choice.milliseconds), choice.sentence()) == (1, {}, "1 thread")
    assert found.engine is scorer.engine


def test_trees_are_left_alone(model: Model) -> None:
    scorer = servable.load(model.archive)

    assert tuned(scorer) == (scorer, None)


def test_without_golden_records_there_is_nothing_to_measure_with(scorer: Scorer) -> None:
    without = replace(scorer, artifact=replace(scorer.artifact, golden=None))

    assert tuned(without) == (without, None)


def test_threads_that_are_asked_for_are_the_networks_alone(text_model: Model, model: Model) -> None:
    assert servable.load(text_model.archive).threads == 1
    assert servable.load(text_model.archive, threads=2).threads == 2
    assert servable.load(text_model.trained, threads=2).threads == 2
    assert servable.load(model.archive, threads=2).threads == 1


def test_torch_keeps_its_own_number_of_threads(text_model: Model) -> None:
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()

    tuned(servable.load(text_model.trained))[0].score(RECORD)

    assert torch.get_num_threads() == before
