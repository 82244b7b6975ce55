"""JSON put together piece by piece, for values and repetitions that no encoder writes."""

import json
from collections.abc import Mapping, Sequence


def object_of(record: Mapping[str, object], literals: Mapping[str, str] | None = None) -> str:
    """A record as a JSON object; cells that `literals` has a text for are that text."""
    literals = literals or {}
    pairs = (f"{json.dumps(name)}: {literals.get(name, json.dumps(cell))}" for name, cell in record.items())
    return f"{{{', '.join(pairs)}}}"


def array_of(objects: Sequence[str]) -> bytes:
    """Objects as a JSON array."""
    return f"[{', '.join(objects)}]".encode()
