"""The page of an evaluation: every number of it stands in the JSON, whatever the model is."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from evaluated import LABEL, drawn, lookup, score_columns, scorer, table, told

from report_numbers import assert_in_json
from servable.evaluate import Evaluation, EvaluationSettings, evaluate, evaluation_lines
from servable.evaluate.evaluation.page import banner, evaluation_page

NAMES = ("low", "mid", "high", "<b>top</b>")


def several(folder: Path) -> Evaluation:
    """Of four classes, of which one has no row."""
    rng = np.random.default_rng(3)
    scores = rng.dirichlet([2, 1, 1, 0.5], 400).astype(np.float32)
    labels = [NAMES[rng.choice(3, p=row[:3] / row[:3].sum())] for row in scores.astype(np.float64)]
    columns = dict(zip(score_columns(4), scores.T.tolist(), strict=True))
    path = table(folder, columns | {LABEL: labels, "city": ["Rome", "Oslo"] * 200})
    settings = EvaluationSettings(draws=100, slices=("city",))
    return evaluate(scorer(classes=NAMES), path, settings=settings, against=scorer(classes=NAMES))


def percentiles(folder: Path) -> Evaluation:
    ranks = lookup((0.0, 0.01), (0.6, 0.5), (1.0, 0.99), kind="percentile")
    settings = EvaluationSettings(draws=100, thresholds=(0.9,))
    return evaluate(scorer(calibration=ranks), told(folder), settings=settings)


def uncalibrated(folder: Path) -> Evaluation:
    scores, labels = drawn(60)
    scores[:5] = 1.0
    columns = {"score": scores.tolist(), LABEL: ["yes" if label else "no" for label in labels]}
    path = table(folder, columns | {"city": ["Rome"] * 10 + ["Oslo"] * 50, "who": [1, 2, 3] * 20})
    settings = EvaluationSettings(draws=100, slices=("city",), group="who")
    return evaluate(scorer(), path, settings=settings)


MADE = [several, percentiles, uncalibrated]


@pytest.mark.parametrize("made", MADE, ids=lambda made: made.__name__)
def test_every_number_of_the_page_stands_in_the_json(
    tmp_path: Path, made: Callable[[Path], Evaluation]
) -> None:
    found = made(tmp_path)

    assert_in_json(evaluation_page(found), found.to_plain(), allowed=("95 %",))


@pytest.mark.parametrize("made", MADE, ids=lambda made: made.__name__)
def test_the_text_is_aligned_and_says_all_sentences(
    tmp_path: Path, made: Callable[[Path], Evaluation]
) -> None:
    found = made(tmp_path)

    lines = evaluation_lines(found)

    assert lines[0] == found.headline
    for sentence in (*found.sentences, *(f"warning: {warning}" for warning in found.warnings)):
        assert f"  {sentence}" in lines
    assert all(line == line.rstrip() for line in lines)


def test_the_same_evaluation_is_the_same_page(tmp_path: Path) -> None:
    first, again = (evaluation_page(uncalibrated(tmp_path)) for _ in range(2))

    assert first == again


def test_each_of_several_classes_has_its_figures(tmp_path: Path) -> None:
    page = evaluation_page(several(tmp_path))

    for place, name in enumerate(("low", "mid", "high")):
        assert f'id="roc-{place}-title">ROC, class {name}<' in page
    assert "roc-3" not in page
    assert "no row of class &#34;&lt;b&gt;top&lt;/b&gt;&#34;" in page.lower()
    assert "<b>top</b>" not in page


def test_percentiles_have_no_reliability_beside_the_raw_scores(tmp_path: Path) -> None:
    page = evaluation_page(percentiles(tmp_path))

    reliability = page.partition('id="reliability-0-title"')[2].partition("</figure>")[0]
    assert "raw scores" in reliability
    assert "calibrated scores" not in reliability


def test_the_facts_of_the_banner_are_these_numbers(tmp_path: Path) -> None:
    found = uncalibrated(tmp_path)
    plain = found.to_plain()

    facts = {name: fact.value for name, fact in banner(found).facts if fact.value is not None}

    assert facts == {
        "Rows": plain["data"]["rows"],
        "AUC": plain["raw"]["auc"]["value"],
        "Log-loss": plain["raw"]["probability"]["log_loss"]["value"],
        "Log-loss skill": plain["raw"]["probability"]["log_loss_skill"]["value"],
        "Accuracy of the label": plain["accuracy"]["value"],
    }
