"""Artifacts and records to explain: a tiny network with one thing changed, and a model that is a known sum."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from servable.artifact import Artifact, EngineFile, EngineKind, MemoryFiles, StoredRiskTable, read_files
from servable.evaluate import OtherModel, RecordReport, TableReport, explain, given_of_json
from servable.records import FloatArray, ModelInputs
from servable.schema import Field, Kind, Schema
from servable.scorer import Scorer, preprocessor_of, scorer_of
from tiny_outputs import RECORD, SETTINGS, Files, network_output, with_settings, word_pieces

STEPS = ("html_normalizer", "text_normalizer", "dialogue_chunker", "tokenizer")
CALIBRATION = "calibration/calibration_model.json"
KNOTS = [[0.0, 0.05], [0.5, 0.4], [0.7, 0.8], [1.0, 0.95]]
NOTE = "The <b>cat</b>&nbsp;&nbsp;is VERY good, the dog is not, the cat is fair and the dog is bad"
GIVEN: Mapping[str, Any] = {**RECORD, "order": "o1", "note": NOTE, "age": None}


@cache
def trained() -> Files:
    """The files of a training output with a network of one text, a number and a category, and a calibrator."""
    files = network_output(dict(SETTINGS) | {"text_processing_steps": list(STEPS)})
    return {**files, CALIBRATION: json.dumps(KNOTS).encode()}


def with_steps(*steps: str, **settings: Any) -> Files:
    """The same with other text steps, or other settings."""
    return with_settings(trained(), text_processing_steps=list(steps or STEPS), **settings)


def with_file(name: str, content: bytes | object) -> Files:
    """The same with another file."""
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return {**trained(), name: data}


def with_words_exchanged(one: str, other: str) -> Files:
    """The same with a tokenizer in which two words have each other's number."""
    tokenizer = json.loads(word_pieces().to_str())
    words = tokenizer["model"]["vocab"]
    words[one], words[other] = words[other], words[one]
    return with_file("tokenizer/tokenizer.json", tokenizer)


@cache
def scorer() -> Scorer:
    """The scorer of the unchanged artifact."""
    return scorer_of_files(trained())


def scorer_of_files(files: Files) -> Scorer:
    return scorer_of(read_files(MemoryFiles(files)), threads=1)


def explained(
    record: Mapping[str, Any] = GIVEN, *, against: Files | None = None, scored: Scorer | None = None
) -> RecordReport:
    """One record through every step, beside a changed artifact if there is one."""
    ours = scored or scorer()
    other = None if against is None else OtherModel(scorer=scorer_of_files(against), file="changed")
    found = explain(
        ours, given_of_json(json.dumps(record).encode(), ours.artifact), file="model", against=other
    )
    assert isinstance(found, RecordReport)
    return found


def table_explained(scored: Scorer, records: Sequence[Mapping[str, Any]], *, rows: int = 200) -> TableReport:
    """Which fields move the scores of several records."""
    given = given_of_json(json.dumps(list(records)).encode(), scored.artifact)
    found = explain(scored, given, file="model", rows=rows)
    assert isinstance(found, TableReport)
    return found


class Sum:
    """An engine whose score of class 1 is a sum of its first two numbers; it ignores the third."""

    classes, features = 2, 3

    def run(self, inputs: ModelInputs) -> FloatArray:
        x, y = inputs.tabular[:, 0], inputs.tabular[:, 1]
        positive = (0.1 + 0.05 * x + 0.5 * y).astype(np.float32)
        return np.column_stack([1 - positive, positive])


def summing() -> Scorer:
    """A model that adds 0.05 x, imputed as 2, and half the risk of a category, 0.6 of an unknown one."""
    names = {"x": Kind.NUMERIC, "y": Kind.CATEGORICAL, "ignored": Kind.NUMERIC, "unread": Kind.CATEGORICAL}
    artifact = Artifact(
        name="sum",
        family="sum",
        digest="sha256:sum",
        schema=Schema(fields=tuple(Field(*field) for field in names.items()), classes=("no", "yes")),
        features=("x", "y", "ignored"),
        risk_tables={"y": StoredRiskTable(bins={"low": 0.2, "high": 1.0, "nan": 0.9}, default_bin=0.6)},
        imputation={"x": 2.0},
        calibrations=(),
        engine=EngineFile(kind=EngineKind.ONNX_TREES, file="sum.onnx"),
        golden=None,
        manifest=None,
        degradations=(),
        files=MemoryFiles({}),
    )
    return Scorer(
        artifact=artifact,
        preprocessor=preprocessor_of(artifact),
        engine=Sum(),
        calibrator=None,
        degradations=(),
    )
