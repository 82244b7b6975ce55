"""Trained and packed models of the session."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    for plugin in ("fixtures_models", "fixtures_text"):
        config.pluginmanager.import_plugin(plugin)
