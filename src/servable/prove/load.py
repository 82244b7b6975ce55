"""The load run: sends every request of a schedule at its time, and records what came of it.

Open loop: a request is sent when its time has come, whatever the earlier ones do, and its latency
counts from that intended time. Nothing is decoded here: an answer that equals the expected bytes is
right, any other is kept and judged after the run.

Timers of the usual loop wait whole milliseconds; `select` waits microseconds, at the price of file
numbers below 1,024 (docs/proving.md, "Load").
"""

import asyncio
import gc
import resource
import selectors
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from servable.progress import Progress
from servable.prove.connection import IDLE, Address, Connection, connect, outcome_of
from servable.prove.plan import Plan, Schedule
from servable.prove.response import Response
from servable.prove.samples import Outcome, Samples

Alarm = Callable[[asyncio.AbstractEventLoop, float, Callable[[], None]], object]
"""How the client is woken at a time of the loop's clock, in seconds."""

_SELECT_FILES: Final = 1_024
_ANY_FILES: Final = 2**31
_MOST_SELECTED_CONNECTIONS: Final = 900
_MOST_FIRST_CONNECTIONS: Final = 64
_LEAD_S: Final = 0.05
_PROGRESS_S: Final = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Ammunition:
    """The bytes of one body's request, and of the answer that it must get where that is known."""

    wire: bytes
    expected: bytes | None


@dataclass(slots=True, kw_only=True)
class LoadRecord:
    """What a run left behind.

    Attributes:
        samples: a row per planned request; outcome NONE where the answer is among `unsettled`.
        unsettled: (body index, answer) -> requests with this answer, which was not the expected bytes.
        refusals: status -> body index and answer of the first request that got it.
        cpu_s: processor time of this process from the first measured request to the end.
        wall_s: time of the clock over the same.
        connections: connections opened.
    """

    samples: Samples
    unsettled: dict[tuple[int, bytes], list[int]] = field(default_factory=dict)
    refusals: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    cpu_s: float = 0.0
    wall_s: float = 0.0
    connections: int = 0


def loop_alarm(loop: asyncio.AbstractEventLoop, at_s: float, wake: Callable[[], None]) -> object:
    """The loop's own timer: the alarm of every proof; a test may pass one that is late."""
    return loop.call_at(at_s, wake)


def run_load(
    address: Address,
    bodies: Sequence[Ammunition],
    *,
    plan: Plan,
    schedule: Schedule,
    alarm: Alarm,
    progress: Progress,
) -> LoadRecord:
    """The record of a run: the warm-up and, without a pause, the measured requests.

    It ends by itself: every request has an outcome at the latest `plan.timeout_s` after it was sent.

    Args:
        address: the endpoint.
        bodies: what may be sent, by body index.
        plan: rate and timeout.
        schedule: when to send what.
        alarm: how the client is woken.
        progress: told of requests sent, a few times a second.
    """
    is_precise = plan.rate_per_s * plan.timeout_s <= _MOST_SELECTED_CONNECTIONS
    with _quiet_memory(), asyncio.Runner(loop_factory=_select_loop if is_precise else None) as runner:
        load = _Load(
            runner.get_loop(),
            address,
            bodies,
            plan=plan,
            schedule=schedule,
            alarm=alarm,
            max_files=_SELECT_FILES if is_precise else _ANY_FILES,
        )
        return runner.run(load.run(progress))


