"""The small models and the processes around them."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    for plugin in ("fixtures_models", "fixtures_text", "fixtures_s3"):
        config.pluginmanager.import_plugin(plugin)
