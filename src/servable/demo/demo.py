"""The whole line on one table: train, pack, derive requests, serve, prove."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from servable.demo.data import ADULT, WOMEN_REVIEWS, demo_table, stand_in_table
from servable.demo.encoder import demo_encoder
from servable.demo.wheels import NotFetched
from servable.errors import BadInput, Problem
from servable.pack import pack
from servable.payload import Strategy, generate, write_golden
from servable.progress import Progress
from servable.prove import Objective, Proof, prove
from servable.train import NetworkSettings, TableSettings, XGBoostSettings, find_encoder, train

_MARK = ".servable-demo"
_TREES_OBJECTIVE = Objective(rate_per_s=20, max_latency_ms=100, max_error_rate=0.01)
_TEXT_OBJECTIVE = Objective(rate_per_s=10, max_latency_ms=150, max_error_rate=0.01)

Say = Callable[[str], None]


class DemoModel(StrEnum):
    """What the demo trains."""

    TEXT = "text"
    TREES = "trees"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What the line is run on.

    Attributes:
        origin: where table and encoder come from, in words.
    """

    table: Path
    columns: TableSettings
    settings: NetworkSettings | XGBoostSettings
    objective: Objective
    origin: str


def run_demo(
    output: Path, model: DemoModel, *, environment: Mapping[str, str], say: Say, progress: Progress
) -> Proof:
    """Runs every step into `output` and returns the proof; says after each step what came of it.

    Raises:
        BadInput: `demo.output` if `output` holds something that no demo made.
    """
    _clear(output)
    plan = (_text_plan if model is DemoModel.TEXT else _trees_plan)(output, environment)
    say(f"data      {plan.origin}")
    trained = train(
        plan.table,
        output / "training-output",
        columns=plan.columns,
        settings=plan.settings,
        say=lambda sentence: say(f"{'':<9} {sentence}"),
        progress=progress,
    )
    _say(say, "train", trained.summary_lines())
    packed = pack(trained.output, output / "model.tar.gz", progress=progress)
    _say(say, "pack", packed.summary_lines())
    payload = generate(
        packed.output,
        output / "payload.tar.gz",
        content_types=["application/json", "text/csv"],
        strategy=Strategy.REALISTIC,
        samples=20,
        progress=progress,
    )
    answers = write_golden(
        payload.archive, packed.output, reference=trained.output, cases=payload.cases, progress=progress
    )
    _say(say, "payload", [*payload.summary_lines(), *answers.summary_lines()])
    proof = prove(
        packed.output,
        objective=plan.objective,
        output=output / "proof",
        payload=payload.archive,
        golden=answers.path,
        progress=progress,
    )
    _say(say, "prove", proof.summary_lines())
    return proof


def _text_plan(output: Path, environment: Mapping[str, str]) -> _Plan:
    """Reviews and a small encoder; where no package index has them, trees on a table that is at hand.

    The rating is left out, because it is nearly the label, and so is the feedback count, which is not
    known when a review is written.
    """
    try:
        table = demo_table(WOMEN_REVIEWS, output, environment)
        encoder = find_encoder(str(demo_encoder(environment)))
    except NotFetched:
        stand_in = stand_in_table(output, missing=WOMEN_REVIEWS.title)
        return _plan_of_trees(stand_in.path, stand_in.label, f"{stand_in.origin}; trees instead of text")
    return _Plan(
        table=table.path,
        columns=TableSettings(
            label=table.label,
            id_column="row_id",
            text=("title", "review"),
            categorical=("clothing_id",),
            drop=("rating", "positive_feedback_count"),
            sample=6000,
        ),
        settings=NetworkSettings(
            encoder=encoder,
            max_sen_len=64,
            max_epochs=1,
            lr=2e-4,
            freeze_layers=0,
            checkpoints=output / "checkpoints",
        ),
        objective=_TEXT_OBJECTIVE,
        origin=f"{table.origin}; encoder {encoder.name}",
    )


def _trees_plan(output: Path, environment: Mapping[str, str]) -> _Plan:
    table = demo_table(ADULT, output, environment)
    return _plan_of_trees(table.path, table.label, table.origin)


def _plan_of_trees(table: Path, label: str, origin: str) -> _Plan:
    return _Plan(
        table=table,
        columns=TableSettings(label=label),
        settings=XGBoostSettings(),
        objective=_TREES_OBJECTIVE,
        origin=origin,
    )


def _say(say: Callable[[str], None], step: str, lines: list[str]) -> None:
    for number, line in enumerate(lines):
        say(f"{step if number == 0 else '':<9} {line}")


def _clear(output: Path) -> None:
    """An empty folder; what an earlier demo left is removed, anything else is not touched."""
    if output.exists() and any(output.iterdir()):
        if not (output / _MARK).is_file():
            raise BadInput(
                Problem(
                    code="demo.output",
                    where=str(output),
                    expected="a folder that is empty or that an earlier demo wrote",
                    found="other files",
                    fix="pass another folder with `-o`",
                )
            )
        shutil.rmtree(output)
    output.mkdir(parents=True, exist_ok=True)
    (output / _MARK).touch()
