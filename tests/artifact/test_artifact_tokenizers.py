"""Where a network's tokenizer is found, and which tokenizers are refused."""

import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from servable.artifact import Artifact, MemoryFiles, OnDamage, TokenizerSearch, read_files
from servable.cli.inspect import command as inspect
from servable.errors import Damaged, NotFound, Unavailable
from tiny_outputs import SETTINGS, Files, artifacts, as_json, byte_pairs, network_output, word_pieces

NAME = str(SETTINGS["tokenizer"])
REVISION = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def output() -> Files:
    return network_output()


@pytest.fixture(scope="module")
def bare(output: Files) -> Files:
    """A training output without a tokenizer of its own."""
    return {name: data for name, data in output.items() if not name.startswith("tokenizer/")}


def _tokenizer(output: Files) -> Files:
    prefix = "tokenizer/"
    return {name.removeprefix(prefix): data for name, data in output.items() if name.startswith(prefix)}


def _write(folder: Path, files: Files) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def _cached(cache: Path, files: Files, *, name: str = NAME) -> Path:
    """The repository's folder, as the hub's library fills its cache: links to blobs."""
    repository = cache / f"models--{name.replace('/', '--')}"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(REVISION)
    snapshot = repository / "snapshots" / REVISION
    snapshot.mkdir(parents=True)
    _write(repository / "blobs", {f"blob of {name}": data for name, data in files.items()})
    for file in files:
        (snapshot / file).symlink_to(Path("../../blobs") / f"blob of {file}")
    return repository


def _read(files: Files, search: TokenizerSearch, *, on_damage: OnDamage = OnDamage.REFUSE) -> Artifact:
    return read_files(MemoryFiles(files), tokenizers=search, on_damage=on_damage)


def _refused(files: Files, search: TokenizerSearch | None = None) -> str:
    with pytest.raises((Damaged, NotFound)) as caught:
        _read(files, search or TokenizerSearch())
    return str(caught.value)


# --- the places, in their order


def test_the_tokenizer_of_the_artifact_itself_comes_first(output: Files, bare: Files, tmp_path: Path) -> None:
    other = {name: data + b" " for name, data in _tokenizer(output).items()}
    search = TokenizerSearch(folder=_write(tmp_path / "found", other))

    assert _read(output, search).texts[0].where == "tokenizer/tokenizer.json"
    assert _read(bare, search).texts[0].where == f"{tmp_path / 'found'}/tokenizer.json"


def test_a_folder_of_the_tokenizers_name_comes_before_the_folder_itself(
    output: Files, bare: Files, tmp_path: Path
) -> None:
    search = TokenizerSearch(folder=_write(tmp_path, _tokenizer(output)))
    _write(tmp_path / NAME, _tokenizer(output))

    assert _read(bare, search).texts[0].where == f"{tmp_path / NAME}/tokenizer.json"


def test_the_cache_of_the_hub_comes_last_and_its_revision_is_told(
    output: Files, bare: Files, tmp_path: Path
) -> None:
    repository = _cached(tmp_path / "hub", _tokenizer(output))

    artifact = _read(bare, TokenizerSearch(cache=tmp_path / "hub"))

    assert artifact.texts[0].where == f"{repository}/snapshots/{REVISION}/tokenizer.json"
    assert artifact.remarks == (f"tokenizer {NAME}: revision {REVISION} of the hub is taken",)
    assert artifact.texts[0].tokenizer == output["tokenizer/tokenizer.json"]


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"HF_HUB_CACHE": "/a", "HF_HOME": "/b", "HOME": "/c"}, "/a"),
        ({"HF_HOME": "/b", "HOME": "/c"}, "/b/hub"),
        ({"XDG_CACHE_HOME": "/d", "HOME": "/c"}, "/d/huggingface/hub"),
        ({"HOME": "/c"}, "/c/.cache/huggingface/hub"),
        ({}, None),
    ],
)
def test_the_cache_is_where_the_hubs_own_library_keeps_it(
    environment: dict[str, str], folder: str | None
) -> None:
    assert TokenizerSearch.of(environment).cache == (None if folder is None else Path(folder))


def test_a_folder_that_is_named_comes_before_the_one_of_the_environment() -> None:
    environment = {"SERVABLE_TOKENIZER_PATH": "/a"}

    assert TokenizerSearch.of(environment).folder == Path("/a")
    assert TokenizerSearch.of(environment, folder="/b").folder == Path("/b")


def test_a_tokenizer_that_is_nowhere_is_refused_with_all_the_places(bare: Files, tmp_path: Path) -> None:
    message = _refused(bare, TokenizerSearch(folder=tmp_path, cache=tmp_path))

    assert message == (
        f"tokenizer {NAME}: expected tokenizer/tokenizer.json in the artifact, a folder of this name where "
        "SERVABLE_TOKENIZER_PATH says, or the cache of the Hugging Face hub, found none of them; set "
        "SERVABLE_TOKENIZER_PATH to a folder with tokenizer.json and config.json, or pass "
        "`--allow-download`"
    )


