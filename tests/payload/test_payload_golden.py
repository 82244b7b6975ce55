"""Golden answers of a payload: by whom they are given, and that they are those of the model."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

import servable
from servable.artifact import (
    MemoryFiles,
    StoredCalibration,
    read_archive,
    read_artifact,
    read_files,
    write_tar_gz,
)
from servable.calibration import Calibrator
from servable.codecs import decode_answer
from servable.errors import BadInput, Damaged, NotFound, ServableError
from servable.pack import NoRecords, pack
from servable.payload import GoldenAnswers, payload_requests, read_golden_answers, write_golden
from servable.payload.golden.answering import answer_payload
from servable.payload.golden.job import GoldenJob, Message, Refused
from servable.payload.golden.likeness import require_same_model
from servable.payload.golden.process import answer_apart
from servable.payload.golden.reference import require_fit
from servable.payload.golden.tolerance import calibrated_within
from servable.payload.golden.worker import do
from servable.progress import silent
from tiny_boosters import COLUMNS, output_of, xgboost_model
from tiny_outputs import RECORD, SETTINGS, network_output

RECORDS = (
    {"age": 0.5, "income": -0.25, "balance": 0.1, "region": "north"},
    {"age": "-1.5", "income": None, "balance": "1e3", "region": "nowhere"},
    {"age": None, "income": 0.2, "balance": 0, "region": None},
)
MEMBERS = {
    "payload_application_json_0.json": json.dumps(RECORDS[0]).encode(),
    "payload_application_json_1.json": json.dumps(RECORDS).encode(),
    "payload_text_csv_0.csv": b"0.5,-0.25,0.1,north\n-1.5,,1e3,nowhere\n",
}
CASES = {"payload_application_json_0.json": "typical", "payload_application_json_1.json": "missing-values"}
WITHOUT_XGBOOST = """
import importlib.util, json, sys
find_spec = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name == "xgboost" else find_spec(name, *more)
from servable.payload.golden.answering import answer_payload
from servable.payload.golden.job import GoldenJob
from servable.progress import silent
payload, artifact, reference = sys.argv[1:]
job = GoldenJob(payload=payload, artifact=artifact, reference=reference)
document = answer_payload(job, progress=silent).document
print(json.dumps([document.reference, document.reason]))
"""
"""What scores a payload, where nobody has installed XGBoost."""

CALIBRATION = "calibration/calibration_model.json"


def written(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The training output of a small booster with a calibrator."""
    files = output_of("xgboost_model.json", xgboost_model(form="json", names=COLUMNS))
    knots = json.dumps([[0.0, 0.1], [0.4, 0.3], [0.6, 0.7], [1.0, 0.9]]).encode()
    return written(tmp_path_factory.mktemp("trained") / "trained", {**files, CALIBRATION: knots})


@pytest.fixture(scope="module")
def packed(trained: Path) -> Path:
    return pack(trained, trained.with_name("model.tar.gz")).output


@pytest.fixture(scope="module")
def bare(trained: Path) -> Path:
    """The same, packed without golden records."""
    return pack(trained, trained.with_name("bare.tar.gz"), golden=NoRecords()).output


def another(trained: Path, folder: Path, changed: Mapping[str, Any]) -> Path:
    """The training output with other tables."""
    shutil.copytree(trained, folder)
    return written(folder, {name: json.dumps(table).encode() for name, table in changed.items()})


@pytest.fixture(scope="module")
def payload(trained: Path) -> Path:
    path = trained.with_name("payload.tar.gz")
    write_tar_gz(path, MEMBERS)
    return path


def answers_of(payload: Path, artifact: Path, reference: Path | None = None) -> GoldenAnswers:
    job = GoldenJob(
        payload=str(payload),
        artifact=str(artifact),
        reference=None if reference is None else str(reference),
        cases=CASES,
    )
    return answer_payload(job, progress=silent)


