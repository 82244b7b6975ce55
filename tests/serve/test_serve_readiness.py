"""Golden records are scored again before anything is served."""

from collections.abc import Callable

import numpy as np
import pytest
from serve_doubles import BROKEN, FakeScorer, body_of, predictions_of

from servable.artifact import GoldenSet
from servable.errors import Damaged
from servable.records import Predictions
from servable.serve import replay_golden

AGES = [10.0, 20.0, 30.0, 40.0]


def golden_of(
    *, reference: Predictions | None = None, packed: Predictions | None = None, ages: list[float] = AGES
) -> GoldenSet:
    return GoldenSet(
        requests=tuple(body_of(age)[1:-1] for age in ages),
        reference=predictions_of(ages) if reference is None else reference,
        packed=packed,
        source="train",
    )


def moved(predictions: Predictions, *, record: int, by: float) -> Predictions:
    raw = predictions.raw.copy()
    raw[record, 1] += by
    return Predictions(raw=raw, calibrated=predictions.calibrated)


def clock_with(step_s: float) -> Callable[[], float]:
    """A clock on which every look takes `step_s`."""
    times = iter(np.arange(0, 1000) * step_s)
    return lambda: float(next(times))


def test_all_records_are_replayed_where_time_allows() -> None:
    scorer = FakeScorer()

    assert replay_golden(scorer, golden_of(), clock_with(0.001)) == 4
    assert scorer.batches == [1, 1, 1, 1]


def test_at_least_one_record_is_replayed_however_slow_it_is() -> None:
    assert replay_golden(FakeScorer(), golden_of(), clock_with(5.0)) == 1


def test_replaying_ends_after_a_tenth_of_a_second() -> None:
    assert replay_golden(FakeScorer(), golden_of(), clock_with(0.05)) == 2


def test_a_score_that_differs_is_damage_and_says_where() -> None:
    golden = golden_of(reference=moved(predictions_of(AGES), record=2, by=2e-5))
    expected = golden.reference.raw[2].tolist()
    found = predictions_of(AGES).raw[2].tolist()

    with pytest.raises(Damaged) as refused:
        replay_golden(FakeScorer(), golden, clock_with(0.001))

    assert str(refused.value) == (
        f"golden record 2, raw score: expected [{expected[0]}, {expected[1]}] within 1e-05, "
        f"found [{found[0]}, {found[1]}]; pack the artifact again with the versions that are installed here"
    )


def test_a_last_digit_that_differs_is_no_damage() -> None:
    golden = golden_of(reference=moved(predictions_of(AGES), record=2, by=5e-6))

    assert replay_golden(FakeScorer(), golden, clock_with(0.001)) == 4


def test_the_packed_scores_count_where_there_are_any() -> None:
    wrong = moved(predictions_of(AGES), record=0, by=0.1)

    assert replay_golden(
        FakeScorer(), golden_of(reference=wrong, packed=predictions_of(AGES)), clock_with(0.001)
    )
    with pytest.raises(Damaged, match="golden record 0"):
        replay_golden(FakeScorer(), golden_of(packed=wrong), clock_with(0.001))


def test_a_calibrated_score_that_differs_is_damage_too() -> None:
    right = predictions_of(AGES)
    golden = golden_of(reference=Predictions(raw=right.raw, calibrated=right.raw))

    with pytest.raises(Damaged, match="golden record 0, calibrated score"):
        replay_golden(FakeScorer(), golden, clock_with(0.001))


def test_another_number_of_classes_is_damage() -> None:
    three = np.full((4, 3), 1 / 3)

    with pytest.raises(Damaged, match="golden record 0, raw score"):
        replay_golden(
            FakeScorer(), golden_of(reference=Predictions(raw=three, calibrated=three)), clock_with(0.001)
        )


def test_a_score_that_is_not_a_number_is_damage() -> None:
    golden = golden_of(reference=moved(predictions_of(AGES), record=0, by=float("nan")))

    with pytest.raises(Damaged, match="golden record 0"):
        replay_golden(FakeScorer(), golden, clock_with(0.001))


def test_a_record_that_cannot_be_scored_does_not_pass() -> None:
    with pytest.raises(ValueError, match="secret"):
        replay_golden(FakeScorer(), golden_of(ages=[BROKEN]), clock_with(0.001))
