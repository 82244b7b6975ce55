"""Attacks run in an empty folder, and what they leave there is compared with what they found."""

from collections.abc import Callable
from pathlib import Path

import pytest

from servable.errors import Damaged


def _contents(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder inside the test's own, so that a step out of it can be seen."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def refused(here: Path) -> Callable[[Callable[[], object]], Damaged]:
    """Runs an attack and gives its refusal, after seeing that nothing was written anywhere around."""

    def run(attack: Callable[[], object]) -> Damaged:
        before = _contents(here.parent)
        with pytest.raises(Damaged) as caught:
            attack()
        assert _contents(here.parent) == before
        return caught.value

    return run
