"""Artifacts made by hand, each with what an inspection has to find in it, and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from tokenizers import Tokenizer, models

from servable.artifact import (
    FORMAT,
    Artifact,
    EngineEntry,
    EngineFile,
    EngineKind,
    GoldenSet,
    Manifest,
    MemoryFiles,
    SchemaEntry,
    StoredCalibration,
    StoredRiskTable,
    StoredText,
    Tolerances,
)
from servable.calibration import Calibrator
from servable.inspection import oddities
from servable.records import FloatArray, ModelInputs, Predictions
from servable.schema import Field, Kind, Schema
from servable.scorer import Scorer, preprocessor_of

STEPS = ("html_normalizer", "text_normalizer", "dialogue_chunker", "tokenizer")
DIGEST = f"sha256:{64 * 'a'}"


class _Stub:
    """An engine that is never asked."""

    features = classes = 2

    def run(self, inputs: ModelInputs) -> FloatArray:
        raise NotImplementedError


def tokenizer() -> bytes:
    """A tokenizer.json of five tokens."""
    words = {word: number for number, word in enumerate(("[PAD]", "[UNK]", "[CLS]", "[SEP]", "good"))}
    return Tokenizer(models.WordLevel(words, unk_token="[UNK]")).to_str().encode()  # noqa: S106


def schema(*, classes: Sequence[str] = ("0", "1"), **changes: Any) -> Schema:
    fields = (Field("amount", Kind.NUMERIC), Field("region", Kind.CATEGORICAL))
    plain = Schema(fields=fields, classes=tuple(classes), csv_columns=("amount", "region"))
    return replace(plain, **changes)


def golden(scores: Sequence[float], *, source: str = "train", derived: int = 0) -> GoldenSet:
    """Golden records with these raw scores of class 1."""
    positive = np.array(scores)
    raw = np.column_stack([1 - positive, positive])
    return GoldenSet(
        requests=(b'{"amount": 1, "region": "secret of a customer"}',) * len(scores),
        reference=Predictions(raw=raw, calibrated=raw),
        packed=None,
        source=source,
        derived=derived,
    )


def region(bins: Mapping[str, float], *, default: float = 0.5) -> dict[str, StoredRiskTable]:
    """The one risk table."""
    return {"region": StoredRiskTable(bins=bins, default_bin=default)}


def trees(**changes: Any) -> Artifact:
    """Trees of a number and a category, with nothing odd about them."""
    plain = Artifact(
        name="loans",
        family="xgboost",
        digest=DIGEST,
        schema=schema(),
        features=("amount", "region"),
        risk_tables=region({"north": 0.7, "south": 0.25}),
        imputation={"amount": 12.0},
        calibrations=(),
        engine=EngineFile(kind=EngineKind.ONNX_TREES, file="trees.onnx"),
        golden=golden([0.25, 0.5, 0.75]),
        manifest=None,
        degradations=(),
        files=MemoryFiles({"trees.onnx": 1500 * b"t", "feature_columns.txt": b"0,amount\n1,region\n"}),
    )
    return replace(plain, **changes)


def text(**changes: Any) -> StoredText:
    plain = StoredText(
        field="review", steps=STEPS, max_tokens=48, max_chunks=None, tokenizer=tokenizer(), where="t.json"
    )
    return replace(plain, **changes)


def network(*texts: StoredText, **changes: Any) -> Artifact:
    """A network of a text, a number and a category; of one text with the usual steps if none is given."""
    texts = texts or (text(),)
    fields = (*schema().fields, *(Field(item.field, Kind.TEXT) for item in texts))
    kind = EngineFile(kind=EngineKind.ONNX_NETWORK, file="head.onnx", encoders={"review": "encoder.onnx"})
    files = {"head.onnx": b"h", "encoder.onnx": b"e", "encoder.onnx.data": 2_500_000 * b"w"}
    plain = trees(
        family="bimodal_bert",
        schema=schema(fields=fields, csv_columns=tuple(field.name for field in fields)),
        engine=kind,
        files=MemoryFiles(files | {"hyperparameters.json": b"{}"}),
        texts=texts,
    )
    return replace(plain, **changes)


def table(*pairs: tuple[float, float], kind: str = "regular") -> StoredCalibration:
    """A calibrator of one table, of class 1."""
    return StoredCalibration(kind=kind, tables={1: [*pairs]}, where="calibration/table.json")


def manifest(kind: EngineKind) -> Manifest:
    """The manifest of a pack that says the least that one can."""
    return Manifest(
        format=FORMAT,
        name="loans",
        family="xgboost",
        schema=SchemaEntry(fields=(), classes=("0", "1"), null_spellings=("",)),
        features=(),
        engine=EngineEntry(kind=kind, file="model", intra_op_threads=1, score_dtype="float32"),
        tolerances=Tolerances(raw_p999=1e-5, raw_max=1e-4, reason="usual"),
        libraries={"servable": "0.1"},
        files={},
    )


def scorer_of(artifact: Artifact) -> Scorer:
    """A scorer that could describe the artifact, and not score it."""
    classes = len(artifact.schema.classes)
    sound = [Calibrator.of_stored(stored, classes=classes) for stored in artifact.calibrations]
    return Scorer(
        artifact=artifact,
        preprocessor=preprocessor_of(artifact),
        engine=_Stub(),
        calibrator=sound[0] if sound else None,
        degradations=artifact.degradations,
    )


def said(artifact: Artifact) -> dict[str, str]:
    """What is odd about it: weight and sentence by code."""
    found = oddities(scorer_of(artifact))
    assert len({oddity.code for oddity in found}) == len(found)
    return {oddity.code: f"{oddity.weight}: {oddity.sentence}" for oddity in found}
