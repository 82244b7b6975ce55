"""The plain baseline that stands beside a text model: words and tabular features in one linear model.

It is cheap, it has no encoder, and on short reviews it is as good as a small one: a text model that
does not beat it has not earned its cost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from servable.errors import BadInput, Problem, Unavailable

try:
    from scipy import sparse  # type: ignore[import-untyped]
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
except ImportError as error:
    raise Unavailable(
        Problem(
            code="train.extra",
            where="the baseline of a text model",
            expected="the package scikit-learn",
            found="that it is not installed",
            fix="install servable[train]",
        )
    ) from error

_INVERSE_REGULARISATION = 10.0
_MAX_ITERATIONS = 2000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Baseline:
    """A fitted baseline.

    Attributes:
        vectorizer: texts -> tf-idf of their words and pairs of words; None where no text had a word.
        scaler: tabular features -> standardised ones.
        regression: the linear model of both.
    """

    vectorizer: Any
    scaler: Any
    regression: Any

    def scores(self, texts: Sequence[str], features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Class probabilities `[n, classes]` of `[n]` texts and `[n, t]` features, n >= 1."""
        words = None if self.vectorizer is None else self.vectorizer.transform(texts)
        tabular = self.scaler.transform(_columns(features))
        found: NDArray[np.float64] = self.regression.predict_proba(_side_by_side(words, tabular))
        return found


def fit_baseline(
    texts: Sequence[str], features: NDArray[np.float32], labels: NDArray[np.int64], *, seed: int
) -> Baseline:
    """A logistic regression on tf-idf of words and pairs of words, and on standardised features.

    The same rows give the same model, whatever the number of processors.

    Args:
        texts: `[n]`, as the model's text steps leave them; empty where a record has no text.
        features: `[n, t]` float32 without NaN; t may be 0.
        labels: `[n]` class index, every class among them.
        seed: of the solver's draws, of which the present one makes none.

    Raises:
        BadInput: `train.rows` if a class has no row.
    """
    _require_every_class(labels)
    scaler = StandardScaler().fit(_columns(features))
    # a word counts by the logarithm of its number; rare words stay: cutting them costs log-loss
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    if any(map(vectorizer.build_analyzer(), texts)):
        words = vectorizer.fit_transform(texts)
    else:
        vectorizer = words = None
    regression = LogisticRegression(
        C=_INVERSE_REGULARISATION, solver="lbfgs", max_iter=_MAX_ITERATIONS, random_state=seed
    )
    # one thread: the sums of two differ in their last digits, and their waiting took six times as long
    with threadpool_limits(limits=1):
        regression.fit(_side_by_side(words, scaler.transform(_columns(features))), labels)
    return Baseline(vectorizer=vectorizer, scaler=scaler, regression=regression)


def _columns(features: NDArray[np.float32]) -> NDArray[np.float64]:
    """The features, or one column of zeros where there are none, so that a model of no words has an input."""
    return features.astype(np.float64) if features.shape[1] else np.zeros((len(features), 1))


def _side_by_side(words: Any, tabular: NDArray[np.float64]) -> Any:
    return tabular if words is None else sparse.hstack([words, tabular], format="csr")


def _require_every_class(labels: NDArray[np.int64]) -> None:
    rows = np.bincount(labels, minlength=2)
    if not rows.all():
        raise BadInput(
            Problem(
                code="train.rows",
                where="training rows of the baseline",
                expected=f"rows of all {len(rows)} classes",
                found=f"none of class {int(rows.argmin())}",
                fix="train on a larger table",
            )
        )
