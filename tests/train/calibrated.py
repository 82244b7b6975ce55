"""Rows on which a model is too sure of itself, and what a copy of it must be like."""

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import servable
from fixtures_models import FIELDS, Row, rows_of_table, write_table
from servable.artifact import Artifact, open_files, read_artifact
from servable.calibration import Calibrator
from servable.datasets import read_labelled_blocks


def surprising_rows(n: int, *, seed: int) -> list[Row]:
    """Rows of which every third has a label by chance, so that scores near 0 and 1 are too bold."""
    draws = random.Random(seed)  # noqa: S311  # a table, not a secret
    return [
        (*row[:-1], draws.randint(0, 1) if draws.random() < 1 / 3 else row[-1])
        for row in rows_of_table(n, seed=seed)
    ]


def write_surprising(path: Path, n: int, *, seed: int) -> Path:
    return write_table(path, surprising_rows(n, seed=seed))


def raw_and_labels(path: Path, table: Path) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """What a calibrator of the artifact is fitted on: all rows of the table."""
    scorer = servable.load(path)
    blocks = list(read_labelled_blocks(table, scorer.artifact))
    raw = [scorer.score_records(block.records).raw for block in blocks]
    return np.concatenate(raw), np.concatenate([block.labels for block in blocks])


def require_sound(copy: Path, original: Path, calibrator: Calibrator | None) -> Artifact:
    """Nothing, if a copy scores as its original but for this calibrator, and its golden answers say so.

    Both are read strictly, by the one way that every verb reads them.
    """
    ours, theirs = servable.load(copy), servable.load(original)
    rows = [dict(zip(FIELDS, row[1:-1], strict=True)) for row in rows_of_table(50, seed=21)]
    found, before = ours.score(rows), theirs.score(rows)
    assert found.raw.tobytes() == before.raw.tobytes()
    expected = found.raw if calibrator is None else calibrator.apply(found.raw)
    assert found.calibrated.tobytes() == expected.tobytes()
    require_golden(ours)
    return ours.artifact


def require_golden(scorer: servable.Scorer) -> None:
    """Nothing, if the golden answers of an artifact are what it answers now, to the last bit."""
    golden = scorer.artifact.golden
    assert golden is not None
    answers = scorer.score_records(scorer.schema.bind(golden.table()))
    assert answers.raw.tobytes() == golden.expected.raw.tobytes()
    assert answers.calibrated.tobytes() == golden.expected.calibrated.tobytes()
    if scorer.calibrator is not None:
        reference = golden.reference
        assert scorer.calibrator.apply(reference.raw).tobytes() == reference.calibrated.tobytes()


def calibration_names(path: Path) -> list[str]:
    return [name for name in open_files(path).names() if name.startswith("calibration/")]


def facts_of(path: Path) -> dict[str, Any]:
    """What an artifact says of its calibrator."""
    artifact = read_artifact(path)
    manifest = artifact.manifest
    facts = manifest.training if manifest else json.loads(artifact.files.read("training.json"))
    return dict((facts or {})["calibration"])
