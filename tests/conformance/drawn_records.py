"""Records drawn for one artifact: other ones for each kind of artifact and each size of a batch.

Most cells hold something: a category of the artifact's own or one that nobody knows, a number that may be
extreme, a text that may be empty or one that was said before. Same kind and size, same records, always.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar
from zlib import crc32

import numpy as np

from servable.artifact import Artifact
from servable.codecs import REQUEST_TYPES, decode_request, encode_table
from servable.records import Cell, Table
from servable.schema import Field, Kind

Record = dict[str, Cell]
Draws = np.random.Generator
T = TypeVar("T")

SHARE_OF_NULLS = 0.08
SIZES = (1, 2, 17, 256)
POOL_OF_SIZE = {1: 5, 2: 8, 17: 17, 256: 16}
BATCHES_OF_SIZE = {1: 5, 2: 5, 17: 5, 256: 5}
BATCHES_OF_256_TEXTS = 1
"""One of them takes as long as all others together."""
UNKNOWN = ("a category that nobody knows", "NA", "10.0", "007", 'Ünbekannt, "neu"', " ", "")
EXTREME = (0.0, -0.0, 1e-45, -1e-38, 0.1 + 0.2, 16_777_217.0, 1e6, -1e6)
WORDS = (
    "refund",
    "never",
    "thanks!",
    "x",
    "ünïcödé",
    "<b>42</b>",
    "日本",
    "https://a.example/b?c",
    "🙂",
    "'\",;",
)


def draws_of(*what: object) -> Draws:
    """Draws that are the same for the same words, and others for others."""
    return np.random.default_rng(crc32("|".join(map(str, what)).encode()))


@dataclass(frozen=True)
class Batch:
    """Records of a pool by their places in it, the bodies that bring them, and what arrives.

    Content types are in an order of the batch's own.
    """

    order: list[int]
    bodies: dict[str, bytes]
    arrived: dict[str, Table]


class Drawn:
    """Pools of records for one artifact, and batches of them, each made once."""

    def __init__(self, kind: str, artifact: Artifact) -> None:
        self._kind, self._artifact = kind, artifact
        self._pools: dict[int, list[Record]] = {}
        self._batches: dict[int, list[Batch]] = {}

    def pool(self, size: int) -> list[Record]:
        """The different records that batches of a size are made of."""
        if size not in self._pools:
            self._pools[size] = self._records(draws_of(self._kind, size), POOL_OF_SIZE[size])
        return self._pools[size]

    @cached_property
    def all(self) -> list[Record]:
        """The records of all pools."""
        return [record for size in POOL_OF_SIZE for record in self.pool(size)]

    def batches(self, size: int) -> list[Batch]:
        """Batches in which records repeat as it happens; each begins with another record of the pool."""
        if size not in self._batches:
            draws = draws_of(self._kind, size, "orders")
            n = BATCHES_OF_256_TEXTS if size == 256 and self._artifact.texts else BATCHES_OF_SIZE[size]
            self._batches[size] = [self._batch(size, first, draws) for first in range(n)]
        return self._batches[size]

    def _batch(self, size: int, first: int, draws: Draws) -> Batch:
        pool, schema = self.pool(size), self._artifact.schema
        order = [first, *draws.integers(len(pool), size=size - 1).tolist()]
        bodies = {}
        for content_type in map(str, draws.permutation(REQUEST_TYPES)):
            names = schema.names() if content_type != "text/csv" else schema.csv_columns or schema.names()
            table = Table(names=names, rows=[tuple(pool[place][name] for name in names) for place in order])
            bodies[content_type] = encode_table(table, content_type)
        arrived = {content_type: decode_request(body, content_type) for content_type, body in bodies.items()}
        return Batch(order, bodies, arrived)

    def _records(self, draws: Draws, n: int) -> list[Record]:
        fields = self._artifact.schema.fields
        columns = {field.name: _column(self._artifact, field, draws, n) for field in fields}
        return [{name: cells[place] for name, cells in columns.items()} for place in range(n)]


def without_empty_strings(record: Record) -> Record:
    """The record as a CSV brings it, where an empty cell is a missing one."""
    return {name: None if cell == "" else cell for name, cell in record.items()}


def _column(artifact: Artifact, field: Field, draws: Draws, n: int) -> list[Cell]:
    draw = _cells(artifact, field, draws)
    cells: list[Cell] = []
    for _ in range(n):
        if draws.random() < SHARE_OF_NULLS:
            cells.append(None)
        elif field.kind is Kind.TEXT and cells and draws.random() < 0.1:
            cells.append(_one_of(cells, draws))  # said before
        else:
            cells.append(draw())
    return cells


def _cells(artifact: Artifact, field: Field, draws: Draws) -> Callable[[], Cell]:
    if field.kind is Kind.NUMERIC:
        limit = artifact.schema.number_limit
        extreme = [*EXTREME, limit, -limit]
        return lambda: _number(extreme, draws)
    if field.kind is Kind.CATEGORICAL:
        table = artifact.risk_tables.get(field.name)
        known = sorted(table.bins) if table else []
        return lambda: _one_of(known if known and draws.random() < 0.7 else UNKNOWN, draws)
    text = next(text for text in artifact.texts if text.field == field.name)
    mark = "[customer]: {}" if "cs_chat_splitter" in text.steps else "[bom] {} [eom]"
    return lambda: _text(mark, draws)


def _number(extreme: Sequence[float], draws: Draws) -> Cell:
    way = draws.random()
    if way < 0.2:
        return _one_of(extreme, draws)
    if way < 0.5:
        return int(draws.integers(-20, 1000))
    return float(draws.normal() * 10.0 ** draws.integers(-2, 5))


def _text(mark: str, draws: Draws) -> str:
    way = draws.random()
    if way < 0.1:
        return _one_of(["", " ", "outside of every message"], draws)
    messages = [mark.format(_said(draws)) for _ in range(draws.integers(1, 4))]
    return "\n".join([*messages, messages[0]] if way < 0.3 else messages)


def _said(draws: Draws) -> str:
    def word() -> str:
        letters = draws.integers(ord("a"), ord("z") + 1, size=draws.integers(1, 9))
        return _one_of(WORDS, draws) if draws.random() < 0.4 else "".join(map(chr, letters))

    return " ".join(word() for _ in range(draws.integers(0, 9)))


def _one_of(things: Sequence[T], draws: Draws) -> T:
    return things[int(draws.integers(len(things)))]
