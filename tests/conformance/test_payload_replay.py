"""Recorded runs of the payload script, and what a replay of them counts as right and must not."""

import builtins
import io
import json
import shutil
import sys
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from payload_answers import answers
from payload_invented import INVENTED, Invented, usual
from payload_recorded import Refusal, agrees, payload_case_folders, payload_folder, read_payload_case
from payload_replay import FAILED, SAME, SETTLED, Verdict, judge, replay_payload_case, replayed
from payload_rules import RULES
from replay_command import main

CHANGED = [case for case in INVENTED if case.right is not None]


def _name(case: Invented) -> str:
    return case.name


def _answering(files: Mapping[str, Any]) -> Callable[..., str]:
    """A script that writes these files whatever it is asked."""

    def run(_: object, outputs: Mapping[str, str], environ: Mapping[str, str], __: None) -> str:
        samples, archive = Path(environ["WORKING_DIRECTORY"], "payload_sample"), Path(outputs["output_dir"])
        for folder in (samples, archive):
            folder.mkdir(parents=True)
        with tarfile.open(archive / "payload.tar.gz", "w:gz") as tar:
            for name, text in files.items():
                (samples / name).write_text(text)
                info = tarfile.TarInfo(name)
                info.size = len(text.encode())
                tar.addfile(info, io.BytesIO(text.encode()))
        return str(archive / "payload.tar.gz")

    return run


def _raising(error: Exception) -> Callable[..., str]:
    """A script that fails whatever it is asked."""

    def run(*_: object) -> str:
        raise error

    return run


@pytest.mark.conformance
def test_every_recorded_run_has_its_right_answer(shared_dir: Path) -> None:
    folder = payload_folder(shared_dir / "conformance")
    assert folder is not None

    verdicts = [replay_payload_case(case) for case in payload_case_folders(folder)]

    sys.stdout.writelines(f"{verdict.line()}\n" for verdict in verdicts)
    assert len(verdicts) == len(json.loads((folder / "index.json").read_text())["cases"])
    assert [verdict.line() for verdict in verdicts if verdict.word == FAILED] == []


@pytest.mark.conformance
def test_the_recorded_readings_explain_every_recorded_answer(shared_dir: Path) -> None:
    folder = payload_folder(shared_dir / "conformance")
    assert folder is not None
    cases = [read_payload_case(case) for case in payload_case_folders(folder)]

    unexplained = [
        case.name for case in cases if not any(agrees(case.recorded, theirs) for theirs in answers(case, ()))
    ]

    assert unexplained == []


@pytest.mark.parametrize("case", INVENTED, ids=_name)
def test_an_invented_run_has_its_right_answer(case: Invented, tmp_path: Path) -> None:
    verdict = replay_payload_case(case.write(tmp_path))

    assert verdict == Verdict(name=case.name, word=SAME if case.right is None else SETTLED, rules=case.rules)


@pytest.mark.parametrize("case", INVENTED, ids=_name)
def test_the_right_answer_is_the_one_that_is_written_here(case: Invented, tmp_path: Path) -> None:
    right = case.recorded if case.right is None else case.right

    answer, disorder = replayed(read_payload_case(case.write(tmp_path / "case")), tmp_path)

    assert disorder == ""
    if isinstance(right, Mapping):
        assert answer.files == tuple(right.items())  # type: ignore[union-attr]
    elif isinstance(right, tuple):
        assert agrees(answer, Refusal(("ValueError",), right))
    else:
        assert isinstance(answer, Refusal)


def test_every_rule_is_needed_by_an_invented_run() -> None:
    assert {name for case in INVENTED for name in case.rules} == set(RULES)


@pytest.mark.parametrize("case", CHANGED, ids=_name)
def test_the_recorded_answer_fails_where_it_is_settled_to_be_another(case: Invented, tmp_path: Path) -> None:
    recorded = case.recorded
    if isinstance(recorded, str):
        kind, _, message = recorded.partition(": ")
        run = _raising(getattr(builtins, kind, ValueError)(message))
    else:
        run = _answering(recorded)

    verdict = replay_payload_case(case.write(tmp_path), run)

    assert verdict.word == FAILED
    assert verdict.difference.startswith("expected ")


def _other_value(answer: dict[str, Any]) -> None:
    answer["files"] = {name: text.replace("0.0", "0.5") for name, text in answer["files"].items()}


def _other_name(answer: dict[str, Any]) -> None:
    answer["archive_members"] = ["payload_application_json_7.json"]
    answer["files"] = {"payload_application_json_7.json": usual()}


def _a_file_more(answer: dict[str, Any]) -> None:
    answer["archive_members"].append("payload_text_csv_0.csv")
    answer["files"]["payload_text_csv_0.csv"] = "0.0"


def _refused(answer: dict[str, Any]) -> None:
    answer.clear()
    answer["exception"] = {"type": "ValueError", "message": "no"}


@pytest.mark.parametrize("tamper", [_other_value, _other_name, _a_file_more, _refused])
def test_a_recorded_answer_that_no_rule_explains_fails(
    tamper: Callable[[dict[str, Any]], None], tmp_path: Path
) -> None:
    folder = INVENTED[0].write(tmp_path)
    stored = json.loads((folder / "answer.json").read_text())
    tamper(stored["seed_version"])
    (folder / "answer.json").write_text(json.dumps(stored))

    verdict = replay_payload_case(folder)

    assert (verdict.word, verdict.rules) == (FAILED, ())


