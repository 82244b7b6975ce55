"""Real scores that several files look at."""

from pathlib import Path

import pytest
from real_scores import RealScores, real_scores


@pytest.fixture(scope="session")
def women_reviews(shared_dir: Path) -> RealScores:
    """Of two classes, most rows of class 1."""
    return real_scores(shared_dir, "women_reviews")
