"""The application, asked in process: routes, errors, headers."""

import asyncio
import json
import logging
import threading

import pytest
from serve_doubles import (
    BROKEN,
    FATAL,
    NOT_FINITE,
    PANIC,
    TOO_LARGE,
    Caller,
    FakeScorer,
    Reply,
    app_of,
    ask,
    body_of,
    invoke,
    predictions_of,
)

from servable.serve import BatchLimits, Limits

GOOD = b'{"age": 40, "town": "x"}'


def test_ping_tells_which_model_this_process_serves() -> None:
    reply = ask("GET", "/ping")

    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json"
    body = reply.json
    assert body.pop("process_start")
    assert body == {
        "status": "ready",
        "artifact": "sha256:abc",
        "name": "model",
        "threads": 1,
        "degradations": ["no calibrator"],
    }


def test_ping_answers_503_while_draining_and_still_names_the_process() -> None:
    with app_of() as app:
        app.drain()
        reply = asyncio.run(Caller(app).send("GET", "/ping"))

    assert (reply.status, reply.json["status"], reply.json["artifact"]) == (503, "draining", "sha256:abc")
    assert reply.headers["retry-after"] == "5"


def test_requests_are_still_served_while_draining() -> None:
    with app_of() as app:
        app.drain()
        reply = asyncio.run(Caller(app).invoke(GOOD))

    assert reply.status == 200


def test_ping_and_invocations_answer_503_once_the_scoring_thread_has_died() -> None:
    async def main(caller: Caller) -> list[int]:
        died = await caller.invoke(body_of(FATAL))
        ping = await caller.send("GET", "/ping")
        after = await caller.invoke(GOOD)
        return [died.status, ping.status, after.status]

    with app_of(FakeScorer(is_cheap=False)) as app:
        statuses = asyncio.run(main(Caller(app)))

    assert statuses == [503, 503, 503]


@pytest.mark.parametrize("is_cheap", [True, False], ids=["on the loop", "in its thread"])
def test_an_engine_out_of_memory_fails_the_request_and_is_not_called_ready_again(is_cheap: bool) -> None:
    scorer = FakeScorer(is_cheap=is_cheap)

    async def main(caller: Caller) -> list[Reply]:
        return [await caller.invoke(body_of(30, TOO_LARGE, 40)), await caller.send("GET", "/ping")]

    with app_of(scorer) as app:
        failed, ping = asyncio.run(main(Caller(app)))

    assert [failed.status, ping.status] == [503, 503]
    assert failed.json["error"] == ping.json["error"]
    expected = "device cuda: expected memory for the tensors of a batch, found that it is exhausted; "
    assert failed.json["error"].startswith(expected)
    assert ping.json["status"] == "failed"
    assert scorer.batches == [3]  # smaller parts of it are not tried on a device that is exhausted


def test_one_record_is_scored() -> None:
    reply = invoke(GOOD)

    score = predictions_of([40.0])
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["content-length"] == str(len(reply.body))
    assert reply.json == {
        "predictions": [
            {
                "legacy-score": str(score.raw[0, 1]),
                "calibrated-score": str(score.calibrated[0, 1]),
                "output-label": "class-1",
            }
        ]
    }


def test_records_keep_their_order() -> None:
    ages = [float(age) for age in range(200)]

    reply = invoke(body_of(*ages))

    assert reply.positive_scores == predictions_of(ages).raw[:, 1].tolist()


def test_a_csv_request_scores_as_the_json_one() -> None:
    csv = invoke(b"40,x\n", content_type="text/csv")

    assert csv.json == invoke(GOOD).json


@pytest.mark.parametrize("accept", ["", "*/*", "application/json", "text/html, application/json;q=0.1"])
def test_the_answer_is_json_unless_something_else_is_preferred(accept: str) -> None:
    headers = {"accept": accept} if accept else {}

    reply = invoke(GOOD, **headers)

    assert reply.headers["content-type"] == "application/json"


def test_the_answer_is_csv_where_csv_is_preferred() -> None:
    reply = invoke(GOOD, accept="application/json;q=0.2, text/csv;q=0.8")

    assert reply.headers["content-type"] == "text/csv"
    assert reply.body.decode().endswith(",class-1\n")


