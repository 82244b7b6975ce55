"""The error family: one sentence that says where, what was expected, what was found, what to do.

    ServableError              base; exit code 2
      BadInput (ValueError)    a request, a table or an argument; HTTP 400
      NotFound (FileNotFoundError)
      Damaged                  an artifact that is broken, hostile or contradicts itself
      Unavailable              HTTP 503
      TooLarge                 HTTP 413
      Busy                     HTTP 429

A `Problem` holds the parts and composes the sentence in one place. An error carries one or
several problems; its text is the first one's sentence, and how many more there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Self

KNOWN_WORDS = MappingProxyType(
    {
        "request.content-type": "Unsupported content type: ",
        "request.json": "Invalid JSON format: ",
        "request.missing-field": "Missing required feature columns: ",
    }
)
"""By code, how the text begins that a caller over HTTP or of the handler gets (decision 0022).

Source: the inference handler's documentation, "Error Handling".
"""

MAX_PROBLEMS = 20
_MAX_FOUND = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        code: stable name of the kind of problem, `area.kind`.
        where: file, record or row, field: `record 3, field "age"`.
        expected: what would have been right, beginning in lower case.
        found: what was there instead.
        fix: what to do about it, an imperative.
    """

    code: str
    where: str
    expected: str
    found: str
    fix: str

    def __str__(self) -> str:
        text = f"{self.where}: expected {self.expected}, found {self.found}; {self.fix}"
        # what a stranger wrote may not steer the terminal or forge a line of the log that it ends up in
        return text if text.isprintable() else "".join(map(_printable, text))


class ServableError(Exception):
    """Base of the family; `problems` is never empty."""

    def __init__(self, problems: Problem | Sequence[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (
            (problems,) if isinstance(problems, Problem) else tuple(problems[:MAX_PROBLEMS])
        )
        more = len(self.problems) - 1
        suffix = f" (and {more} more problem{'s' if more > 1 else ''})" if more else ""
        super().__init__(f"{self.problems[0]}{suffix}")

    def inside(self, place: str) -> Self:
        """The same error, said of something in `place`: a file, an archive."""
        return type(self)([replace(problem, where=f"{place}, {problem.where}") for problem in self.problems])

    @property
    def code(self) -> str:
        """The code of the first problem, by which callers tell kinds apart."""
        return self.problems[0].code


class BadInput(ServableError, ValueError):
    """A request, a table or an argument that cannot be used as it is."""


class NotFound(ServableError, FileNotFoundError):
    """A path, a file or a stored thing that does not exist."""


class Damaged(ServableError):
    """An artifact that is broken, hostile, or contradicts itself."""


class Unavailable(ServableError):
    """Something that this process cannot do now, or not without an extra."""


class TooLarge(ServableError):
    """A body, a file or a count beyond a named limit."""


class Busy(ServableError):
    """More work is waiting than the queue may hold."""


def _printable(char: str) -> str:
    return char if char.isprintable() else char.encode("unicode_escape").decode()


def shown(value: object) -> str:
    """A value as an error may show it: its repr, cut to 60 characters."""
    try:
        text = repr(value)
    except ValueError:  # Python writes no integer of more than 4,300 digits
        return "a number of thousands of digits"
    return text if len(text) <= _MAX_FOUND else f"{text[: _MAX_FOUND - 3]}..."
