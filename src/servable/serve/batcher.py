"""Greedy batching without a timer (decision 0015): what waits when the engine is free goes next.

Law: every request that `score` accepts gets exactly one outcome, whatever else shares its batches.
All methods run on the event loop; only the scoring itself may run on the scoring thread.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import Self

from servable.errors import BadInput, Busy, Problem, ServableError, Unavailable
from servable.records import Predictions, Records
from servable.serve.asgi import Client, ClientGoneError
from servable.serve.merge import cut, join
from servable.serve.scoring import Outcome, Part, Score, score_parts
from servable.serve.worker import ScoringThread


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLimits:
    """How much is scored at once and how much may wait.

    Attributes:
        row_budget: records of one batch; a larger request is cut into parts of this size, between
            which others get their turn.
        max_queue_rows: records that may wait. A large request counts as one batch, because that is
            how long it keeps another one waiting.
        inline_rows: a cheap model scores a request of at most so many records on the event loop,
            if nothing else waits or runs.
    """

    row_budget: int = 256
    max_queue_rows: int = 4096
    inline_rows: int = 64

    @classmethod
    def of_batches(cls, rows: int) -> Self:
        """Batches of so many records, and a queue of sixteen of them."""
        return cls(row_budget=rows, max_queue_rows=16 * rows)

    def __post_init__(self) -> None:
        if not 0 < self.row_budget <= self.max_queue_rows:
            raise BadInput(
                Problem(
                    code="serve.limit",
                    where="limits of the queue",
                    expected="a batch of at least one record, and a queue that holds at least one batch",
                    found=f"{self.row_budget} records in a batch and {self.max_queue_rows} in the queue",
                    fix="choose a larger queue",
                )
            )


@dataclass(slots=True, eq=False)
class _Request:
    """A request that waits: what of it has been taken, what has come back, and who wants it."""

    records: Records
    load: int
    client: Client | None
    answer: asyncio.Future[Predictions]
    taken: int = 0
    done: list[Predictions] = field(default_factory=list)

    @property
    def left(self) -> int:
        return self.records.n - self.taken

    def take(self, size: int) -> Part:
        """The next `size` records."""
        first, self.taken = self.taken, self.taken + size
        return Part(cut(self.records, first, self.taken), first)

    def drop_if_abandoned(self) -> bool:
        """Whether there is nothing more to do for it: it has failed, or nobody waits for it any more."""
        if not self.answer.done() and self.client is not None and self.client.disconnected:
            self.answer.set_exception(ClientGoneError())
        return self.answer.done()

    def settle(self, outcome: Outcome | None) -> None:
        """Take what became of one part; None if the thread died over it."""
        if self.answer.done():
            return
        if outcome is None:
            self.answer.set_exception(_stopped())
        elif isinstance(outcome, ServableError):
            self.answer.set_exception(outcome)
        else:
            self.done.append(outcome)
            if sum(map(len, self.done)) == self.records.n:
                self.answer.set_result(join(self.done, ids=self.records.ids))


class Batcher:
    """Scores the records of many requests with one engine that runs one batch at a time."""

    def __init__(self, score: Score, *, is_cheap: bool, limits: BatchLimits | None = None) -> None:
        self._score = score
        self._limits = limits or BatchLimits()
        self._inline_rows = self._limits.inline_rows if is_cheap else 0
        self._waiting: deque[_Request] = deque()
        self._load = 0
        self._is_running = False
        self._is_dead = False
        self._thread: ScoringThread[list[Outcome]] = ScoringThread()

    @property
    def queue_rows(self) -> int:
        """Records that wait, a large request counting as one batch."""
        return self._load

    def require_life(self) -> None:
        """Nothing, if the scoring thread works.

        Raises:
            Unavailable: `queue.stopped`.
        """
        if self._is_dead or not self._thread.is_alive:
            raise _stopped()

    def require_room(self, rows: int = 1) -> None:
        """Nothing, if so many more records may wait.

        Raises:
            Busy: `queue.full`.
            Unavailable: `queue.stopped`.
        """
        self.require_life()
        if self._load + min(rows, self._limits.row_budget) > self._limits.max_queue_rows:
            raise Busy(
                Problem(
                    code="queue.full",
                    where="queue",
                    expected=f"at most {self._limits.max_queue_rows} records to wait",
                    found=f"{self._load} already waiting",
                    fix="send the request again after a second",
                )
            )

    async def score(self, records: Records, *, client: Client | None = None) -> Predictions:
        """The predictions of a request's records, in order, with its ids.

        Raises:
            Busy, Unavailable: as `require_room`.
            ServableError: what the scorer raised for one of these records.
            ClientGoneError: the client left before its records' turn came.
        """
        if records.n <= self._inline_rows and not self._is_running and not self._waiting:
            self.require_room()
            outcome = score_parts(self._score, [Part(records)])[0]
            if isinstance(outcome, ServableError):
                raise outcome
            return outcome
        self.require_room(records.n)
        load = min(records.n, self._limits.row_budget)
        request = _Request(records, load, client, asyncio.get_running_loop().create_future())
        self._waiting.append(request)
        self._load += load
        self._start_next()
        return await request.answer

    def close(self, *, timeout_s: float = 1.0) -> None:
        """End the scoring thread; nothing may be scored afterwards."""
        self._is_dead = True
        self._thread.stop(timeout_s=timeout_s)

    def _start_next(self) -> None:
        if self._is_running:
            return
        batch = self._take()
        if batch:
            self._is_running = True
            run = partial(score_parts, self._score, [part for _, part in batch])
            self._thread.submit(run, done=partial(self._finish, [request for request, _ in batch]))

    def _take(self) -> list[tuple[_Request, Part]]:
        """The next batch, in turn; a request with more records than fit goes back to the end of the queue."""
        batch: list[tuple[_Request, Part]] = []
        room = self._limits.row_budget
        while self._waiting:
            request = self._waiting[0]
            if request.drop_if_abandoned():
                self._waiting.popleft()
                self._load -= request.load
                continue
            size = min(request.left, self._limits.row_budget)
            if size > room:
                break
            self._waiting.popleft()
            batch.append((request, request.take(size)))
            room -= size
            if request.left:
                self._waiting.append(request)
            else:
                self._load -= request.load
        return batch

    def _finish(self, requests: list[_Request], outcomes: list[Outcome] | None) -> None:
        self._is_running = False
        if outcomes is None:
            self._is_dead = True
            for request in (*requests, *self._waiting):
                request.settle(None)
            self._waiting.clear()
            self._load = 0
            return
        for request, outcome in zip(requests, outcomes, strict=True):
            request.settle(outcome)
        self._start_next()


def _stopped() -> Unavailable:
    return Unavailable(
        Problem(
            code="queue.stopped",
            where="server",
            expected="a scoring thread that runs",
            found="that it has ended",
            fix="restart the server",
        )
    )
