"""The small model whose records the tables hold."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.import_plugin("fixtures_models")
