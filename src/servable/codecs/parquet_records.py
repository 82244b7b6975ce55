"""Parquet files of one record each, many of them with the same columns.

A writer made for large files spends some ten microseconds on each column of each file. Here what does not
vary from record to record is written once: the file is a page for each column, uncompressed and without
statistics, and a footer in which sizes and offsets alone differ.

Source: Apache Parquet format, `FileMetaData`, `ColumnMetaData` and `DataPageHeader`, encodings PLAIN and RLE;
Thrift compact protocol.
"""

import struct
from collections.abc import Collection, Sequence
from itertools import accumulate, chain
from typing import Any, Final

from servable.errors import BadInput, Problem

_MAGIC: Final = b"PAR1"
_DOUBLE, _BYTE_ARRAY = 5, 6
_MOST_KEPT: Final = 65_536
_LONGEST_KEPT: Final = 100

# of the compact protocol: a field's header is the distance to the last field's number and a type
_I32, _I64, _STRING, _LIST, _STRUCT = 5, 6, 8, 9, 12
_STOP: Final = b"\0"

# definition levels of one value, their length before them: one run of one level
_PRESENT: Final = b"\2\0\0\0\2\1"
_MISSING: Final = b"\2\0\0\0\2\0"


class ParquetRecords:
    """Files of one record with these columns, numbers as float64 and others as UTF-8 strings."""

    def __init__(self, names: Sequence[str], *, numbers: Collection[str]) -> None:
        """The columns in their order.

        Args:
            names: of the columns, none twice.
            numbers: those of them that hold numbers.

        Raises:
            BadInput: `request.parquet` for a name with a NUL, over which a reader may end its process.
            UnicodeEncodeError: for a name that is no text.
        """
        for name in names:
            if "\0" in name:
                raise BadInput(nul_in_name(name))
        kinds = [_DOUBLE if name in numbers else _BYTE_ARRAY for name in names]
        self._is_number = [kind == _DOUBLE for kind in kinds]
        self._metadata = [_before_sizes(name.encode(), kind) for name, kind in zip(names, kinds, strict=True)]
        self._before_columns = _before_columns([name.encode() for name in names], kinds)
        self._pages, self._sizes, self._offsets = _Pages(), _Sizes(), _Offsets()

    def encode(self, cells: Sequence[Any]) -> bytes:
        """The file of one record.

        Args:
            cells: in the order of the columns, None where missing; in a column of strings the string of it.
        """
        text_pages, pack = self._pages, _DOUBLE_OF.pack
        pages = [
            _NUMBER_HEAD + pack(cell) if is_number and cell is not None else text_pages[cell]
            for is_number, cell in zip(self._is_number, cells, strict=True)
        ]
        sizes = list(map(len, pages))
        columns = zip(
            self._metadata,
            map(self._sizes.__getitem__, sizes),
            map(self._offsets.__getitem__, accumulate(sizes, initial=len(_MAGIC))),
            strict=False,  # the last offset is that of the footer
        )
        row_group = _field(1, _I64, _number(sum(sizes))) + _field(1, _I64, _number(1)) + _STOP
        footer = b"".join([self._before_columns, *chain.from_iterable(columns), row_group, _STOP])
        return b"".join([_MAGIC, *pages, footer, len(footer).to_bytes(4, "little"), _MAGIC])


class _Pages(dict[object, bytes]):
    """The page of a string or of None; those of short strings are kept."""

    def __init__(self) -> None:
        super().__init__({None: _page(_MISSING)})

    def __missing__(self, cell: object) -> bytes:
        text = str(cell)
        data = text.encode()
        page = _page(_PRESENT + len(data).to_bytes(4, "little") + data)
        # a number would be found by one that equals it and has another string
        if type(cell) is str and len(text) <= _LONGEST_KEPT and len(self) < _MOST_KEPT:
            self[cell] = page
        return page


class _Sizes(dict[int, bytes]):
    """Of a column's metadata, its size, which is the same without compression."""

    def __missing__(self, size: int) -> bytes:
        twice = 2 * _field(1, _I64, _number(size))
        if len(self) < _MOST_KEPT:
            self[size] = twice
        return twice


