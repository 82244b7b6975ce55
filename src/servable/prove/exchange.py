"""Asking one request after the other, before the load."""

import asyncio
import time
from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Final

from servable.prove.connection import IDLE, Address, Connection, connect, outcome_of
from servable.prove.response import Response
from servable.prove.samples import Outcome

MOST_TIMEOUTS: Final = 3
_ANY_FILES: Final = 2**31


class Connections(Enum):
    """On what requests go that are asked one after the other."""

    ONE = auto()
    """The same for all, as long as it lives."""
    EACH = auto()
    """A new one for each request."""


def ask_in_turn(
    address: Address,
    wires: Sequence[bytes],
    *,
    timeout_s: float,
    advance: Callable[[], None],
    connections: Connections = Connections.ONE,
) -> list[Response | Outcome]:
    """What came of each request, one at a time.

    After three requests without an answer in time the rest are not asked, and count as timed out:
    an endpoint that hangs must not hold the proof for hours.

    Args:
        address: the endpoint.
        wires: whole requests.
        timeout_s: after which a request is given up.
        advance: called after each request.
        connections: on what they go.
    """
    with asyncio.Runner() as runner:
        return runner.run(
            _ask_in_turn(address, wires, timeout_s=timeout_s, advance=advance, connections=connections)
        )


async def _ask_in_turn(
    address: Address,
    wires: Sequence[bytes],
    *,
    timeout_s: float,
    advance: Callable[[], None],
    connections: Connections,
) -> list[Response | Outcome]:
    caller = _Caller(address)
    results: list[Response | Outcome] = []
    timeouts = 0
    for wire in wires:
        result: Response | Outcome = Outcome.TIMEOUT
        if timeouts < MOST_TIMEOUTS:
            result = await caller.ask(wire, timeout_s)
        timeouts += result is Outcome.TIMEOUT
        results.append(result)
        if connections is Connections.EACH:
            caller.close()
        advance()
    caller.close()
    return results


class _Caller:
    """One connection at a time, opened again when it is gone; the listener of each."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._connection: Connection | None = None
        self._result: asyncio.Future[Response | Outcome] | None = None

    async def ask(self, wire: bytes, timeout_s: float) -> Response | Outcome:
        """What came of one request."""
        self._result = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(timeout_s):
                if self._connection is None:
                    self._connection = await connect(
                        self._address, self, clock=time.monotonic_ns, max_files=_ANY_FILES
                    )
                self._connection.ask(0, wire)
                return await self._result
        except TimeoutError:
            self.close()
            return Outcome.TIMEOUT
        except OSError as error:
            return outcome_of(error)

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.abandon()
            self._connection = None

    def finished(self, connection: Connection, result: Response | Outcome) -> None:
        """See `Listener`."""
        connection.request = IDLE
        if isinstance(result, Outcome) or not result.keeps_alive:
            self._connection = None
        if self._result is not None and not self._result.done():
            self._result.set_result(result)

    def lost(self, connection: Connection) -> None:
        """See `Listener`."""
        if self._connection is connection:
            self._connection = None
