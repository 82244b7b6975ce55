"""The help of every verb, and what showing it costs."""

import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import click
import pytest

from fixtures_models import environment, run
from servable.cli.train import command as train_command
from servable.train import NetworkSettings, XGBoostSettings

VERBS = (
    *("train", "calibrate", "evaluate", "pack", "payload", "serve", "prove", "predict"),
    *("inspect", "explain", "diff", "drift", "demo"),
)
HEAVY = {
    *("numpy", "onnxruntime", "xgboost", "uvicorn", "arro3", "rich", "msgspec"),
    *("torch", "tokenizers", "lightning", "sklearn", "onnx"),
}
LIST_MODULES = """
import json, sys
from servable.cli import main
before, new = set(), {}
for arguments in json.loads(sys.argv[1]):
    try:
        main(arguments)
    except SystemExit as end:
        assert end.code == 0
    new[" ".join(arguments)] = sorted({name.partition(".")[0] for name in sys.modules} - before)
    before.update(*new.values())
sys.stderr.write(json.dumps(new))
"""
"""Shows help of every kind in one process, and tells the packages that each was the first to import."""


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_a_verb_shows_an_example_that_begins_with_it(verb: str, tmp_path: Path) -> None:
    ran = run(verb, "--help", cwd=tmp_path)

    assert (ran.exit_code, ran.stderr) == (0, "")
    assert ran.stdout.startswith(f"Usage: servable {verb} [OPTIONS]")
    example = ran.stdout.partition("Example:\n")[2]
    assert example.strip().startswith(f"servable {verb}")


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_the_help_of_the_command_lists_every_verb_with_what_it_does(option: str, tmp_path: Path) -> None:
    ran = run(option, cwd=tmp_path)

    assert (ran.exit_code, ran.stderr) == (0, "")
    lines = [line.split(maxsplit=1) for line in ran.stdout.partition("Verbs:\n")[2].splitlines()]
    assert [words[0] for words in lines if words[0] in VERBS] == list(VERBS)
    assert "Example:\n    servable train " in ran.stdout


def test_showing_help_imports_nothing_heavy() -> None:
    commands = [["--help"], *([verb, "--help"] for verb in VERBS)]

    done = subprocess.run(
        [sys.executable, "-c", LIST_MODULES, json.dumps(commands)],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    imported = json.loads(done.stderr)
    assert {"servable", "click"} <= set(imported["--help"])
    assert len(imported) == len(commands)
    assert {verb: HEAVY.intersection(packages) for verb, packages in imported.items()} == {
        verb: set() for verb in imported
    }


def test_the_defaults_that_train_shows_are_those_of_the_families() -> None:
    shown = {
        option.name: str(option.help).rpartition("default: ")[2].removesuffix("]")
        for option in train_command.params
        if isinstance(option, click.Option) and "; default: " in str(option.help)
    }
    own = {field.name: field.default for field in (*fields(XGBoostSettings), *fields(NetworkSettings))}

    in_words = {"freeze_layers": "train all", "threads": "torch's own choice"}
    assert shown == {name: in_words.get(name, str(own[name])) for name in shown}
    assert len(shown) == 15
    assert {name for name in shown if own[name] is None} == set(in_words)
