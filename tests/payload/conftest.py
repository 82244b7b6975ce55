"""Fixtures of the payload script's tests."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from payload_cases import write_hyperparameters


def pytest_configure(config: pytest.Config) -> None:
    for plugin in ("fixtures_models", "fixtures_s3"):
        config.pluginmanager.import_plugin(plugin)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.INFO, logger="servable.payload.script"):
        yield caplog


@pytest.fixture
def model_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    write_hyperparameters(folder)
    return folder
