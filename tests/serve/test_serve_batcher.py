"""The batcher: exactly one outcome for every request, whatever shares its batches."""

import asyncio
import threading
from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from serve_doubles import BROKEN, FATAL, NOT_FINITE, PANIC, FakeScorer, predictions_of, records_of

from servable.errors import BadInput, Busy, Problem, ServableError, Unavailable
from servable.records import Predictions, Records
from servable.serve.asgi import ClientGoneError
from servable.serve.batcher import Batcher, BatchLimits


def run_with(
    scorer: FakeScorer, scenario: Any, *, limits: BatchLimits | None = None, is_cheap: bool = False
) -> Any:
    """The result of a scenario, a coroutine function of a batcher, on a fresh event loop."""
    batcher = Batcher(scorer.score_records, is_cheap=is_cheap, limits=limits)
    try:
        return asyncio.run(asyncio.wait_for(scenario(batcher), 30))
    finally:
        if scorer.gate is not None:
            scorer.gate.set()
        batcher.close()


async def together(*coroutines: Coroutine[Any, Any, Any]) -> list[Any]:
    return list(await asyncio.gather(*coroutines, return_exceptions=True))


async def settled(batcher: Batcher, *, rows: int) -> None:
    """Wait until so many records wait in the queue."""
    while batcher.queue_rows != rows:
        await asyncio.sleep(0.001)


class Client(SimpleNamespace):
    disconnected = False


