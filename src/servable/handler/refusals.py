"""Refusals as callers of the handler know them: a ValueError that begins with the documented words."""

from types import MappingProxyType

from servable.errors import KNOWN_WORDS, BadInput, Problem, ServableError

_WORDS = MappingProxyType({**KNOWN_WORDS, "request.accept": "Unsupported accept type: "})


class RefusedRequest(BadInput):
    """Input that one of the handler's functions refuses.

    Source: "Error Handling" and the algorithms in the documentation of the inference handler.
    """

    @classmethod
    def of(cls, error: ServableError) -> "RefusedRequest":
        """The same problems, as the handler tells them."""
        return cls(error.problems)

    def __str__(self) -> str:
        return _WORDS.get(self.code, "") + super().__str__()


def refusal(where: str, expected: str, found: str, fix: str) -> RefusedRequest:
    """An argument of one of the handler's functions that cannot be used."""
    return RefusedRequest(
        Problem(code="handler.argument", where=where, expected=expected, found=found, fix=fix)
    )
