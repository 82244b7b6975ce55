"""Laws of `bind`: a cell's reading depends on nothing but the cell and its field."""

import math
from collections.abc import Sequence

from hypothesis import example, given
from hypothesis import strategies as st

from servable.errors import BadInput
from servable.records import Cell, Table
from servable.schema import Field, Kind, Schema
from strategies import json_cells

SCHEMA = Schema(
    fields=(Field("n", Kind.NUMERIC), Field("c", Kind.CATEGORICAL), Field("t", Kind.TEXT)), classes=("0", "1")
)
numbers = st.none() | st.booleans() | st.integers(-(10**40), 10**40) | st.floats() | st.text(max_size=6)
numbers |= st.sampled_from(["1", " 2.5 ", "1e5", "inf", "nan", "NA"])
cells = st.tuples(numbers, json_cells | st.just([1]), json_cells)
Outcome = list[object] | str


def _read(rows: Sequence[Sequence[Cell]]) -> list[Outcome]:
    """What each record becomes; all of them by one call if that one accepts them."""
    try:
        columns = SCHEMA.bind(Table(names=("n", "c", "t"), rows=rows)).columns
    except BadInput as error:
        return ["refused"] if len(rows) == 1 else [f"refused: {sorted({p.where for p in error.problems})}"]
    return [[repr(columns["n"][i]), columns["c"][i], columns["t"][i]] for i in range(len(rows))]


@given(rows=st.lists(cells, min_size=1, max_size=6))
@example(rows=[(1.0, "", ""), (math.nan, "", "")])
@example(rows=[(math.nan, "", ""), (1.0, "", "")])
def test_records_bound_together_are_what_each_is_alone(rows: list[tuple[Cell, Cell, Cell]]) -> None:
    alone = [_read([row])[0] for row in rows]

    together = _read(rows)

    if "refused" in alone:
        assert str(together[0]).startswith("refused")
    else:
        assert together == alone


@given(rows=st.lists(cells, min_size=1, max_size=6))
def test_a_refusal_names_exactly_the_records_that_are_refused_alone(
    rows: list[tuple[Cell, Cell, Cell]],
) -> None:
    refused = {index for index, row in enumerate(rows) if _read([row]) == ["refused"]}

    try:
        SCHEMA.bind(Table(names=("n", "c", "t"), rows=rows))
        named = set()
    except BadInput as error:
        named = {int(problem.where.split(",")[0].removeprefix("record ")) for problem in error.problems}

    assert named == refused


@given(
    row=st.tuples(st.floats(-1e6, 1e6), st.text(), st.text()),
    order=st.permutations([0, 1, 2, 3]),
    extra=json_cells,
)
def test_the_order_of_named_columns_and_extra_ones_do_not_matter(
    row: tuple[float, str, str], order: list[int], extra: Cell
) -> None:
    names, wide = ("n", "c", "t", "more"), (*row, extra)

    records = SCHEMA.bind(Table(names=tuple(names[i] for i in order), rows=[tuple(wide[i] for i in order)]))

    assert [records.columns[name][0] for name in "nct"] == list(row)


@given(number=st.floats(allow_nan=False, min_value=-1e38, max_value=1e38) | st.integers(-(2**53), 2**53))
def test_a_number_and_its_string_are_one_number(number: float) -> None:
    rows = [(number, "", ""), (str(number), "", ""), (f" {number} ", "", "")]

    found = SCHEMA.bind(Table(names=("n", "c", "t"), rows=rows)).columns["n"].tolist()

    assert [math.copysign(1, value) * value for value in found] == [
        math.copysign(1, number) * float(number)
    ] * 3
