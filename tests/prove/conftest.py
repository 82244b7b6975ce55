"""Fixtures of the tests of proofs."""

from pathlib import Path

import pytest
from prove_doubles import prove_undisturbed, write_artifact, write_table

from servable.prove import Proof


@pytest.fixture(scope="session")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A packed artifact with golden records."""
    return write_artifact(tmp_path_factory.mktemp("artifact"))


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory, artifact: Path) -> Path:
    """The right answers of that artifact, for an endpoint double."""
    return write_table(tmp_path_factory.mktemp("table") / "table.json", artifact)


@pytest.fixture(scope="session")
def healthy_proof(tmp_path_factory: pytest.TempPathFactory, artifact: Path, table: Path) -> Proof:
    """The proof of an endpoint that does everything right."""
    return prove_undisturbed(table, artifact, tmp_path_factory.mktemp("proofs") / "proof", fault="none")
