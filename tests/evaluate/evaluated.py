"""A model whose scores stand in the table, so that a test knows them; tables of such rows."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from servable.artifact import Artifact, EngineFile, EngineKind, MemoryFiles, StoredCalibration
from servable.calibration import Calibrator
from servable.records import FloatArray, ModelInputs
from servable.schema import Field, Kind, Schema
from servable.scorer import Scorer, preprocessor_of

LABEL = "won"
OTHERS = (Field("plan", Kind.CATEGORICAL), Field("age", Kind.NUMERIC), Field("note", Kind.TEXT))

Columns = Mapping[str, Sequence[object]]


class Told:
    """An engine that answers the numbers that it reads; of two classes there is one, of class 1."""

    def __init__(self, classes: int) -> None:
        self.classes = classes
        self.features = 1 if classes == 2 else classes

    def run(self, inputs: ModelInputs) -> FloatArray:
        read = inputs.tabular
        return np.hstack([1 - read, read]) if self.classes == 2 else read


def scorer(
    *,
    classes: Sequence[str] = ("no", "yes"),
    calibration: StoredCalibration | None = None,
    name: str = "told",
    prefix: str = "score",
    split: Mapping[str, object] | None = None,
) -> Scorer:
    """A model that reads its scores: a column `score`, or `score_0` and so on for more than two classes.

    Args:
        classes: their names.
        calibration: its calibrator.
        name: of the model.
        prefix: of the columns, in the place of "score".
        split: what its training wrote down: `key`, the column by which it split rows.
    """
    names = score_columns(len(classes), prefix=prefix)
    artifact = Artifact(
        name=name,
        family="told",
        digest=f"sha256:{64 * name[0]}",
        schema=Schema(
            fields=(*(Field(column, Kind.NUMERIC) for column in names), *OTHERS),
            classes=tuple(classes),
            label_name=LABEL,
            id_name="number",
        ),
        features=names,
        risk_tables={},
        imputation={},
        calibrations=() if calibration is None else (calibration,),
        engine=EngineFile(kind=EngineKind.ONNX_TREES, file="told"),
        golden=None,
        manifest=None,
        degradations=(),
        files=MemoryFiles({} if split is None else {"training.json": _facts(split)}),
    )
    fitted = None if calibration is None else Calibrator.of_stored(calibration, classes=len(classes))
    return Scorer(
        artifact=artifact,
        preprocessor=preprocessor_of(artifact),
        engine=Told(len(classes)),
        calibrator=fitted,
        degradations=(),
    )


def _facts(split: Mapping[str, object]) -> bytes:
    """What a training writes down of its split."""
    data = {"name": "rows", "rows": 100, "sha256": 64 * "0"}
    return json.dumps({"data": data, "split": {"rule": "servable-split-v1", **split}}).encode()


def score_columns(classes: int, *, prefix: str = "score") -> tuple[str, ...]:
    return (prefix,) if classes == 2 else tuple(f"{prefix}_{number}" for number in range(classes))


def lookup(*pairs: tuple[float, float], kind: str = "regular") -> StoredCalibration:
    """A calibrator of one table, of class 1."""
    return StoredCalibration(kind=kind, tables={1: [*pairs]}, where="calibration/table.json")


def drawn(n: int, *, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """`[n]` scores of class 1, and `[n]` labels that come true as often as the scores say."""
    rng = np.random.default_rng(seed)
    scores = rng.beta(1.2, 1.0, n)
    return scores, (rng.random(n) < scores).astype(np.int64)


def table(folder: Path, columns: Columns, *, name: str = "rows.csv") -> Path:
    """A CSV file of these columns, with one value in every other field of the model."""
    (n,) = {len(cells) for cells in columns.values()}
    whole = {field.name: ["x" if field.kind is not Kind.NUMERIC else 1] * n for field in OTHERS} | dict(
        columns
    )
    path = folder / name
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(whole)
        writer.writerows(zip(*whole.values(), strict=True))
    return path


def told(folder: Path, n: int = 400, *, seed: int = 0, **columns: Sequence[object]) -> Path:
    """A table of scores that are calibrated, and of further columns."""
    scores, labels = drawn(n, seed=seed)
    named = ["yes" if label else "no" for label in labels]
    return table(folder, {"score": scores.tolist(), LABEL: named} | columns)
