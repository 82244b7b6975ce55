"""A network whose text is joined of two columns: its rows are known again, and its calibrator is replaced."""

from pathlib import Path

import pytest
from tiny_trainings import TABLE, Trained, request, rows_of

import servable
from fixtures_models import write_table
from fixtures_text import COLUMNS, reviews
from servable.calibration import Method
from servable.datasets import read_labelled_blocks
from servable.train import Evidence, Part, RowsOfTable, calibrate, used_in_training


@pytest.mark.slow
def test_rows_with_joined_texts_are_known_again_in_another_file(trained: Trained, tmp_path: Path) -> None:
    artifact = servable.load(trained.output).artifact
    held_out = [*rows_of(Part.CALIB), *rows_of(Part.TEST)]
    for name, rows, least, most in (
        ("used.csv", rows_of(Part.TRAIN), 1.0, 1.0),
        ("held_out.csv", held_out, 0.0, 0.05),
    ):
        table = write_table(tmp_path / name, rows, columns=COLUMNS)

        found = used_in_training(table, artifact, read_labelled_blocks(table, artifact))

        assert found.evidence is Evidence.DIGESTS
        assert found.rows == found.counts.told == len(rows)
        assert least <= found.counts.share <= most
        assert found.is_beyond_chance is (least == 1)


@pytest.mark.slow
def test_a_network_keeps_its_raw_scores_under_another_calibrator(trained: Trained, tmp_path: Path) -> None:
    table = write_table(tmp_path / "fresh.csv", reviews(120, seed=77), columns=COLUMNS)

    result = calibrate(
        trained.output, tmp_path / "copy", rows=RowsOfTable(path=table), method=Method.PERCENTILE
    )

    asked = [request(row) for row in TABLE[:20]]
    found, before = servable.load(tmp_path / "copy").score(asked), servable.load(trained.output).score(asked)
    assert found.raw.tobytes() == before.raw.tobytes()
    assert result.fitted.calibrator is not None
    assert found.calibrated.tobytes() == result.fitted.calibrator.apply(found.raw).tobytes()
    assert result.used is not None
    assert not result.used.is_beyond_chance
