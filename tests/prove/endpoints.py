"""An endpoint that answers from a table, and can be made to misbehave; started as a process of its own.

Standard library only, so that it shares nothing with what it tests. The table is a JSON file: request
body (sha256, hexadecimal) -> [answer, content type, status]; a status of 0 ends the process. Prints its
port and serves until it is ended, at the latest after `--lifetime` seconds.
"""

import argparse
import asyncio
import hashlib
import json
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

Answer = tuple[int, bytes, str]


class Endpoint:
    """Counts scoring requests, whose number decides when a fault happens."""

    def __init__(
        self, table: dict[str, tuple[str, str, int]], *, fault: str, digest: str, after: int
    ) -> None:
        self.table = table
        self.fault = fault
        self.digest = digest
        self.after = after
        self.count = 0
        self.pings_after = 0
        self.turn = asyncio.Lock()
        self.random = random.Random(7)  # noqa: S311  # no secret

    def ping(self) -> Answer:
        if self.fault == "foreign":
            return 200, b"\n", "text/plain"
        start = "2" if self.fault == "restarted" and self.count > self.after else "1"
        body = json.dumps({"artifact": self.digest, "process_start": start}).encode()
        return 200, body, "application/json"

    async def score(self, body: bytes) -> Answer | None:
        """The answer; None closes the connection without one."""
        self.count += 1
        known = self.table.get(hashlib.sha256(body).hexdigest())
        if known is None:
            return 404, b'{"error": "a request that is not in the table"}', "application/json"
        if known[2] == 0:
            os._exit(7)
        answer = known[2], known[0].encode(), known[1]
        fault = FAULTS.get(self.fault)
        return answer if fault is None or self.count <= self.after else await fault(self, answer)


async def stalls(endpoint: Endpoint, answer: Answer) -> Answer:
    if endpoint.count % 400 == 0:
        time.sleep(5.0)  # the whole process stands still: that is the fault
    return answer


async def wrong_scores(endpoint: Endpoint, answer: Answer) -> Answer:
    if endpoint.random.random() < 0.05:
        return answer[0], answer[1].replace(b"0.", b"0.1"), answer[2]
    return answer


async def fails(endpoint: Endpoint, answer: Answer) -> Answer:
    if endpoint.random.random() < 0.05:
        return 500, b'{"error": "out of order, see /home/somebody/model/run.py"}', "application/json"
    return answer


async def falls_behind(endpoint: Endpoint, answer: Answer) -> Answer:
    async with endpoint.turn:
        await asyncio.sleep(0.02)
    return answer


async def dies(endpoint: Endpoint, answer: Answer) -> Answer:
    sys.stdout.write("fatal: cannot go on, see /home/somebody/model/run.py\n")
    sys.stdout.flush()
    os._exit(7)


async def hangs(endpoint: Endpoint, answer: Answer) -> Answer:
    await asyncio.sleep(3600)
    return answer


async def talks_nonsense(endpoint: Endpoint, answer: Answer) -> Answer:
    return 200, b"<html>welcome</html>", "text/html"


async def hangs_up(endpoint: Endpoint, answer: Answer) -> None:
    return None


FAULTS: dict[str, Callable[[Endpoint, Answer], Awaitable[Answer | None]]] = {
    "stalls": stalls,
    "wrong-scores": wrong_scores,
    "fails": fails,
    "falls-behind": falls_behind,
    "dies": dies,
    "hangs": hangs,
    "talks-nonsense": talks_nonsense,
    "hangs-up": hangs_up,
}


def framed(answer: Answer, *, count: int) -> tuple[bytes, bool]:
    """The bytes of an answer and whether the connection goes on; all framings of HTTP take turns."""
    status, body, content_type = answer
    head = f"HTTP/1.1 {status} -\r\nContent-Type: {content_type}\r\n"
    if count % 7 == 0:
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:5], body[5:]) if part)
        return f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunks + b"0\r\n\r\n", True
    if count % 11 == 0:
        return f"{head}Connection: close\r\n\r\n".encode() + body, False
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body, True


async def serve_connection(
    endpoint: Endpoint, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    try:
        goes_on = True
        while goes_on:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (
                    int(line.split(b":")[1])
                    for line in head.lower().split(b"\r\n")
                    if b"content-length" in line
                ),
                0,
            )
            body = await reader.readexactly(length)
            is_ping = head.startswith(b"GET /ping ")
            answer = endpoint.ping() if is_ping else await endpoint.score(body)
            if answer is None:
                return
            data, goes_on = framed(answer, count=0 if is_ping else endpoint.count)
            writer.write(data)
            await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError):
        return
    finally:
        writer.close()


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--fault", default="none")
    parser.add_argument("--after", type=int, default=0)
    parser.add_argument("--digest", default="")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--lifetime", type=float, default=120.0)
    options = parser.parse_args()
    endpoint = Endpoint(
        json.loads(options.table.read_text()),
        fault=options.fault,
        digest=options.digest,
        after=options.after,
    )
    server = await asyncio.start_server(
        lambda reader, writer: serve_connection(endpoint, reader, writer),
        "127.0.0.1",
        options.port,
        backlog=1024,
    )
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.sleep(options.lifetime)
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
