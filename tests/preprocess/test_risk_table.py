"""Category keys: exactly, then by canonical integer, then the default bin (decision 0005)."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servable.preprocess import RiskTable, fit_risk_table
from servable.records import Table
from servable.schema import Field, Kind, Schema

NUMBERS = RiskTable({"10": 0.1, "20.0": 0.2, "007": 0.7, "1.5": 0.15, "-3": 0.3, "nan": 0.9}, 0.5)
WORDS = RiskTable({"10": 0.1, "NA": 0.2}, 0.5)
SCHEMA = Schema(fields=(Field("c", Kind.CATEGORICAL),), classes=("0", "1"))


def _value(table: RiskTable, cell: object) -> float:
    """The value of a cell as it comes out of a request."""
    return table.apply(SCHEMA.bind(Table(names=("c",), rows=[(cell,)])).columns["c"])[0]


@pytest.mark.parametrize("cell", ["10", "10.0", "10.000", 10, 10.0])
def test_an_integer_meets_its_key_however_it_is_written(cell: object) -> None:
    assert _value(NUMBERS, cell) == 0.1


@pytest.mark.parametrize(
    ("cell", "value"), [("20", 0.2), (20, 0.2), ("20.0", 0.2), (-3, 0.3), ("-3.00", 0.3)]
)
def test_a_key_with_a_decimal_point_meets_its_integer(cell: object, value: float) -> None:
    assert _value(NUMBERS, cell) == value


@pytest.mark.parametrize(
    "cell", ["010", "7", "07", "1e1", "+10", " 10", "10.", "10.5", "1.50", "\uff11\uff10", "", "10,0", True]
)
def test_any_other_spelling_is_another_category(cell: object) -> None:
    assert _value(NUMBERS, cell) == 0.5


def test_leading_zeros_and_fractions_are_looked_up_exactly() -> None:
    assert (_value(NUMBERS, "007"), _value(NUMBERS, "1.5"), _value(NUMBERS, 1.5)) == (0.7, 0.15, 0.15)


@pytest.mark.parametrize("cell", [10**17, 1e17, "100000000000000000"])
def test_a_large_integer_meets_its_key_from_every_kind_of_number(cell: object) -> None:
    assert _value(RiskTable({"100000000000000000": 0.1}, 0.5), cell) == 0.1


@pytest.mark.parametrize("cell", ["10.0", 10.0])
def test_a_table_that_holds_words_is_looked_up_exactly(cell: object) -> None:
    assert _value(WORDS, cell) == 0.5
    assert _value(WORDS, 10) == 0.1


def test_a_missing_category_takes_the_bin_of_missing_ones_else_the_default() -> None:
    assert _value(NUMBERS, None) == 0.9
    assert _value(WORDS, None) == 0.5


def test_a_word_for_nothing_is_a_category_of_its_own() -> None:
    assert _value(WORDS, "NA") == 0.2
    assert _value(WORDS, "nan") == 0.5
    assert _value(WORDS, "") == 0.5


def test_two_keys_of_one_integer_are_told_apart_and_the_shorter_one_answers_others() -> None:
    both = RiskTable({"10.0": 0.2, "10": 0.1}, 0.5)

    assert [_value(both, cell) for cell in ("10", "10.0", "10.00")] == [0.1, 0.2, 0.1]


@pytest.mark.parametrize(
    ("table", "category", "falls"),
    [
        (NUMBERS, "10.0", False),
        (NUMBERS, "11", True),
        (NUMBERS, None, False),
        (WORDS, None, True),
        (WORDS, "NA", False),
        (WORDS, "10.0", True),
    ],
)
def test_a_table_tells_which_categories_its_default_answers(
    table: RiskTable, category: str | None, falls: bool
) -> None:
    assert table.falls_to_default(category) is falls


categories = st.none() | st.sampled_from(["a", "b", "c", "", "nan", "10", "10.0"])


@given(
    rows=st.lists(st.tuples(categories, st.integers(0, 1)), min_size=1, max_size=60),
    smooth_factor=st.sampled_from([0.0, 0.01, 0.02, 0.5]),
    count_threshold=st.integers(0, 6),
)
def test_a_fitted_table_holds_the_smoothed_share_of_each_category(
    rows: list[tuple[str | None, int]], smooth_factor: float, count_threshold: int
) -> None:
    mean = sum(label for _, label in rows) / len(rows)
    pseudo = int(len(rows) * smooth_factor)
    labels = defaultdict(list)
    for category, label in rows:
        labels["nan" if category is None else category].append(label)

    table = fit_risk_table(
        np.array([category for category, _ in rows], dtype=object),
        np.array([label for _, label in rows], dtype=np.float64),
        smooth_factor=smooth_factor,
        count_threshold=count_threshold,
    )

    assert table.default == pytest.approx(mean, abs=1e-15)
    assert dict(table.bins) == pytest.approx(
        {
            name: (sum(found) + pseudo * mean) / (len(found) + pseudo)
            if len(found) >= count_threshold
            else mean
            for name, found in labels.items()
        },
        abs=1e-15,
    )


def test_a_table_of_more_classes_counts_label_1_among_the_labels_0_and_1() -> None:
    categories = np.array(["a", "a", "b", "b", "c", "d"], dtype=object)
    labels = np.array([0, 2, 1, 2, 0, 2], dtype=np.float64)

    table = fit_risk_table(categories, labels, smooth_factor=0.0, count_threshold=0)

    assert table.default == pytest.approx(7 / 6)
    assert table.bins == pytest.approx({"a": 0.0, "b": 1.0, "c": 0.0, "d": 7 / 6})
