"""Packing a network of texts: the same bytes every time, or nothing at all."""

import hashlib
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

import servable
from fixtures_models import Model, contents, run, run_apart
from servable.artifact import Tolerances, read_archive, write_tar_gz
from servable.errors import Damaged, ServableError
from servable.pack import pack

IMPOSSIBLE = Tolerances(raw_p999=-1.0, raw_max=-1.0, reason="nothing is within it")

FILES = (
    "calibration/calibration_model.json",
    "code/inference.py",
    "code/requirements.txt",
    "encoder.onnx",
    "encoder.onnx.data",
    "feature_columns.txt",
    "golden/answers.ndjson",
    "golden/requests.ndjson",
    "head.onnx",
    "hyperparameters.json",
    "tables/impute.json",
    "tables/risk.json",
    "tokenizer/tokenizer.json",
)


@pytest.fixture
def trained(text_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the training output, to be harmed."""
    monkeypatch.delenv("SERVABLE_TOKENIZER_PATH", raising=False)
    return Path(shutil.copytree(text_model.trained, tmp_path / "another place" / "trained"))


def test_the_same_training_output_gives_the_same_bytes_in_another_process(
    text_model: Model, trained: Path, tmp_path: Path
) -> None:
    surroundings = {"PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "2", "TZ": "Asia/Tokyo", "LC_ALL": "C"}

    ran = run_apart("pack", trained, "-o", "again.tar.gz", cwd=tmp_path, extra=surroundings)

    assert ran.exit_code == 0, ran.stderr
    assert (tmp_path / "again.tar.gz").read_bytes() == text_model.archive.read_bytes()


@pytest.mark.parametrize("ending", ["tar.gz", "zip"])
def test_an_archive_of_the_training_output_gives_the_bytes_of_its_folder(
    ending: str, text_model: Model, trained: Path, tmp_path: Path
) -> None:
    form = {"tar.gz": "gztar", "zip": "zip"}[ending]
    archive = Path(shutil.make_archive(str(tmp_path / "trained"), form, root_dir=trained))

    result = pack(archive, tmp_path / "again.tar.gz")

    assert result.output.read_bytes() == text_model.archive.read_bytes()


def test_the_files_of_a_packed_network_are_those_of_its_manifest(text_model: Model) -> None:
    members = read_archive(text_model.archive)
    manifest = json.loads(members.pop("manifest.json"))

    assert tuple(sorted(members)) == FILES
    assert manifest["files"] == {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        for name, data in members.items()
    }


@pytest.mark.parametrize("layout", ["archive", "folder"])
@pytest.mark.parametrize("name", FILES)
def test_a_changed_byte_in_any_file_of_a_network_is_refused_and_the_file_named(
    name: str, layout: str, text_model: Model, tmp_path: Path
) -> None:
    members = read_archive(text_model.archive)
    middle = len(members[name]) // 2
    changed = members[name][:middle] + bytes([members[name][middle] ^ 1]) + members[name][middle + 1 :]
    subject = write(tmp_path, members | {name: changed}, layout=layout)

    with pytest.raises(Damaged) as caught:
        servable.load(subject)

    assert caught.value.code == "artifact.file"
    assert str(caught.value).startswith(f"{subject}, {name}: expected the packed file, sha256 ")


def write(folder: Path, members: dict[str, bytes], *, layout: str) -> Path:
    """An archive or a folder of these files."""
    if layout == "archive":
        write_tar_gz(folder / "model.tar.gz", members)
        return folder / "model.tar.gz"
    for name, data in members.items():
        (folder / "model" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "model" / name).write_bytes(data)
    return folder / "model"


@pytest.mark.parametrize("layout", ["archive", "folder"])
def test_a_packed_network_scores_the_same_as_a_folder_and_as_an_archive(
    layout: str, text_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    members = read_archive(text_model.archive)
    (tmp_path / "encoder.onnx.data").write_bytes(bytes(len(members["encoder.onnx.data"])))  # not the weights
    scorer = servable.load(write(tmp_path, members, layout=layout))
    golden = scorer.artifact.golden
    assert golden is not None
    assert golden.packed is not None

    found = scorer.score_records(scorer.schema.bind(golden.table()))

    assert found.raw.tobytes() == golden.packed.raw.tobytes()


def test_a_packed_network_tells_neither_where_nor_when_it_was_made(text_model: Model) -> None:
    with tarfile.open(text_model.archive) as archive:
        facts = {(member.mtime, member.uid, member.gid, member.uname, member.gname) for member in archive}
    texts = read_archive(text_model.archive)

    assert facts == {(0, 0, 0, "", "")}
    for place in (str(text_model.table.parent), str(Path(servable.__file__).parent), "site-packages"):
        assert [name for name, data in texts.items() if place.encode() in data] == []


def test_the_packed_answers_are_the_packed_networks_own(text_model: Model) -> None:
    scorer = servable.load(text_model.archive)
    golden = scorer.artifact.golden
    assert golden is not None
    assert golden.packed is not None

    found = scorer.score_records(scorer.schema.bind(golden.table()))

    assert found.raw.tobytes() == golden.packed.raw.tobytes()
    assert found.calibrated.tobytes() == golden.packed.calibrated.tobytes()
    assert abs(golden.packed.raw - golden.reference.raw).max() <= 1e-5


def test_the_digest_of_what_was_trained_is_not_that_of_the_pack(text_model: Model) -> None:
    trained, packed = (servable.load(path).artifact for path in (text_model.trained, text_model.archive))

    assert trained.digest != packed.digest == text_model.said["pack"]["digest"]


def _flip_a_byte(folder: Path) -> None:
    data = bytearray((folder / "model.pth").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "model.pth").write_bytes(data)


def _cut_weights(folder: Path) -> None:
    (folder / "model.pth").write_bytes((folder / "model.pth").read_bytes()[:-4000])


def _remove_weights(folder: Path) -> None:
    (folder / "model.pth").unlink()


def _lengthen_chunks(folder: Path) -> None:
    _set(folder, max_sen_len=512)


def _leave_a_feature_out(folder: Path) -> None:
    _set(folder, network_fields=["age"])


def _break_tokenizer(folder: Path) -> None:
    (folder / "tokenizer" / "tokenizer.json").write_text("{}")


def _remove_tokenizer(folder: Path) -> None:
    shutil.rmtree(folder / "tokenizer")


def _break_calibration(folder: Path) -> None:
    for name in ("calibration_model.json", "calibration_model.pkl"):
        (folder / "calibration" / name).write_bytes(b"{")


def _break_golden(folder: Path) -> None:
    (folder / "golden" / "answers.ndjson").write_text("{}\n")


def _set(folder: Path, **settings: object) -> None:
    file = folder / "hyperparameters.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | settings))


HARM: tuple[Callable[[Path], None], ...] = (
    _flip_a_byte,
    _cut_weights,
    _remove_weights,
    _lengthen_chunks,
    _leave_a_feature_out,
    _break_tokenizer,
    _remove_tokenizer,
    _break_calibration,
    _break_golden,
)


@pytest.mark.parametrize("harm", HARM, ids=lambda harm: harm.__name__.strip("_"))
def test_where_packing_is_refused_nothing_is_written_and_the_old_pack_stays(
    harm: Callable[[Path], None], trained: Path, tmp_path: Path
) -> None:
    harm(trained)
    (tmp_path / "model.tar.gz").write_bytes(b"the old pack")
    before = contents(tmp_path)

    with pytest.raises(ServableError):
        pack(trained, tmp_path / "new.tar.gz")
    with pytest.raises(ServableError):
        pack(trained, tmp_path / "model.tar.gz")

    assert contents(tmp_path) == before


def test_a_network_beyond_its_tolerance_is_refused_and_nothing_is_written(
    trained: Path, tmp_path: Path
) -> None:
    before = contents(tmp_path)

    with pytest.raises(Damaged) as caught:
        pack(trained, tmp_path / "new.tar.gz", tolerances=IMPOSSIBLE)

    assert caught.value.code == "pack.conversion"
    assert contents(tmp_path) == before


def test_a_refusal_on_the_command_line_is_one_sentence(trained: Path, tmp_path: Path) -> None:
    _remove_tokenizer(trained)
    before = contents(tmp_path)

    ran = run("pack", trained, "-o", "new.tar.gz", cwd=tmp_path)

    assert (ran.exit_code, ran.stdout) == (2, "")
    assert ran.stderr.startswith("error: ")
    assert ran.stderr.count("\n") == 1
    assert "SERVABLE_TOKENIZER_PATH" in ran.stderr
    assert contents(tmp_path) == before