class TestAnswers:
    def test_the_engine_of_the_training_output_answers_for_a_packed_artifact(
        self, payload: Path, packed: Path, trained: Path
    ) -> None:
        answers = answers_of(payload, packed, trained)
        document = answers.document

        scorer = servable.load(trained)
        assert (document.reference, document.artifact) == ("xgboost", servable.load(packed).artifact.digest)
        for file, request in zip(document.files, payload_requests(MEMBERS), strict=True):
            answer = decode_answer(answers.bodies[file.response.file], file.accept)
            records = RECORDS[: file.records]
            expected = scorer.score(list(records))
            width = answer.raw.shape[1]
            assert (file.name, file.sha256) == (request.name, request.sha256)
            assert np.array_equal(answer.raw.astype(np.float32), expected.raw[:, -width:])
            assert np.allclose(answer.calibrated, expected.calibrated[:, -width:], rtol=0, atol=1e-7)

    def test_every_file_has_its_case_its_records_and_its_kind_of_answer(
        self, payload: Path, packed: Path
    ) -> None:
        files = answers_of(payload, packed).document.files

        assert [(file.name, file.case, file.records, file.response.file) for file in files] == [
            ("payload_application_json_0.json", "typical", 1, "expected/payload_application_json_0.json"),
            (
                "payload_application_json_1.json",
                "missing-values",
                3,
                "expected/payload_application_json_1.json",
            ),
            ("payload_text_csv_0.csv", "", 2, "expected/payload_text_csv_0.csv"),
        ]
        assert [file.accept for file in files] == ["application/json", "application/json", "text/csv"]

    def test_the_tolerance_is_that_of_the_conversion_between_two_engines_and_that_of_the_wire_for_one(
        self, payload: Path, packed: Path, trained: Path
    ) -> None:
        two, one = answers_of(payload, packed, trained).document, answers_of(payload, packed).document

        assert (two.tolerance.raw, one.tolerance.raw) == (1e-4, 1e-5)
        assert "when the artifact was packed" in two.tolerance.reason
        # between 0.4 and 0.6 the calibrator makes 2 of 1; beside it 0.5
        assert all(1e-4 <= file.calibrated_within <= 2.1e-4 for file in two.files)
        answers_of(payload, packed, trained).require_tolerance(read_artifact(packed))

    def test_without_a_reference_the_packed_engine_answers_and_says_so(
        self, payload: Path, packed: Path
    ) -> None:
        document = answers_of(payload, packed).document

        assert (document.reference, document.is_packed) == ("packed", True)
        assert "no training output was named" in document.reason
        assert set(document.libraries) == {"numpy", "onnxruntime", "servable"}

    def test_illegal_requests_stand_in_it_with_their_answers(self, payload: Path, packed: Path) -> None:
        answers = answers_of(payload, packed)

        assert len(answers.document.illegal) > 20
        assert {refusal.status for refusal in answers.document.illegal} <= {400, 413}
        assert all(refusal.body.file in answers.bodies for refusal in answers.document.illegal)

    @pytest.mark.slow
    def test_a_network_of_a_training_output_answers_by_torch(self, tmp_path: Path) -> None:
        trained = written(tmp_path / "trained", network_output())
        write_tar_gz(
            tmp_path / "payload.tar.gz", {"payload_application_json_0.json": json.dumps(RECORD).encode()}
        )

        answers = answers_of(tmp_path / "payload.tar.gz", trained)

        (body,) = (answers.bodies[file.response.file] for file in answers.document.files)
        expected = servable.load(trained).score(dict(RECORD))
        assert answers.document.reference == "torch"
        assert decode_answer(body, "application/json").raw == pytest.approx(expected.raw[:, 1:], abs=1e-6)
        assert {"torch", "tokenizers"} <= set(answers.document.libraries)


