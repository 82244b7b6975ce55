"""What `/invocations` reads in a request's headers."""

import re
from dataclasses import dataclass

from servable.serve.asgi import Headers

CUSTOM_ATTRIBUTES = b"x-amzn-sagemaker-custom-attributes"
_PRINTABLE = re.compile(rb"[\x20-\x7e]{1,1024}")


@dataclass(slots=True)
class RequestHead:
    """Header values as they came; empty where a header is missing.

    A header that comes twice is the two values joined by a comma (RFC 9110, section 5.3), which no
    content type is, so that a contradiction is refused.
    """

    content_type: str = ""
    accept: str = ""
    content_encoding: str = ""
    custom_attributes: bytes = b""

    def echo(self) -> Headers:
        """The header that goes back unchanged, if it is printable ASCII of at most 1024 characters."""
        if _PRINTABLE.fullmatch(self.custom_attributes):
            return [(CUSTOM_ATTRIBUTES, self.custom_attributes)]
        return []


def read_head(headers: Headers) -> RequestHead:
    """The request's head, from header names in lower case; one pass."""
    head = RequestHead()
    for name, value in headers:
        if name == b"content-type":
            head.content_type = _joined(head.content_type, value)
        elif name == b"accept":
            head.accept = _joined(head.accept, value)
        elif name == b"content-encoding":
            head.content_encoding = _joined(head.content_encoding, value)
        elif name == CUSTOM_ATTRIBUTES:
            head.custom_attributes = value
    return head


def _joined(before: str, value: bytes) -> str:
    text = value.decode("latin-1")
    return f"{before}, {text}" if before else text
