"""The meaning of each pickle opcode that data needs: a stack, its marks and a memo."""

from collections.abc import Callable
from typing import Final, NoReturn

from servable.artifact.safe.names import Reference, Vocabulary, refuse
from servable.errors import shown

_WELL_FORMED = "a well-formed pickle"
_KEYS = frozenset({str, bytes, int, float, bool, type(None)})


class Machine:
    """The state of a pickle while it is read.

    Attributes:
        at: byte of the opcode that is being interpreted.
    """

    __slots__ = ("_items_left", "_memo", "_outer", "_stack", "_vocabulary", "_where", "at")

    def __init__(self, *, where: str, vocabulary: Vocabulary, items: int) -> None:
        self.at = 0
        self._vocabulary = vocabulary
        self._where = where
        self._items_left = items
        self._stack: list[object] = []
        self._outer: list[list[object]] = []
        self._memo: dict[int, object] = {}

    @property
    def place(self) -> str:
        """File and byte, as errors name them."""
        return f"{self._where}, byte {self.at}"

    def result(self) -> object:
        """The one value that is left at the end."""
        if self._outer or len(self._stack) != 1:
            self.malformed("other than one value at its end")
        return self._stack[0]

    def malformed(self, found: str) -> NoReturn:
        """Raises for opcodes that no pickler writes in this order."""
        refuse("malformed", self.place, expected=_WELL_FORMED, found=found)

    def literal(self, value: object) -> None:
        """Pushes a number, text or bytes."""
        if type(value) is int and not -(1 << 63) <= value < 1 << 64:
            refuse("integer", self.place, expected="integers of at most 64 bits", found="a longer one")
        if isinstance(value, str) and not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError as error:
                refuse(
                    "text", self.place, expected="text in UTF-8", found="half a surrogate pair", cause=error
                )
        self.push(value)

    def push(self, value: object) -> None:
        """Puts a value on the stack."""
        self._items_left -= 1
        if self._items_left < 0:
            self.count(None)
        self._stack.append(value)

    def mark(self, _: object) -> None:
        """Begins a group of values."""
        self.count(None)
        self._outer.append(self._stack)
        self._stack = []

    def memoize(self, index: object) -> None:
        """Remembers the value on top, under a number or the next one."""
        self.count(None)
        number = index if isinstance(index, int) else len(self._memo)
        if number < 0:
            self.malformed("a negative number in its memo")
        self._memo[number] = self._top()

    def recall(self, index: object) -> None:
        """Pushes a value that was remembered."""
        if not isinstance(index, int) or index not in self._memo:
            self.malformed("a reference to a value that was not stored")
        self.push(self._memo[index])

    def tuple_of(self, n: int) -> None:
        """Makes a tuple of the last n values."""
        self.push(tuple(reversed([self._pop() for _ in range(n)])))

    def tuple_of_group(self, _: object) -> None:
        """Makes a tuple of a group."""
        self.push(tuple(self._group()))

    def list_of_group(self, _: object) -> None:
        """Makes a list of a group."""
        self.push(self._group())

    def dict_of_group(self, _: object) -> None:
        """Makes a dict of a group of keys and values."""
        group = self._group()
        self.push({})
        self._set(group)

    def append(self, _: object) -> None:
        """Adds a value to the list beneath it."""
        self._extend([self._pop()])

    def append_group(self, _: object) -> None:
        """Adds a group to the list beneath it."""
        self._extend(self._group())

    def set_item(self, _: object) -> None:
        """Puts a value under a key of the dict beneath them."""
        value, key = self._pop(), self._pop()
        self._set([key, value])

    def set_group(self, _: object) -> None:
        """Puts a group of keys and values into the dict beneath it."""
        self._set(self._group())

    def refer(self, argument: object) -> None:
        """Pushes the meaning of a name: `module name`, or from the last two values."""
        if argument is None:
            name, module = self._pop(), self._pop()
            if not (isinstance(name, str) and isinstance(module, str)):
                self.malformed("a reference whose name is no text")
            full_name = f"{module}.{name}"
        else:
            full_name = str(argument).replace(" ", ".")
        self._vocabulary.require(full_name, self._where)
        self.push(self._vocabulary.names[full_name])

    def reduce(self, _: object) -> None:
        """Pushes what a name with these arguments stands for."""
        arguments, name = self._pop(), self._pop()
        if not isinstance(name, Reference):
            self.malformed("a call of a value")
        value = name.stands_for(arguments, self.place) if isinstance(arguments, tuple) else None
        if value is None:
            refuse("reference", self.place, found=f"{name} with other arguments")
        self.push(value)

    def build(self, _: object) -> None:
        """Gives the value beneath it a state."""
        state = self._pop()
        if not self._vocabulary.give_state(self._top(), state, self.place):
            refuse("state", self.place, found="a value with a state of its own")

    def resolve(self, _: object) -> None:
        """Pushes what a persistent id stands for."""
        value = self._vocabulary.persistent(self._pop(), self.place)
        if value is None:
            refuse("persistent-id", self.place, found="a persistent id of another form")
        self.push(value)

    def _extend(self, values: list[object]) -> None:
        target = self._top()
        if not isinstance(target, list):
            self.malformed("values that no list takes")
        target.extend(values)

    def _set(self, group: list[object]) -> None:
        target = self._top()
        if not isinstance(target, dict) or len(group) % 2:
            self.malformed("keys and values that no dict takes")
        for key, value in zip(group[::2], group[1::2], strict=True):
            if type(key) not in _KEYS:
                found = f"a key of type {type(key).__name__.lstrip('_')}"
                refuse("key", self.place, expected="keys of text or numbers", found=found)
            if key in target:
                found = f"{shown(key)} again"
                refuse("key", self.place, expected="each key once in a dict", found=found)
            target[key] = value

    def _group(self) -> list[object]:
        if not self._outer:
            self.malformed("the end of a group that did not begin")
        group, self._stack = self._stack, self._outer.pop()
        return group

    def _pop(self) -> object:
        self._top()
        return self._stack.pop()

    def _top(self) -> object:
        if not self._stack:
            self.malformed("an opcode without the values that it needs")
        return self._stack[-1]

    def count(self, _: object) -> None:
        """Counts what means nothing by itself, or has a meaning elsewhere."""
        self._items_left -= 1
        if self._items_left < 0:
            refuse("items", self._where, expected="a pickle within the limit of items", found="more")


