"""Bodies under content types that no endpoint reads."""

from collections.abc import Iterator
from typing import Final

from servable.payload.illegal.request import IllegalRequest
from servable.payload.json_text import object_of
from servable.payload.strategies.case_records import Record

_TYPES: Final = (
    ("type-xml", "application/xml", "XML is not read"),
    ("type-plain-text", "text/plain", "a text says nothing of its columns"),
    ("type-form", "application/x-www-form-urlencoded", "forms are not read"),
    ("type-bytes", "application/octet-stream", "bytes say nothing of their form"),
    ("type-of-another-charset", "application/json; charset=iso-8859-1", "bodies are in UTF-8"),
    ("type-of-the-wrong-family", "text/json", "JSON has another name"),
    ("type-empty", "", "a request says what it holds"),
)


def type_requests(plain: Record) -> Iterator[IllegalRequest]:
    """A record in JSON that says to be something else."""
    data = object_of(plain).encode()
    for case, content_type, why in _TYPES:
        yield IllegalRequest(case=case, content_type=content_type, data=data, why=why)
