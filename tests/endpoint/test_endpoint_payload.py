"""Payloads of every strategy over the wire, answered as training scores them, and what must be refused."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from golden_records import Scores, decoded

import servable
from fixtures_models import Endpoint, Model, contents
from servable.artifact import read_artifact
from servable.codecs import decode_answer, decode_request, label_of
from servable.payload import generate, read_golden_answers, script, write_golden
from servable.payload.archive import PayloadRequest, read_payload
from servable.payload.facts import ModelFacts, facts_of
from servable.payload.illegal import illegal_requests, names_fault
from servable.payload.strategies import Strategy
from servable.prove.parity import Expected, Within, compare
from servable.records import Predictions, Records
from servable.scorer import Scorer

pytestmark = pytest.mark.slow

SAMPLES = {Strategy.TYPICAL: 4, Strategy.REALISTIC: 12}
RAW_WITHIN, CALIBRATED_WITHIN = 1e-5, 1e-4


class TrainingSide:
    """The engine of a training output, which is asked once for records that come in several forms."""

    def __init__(self, trained: Path) -> None:
        self._scorer: Scorer = servable.load(trained, threads=1)
        self._known: dict[object, Predictions] = {}

    def score(self, request: PayloadRequest) -> Predictions:
        records = self._scorer.schema.bind(decode_request(request.body, request.content_type))
        key = _key(records)
        if key not in self._known:
            self._known[key] = self._scorer.score_records(records)
        return self._known[key]


def _key(records: Records) -> object:
    columns = records.columns
    return columns.numbers.tobytes(), tuple(map(tuple, columns.strings.tolist()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """An endpoint of a packed model, and what it must answer by."""

    endpoint: Endpoint
    archive: Path
    trained: Path
    facts: ModelFacts
    training: TrainingSide

    def answer(self, request: PayloadRequest) -> Scores:
        return decoded(self.endpoint.invoke(request.body, request.content_type, accept=request.accept))


@pytest.fixture(scope="module", params=["trees", "text"])
def served(request: pytest.FixtureRequest) -> Served:
    is_text = request.param == "text"
    model: Model = request.getfixturevalue("text_model" if is_text else "model")
    return Served(
        endpoint=request.getfixturevalue("text_endpoint" if is_text else "endpoint"),
        archive=model.archive,
        trained=model.trained,
        facts=facts_of(read_artifact(model.archive)),
        training=TrainingSide(model.trained),
    )


@pytest.mark.parametrize("strategy", Strategy)
def test_every_file_of_a_strategy_is_answered_as_the_training_side_scores_it(
    strategy: Strategy, served: Served, tmp_path: Path
) -> None:
    summary = generate(
        served.archive,
        tmp_path / "payload.tar.gz",
        strategy=strategy,
        content_types=list(script.CONTENT_TYPES),
        samples=SAMPLES.get(strategy),
        seed=12,
    )
    cases = {file.name: file for file in summary.files}
    requests = read_payload(tmp_path / "payload.tar.gz").requests

    for request in requests:
        found, expected = served.answer(request), served.training.score(request)
        file = cases[request.name]

        told = f"{file.case} in {file.content_type}"
        assert len(expected) == file.records, told
        assert list(found.labels) == [label_of(int(index)) for index in expected.label], told
        assert np.abs(found.raw - expected.raw[:, 1]).max() <= RAW_WITHIN, told
        assert np.abs(found.calibrated - expected.calibrated[:, 1]).max() <= CALIBRATED_WITHIN, told

    assert {request.content_type for request in requests} == set(script.CONTENT_TYPES)
    assert len(requests) == len(summary.files)


def test_what_is_served_are_the_golden_answers_of_the_training_side(served: Served, tmp_path: Path) -> None:
    made = generate(
        served.archive, tmp_path / "payload.tar.gz", strategy=Strategy.REALISTIC, samples=4, seed=3
    )
    path = write_golden(made.archive, served.archive, reference=served.trained).path
    golden = read_golden_answers(path)
    payload = read_payload(made.archive, schema=served.facts.schema)

    golden.require_payload(payload)
    golden.require_tolerance(read_artifact(served.archive))
    assert not golden.document.is_packed
    for file, request in zip(golden.document.files, payload.requests, strict=True):
        reply = served.endpoint.invoke(request.body, request.content_type, accept=request.accept)
        expected = golden.answer_to(file, records=request.records)
        rule = Within(raw=golden.document.tolerance.raw, calibrated=file.calibrated_within)

        found = compare(Expected.of_answer(expected), decode_answer(reply.body, request.accept), rule)

        assert found is not None, file.name
        assert found.acceptable.all(), file.name
        assert not found.flipped.any(), file.name


def test_a_hostile_request_that_is_sent_again_gets_the_same_answer(served: Served, tmp_path: Path) -> None:
    generate(served.archive, tmp_path / "payload.tar.gz", strategy=Strategy.HOSTILE)

    for request in read_payload(tmp_path / "payload.tar.gz").requests:
        first, second = (served.endpoint.invoke(request.body, request.content_type) for _ in range(2))

        assert (first.status, first.body) == (second.status, second.body)


def test_every_illegal_request_is_refused_by_name_and_the_server_lives_on(served: Served) -> None:
    endpoint = served.endpoint
    plain = json.dumps(dict.fromkeys(served.facts.schema.names())).encode()
    before, log = endpoint.invoke(plain), endpoint.log.read_bytes()

    for request in illegal_requests(served.facts):
        reply = endpoint.invoke(request.data, request.content_type)

        assert (request.case, reply.status) == (request.case, request.status)
        assert list(reply.json) == ["error"], request.case
        assert names_fault(reply.json["error"], field=request.field, record=request.record), request.case

    after = endpoint.invoke(plain)
    assert (after.status, after.body) == (200, before.body)
    assert endpoint.ask("GET", "/ping").json["status"] == "ready"
    assert endpoint.process.poll() is None
    assert contents(endpoint.workdir) == {}
    assert endpoint.log.read_bytes() == log