@pytest.mark.parametrize(
    ("name", "run"),
    [
        ("h01_usual", _answering({})),
        ("h01_usual", _answering({"payload_application_json_0.json": usual() + "\n"})),
        ("h01_usual", _raising(ValueError("no"))),
        ("h03_nothing", _raising(ValueError("hyperparameters.json not found in model artifacts"))),
        ("h03_nothing", _raising(FileNotFoundError("no such file"))),
        ("h05_unsupported", _raising(ValueError("no"))),
        ("h21_number", _raising(ValueError("SPECIAL_FIELD_weight names no text: Colour"))),
        ("h25_doubled", _raising(KeyError("Invalid placeholder in template for field 'shop'"))),
    ],
)
def test_another_answer_than_the_right_one_fails(name: str, run: Callable[..., str], tmp_path: Path) -> None:
    (case,) = (case for case in INVENTED if case.name == name)

    verdict = replay_payload_case(case.write(tmp_path), run)

    assert verdict.word == FAILED
    assert verdict.difference in verdict.line()


def test_a_refusal_that_leaves_samples_behind_fails(tmp_path: Path) -> None:
    write = _answering({"a": "b"})

    def run(*arguments: Any) -> str:
        write(*arguments)
        raise ValueError("Unsupported content type")

    (case,) = (case for case in INVENTED if case.name == "h05_unsupported")
    verdict = replay_payload_case(case.write(tmp_path), run)

    assert (verdict.word, verdict.difference) == (FAILED, "left behind: payload_sample, payload.tar.gz")


def test_a_run_that_returns_another_path_or_keeps_no_samples_fails(tmp_path: Path) -> None:
    case = INVENTED[0].write(tmp_path)
    write = _answering({"payload_application_json_0.json": usual()})

    def elsewhere(*arguments: Any) -> str:
        return write(*arguments) + ".1"

    def without_samples(*arguments: Any) -> str:
        archive = write(*arguments)
        for sample in Path(arguments[2]["WORKING_DIRECTORY"], "payload_sample").iterdir():
            sample.unlink()
        return archive

    assert "returned " in replay_payload_case(case, elsewhere).difference
    assert replay_payload_case(case, without_samples).difference == "kept other samples: []"
    assert replay_payload_case(case, write).word == SAME


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"seed_version": {}}'])
def test_a_case_of_another_form_fails(text: str, tmp_path: Path) -> None:
    folder = INVENTED[0].write(tmp_path)
    (folder / "answer.json").write_text(text)

    verdict = replay_payload_case(folder)

    assert verdict.word == FAILED
    assert verdict.difference.startswith("cannot be read")


def test_a_choice_of_the_file_system_is_no_difference(tmp_path: Path) -> None:
    (several,) = (case for case in INVENTED if case.name == "h11_last_of_three")
    folder = several.write(tmp_path)
    text = (folder / "answer.json").read_text().replace("of_z", "of_a")
    (folder / "answer.json").write_text(text)
    case = read_payload_case(folder)

    assert judge(case, case.recorded).word == SAME


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A folder of invented runs alone, as the folder of recorded ones is."""
    for case in INVENTED:
        case.write(tmp_path / "runs" / "cases")
    (tmp_path / "runs" / "index.json").write_text("{}")
    return tmp_path / "runs"


def test_the_command_shows_each_run_with_its_verdict_and_the_reasons(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(runs)]) == 0

    header, *lines, total = capsys.readouterr().out.splitlines()
    assert header.split() == ["run", "of", "the", "payload", "script", "verdict"]
    assert [line.split()[0] for line in lines] == [case.name for case in INVENTED]
    assert lines[0].split() == ["h01_usual", "same"]
    for case, line in zip(INVENTED, lines, strict=True):
        assert all(RULES[name].reason in line for name in case.rules)
    assert total.split(maxsplit=1)[1] == (
        f"{len(INVENTED)} runs: {len(INVENTED) - len(CHANGED)} same, {len(CHANGED)} settled, 0 FAILED"
    )


def test_the_command_goes_on_after_a_run_that_it_cannot_judge(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (runs / "cases" / "h01_usual" / "model" / "hyperparameters.json").write_text('{"cat_field_list": [[]]}')

    assert main([str(runs)]) == 1

    _, line, *_, total = capsys.readouterr().out.splitlines()
    assert line.split()[:5] == ["h01_usual", "FAILED:", "cannot", "be", "replayed:"]
    assert total.endswith("1 FAILED")


def test_the_command_ends_with_1_where_a_run_fails(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (runs / "cases" / "h99_no_case").mkdir()

    assert main([str(runs)]) == 1

    *_, line, total = capsys.readouterr().out.splitlines()
    assert line.split()[:2] == ["h99_no_case", "FAILED:"]
    assert total.endswith("1 FAILED")


def test_runs_beside_recorded_models_are_replayed_after_them(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "both"
    folder.mkdir()
    for name in ("index.json", "deviations.json", "expect.json"):
        (folder / name).write_text('{"cases": [], "kept": {}}')
    shutil.move(runs, folder / "payload")

    # no request agrees where there is none, and that is no success
    assert main([str(folder)]) == 1

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[0] == "case"
    assert f"{len(INVENTED)} runs: " in lines[-1]
