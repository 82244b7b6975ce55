"""Signs that a table gives its label away."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from servable.codecs import read_table
from servable.records import Columns, Records
from servable.schema import Field, Kind, Schema
from servable.train.leaks import find_warnings
from servable.train.split import Part, positions, split

N = 400
PARTS = split(positions(range(N)))
OTHERS = np.concatenate([PARTS[part] for part in (Part.VALID, Part.CALIB, Part.TEST)])
LABELS = np.random.default_rng(0).integers(0, 2, N)
Cells = Sequence[object] | NDArray[np.floating[Any]]


def _warnings(
    kind: Kind, cells: Cells, labels: NDArray[np.int64] = LABELS, group_column: str | None = None
) -> tuple[str, ...]:
    """The warnings about a table of one column `x`."""
    column = np.array(cells, np.float64 if kind is Kind.NUMERIC else object)
    schema = Schema(fields=(Field("x", kind),), classes=("0", "1"))
    records = Records(columns=Columns.of({"x": column}, len(column)), n=len(column))
    return find_warnings(records, schema, labels, PARTS, group_column=group_column)


def _mostly(labels: NDArray[np.int64], *, wrong: float) -> NDArray[np.int64]:
    """The labels with a share of them turned over."""
    return np.where(np.random.default_rng(2).random(len(labels)) < wrong, 1 - labels, labels)


def test_a_number_that_knows_the_label_is_named_with_its_figure_and_what_to_do() -> None:
    assert _warnings(Kind.NUMERIC, LABELS * 3.0) == (
        'column "x" tells the classes apart by itself, with an AUC of 1.000 on 400 rows; '
        "drop it if its value is known only when the label is",
    )


def test_a_number_that_falls_with_the_label_is_named_too() -> None:
    assert len(_warnings(Kind.NUMERIC, LABELS * -3.0)) == 1


@pytest.mark.parametrize(("wrong", "warned"), [(0.01, True), (0.2, False)])
def test_a_number_below_the_threshold_is_not_named(wrong: float, warned: bool) -> None:
    assert bool(_warnings(Kind.NUMERIC, _mostly(LABELS, wrong=wrong).astype(float))) is warned


def test_a_missing_number_counts_as_the_median() -> None:
    place = np.arange(N) % 10
    labels = (place >= 3).astype(np.int64)
    # among the rows that have a value, most have that of class 1, and so all rows without one are of it
    values = np.where(place >= 8, np.nan, np.where(labels == 1, 15.0, 5.0))

    (found,) = _warnings(Kind.NUMERIC, values, labels)

    assert "an AUC of 1.000" in found


def test_a_category_that_knows_the_label_is_named_by_what_it_is_worth_on_other_rows() -> None:
    cells = ["returned" if label else "kept" for label in LABELS]

    assert _warnings(Kind.CATEGORICAL, cells) == (
        f'column "x" tells the classes apart by itself, with an AUC of 1.000 on {len(OTHERS)} rows; '
        "drop it if its value is known only when the label is",
    )


def test_a_category_that_never_repeats_is_not_named() -> None:
    assert _warnings(Kind.CATEGORICAL, [f"order-{row}" for row in range(N)]) == ()


def test_a_category_that_knows_the_label_of_training_rows_alone_is_not_named() -> None:
    chance = np.random.default_rng(5).integers(0, 2, N)
    chance[PARTS[Part.TRAIN]] = LABELS[PARTS[Part.TRAIN]]

    assert _warnings(Kind.CATEGORICAL, [str(value) for value in chance]) == ()


def test_a_category_of_few_training_rows_is_not_named() -> None:
    cells = [f"order-{row}" for row in range(N)]
    for label in (0, 1):
        seen, unseen = (rows[LABELS[rows] == label].tolist() for rows in (PARTS[Part.TRAIN], OTHERS))
        for row, twin in zip(unseen, seen, strict=False):
            cells[row] = cells[twin]

    assert _warnings(Kind.CATEGORICAL, cells) == ()


def test_categories_that_no_training_row_has_are_not_judged_by_the_rows_that_have_them() -> None:
    cells = np.array(["returned" if label else "kept" for label in LABELS], object)
    cells[PARTS[Part.TRAIN]] = "unknown"

    assert _warnings(Kind.CATEGORICAL, cells.tolist()) == ()


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("missing_class", [0, 1])
def test_a_column_that_is_missing_for_one_class_is_named_once(kind: Kind, missing_class: int) -> None:
    present: list[object] = (
        np.random.default_rng(1).random(N).tolist()
        if kind is Kind.NUMERIC
        else [f"some text {row}" for row in range(N)]
    )
    absent = np.nan if kind is Kind.NUMERIC else None
    cells = [absent if label == missing_class else cell for label, cell in zip(LABELS, present, strict=True)]

    assert _warnings(kind, cells) == (
        'whether column "x" is missing tells the classes apart by itself, with an AUC of 1.000 on 400 rows; '
        "drop the column if it is filled in, or emptied, only when the label is known",
    )


def test_a_blank_text_is_as_good_as_a_missing_one() -> None:
    cells = [f"some text {row}" if label else " \n" for row, label in enumerate(LABELS)]

    assert len(_warnings(Kind.TEXT, cells)) == 1


def test_an_empty_category_is_a_category() -> None:
    cells = ["" if label else f"order-{row}" for row, label in enumerate(LABELS)]

    (found,) = _warnings(Kind.CATEGORICAL, cells)

    assert found.startswith('column "x" tells')


def test_a_text_that_names_the_label_is_what_a_text_model_is_for() -> None:
    cells = [f"{'good' if label else 'bad'} {row}" for row, label in enumerate(LABELS)]

    assert _warnings(Kind.TEXT, cells) == ()


@given(
    missing=st.lists(st.booleans(), min_size=N, max_size=N) | st.just([bool(label) for label in LABELS]),
    turned=st.sets(st.integers(0, N - 1), max_size=30),
)
def test_missing_and_present_are_the_same_sign_and_so_are_the_classes(
    missing: list[bool], turned: set[int]
) -> None:
    flags = np.array(missing)
    flags[list(turned)] ^= True

    found, exchanged, other_class = (
        _warnings(Kind.TEXT, ["" if flag else f"text {row}" for row, flag in enumerate(drawn)], labels)
        for drawn, labels in ((flags, LABELS), (~flags, LABELS), (flags, 1 - LABELS))
    )

    assert found == exchanged == other_class


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("label", [0, 1])
def test_without_rows_of_both_classes_no_column_is_judged(kind: Kind, label: int) -> None:
    cells: Cells = (
        np.arange(N) * 1.0 if kind is Kind.NUMERIC else [None] + [f"t{row}" for row in range(N - 1)]
    )

    assert _warnings(kind, cells, np.full(N, label)) == ()


@pytest.mark.parametrize("lacking", list(Part))
def test_a_part_may_be_empty(lacking: Part) -> None:
    columns = {
        "number": np.arange(N) * 1.0,
        "category": np.array([str(label) for label in LABELS], object),
        "text": np.array([f"text {row}" for row in range(N)], object),
    }
    schema = Schema(
        fields=tuple(Field(name, kind) for name, kind in zip(columns, Kind, strict=True)), classes=("0", "1")
    )
    parts = {**PARTS, lacking: np.array([], np.int64)}

    found = find_warnings(Records(columns=Columns.of(columns, N), n=N), schema, LABELS, parts)

    assert [sentence[:17] for sentence in found] == ([] if lacking is Part.TRAIN else ['column "category"'])


def test_texts_on_both_sides_of_the_split_are_counted_without_regard_to_case_and_blanks() -> None:
    cells = [f"text {row}" for row in range(N)]
    for copy, original in zip(OTHERS[:6], PARTS[Part.TRAIN][:6], strict=True):
        cells[copy] = f"  TEXT \n {original} "
    for row in OTHERS[6:10]:
        cells[row] = "  "

    assert _warnings(Kind.TEXT, cells) == (
        f'column "x": 6 of {len(OTHERS) - 4} texts outside the training rows '
        f"({6 / (len(OTHERS) - 4):.1%}) are also among the training rows, where a model can learn them by "
        "heart; if rows with one text have one owner, name its column as the group column",
    )


def test_texts_that_repeat_in_spite_of_a_group_column_ask_for_a_better_one() -> None:
    (found,) = _warnings(Kind.TEXT, ["the same text"] * N, group_column="customer")

    assert found.endswith(
        '; grouping by "customer" does not keep them together, so look for a better group column'
    )


def test_a_repetition_that_moves_no_figure_is_not_worth_a_warning() -> None:
    cells = [f"text {row}" for row in range(N)]
    cells[OTHERS[0]] = cells[PARTS[Part.TRAIN][0]]

    assert len(OTHERS) > 100
    assert _warnings(Kind.TEXT, cells) == ()


def test_texts_that_repeat_among_training_rows_alone_are_not_counted() -> None:
    cells = np.array([f"text {row}" for row in range(N)], object)
    cells[PARTS[Part.TRAIN]] = "the same text"

    assert _warnings(Kind.TEXT, cells.tolist()) == ()


def test_warnings_follow_the_order_of_the_fields_and_texts_that_repeat_come_last() -> None:
    columns = {
        "text": np.array(["the same text"] * N, object),
        "first": LABELS * 1.0,
        "harmless": np.random.default_rng(1).random(N),
        "second": np.where(LABELS == 1, np.nan, 1.0),
    }
    kinds = (Kind.TEXT, Kind.NUMERIC, Kind.NUMERIC, Kind.NUMERIC)
    schema = Schema(
        fields=tuple(Field(name, kind) for name, kind in zip(columns, kinds, strict=True)), classes=("0", "1")
    )

    found = find_warnings(Records(columns=Columns.of(columns, N), n=N), schema, LABELS, PARTS)

    assert [sentence.split('"')[1] for sentence in found] == ["first", "second", "text"]


def test_the_rating_of_a_review_is_the_one_column_that_knows_whether_it_recommends(shared_dir: Path) -> None:
    table = read_table(shared_dir / "data/women_reviews/women_reviews.csv.gz")
    kinds = {"Review Text": Kind.TEXT, "Clothing ID": Kind.CATEGORICAL, "Class Name": Kind.CATEGORICAL}
    kinds |= dict.fromkeys(("Age", "Rating", "Positive Feedback Count"), Kind.NUMERIC)
    schema = Schema(fields=tuple(Field(name, kind) for name, kind in kinds.items()), classes=("0", "1"))
    names = table.names or ()
    labels, ids = ([row[names.index(name)] for row in table.rows] for name in ("Recommended IND", ""))

    found = find_warnings(
        schema.bind(table), schema, np.array([int(str(label)) for label in labels]), split(positions(ids))
    )

    # by hand from the counts in the README of the data: 16 of 842, 94 of 1,565, 1,189 of 2,871, ...
    assert [sentence.split(";")[0] for sentence in found] == [
        'column "Rating" tells the classes apart by itself, with an AUC of 0.972 on 23,486 rows'
    ]
