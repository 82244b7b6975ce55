"""Where a pretrained encoder is found, and what is refused as one."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from fixtures_models import environment, run_apart
from servable.errors import ServableError
from servable.train import find_encoder

NAME_A_FOLDER = "name the folder of a pretrained BERT or RoBERTa encoder with its tokenizer"
NOWHERE = (
    "expected a folder, an installed package, or an encoder in the hub's cache, found none of them; "
    "check the name, or pass `--allow-download` to fetch it from the hub"
)
WORDS = "embeddings.word_embeddings.weight"
Weights = dict[str, NDArray[Any]]


@pytest.fixture
def folder(encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the small encoder, named relatively as `tiny`."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(encoder, tmp_path / "tiny")
    return Path("tiny")


def _save_torch(weights: object, path: Path, **options: Any) -> None:
    torch = pytest.importorskip("torch")
    if isinstance(weights, dict):
        weights = {name: torch.from_numpy(array) for name, array in weights.items()}
    torch.save(weights, path, **options)


def _refusal(name: str) -> str:
    with pytest.raises(ServableError) as caught:
        find_encoder(name)
    return str(caught.value)


# --- found


def test_an_encoder_is_found_by_its_folder(folder: Path) -> None:
    found = find_encoder("tiny")

    config = json.loads((folder / "config.json").read_text())
    assert (found.name, found.max_tokens, found.layers) == ("tiny", 64, 2)
    assert found.config == config
    assert found.tokenizer == (folder / "tokenizer.json").read_bytes()
    stored = load_file(folder / "model.safetensors")
    assert {name: array.tobytes() for name, array in found.weights.items()} == {
        name: array.tobytes() for name, array in stored.items()
    }


@pytest.mark.parametrize("name", [".", "../tiny/", "../tiny/."])
def test_a_folder_has_the_name_of_its_last_part_however_it_is_written(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)

    assert find_encoder(name).name == "tiny"


def test_an_absolute_path_leaves_only_its_last_part_as_the_name(folder: Path) -> None:
    assert find_encoder(str(folder.resolve())).name == "tiny"


def test_the_path_that_a_configuration_was_loaded_from_is_dropped(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"_name_or_path": "/home/someone/models"}))

    assert find_encoder("tiny").config == config


def test_an_encoder_is_found_by_the_package_that_holds_it_without_importing_it(
    encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "acme_encoder"
    shutil.copytree(encoder, package / "data" / "v1")
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(tmp_path)

    found = find_encoder("acme-encoder")

    assert found.name == "acme-encoder"
    assert found.tokenizer == (encoder / "tokenizer.json").read_bytes()


@pytest.mark.slow
def test_an_encoder_in_the_cache_of_the_hub_has_the_name_that_was_asked_for(
    encoder: Path, tmp_path: Path
) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    cached = tmp_path / "hub" / "models--acme--tiny"
    shutil.copytree(encoder, cached / "snapshots" / commit)
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text(commit)
    program = "from servable.train import find_encoder; print(find_encoder('acme/tiny').name)"

    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment({"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}),
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("acme/tiny\n", "")


def test_weights_that_torch_saved_are_read_where_there_are_no_safetensors(folder: Path) -> None:
    stored = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    _save_torch(stored, folder / "pytorch_model.bin")

    found = find_encoder("tiny")

    assert {name: array.tobytes() for name, array in found.weights.items()} == {
        name: array.tobytes() for name, array in stored.items()
    }


def test_safetensors_win_where_both_files_are_there(folder: Path) -> None:
    (folder / "pytorch_model.bin").write_bytes(b"not read")

    assert find_encoder("tiny").layers == 2


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float8_e4m3fn"])
def test_weights_of_fewer_bits_are_read_as_numbers(dtype: str, folder: Path) -> None:
    torch = pytest.importorskip("torch")
    save = pytest.importorskip("safetensors.torch").save_file
    stored = load_file(folder / "model.safetensors")
    narrow = {name: torch.from_numpy(array).to(getattr(torch, dtype)) for name, array in stored.items()}
    save(narrow, folder / "model.safetensors")

    words = find_encoder("tiny").weights[WORDS]

    assert words.dtype.kind == "f"
    assert np.array_equal(words.astype(np.float32), narrow[WORDS].float().numpy())


def test_positions_of_roberta_begin_behind_its_padding(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "roberta", "pad_token_id": 1}))

    assert find_encoder("tiny").max_tokens == 62


# --- not found


@pytest.mark.parametrize("name", ["nothing-of-this-name", "a b", "x" * 300, "__main__", "no/such/name"])
def test_a_name_that_is_nowhere_is_refused(name: str) -> None:
    assert _refusal(name) == f"encoder {name}: {NOWHERE}"


@pytest.mark.slow
def test_a_name_that_the_cache_of_the_hub_lacks_is_refused_without_a_network(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    # an endpoint that nobody listens at: whoever asked it would say so
    hub = {"HF_HOME": str(tmp_path / "home"), "HF_ENDPOINT": "http://127.0.0.1:9"}
    family = ("--label", "y", "--text", "t", "--family", "bimodal_bert", "--encoder", "nobody/nothing")

    ran = run_apart("train", "absent.csv", *family, "-o", "out", cwd=empty, extra=hub)

    assert (ran.exit_code, ran.stdout) == (2, "")
    assert ran.stderr == f"error: encoder nobody/nothing: {NOWHERE}\n"
    assert list(empty.iterdir()) == []


@pytest.mark.slow
def test_a_hub_that_does_not_answer_is_named(tmp_path: Path) -> None:
    hub = {"HF_HOME": str(tmp_path / "home"), "HF_ENDPOINT": "http://127.0.0.1:9"}
    family = ("--label", "y", "--text", "t", "--family", "bimodal_bert", "--encoder", "nobody/nothing")

    ran = run_apart("train", "absent.csv", *family, "--allow-download", "-o", "out", cwd=tmp_path, extra=hub)

    assert ran.exit_code == 2
    assert ran.stderr == (
        "error: encoder nobody/nothing: expected a folder, an installed package, or an encoder in the hub's "
        "cache, found none of them; check the name and the connection to the hub\n"
    )


# --- refused


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("config.json", "config.json"),
        ("tokenizer.json", "tokenizer.json"),
        ("model.safetensors", "model.safetensors or pytorch_model.bin"),
    ],
)
def test_a_folder_that_lacks_a_file_is_refused(file: str, expected: str, folder: Path) -> None:
    (folder / file).unlink()

    assert _refusal("tiny") == f"tiny: expected {expected}, found no such file; {NAME_A_FOLDER}"


def _shorter(weights: Weights) -> Weights:
    return weights | {WORDS: weights[WORDS][:5]}


def _scalar(weights: Weights) -> Weights:
    return {WORDS: np.array(1.0, dtype=np.float32)}


def _nothing(_: Weights) -> Weights:
    return {}


def _without_words(weights: Weights) -> Weights:
    return {name: array for name, array in weights.items() if name.startswith("pooler")}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            _shorter,
            "tiny: expected a tokenizer of at most 5 tokens, which the weights have vectors for, "
            "found one of {tokens}",
        ),
        (
            _without_words,
            f"tiny: expected weights with {WORDS}, found pooler.dense.bias, pooler.dense.weight",
        ),
        (_scalar, f"tiny: expected weights with {WORDS}, found {WORDS}"),
        (_nothing, f"tiny: expected weights with {WORDS}, found none"),
    ],
    ids=["too few vectors", "no vectors of words", "a number", "empty"],
)
def test_weights_that_do_not_fit_are_refused(
    change: Callable[[Weights], Weights], sentence: str, folder: Path
) -> None:
    stored = load_file(folder / "model.safetensors")
    save_file(change(stored), folder / "model.safetensors")

    assert _refusal("tiny") == f"{sentence.format(tokens=len(stored[WORDS]))}; {NAME_A_FOLDER}"


@pytest.mark.parametrize(
    ("file", "data", "sentence"),
    [
        (
            "config.json",
            b"{",
            "tiny/config.json, line 1, column 2: expected valid JSON, found an error (Expecting property "
            "name enclosed in double quotes); mend the file, or write it again",
        ),
        (
            "config.json",
            b"[]",
            f"tiny/config.json: expected an object, found something else; {NAME_A_FOLDER}",
        ),
        (
            "config.json",
            b'{"max_position_embeddings": 64, "num_hidden_layers": "two"}',
            'tiny/config.json: expected "num_hidden_layers", a number from 1 on, found "two"; '
            + NAME_A_FOLDER,
        ),
        (
            "config.json",
            b'{"num_hidden_layers": 2}',
            'tiny/config.json: expected "max_position_embeddings", a number from 1 on, found null; '
            + NAME_A_FOLDER,
        ),
        (
            "tokenizer.json",
            b"{}",
            "tiny/tokenizer.json, model: expected a model of type BPE, Unigram, WordLevel, WordPiece, "
            "found something else; copy it from an encoder of type bert or roberta that was trained with it",
        ),
        (
            "model.safetensors",
            b"abc",
            "tiny/model.safetensors: expected weights in safetensors, found another file "
            f"(Error while deserializing header: header too small); {NAME_A_FOLDER}",
        ),
    ],
)
def test_a_broken_file_is_refused(file: str, data: bytes, sentence: str, folder: Path) -> None:
    (folder / file).write_bytes(data)

    assert _refusal("tiny") == sentence


def test_weights_that_are_cut_off_are_refused(folder: Path) -> None:
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[:-50])

    assert _refusal("tiny") == (
        "tiny/model.safetensors: expected weights in safetensors, found another file (Error while "
        f"deserializing header: incomplete metadata, file not fully covered); {NAME_A_FOLDER}"
    )


def test_weights_in_a_format_of_old_are_refused(folder: Path) -> None:
    stored = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    _save_torch(stored, folder / "pytorch_model.bin", _use_new_zipfile_serialization=False)

    assert _refusal("tiny") == (
        "tiny/pytorch_model.bin: expected a PyTorch file in the zip format, found a pickle, as PyTorch wrote "
        "before 1.6; if you trust it, load it and save it again with torch.save of PyTorch 1.6 or newer"
    )


def test_weights_that_are_no_tensors_by_name_are_refused(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    _save_torch([1, 2], folder / "pytorch_model.bin")

    assert _refusal("tiny") == (
        f"tiny/pytorch_model.bin: expected tensors by name, found something else; {NAME_A_FOLDER}"
    )


def test_weights_that_would_run_code_are_refused_and_run_nothing(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    _save_torch(Command(), folder / "pytorch_model.bin")

    assert _refusal("tiny").startswith(
        "tiny/pytorch_model.bin, member 'pytorch_model/data.pkl': expected plain data"
    )
    assert not Path("executed").exists()


class Command:
    """An object whose pickle runs a command wherever it is loaded without care."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        import os  # noqa: PLC0415  # as an attacker would

        return (os.system, ("touch executed",))