class TestRefused:
    def test_a_training_output_that_reads_other_fields_is_no_reference(self, packed: Path) -> None:
        other, ours = (read_files(MemoryFiles(files)) for files in (network_output(), read_archive(packed)))

        with pytest.raises(BadInput, match="expected fields as the packed artifact has them"):
            require_fit(other, ours)

    def test_a_network_with_other_text_steps_is_no_reference(self, tmp_path: Path) -> None:
        settings = {**SETTINGS, "text_processing_steps": ["dialogue_chunker", "tokenizer"]}
        ours, other = (read_files(MemoryFiles(network_output(chosen))) for chosen in (SETTINGS, settings))

        with pytest.raises(BadInput) as refused:
            require_fit(other, ours)

        assert refused.value.code == "golden.reference"
        assert "text steps as the packed artifact has them" in str(refused.value)

    def test_a_packed_artifact_is_no_reference(self, payload: Path, packed: Path) -> None:
        with pytest.raises(BadInput, match="expected a training output, found a packed artifact"):
            answers_of(payload, packed, packed)

    def test_a_training_output_needs_no_reference(self, payload: Path, trained: Path) -> None:
        with pytest.raises(BadInput, match="a training output itself"):
            answers_of(payload, trained, trained)

    @pytest.mark.parametrize(
        ("changed", "found"),
        [
            ({"impute_dict.json": {"age": 5.0, "income": -5.0}}, "the raw scores that stand with"),
            ({CALIBRATION: [[0.0, 0.0], [1.0, 1.0]]}, "the calibrated scores that stand with"),
        ],
    )
    def test_another_model_with_the_same_fields_is_no_reference(
        self, payload: Path, packed: Path, tmp_path: Path, changed: dict[str, Any], found: str
    ) -> None:
        other = another(packed.with_name("trained"), tmp_path / "other", changed)

        with pytest.raises(BadInput, match=f"expected {found} the artifact's golden records") as refused:
            answers_of(payload, packed, other)

        assert refused.value.code == "golden.reference"

    @pytest.mark.parametrize(
        ("changed", "what"),
        [
            ({"risk_table_map.json": {"region": {"bins": {"north": 1}, "default_bin": 0.3}}}, "risk tables"),
            ({"impute_dict.json": {"age": 5.0, "income": -0.25}}, "imputation values"),
            ({CALIBRATION: [[0.0, 0.0], [1.0, 1.0]]}, "calibrator"),
        ],
    )
    def test_without_golden_records_its_tables_are_compared(
        self, trained: Path, bare: Path, tmp_path: Path, changed: dict[str, Any], what: str
    ) -> None:
        other = another(trained, tmp_path / "other", changed)

        require_same_model(servable.load(trained), read_artifact(bare))
        with pytest.raises(BadInput, match=f"expected the {what} of the packed artifact"):
            require_same_model(servable.load(other), read_artifact(bare))

    def test_a_case_that_cannot_be_printed_is_refused(self, payload: Path, packed: Path) -> None:
        with pytest.raises(BadInput) as refused:
            write_golden(payload, packed, cases={"payload_application_json_0.json": "\x1b[2J"})

        assert refused.value.code == "golden.case"

    def test_a_payload_that_the_model_cannot_read_is_refused_by_the_name_of_its_file(
        self, packed: Path, tmp_path: Path
    ) -> None:
        path = tmp_path / "payload.tar.gz"
        write_tar_gz(path, {**MEMBERS, "payload_application_json_2.json": b'{"age": "old"}'})

        with pytest.raises(BadInput, match=r"payload archive, payload_application_json_2\.json"):
            answers_of(path, packed)

    def test_a_folder_is_no_archive_that_a_digest_could_name(self, packed: Path, tmp_path: Path) -> None:
        with pytest.raises(BadInput) as refused:
            answers_of(written(tmp_path / "payload", MEMBERS), packed)

        assert refused.value.code == "payload.file"


class TestCalibratedWithin:
    STEEP = StoredCalibration(
        kind="percentile", tables={1: [[0.0, 0.0], [0.499, 0.1], [0.501, 0.9], [1.0, 1.0]]}, where="here"
    )

    @pytest.mark.parametrize(("score", "least", "most"), [(0.5, 0.039, 0.045), (0.1, 1e-4, 1e-4)])
    def test_a_steep_table_allows_as_much_as_it_makes_of_a_raw_difference(
        self, score: float, least: float, most: float
    ) -> None:
        calibrator = Calibrator.of_stored(self.STEEP, classes=2)

        within = calibrated_within(calibrator, np.array([[1 - score, score]]), limit=1e-4)

        assert least <= within <= most

    def test_the_score_of_class_1_stands_for_both_of_two_classes(self) -> None:
        calibrator = Calibrator.of_stored(self.STEEP, classes=2)

        both = calibrated_within(calibrator, np.array([[0.5, 0.5]]), limit=1e-4)

        assert calibrated_within(calibrator, np.array([[0.5]]), limit=1e-4) == both

    def test_without_a_calibrator_it_is_the_limit_of_raw_scores(self) -> None:
        assert calibrated_within(None, np.array([[0.5, 0.5]]), limit=1e-4) == 1e-4


