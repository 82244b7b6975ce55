"""What a replay counts as an agreement, and everything that it must not."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conformance_replay import Tally, replay
from function_entries import REFUSED, Departure, Entry, replay_entries
from recorded_suite import Recorded, Refusal, Scores, Steps, Suite, Undecided
from replay_command import main

from servable.artifact import pretty_json
from servable.errors import BadInput, Damaged, Problem

RIGHT = Scores(raw=np.array([[0.25, 0.75]]), calibrated=np.array([[0.5, 0.5]]))
READ = Steps(
    chunks={"t": [["hello"]]},
    ids={"t": [[[2, 7, 3]]]},
    features=("a",),
    tabular=np.array([[1.5]], dtype=np.float32),
)


def _problem(sentence_of: str) -> Problem:
    return Problem(code="a.b", where=sentence_of, expected="right", found="wrong", fix="mend it")


@dataclass(frozen=True)
class Answering:
    """Gives one answer to every request."""

    answered: Scores | Exception = RIGHT
    read: Steps = READ

    def answer(self, body: bytes, content_type: str) -> Scores:
        if isinstance(self.answered, Exception):
            raise self.answered
        return self.answered

    def steps(self, body: bytes, content_type: str) -> Steps:
        return self.read


def _recorded(outcome: Any = RIGHT, *, source: str = "stored", steps: Steps | None = None) -> Recorded:
    return Recorded(
        key="01_one", content_type="application/json", body=b"{}", source=source, outcome=outcome, steps=steps
    )


def _replayed(recorded: Recorded, opened: Answering | Exception, *, known_steps: Sequence[str] = ()) -> Tally:
    return replay([recorded], opened, name="case", known_steps=frozenset(known_steps))


def test_equal_scores_agree_with_what_they_were_taken_from() -> None:
    stored, expected = (_replayed(_recorded(source=source), Answering()) for source in ("stored", "expected"))

    assert (stored.stored, stored.expected, stored.disagreements) == (1, 0, [])
    assert (expected.stored, expected.expected, expected.disagreements) == (0, 1, [])


def test_scores_of_class_1_alone_are_compared_with_its_column() -> None:
    of_class_1 = Scores(raw=np.array([0.75]), calibrated=np.array([0.5]))

    assert _replayed(_recorded(of_class_1), Answering()).stored == 1


@pytest.mark.parametrize(
    ("answered", "said"),
    [
        (replace(RIGHT, raw=RIGHT.raw + 2e-5), "raw: off by 2e-05"),
        (replace(RIGHT, calibrated=RIGHT.raw), "calibrated: off by 0.25"),
        (replace(RIGHT, raw=RIGHT.raw * np.nan), "raw: off by nan"),
        (replace(RIGHT, raw=np.vstack([RIGHT.raw, RIGHT.raw])), "raw: expected the shape (1, 2)"),
        (BadInput(_problem("record 0")), "expected scores [[0.25, 0.75]], found the refusal: record 0"),
        (KeyError("t"), "KeyError: 't'"),
    ],
)
def test_another_answer_than_the_right_scores_disagrees(answered: Scores | Exception, said: str) -> None:
    tally = _replayed(_recorded(), Answering(answered))

    assert tally.stored == 0
    assert [said in sentence for sentence in tally.disagreements] == [True]


def test_a_refusal_must_name_the_record_and_the_field_that_are_asked_for() -> None:
    wanted = _recorded(Refusal(record=1, field="a"), source="expected")

    right = _replayed(wanted, Answering(BadInput(_problem('record 1, field "a"'))))
    elsewhere = _replayed(wanted, Answering(BadInput(_problem('record 10, field "a"'))))
    unnamed = _replayed(wanted, Answering(BadInput(_problem("record 1"))))
    scored = _replayed(wanted, Answering())
    broken = _replayed(wanted, Answering(ZeroDivisionError()))

    assert right.expected == 1
    assert [len(t.disagreements) for t in (elsewhere, unnamed, scored, broken)] == [1, 1, 1, 1]


def test_an_artifact_that_does_not_load_agrees_only_where_its_own_step_is_the_fault_and_named() -> None:
    wanted, known = _recorded(Refusal(at_load=True), source="expected"), ["text_upper"]
    named = Damaged(_problem("step text_upper"))

    right = _replayed(wanted, named, known_steps=known)
    unnamed = _replayed(wanted, Damaged(_problem("model.pth")), known_steps=known)
    bare = _replayed(wanted, RuntimeError("text_upper"), known_steps=known)
    elsewhere = _replayed(_recorded(Refusal(), source="expected"), named, known_steps=known)
    scored = _replayed(_recorded(), named, known_steps=known)

    assert right.expected == 1
    assert [len(t.disagreements) for t in (unnamed, bare, elsewhere, scored)] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (replace(READ, chunks={"t": [["hello", "."]]}), 'chunks of "t"'),
        (replace(READ, ids={"t": [[[2, 8, 3]]]}), 'token ids of "t"'),
        (replace(READ, ids={}), 'token ids of "t"'),
        (replace(READ, features=("b",)), "tabular columns"),
        (replace(READ, tabular=np.array([[1.25]], dtype=np.float32)), "tabular values"),
    ],
)
def test_the_right_scores_of_other_inputs_disagree(read: Steps, said: str) -> None:
    tally = _replayed(_recorded(steps=READ), Answering(read=read))

    assert tally.stored == 0
    assert [said in sentence for sentence in tally.disagreements] == [True]


def test_a_request_without_a_right_answer_never_agrees() -> None:
    assert _replayed(_recorded(Undecided("nobody knows")), Answering()).disagreements == [
        "01_one (stored): nobody knows"
    ]


def test_a_call_is_compared_with_what_was_stored_unless_it_must_differ() -> None:
    entries = [
        Entry(path="a/1", stored=1.0, ours=lambda: 1.0),
        Entry(path="a/2", stored=1.0, ours=lambda: 2.0),
        Entry(path="b/1", stored=1.0, ours=lambda: 2.0),
        Entry(path="b/2", stored=2.0, ours=lambda: 1.0),
        Entry(path="c/1", stored=REFUSED, ours=lambda: 1.0),
        Entry(path="c/2", stored=1.0, ours=lambda: 1 / 0),
    ]
    departures = [Departure(file="f.json", entries="b/*", because="decision 0004", right=2.0)]

    tally = replay_entries("f.json", entries, departures)

    assert (tally.requests, tally.stored, tally.expected) == (6, 1, 1)
    assert [sentence.partition(":")[0] for sentence in tally.disagreements] == [
        "a/2 (stored)",
        "b/2 (decision 0004)",
        "c/1 (stored)",
        "c/2 (stored)",
    ]


@pytest.fixture
def small(suite: Suite, tmp_path: Path) -> Path:
    """A folder of the same form with one case, its name unlike any other."""
    booster = min((case for case in suite.cases if case.entry["model_class"] is None), key=_requests)
    folder = tmp_path / "small"
    shutil.copytree(booster.folder, folder / "cases" / "h99_other_name", copy_function=shutil.copyfile)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    description = dict(booster.description) | {"name": "h99_other_name"}
    (folder / "cases" / "h99_other_name" / "case.json").write_bytes(pretty_json(description))
    entry = dict(booster.entry) | {"case": "cases/h99_other_name"}
    (folder / "index.json").write_bytes(pretty_json({"title": "one", "cases": [entry]}))
    tags = {"cases": {"h99_other_name": suite._tagged.get(booster.name, {})}, "kept": {}}
    (folder / "deviations.json").write_bytes(pretty_json(tags))
    expected = {"h99_other_name": suite.expectations(booster.name)}
    (folder / "expect.json").write_bytes(pretty_json(expected))
    return folder


def _requests(case: Any) -> int:
    return len(case.request_files())


@pytest.mark.conformance
def test_the_command_ends_with_0_where_all_agree(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(small)]) == 0

    header, case, total, largest = capsys.readouterr().out.splitlines()
    assert header.split()[0] == "case"
    assert case.split()[0] == "h99_other_name"
    assert case.split()[1:] == total.split()[1:]
    assert total.split()[-1] == "0"
    assert largest.startswith("largest difference of a probability: ")


@pytest.mark.conformance
def test_the_command_ends_with_1_where_a_request_was_not_sent(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (small / "cases" / "h99_other_name" / "requests" / "99_unlisted.json").write_text("{}")

    assert main([str(small)]) == 1
    assert "99_unlisted: not sent" in capsys.readouterr().out


@pytest.mark.conformance
def test_the_command_ends_with_1_where_an_artifact_does_not_load(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(small / "cases" / "h99_other_name" / "artifact")

    assert main([str(small)]) == 1
    assert "the artifact does not load" in capsys.readouterr().out


@pytest.mark.conformance
def test_the_command_goes_on_where_a_file_has_another_form(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (small / "fit_functions.json").write_text("[]")

    assert main([str(small)]) == 1

    said = capsys.readouterr().out
    assert "fit_functions.json" in said
    assert "cannot be replayed: TypeError" in said
    assert said.splitlines()[-2].startswith("total")


def test_the_command_ends_with_2_for_another_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"error: {tmp_path}: expected a folder with index.json and cases/\n"