requests = st.lists(
    st.lists(st.sampled_from([1.0, 2.0, 3.0, 4.0, BROKEN, NOT_FINITE, PANIC]), min_size=1, max_size=9),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(requests, st.integers(1, 7), st.booleans())
def test_every_request_gets_its_own_scores_or_its_own_failure(
    lists: list[list[float]], row_budget: int, is_cheap: bool
) -> None:
    limits = BatchLimits(row_budget=row_budget, inline_rows=3)
    scorer = FakeScorer()

    async def scenario(batcher: Batcher) -> tuple[list[Any], int]:
        ids = [tuple(f"{index}-{i}" for i in range(len(part))) for index, part in enumerate(lists)]
        outcomes = await together(
            *(batcher.score(records_of(part, ids=own)) for part, own in zip(lists, ids, strict=True))
        )
        return outcomes, batcher.queue_rows

    outcomes, left = run_with(scorer, scenario, limits=limits, is_cheap=is_cheap)

    assert left == 0
    for index, (ages, outcome) in enumerate(zip(lists, outcomes, strict=True)):
        bad = next((i for i, age in enumerate(ages) if age in (BROKEN, NOT_FINITE, PANIC)), None)
        if bad is None:
            assert np.array_equal(outcome.raw, predictions_of(ages).raw)
            assert outcome.ids == tuple(f"{index}-{i}" for i in range(len(ages)))
        else:
            assert isinstance(outcome, ServableError)
            assert outcome.problems[0].where == f"record {bad}"


def test_what_waits_while_the_engine_runs_goes_next_as_one_batch() -> None:
    gate = threading.Event()
    scorer = FakeScorer(gate=gate)

    async def scenario(batcher: Batcher) -> None:
        tasks = [asyncio.create_task(batcher.score(records_of([float(age)]))) for age in range(6)]
        await settled(batcher, rows=5)
        gate.set()
        await asyncio.gather(*tasks)

    run_with(scorer, scenario)

    assert scorer.batches == [1, 5]
    assert scorer.called_in == {"scoring"}


def test_a_batch_holds_no_more_records_than_its_budget() -> None:
    gate = threading.Event()
    scorer = FakeScorer(gate=gate)

    async def scenario(batcher: Batcher) -> None:
        tasks = [asyncio.create_task(batcher.score(records_of([1.0, 2.0]))) for _ in range(6)]
        await settled(batcher, rows=10)
        gate.set()
        await asyncio.gather(*tasks)

    run_with(scorer, scenario, limits=BatchLimits(row_budget=5))

    assert scorer.batches == [2, 4, 4, 2]


def test_a_large_request_lets_others_have_a_turn() -> None:
    gate = threading.Event()
    scorer = FakeScorer(gate=gate)
    finished: list[str] = []

    async def scenario(batcher: Batcher) -> None:
        async def note(name: str, ages: list[float]) -> Predictions:
            answer = await batcher.score(records_of(ages))
            finished.append(name)
            return answer

        ages = [float(age) for age in range(10)]
        large = asyncio.create_task(note("large", ages))
        small = asyncio.create_task(note("small", [7.0]))
        await settled(batcher, rows=3)  # the rest of the large one counts as one batch
        gate.set()
        assert np.array_equal((await large).raw, predictions_of(ages).raw)
        assert np.array_equal((await small).raw, predictions_of([7.0]).raw)

    run_with(scorer, scenario, limits=BatchLimits(row_budget=2))

    assert finished == ["small", "large"]
    assert scorer.batches == [2, 2, 1, 2, 2, 2]


def test_a_request_that_does_not_fit_is_refused_at_once_and_the_others_are_served() -> None:
    gate = threading.Event()
    scorer = FakeScorer(gate=gate)

    async def scenario(batcher: Batcher) -> Busy:
        tasks = [asyncio.create_task(batcher.score(records_of([1.0]))) for _ in range(4)]
        await settled(batcher, rows=3)
        with pytest.raises(Busy) as refused:
            await batcher.score(records_of([1.0]))
        gate.set()
        await asyncio.gather(*tasks)
        await batcher.score(records_of([1.0]))
        return refused.value

    error = run_with(scorer, scenario, limits=BatchLimits(row_budget=2, max_queue_rows=3))

    assert error.code == "queue.full"
    assert sum(scorer.batches) == 5


def test_a_request_larger_than_the_whole_queue_is_served_when_nothing_waits() -> None:
    ages = [float(age) for age in range(50)]

    async def scenario(batcher: Batcher) -> Predictions:
        return await batcher.score(records_of(ages))

    found = run_with(FakeScorer(), scenario, limits=BatchLimits(row_budget=4, max_queue_rows=8))

    assert np.array_equal(found.raw, predictions_of(ages).raw)


def test_nothing_is_scored_for_a_client_that_has_left() -> None:
    gate = threading.Event()
    scorer = FakeScorer(gate=gate)

    async def scenario(batcher: Batcher) -> Any:
        client = Client()
        first = asyncio.create_task(batcher.score(records_of([1.0])))
        second = asyncio.create_task(batcher.score(records_of([2.0]), client=client))
        await settled(batcher, rows=1)
        client.disconnected = True
        gate.set()
        outcomes = await together(first, second)
        assert batcher.queue_rows == 0
        return outcomes

    outcomes = run_with(scorer, scenario)

    assert isinstance(outcomes[1], ClientGoneError)
    assert scorer.batches == [1]


def test_nothing_is_scored_for_a_task_that_was_cancelled() -> None:
    gate = threading.Event()
    scorer = FakeScorer(gate=gate)

    async def scenario(batcher: Batcher) -> None:
        first = asyncio.create_task(batcher.score(records_of([1.0])))
        second = asyncio.create_task(batcher.score(records_of([2.0])))
        third = asyncio.create_task(batcher.score(records_of([3.0])))
        await settled(batcher, rows=2)
        second.cancel()
        gate.set()
        await asyncio.gather(first, third)
        assert batcher.queue_rows == 0

    run_with(scorer, scenario)

    assert scorer.batches == [1, 1]


def test_the_rest_of_a_large_request_is_not_scored_once_a_part_of_it_has_failed() -> None:
    scorer = FakeScorer()

    async def scenario(batcher: Batcher) -> None:
        with pytest.raises(ServableError, match="record 1: expected a score from the model"):
            await batcher.score(records_of([1.0, BROKEN, 3.0, 4.0, 5.0, 6.0]))
        assert batcher.queue_rows == 0
        await batcher.score(records_of([1.0]))

    run_with(scorer, scenario, limits=BatchLimits(row_budget=2))

    assert scorer.batches == [2, 1, 1, 1]


def test_a_cheap_model_scores_a_small_request_where_it_stands() -> None:
    scorer = FakeScorer()

    async def scenario(batcher: Batcher) -> None:
        await batcher.score(records_of([1.0] * 64))
        await batcher.score(records_of([1.0] * 65))

    run_with(scorer, scenario, is_cheap=True)

    assert scorer.batches == [64, 65]
    assert scorer.called_in == {threading.main_thread().name, "scoring"}


def test_a_cheap_model_is_never_in_two_threads_at_once() -> None:
    gate = threading.Event()
    scorer = FakeScorer(gate=gate)

    async def scenario(batcher: Batcher) -> None:
        large = asyncio.create_task(batcher.score(records_of([1.0] * 65)))
        await asyncio.sleep(0)
        small = asyncio.create_task(batcher.score(records_of([1.0])))
        await settled(batcher, rows=1)
        gate.set()
        await asyncio.gather(large, small)

    run_with(scorer, scenario, is_cheap=True)

    assert scorer.called_in == {"scoring"}


def test_when_the_thread_dies_everybody_is_told_and_nobody_waits_for_ever() -> None:
    gate = threading.Event()
    scorer = FakeScorer(gate=gate)

    async def scenario(batcher: Batcher) -> list[Any]:
        tasks = [asyncio.create_task(batcher.score(records_of([age]))) for age in (FATAL, 1.0, 2.0)]
        await settled(batcher, rows=2)
        gate.set()
        outcomes = await together(*tasks)
        assert batcher.queue_rows == 0
        with pytest.raises(Unavailable):
            batcher.require_life()
        return [*outcomes, *await together(batcher.score(records_of([1.0])))]

    outcomes = run_with(scorer, scenario)

    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 4


def test_an_error_keeps_its_family_and_gets_the_number_of_its_record() -> None:
    def refuse_seven(records: Records) -> Predictions:
        ages = records.columns["age"]
        if 7.0 in ages:
            index = int(np.flatnonzero(ages == 7.0)[0])
            problem = Problem(
                code="request.number", where=f'record {index}, field "age"', expected="a", found="b", fix="c"
            )
            raise BadInput(problem)
        return predictions_of(ages)

    async def scenario(batcher: Batcher) -> None:
        with pytest.raises(BadInput, match='record 5, field "age": expected a, found b; c'):
            await batcher.score(records_of([1.0, 2.0, 3.0, 4.0, 5.0, 7.0]))

    batcher = Batcher(refuse_seven, is_cheap=False, limits=BatchLimits(row_budget=3))
    asyncio.run(scenario(batcher))
    batcher.close()


def test_a_scorer_that_returns_too_few_scores_fails_the_request_and_no_other() -> None:
    def forget_one(records: Records) -> Predictions:
        return predictions_of(records.columns["age"][1:])

    async def scenario(batcher: Batcher) -> None:
        with pytest.raises(ServableError, match="expected 1 scores for 1 records, found 0"):
            await batcher.score(records_of([1.0, 2.0]))

    batcher = Batcher(forget_one, is_cheap=True)
    asyncio.run(scenario(batcher))
    batcher.close()


def test_records_that_can_be_scored_only_one_by_one_are() -> None:
    def score_one(records: Records) -> Predictions:
        if records.n > 1:
            raise MemoryError
        return predictions_of(records.columns["age"])

    async def scenario(batcher: Batcher) -> Predictions:
        return await batcher.score(records_of([1.0, 2.0, 3.0], ids=("a", "b", "c")))

    batcher = Batcher(score_one, is_cheap=True)
    found = asyncio.run(scenario(batcher))
    batcher.close()

    assert np.array_equal(found.raw, predictions_of([1.0, 2.0, 3.0]).raw)
    assert found.ids == ("a", "b", "c")


def test_a_queue_smaller_than_a_batch_is_refused() -> None:
    with pytest.raises(BadInput, match="choose a larger queue"):
        BatchLimits(row_budget=10, max_queue_rows=9)


@pytest.mark.slow
def test_under_a_storm_with_deserters_every_request_is_settled_once() -> None:
    scorer = FakeScorer(row_s=0.0002)
    limits = BatchLimits(row_budget=16, max_queue_rows=64)
    rng = np.random.default_rng(7)
    kinds = rng.choice([1.0, 2.0, BROKEN, NOT_FINITE], size=400, p=[0.5, 0.4, 0.05, 0.05])
    sizes = rng.integers(1, 40, size=400)
    kinds[1:3], sizes[1:3] = (NOT_FINITE, 1.0), 1  # they find room in the queue however slow the machine is

    async def one(batcher: Batcher, index: int) -> str:
        client = Client(disconnected=False)
        ages = [float(index)] * int(sizes[index] - 1) + [float(kinds[index])]
        task = asyncio.create_task(batcher.score(records_of(ages), client=client))
        if index % 11 == 0:
            await asyncio.sleep(0.001)
            task.cancel()
        if index % 13 == 0:
            client.disconnected = True
        outcome = (await together(task))[0]
        if isinstance(outcome, Predictions):
            assert np.array_equal(outcome.raw, predictions_of(ages).raw)
        return type(outcome).__name__

    async def scenario(batcher: Batcher) -> list[str]:
        tasks = []
        for index in range(400):
            tasks.append(asyncio.create_task(one(batcher, index)))
            if index % 8 == 0:
                await asyncio.sleep(0.002)
        names = await asyncio.gather(*tasks)
        assert batcher.queue_rows == 0
        return names

    names = run_with(scorer, scenario, limits=limits)

    assert len(names) == 400
    assert set(names) <= {"Predictions", "ServableError", "Busy", "CancelledError", "ClientGoneError"}
    assert {"Predictions", "ServableError", "Busy"} <= set(names)
