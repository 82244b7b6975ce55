"""What an evaluation finds out about scores that are known."""

from pathlib import Path

import numpy as np
import pytest
from evaluated import LABEL, drawn, lookup, score_columns, scorer, table, told

from servable.artifact import StoredCalibration
from servable.errors import BadInput
from servable.evaluate import Evaluation, EvaluationSettings, evaluate, evaluation_lines
from servable.evaluate.evaluation.page import evaluation_page

QUICK = EvaluationSettings(draws=100)


def evaluated(path: Path, **settings: object) -> Evaluation:
    return evaluate(scorer(), path, settings=EvaluationSettings(draws=100, **settings))


def of_scores(folder: Path, scores: list[float], labels: list[int], **columns: list[object]) -> Path:
    named = ["yes" if label else "no" for label in labels]
    return table(folder, {"score": scores, LABEL: named} | columns)


def test_a_score_that_says_nothing_is_no_better_than_the_base_rate(tmp_path: Path) -> None:
    labels = [1, 1, 1, 0] * 50
    path = of_scores(tmp_path, [0.7 if at % 3 else 0.8 for at in range(200)], labels)

    found = evaluated(path)

    assert "no better than the base rate" in found.headline
    assert found.base.shares == (0.25, 0.75)


def test_scores_that_are_what_they_say_are_consistent_with_calibration(tmp_path: Path) -> None:
    found = evaluated(told(tmp_path, 2000))

    assert found.raw.probability is not None
    assert all(finding.is_consistent for finding in found.raw.probability.calibration)
    assert any("consistent with calibration at 95 %" in sentence for sentence in found.sentences)
    assert any(sentence.startswith("raw scores are right on average") for sentence in found.sentences)


def test_scores_that_are_too_high_are_called_so(tmp_path: Path) -> None:
    scores, labels = drawn(2000)
    path = of_scores(tmp_path, np.sqrt(scores).tolist(), labels.tolist())

    found = evaluated(path)

    assert found.raw.probability is not None
    assert not found.raw.probability.calibration[0].is_consistent
    assert found.raw.probability.bias.low > 0
    assert any("are too high on average" in sentence for sentence in found.sentences)


@pytest.mark.parametrize(
    ("knots", "says"),
    [
        (((0.0, 0.001), (0.5, 0.25), (1.0, 0.999)), "calibration lowers the log-loss: -"),
        (((0.0, 0.001), (0.5, 0.95), (1.0, 0.999)), "calibration raises the log-loss"),
        (((0.0, 0.0), (0.5, 0.5), (1.0, 1.0)), "calibration does not change the log-loss"),
    ],
    ids=["repairs", "spoils", "leaves"],
)
def test_what_a_calibrator_does_to_the_log_loss_is_said(
    tmp_path: Path, knots: tuple[tuple[float, float], ...], says: str
) -> None:
    scores, labels = drawn(2000)
    path = of_scores(tmp_path, np.sqrt(scores).tolist(), labels.tolist())

    found = evaluate(scorer(calibration=lookup(*knots)), path, settings=QUICK)

    assert found.change is not None
    assert any(sentence.startswith(says) for sentence in found.sentences)
    assert found.judged == "calibrated"


def test_a_calibrator_that_keeps_the_order_keeps_what_sees_the_order(tmp_path: Path) -> None:
    bent = lookup((0.0, 0.001), (0.5, 0.25), (1.0, 0.999))

    found = evaluate(scorer(calibration=bent), told(tmp_path), settings=QUICK)

    assert found.calibrated is not None
    assert found.calibrated.auc == found.raw.auc
    assert found.calibrated.average_precision == found.raw.average_precision


def test_a_calibrator_with_a_flat_part_loses_order(tmp_path: Path) -> None:
    flat = lookup((0.0, 0.1), (0.3, 0.5), (0.7, 0.5), (1.0, 0.9))

    found = evaluate(scorer(calibration=flat), told(tmp_path), settings=QUICK)

    assert found.calibrated is not None
    assert found.calibrated.distinct < found.raw.distinct
    assert found.calibrated.auc.value < found.raw.auc.value


def test_no_loss_is_taken_of_percentiles(tmp_path: Path) -> None:
    ranks = lookup((0.0, 0.01), (0.6, 0.5), (1.0, 0.99), kind="percentile")

    found = evaluate(
        scorer(calibration=ranks), told(tmp_path), settings=EvaluationSettings(draws=100, thresholds=(0.9,))
    )

    assert found.calibrated is not None
    assert found.calibrated.probability is None
    assert (found.judged, found.change) == ("raw", None)
    assert found.sentences[0].startswith("the calibrator answers percentiles: they rank records")
    assert [(at.kind, at.reason) for at in found.thresholds] == [
        ("raw", "the label that is answered"),
        ("raw", "best F1 on these rows"),
        ("calibrated", "asked for"),
    ]


