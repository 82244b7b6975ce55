"""Evaluations of boosters on real tables: every figure against scikit-learn's, on the scores of the verb."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from servable.artifact import MemoryFiles, format_feature_columns, read_files
from servable.codecs import read_table
from servable.datasets import read_labelled_blocks
from servable.evaluate import Evaluation, EvaluationSettings, evaluate
from servable.scorer import Scorer, scorer_of

metrics = pytest.importorskip("sklearn.metrics")
pytest.importorskip("xgboost")

EXACT = {"abs": 1e-9, "rel": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A table, and what a small booster reads of it."""

    file: str
    label: str
    classes: tuple[str, ...]
    numbers: tuple[str, ...]
    category: str
    every: int
    slices: tuple[str, ...]


WOMEN = Source(
    file="women_reviews/women_reviews.csv.gz",
    label="Recommended IND",
    classes=("0", "1"),
    numbers=("Age", "Positive Feedback Count"),
    category="Class Name",
    every=4,
    slices=("Class Name", "Age", "Rating"),
)
AIRBNB = Source(
    file="airbnb_boston/listings_2021-02.csv.gz",
    label="price_band",
    classes=("low", "mid", "high"),
    numbers=("accommodates", "bedrooms", "amenities_count", "minimum_nights", "review_scores_rating"),
    category="room_type",
    every=2,
    slices=("room_type", "bedrooms"),
)
DRUGLIB = Source(
    file="druglib_reviews/druglib_reviews.csv.gz",
    label="side_effects",
    classes=(
        "No Side Effects",
        "Mild Side Effects",
        "Moderate Side Effects",
        "Severe Side Effects",
        "Extremely Severe Side Effects",
    ),
    numbers=("rating",),
    category="effectiveness",
    every=2,
    slices=("effectiveness",),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluated:
    """An evaluation, and what went into it: `[n, classes]` scores and `[n]` class indices."""

    found: Evaluation
    scores: NDArray[np.float64]
    answered: NDArray[np.int64]
    labels: NDArray[np.int64]


def evaluated(shared: Path, source: Source, folder: Path) -> Evaluated:
    """A booster of some rows of a table, evaluated on every so many of the others."""
    import xgboost  # noqa: PLC0415  # 1.5 s, for those tests alone that train

    whole = read_table(shared / "data" / source.file)
    names = whole.names or ()
    rows = [dict(zip(names, row, strict=True)) for row in whole.rows]
    test = rows[:: source.every]
    train = [row for at, row in enumerate(rows) if at % source.every]
    labels = np.array([source.classes.index(str(row[source.label])) for row in train])
    values = sorted({str(row[source.category]) for row in train})
    risks = {
        value: float(labels[[str(row[source.category]) == value for row in train]].mean()) for value in values
    }
    inputs = np.array(
        [
            [_number(row[name]) for name in source.numbers] + [risks[str(row[source.category])]]
            for row in train
        ]
    )
    several = {"num_class": len(source.classes)} if len(source.classes) > 2 else {}
    objective = "multi:softprob" if several else "binary:logistic"
    data = xgboost.DMatrix(inputs, labels)
    model = xgboost.train(
        {"nthread": 1, "max_depth": 3, "eta": 0.15, "objective": objective} | several, data, 12
    )
    scorer = _scorer(source, risks, bytes(model.save_raw(raw_format="ubj")))
    path = folder / "test.ndjson"
    path.write_text("\n".join(map(json.dumps, test)))
    return _of(scorer, path, source)


def _scorer(source: Source, risks: dict[str, float], model: bytes) -> Scorer:
    """Of the files that a training leaves, in the layout of the handler's documentation."""
    fields = (*source.numbers, source.category)
    settings = {
        "tab_field_list": list(source.numbers),
        "cat_field_list": [source.category],
        "label_name": source.label,
        "multiclass_categories": list(source.classes),
        "num_classes": len(source.classes),
        "pipeline_name": "booster",
    }
    files = {
        "xgboost_model.bst": model,
        "feature_columns.txt": format_feature_columns(fields),
        "hyperparameters.json": json.dumps(settings).encode(),
        "risk_table_map.json": json.dumps({source.category: {"bins": risks, "default_bin": 1.0}}).encode(),
        "impute_dict.json": json.dumps(dict.fromkeys(source.numbers, 1.0)).encode(),
    }
    return scorer_of(read_files(MemoryFiles(files)))


def _of(scorer: Scorer, path: Path, source: Source) -> Evaluated:
    blocks = list(read_labelled_blocks(path, scorer.artifact))
    scored = [scorer.score_records(block.records) for block in blocks]
    settings = EvaluationSettings(draws=100, slices=source.slices)
    return Evaluated(
        found=evaluate(scorer, path, settings=settings),
        scores=np.concatenate([one.raw for one in scored]).astype(np.float64),
        answered=np.concatenate([one.label for one in scored]),
        labels=np.concatenate([block.labels for block in blocks]),
    )


def _number(cell: object) -> float:
    return 1.0 if cell in (None, "") else float(str(cell))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


@pytest.fixture(scope="module")
def women(shared_dir: Path, folder: Path) -> Evaluated:
    return evaluated(shared_dir, WOMEN, folder)


@pytest.fixture(scope="module", params=[AIRBNB, DRUGLIB], ids=["airbnb_boston", "druglib_reviews"])
def several(shared_dir: Path, folder: Path, request: pytest.FixtureRequest) -> Evaluated:
    return evaluated(shared_dir, request.param, folder)


def test_a_model_of_what_says_next_to_nothing_is_barely_better_than_the_base_rate(women: Evaluated) -> None:
    assert "barely better than the base rate" in women.found.headline


def test_figures_of_two_classes_are_those_of_scikit_learn(women: Evaluated) -> None:
    labels, ones, found = women.labels, women.scores[:, 1], women.found.raw
    assert found.probability is not None
    assert found.average_precision is not None

    assert found.auc.value == pytest.approx(metrics.roc_auc_score(labels, ones), **EXACT)
    assert found.average_precision.value == pytest.approx(
        metrics.average_precision_score(labels, ones), **EXACT
    )
    assert found.probability.log_loss.value == pytest.approx(metrics.log_loss(labels, ones), **EXACT)
    assert found.probability.brier.value == pytest.approx(metrics.brier_score_loss(labels, ones), **EXACT)
    assert found.probability.log_loss_skill.value == pytest.approx(
        metrics.d2_log_loss_score(labels, np.column_stack([1 - ones, ones])), **EXACT
    )
    assert women.found.accuracy.value == pytest.approx(
        metrics.accuracy_score(labels, women.answered), **EXACT
    )


def test_answers_of_two_classes_are_those_of_scikit_learn(women: Evaluated) -> None:
    labels, ones = women.labels, women.scores[:, 1]

    assert np.array_equal(women.found.confusion, metrics.confusion_matrix(labels, women.answered))
    for at in women.found.thresholds[1:]:
        answered = (ones >= at.threshold).astype(np.int64)
        assert at.shares.precision == pytest.approx(metrics.precision_score(labels, answered), **EXACT)
        assert at.shares.recall == pytest.approx(metrics.recall_score(labels, answered), **EXACT)
        assert at.shares.f1 == pytest.approx(metrics.f1_score(labels, answered), **EXACT)


def test_points_of_the_curves_lie_on_those_of_scikit_learn(women: Evaluated) -> None:
    (curves,) = women.found.curves
    x, y, _ = metrics.roc_curve(women.labels, women.scores[:, 1], drop_intermediate=False)
    precision, recall, _ = metrics.precision_recall_curve(women.labels, women.scores[:, 1])

    assert _lie_on(curves.roc.x, curves.roc.y, x, y)
    assert _lie_on(curves.precision_recall.x, curves.precision_recall.y, recall, precision)


def _lie_on(x: Sequence[float], y: Sequence[float], on_x: object, on_y: object) -> bool:
    known = {(round(a, 9), round(b, 9)) for a, b in zip(np.asarray(on_x), np.asarray(on_y), strict=True)}
    return {(round(a, 9), round(b, 9)) for a, b in zip(x, y, strict=True)} <= known


def test_figures_of_several_classes_are_those_of_scikit_learn(several: Evaluated) -> None:
    labels, scores, found = several.labels, several.scores, several.found
    assert found.raw.probability is not None
    truth = np.eye(scores.shape[1])[labels]

    areas = [metrics.roc_auc_score(truth[:, at], scores[:, at]) for at in range(scores.shape[1])]
    assert found.raw.auc.value == pytest.approx(np.mean(areas), **EXACT)
    assert [one.auc.value for one in found.of_classes if one.auc] == pytest.approx(areas, **EXACT)
    likelihood = metrics.log_loss(labels, scores / scores.sum(axis=1, keepdims=True))
    assert found.raw.probability.log_loss.value == pytest.approx(
        likelihood, abs=1e-7
    )  # rows sum to 1 in float32
    assert found.raw.probability.brier.value == pytest.approx(
        ((scores - truth) ** 2).sum(axis=1).mean(), **EXACT
    )


def test_answers_of_several_classes_are_those_of_scikit_learn(several: Evaluated) -> None:
    labels, answered, found = several.labels, several.answered, several.found

    assert np.array_equal(found.confusion, metrics.confusion_matrix(labels, answered))
    assert found.accuracy.value == pytest.approx(metrics.accuracy_score(labels, answered), **EXACT)
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(labels, answered, zero_division=np.nan)
    for at, one in enumerate(found.of_classes):
        shares = (one.shares.precision, one.shares.recall, one.shares.f1)
        known = (precision[at], recall[at], f1[at])
        assert [np.nan if share is None else share for share in shares] == pytest.approx(known, nan_ok=True)


def test_several_classes_have_curves_each_and_slices(several: Evaluated) -> None:
    found = several.found

    assert [curves.of_class for curves in found.curves] == list(found.classes)
    assert found.slices is not None
    assert any(one.auc is not None for one in found.slices.slices)
    assert found.thresholds == ()
