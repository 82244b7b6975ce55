"""One request that must be refused, and what its refusal must say."""

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

BAD_REQUEST: Final = HTTPStatus.BAD_REQUEST.value
TOO_LARGE: Final = HTTPStatus.REQUEST_ENTITY_TOO_LARGE.value


@dataclass(frozen=True, slots=True, kw_only=True)
class IllegalRequest:
    """A request that no model of these fields may answer.

    Attributes:
        case: short name of what is wrong, in words joined by hyphens; no two requests share one.
        content_type: of the request, which may be one that no endpoint reads, or empty.
        data: the body.
        status: of the answer.
        field: that the sentence of the refusal names, or None where it can tell none.
        record: that it names, counted from 0, or None where it can tell none.
        why: what is wrong, in words.
    """

    case: str
    content_type: str
    data: bytes
    status: int = BAD_REQUEST
    field: str | None = None
    record: int | None = None
    why: str


def names_fault(sentence: str, *, field: str | None, record: int | None) -> bool:
    """Whether the sentence of a refusal names this field and this record; None asks for nothing."""
    return (field is None or f'"{field}"' in sentence) and (
        record is None or re.search(rf"\brecord {record}\b", sentence) is not None
    )
