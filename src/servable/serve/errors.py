"""The one table from an error to the status and the words that a caller over HTTP gets.

An error that is not in the table is ours: status 500, without its own words.
"""

from types import MappingProxyType

from servable.errors import KNOWN_WORDS, BadInput, Busy, ServableError, TooLarge, Unavailable

_FAMILY = ((BadInput, 400), (TooLarge, 413), (Busy, 429), (Unavailable, 503))

_CODE = MappingProxyType(
    {
        "http.path": 404,
        "http.verb": 405,
        "request.accept": 406,
        "http.slow": 408,
        "http.request-line": 414,
        "http.content-encoding": 415,
        "http.headers": 431,
        "score.failed": 500,
        "score.not-finite": 500,
        "score.not-probability": 500,
    }
)
"""Codes whose status is not that of their family."""

RETRY_AFTER_S = MappingProxyType({429: 1, 503: 5})
"""Seconds after which a request with this status may be worth sending again."""

UNEXPECTED = "the server failed on this request"


def status_of(error: Exception) -> int:
    """The HTTP status of an error."""
    if isinstance(error, ServableError) and error.code in _CODE:
        return _CODE[error.code]
    return next((status for family, status in _FAMILY if isinstance(error, family)), 500)


def words_for(error: Exception) -> str:
    """The sentence for the caller; a fixed one for an error that is not in the table."""
    if isinstance(error, ServableError) and (status_of(error) != 500 or error.code in _CODE):
        return KNOWN_WORDS.get(error.code, "") + str(error)
    return UNEXPECTED
