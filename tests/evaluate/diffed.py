"""Artifacts to compare: small boosters with one thing changed, and models that are told their scores."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from servable.artifact import Artifact, EngineFile, EngineKind, MemoryFiles, read_files
from servable.evaluate import Diff, Side
from servable.records import FloatArray, ModelInputs
from servable.schema import Field, Kind, Schema
from servable.scorer import Scorer, preprocessor_of, scorer_of
from tiny_boosters import COLUMNS, output_of, xgboost_model

MODEL, TABLES, IMPUTED = "xgboost_model.json", "risk_table_map.json", "impute_dict.json"
SETTINGS, COLUMN_LIST = "hyperparameters.json", "feature_columns.txt"
CALIBRATION = "calibration/calibration_model.json"
KNOTS = [[0.0, 0.1], [0.4, 0.3], [0.6, 0.7], [1.0, 0.9]]

Files = Mapping[str, bytes]


@cache
def trained() -> Files:
    """The files of a training output: six trees of four fields, a risk table, a calibrator."""
    model = xgboost_model(form="json", names=COLUMNS)
    files = output_of(MODEL, model)
    return {**files, CALIBRATION: json.dumps(KNOTS).encode()}


def changed(files: Files, name: str, *path: Any, to: object) -> dict[str, bytes]:
    """The files with one value of one JSON file changed; a list or an object is replaced as a whole."""
    content = json.loads(files[name])
    inner = content
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = to
    return {**files, name: json.dumps(content).encode()}


def side(files: Files) -> Side:
    """The side of a training output, in memory."""
    return Side.of(scorer_of(read_files(MemoryFiles(files))))


def differing(found: Diff) -> set[str]:
    """The parts of a comparison in which something differs."""
    parts = {
        "fields": found.fields.is_equal,
        "texts": found.texts.is_equal,
        "tables": found.tables.is_equal,
        "calibrators": found.calibrators.is_equal,
        "weights": found.weights.is_equal,
        "engine": not found.engine,
        "golden": found.golden.is_equal,
        "about": not found.about,
    }
    return {name for name, is_equal in parts.items() if not is_equal}


class _Told:
    """An engine that answers the numbers that it reads."""

    def __init__(self, classes: int) -> None:
        self.classes = self.features = classes

    def run(self, inputs: ModelInputs) -> FloatArray:
        return inputs.tabular


def told(prefix: str = "a", *, classes: Sequence[str] = ("no", "yes"), **changes: Any) -> Side:
    """A model that reads its scores, one column for each class: `a_no`, `a_yes`."""
    names = tuple(f"{prefix}_{name}" for name in classes)
    plain = Artifact(
        name="told",
        family="told",
        digest=f"sha256:{prefix}",
        schema=Schema(
            fields=tuple(Field(name, Kind.NUMERIC) for name in names), classes=tuple(classes), id_name="id"
        ),
        features=names,
        risk_tables={},
        imputation={},
        calibrations=(),
        engine=EngineFile(kind=EngineKind.ONNX_TREES, file="told.onnx"),
        golden=None,
        manifest=None,
        degradations=(),
        files=MemoryFiles({}),
    )
    artifact = replace(plain, **changes)
    return Side.of(
        Scorer(
            artifact=artifact,
            preprocessor=preprocessor_of(artifact),
            engine=_Told(len(classes)),
            calibrator=None,
            degradations=(),
        )
    )


def drawn_scores(n: int, classes: int, *, seed: int) -> np.ndarray:
    """`[n, classes]` probabilities, as a float32 holds them."""
    scores = np.random.default_rng(seed).dirichlet(np.ones(classes), n)
    return scores.astype(np.float32).astype(np.float64)
