"""Schema of an artifact -> sample requests, packed as an archive."""

from servable.payload.generation import PayloadSummary, generate

__all__ = ["PayloadSummary", "generate"]
