"""Whole artifacts that attack whoever opens them, as a folder, a tar archive and a zip archive.

They are loaded through the public door, strictly and leniently, by a process of its own for each form: it
tells what it heard and what it took, and a library that it dies of is seen.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from attack import Form
from catalogue import CATALOGUE, COUNTS, LINES
from sound_artifacts import RECORD, SOUND, TEXT_RECORD, write_folder

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
MOST_S, MOST_BYTES = 2.0, 1 << 30
SAYS = {attack.title: attack.says for attack in CATALOGUE}
FORMS = pytest.mark.parametrize("form", Form)
_LIMIT_S = 300

Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """What the process told.

    Attributes:
        begun: what it began with, in order.
        loads: what became of each artifact, by policy.
        commands: what became of each command.
        exit_code: of the process.
        errors: what it wrote.
    """

    begun: list[Result]
    loads: list[Result]
    commands: list[Result]
    exit_code: int
    errors: str

    def attacks(self, form: Form) -> Iterator[tuple[str, Result]]:
        return (
            (str(load["title"]), load)
            for load in self.loads
            if load["form"] == form and load["title"] in SAYS
        )


def record_of(base: str) -> dict[str, object]:
    if base.startswith("hugging face"):
        return {"text": "good bad"}
    return dict(TEXT_RECORD) if "network" in base else dict(RECORD)


def task(title: str, path: Path, base: str, **others: object) -> Result:
    usual = {"form": "folder", "policies": ["refuse"], "commands": [], "is_heard": True}
    return {"title": title, "path": str(path), "record": record_of(base)} | usual | others


def sound_tasks(folder: Path) -> Iterator[Result]:
    """Each kind of artifact as it was before the attacks, twice: at first it imports what it needs."""
    for number, (base, files) in enumerate(SOUND.items()):
        place = write_folder(files(), folder / f"sound-{number}")
        yield task(base, place, base, is_heard=False)
        yield task(base, place, base, policies=["refuse", "warn"])


def attack_tasks(folder: Path) -> Iterator[Result]:
    seen: set[str] = set()
    for number, attack in enumerate(CATALOGUE):
        files = attack.files()
        for form in attack.forms:
            place = folder / f"{number}.{form}"
            attack.write(files, form, place)
            doors = [["pack", str(place), "-o", "evil.tar.gz"], ["inspect", str(place)]]
            yield task(
                attack.title,
                place,
                attack.base,
                form=form,
                # once the files are there, all forms are one and the same
                policies=["refuse", "warn"] if form is Form.FOLDER else ["refuse"],
                commands=[] if attack.kind in seen else doors,
            )
            seen.add(attack.kind)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One process for all attacks: what it imports takes longer than most of them."""
    folder = tmp_path_factory.mktemp("hostile")
    plan, empty = folder / "plan.json", folder / "around" / "empty"
    empty.mkdir(parents=True)
    plan.write_text(json.dumps([*sound_tasks(folder), *attack_tasks(folder)]))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    done = subprocess.run(
        [sys.executable, str(HERE / "child_attacks.py"), str(plan), str(empty)],
        env=kept | {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=_LIMIT_S,
        check=False,
    )
    told = [json.loads(line) for line in done.stdout.splitlines()]
    return Run(
        begun=[line for line in told if line["told"] == "begun"],
        loads=[line for line in told if line["told"] == "load"],
        commands=[line for line in told if line["told"] == "command"],
        exit_code=done.returncode,
        errors=done.stderr,
    )


def wrong(title: str, load: Result) -> str:
    return f"{title} ({load['on_damage']}): {load['end']} {load['said']} {load['degradations']}"


def test_the_process_outlives_every_artifact(run: Run) -> None:
    expected = 2 * len(SOUND) + sum(len(attack.forms) for attack in CATALOGUE)

    assert run.exit_code == 0, f"died at {run.begun[-1:]}: {run.errors[-1000:]}"
    assert len(run.begun) == expected


def test_the_artifacts_that_the_attacks_change_are_scored(run: Run) -> None:
    sound = [load for load in run.loads if load["title"] in SOUND]

    assert len(sound) == 3 * len(SOUND)
    assert not [
        wrong(load["title"], load) for load in sound if load["end"] != "scored" or load["degradations"]
    ]


@FORMS
def test_every_attack_is_refused_and_the_refusal_names_its_reason(run: Run, form: Form) -> None:
    strict = [(title, load) for title, load in run.attacks(form) if load["on_damage"] == "refuse"]

    assert {title for title, _ in strict} == {attack.title for attack in CATALOGUE if form in attack.forms}
    assert not [
        wrong(title, load)
        for title, load in strict
        if load["end"] != "refused" or SAYS[title] not in " ".join(load["said"])
    ]


def test_a_lenient_reader_refuses_too_or_says_what_it_passed_over(run: Run) -> None:
    lenient = [(title, load) for title, load in run.attacks(Form.FOLDER) if load["on_damage"] == "warn"]

    assert len(lenient) == sum(Form.FOLDER in attack.forms for attack in CATALOGUE)
    assert not [
        wrong(title, load)
        for title, load in lenient
        if load["end"] == "broken"
        or (load["end"] == "scored" and SAYS[title] not in " ".join(load["degradations"]))
    ]


@FORMS
def test_nothing_is_run_and_nothing_written(run: Run, form: Form) -> None:
    assert not [
        (title, load["heard"], load["left"])
        for title, load in run.attacks(form)
        if load["heard"] or load["left"]
    ]


@FORMS
def test_memory_stays_below_a_gigabyte(run: Run, form: Form) -> None:
    assert not [
        (title, load["peak_bytes"]) for title, load in run.attacks(form) if load["peak_bytes"] >= MOST_BYTES
    ]


@FORMS
def test_no_attack_takes_two_seconds_of_the_processor(run: Run, form: Form) -> None:
    assert not [(title, load["cpu_s"]) for title, load in run.attacks(form) if load["cpu_s"] >= MOST_S]


def test_pack_and_inspect_refuse_one_of_each_class_in_a_sentence_and_leave_nothing(run: Run) -> None:
    assert len(run.commands) == 2 * len(COUNTS)
    assert not [
        done
        for done in run.commands
        if done["exit_code"] != 2
        or not done["stderr"].startswith("error: ")
        or done["stderr"].count("\n") != 1
        or SAYS[done["title"]] not in done["stderr"]
        or done["left"]
    ]


def test_there_are_at_least_twelve_classes_of_at_least_five_attacks() -> None:
    assert len(COUNTS) >= 12
    assert min(COUNTS.values()) >= 5


def test_no_two_attacks_have_one_name() -> None:
    assert len(SAYS) == len(CATALOGUE)


def test_the_readme_lists_the_classes_with_their_counts() -> None:
    readme = (HERE / "README.md").read_text()

    assert not [line for line in LINES if line not in readme.splitlines()], "\n".join(LINES)
