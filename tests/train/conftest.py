"""The small encoder, and a training of it whose checkpoints were kept."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    for plugin in ("fixtures_models", "fixtures_text", "tiny_trainings"):
        config.pluginmanager.import_plugin(plugin)
