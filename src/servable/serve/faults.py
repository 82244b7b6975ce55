"""The log's side of a request that failed through our fault: where, but nothing of what was sent."""

import logging
import secrets
from pathlib import Path
from traceback import StackSummary, extract_tb

_logger = logging.getLogger("servable.serve")


def log_fault(error: BaseException) -> str:
    """A random id, under which the log now holds the kinds and places of an error and of its causes.

    The messages of exceptions stay out of the log: they may quote a record.
    """
    fault_id = secrets.token_hex(8)
    chain = "; caused by ".join(_described(link) for link in _causes(error))
    _logger.error("request failed: id=%s %s", fault_id, chain)
    return fault_id


def _causes(error: BaseException) -> list[BaseException]:
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None and cause not in chain:
        chain.append(cause)
    return chain


def _described(error: BaseException) -> str:
    frames: StackSummary = extract_tb(error.__traceback__)
    places = " > ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)
    return f"{type(error).__qualname__} at {places or 'no frame'}"
