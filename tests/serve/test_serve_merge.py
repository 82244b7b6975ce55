"""Laws of merging and cutting."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from serve_doubles import predictions_of, records_of

from servable.records import Predictions, Records
from servable.serve.merge import concatenate, cut, join, split

ages = st.lists(st.floats(0, 100), min_size=1, max_size=6)
requests = st.lists(ages, min_size=1, max_size=6)


def same(left: Records, right: Records) -> bool:
    pairs = [(left.columns[name], right.columns[name]) for name in right.columns]
    return (
        left.n == right.n
        and left.ids == right.ids
        and list(left.columns) == list(right.columns)
        and all(a.dtype == b.dtype and a.tolist() == b.tolist() for a, b in pairs)
    )


def same_scores(left: Predictions, right: Predictions) -> bool:
    return np.array_equal(left.raw, right.raw) and np.array_equal(left.calibrated, right.calibrated)


@given(requests)
def test_cutting_a_concatenation_gives_its_parts_back(lists: list[list[float]]) -> None:
    parts = [records_of(part, ids=tuple(f"{part}{i}" for i in range(len(part)))) for part in lists]

    whole = concatenate(parts)

    start = 0
    for part in parts:
        assert same(cut(whole, start, start + part.n), part)
        start += part.n
    assert start == whole.n


@given(requests)
def test_splitting_scores_gives_every_part_its_own(lists: list[list[float]]) -> None:
    whole = predictions_of([age for part in lists for age in part])

    parts = split(whole, [len(part) for part in lists])

    assert len(parts) == len(lists)
    assert all(same_scores(found, predictions_of(part)) for found, part in zip(parts, lists, strict=True))


@given(requests)
def test_joining_what_was_split_is_the_whole_with_its_ids(lists: list[list[float]]) -> None:
    ids = tuple(range(sum(map(len, lists))))
    whole = predictions_of([age for part in lists for age in part], ids=ids)

    joined = join(split(whole, [len(part) for part in lists]), ids=ids)

    assert same_scores(joined, whole)
    assert joined.ids == ids
    assert joined.label.tolist() == whole.label.tolist()


def test_ids_are_merged_only_where_every_request_has_them() -> None:
    with_ids, without = records_of([1.0], ids=("a",)), records_of([2.0])

    assert concatenate([with_ids, without]).ids is None
    assert concatenate([with_ids, with_ids]).ids == ("a", "a")


def test_one_request_is_not_copied() -> None:
    records = records_of([1.0, 2.0])

    assert concatenate([records]) is records
    assert cut(records, 0, 2) is records