@pytest.mark.parametrize("name", ["../outside", "/outside", "a--b", "a/b/c", "..", "a\x00b"])
def test_a_name_that_leads_out_of_the_folders_is_found_nowhere(
    name: str, output: Files, bare: Files, tmp_path: Path
) -> None:
    _write(tmp_path / "outside", _tokenizer(output))
    (tmp_path / "in").mkdir()
    settings = dict(SETTINGS) | {"tokenizer": name}
    files = bare | {"hyperparameters.json": as_json(settings)}

    message = _refused(files, TokenizerSearch(folder=tmp_path / "in", cache=tmp_path / "in"))

    assert "found none of them" in message


def test_a_link_of_the_cache_that_leads_out_of_its_repository_is_refused(
    output: Files, bare: Files, tmp_path: Path
) -> None:
    repository = _cached(tmp_path / "hub", _tokenizer(output))
    outside = _write(tmp_path / "outside", _tokenizer(output))
    link = repository / "snapshots" / REVISION / "tokenizer.json"
    link.unlink()
    link.symlink_to(outside / "tokenizer.json")

    message = _refused(bare, TokenizerSearch(cache=tmp_path / "hub"))

    assert f"{link}: expected a link into the folder of its repository, found one to another place" in message


@pytest.mark.parametrize("revision", ["", "../../../outside", "gone"])
def test_a_cache_whose_reference_leads_nowhere_holds_nothing(
    revision: str, output: Files, bare: Files, tmp_path: Path
) -> None:
    repository = _cached(tmp_path / "hub", _tokenizer(output))
    (repository / "refs" / "main").write_text(revision)

    assert "found none of them" in _refused(bare, TokenizerSearch(cache=tmp_path / "hub"))


# --- the hub, where that is allowed


class _Hub(BaseHTTPRequestHandler):
    """A hub of one repository."""

    files: Files

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        repository, slash, rest = self.path.removeprefix("/").partition("/resolve/")
        data = self.files.get(rest.partition("/")[2]) if slash and repository == NAME else None
        self.send_response(404 if data is None else 200)
        self.send_header("X-Error-Code", "EntryNotFound" if repository == NAME else "RepoNotFound")
        self.send_header("X-Repo-Commit", REVISION)
        self.send_header("ETag", f'"{len(data or b"")}"')
        self.send_header("Content-Length", str(len(data or b"")))
        self.end_headers()
        if with_body and data is not None:
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""


@contextmanager
def _hub(files: Files) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Hub", (_Hub,), {"files": files}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_what_is_nowhere_is_fetched_only_if_that_is_allowed(
    output: Files, bare: Files, tmp_path: Path
) -> None:
    with _hub(_tokenizer(output)) as endpoint:
        _refused(bare, TokenizerSearch(cache=tmp_path, endpoint=endpoint))
        assert list(tmp_path.iterdir()) == []

        search = TokenizerSearch(cache=tmp_path, endpoint=endpoint, allow_download=True)
        artifact = _read(bare, search)

    assert artifact.remarks == (f"tokenizer {NAME}: revision {REVISION} of the hub is taken",)
    again = _read(bare, TokenizerSearch(cache=tmp_path))
    assert again.texts[0].tokenizer == artifact.texts[0].tokenizer == output["tokenizer/tokenizer.json"]
    assert again.network == artifact.network


def test_a_name_that_the_hub_does_not_know_is_refused_in_one_sentence(bare: Files, tmp_path: Path) -> None:
    files = bare | {"hyperparameters.json": as_json(dict(SETTINGS) | {"tokenizer": "org/other"})}
    with _hub({}) as endpoint:
        message = _refused(files, TokenizerSearch(cache=tmp_path, endpoint=endpoint, allow_download=True))

    assert message == (
        "tokenizer org/other: expected a repository of the hub with a tokenizer.json, found that it could "
        "not be fetched (RepositoryNotFoundError); check the name and the connection, or copy the "
        "tokenizer's folder by hand"
    )