class TestProcess:
    @pytest.mark.slow
    def test_a_process_of_its_own_gives_the_same_answers(
        self, payload: Path, packed: Path, trained: Path
    ) -> None:
        told: list[str] = []

        summary = write_golden(
            payload,
            packed,
            reference=trained,
            cases=CASES,
            progress=lambda phase, done, total, /: told.append(phase),
        )

        assert summary.path == payload.with_name("golden.tar.gz")
        assert read_golden_answers(summary.path) == answers_of(payload, packed, trained)
        assert summary.document.digest == read_golden_answers(summary.path).document.digest
        assert list(dict.fromkeys(told)) == ["load the reference", "golden answers", "write golden answers"]

    @pytest.mark.slow
    def test_where_the_training_library_is_not_installed_the_packed_engine_answers_and_says_why(
        self, payload: Path, packed: Path, trained: Path
    ) -> None:
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT_XGBOOST, str(payload), str(packed), str(trained)],
            capture_output=True,
            text=True,
            check=True,
        )

        reference, reason = json.loads(done.stdout)
        assert reference == "packed"
        assert reason == (
            "the packed engine answered for itself, because xgboost cannot run here "
            "(xgboost model: expected the package xgboost, found that it is not installed)"
        )

    @pytest.mark.slow
    def test_an_error_of_the_family_comes_back_as_itself_and_nothing_is_written(
        self, payload: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "model.tar.gz").write_bytes(b"no archive")
        output = tmp_path / "golden.tar.gz"

        with pytest.raises(Damaged) as refused:
            write_golden(payload, tmp_path / "model.tar.gz", output=output)

        assert refused.value.code == "archive.format"
        assert not output.exists()

    def test_the_payload_or_the_model_is_no_place_for_the_answers(self, payload: Path, packed: Path) -> None:
        before = payload.read_bytes(), packed.read_bytes()

        for place in (payload, packed):
            with pytest.raises(BadInput) as refused:
                write_golden(payload, packed, output=place)
            assert refused.value.code == "payload.target"

        assert (payload.read_bytes(), packed.read_bytes()) == before

    def test_a_place_where_nothing_can_be_written_is_refused_before_anything_is_scored(
        self, payload: Path, packed: Path, tmp_path: Path
    ) -> None:
        with pytest.raises(NotFound):
            write_golden(payload, packed, output=tmp_path / "no" / "golden.tar.gz")

    @pytest.mark.slow
    def test_an_interrupt_ends_the_process_and_leaves_nothing(self, payload: Path, packed: Path) -> None:
        before = {path.name for path in payload.parent.iterdir()}
        seen: list[int] = []

        def interrupt(phase: str, done: int, total: int, /) -> None:
            seen.extend(workers())
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            write_golden(payload, packed, output=payload.with_name("other.tar.gz"), progress=interrupt)

        assert seen
        assert not set(seen) & set(workers())
        assert {path.name for path in payload.parent.iterdir()} == before

    @pytest.mark.slow
    def test_a_process_that_is_killed_is_told_of_in_words(self, payload: Path, packed: Path) -> None:
        def kill(phase: str, done: int, total: int, /) -> None:
            for child in workers():
                os.kill(child, signal.SIGKILL)

        job = GoldenJob(payload=str(payload), artifact=str(packed))
        with pytest.raises(ServableError, match="was ended by signal 9") as refused:
            answer_apart(job, progress=kill)

        assert refused.value.code == "golden.process"

    @pytest.mark.slow
    def test_it_ends_quietly_and_soon_when_nobody_waits_for_its_answers(
        self, payload: Path, packed: Path
    ) -> None:
        job = msgspec.json.encode(GoldenJob(payload=str(payload), artifact=str(packed))) + b"\n"
        command = (sys.executable, "-m", "servable.payload.golden.worker")
        orphan, unheard = (
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for _ in range(2)
        )

        said, log = orphan.communicate(job, timeout=60)  # with the end of its input
        assert unheard.stdin is not None
        assert unheard.stdout is not None
        assert unheard.stderr is not None
        unheard.stdout.close()
        unheard.stdin.write(job)
        unheard.stdin.flush()
        unheard.wait(timeout=60)

        assert b"answers" not in said
        assert (log, unheard.stderr.read()) == (b"", b"")
        unheard.stdin.close()
        unheard.stderr.close()

    def test_an_error_of_the_disk_is_told_in_words(self, packed: Path) -> None:
        told: list[Message] = []

        do(GoldenJob(payload="n" * 300, artifact=str(packed)), told.append)

        assert isinstance(told[-1], Refused)
        assert (told[-1].kind, told[-1].problems[0].code) == ("Unavailable", "golden.process")
        assert "File name too long" in told[-1].problems[0].found


def workers() -> list[int]:
    """Processes that score golden answers for this one."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command, stat = (folder / "cmdline").read_bytes(), (folder / "stat").read_text()
        except OSError:  # it ended meanwhile
            continue
        parent = int(stat.rpartition(")")[2].split()[1])
        if b"payload.golden.worker" in command and parent == os.getpid():
            found.append(int(folder.name))
    return found
