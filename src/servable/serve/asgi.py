"""The shape of an ASGI application: scope, receive, send (asgi.readthedocs.io, HTTP version 2.3)."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Protocol

Scope = MutableMapping[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

CLIENT = "servable.client"
"""Extension of the scope by our protocol: a dict whose `request` is the request's `Client`."""


class Client(Protocol):
    """Who asked, as far as the queue cares."""

    @property
    def disconnected(self) -> bool:
        """Whether nobody waits for the answer any more."""


class ClientGoneError(Exception):
    """Nobody waits for the answer any more, so none is made."""
