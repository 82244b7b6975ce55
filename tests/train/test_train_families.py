"""What every family owes to training, and training to every family."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from servable.codecs import encode_table
from servable.errors import BadInput, NotFound
from servable.records import Table
from servable.schema import Schema
from servable.train import TableSettings, XGBoostSettings, train
from servable.train.family import Examples, FittedModel
from strategies import loan_rows

COLUMNS = TableSettings(label="y", id_column="id", categorical=("code",))


def _table(folder: Path) -> Path:
    path = folder / "loans.ndjson"
    path.write_bytes(encode_table(Table.of_records(loan_rows(400)), "application/x-ndjson"))
    return path


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leaving(XGBoostSettings):
    """Trees whose fit leaves something on disk, and does something else before it ends."""

    meanwhile: Callable[[], object]
    discard: Callable[[], None]

    def fit(self, train: Examples, valid: Examples, schema: Schema, **options: Any) -> FittedModel:
        trees = XGBoostSettings(num_round=3).fit(train, valid, schema, **options)
        self.meanwhile()
        return replace(trees, discard=self.discard)


def _train(folder: Path, meanwhile: Callable[[], object], discarded: list[str]) -> None:
    table = _table(folder)
    settings = _Leaving(meanwhile=meanwhile, discard=lambda: discarded.append("checkpoints"))
    train(table, folder / "outputs" / "trained", columns=COLUMNS, settings=settings)


def test_what_a_fit_left_on_disk_is_removed_once_the_output_is_written(tmp_path: Path) -> None:
    discarded: list[str] = []
    (tmp_path / "outputs").mkdir()

    _train(tmp_path, lambda: None, discarded)

    assert discarded == ["checkpoints"]
    assert (tmp_path / "outputs" / "trained" / "training.json").is_file()


def test_what_a_fit_left_on_disk_stays_if_the_output_cannot_be_written(tmp_path: Path) -> None:
    discarded: list[str] = []
    (tmp_path / "outputs").mkdir()

    with pytest.raises(NotFound):
        _train(tmp_path, lambda: shutil.rmtree(tmp_path / "outputs"), discarded)

    assert discarded == []


def test_trees_refuse_a_text_field_before_they_are_fitted(tmp_path: Path) -> None:
    table = _table(tmp_path)

    with pytest.raises(BadInput) as caught:
        train(
            table,
            tmp_path / "trained",
            columns=replace(COLUMNS, text=("region",)),
            settings=XGBoostSettings(),
        )

    assert str(caught.value) == (
        "family xgboost: expected no text field, because trees read none, found region; "
        "train the family bimodal_bert, or leave the text out"
    )
