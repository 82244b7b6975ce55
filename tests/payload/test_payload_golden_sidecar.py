"""`golden.tar.gz`: what it holds is what its document says, or it is refused."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from servable.artifact import read_archive, write_tar_gz
from servable.errors import BadInput, Damaged, NotFound
from servable.payload import Payload, payload_requests, read_golden_answers, read_payload
from servable.payload.golden.document import (
    GoldenDocument,
    GoldenFile,
    GoldenRefusal,
    GoldenTolerance,
    StoredBody,
)
from servable.payload.golden.sidecar import GoldenAnswers, write_answers

NAME = "payload_application_json_0.json"
REQUEST, ANSWER, ILLEGAL = b'{"age": 1}', b'{"predictions": []}', b'{"age": "old"}'


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def some_answers() -> GoldenAnswers:
    return GoldenAnswers(
        document=GoldenDocument(
            format=1,
            artifact="sha256:1",
            payload=sha256(b"archive"),
            reference="xgboost",
            reason="it was there",
            tolerance=GoldenTolerance(raw=1e-4, reason="two engines"),
            libraries={"numpy": "2"},
            files=(
                GoldenFile(
                    name=NAME,
                    case="typical",
                    content_type="application/json",
                    accept="application/json",
                    records=1,
                    sha256=sha256(REQUEST),
                    response=StoredBody(file="expected/0.json", sha256=sha256(ANSWER)),
                    calibrated_within=2e-4,
                ),
            ),
            illegal=(
                GoldenRefusal(
                    case="number-in-words",
                    content_type="application/json",
                    body=StoredBody(file="illegal/number-in-words.json", sha256=sha256(ILLEGAL)),
                    status=400,
                    field="age",
                    record=0,
                    why="a word is no number",
                ),
            ),
        ),
        bodies={"expected/0.json": ANSWER, "illegal/number-in-words.json": ILLEGAL},
    )


def payload(body: bytes = REQUEST, *, sha256: str | None = sha256(b"archive")) -> Payload:
    return Payload(sha256=sha256, requests=payload_requests({NAME: body}))


def test_what_is_written_is_read_back_and_equal_answers_are_equal_bytes(tmp_path: Path) -> None:
    write_answers(tmp_path / "one.tar.gz", some_answers())
    write_answers(tmp_path / "two.tar.gz", some_answers())

    assert read_golden_answers(tmp_path / "one.tar.gz") == some_answers()
    assert (tmp_path / "one.tar.gz").read_bytes() == (tmp_path / "two.tar.gz").read_bytes()


def test_they_are_taken_for_their_own_artifact_and_payload_and_for_a_folder_with_its_files() -> None:
    answers = some_answers()

    answers.require_artifact("sha256:1")
    answers.require_payload(payload())
    answers.require_payload(payload(sha256=None))


def test_another_artifact_is_refused_in_one_sentence() -> None:
    with pytest.raises(BadInput) as refused:
        some_answers().require_artifact("sha256:2")

    assert str(refused.value) == (
        "golden answers: expected answers of the artifact sha256:2, found those of sha256:1; pass the "
        "golden.tar.gz that was written beside this payload for this artifact, or make it again"
    )
    assert refused.value.code == "golden.artifact"


@pytest.mark.parametrize("other", [payload(sha256=sha256(b"other")), payload(b'{"age": 2}', sha256=None)])
def test_another_payload_is_refused(other: Payload) -> None:
    with pytest.raises(BadInput) as refused:
        some_answers().require_payload(other)

    assert refused.value.code == "golden.payload"


def changed(folder: Path, how: Callable[[dict[str, bytes], dict[str, Any]], object]) -> Path:
    """A sidecar whose files or document were changed after they were written."""
    path = folder / "golden.tar.gz"
    write_answers(path, some_answers())
    members = read_archive(path)
    document = json.loads(members["golden.json"])
    how(members, document)
    if "golden.json" in members:
        members["golden.json"] = json.dumps(document).encode()
    write_tar_gz(path, members)
    return path


@pytest.mark.parametrize(
    ("how", "code"),
    [
        (lambda members, document: document.update(format=2), "golden.format"),
        (lambda members, document: document.update(more=1), "golden.json"),
        (lambda members, document: document.pop("reference"), "golden.json"),
        (lambda members, document: document["files"][0].update(records="1"), "golden.json"),
        (lambda members, document: document["illegal"][0].update(status=200), "golden.json"),
        (lambda members, document: document["illegal"][0].update(status=500), "golden.json"),
        (lambda members, document: document["illegal"][0].update(record=-1), "golden.json"),
        (lambda members, document: document["illegal"][0].update(content_type="a/b\r\nX: 1"), "golden.json"),
        (lambda members, document: document["illegal"][0].update(content_type="text/\u00e4"), "golden.json"),
        (lambda members, document: document["illegal"][0].update(case="\x1b[2J"), "golden.json"),
        (lambda members, document: document["files"][0].update(case="one\n"), "golden.json"),
        (lambda members, document: document["files"][0]["response"].update(file="\x07"), "golden.json"),
        (lambda members, document: document["tolerance"].update(raw=-1.0), "golden.json"),
        (lambda members, document: document.update(reason="good\x1b[8m"), "golden.json"),
        (lambda members, document: document["files"].append(document["files"][0]), "golden.files"),
        (lambda members, document: members.pop("golden.json"), "golden.files"),
        (lambda members, document: members.pop("expected/0.json"), "golden.files"),
        (lambda members, document: members.update({"expected/0.json": b"{}"}), "golden.files"),
        (lambda members, document: members.update({"more.json": b"{}"}), "golden.files"),
    ],
)
def test_a_sidecar_that_is_not_what_its_document_says_is_damaged(
    tmp_path: Path, how: Callable[[dict[str, bytes], dict[str, Any]], object], code: str
) -> None:
    path = changed(tmp_path, how)

    with pytest.raises(Damaged) as refused:
        read_golden_answers(path)

    assert refused.value.code == code
    assert str(path) in str(refused.value)


def test_a_sidecar_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as refused:
        read_golden_answers(tmp_path / "golden.tar.gz")

    assert refused.value.code == "golden.absent"


def test_the_digest_tells_of_every_file() -> None:
    document = some_answers().document
    other = StoredBody(file="expected/0.json", sha256=sha256(b"other"))

    changed_file = GoldenFile(**{**_parts(document.files[0]), "response": other})
    other_document = GoldenDocument(**{**_parts(document), "files": (changed_file,)})

    assert other_document.digest != document.digest


def _parts(struct: Any) -> dict[str, Any]:
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


def test_a_folder_is_read_within_the_limits_of_archives_and_without_links_out_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "payload"
    folder.mkdir()
    (tmp_path / "elsewhere.json").write_bytes(REQUEST)
    (folder / NAME).symlink_to(tmp_path / "elsewhere.json")

    with pytest.raises(Damaged) as refused:
        read_payload(folder)

    assert refused.value.code == "artifact.folder"
