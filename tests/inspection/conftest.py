"""Trained and packed models of the session, for what an inspection says of them."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    for plugin in ("fixtures_models", "fixtures_text"):
        config.pluginmanager.import_plugin(plugin)
