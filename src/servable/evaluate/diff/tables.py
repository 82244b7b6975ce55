"""Risk tables and imputation values, as two artifacts have them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from servable.artifact import Artifact, StoredRiskTable

MOST_BINS: Final = 1000
"""Of one table that are listed, the largest changes first; all of them are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BinMove:
    """A category whose number is another one in B.

    Attributes:
        category: the bin.
        a, b: its number; None where there is no such bin, so that the default stands for it.
        change: B's number minus A's, or that of the default where there is no such bin.
    """

    category: str
    a: float | None
    b: float | None
    change: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDiff:
    """What differs about one table that both artifacts have.

    Attributes:
        field: whose table it is.
        is_read: whether a model of the two reads the field.
        bins_a, bins_b: how many bins there are.
        added, removed, moved: bins of B alone, of A alone, and of both with two numbers.
        differing: these together.
        default_a, default_b, default_change: number of a category that is in no bin; B's minus A's.
        largest: the largest absolute change, the default's among them.
        bins: the first `MOST_BINS` that differ, by the size of their change.
    """

    field: str
    is_read: bool
    bins_a: int
    bins_b: int
    added: int
    removed: int
    moved: int
    differing: int
    default_a: float
    default_b: float
    default_change: float
    largest: float
    bins: tuple[BinMove, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImputationDiff:
    """The number that stands for a missing one; None where nothing does."""

    field: str
    is_read: bool
    a: float | None
    b: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TablesDiff:
    """What differs about tables and imputation values.

    Attributes:
        equal: tables that do not differ.
        equal_imputations: imputation values that do not differ.
        tables: those that do, the largest change first.
        only_a, only_b: fields that have a table in one artifact alone.
        imputation: values that differ, by the name of the field.
        is_lone_table_read: whether a model reads a field that has a table in one artifact alone.
    """

    equal: int
    equal_imputations: int
    tables: tuple[TableDiff, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    imputation: tuple[ImputationDiff, ...]
    is_lone_table_read: bool

    @property
    def is_equal(self) -> bool:
        """Whether nothing differs."""
        return not (self.tables or self.only_a or self.only_b or self.imputation)

    @property
    def moves_scores(self) -> bool:
        """Whether a model reads another number for some cell."""
        differing = [table.is_read for table in self.tables] + [value.is_read for value in self.imputation]
        return self.is_lone_table_read or any(differing)


def tables_diff(a: Artifact, b: Artifact) -> TablesDiff:
    """The risk tables and imputation values that differ between A and B."""
    read = {*a.features, *b.features}
    common = [name for name in a.risk_tables if name in b.risk_tables]
    found = [
        _table(name, a.risk_tables[name], b.risk_tables[name], is_read=name in read)
        for name in common
        if a.risk_tables[name] != b.risk_tables[name]
    ]
    only_a = tuple(sorted(a.risk_tables.keys() - b.risk_tables.keys()))
    only_b = tuple(sorted(b.risk_tables.keys() - a.risk_tables.keys()))
    imputed = sorted({*a.imputation, *b.imputation})
    imputation = [
        ImputationDiff(field=name, is_read=name in read, a=a.imputation.get(name), b=b.imputation.get(name))
        for name in imputed
        if a.imputation.get(name) != b.imputation.get(name)
    ]
    return TablesDiff(
        equal=len(common) - len(found),
        equal_imputations=len(imputed) - len(imputation),
        tables=tuple(sorted(found, key=lambda table: (not table.is_read, -table.largest, table.field))),
        only_a=only_a,
        only_b=only_b,
        imputation=tuple(imputation),
        is_lone_table_read=any(name in read for name in (*only_a, *only_b)),
    )


def _table(field: str, a: StoredRiskTable, b: StoredRiskTable, *, is_read: bool) -> TableDiff:
    moves = _moves(a.bins, b.bins, a.default_bin, b.default_bin)
    return TableDiff(
        field=field,
        is_read=is_read,
        bins_a=len(a.bins),
        bins_b=len(b.bins),
        added=sum(move.a is None for move in moves),
        removed=sum(move.b is None for move in moves),
        moved=sum(move.a is not None and move.b is not None for move in moves),
        differing=len(moves),
        default_a=a.default_bin,
        default_b=b.default_bin,
        default_change=b.default_bin - a.default_bin,
        largest=max(abs(b.default_bin - a.default_bin), *(abs(move.change) for move in moves), 0.0),
        bins=tuple(moves[:MOST_BINS]),
    )


def _moves(
    a: Mapping[str, float], b: Mapping[str, float], default_a: float, default_b: float
) -> list[BinMove]:
    """Bins that differ, the largest change first, then by name."""
    found = [
        BinMove(
            category=name,
            a=a.get(name),
            b=b.get(name),
            change=b.get(name, default_b) - a.get(name, default_a),
        )
        for name in {*a, *b}
        if a.get(name) != b.get(name)
    ]
    return sorted(found, key=lambda move: (-abs(move.change), move.category))
