"""The footer of a Parquet file, looked at before any other reader sees it.

A NUL in a column name ends the whole process inside the reader, where no handler runs. So the names of
the schema are checked here, and the Arrow schema that a writer may have embedded, which holds names of
its own, is hidden: the file's own types say all that a table of cells needs.

Source: Apache Parquet format, `FileMetaData` and `SchemaElement`; Thrift compact protocol.
"""

from typing import Final

_MAGIC: Final = b"PAR1"
_TAIL_BYTES: Final = 8
_MAX_DEPTH: Final = 16
_SCHEMA, _ELEMENT_NAME = 2, 4
# the key under which writers embed an Arrow schema, and one of the same length that no reader knows
_EMBEDDED, _HIDDEN = b"ARROW:schema", b"ARROW-unread"

_BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(3, 13)
_VARINTS: Final = frozenset([_I16, _I32, _I64])


def without_embedded_schema(data: bytes) -> bytes:
    """The same file, whose readers find no embedded Arrow schema.

    Raises:
        ValueError: if it is no Parquet file, is encrypted or cut off, or names a column with a NUL or
            in anything but UTF-8.
    """
    if len(data) < 2 * _TAIL_BYTES or not (data.startswith(_MAGIC) and data.endswith(_MAGIC)):
        raise ValueError("no Parquet magic")
    start = len(data) - _TAIL_BYTES - int.from_bytes(data[-_TAIL_BYTES:-4], "little")
    if start < len(_MAGIC):
        raise ValueError("a footer larger than the file")
    footer = data[start:-_TAIL_BYTES]
    for name in _Compact(footer).schema_names():
        if b"\0" in name or _EMBEDDED in name:
            raise ValueError("a column name that readers cannot hold")
        name.decode()  # a UnicodeDecodeError is a ValueError
    if _EMBEDDED not in footer:
        return data
    return b"".join([data[:start], footer.replace(_EMBEDDED, _HIDDEN), data[-_TAIL_BYTES:]])


class _Compact:
    """A position in bytes of the compact protocol; running off the end is a ValueError."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def schema_names(self) -> list[bytes]:
        """The names in the schema of the `FileMetaData` that begins here; what follows is not read."""
        last = 0
        while header := self._byte():
            last = self._field_id(header, last)
            if last == _SCHEMA and header & 15 == _LIST:
                size, kind = self._list_header()
                return [self._element_name() for _ in range(size)] if kind == _STRUCT else []
            self._skip(header & 15, 0)
        return []

    def _element_name(self) -> bytes:
        name, last = b"", 0
        while header := self._byte():
            last = self._field_id(header, last)
            if last == _ELEMENT_NAME and header & 15 == _BINARY:
                name = self._binary()
            else:
                self._skip(header & 15, 0)
        return name

    def _skip(self, kind: int, depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise ValueError("nested too deeply")
        if kind in _VARINTS:
            self._varint()
        elif kind == _BINARY:
            self._binary()
        elif kind == _STRUCT:
            last = 0
            while header := self._byte():
                last = self._field_id(header, last)
                self._skip(header & 15, depth + 1)
        elif kind in (_LIST, _SET):
            size, element = self._list_header()
            self._skip_elements(size, (element,), depth)
        elif kind == _MAP:
            size = self._varint()
            kinds = self._byte() if size else 0
            self._skip_elements(size, (kinds >> 4, kinds & 15), depth)
        elif kind in (_BYTE, _DOUBLE):
            self._advance(1 if kind == _BYTE else 8)
        elif kind not in (1, 2):  # truth values of a field have no bytes of their own
            raise ValueError("an unknown type")

    def _skip_elements(self, size: int, kinds: tuple[int, ...], depth: int) -> None:
        for _ in range(size):
            for kind in kinds:
                if kind in (1, 2):  # a truth value in a list takes a byte
                    self._advance(1)
                else:
                    self._skip(kind, depth + 1)

    def _field_id(self, header: int, last: int) -> int:
        if delta := header >> 4:
            return last + delta
        value = self._varint()
        return value >> 1 ^ -(value & 1)

    def _list_header(self) -> tuple[int, int]:
        header = self._byte()
        size = header >> 4
        return (self._varint() if size == 15 else size), header & 15

    def _binary(self) -> bytes:
        size = self._varint()
        start = self._at
        self._advance(size)
        return self._data[start : self._at]

    def _byte(self) -> int:
        if self._at >= len(self._data):
            raise ValueError("cut off")
        self._at += 1
        return self._data[self._at - 1]

    def _advance(self, size: int) -> None:
        self._at += size
        if self._at > len(self._data):
            raise ValueError("cut off")

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7
            if shift > 63:
                raise ValueError("a number of more than 64 bits")