def test_a_caller_who_does_not_care_gets_the_configured_type() -> None:
    with app_of(default_accept="text/csv") as app:
        reply = asyncio.run(Caller(app).invoke(GOOD, accept="*/*"))

    assert reply.headers["content-type"] == "text/csv"


ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"


def test_custom_attributes_come_back_unchanged() -> None:
    reply = invoke(GOOD, **{ATTRIBUTES: "trace-id=a b,C=~"})

    assert reply.headers[ATTRIBUTES] == "trace-id=a b,C=~"


def test_custom_attributes_come_back_with_an_error_too() -> None:
    reply = invoke(b"{", **{ATTRIBUTES: "trace-id=1"})

    assert (reply.status, reply.headers[ATTRIBUTES]) == (400, "trace-id=1")


@pytest.mark.parametrize("value", ["a" * 1025, "tab\there", "ü"])
def test_custom_attributes_that_are_long_or_not_printable_ascii_do_not_come_back(value: str) -> None:
    reply = invoke(GOOD, **{ATTRIBUTES: value})

    assert reply.status == 200
    assert ATTRIBUTES not in reply.headers


@pytest.mark.parametrize(
    ("status", "beginning", "body", "headers"),
    [
        (400, "Unsupported content type: header Content-Type: ", GOOD, {"content_type": "text/html"}),
        (400, "Unsupported content type: header Content-Type: ", GOOD, {"content_type": ""}),
        (400, "Invalid JSON format: body: ", b'{"age": 40', {}),
        (400, "Missing required feature columns: record 0", b'{"age": 40}', {}),
        (400, 'record 0, field "age": expected a number', b'{"age": "old", "town": "x"}', {}),
        (400, "body: ", b"", {}),
        (406, "header Accept: ", GOOD, {"accept": "image/png"}),
        (413, "", body_of(*([1.0] * 10_001)), {}),
        (415, "header Content-Encoding: expected identity", GOOD, {"content_encoding": "gzip"}),
    ],
)
def test_a_fault_of_the_caller_is_one_sentence(
    status: int, beginning: str, body: bytes, headers: dict[str, str]
) -> None:
    reply = invoke(body, **headers)

    assert reply.status == status
    assert reply.headers["content-type"] == "application/json"
    assert list(reply.json) == ["error"]
    assert reply.json["error"].startswith(beginning)
    assert len(reply.body) < 2048


def test_a_missing_content_type_is_refused() -> None:
    reply = ask("POST", "/invocations", body=GOOD)

    assert reply.status == 400
    assert reply.json["error"].startswith("Unsupported content type: ")


def test_content_encoding_identity_is_served() -> None:
    assert invoke(GOOD, content_encoding="identity").status == 200


@pytest.mark.parametrize(
    ("verb", "path", "status", "allow"),
    [
        ("GET", "/", 404, None),
        ("GET", "/ping/", 404, None),
        ("POST", "/models", 404, None),
        ("POST", "/ping", 405, "GET, HEAD"),
        ("GET", "/invocations", 405, "POST"),
        ("HEAD", "/ping", 200, None),
    ],
)
def test_a_route_knows_its_verbs(verb: str, path: str, status: int, allow: str | None) -> None:
    reply = ask(verb, path)

    assert (reply.status, reply.headers.get("allow")) == (status, allow)


@pytest.mark.parametrize("is_cheap", [True, False])
@pytest.mark.parametrize("age", [BROKEN, NOT_FINITE, PANIC])
def test_a_failure_of_the_model_names_the_record_and_keeps_its_inside_to_itself(
    age: float, is_cheap: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)

    reply = invoke(body_of(1.0, 2.0, age), scorer=FakeScorer(is_cheap=is_cheap))

    assert reply.status == 500
    assert reply.json["error"].startswith("record 2: expected a")
    fault_id = reply.json["error"].partition("(error id ")[2].rstrip(")")
    [line] = caplog.messages
    assert f"id={fault_id} " in line
    assert "serve_doubles.py" in line
    for secret in ("ValueError", "Panic", "Traceback", "secret"):
        assert secret not in reply.body.decode()
    assert "secret" not in caplog.text


class _BrokenSchema:
    def bind(self, table: object) -> None:
        raise KeyError("a secret of the payload")


