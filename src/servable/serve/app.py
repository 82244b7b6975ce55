"""The ASGI application of the hosting contract: `GET /ping` and `POST /invocations`.

bytes -> decode -> bind -> score -> encode -> bytes: one straight line, and one place that turns an
error into an answer. Nothing on the way makes a task; for a cheap model, nothing makes a future.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from servable.codecs import decode_request, encode_answer
from servable.errors import BadInput, NotFound, Problem, Unavailable, shown
from servable.records import Predictions, Records
from servable.serve.answers import JSON, Answer, answer_of, error_answer, json_answer, wrong_verb_answer
from servable.serve.asgi import CLIENT, Client, ClientGoneError, Receive, Scope, Send
from servable.serve.batcher import Batcher, BatchLimits
from servable.serve.bodies import Bodies
from servable.serve.errors import status_of
from servable.serve.faults import log_fault
from servable.serve.head import RequestHead, read_head
from servable.serve.identity import process_start
from servable.serve.limits import Limits
from servable.serve.scoring import Scoring

Handler = Callable[[Scope, RequestHead, Receive], Awaitable[Answer]]


def create_app(
    scorer: Scoring,
    *,
    limits: Limits | None = None,
    batch_limits: BatchLimits | None = None,
    default_accept: str = JSON,
) -> "App":
    """An application that is ready to serve a scorer; close it to end its scoring thread.

    Args:
        scorer: whose golden records have been replayed.
        limits: of the server; the application holds to `bytes_in_flight`, the protocol to the others.
        batch_limits: how much is scored at once and how much may wait.  [default: by the scorer]
        default_accept: content type of the answer to a caller who does not care.
    """
    batch_limits = batch_limits or BatchLimits.of_batches(scorer.batch_rows)
    batcher = Batcher(scorer.score_records, is_cheap=scorer.is_cheap, limits=batch_limits)
    bodies = Bodies(max_bytes=(limits or Limits()).bytes_in_flight)
    return App(scorer, batcher=batcher, bodies=bodies, default_accept=default_accept)


class App:
    """The application: ready, then draining; never ready again once its engine or its thread has failed."""

    def __init__(self, scorer: Scoring, *, batcher: Batcher, bodies: Bodies, default_accept: str) -> None:
        self._schema = scorer.schema
        self._batcher = batcher
        self._bodies = bodies
        self._default_accept = default_accept
        self._is_draining = False
        self._failure: Unavailable | None = None
        self._identity = {
            "artifact": scorer.artifact.digest,
            "name": scorer.artifact.name,
            "process_start": process_start(),
            "threads": scorer.threads,
            "degradations": list(scorer.degradations),
        }
        self._ready = json_answer(200, {"status": "ready", **self._identity})
        self._routes: Mapping[str, Mapping[str, Handler]] = MappingProxyType(
            {
                "/ping": {"GET": self._ping, "HEAD": self._ping},
                "/invocations": {"POST": self._invocations},
            }
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] != "http":
            raise RuntimeError(f"this application speaks HTTP alone, not {scope['type']}")
        head = read_head(scope["headers"])
        try:
            answer = await self._answer(scope, head, receive)
        except ClientGoneError:
            return
        except asyncio.CancelledError:
            # the server cancels what is left at the end of its drain time; any other cancellation goes on
            if not self._is_draining:
                raise
            answer = error_answer(_draining())
        except Exception as error:  # the HTTP boundary
            is_ours = status_of(error) == 500
            answer = error_answer(error, fault_id=log_fault(error) if is_ours else None)
        await answer.send(send, extra=head.echo())

    def drain(self) -> None:
        """Stop being ready: `/ping` answers 503 from now on, requests are served until the server ends."""
        self._is_draining = True

    def close(self) -> None:
        """End the scoring thread."""
        self._batcher.close()

    async def _answer(self, scope: Scope, head: RequestHead, receive: Receive) -> Answer:
        verbs = self._routes.get(scope["path"])
        if verbs is None:
            return error_answer(_unknown_path(scope["path"], list(self._routes)))
        handler = verbs.get(scope["method"])
        if handler is None:
            return wrong_verb_answer(_wrong_verb(scope["method"], list(verbs)), list(verbs))
        return await handler(scope, head, receive)

    async def _ping(self, scope: Scope, head: RequestHead, receive: Receive) -> Answer:
        if self._is_draining:
            return self._unready("draining", _draining())
        if self._failure is not None:
            return self._unready("failed", self._failure)
        try:
            self._batcher.require_life()
        except Unavailable as error:
            return self._unready("stopped", error)
        return self._ready

    def _unready(self, status: str, error: Unavailable) -> Answer:
        return json_answer(status_of(error), {"status": status, "error": str(error), **self._identity})

    async def _invocations(self, scope: Scope, head: RequestHead, receive: Receive) -> Answer:
        self._batcher.require_room()
        _require_identity(head.content_encoding)
        body = await self._bodies.read(receive)
        size = len(body)
        try:
            records = self._schema.bind(decode_request(body, head.content_type))
            del body  # while the records wait in the queue, nobody reads it
            client = scope.get("extensions", {}).get(CLIENT, {}).get("request")
            predictions = await self._score(records, client)
            accept = head.accept if head.accept not in ("", "*/*") else self._default_accept
            return answer_of(200, *encode_answer(predictions, accept))
        finally:
            self._bodies.release(size)

    async def _score(self, records: Records, client: Client | None) -> Predictions:
        """The predictions; an engine that cannot go on, out of memory, is never called ready again."""
        try:
            return await self._batcher.score(records, client=client)
        except Unavailable as error:
            self._failure = error
            raise


def _require_identity(content_encoding: str) -> None:
    if content_encoding.strip().lower() not in ("", "identity"):
        raise BadInput(
            Problem(
                code="http.content-encoding",
                where="header Content-Encoding",
                expected="identity or no such header",
                found=shown(content_encoding),
                fix="send the body uncompressed",
            )
        )


def _unknown_path(path: str, known: list[str]) -> NotFound:
    return NotFound(
        Problem(
            code="http.path",
            where="path",
            expected=f"one of {', '.join(known)}",
            found=shown(path),
            fix="send the request to one of these",
        )
    )


def _wrong_verb(verb: str, known: list[str]) -> BadInput:
    return BadInput(
        Problem(
            code="http.verb",
            where="verb",
            expected=" or ".join(known),
            found=shown(verb),
            fix="send the request with such a verb",
        )
    )


def _draining() -> Unavailable:
    return Unavailable(
        Problem(
            code="server.draining",
            where="server",
            expected="to be running",
            found="that it has been told to stop",
            fix="send the request to another server, or again when this one is back",
        )
    )