class _Offsets(dict[int, bytes]):
    """Of a column's metadata, its offset and the ends of the metadata and of the column."""

    def __missing__(self, offset: int) -> bytes:
        end = _field(2, _I64, _number(offset)) + 2 * _STOP
        if len(self) < _MOST_KEPT:
            self[offset] = end
        return end


def nul_in_name(name: str) -> Problem:
    """The problem of a column's name with a NUL."""
    return Problem(
        code="request.parquet",
        where=f"column {name!r}",
        expected="a name without a NUL",
        found="one with it",
        fix="rename the column",
    )


def _varint(value: int) -> bytes:
    if value < 1 << 7:
        return bytes((value,))
    if value < 1 << 14:
        return bytes((value & 127 | 128, value >> 7))
    if value < 1 << 21:
        return bytes((value & 127 | 128, value >> 7 & 127 | 128, value >> 14))
    return bytes((value & 127 | 128,)) + _varint(value >> 7)


def _number(value: int) -> bytes:
    """A whole number of 0 or more, whose sign is its last bit."""
    return _varint(2 * value)


def _field(distance: int, kind: int, content: bytes) -> bytes:
    return bytes((distance << 4 | kind,)) + content


def _list(kind: int, items: Sequence[bytes]) -> bytes:
    size = len(items)
    head = bytes((size << 4 | kind,)) if size < 15 else bytes((0xF0 | kind,)) + _varint(size)
    return head + b"".join(items)


def _text(data: bytes) -> bytes:
    return _varint(len(data)) + data


def _page(content: bytes) -> bytes:
    """A page of one value: its header (kind 0, sizes, one value, encodings) and its content."""
    size = _number(len(content))
    values = _field(1, _I32, _number(1)) + _field(1, _I32, _number(0)) + 2 * _field(1, _I32, _number(3))
    return b"".join(
        [
            _field(1, _I32, _number(0)),
            *(2 * [_field(1, _I32, size)]),
            _field(2, _STRUCT, values + _STOP),
            _STOP,
            content,
        ]
    )


_DOUBLE_OF: Final = struct.Struct("<d")
_NUMBER_HEAD: Final = _page(_PRESENT + bytes(8))[:-8]


def _before_sizes(name: bytes, kind: int) -> bytes:
    """A column's metadata up to its sizes: no file offset, type, encodings, path, no codec, one value."""
    return b"".join(
        [
            _field(2, _I64, _number(0)),
            _field(1, _STRUCT, _field(1, _I32, _number(kind))),
            _field(1, _LIST, _list(_I32, [_number(0), _number(3)])),
            _field(1, _LIST, _list(_STRING, [_text(name)])),
            _field(1, _I32, _number(0)),
            _field(1, _I64, _number(1)),
        ]
    )


def _before_columns(names: Sequence[bytes], kinds: Sequence[int]) -> bytes:
    """The footer up to the columns of its one row group."""
    root = _field(4, _STRING, _text(b"schema")) + _field(1, _I32, _number(len(names))) + _STOP
    leaves = [
        b"".join(
            [
                _field(1, _I32, _number(kind)),
                _field(2, _I32, _number(1)),  # optional
                _field(1, _STRING, _text(name)),
                _field(2, _I32, _number(0)) if kind == _BYTE_ARRAY else b"",  # UTF-8
                _STOP,
            ]
        )
        for name, kind in zip(names, kinds, strict=True)
    ]
    columns = len(names)
    head = bytes((columns << 4 | _STRUCT,)) if columns < 15 else bytes((0xF0 | _STRUCT,)) + _varint(columns)
    return b"".join(
        [
            _field(1, _I32, _number(1)),  # version
            _field(1, _LIST, _list(_STRUCT, [root, *leaves])),
            _field(1, _I64, _number(1)),  # rows
            _field(1, _LIST, bytes((1 << 4 | _STRUCT,))),  # one row group
            _field(1, _LIST, head),
        ]
    )