@pytest.mark.slow
def test_a_command_fetches_a_tokenizer_if_it_is_told_to(
    output: Files, bare: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = _write(tmp_path / "trained", bare)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    with _hub(_tokenizer(output)) as endpoint:
        monkeypatch.setenv("HF_ENDPOINT", endpoint)
        refused = CliRunner().invoke(inspect, [str(trained)])
        fetched = CliRunner().invoke(inspect, [str(trained), "--allow-download", "--json"])

    assert isinstance(refused.exception, NotFound)
    assert json.loads(fetched.stdout)["family"] == "bimodal_bert"


def test_without_the_library_of_the_hub_nothing_is_fetched_and_the_extra_is_named(
    bare: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)

    with pytest.raises(Unavailable) as caught:
        _read(bare, TokenizerSearch(cache=tmp_path, allow_download=True))

    assert str(caught.value) == (
        f"tokenizer {NAME}: expected the package huggingface-hub, to fetch it, found that it is not "
        "installed; install servable[train], or copy the tokenizer's folder by hand"
    )


def test_the_address_of_the_hub_is_read_from_the_environment() -> None:
    search = TokenizerSearch.of({"HF_ENDPOINT": "http://hub"}, allow_download=True)

    assert (search.endpoint, search.allow_download) == ("http://hub", True)


# --- tokenizers that would have to run code


@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json"])
@pytest.mark.parametrize("key", ["auto_map", "trust_remote_code"])
def test_an_encoder_or_a_tokenizer_that_asks_for_code_is_refused(file: str, key: str, output: Files) -> None:
    content = json.loads(output.get(f"tokenizer/{file}", b"{}"))
    files = output | {f"tokenizer/{file}": as_json(content | {key: {"AutoModel": "modeling.Own"}})}

    assert _refused(files) == (
        f'tokenizer/{file}, "{key}": expected an encoder and a tokenizer that need no code of their own, '
        "found {'AutoModel': 'modeling.Own'}; use an encoder of type bert or roberta with its own "
        "tokenizer.json"
    )


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"vocab.txt": b"[PAD]\n"}, "vocab.txt alone"),
        (
            {"vocab.json": b"{}", "tokenizer_config.json": as_json({"tokenizer_class": "OwnTokenizer"})},
            "vocab.json alone and the class 'OwnTokenizer'",
        ),
    ],
)
def test_a_tokenizer_without_tokenizer_json_is_refused_and_told_how_to_get_one(
    files: Files, found: str, bare: Files, tmp_path: Path
) -> None:
    in_artifact = _refused(bare | {f"tokenizer/{name}": data for name, data in files.items()})
    in_folder = _refused(bare, TokenizerSearch(folder=_write(tmp_path / "folder", files)))
    in_cache = TokenizerSearch(cache=_cached(tmp_path / "hub", files).parent)

    expected = (
        "tokenizer.json: expected a tokenizer.json, which is read without running a tokenizer's own code, "
        f'found {found}; where transformers is installed, run `python -c "import sys, transformers;'
    )
    assert in_artifact.startswith(f"tokenizer/{expected}")
    assert in_folder.startswith(f"{tmp_path / 'folder'}/{expected}")
    assert f"/{expected}" in _refused(bare, in_cache)


# --- another tokenizer than the one of the training


def test_a_tokenizer_of_another_size_is_refused_with_both_numbers(output: Files, bare: Files) -> None:
    tokens = word_pieces().get_vocab_size()
    for other, number in ((byte_pairs(), 260), (word_pieces("extra"), tokens + 1)):
        files = bare | {
            "tokenizer/tokenizer.json": other.to_str().encode(),
            "tokenizer/config.json": as_json({"model_type": "bert"}),
        }

        assert _refused(files) == (
            f"tokenizer.json: expected {tokens} tokens, as many as the weights have vectors for, found "
            f"{number}; copy tokenizer.json and config.json from the encoder that was trained"
        )


def test_a_tokenizer_of_another_vocabulary_is_refused_with_a_token_and_tolerated_in_words(
    output: Files,
) -> None:
    stored = word_pieces().get_vocab()
    stored["kitten"] = stored.pop("cat")
    files = output | {"model_artifacts.pth": artifacts(SETTINGS, word_pieces(), vocab=stored)}
    sentence = (
        "tokenizer.json: expected the vocabulary in model_artifacts.pth, which has no 'cat', "
        f"found 'cat' as {stored['kitten']}; copy tokenizer.json and config.json from the encoder that was "
        "trained"
    )

    assert _refused(files) == sentence
    assert _read(files, TokenizerSearch(), on_damage=OnDamage.WARN).degradations == (sentence,)


def test_a_vocabulary_that_training_did_not_write_down_is_not_missed(output: Files) -> None:
    files = output | {"model_artifacts.pth": artifacts(SETTINGS, word_pieces(), vocab=None)}

    assert _read(files, TokenizerSearch()).degradations == ()


def test_settings_that_contradict_the_tokenizer_beside_them_are_refused(output: Files) -> None:
    settings = {"tokenizer_class": "BertTokenizer", "do_lower_case": False}
    files = output | {"tokenizer/tokenizer_config.json": as_json(settings)}

    assert _refused(files) == (
        'tokenizer/tokenizer.json: expected "lowercase": false, as "do_lower_case" of '
        "tokenizer_config.json says, found true; use the tokenizer_config.json that was saved with this "
        "tokenizer.json"
    )


def test_the_environment_of_the_process_is_not_looked_at_behind_its_back(
    output: Files, bare: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("SERVABLE_TOKENIZER_PATH", str(tmp_path / NAME))
    _cached(tmp_path, _tokenizer(output))
    _write(tmp_path / NAME, _tokenizer(output))

    _refused(bare, TokenizerSearch())
    assert _read(bare, TokenizerSearch.of(os.environ)).texts[0].where.startswith(str(tmp_path))
