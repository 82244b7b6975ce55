"""Converting a booster: one tree-ensemble graph, or its own format where the graph differs too much."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from servable.artifact import (
    Artifact,
    Conversion,
    EngineEntry,
    EngineKind,
    GoldenSet,
    read_lightgbm,
    read_xgboost,
)
from servable.pack.comparison import at_every_split, blocks, differences, p999, within
from servable.pack.conversion import Converted
from servable.pack.entries import Entries
from servable.pack.lightgbm_chains import bounds_of
from servable.pack.lightgbm_trees import lightgbm_to_onnx
from servable.pack.trees import split_thresholds, xgboost_to_onnx
from servable.scorer import Scorer

GRAPH: Final = "trees.onnx"
_MIXED_ROWS: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Booster:
    """A booster on its way into a pack.

    Attributes:
        graph: None where a graph cannot hold it.
        splits: feature and number of every place where its answer may change.
        file: its name in a pack, in its own format.
        score_dtype: of its own library.
    """

    graph: bytes | None
    splits: tuple[NDArray[np.int64], NDArray[np.float32]]
    file: str
    score_dtype: Literal["float32", "float64"]


def convert_booster(reference: Scorer, golden: GoldenSet, entries: Entries) -> Converted:
    """The graph of a booster, compared on golden records and at every split; else the booster itself."""
    artifact = reference.artifact
    booster = _read(artifact)
    rows = reference.preprocessor.apply(reference.schema.bind(golden.table())).tabular
    hard = at_every_split(rows, *booster.splits)
    inputs = np.concatenate([rows, hard, _mixed(hard)])

    def converted(kind: EngineKind, file: str, model: bytes) -> Converted:
        dtype = "float32" if kind is EngineKind.ONNX_TREES else booster.score_dtype
        engine = EngineEntry(kind=kind, file=file, intra_op_threads=1, score_dtype=dtype)
        members = entries.members() | {file: model}
        packed = entries.scorer(members, engine)
        found = differences(packed.engine, reference.engine, blocks(inputs))
        conversion = Conversion(
            golden_records=len(rows),
            threshold_records=len(inputs) - len(rows),
            max_difference=float(found.max()),
            p999_difference=p999(found),
        )
        return Converted(members=members, engine=engine, scorer=packed, conversion=conversion)

    own = artifact.engine.kind, booster.file, artifact.files.read(artifact.engine.file)
    if booster.graph is None:
        return converted(*own)
    graph = converted(EngineKind.ONNX_TREES, GRAPH, booster.graph)
    if within(graph.conversion, entries.tolerances):
        return graph
    native = converted(*own)
    return Converted(
        members=native.members, engine=native.engine, scorer=native.scorer, conversion=graph.conversion
    )


def _mixed(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows whose every feature comes from another of these rows: they reach what one feature does not."""
    draws = np.random.default_rng(0)
    size = (_MIXED_ROWS, rows.shape[1])
    return np.take_along_axis(rows, draws.integers(len(rows), size=size), axis=0)


def _read(artifact: Artifact) -> _Booster:
    file = artifact.engine.file
    data = artifact.files.read(file)
    if artifact.engine.kind is EngineKind.LIGHTGBM:
        lightgbm = read_lightgbm(data, where=file)
        return _Booster(
            graph=lightgbm_to_onnx(lightgbm),
            splits=bounds_of(lightgbm),
            file="lightgbm_model.txt",
            score_dtype="float64",
        )
    xgboost = read_xgboost(data, where=file)
    return _Booster(
        graph=xgboost_to_onnx(xgboost),
        splits=split_thresholds(data, where=file),
        file=f"xgboost_model.{'json' if file.endswith('.json') else 'ubj'}",
        score_dtype="float32",
    )
