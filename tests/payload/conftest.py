"""Fixtures of the payload's tests."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    for plugin in ("fixtures_models", "fixtures_s3", "fixtures_script"):
        config.pluginmanager.import_plugin(plugin)