def test_probabilities_of_exactly_0_and_1_are_counted_and_the_wrong_among_them(tmp_path: Path) -> None:
    path = of_scores(tmp_path, [0.0, 1.0, 1.0, 0.5] * 25, [1, 1, 0, 0] * 25)

    found = evaluated(path)

    assert found.raw.probability is not None
    assert (found.raw.probability.certain, found.raw.probability.certain_wrong) == (75, 50)
    assert any(
        "75 rows have a probability of exactly 0 or 1, 50 of them are wrong" in s for s in found.sentences
    )


def test_rows_without_a_label_are_left_out_and_counted(tmp_path: Path) -> None:
    scores, labels = drawn(120)
    named = ["yes" if label else "no" for label in labels]
    named[5] = named[80] = ""
    path = table(tmp_path, {"score": scores.tolist(), LABEL: named})

    found = evaluated(path)

    assert (found.data.rows, found.data.unlabelled) == (118, 2)
    assert "2 rows without a label left out" in found.sentences


def test_labels_at_a_threshold_are_those_of_the_scores_from_it_on(tmp_path: Path) -> None:
    path = of_scores(tmp_path, [0.2, 0.4, 0.5, 0.6, 0.8] * 20, [0, 1, 0, 1, 1] * 20)

    at = next(at for at in evaluated(path, thresholds=(0.6,)).thresholds if at.reason == "asked for")

    assert (at.counts.true_positives, at.counts.false_positives) == (40, 0)
    assert (at.counts.true_negatives, at.counts.false_negatives) == (40, 20)
    assert at.shares.recall == pytest.approx(2 / 3)
    assert at.answered_share == pytest.approx(0.4)


def test_the_label_that_is_answered_needs_more_than_one_half(tmp_path: Path) -> None:
    path = of_scores(tmp_path, [0.2, 0.5, 0.75] * 20, [0, 1, 1] * 20)

    answered, *_ = evaluated(path).thresholds

    assert answered.counts.false_negatives == 20


def test_no_threshold_has_a_higher_f1_than_the_one_that_is_shown(tmp_path: Path) -> None:
    path = told(tmp_path)
    grid = tuple(np.linspace(0.05, 0.95, 19).round(2).tolist())

    found = evaluated(path, thresholds=grid)

    best = next(at.shares.f1 for at in found.thresholds if at.reason == "best F1 on these rows")
    assert best is not None
    assert all((at.shares.f1 or 0) <= best for at in found.thresholds)


def test_groups_of_equal_rows_widen_the_intervals_as_the_same_rows_once(tmp_path: Path) -> None:
    scores, labels = drawn(100)
    group = [f"customer {at}" for at in range(100)]
    named = ["yes" if label else "no" for label in labels]
    once = table(tmp_path, {"score": scores.tolist(), LABEL: named}, name="once.csv")
    tenfold = {"score": scores.tolist() * 10, LABEL: named * 10, "customer": group * 10}
    repeated = table(tmp_path, tenfold, name="repeated.csv")

    alone, grouped, deceived = (
        evaluated(once),
        evaluated(repeated, group="customer"),
        evaluated(repeated),
    )

    assert grouped.raw.auc.value == pytest.approx(alone.raw.auc.value)
    assert _width(grouped) == pytest.approx(_width(alone), rel=0.05)
    assert _width(deceived) < 0.5 * _width(alone)
    assert any('100 values of "customer", as asked for' in sentence for sentence in grouped.sentences)


def test_groups_of_the_training_are_drawn_where_the_table_has_them(tmp_path: Path) -> None:
    model = scorer(split={"key": "customer"})
    customers = told(tmp_path, 200, customer=[f"customer {at // 2}" for at in range(200)])

    found = evaluate(model, customers, settings=QUICK)

    assert found.data.grouping is not None
    assert (found.data.grouping.groups, found.data.grouping.origin) == (100, "training")
    assert any('"customer", which training kept together' in sentence for sentence in found.sentences)


def test_rows_are_drawn_one_by_one_where_training_split_by_the_id_or_the_table_has_no_groups(
    tmp_path: Path,
) -> None:
    by_id, by_customer = scorer(split={"key": "number"}), scorer(split={"key": "customer"})
    path = told(tmp_path, 200, number=list(range(200)))

    assert evaluate(by_id, path, settings=QUICK).data.grouping is None
    assert evaluate(by_customer, path, settings=QUICK).data.grouping is None


