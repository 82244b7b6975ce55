"""Small models as training leaves them, and packed: trees of loans, a network of dialogues."""

import json
import shutil
from pathlib import Path
from typing import Any

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


@pytest.fixture(scope="session")
def dialogue_output(text_model: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The text model's training output, had its texts been dialogues: a record has up to five chunks."""
    folder = tmp_path_factory.mktemp("dialogues") / "trained"
    shutil.copytree(text_model.trained, folder, ignore=shutil.ignore_patterns("golden"))
    file = folder / "hyperparameters.json"
    settings = json.loads(file.read_text())
    settings["text_processing_steps"].insert(0, "dialogue_splitter")
    file.write_text(json.dumps(settings))
    return folder


@pytest.fixture(scope="session")
def packed_dialogues(dialogue_output: Path) -> Path:
    return pack(dialogue_output, dialogue_output.parent / "model.tar.gz").output
