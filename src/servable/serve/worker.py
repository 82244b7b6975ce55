"""The one thread that owns the engine while it is not cheap enough to run on the event loop."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

from servable.serve.faults import log_fault

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Job(Generic[T]):
    run: Callable[[], T]
    loop: asyncio.AbstractEventLoop
    done: Callable[[T | None], None]


class ScoringThread(Generic[T]):
    """Runs one job after the other; a hand-over costs less than through an executor's two futures.

    A daemon, so that an engine that hangs cannot keep the process alive.
    """

    def __init__(self) -> None:
        self._jobs: SimpleQueue[_Job[T] | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name="scoring", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether a job that is submitted now will run."""
        return self._thread.is_alive()

    def submit(self, run: Callable[[], T], *, done: Callable[[T | None], None]) -> None:
        """Run a job; the running event loop calls `done` with its result, or with None if the thread died."""
        self._jobs.put(_Job(run, asyncio.get_running_loop(), done))

    def stop(self, *, timeout_s: float) -> None:
        """End the thread after the jobs that were submitted, waiting for it no longer than `timeout_s`."""
        self._jobs.put(None)
        self._thread.join(timeout_s)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            result: T | None = None
            try:
                result = job.run()
            except BaseException as error:  # jobs handle what they can; after this the thread is dead
                log_fault(error)
                return
            finally:
                with suppress(RuntimeError):  # the loop is closed: nobody waits for the result
                    job.loop.call_soon_threadsafe(job.done, result)
            del job, result  # a batch may be large, and the next one may be far away
