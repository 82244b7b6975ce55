"""A trained model of the session, whose profile is looked at."""

from pathlib import Path

import pytest

from strategies import train_loans


@pytest.fixture(scope="session")
def training_output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_loans(tmp_path_factory.mktemp("loans"))
