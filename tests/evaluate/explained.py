"""Artifacts and records to explain: a tiny network with one thing changed, and a model that is a sum."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from servable.artifact import Artifact, EngineFile, EngineKind, MemoryFiles, StoredRiskTable, read_files
from servable.evaluate import OtherModel, RecordReport, TableReport, explain, given_of_json
from servable.records import FloatArray, ModelInputs
from servable.schema import Field, Kind, Schema
from servable.scorer import Scorer, preprocessor_of, scorer_of
from tiny_outputs import (
    BERT,
    RECORD,
    RISK,
    SETTINGS,
    Files,
    artifacts,
    as_json,
    network_output,
    network_weights,
    saved,
    word_pieces,
)

STEPS = ("html_normalizer", "text_normalizer", "dialogue_chunker", "tokenizer")
CALIBRATION = "calibration/calibration_model.json"
KNOTS = [[0.0, 0.05], [0.5, 0.4], [0.7, 0.8], [1.0, 0.95]]
NOTE = "The <b>cat</b> is&nbsp;&nbsp;VERY good, the dog is not, the cat is fair and the dog is bad"
GIVEN: Mapping[str, Any] = {**RECORD, "order": "o1", "note": NOTE, "age": None}


def changed(
    *,
    steps: Sequence[str] = STEPS,
    risk: Mapping[str, Any] = RISK["region"],
    age: float = 40.0,
    calibration: Sequence[Sequence[float]] | None = KNOTS,
    weights: int = 0,
    exchanged: tuple[str, str] | None = None,
    **settings: Any,
) -> Files:
    """A training output: a network of one text, a number and a category, and a calibrator.

    What differs from the usual one does so in every place where the output says it.

    Args:
        steps: of the text.
        risk: the table of the region.
        age: imputation value of the age.
        calibration: pairs of the calibrator; None for none.
        weights: seed of the weights.
        exchanged: two words that have each other's number in the tokenizer.
        settings: other hyperparameters.
    """
    said = dict(SETTINGS) | {"text_processing_steps": list(steps)} | settings
    tokenizer = json.loads(word_pieces().to_str())
    words = tokenizer["model"]["vocab"]
    if exchanged is not None:
        one, other = exchanged
        words[one], words[other] = words[other], words[one]
    tables, imputation = {"region": dict(risk)}, {"age": age}
    copies = said | {"imputation_dict": imputation, "risk_tables": tables}
    files = network_output(said) | {
        "model.pth": saved(network_weights(dict(BERT) | {"vocab_size": len(words)}, seed=weights)),
        "model_artifacts.pth": artifacts(copies, Tokenizer.from_str(json.dumps(tokenizer))),
        "risk_table_map.json": as_json(tables),
        "impute_dict.json": as_json(imputation),
        "tokenizer/tokenizer.json": as_json(tokenizer),
    }
    return files if calibration is None else files | {CALIBRATION: as_json(calibration)}


@cache
def scorer() -> Scorer:
    """The scorer of the unchanged artifact."""
    return scorer_of_files(changed())


def scorer_of_files(files: Files) -> Scorer:
    return scorer_of(read_files(MemoryFiles(files)), threads=1)


def scorer_with_nulls(scored: Scorer, spellings: Sequence[str]) -> Scorer:
    """The same model, for which these spellings are missing values, too."""
    artifact = scored.artifact
    nulls = artifact.schema.null_spellings | set(spellings)
    schema = replace(artifact.schema, null_spellings=nulls)
    return replace(scored, artifact=replace(artifact, schema=schema))


def explained(
    record: Mapping[str, Any] = GIVEN, *, scored: Scorer | None = None, against: Files | Scorer | None = None
) -> RecordReport:
    """One record through every step, beside another artifact if there is one."""
    ours = scored or scorer()
    other = against if isinstance(against, Scorer | None) else scorer_of_files(against)
    given = given_of_json(json.dumps(record).encode(), ours.artifact)
    found = explain(
        ours,
        given,
        file="model",
        against=None if other is None else OtherModel(scorer=other, file="other"),
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
