"""A scorer with settable latency and failures, an in-process caller, and a server in a thread."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

from servable.engines import out_of_memory
from servable.errors import Problem, ServableError
from servable.records import Columns, Predictions, Records
from servable.schema import Field, Kind, Schema
from servable.serve import App, BatchLimits, Limits, create_app, open_socket
from servable.serve.server import build_server

SCHEMA = Schema(
    fields=(Field("age", Kind.NUMERIC), Field("town", Kind.CATEGORICAL)),
    classes=("no", "yes"),
    id_name="id",
    csv_columns=("age", "town"),
)
BROKEN, NOT_FINITE, PANIC, FATAL, TOO_LARGE = 666.0, 667.0, 668.0, 669.0, 670.0
"""Ages on which the scorer fails: with a ValueError, a ServableError, a BaseException, for good, and for want
of memory on its device."""


class Panic(BaseException):
    """What a Rust library raises when it panics."""


@dataclass
class FakeScorer:
    """Scores by age; notes the sizes of the batches and the threads that it was called in."""

    is_cheap: bool = True
    row_s: float = 0.0
    gate: threading.Event | None = None
    batches: list[int] = field(default_factory=list)
    called_in: set[str] = field(default_factory=set)
    batch_rows: int = 256
    threads: int = 1
    schema: Schema = SCHEMA
    degradations: tuple[str, ...] = ("no calibrator",)
    artifact: Any = field(default_factory=lambda: SimpleNamespace(name="model", digest="sha256:abc"))

    def score_records(self, records: Records) -> Predictions:
        self.batches.append(records.n)
        self.called_in.add(threading.current_thread().name)
        if self.gate is not None:
            assert self.gate.wait(10)
        time.sleep(self.row_s * records.n)
        ages = records.columns["age"]
        if BROKEN in ages:
            raise ValueError("could not convert 'a secret of the payload'")
        if PANIC in ages:
            raise Panic
        if FATAL in ages:
            raise SystemExit
        if TOO_LARGE in ages:
            raise out_of_memory("cuda")
        if NOT_FINITE in ages:
            first = int(np.flatnonzero(ages == NOT_FINITE)[0])
            raise ServableError(
                Problem(
                    code="score.not-finite",
                    where=f"record {first}",
                    expected="a finite score from the model",
                    found="NaN or infinity",
                    fix="look at the model",
                )
            )
        return predictions_of(ages, ids=records.ids)


def predictions_of(ages: Any, *, ids: tuple[object, ...] | None = None) -> Predictions:
    positive = 1 / (1 + np.exp(-np.nan_to_num(np.asarray(ages, dtype=float)) / 1000))
    raw = np.column_stack([1 - positive, positive])
    return Predictions(raw=raw, calibrated=raw / 2, ids=ids)


def records_of(ages: list[float], *, ids: tuple[object, ...] | None = None) -> Records:
    towns = np.array([f"t{age}" for age in ages] + [None], dtype=object)[:-1]
    return Records(
        columns=Columns.of({"age": np.array(ages, dtype=float), "town": towns}, len(ages)),
        n=len(ages),
        ids=ids,
    )


def body_of(*ages: float) -> bytes:
    return json.dumps([{"age": age, "town": "x"} for age in ages]).encode()


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def positive_scores(self) -> list[float]:
        return [float(item["legacy-score"]) for item in self.json["predictions"]]


class Caller:
    """Speaks ASGI with an application, as a server would."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.client = SimpleNamespace(disconnected=False)

    async def send(
        self,
        verb: str,
        path: str,
        *,
        body: bytes = b"",
        chunks: list[bytes] | None = None,
        **headers: str,
    ) -> Reply | None:
        """The reply, or None if the application made none."""
        pieces = [body] if chunks is None else list(chunks)
        is_whole = chunks is None  # given chunks, the client leaves after the last one
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            if not pieces:
                return {"type": "http.disconnect"}
            piece = pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": not is_whole}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": verb,
            "path": path,
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
            "extensions": {"servable.client": {"request": self.client}},
        }
        await self.app(scope, receive, send)
        if not sent:
            return None
        start, end = sent
        names = {name.decode(): value.decode() for name, value in start["headers"]}
        return Reply(start["status"], names, end["body"])

    async def invoke(self, body: bytes, *, content_type: str = "application/json", **headers: str) -> Reply:
        reply = await self.send("POST", "/invocations", body=body, content_type=content_type, **headers)
        assert reply is not None
        return reply


