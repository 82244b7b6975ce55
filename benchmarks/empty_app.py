"""The floor of serving: the same server, and an application that reads a body and answers fixed bytes.

python benchmarks/empty_app.py ANSWER --port PORT
"""

import sys
from typing import Any, cast

from servable.serve import App, open_socket, run


class EmptyApp:
    """Answers everything with the same bytes."""

    def __init__(self, answer: bytes) -> None:
        self._body = {"type": "http.response.body", "body": answer}
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        self._start = {"type": "http.response.start", "status": 200, "headers": headers}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request (ASGI)."""
        while (await receive()).get("more_body"):
            pass
        await send(self._start)
        await send(self._body)

    def drain(self) -> None:
        """Nothing to drain."""

    def close(self) -> None:
        """Nothing to close."""


if __name__ == "__main__":
    answer, _, port = sys.argv[1:]
    run(cast("App", EmptyApp(answer.encode())), open_socket("127.0.0.1", int(port)))
