"""The folder of recorded cases, and their artifacts packed, each once per session."""

from collections.abc import Callable
from pathlib import Path

import pytest
from recorded_suite import Case, Suite

from servable.artifact import OnDamage
from servable.pack import pack


@pytest.fixture(scope="session")
def suite(shared_dir: Path) -> Suite:
    return Suite(shared_dir / "conformance")


@pytest.fixture(scope="session")
def packed(suite: Suite, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Case], Path]:
    """Packs the artifact of a case, or hands out what was packed before."""
    folder = tmp_path_factory.mktemp("packed")

    def archive(case: Case) -> Path:
        output = folder / case.name / "model.tar.gz"
        if not output.is_file():
            output.parent.mkdir()
            pack(case.artifact, output, on_damage=OnDamage.WARN, tokenizers=suite.root)
        return output

    return archive
