"""What a strategy makes: records that become one request, or the bytes of one as they stand."""

from collections.abc import Mapping
from dataclasses import dataclass

from servable.records import Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Records of one request, before a content type is chosen.

    Attributes:
        case: short name of what it shows, in words joined by hyphens.
        records: cells by field, in the order of the schema; None is missing.
    """

    case: str
    records: tuple[Mapping[str, Cell], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The bytes of one request.

    Attributes:
        case: as in `Sample`.
        content_type: a key of `script.CONTENT_TYPES`.
        data: the body.
        records: how many it holds.
    """

    case: str
    content_type: str
    data: bytes
    records: int
