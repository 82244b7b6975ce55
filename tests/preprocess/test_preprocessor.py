"""Records to model inputs: values in the model's order, and no record that knows its neighbours."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from servable.preprocess import Average, Preprocessor, RiskTable, fit_imputation
from servable.records import Records, Table
from servable.schema import Field, Kind, Schema

SCHEMA = Schema(
    fields=(Field("a", Kind.NUMERIC), Field("b", Kind.NUMERIC), Field("c", Kind.CATEGORICAL)),
    classes=("0", "1"),
)
PREPROCESSOR = Preprocessor(
    features=("c", "b", "a"), risk_tables={"c": RiskTable({"x": 0.25, "10": 0.1}, 0.5)}, imputation={"a": 7.5}
)
rows = st.tuples(
    st.none() | st.floats(-3e38, 3e38), st.none() | st.integers(-5, 5), st.none() | st.sampled_from("xyz")
)


def _bound(cells: list[tuple[object, ...]]) -> Records:
    return SCHEMA.bind(Table(names=("a", "b", "c"), rows=cells))


def test_values_come_in_the_order_of_the_model_as_contiguous_single_precision() -> None:
    inputs = PREPROCESSOR.apply(_bound([(1.1, 2, "x"), (None, None, "unknown")])).tabular

    assert inputs.dtype == np.float32
    assert inputs.flags.c_contiguous
    assert inputs.tolist()[0] == [0.25, 2.0, float(np.float32(1.1))]


def test_a_missing_number_takes_its_imputation_value_and_without_one_stays_missing() -> None:
    inputs = PREPROCESSOR.apply(_bound([(None, None, None)])).tabular

    np.testing.assert_array_equal(inputs, np.array([[0.5, np.nan, 7.5]], dtype=np.float32))


@given(cells=st.lists(rows, min_size=1, max_size=12), cut=st.integers(0, 12))
def test_applying_to_records_together_is_applying_to_each_part(
    cells: list[tuple[object, ...]], cut: int
) -> None:
    parts = [part for part in (cells[:cut], cells[cut:]) if part]

    together = PREPROCESSOR.apply(_bound(cells)).tabular

    assert np.concatenate([PREPROCESSOR.apply(_bound(part)).tabular for part in parts]).tobytes() == (
        together.tobytes()
    )
    assert np.concatenate([PREPROCESSOR.apply(_bound([cell])).tabular for cell in cells]).tobytes() == (
        together.tobytes()
    )


def test_the_imputation_value_is_the_median_of_the_present_numbers() -> None:
    assert fit_imputation(np.array([3.0, np.nan, 1.0, 10.0])) == 3.0
    assert fit_imputation(np.array([3.0, 1.0, np.nan])) == 2.0
    assert fit_imputation(np.array([np.nan, np.nan])) == 0.0


def test_the_imputation_value_may_be_another_average() -> None:
    numbers = np.array([4.0, 1.0, np.nan, 1.0, 4.0, 10.0])

    assert fit_imputation(numbers, average=Average.MEAN) == 4.0
    assert fit_imputation(numbers, average=Average.MODE) == 1.0
    assert fit_imputation(np.array([np.nan]), average=Average.MODE) == 0.0
