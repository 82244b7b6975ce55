"""Two models on the same rows: the difference is surer than either figure."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from evaluated import LABEL, drawn, lookup, scorer, table

from servable.errors import BadInput
from servable.evaluate import Evaluation, EvaluationSettings, evaluate, evaluation_lines
from servable.evaluate.evaluation.against import Against
from servable.evaluate.evaluation.page import evaluation_page

QUICK = EvaluationSettings(draws=200)


def rows(folder: Path, n: int = 1000) -> Path:
    """Scores, and the same a little less sure in the column of another model."""
    scores, labels = drawn(n)
    noise = np.random.default_rng(5).normal(0, 0.5, n)
    logit = np.log(scores / (1 - scores))
    named = ["yes" if label else "no" for label in labels]
    worse = 1 / (1 + np.exp(-(0.8 * logit + noise)))
    return table(folder, {"score": scores.tolist(), "other": worse.tolist(), LABEL: named})


def against(path: Path, **options: object) -> tuple[Evaluation, Against]:
    other = scorer(name="other", prefix="other", **options)
    found = evaluate(scorer(), path, settings=QUICK, against=other)
    assert found.against is not None
    return found, found.against


def test_differences_are_those_of_the_figures_that_each_model_has_alone(tmp_path: Path) -> None:
    path = rows(tmp_path)

    found, beside = against(path)
    alone = evaluate(scorer(name="other", prefix="other"), path, settings=QUICK)

    assert alone.raw.probability is not None
    assert beside.auc.other == alone.raw.auc
    assert beside.log_loss.other == alone.raw.probability.log_loss
    assert beside.brier.other == alone.raw.probability.brier
    assert beside.auc.model == found.raw.auc
    assert beside.auc.difference.value == found.raw.auc.value - alone.raw.auc.value


def test_a_paired_difference_is_surer_than_the_figures(tmp_path: Path) -> None:
    _, beside = against(rows(tmp_path))

    assert beside.log_loss.model.high > beside.log_loss.other.low  # their own intervals overlap
    assert beside.log_loss.difference.high < 0
    assert beside.sentence.startswith("it is better than other on the same rows: log-loss -")


def test_a_model_beside_itself_differs_in_nothing(tmp_path: Path) -> None:
    path = rows(tmp_path)

    found = evaluate(scorer(), path, settings=QUICK, against=scorer())

    assert found.against is not None
    differences = [one.difference for one in (found.against.auc, found.against.log_loss, found.against.brier)]
    assert {(one.value, one.low, one.high) for one in differences} == {(0.0, 0.0, 0.0)}
    assert found.against.flips == 0
    assert "it is no better than told (the same model) on the same rows" in found.against.sentence


def test_labels_that_flip_are_counted_with_who_is_right(tmp_path: Path) -> None:
    named = ["yes", "no", "yes", "no"] * 25
    columns = {"score": [0.9, 0.2, 0.9, 0.2] * 25, "other": [0.9, 0.8, 0.3, 0.2] * 25, LABEL: named}

    _, beside = against(table(tmp_path, columns))

    assert (beside.flips, beside.flips_right, beside.flips_other_right) == (50, 50, 0)


def test_percentiles_of_the_other_model_are_passed_over_for_its_raw_scores(tmp_path: Path) -> None:
    ranks = lookup((0.0, 0.01), (1.0, 0.99), kind="percentile")

    _, beside = against(rows(tmp_path), calibration=ranks)

    assert (beside.kind, beside.other_kind) == ("raw", "raw")


def test_a_model_of_other_classes_is_refused(tmp_path: Path) -> None:
    other = scorer(classes=("yes", "no"), name="other")

    with pytest.raises(BadInput) as refused:
        evaluate(scorer(), rows(tmp_path), settings=QUICK, against=other)

    assert str(refused.value) == (
        "--against, other: expected the classes no, yes, in this order, found yes, no; "
        "compare with a model of the same classes"
    )


def test_two_models_of_one_name_are_told_apart_by_their_digests(tmp_path: Path) -> None:
    other = scorer(prefix="other")
    other = replace(other, artifact=replace(other.artifact, digest=f"sha256:{64 * 'b'}"))

    found = evaluate(scorer(), rows(tmp_path), settings=QUICK, against=other)

    assert found.against is not None
    titles = ("told (tttttttttt)", "told (bbbbbbbbbb)")
    assert found.to_plain()["against"]["titles"] == titles
    assert "(told (tttttttttt) minus told (bbbbbbbbbb); a lower log-loss is better)" in found.against.sentence
    for text in ("\n".join(evaluation_lines(found)), evaluation_page(found)):
        assert all(f"{title}, raw" in text for title in titles)
    assert "Beside told (bbbbbbbbbb)" in evaluation_page(found)


def test_fields_that_the_other_model_lacks_are_said_to_be_the_other_ones(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        evaluate(scorer(), rows(tmp_path), settings=QUICK, against=scorer(name="new", prefix="absent"))

    assert str(caught.value).startswith("the other model, new, rows.csv, ")
    assert '"absent"' in str(caught.value)
