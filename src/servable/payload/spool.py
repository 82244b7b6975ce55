"""Bodies between their making and their archive, in one private temporary file.

An archive is sorted by names, and bodies come in the order of their samples. Thousands of files of their own
would take longer than making what is in them.
"""

from collections.abc import Collection, Iterable, Iterator
from operator import attrgetter
from typing import BinaryIO, NamedTuple

from servable.payload import script
from servable.payload.samples import Body
from servable.payload.summary import PayloadFile


class _Place(NamedTuple):
    file: PayloadFile
    start: int
    size_bytes: int


class Spool:
    """Bodies with the names that the script gives them, each content type counted from 0."""

    def __init__(self, stream: BinaryIO) -> None:
        """Empty; the bodies are kept in this file, which is open for reading and writing."""
        self._stream = stream
        self._places: list[_Place] = []

    def fill(self, bodies: Iterable[Body]) -> None:
        """Takes these bodies one by one, so that no more than one is in memory."""
        names = script.FileNames()
        end = 0
        for body in bodies:
            file = PayloadFile(
                name=names.next_of(body.content_type),
                content_type=body.content_type,
                case=body.case,
                records=body.records,
            )
            self._stream.write(body.data)
            self._places.append(_Place(file, end, len(body.data)))
            end += len(body.data)

    @property
    def files(self) -> tuple[PayloadFile, ...]:
        """The files in the order in which they were made."""
        return tuple(place.file for place in self._places)

    def members(self, content_types: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """Names and contents of the files of these, sorted by name, each read when it is asked for."""
        for file, start, size_bytes in sorted(self._places, key=attrgetter("file.name")):
            if file.content_type in content_types:
                self._stream.seek(start)
                yield file.name, self._stream.read(size_bytes)
