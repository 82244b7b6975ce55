"""The choice among calibrators on real data: never clearly worse than doing nothing."""

import csv
import gzip
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from calibration_rows import Rows, assert_promises
from numpy.typing import NDArray

from servable.calibration import Method, choose_calibrator, fit_calibrator
from servable.metrics import log_loss_of_classes, negative_log
from servable.records import FloatArray
from servable.train.split import Part, positions, split

pytestmark = pytest.mark.slow

MODELS = [
    "two, bayes",
    "two, regression",
    "two, weighted",
    "three, bayes",
    "three, regression",
    "five, bayes",
    "five, regression",
]


def _read(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rb") as file:
        return list(csv.DictReader(io.TextIOWrapper(file, encoding="utf-8", newline="")))


def _scored(
    rows: list[dict[str, str]],
    models: dict[str, Any],
    *,
    key: str,
    text: Callable[[dict[str, str]], str],
    label: str,
) -> dict[str, Rows]:
    """The rows that models of the texts did not see; they are fitted on 3,000 of the training rows."""
    texts = pytest.importorskip("sklearn.feature_extraction.text")
    vectorizer = texts.TfidfVectorizer(min_df=3, max_features=3000)
    _, labels = np.unique([row[label] for row in rows], return_inverse=True)
    parts = split(positions([row[key] for row in rows]))
    train = parts[Part.TRAIN][:3000]
    words = vectorizer.fit_transform([text(rows[number]) for number in train])
    rest = np.concatenate([parts[Part.VALID], parts[Part.CALIB], parts[Part.TEST]])
    words_of_rest = vectorizer.transform([text(rows[number]) for number in rest])
    return {
        name: Rows(model.fit(words, labels[train]).predict_proba(words_of_rest), labels[rest])
        for name, model in models.items()
    }


@pytest.fixture(scope="module")
def scored(shared_dir: Path) -> dict[str, Rows]:
    """Models that are over-confident, class-weighted or nearly calibrated, of two, three and five classes."""
    bayes = pytest.importorskip("sklearn.naive_bayes").MultinomialNB
    regression = pytest.importorskip("sklearn.linear_model").LogisticRegression
    data = shared_dir / "data"
    return (
        _scored(
            _read(data / "women_reviews/women_reviews.csv.gz"),
            {
                "two, bayes": bayes(),
                "two, regression": regression(C=10, max_iter=1000),
                "two, weighted": regression(C=10, max_iter=1000, class_weight="balanced"),
            },
            key="",
            text=lambda row: f"{row['Title']} {row['Review Text']}",
            label="Recommended IND",
        )
        | _scored(
            _read(data / "airbnb_boston/listings_2021-02.csv.gz"),
            {"three, bayes": bayes(), "three, regression": regression(C=10, max_iter=1000)},
            key="host_key",
            text=lambda row: f"{row['title']} {row['description']}",
            label="price_band",
        )
        | _scored(
            _read(data / "druglib_reviews/druglib_reviews.csv.gz"),
            {"five, bayes": bayes(), "five, regression": regression(C=5, max_iter=1000)},
            key="row_id",
            text=lambda row: row["side_effects_review"],
            label="side_effects",
        )
    )


def _halves(rows: Rows, *, seed: int) -> tuple[Rows, Rows]:
    """Rows to calibrate on and rows to look at; of one population, which parts of a small table are not."""
    order = np.random.default_rng(seed).permutation(len(rows.labels))
    first, second = np.array_split(order, 2)
    return Rows(rows.raw[first], rows.labels[first]), Rows(rows.raw[second], rows.labels[second])


def _losses(probabilities: FloatArray, labels: NDArray[np.int64]) -> FloatArray:
    return negative_log(probabilities[np.arange(len(labels)), labels])


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("seed", range(3))
def test_what_is_chosen_is_never_worse_than_nothing_by_more_than_one_standard_error(
    name: str, seed: int, scored: dict[str, Rows]
) -> None:
    calib, test = _halves(scored[name], seed=seed)

    chosen = choose_calibrator(calib.raw, calib.labels, seed=seed)

    calibrator = chosen.fitted.calibrator
    after = test.raw if calibrator is None else calibrator.apply(test.raw)
    lost = _losses(after, test.labels) - _losses(test.raw, test.labels)
    assert lost.mean() <= lost.std(ddof=1) / np.sqrt(len(lost))


@pytest.mark.parametrize("name", ["two, bayes", "two, weighted", "three, regression", "five, bayes"])
def test_a_model_that_is_clearly_wrong_is_calibrated_and_gains(name: str, scored: dict[str, Rows]) -> None:
    calib, test = _halves(scored[name], seed=0)

    chosen = choose_calibrator(calib.raw, calib.labels, seed=0)

    assert chosen.fitted.calibrator is not None
    before = log_loss_of_classes(test.raw, test.labels)
    assert log_loss_of_classes(chosen.fitted.calibrator.apply(test.raw), test.labels) < 0.95 * before


@pytest.mark.parametrize("method", [Method.PLATT, Method.BETA, Method.ISOTONIC])
@pytest.mark.parametrize("name", MODELS)
def test_tables_of_real_scores_hold_their_promises(
    name: str, method: Method, scored: dict[str, Rows]
) -> None:
    calib, _ = _halves(scored[name], seed=0)

    fitted = fit_calibrator(calib.raw, calib.labels, method=method)

    for index, table in fitted.tables.items():
        assert_promises(table, calib.raw[:, index])
    assert fitted.knot_error <= 0.001


def test_raw_isotonic_regression_is_worse_than_nothing_and_what_is_fitted_here_is_not(
    scored: dict[str, Rows],
) -> None:
    isotonic = pytest.importorskip("sklearn.isotonic")
    calib, test = _halves(scored["two, regression"], seed=0)
    library = isotonic.IsotonicRegression(out_of_bounds="clip").fit(calib.scores, calib.labels)
    raw = library.predict(test.scores)

    fitted = fit_calibrator(calib.raw, calib.labels, method=Method.ISOTONIC).calibrator

    assert fitted is not None
    before = log_loss_of_classes(test.raw, test.labels)
    assert log_loss_of_classes(np.column_stack([1 - raw, raw]), test.labels) > before + 0.005
    assert log_loss_of_classes(fitted.apply(test.raw), test.labels) < before + 0.002
