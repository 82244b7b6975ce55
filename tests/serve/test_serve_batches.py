"""How many records share a batch: as many as the model gains by, so that nobody waits for more."""

import asyncio
import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from serve_doubles import Caller, FakeScorer, app_of, body_of

import servable
from fixtures_models import Model
from servable.errors import BadInput
from servable.records import FloatArray, ModelInputs
from servable.scorer import Scorer
from servable.serve import BatchLimits, create_app
from servable.serve.batcher import Batcher


class Recorder:
    """An engine that notes how many records each of its calls had."""

    def __init__(self, scorer: Scorer) -> None:
        self._engine = scorer.engine
        self.features, self.classes = scorer.engine.features, scorer.engine.classes
        self.calls: list[int] = []

    def run(self, inputs: ModelInputs) -> FloatArray:
        self.calls.append(len(inputs))
        return self._engine.run(inputs)


@pytest.fixture(scope="module")
def text_scorer(text_model: Model) -> Scorer:
    return servable.load(text_model.archive, threads=1)


@pytest.mark.parametrize("rows", [1, 16, 256])
def test_the_queue_holds_sixteen_batches(rows: int) -> None:
    limits = BatchLimits.of_batches(rows)

    assert (limits.row_budget, limits.max_queue_rows) == (rows, 16 * rows)


def test_limits_of_256_records_are_the_default() -> None:
    assert BatchLimits.of_batches(256) == BatchLimits()


@pytest.mark.parametrize("rows", [0, -1])
def test_batches_of_no_record_are_refused(rows: int) -> None:
    with pytest.raises(BadInput, match="a batch of at least one record"):
        BatchLimits.of_batches(rows)


def test_a_network_of_texts_is_served_in_small_batches_and_trees_in_large_ones(
    text_scorer: Scorer, model: Model
) -> None:
    assert text_scorer.batch_rows == 16
    assert servable.load(model.archive).batch_rows == 256
    assert not text_scorer.is_cheap


@pytest.mark.parametrize(("batch_rows", "batches"), [(16, [16, 16, 1, 16, 2]), (256, [50, 1])])
def test_an_application_takes_the_size_of_batches_from_its_scorer(
    batch_rows: int, batches: list[int]
) -> None:
    scorer = FakeScorer(is_cheap=False, batch_rows=batch_rows, gate=threading.Event())
    finished: list[str] = []

    async def scenario(caller: Caller) -> None:
        async def note(name: str, body: bytes) -> None:
            reply = await caller.invoke(body)
            assert reply.status == 200
            finished.append(name)

        large = asyncio.create_task(note("large", body_of(*map(float, range(50)))))
        while not scorer.batches:  # the first batch is with the engine
            await asyncio.sleep(0.001)
        small = asyncio.create_task(note("small", body_of(1.0)))
        await asyncio.sleep(0.05)
        scorer.gate.set()
        await asyncio.gather(large, small)

    with app_of(scorer) as app:
        asyncio.run(asyncio.wait_for(scenario(Caller(app)), 30))

    assert scorer.batches == batches
    assert finished == (["small", "large"] if batch_rows == 16 else ["large", "small"])


def test_a_large_request_of_texts_is_cut_and_others_get_their_turn_between(
    text_scorer: Scorer, text_model: Model
) -> None:
    engine = Recorder(text_scorer)
    scorer = replace(text_scorer, engine=engine)
    golden = scorer.artifact.golden
    assert golden is not None
    records = scorer.schema.bind(golden.table())
    expected = text_scorer.score_records(records)
    one = scorer.schema.bind(replace(golden.table(), rows=golden.table().rows[3:4]))
    finished: list[str] = []

    async def scenario(batcher: Batcher) -> Any:
        async def note(name: str, asked: Any) -> Any:
            answer = await batcher.score(asked)
            finished.append(name)
            return answer

        return await asyncio.gather(
            note("large", records), note("first", one), note("second", one), note("third", one)
        )

    limits = BatchLimits.of_batches(scorer.batch_rows)
    batcher = Batcher(scorer.score_records, is_cheap=scorer.is_cheap, limits=limits)
    try:
        large, *small = asyncio.run(asyncio.wait_for(scenario(batcher), 60))
    finally:
        batcher.close()

    assert finished == ["first", "second", "third", "large"]
    assert engine.calls[:3] == [16, 16, 3]
    assert max(engine.calls) == 16
    assert sum(engine.calls) == records.n + 3
    assert np.abs(large.raw - expected.raw).max() <= 1e-6
    assert large.ids == records.ids
    assert all(np.abs(answer.raw - expected.raw[3]).max() <= 1e-6 for answer in small)


def test_an_application_of_a_text_model_can_be_made_and_closed(text_scorer: Scorer) -> None:
    app = create_app(text_scorer)

    reply = asyncio.run(Caller(app).send("GET", "/ping"))
    app.close()

    assert reply is not None
    assert (reply.json["status"], reply.json["threads"]) == ("ready", 1)
