"""Trainings of a tiny network, and what a row of their table is to a scorer."""

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fixtures_models import Row, write_table
from fixtures_text import COLUMNS, TEXT_COLUMNS, reviews
from servable.train import NetworkSettings, TableSettings, TrainingResult, find_encoder, train
from servable.train.split import Part, positions, split

USES = TableSettings(label="recommended", id_column="order", text=TEXT_COLUMNS)
TABLE = reviews(420, seed=3)
STOPS = 1e-30
"""A learning rate so small that no weight moves, so that no epoch is better than the first."""


@dataclass
class Told:
    """What training said and reported, in its order."""

    lines: list[str] = field(default_factory=list)

    def say(self, sentence: str) -> None:
        self.lines.append(sentence)

    def progress(self, what: str, done: int, total: int) -> None:
        self.lines.append(f"[{what} {done}/{total}]")

    def at(self, beginning: str) -> int:
        return next(number for number, line in enumerate(self.lines) if line.startswith(beginning))


@dataclass(frozen=True)
class Trained:
    result: TrainingResult
    told: Told
    checkpoints: Path

    @property
    def output(self) -> Path:
        return self.result.output

    def json(self, name: str) -> Any:
        return json.loads((self.output / name).read_bytes())


def settings_of(encoder: Path, checkpoints: Path, **changed: Any) -> NetworkSettings:
    plain: dict[str, Any] = {
        "encoder": find_encoder(str(encoder)),
        "max_sen_len": 48,
        "max_epochs": 1,
        "lr": 5e-3,
        "precision": "fp32",
        "threads": 1,
        "accelerator": "cpu",
        "checkpoints": checkpoints,
    }
    return NetworkSettings(**(plain | changed))


def train_network(
    folder: Path,
    encoder: Path,
    *,
    rows: list[Row] = TABLE,
    uses: TableSettings = USES,
    columns: tuple[str, ...] = COLUMNS,
    **changed: Any,
) -> Trained:
    told, checkpoints = Told(), folder / "checkpoints"
    table = write_table(folder / "reviews.csv", rows, columns=columns)
    settings = settings_of(encoder, checkpoints, **changed)
    result = train(
        table, folder / "output", columns=uses, settings=settings, say=told.say, progress=told.progress
    )
    return Trained(result, told, checkpoints)


def stop_training(
    folder: Path, encoder: Path, *, after_step: int, error: BaseException, **changed: Any
) -> Path:
    """The checkpoints of a training that an error ended after one of its steps."""

    def progress(what: str, done: int, _: int) -> None:
        if what == "fine-tune" and done == after_step:
            raise error

    table = write_table(folder / "reviews.csv", TABLE, columns=COLUMNS)
    settings = settings_of(encoder, folder / "checkpoints", **changed)
    with pytest.raises(type(error)):
        train(table, folder / "output", columns=USES, settings=settings, progress=progress)
    assert not (folder / "output").exists()
    return folder / "checkpoints"


def joined(row: Row) -> str | None:
    """The rule by which title and review become one text, written down once more."""
    cells = dict(zip(COLUMNS, row, strict=True))
    return " ".join(str(cells[name]) for name in TEXT_COLUMNS if cells[name] is not None) or None


def request(row: Row) -> dict[str, object]:
    cells = dict(zip(COLUMNS, row, strict=True))
    return {"age": cells["age"], "division": cells["division"], "text": joined(row)}


def rows_of(part: Part) -> list[Row]:
    return [TABLE[number] for number in split(positions(row[0] for row in TABLE))[part].tolist()]


def log_loss(scores: np.ndarray[Any, Any], rows: list[Row]) -> float:
    return -float(
        np.mean([math.log(of_row[int(str(row[-1]))]) for of_row, row in zip(scores, rows, strict=True)])
    )


def kept_texts(trained: Trained) -> dict[str, str | None]:
    """The text of each row that was kept as a golden record, by the row's id."""
    lines = (trained.output / "golden/requests.ndjson").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    return {record["order"]: record["text"] for record in records if record.get("order")}


@pytest.fixture(scope="session")
def trained(encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A training of two epochs whose checkpoints were kept."""
    folder = tmp_path_factory.mktemp("network")
    return train_network(folder, encoder, max_epochs=2, patience=2, keep_checkpoints=True)


@pytest.fixture(scope="session")
def repeated(encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """The same training once more, in another folder, whose checkpoints were not kept."""
    return train_network(tmp_path_factory.mktemp("repeated"), encoder, max_epochs=2, patience=2)
