"""Fixtures of the tests that hold the payload script to its documentation."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from contract_model import write_hyperparameters


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.INFO, logger="servable.payload.script"):
        yield caplog


@pytest.fixture
def model_dir(tmp_path: Path) -> Path:
    return write_hyperparameters(tmp_path / "model")