def test_rows_without_a_group_stand_alone(tmp_path: Path) -> None:
    path = told(tmp_path, 200, customer=["a"] * 60 + ["b"] * 60 + [""] * 80)

    found = evaluated(path, group="customer")

    assert found.data.grouping is not None
    assert found.data.grouping.groups == 82


def _width(found: Evaluation) -> float:
    return found.raw.auc.high - found.raw.auc.low


def test_few_rows_of_a_class_are_warned_of(tmp_path: Path) -> None:
    path = of_scores(tmp_path, [0.9, 0.2, 0.3, 0.1] * 10, [1] + [0] * 3 + [0, 1, 0, 0] + [0] * 32)

    found = evaluated(path)

    assert 'only 2 rows of class "yes": intervals are rough, and an AUC has none' in found.warnings


def test_rows_that_a_calibrator_has_no_answer_for_are_warned_of(tmp_path: Path) -> None:
    zeros = StoredCalibration(
        kind="regular_multiclass",
        tables={number: [(0.0, 0.0), (0.5, 0.0), (1.0, 1.0)] for number in range(3)},
        where="calibration",
    )
    rows = [(0.4, 0.3, 0.3), (0.1, 0.2, 0.7), (0.8, 0.1, 0.1), (0.2, 0.7, 0.1)] * 20
    columns = dict(zip(score_columns(3), map(list, zip(*rows, strict=True)), strict=True))
    path = table(tmp_path, columns | {LABEL: ["a", "c", "a", "b"] * 20})

    found = evaluate(scorer(classes=("a", "b", "c"), calibration=zeros), path, settings=QUICK)

    assert found.data.kept_raw == 20
    assert found.warnings[0].startswith("the calibrator has no answer for 20 rows: raw scores stand in")


def test_a_threshold_of_more_than_two_classes_is_refused(tmp_path: Path) -> None:
    settings = EvaluationSettings(thresholds=(0.5,))

    with pytest.raises(BadInput) as refused:
        evaluate(scorer(classes=("a", "b", "c")), told(tmp_path), settings=settings)

    assert str(refused.value) == (
        "--threshold: expected a model of two classes, found 3: a, b, c; leave it out"
    )


def test_the_same_seed_gives_the_same_evaluation_and_another_one_other_intervals(tmp_path: Path) -> None:
    path = told(tmp_path)

    first, again, other = (evaluated(path, seed=seed).to_plain() for seed in (1, 1, 2))

    assert first == again
    assert first["raw"]["auc"]["value"] == other["raw"]["auc"]["value"]
    assert first["raw"]["auc"]["low"] != other["raw"]["auc"]["low"]


def test_curves_are_thinned_and_keep_their_ends(tmp_path: Path) -> None:
    (curves,) = evaluated(told(tmp_path, 3000)).curves

    assert len(curves.roc.x) <= 200
    assert (curves.roc.x[0], curves.roc.y[0], curves.roc.x[-1], curves.roc.y[-1]) == (0, 0, 1, 1)
    assert curves.precision_recall.x[-1] == 1
    assert sum(curves.scores.shares) == pytest.approx(1)
    assert sum(one.rows for one in curves.reliability) == 3000


def test_a_class_of_one_row_leaves_the_ranking_without_an_interval_and_says_so(tmp_path: Path) -> None:
    scores, _ = drawn(60)
    labels = [1, *[0] * 59]

    found = evaluated(of_scores(tmp_path, scores.tolist(), labels))

    assert (found.raw.auc.low, found.raw.auc.high) == (None, None)
    assert found.curves[0].roc_band is None
    assert f"raw scores: AUC {found.raw.auc.value:.4f} (too few rows for an interval)" in found.sentences
    assert 'only 1 row of class "yes": intervals are rough, and an AUC has none' in found.warnings
    assert found.to_plain()["raw"]["auc"]["low"] is None
    assert any("(too few rows for an interval)" in line for line in evaluation_lines(found))
    assert "too few rows for an interval" in evaluation_page(found)


def test_many_classes_of_a_few_rows_have_a_mean_auc_with_an_interval(tmp_path: Path) -> None:
    names = [f"class {number}" for number in range(30)]
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(30), [40, *[6] * 27, 5, 5])
    odds = np.exp(rng.normal(size=(len(labels), 30)) + 2 * np.eye(30)[labels])
    shares = (odds / odds.sum(axis=1, keepdims=True)).T
    columns: dict[str, list[object]] = dict(zip(score_columns(30), shares.tolist(), strict=True))
    path = table(tmp_path, columns | {LABEL: [names[label] for label in labels]})

    found = evaluate(scorer(classes=names), path, settings=QUICK)

    assert found.raw.auc.low is not None
    assert all(one.auc is not None for one in found.of_classes)
