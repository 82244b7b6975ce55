"""Converting a booster: one tree-ensemble graph, or its own format where the graph differs too much."""

import numpy as np

from servable.artifact import Conversion, EngineEntry, EngineKind, GoldenSet
from servable.pack.comparison import at_every_split, blocks, differences, p999, within
from servable.pack.conversion import Converted
from servable.pack.entries import Entries
from servable.pack.trees import split_thresholds, to_onnx
from servable.scorer import Scorer


def convert_booster(reference: Scorer, golden: GoldenSet, entries: Entries) -> Converted:
    """The graph of a booster, compared on golden records and at every split; else the booster itself."""
    artifact = reference.artifact
    booster = artifact.files.read(artifact.engine.file)
    engine = _engine(EngineKind.ONNX_TREES, "trees.onnx")
    members = entries.members() | {"trees.onnx": to_onnx(booster, features=len(artifact.features))}
    packed = entries.scorer(members, engine)
    rows = reference.preprocessor.apply(reference.schema.bind(golden.table())).tabular
    splits = at_every_split(rows, *split_thresholds(booster))
    found = differences(packed.engine, reference.engine, blocks(np.concatenate([rows, splits])))
    conversion = Conversion(
        golden_records=len(rows),
        threshold_records=len(splits),
        max_difference=float(found.max()),
        p999_difference=p999(found),
    )
    if not within(conversion, entries.tolerances):
        engine = _engine(EngineKind.XGBOOST, "xgboost_model.ubj")
        members = entries.members() | {"xgboost_model.ubj": booster}
        packed = entries.scorer(members, engine)
    return Converted(members=members, engine=engine, scorer=packed, conversion=conversion)


def _engine(kind: EngineKind, file: str) -> EngineEntry:
    return EngineEntry(kind=kind, file=file, intra_op_threads=1, score_dtype="float32")
