"""Fixtures of the tests that hold the payload script to its documentation."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.import_plugin("fixtures_script")
