"""The plain baseline of a text model."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import threadpoolctl  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from servable.codecs import read_table
from servable.errors import BadInput
from servable.metrics import auc, log_loss
from servable.records import TextJoin
from servable.train.baseline import fit_baseline
from servable.train.split import Part, positions, split

TEXTS = ["good shoes", "bad shoes", "very good", "very bad"] * 10
LABELS = np.array([1, 0, 1, 0] * 10)
NOTHING = np.zeros((len(TEXTS), 0), np.float32)


def _features(*columns: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.array(columns).T.astype(np.float32)


def test_words_of_a_text_decide() -> None:
    baseline = fit_baseline(TEXTS, NOTHING, LABELS, seed=0)

    scores = baseline.scores(["good coat", "bad coat"], NOTHING[:2])

    assert scores[0, 1] > 0.9
    assert scores[1, 1] < 0.1


def test_a_pair_of_words_decides_where_single_words_cannot() -> None:
    texts = ["not good really bad", "not bad really good"] * 20

    scores = fit_baseline(texts, NOTHING, np.array([0, 1] * 20), seed=0).scores(texts[:2], NOTHING[:2])

    assert scores[0, 1] < 0.1
    assert scores[1, 1] > 0.9


def test_without_words_the_features_decide() -> None:
    rng = np.random.default_rng(0)
    features = _features(rng.normal(size=40) + 3 * LABELS)

    scores = fit_baseline([""] * 40, features, LABELS, seed=0).scores([""] * 40, features)

    assert auc(scores[:, 1], LABELS) > 0.95


def test_a_feature_may_have_any_scale() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=40) + LABELS
    small, large = (_features(values * scale) for scale in (1e-12, 1e12))

    scores = [
        fit_baseline([""] * 40, some, LABELS, seed=0).scores([""] * 40, some) for some in (small, large)
    ]

    np.testing.assert_allclose(scores[0], scores[1], atol=1e-4)


def test_without_words_and_features_every_row_gets_the_base_rate() -> None:
    baseline = fit_baseline([""] * 40, NOTHING, (np.arange(40) < 10).astype(np.int64), seed=0)

    scores = baseline.scores(["words that no training row had", ""], NOTHING[:2])

    np.testing.assert_allclose(scores, [[0.75, 0.25]] * 2, atol=1e-4)


@pytest.mark.parametrize("value", [0.1, 1e30, 0.0])
def test_a_constant_column_says_nothing(value: float) -> None:
    constant = _features(np.full(40, value))

    with_it = fit_baseline(TEXTS, constant, LABELS, seed=0).scores(TEXTS, constant)

    np.testing.assert_allclose(with_it, fit_baseline(TEXTS, NOTHING, LABELS, seed=0).scores(TEXTS, NOTHING))


def test_three_classes_have_three_probabilities_in_their_order() -> None:
    texts, labels = ["red", "green", "blue"] * 10, np.array([2, 0, 1] * 10)
    none = np.zeros((30, 0), np.float32)

    scores = fit_baseline(texts, none, labels, seed=0).scores(["green", "blue", "red"], none[:3])

    assert scores.argmax(axis=1).tolist() == [0, 1, 2]


@pytest.mark.parametrize(("labels", "lacking"), [([1, 1], 0), ([0, 0], 1), ([2, 0], 1)])
def test_a_class_without_a_row_is_refused(labels: list[int], lacking: int) -> None:
    with pytest.raises(BadInput, match=rf"found none of class {lacking}; train on a larger table") as caught:
        fit_baseline(["a word", "another"], np.zeros((2, 0), np.float32), np.array(labels), seed=0)

    assert caught.value.code == "train.rows"


@settings(deadline=None, max_examples=25)
@given(
    texts=st.lists(st.text("ab \N{SNOWMAN}", max_size=6), min_size=12, max_size=12),
    features=arrays.arrays(np.float32, (12, 2), elements=st.floats(-1e6, 1e6, width=32)),
)
def test_probabilities_sum_to_one_and_the_same_rows_give_the_same_model(
    texts: list[str], features: NDArray[np.float32]
) -> None:
    labels = np.array([0, 1] * 6)

    first, second = (fit_baseline(texts, features, labels, seed=0).scores(texts, features) for _ in range(2))

    assert first.dtype == np.float64
    np.testing.assert_allclose(first.sum(axis=1), 1.0)
    assert first.tolist() == second.tolist()


def test_the_number_of_threads_makes_no_difference() -> None:
    rng = np.random.default_rng(0)
    # above some 10,000 coefficients the solver's sums are shared among threads
    texts = [" ".join(f"w{word}" for word in rng.integers(0, 20_000, 60)) for _ in range(400)]
    labels = rng.integers(0, 2, 400)
    none = np.zeros((400, 0), np.float32)

    found = []
    for threads in (1, 2):
        with threadpoolctl.threadpool_limits(limits=threads):
            found.append(fit_baseline(texts, none, labels, seed=0).scores(texts, none))

    assert found[0].tolist() == found[1].tolist()


def test_without_scikit_learn_it_says_what_to_install() -> None:
    program = (
        "import sys\n"
        "sys.modules['sklearn'] = None\n"
        "from servable.errors import Unavailable\n"
        "try:\n"
        "    import servable.train.baseline\n"
        "except Unavailable as error:\n"
        "    print(error.code, error)\n"
    )

    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert found.stdout.startswith("train.extra the baseline of a text model: expected the package")
    assert found.stdout.endswith("install servable[train]\n")


@pytest.mark.slow
def test_on_reviews_it_reaches_the_figures_that_were_measured_with_another_program(shared_dir: Path) -> None:
    read = read_table(shared_dir / "data/women_reviews/women_reviews.csv.gz")
    table = TextJoin(field="text", columns=("Title", "Review Text")).apply(read)
    names = table.names or ()
    texts, labels, ids = (
        [row[names.index(name)] for row in table.rows] for name in ("text", "Recommended IND", "")
    )
    parts = split(positions(ids))
    truth = np.array([int(str(label)) for label in labels])
    train, test = parts[Part.TRAIN], parts[Part.TEST]
    none = np.zeros((len(texts), 0), np.float32)

    baseline = fit_baseline([str(texts[row] or "") for row in train], none[train], truth[train], seed=0)
    scores = baseline.scores([str(texts[row] or "") for row in test], none[test])[:, 1]

    assert auc(scores, truth[test]) == pytest.approx(0.956, abs=0.004)
    assert log_loss(scores, truth[test]) == pytest.approx(0.204, abs=0.008)
