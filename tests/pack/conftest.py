"""A small XGBoost model as training leaves it, and packed."""

from pathlib import Path

import pytest

from servable.pack import pack
from strategies import train_loans


def pytest_configure(config: pytest.Config) -> None:
    for plugin in ("fixtures_models", "fixtures_text"):
        config.pluginmanager.import_plugin(plugin)


@pytest.fixture(scope="session")
def training_output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_loans(tmp_path_factory.mktemp("loans"))


@pytest.fixture(scope="session")
def packed_artifact(training_output: Path) -> Path:
    return pack(training_output, training_output.parent / "model.tar.gz").output