_Action = Callable[[Machine, object], None]
_LITERALS = (
    "INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT UNICODE SHORT_BINUNICODE BINUNICODE"
    " BINUNICODE8 SHORT_BINBYTES BINBYTES BINBYTES8"
)

# What an opcode does, by its name in `pickletools`. An opcode that is not here is refused, and so is one
# beyond plain data that the vocabulary does not name.
ACTIONS: Final[dict[str, _Action]] = {
    **dict.fromkeys(_LITERALS.split(), Machine.literal),
    "NONE": lambda machine, _: machine.push(None),
    "NEWTRUE": lambda machine, _: machine.push(True),
    "NEWFALSE": lambda machine, _: machine.push(False),
    "EMPTY_TUPLE": lambda machine, _: machine.push(()),
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    "TUPLE1": lambda machine, _: machine.tuple_of(1),
    "TUPLE2": lambda machine, _: machine.tuple_of(2),
    "TUPLE3": lambda machine, _: machine.tuple_of(3),
    "MARK": Machine.mark,
    "TUPLE": Machine.tuple_of_group,
    "LIST": Machine.list_of_group,
    "DICT": Machine.dict_of_group,
    "APPEND": Machine.append,
    "APPENDS": Machine.append_group,
    "SETITEM": Machine.set_item,
    "SETITEMS": Machine.set_group,
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"), Machine.memoize),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), Machine.recall),
    **dict.fromkeys(("GLOBAL", "STACK_GLOBAL"), Machine.refer),
    **dict.fromkeys(("REDUCE", "NEWOBJ"), Machine.reduce),
    "BUILD": Machine.build,
    "BINPERSID": Machine.resolve,
}
_BEYOND_PLAIN = frozenset({"NEWOBJ", "BINPERSID"})


def known_opcodes(vocabulary: Vocabulary) -> frozenset[str]:
    """Names of the opcodes that a pickle of this vocabulary may hold and that do something."""
    return frozenset(ACTIONS.keys() - _BEYOND_PLAIN) | vocabulary.opcodes
