"""Media types and their parameters, and the choice of an answer type by an `Accept` header.

Source: RFC 9110, sections 8.3.1 (media type) and 12.5.1 (Accept).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from servable.errors import BadInput, Problem, shown


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type in lower case, with its parameters."""

    name: str
    parameters: Mapping[str, str]

    @staticmethod
    @lru_cache(maxsize=256)
    def parse(text: str) -> "MediaType":
        """The media type of a header value; names are compared without regard to case."""
        name, *rest = text.split(";")
        pairs = (part.partition("=") for part in rest if part.strip())
        return MediaType(
            name.strip().lower(),
            {key.strip().lower(): value.strip().strip('"') for key, _, value in pairs},
        )


@lru_cache(maxsize=256)
def choose(accept: str, offered: tuple[str, ...]) -> str:
    """The offered type that an `Accept` header prefers; the first offered one where it does not care.

    Raises:
        BadInput: `request.accept` if none of the offered types is acceptable.
    """
    if not accept or accept == "*/*":
        return offered[0]
    ranges = [MediaType.parse(part) for part in accept.split(",") if part.strip()]
    weights = [max((_weight(item, offer) for item in ranges), default=(0, 1.0)) for offer in offered]
    # the most specific range decides a type's weight, and the first offered type wins ties
    best = max(
        range(len(offered)), key=lambda index: (weights[index][1] if weights[index][0] else 0.0, -index)
    )
    specificity, quality = weights[best]
    if not specificity or quality <= 0:
        raise BadInput(
            Problem(
                code="request.accept",
                where="header Accept",
                expected=f"one of {', '.join(offered)}",
                found=shown(accept),
                fix="ask for one of these types",
            )
        )
    return offered[best]


def _weight(accepted: MediaType, offer: str) -> tuple[int, float]:
    """How specifically a range names the offered type (0 = not at all), and its quality."""
    family = offer.partition("/")[0]
    specificity = {offer: 3, f"{family}/*": 2, "*/*": 1}.get(accepted.name, 0)
    try:
        quality = float(accepted.parameters.get("q", "1"))
    except ValueError:
        quality = 0.0
    return (specificity, quality) if specificity else (0, 0.0)
