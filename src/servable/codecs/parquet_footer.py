"""The footer of a Parquet file, looked at before any other reader sees it.

A NUL in a column name ends the whole process inside the reader, where no handler runs; an embedded
Arrow schema may hold further names. So the names are checked here, and the embedded schema is left
out: the file's own types say all that a table of cells needs.

Source: Apache Parquet format, `FileMetaData` and `SchemaElement`; Thrift compact protocol.
"""

from dataclasses import dataclass
from enum import IntEnum

_MAGIC = b"PAR1"
_TAIL_BYTES = 8
_MAX_DEPTH = 32
_SCHEMA, _KEY_VALUES, _ELEMENT_NAME = 2, 5, 4


class _Type(IntEnum):
    TRUE = 1
    FALSE = 2
    BYTE = 3
    I16 = 4
    I32 = 5
    I64 = 6
    DOUBLE = 7
    BINARY = 8
    LIST = 9
    SET = 10
    MAP = 11
    STRUCT = 12


@dataclass(frozen=True, slots=True)
class _Field:
    id: int
    type: _Type
    start: int
    end: int


def without_embedded_schema(data: bytes) -> bytes:
    """The same file without the key-value pairs of its footer.

    Raises:
        ValueError: if it is no Parquet file, is encrypted or cut off, or names a column with a NUL or
            in anything but UTF-8.
    """
    if len(data) < 2 * _TAIL_BYTES or not (data.startswith(_MAGIC) and data.endswith(_MAGIC)):
        raise ValueError("no Parquet magic")
    start = len(data) - _TAIL_BYTES - int.from_bytes(data[-_TAIL_BYTES:-4], "little")
    if start < len(_MAGIC):
        raise ValueError("a footer larger than the file")
    reader = _Compact(data[start:-_TAIL_BYTES])
    fields = reader.struct()
    for field in fields:
        if field.id == _SCHEMA and field.type is _Type.LIST:
            _check_names(reader, field)
    kept = [field for field in fields if field.id != _KEY_VALUES]
    footer = _written(reader.data, kept)
    return b"".join([data[:start], footer, len(footer).to_bytes(4, "little"), _MAGIC])


def _check_names(reader: "_Compact", schema: _Field) -> None:
    elements = _Compact(reader.data, schema.start)
    size, kind = elements.list_header()
    for _ in range(size if kind is _Type.STRUCT else 0):
        for field in elements.struct():
            if field.id == _ELEMENT_NAME and field.type is _Type.BINARY:
                name = _Compact(reader.data, field.start).binary()
                if b"\0" in name:
                    raise ValueError("a column name with a NUL")
                name.decode()  # a UnicodeDecodeError is a ValueError


def _written(data: bytes, fields: list[_Field]) -> bytes:
    """A struct of these fields, with field headers of its own."""
    parts, last = [], 0
    for field in fields:
        delta = field.id - last
        if not 0 < delta < 16:
            raise ValueError("fields out of order")
        parts += [bytes([delta << 4 | field.type]), data[field.start : field.end]]
        last = field.id
    return b"".join([*parts, b"\0"])


class _Compact:
    """A position in bytes of the compact protocol; running off the end is a ValueError."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self._at = at

    def struct(self, depth: int = 0) -> list[_Field]:
        """The fields of the struct that begins here, whose values are passed over."""
        fields: list[_Field] = []
        last = 0
        while header := self._byte():
            delta, kind = header >> 4, _Type(header & 15)
            last = last + delta if delta else self._zigzag()
            start = self._at
            self._skip(kind, depth)
            fields.append(_Field(last, kind, start, self._at))
        return fields

    def list_header(self) -> tuple[int, _Type]:
        """How many elements the list that begins here has, and of which type."""
        header = self._byte()
        size = header >> 4
        return (self._varint() if size == 15 else size), _Type(header & 15)

    def binary(self) -> bytes:
        """The byte string that begins here."""
        size = self._varint()
        start = self._at
        self._advance(size)
        return self.data[start : self._at]

    def _skip(self, kind: _Type, depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise ValueError("nested too deeply")
        if kind is _Type.BYTE:
            self._advance(1)
        elif kind in (_Type.I16, _Type.I32, _Type.I64):
            self._varint()
        elif kind is _Type.DOUBLE:
            self._advance(8)
        elif kind is _Type.BINARY:
            self.binary()
        elif kind in (_Type.LIST, _Type.SET):
            size, element = self.list_header()
            self._skip_elements(size, (element,), depth)
        elif kind is _Type.MAP:
            size = self._varint()
            kinds = self._byte() if size else 0
            self._skip_elements(size, (_Type(kinds >> 4), _Type(kinds & 15)) if size else (), depth)
        elif kind is _Type.STRUCT:
            self.struct(depth + 1)

    def _skip_elements(self, size: int, kinds: tuple[_Type, ...], depth: int) -> None:
        for _ in range(size):
            for kind in kinds:
                if kind in (_Type.TRUE, _Type.FALSE):  # a truth value in a list takes a byte
                    self._advance(1)
                else:
                    self._skip(kind, depth + 1)

    def _byte(self) -> int:
        if self._at >= len(self.data):
            raise ValueError("cut off")
        self._at += 1
        return self.data[self._at - 1]

    def _advance(self, size: int) -> None:
        self._at += size
        if self._at > len(self.data):
            raise ValueError("cut off")

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
            if shift > 63:
                raise ValueError("a number of more than 64 bits")

    def _zigzag(self) -> int:
        value = self._varint()
        return value >> 1 ^ -(value & 1)
