"""Answers as ASGI sends them, and the answer that an error becomes."""

from dataclasses import dataclass

import msgspec

from servable.serve.asgi import Headers, Send
from servable.serve.errors import RETRY_AFTER_S, status_of, words_for

JSON = "application/json"
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers in lower case, and body."""

    status: int
    headers: Headers
    body: bytes

    async def send(self, send: Send, *, extra: Headers) -> None:
        """Hand the answer to the server, with `extra` headers after its own."""
        headers = self.headers + extra
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def answer_of(status: int, body: bytes, content_type: str) -> Answer:
    """An answer with its content type and length."""
    headers = [(b"content-type", content_type.encode("latin-1")), (b"content-length", b"%d" % len(body))]
    return Answer(status, headers, body)


def json_answer(status: int, value: object) -> Answer:
    """An answer whose body is a JSON value; a status that invites another try says when."""
    answer = answer_of(status, _encode(value), JSON)
    if status in RETRY_AFTER_S:
        answer.headers.append((b"retry-after", b"%d" % RETRY_AFTER_S[status]))
    return answer


def error_answer(error: Exception, *, fault_id: str | None = None) -> Answer:
    """The answer that an error becomes; `fault_id` finds an error of ours in the log."""
    words = words_for(error)
    return json_answer(
        status_of(error), {"error": words if fault_id is None else f"{words} (error id {fault_id})"}
    )


def wrong_verb_answer(error: Exception, verbs: list[str]) -> Answer:
    """The answer to a verb that a path does not know, with those that it does."""
    answer = error_answer(error)
    answer.headers.append((b"allow", ", ".join(verbs).encode("ascii")))
    return answer