@contextmanager
def app_of(scorer: FakeScorer | None = None, **options: Any) -> Iterator[App]:
    app = create_app(scorer or FakeScorer(), **options)
    try:
        yield app
    finally:
        app.close()


def ask(verb: str, path: str, *, scorer: FakeScorer | None = None, **request: Any) -> Reply:
    """One request to a fresh application."""
    with app_of(scorer) as app:
        reply = asyncio.run(Caller(app).send(verb, path, **request))
    assert reply is not None
    return reply


def invoke(body: bytes, *, scorer: FakeScorer | None = None, **headers: str) -> Reply:
    """One POST to /invocations of a fresh application."""
    with app_of(scorer) as app:
        return asyncio.run(Caller(app).invoke(body, **headers))


@contextmanager
def serving(
    scorer: FakeScorer | None = None,
    *,
    limits: Limits | None = None,
    batch_limits: BatchLimits | None = None,
) -> Iterator[int]:
    """The port of a real server that runs in a thread until the end of the block."""
    ready = threading.Event()
    with app_of(scorer, batch_limits=batch_limits) as app, closing(open_socket("127.0.0.1", 0)) as sock:
        server = build_server(app, limits=limits or Limits(), on_ready=lambda _: ready.set())
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
        port = sock.getsockname()[1]
        thread.start()
        try:
            assert ready.wait(30)
            yield port
        finally:
            server.should_exit = True
            server.force_exit = True
            thread.join(30)
            assert not thread.is_alive()


class Wire:
    """A raw connection to a server."""

    def __init__(self, port: int, *, timeout_s: float = 20.0) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout_s)
        self._rest = b""

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *exc: object) -> None:
        self.socket.close()

    def write(self, data: bytes) -> None:
        self.socket.sendall(data)

    def reply(self) -> Reply | None:
        """The next answer, or None if the server closed the connection before one."""
        while b"\r\n\r\n" not in self._rest:
            if not self._receive():
                return None
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        status_line, *lines = head.decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        length = int(headers.get("content-length", "0"))
        while len(self._rest) < length:
            if not self._receive():
                return None
        body, self._rest = self._rest[:length], self._rest[length:]
        return Reply(int(status_line.split(" ")[1]), headers, body)

    def is_closed(self) -> bool:
        """Whether the server ends the connection without another byte."""
        return not self._rest and not self._receive()

    def _receive(self) -> bool:
        try:
            data = self.socket.recv(65_536)
        except ConnectionResetError:
            data = b""
        self._rest += data
        return bool(data)


def request_bytes(
    target: str = "/ping", *, verb: str = "GET", body: bytes = b"", host: bool = True, **headers: str
) -> bytes:
    """A well-formed HTTP/1.1 request."""
    lines = [f"{verb} {target} HTTP/1.1", *(["Host: test"] if host else [])]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def invocation_bytes(*ages: float, **headers: str) -> bytes:
    """A well-formed POST of records to /invocations."""
    return request_bytes(
        "/invocations", verb="POST", body=body_of(*ages), content_type="application/json", **headers
    )


def settle(port: int) -> None:
    """Return once a server has seen what was sent before: it has answered what came later."""
    for _ in range(3):
        with Wire(port) as wire:
            wire.write(request_bytes())
            reply = wire.reply()
        assert reply is not None
        assert reply.status == 200
