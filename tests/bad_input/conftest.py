"""The small models and the processes around them."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.import_plugin("fixtures_models")
    config.pluginmanager.import_plugin("fixtures_text")
