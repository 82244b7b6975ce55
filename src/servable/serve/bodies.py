"""Request bodies, bounded in the bytes that all unfinished requests hold together."""

from servable.errors import Busy, Problem
from servable.serve.asgi import ClientGoneError, Receive


class Bodies:
    """Reads bodies and counts their bytes until they are released.

    The size of one body is the protocol's business, which refuses before it reads.
    """

    def __init__(self, *, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._held_bytes = 0

    async def read(self, receive: Receive) -> bytes:
        """The whole body of a request; release its length when the request is finished.

        Raises:
            Busy: `queue.bytes` if all bodies together would be too large.
            ClientGoneError: the client left before the end.
        """
        chunks: list[bytes] = []
        size, more = 0, True
        try:
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGoneError
                chunk, more = message.get("body", b""), message.get("more_body", False)
                self._hold(len(chunk))
                size += len(chunk)
                chunks.append(chunk)
        except BaseException:
            self.release(size)
            raise
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def release(self, size: int) -> None:
        """Give back the bytes of a request that is finished."""
        self._held_bytes -= size

    def _hold(self, size: int) -> None:
        if self._held_bytes + size > self._max_bytes:
            raise Busy(
                Problem(
                    code="queue.bytes",
                    where="server",
                    expected=f"at most {self._max_bytes} bytes of unfinished requests",
                    found="more",
                    fix="send the request again after a second",
                )
            )
        self._held_bytes += size
