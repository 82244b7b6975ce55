"""Pickles from strangers, read as data: opcodes are interpreted here, and nothing they name is called.

Of the names that a pickle can refer to, those of a vocabulary have a meaning here; this project gives it,
not what the names stand for. Every other name is refused (decision 0020, law 3).

Source: `pickletools` for the opcodes; NumPy's `dtype.__reduce__` for the layout of a scalar.
"""

import pickletools
import re
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from servable.artifact.safe.names import PLAIN_VOCABULARY, Vocabulary, refuse
from servable.artifact.safe.opcodes import ACTIONS, Machine, known_opcodes
from servable.artifact.safe.plain import check_plain

_WELL_FORMED = "a well-formed pickle"
_HIGHEST_PROTOCOL = 5
_NAMED = {"GLOBAL", "INST"}
_BY_BYTE = {ord(opcode.code): opcode for opcode in pickletools.opcodes}
_TWO_LINES = re.compile(rb"([^\n]*)\n([^\n]*)\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class PickleLimits:
    """How much a pickle may hold.

    Attributes:
        data_bytes: of the pickle itself.
        items: values, marks and memo entries while it is read, and frames.
        depth: levels of containers.
        extent: values and characters of the result, counted once for each way that leads to them.
    """

    data_bytes: int = 64 << 20
    items: int = 1_500_000
    depth: int = 64
    extent: int = 1 << 28


DEFAULT_PICKLE_LIMITS = PickleLimits()


def read_pickle(data: bytes, *, where: str, limits: PickleLimits = DEFAULT_PICKLE_LIMITS) -> object:
    """The plain data of a pickle: lists, tuples, dicts, text, bytes, numbers, true, false and None.

    NumPy scalars of the types f8, f4, i8, i4 and b1 become Python numbers. Keys of dicts are text, bytes,
    numbers, true, false or None; integers fit into 64 bits; text fits into UTF-8.

    Args:
        data: the pickle, protocols 0 to 5.
        where: its file, as errors name it.
        limits: how much it may hold.

    Raises:
        Damaged: `pickle.reference` if it refers to anything else, `pickle.*` if it is malformed or beyond
            the limits.
    """
    return interpret(data, where=where, vocabulary=PLAIN_VOCABULARY, limits=limits)


def interpret(
    data: bytes,
    *,
    where: str,
    vocabulary: Vocabulary,
    limits: PickleLimits = DEFAULT_PICKLE_LIMITS,
    leaves: tuple[type, ...] = (),
) -> object:
    """The data of a pickle whose names mean what this vocabulary says.

    Args:
        data: the pickle, protocols 0 to 5.
        where: its file, as errors name it.
        vocabulary: the meaning of its names.
        limits: how much it may hold.
        leaves: types of values beyond plain data that the result may hold.

    Raises:
        Damaged: as `read_pickle`, and what the vocabulary refuses.
    """
    if len(data) > limits.data_bytes:
        refuse("size", where, expected=f"a pickle of at most {limits.data_bytes} bytes", found=f"{len(data)}")
    machine = Machine(where=where, vocabulary=vocabulary, items=limits.items)
    stream = BytesIO(data)
    gate = _Gate(vocabulary)
    step = None
    while step is not _STOP:
        at = stream.tell()
        machine.at = at
        # Looked at before the argument is decoded: decoding can warn, and what is refused needs none.
        code = stream.read(1)
        if code not in gate.harmless:
            gate.require_allowed(data, at, where)
        step = _STEPS[code]
        argument = _argument(step, stream, machine)
        step.action(machine, argument)
    if stream.tell() != len(data):
        found = f"{len(data) - stream.tell()} bytes after its end"
        refuse("malformed", where, expected="nothing after a pickle", found=found)
    value = machine.result()
    check_plain(value, where=where, max_depth=limits.depth, max_extent=limits.extent, leaves=leaves)
    return value


def _argument(step: "_Step", stream: BytesIO, machine: Machine) -> object:
    if step.read is None:
        return None
    try:
        return step.read(stream)
    except ValueError as error:
        found = f"an opcode with a bad argument ({str(error)[:80]})"
        refuse("malformed", machine.place, expected=_WELL_FORMED, found=found, cause=error)


@dataclass(frozen=True, slots=True)
class _Step:
    """One opcode: how its argument is read, if it has one, and what it does."""

    read: Callable[[BytesIO], object] | None
    action: Callable[[Machine, object], None]


def _step_of(opcode: pickletools.OpcodeInfo) -> _Step:
    return _Step(opcode.arg.reader if opcode.arg else None, ACTIONS.get(opcode.name, _NOTHING))


_NOTHING: Final = Machine.count
_STEPS: Final = {opcode.code.encode("latin-1"): _step_of(opcode) for opcode in pickletools.opcodes}
_STOP: Final = _STEPS[b"."]


class _Gate:
    """Which opcodes may pass, told by the byte that each begins with.

    Attributes:
        harmless: bytes that pass wherever they stand.
    """

    __slots__ = ("_known", "_vocabulary", "harmless")

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._known = known_opcodes(vocabulary)
        # A name follows some opcodes, and PROTO stands at the start alone; those are looked at again.
        names = {*self._known, "FRAME", "STOP"} - _NAMED
        self.harmless = frozenset(bytes([code]) for code, opcode in _BY_BYTE.items() if opcode.name in names)

    def require_allowed(self, data: bytes, at: int, where: str) -> None:
        """Refuses an opcode that is not harmless by its first byte, a reference by the name behind it."""
        if at >= len(data):
            refuse("malformed", where, expected=_WELL_FORMED, found="one that is cut off")
        place = f"{where}, byte {at}"
        opcode = _BY_BYTE.get(data[at])
        if opcode is None:
            found = f"the byte {data[at]:#04x}, which is no opcode"
            refuse("malformed", place, expected=_WELL_FORMED, found=found)
        if opcode.name == "PROTO":
            if at or data[1:2] > bytes([_HIGHEST_PROTOCOL]):
                expected = f"protocol 0 to {_HIGHEST_PROTOCOL}, named at the start"
                refuse("protocol", place, expected=expected, found="another")
            return
        if opcode.name in _NAMED:
            name = _TWO_LINES.match(data, at + 1)
            if name is None:
                refuse("malformed", place, expected=_WELL_FORMED, found="a reference that is cut off")
            self._vocabulary.require(b".".join(name.groups()).decode("latin-1"), where)
        if opcode.name not in self._known:
            refuse("opcode", place, found=f"the opcode {opcode.name}")
