"""Models as training leaves them: text networks with random weights, and trees."""

from collections.abc import Callable
from pathlib import Path

import pytest
from example_artifacts import EXAMPLE, Layout, write_text_output

from servable.pack import pack
from strategies import train_loans


def pytest_configure(config: pytest.Config) -> None:
    for plugin in ("fixtures_models", "fixtures_text"):
        config.pluginmanager.import_plugin(plugin)


@pytest.fixture(scope="session")
def text_output(encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Layout], Path]:
    """Writes the training output of a text network into a folder of its own."""

    def write(layout: Layout) -> Path:
        return write_text_output(tmp_path_factory.mktemp("text") / "model", layout, encoder=encoder)

    return write


@pytest.fixture(scope="session")
def example_output(text_output: Callable[[Layout], Path]) -> Path:
    """A model with the fields and columns of the documentation's examples; nobody may change it."""
    return text_output(EXAMPLE)


@pytest.fixture(scope="session")
def trees_output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The training output of a booster; its records are those of `strategies.loan_rows`."""
    return train_loans(tmp_path_factory.mktemp("loans"))


@pytest.fixture(scope="session")
def packed_trees(trees_output: Path) -> Path:
    """The same booster, packed."""
    return pack(trees_output, trees_output.parent / "model.tar.gz").output
