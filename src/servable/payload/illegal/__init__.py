"""Requests that an endpoint of a model must refuse, each with the answer that it must get.

They belong into a golden sidecar, never into a payload: who sends a payload expects answers.
"""

from servable.payload.illegal.corpus import illegal_requests
from servable.payload.illegal.request import IllegalRequest, names_fault

__all__ = ["IllegalRequest", "illegal_requests", "names_fault"]