def test_an_unexpected_error_is_500_with_an_id_that_the_log_has_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)

    reply = invoke(GOOD, scorer=FakeScorer(schema=_BrokenSchema()))

    assert reply.status == 500
    words, _, fault_id = reply.json["error"].rstrip(")").partition(" (error id ")
    assert words == "the server failed on this request"
    assert f"id={fault_id} KeyError at " in caplog.text
    assert "secret" not in caplog.text


def test_one_request_that_fails_does_not_fail_the_next() -> None:
    async def main(caller: Caller) -> list[int]:
        return [(await caller.invoke(body)).status for body in (body_of(BROKEN), GOOD)]

    with app_of() as app:
        statuses = asyncio.run(main(Caller(app)))

    assert statuses == [500, 200]


def test_a_full_queue_answers_429_at_once_and_ping_stays_ready() -> None:
    gate = threading.Event()
    scorer = FakeScorer(is_cheap=False, gate=gate)

    async def main(caller: Caller) -> tuple[list[int], str]:
        running = [asyncio.create_task(caller.invoke(GOOD)) for _ in range(2)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        refused = await caller.invoke(GOOD)
        ping = await caller.send("GET", "/ping")
        gate.set()
        answered = [(await task).status for task in running]
        return [refused.status, ping.status, *answered], refused.headers["retry-after"]

    with app_of(scorer, batch_limits=BatchLimits(row_budget=1, max_queue_rows=1)) as app:
        statuses, retry_after = asyncio.run(main(Caller(app)))

    assert statuses == [429, 200, 200, 200]
    assert retry_after == "1"


def test_a_client_that_leaves_before_its_body_is_complete_gets_no_answer() -> None:
    scorer = FakeScorer()
    with app_of(scorer) as app:
        reply = asyncio.run(
            Caller(app).send("POST", "/invocations", chunks=[GOOD[:5]], content_type="application/json")
        )

    assert reply is None
    assert scorer.batches == []


def test_bodies_in_flight_are_bounded_and_given_back() -> None:
    async def main(caller: Caller) -> list[int]:
        bodies = (GOOD, GOOD + b" " * 100, GOOD)
        return [(await caller.invoke(body)).status for body in bodies]

    with app_of(limits=Limits(bytes_in_flight=100)) as app:
        statuses = asyncio.run(main(Caller(app)))

    assert statuses == [200, 429, 200]


def test_a_request_cancelled_at_the_end_of_draining_is_told_so() -> None:
    gate = threading.Event()

    async def main(caller: Caller) -> int:
        task = asyncio.create_task(caller.invoke(GOOD))
        await asyncio.sleep(0)
        caller.app.drain()
        task.cancel()
        return (await task).status

    with app_of(FakeScorer(is_cheap=False, gate=gate)) as app:
        status = asyncio.run(main(Caller(app)))
        gate.set()

    assert status == 503


def test_a_request_that_is_cancelled_otherwise_gets_no_answer() -> None:
    gate = threading.Event()

    async def main(caller: Caller) -> None:
        task = asyncio.create_task(caller.invoke(GOOD))
        await asyncio.sleep(0)
        task.cancel()
        await task

    with app_of(FakeScorer(is_cheap=False, gate=gate)) as app:
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(main(Caller(app)))
        gate.set()


def test_a_small_request_to_a_cheap_model_makes_no_task_and_no_future() -> None:
    async def main(caller: Caller) -> int:
        loop = asyncio.get_running_loop()
        made: list[object] = []
        loop.set_task_factory(
            lambda loop, coro, **kw: made.append(coro) or asyncio.Task(coro, loop=loop, **kw)
        )
        status = (await caller.invoke(GOOD)).status
        assert made == []
        return status

    scorer = FakeScorer()
    with app_of(scorer) as app:
        status = asyncio.run(main(Caller(app)))

    assert status == 200
    assert scorer.called_in == {threading.main_thread().name}


def test_any_other_protocol_than_http_is_refused() -> None:
    async def never(*_: object) -> dict[str, object]:
        raise AssertionError

    with app_of() as app, pytest.raises(RuntimeError, match="speaks HTTP alone, not lifespan"):
        asyncio.run(app({"type": "lifespan"}, never, never))


def test_error_bodies_are_json_whatever_the_path_holds() -> None:
    reply = ask("GET", '/"\\\u00fc' + "x" * 500)

    assert json.loads(reply.body)["error"].startswith("path: expected one of /ping, /invocations, found ")