class _Load:
    """The state of one run; the listener of its connections."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        address: Address,
        bodies: Sequence[Ammunition],
        *,
        plan: Plan,
        schedule: Schedule,
        alarm: Alarm,
        max_files: int,
    ) -> None:
        self._loop = loop
        self._address = address
        self._wires = [body.wire for body in bodies]
        self._expected = [body.expected for body in bodies]
        self._plan = plan
        self._at_ns: list[int] = schedule.at_ns.tolist()
        self._body: list[int] = schedule.body.tolist()
        self._alarm = alarm
        self._max_files = max_files
        self._timeout_ns = round(plan.timeout_s * 1e9)
        self._record = LoadRecord(samples=Samples.planned(schedule.at_ns, schedule.body))
        self._idle: list[Connection] = []
        self._under_way: dict[int, Connection | asyncio.Task[None]] = {}
        self._deadlines: deque[tuple[int, int]] = deque()
        self._is_sweeping = False
        self._next = 0
        self._left = len(self._at_ns)
        self._start_ns = 0
        self._cpu_start = self._wall_start = 0.0
        self._done: asyncio.Future[None] = loop.create_future()

    async def run(self, progress: Progress) -> LoadRecord:
        """See `run_load`."""
        self._loop.set_exception_handler(self._fail)
        await self._open_first()
        self._start_ns = time.monotonic_ns() + round(_LEAD_S * 1e9)
        self._arm()
        self._tell(progress)
        try:
            await self._done
        finally:
            for holder in (*self._idle, *self._under_way.values()):
                if isinstance(holder, Connection):
                    holder.abandon()
                else:
                    holder.cancel()
            await asyncio.sleep(0)  # sockets are closed in the next turn of the loop
        self._record.cpu_s = _cpu_s() - self._cpu_start
        self._record.wall_s = time.monotonic() - self._wall_start
        progress("load", len(self._at_ns), len(self._at_ns))
        return self._record

    def finished(self, connection: Connection, result: Response | Outcome) -> None:
        """See `Listener`."""
        request = connection.request
        connection.request = IDLE
        self._record.samples.first_byte_ns[request] = (
            connection.first_byte_ns - self._start_ns if connection.first_byte_ns >= 0 else -1
        )
        if isinstance(result, Outcome):
            self._end(request, result)
            return
        if result.keeps_alive:
            self._idle.append(connection)
        samples, body = self._record.samples, self._body[request]
        samples.status[request] = result.status
        samples.bytes[request] = len(result.body)
        if not 200 <= result.status < 300:
            self._record.refusals.setdefault(result.status, (body, result.body))
            self._end(request, Outcome.STATUS)
        elif result.body == self._expected[body]:
            self._end(request, Outcome.OK)
        else:
            self._record.unsettled.setdefault((body, result.body), []).append(request)
            self._end(request, Outcome.NONE)

    def lost(self, connection: Connection) -> None:
        """See `Listener`."""
        if connection in self._idle:
            self._idle.remove(connection)

    def _arm(self) -> None:
        at_s = (self._start_ns + self._at_ns[self._next]) / 1e9
        self._alarm(self._loop, at_s, self._wake)

    def _wake(self) -> None:
        """Send every request whose time has come, then sleep until the next one's."""
        while self._next < len(self._at_ns):
            now = time.monotonic_ns()
            if now - self._start_ns < self._at_ns[self._next]:
                self._arm()
                return
            self._send(self._next, now)
            self._next += 1

    def _send(self, request: int, now: int) -> None:
        if request == self._plan.warmup_n:
            self._cpu_start, self._wall_start = _cpu_s(), time.monotonic()
        self._record.samples.sent_ns[request] = now - self._start_ns
        self._deadlines.append((now + self._timeout_ns, request))
        if self._idle:
            connection = self._idle.pop()
            self._under_way[request] = connection
            connection.ask(request, self._wires[self._body[request]])
        else:
            task = self._loop.create_task(self._connect_and_ask(request))
            task.add_done_callback(self._check)
            self._under_way[request] = task
        if not self._is_sweeping:
            self._is_sweeping = True
            self._loop.call_at((now + self._timeout_ns) / 1e9, self._sweep)

    async def _connect_and_ask(self, request: int) -> None:
        try:
            connection = await self._connect()
        except OSError as error:
            self._end(request, outcome_of(error))
            return
        self._under_way[request] = connection
        connection.ask(request, self._wires[self._body[request]])

    async def _connect(self) -> Connection:
        connection = await connect(self._address, self, clock=time.monotonic_ns, max_files=self._max_files)
        self._record.connections += 1
        return connection

    async def _open_first(self) -> None:
        """Open a few connections before the run; who cannot be reached shows in the requests."""
        most_under_way = self._plan.rate_per_s * self._plan.timeout_s
        for _ in range(min(_MOST_FIRST_CONNECTIONS, 2 + int(most_under_way / 4.0))):
            try:
                self._idle.append(await asyncio.wait_for(self._connect(), self._plan.timeout_s))
            except OSError:
                return

    def _sweep(self) -> None:
        """Give up every request that is past its deadline."""
        now = time.monotonic_ns()
        while self._deadlines and (
            self._deadlines[0][0] <= now or self._deadlines[0][1] not in self._under_way
        ):
            _, request = self._deadlines.popleft()
            holder = self._under_way.get(request)
            if holder is None:
                continue
            if isinstance(holder, Connection):
                holder.abandon()
            else:
                holder.cancel()
            self._end(request, Outcome.TIMEOUT)
        self._is_sweeping = bool(self._deadlines)
        if self._deadlines:
            self._loop.call_at(self._deadlines[0][0] / 1e9, self._sweep)

    def _end(self, request: int, outcome: Outcome) -> None:
        self._under_way.pop(request, None)
        samples = self._record.samples
        samples.done_ns[request] = time.monotonic_ns() - self._start_ns
        samples.outcome[request] = outcome
        self._left -= 1
        if not self._left and not self._done.done():
            self._done.set_result(None)

    def _tell(self, progress: Progress) -> None:
        progress("load", self._next, len(self._at_ns))
        self._loop.call_later(_PROGRESS_S, self._tell, progress)

    def _check(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None and not self._done.done():
            self._done.set_exception(error)

    def _fail(self, _: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        """A fault in a callback ends the run instead of leaving it short of an outcome."""
        error = context.get("exception")
        if not self._done.done():
            self._done.set_exception(
                error if isinstance(error, Exception) else RuntimeError(str(context.get("message")))
            )


def _select_loop() -> asyncio.AbstractEventLoop:
    return asyncio.SelectorEventLoop(selectors.SelectSelector())


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


@contextmanager
def _quiet_memory() -> Iterator[None]:
    """No garbage collection meanwhile: a pause of the client would count as the endpoint's."""
    was_enabled = gc.isenabled()
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        if was_enabled:
            gc.enable()
