"""The small models, for tests of what the server does with them."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    for plugin in ("fixtures_models", "fixtures_text"):
        config.pluginmanager.import_plugin(plugin)
