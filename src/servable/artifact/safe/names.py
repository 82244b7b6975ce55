"""What the names of a pickle stand for: values that this project makes, and never what they name.

A vocabulary belongs to one kind of file. The plain one knows the spellings of a NumPy scalar and, up to
protocol 2, of bytes; every other name is refused (decision 0020, law 3).
"""

import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

from servable.errors import Damaged, Problem, shown

PLAIN = "plain data (list, tuple, dict, str, number)"
_IDENTIFIER = re.compile(r"[\w.<>]{1,100}", re.ASCII)
_ORDERS = {"<": "<", ">": ">", "|": "<"}
_FORMATS = {"f8": "d", "f4": "f", "i8": "q", "i4": "i", "b1": "?"}

# From the arguments of a call and their place in the file to the value that the call stands for, or None.
Meaning = Callable[[tuple[object, ...], str], object | None]


@dataclass(frozen=True, slots=True)
class Reference:
    """A name that has a meaning here. It is never imported, looked up or called.

    Attributes:
        name: as errors show it.
        stands_for: the meaning of its calls.
    """

    name: str
    stands_for: Meaning

    def __str__(self) -> str:
        return f"`{self.name}`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """What names, states and persistent ids mean in one kind of pickle.

    Attributes:
        names: the value that a full name pushes; only a `Reference` among them can be called.
        give_state: gives a value its state, both found at this place; false where it takes none.
        persistent: the value that a persistent id at this place stands for, or None.
        opcodes: names of opcodes that are read beyond those of plain data.
    """

    names: Mapping[str, object]
    give_state: Callable[[object, object, str], bool]
    persistent: Callable[[object, str], object | None]
    opcodes: frozenset[str]

    def require(self, name: str, where: str) -> None:
        """Raises for a name that has no meaning here."""
        if name not in self.names:
            text = f"`{name}`" if _IDENTIFIER.fullmatch(name) else shown(name)
            refuse("reference", where, found=f"a reference to {text}")


def refuse(
    kind: str, where: str, *, found: str, expected: str = PLAIN, cause: Exception | None = None
) -> NoReturn:
    """Raises the error for a pickle that is malformed or holds more than plain data."""
    fix = "save it again as lists, dicts, strings and numbers"
    problem = Problem(code=f"pickle.{kind}", where=where, expected=expected, found=found, fix=fix)
    raise Damaged(problem) from cause


class _NumpyType:
    """The type of a NumPy scalar; the byte order arrives after the rest."""

    __slots__ = ("code", "order")

    def __init__(self, code: str) -> None:
        self.code = code
        self.order: str | None = None

    def __str__(self) -> str:
        return f"the NumPy type {self.code}"

    def decoded(self, data: bytes) -> float | int | bool | None:
        """The number in these bytes, or None where they hold none."""
        layout = struct.Struct(f"{_ORDERS.get(self.order or '', '!')}{_FORMATS[self.code]}")
        if self.order is None or len(data) != layout.size:
            return None
        number: float | int | bool = layout.unpack(data)[0]
        return number


# The patterns below name the type of each literal: an array among the arguments answers `==` with an array.


def _numpy_type(arguments: tuple[object, ...], place: str) -> object | None:
    match arguments:
        case (str(code), int(0), int(1)) if code in _FORMATS:
            return _NumpyType(code)
        case (str(code), *_):
            refuse("dtype", place, found=f"a NumPy value of type {shown(code)}")
    return None


def _numpy_scalar(arguments: tuple[object, ...], _: str) -> object | None:
    match arguments:
        case (_NumpyType() as kind, bytes(data)):
            return kind.decoded(data)
    return None


def _no_bytes(arguments: tuple[object, ...], _: str) -> object | None:
    return None if arguments else b""


def _encoded(arguments: tuple[object, ...], _: str) -> object | None:
    match arguments:
        case (str(text), str("latin1")) if all(char <= "\xff" for char in text):
            return text.encode("latin-1")
    return None


def give_numpy_order(target: object, state: object, place: str) -> bool:
    """Gives a NumPy type its byte order; false for anything else."""
    if not isinstance(target, _NumpyType):
        return False
    match state:
        case (int(3), str(order), None, None, None, int(-1), int(-1), int(0)) if (
            target.order is None and order in _ORDERS and (order == "|") == (target.code == "b1")
        ):
            target.order = order
        case _:
            refuse("dtype", place, found="a NumPy value of another kind than a plain number")
    return True


_SCALAR = Reference("numpy.scalar", _numpy_scalar)
_BYTES = Reference("bytes", _no_bytes)

PLAIN_VOCABULARY: Final = Vocabulary(
    names={
        "numpy._core.multiarray.scalar": _SCALAR,
        "numpy.core.multiarray.scalar": _SCALAR,
        "numpy.dtype": Reference("numpy.dtype", _numpy_type),
        # Protocols 0 to 2 write bytes as text that is to be encoded, and no bytes as a call.
        "_codecs.encode": Reference("_codecs.encode", _encoded),
        "builtins.bytes": _BYTES,
        "__builtin__.bytes": _BYTES,
    },
    give_state=give_numpy_order,
    persistent=lambda _, __: None,
    opcodes=frozenset(),
)
