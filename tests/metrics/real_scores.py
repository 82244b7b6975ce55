"""Probabilities of plain text models for real reviews and listings, of rows that they were not fitted on."""

import csv
import gzip
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RealScores:
    """`[n, K]` probabilities and `[n]` labels of the test rows of a table."""

    probabilities: NDArray[np.float64]
    labels: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a table is, what it is read for, how many rows a model is fitted on, and on how many words."""

    file: str
    key: str
    texts: tuple[str, ...]
    label: str
    fitted_on: int
    words: int


MOST_TESTED = 2400

SOURCES = {
    "women_reviews": Source(
        file="women_reviews/women_reviews.csv.gz",
        key="",
        texts=("Title", "Review Text"),
        label="Recommended IND",
        fitted_on=4000,
        words=4000,
    ),
    "airbnb_boston": Source(
        file="airbnb_boston/listings_2021-02.csv.gz",
        key="host_key",
        texts=("title", "room_type", "property_type"),
        label="price_band",
        fitted_on=1000,
        words=1500,
    ),
    "druglib_reviews": Source(
        file="druglib_reviews/druglib_reviews.csv.gz",
        key="row_id",
        texts=("side_effects_review",),
        label="side_effects",
        fitted_on=1000,
        words=1500,
    ),
}


def real_scores(shared: Path, name: str) -> RealScores:
    """Scores of the fifth of a table's rows whose key falls there by its hash."""
    text = pytest.importorskip("sklearn.feature_extraction.text")
    linear = pytest.importorskip("sklearn.linear_model")
    source = SOURCES[name]
    content = gzip.decompress((shared / "data" / source.file).read_bytes()).decode()
    rows = list(csv.DictReader(io.StringIO(content, newline="")))
    is_test = [hashlib.sha256(row[source.key].encode()).digest()[0] < 256 / 5 for row in rows]
    texts = [" ".join(row[column] for column in source.texts) for row in rows]
    labels = np.unique([row[source.label] for row in rows], return_inverse=True)[1]
    train = [number for number, kept_out in enumerate(is_test) if not kept_out][: source.fitted_on]
    test = [number for number, kept_out in enumerate(is_test) if kept_out][:MOST_TESTED]
    words = text.TfidfVectorizer(ngram_range=(1, 2), max_features=source.words, sublinear_tf=True)
    inputs = words.fit_transform([texts[number] for number in train])
    # each as strong as it can be within a second or two
    settings = {"C": 10, "solver": "liblinear"} if labels.max() == 1 else {"C": 1, "solver": "lbfgs"}
    model = linear.LogisticRegression(max_iter=1000, tol=1e-3, **settings)
    model.fit(inputs, labels[train])
    found = model.predict_proba(words.transform([texts[number] for number in test]))
    return RealScores(probabilities=found, labels=labels[test])
