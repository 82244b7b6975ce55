"""Boosters as graphs: the same side of every split, whatever a split looks at."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import servable
from servable.artifact import LightGBMModel, read_lightgbm, read_xgboost
from servable.engines.lightgbm_native import LightGBMBooster
from servable.engines.onnx_trees import OnnxTrees
from servable.engines.xgboost_native import XGBoostBooster
from servable.pack import DEFAULT_TOLERANCES, pack
from servable.pack.comparison import at_every_split, blocks, differences
from servable.pack.lightgbm_chains import bounds_of, chains_of, codes_of
from servable.pack.lightgbm_trees import lightgbm_to_onnx
from servable.pack.tree_graph import MOST_NODES_DEEP
from servable.pack.trees import split_thresholds, xgboost_to_onnx
from tiny_boosters import COLUMNS, lightgbm_model, native_output, output_of, rows, xgboost_model

CLOSE = 5e-7
_EDGE = np.float32(1e-35)
_ABOUT_ZERO = [
    0,
    -0.0,
    _EDGE,
    -_EDGE,
    np.nextafter(_EDGE, np.float32(1)),
    np.nextafter(-_EDGE, np.float32(-1)),
]
_FAR_AND_BETWEEN = [1e-40, -1e-40, 3e38, -3e38, -1, -0.5, 0.5, 2.999, 39.5, 41, 1e9, 4e9, np.nan]
STRANGE = np.array([*_ABOUT_ZERO, *_FAR_AND_BETWEEN], dtype=np.float32)


def _hard_rows(features: NDArray[np.int64], numbers: NDArray[np.float32]) -> NDArray[np.float32]:
    """At every split, strange numbers in every column, and rows whose columns are mixed of these."""
    base = rows().astype(np.float32)
    strange = np.repeat(base[:20], len(STRANGE), axis=0)
    parts = [base, at_every_split(base, features, numbers)]
    for column in range(base.shape[1]):
        part = strange.copy()
        part[:, column] = np.tile(STRANGE, 20)
        parts.append(part)
    found = np.concatenate(parts)
    draws = np.random.default_rng(3).integers(len(found), size=(3000, found.shape[1]))
    return np.concatenate([found, np.take_along_axis(found, draws, axis=0)])


def _lightgbm_difference(model: bytes) -> float:
    known = read_lightgbm(model, where="model")
    graph = lightgbm_to_onnx(known)
    assert graph is not None
    inputs = blocks(_hard_rows(*bounds_of(known)))
    return float(
        differences(
            OnnxTrees(graph, where="graph", intra_op_threads=1), LightGBMBooster(model, where="model"), inputs
        ).max()
    )


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"sigmoid": 0.7},
        {"zero_as_missing": True},
        {"use_missing": False},
        {"max_cat_to_onehot": 100},
        {"codes": ()},
        {"boosting": "dart"},
        {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6},
        {"objective": "cross_entropy"},
        {"objective": "multiclass", "classes": 2},
        {"objective": "multiclass", "classes": 3},
        {"objective": "multiclassova", "classes": 3, "sigmoid": 1.3},
        {"objective": "multiclassova", "classes": 2},
        {"num_leaves": 2, "min_gain_to_split": 1e9},
        {"num_leaves": 31, "min_data_in_leaf": 2, "rounds": 30},
    ],
    ids=str,
)
def test_the_graph_of_a_lightgbm_booster_decides_as_the_booster_does(settings: dict[str, object]) -> None:
    assert _lightgbm_difference(lightgbm_model(**settings)) <= CLOSE


def test_a_forest_whose_leaves_are_all_positive_keeps_its_probabilities() -> None:
    text = lightgbm_model(boosting="rf", bagging_freq=1, bagging_fraction=0.6, codes=()).decode()
    lines = [
        "leaf_value=" + " ".join(str(abs(float(word)) + 0.1) for word in line.partition("=")[2].split())
        if line.startswith("leaf_value=")
        else line
        for line in text.split("\n")
    ]

    assert _lightgbm_difference("\n".join(lines).encode()) <= CLOSE


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"booster": "dart", "rate_drop": 0.5},
        {"num_parallel_tree": 4, "subsample": 0.6},
        {"base_score": 1e-4},
        {"tree_method": "exact", "gamma": 2},
        {"objective": "reg:logistic"},
        {"objective": "multi:softprob", "classes": 2},
        {"objective": "multi:softprob", "classes": 3},
        {"objective": "multi:softmax", "classes": 3},
        {"objective": "multi:softprob", "classes": 3, "booster": "dart", "rate_drop": 0.5},
    ],
    ids=str,
)
def test_the_graph_of_an_xgboost_booster_decides_as_the_booster_does(settings: dict[str, object]) -> None:
    model = xgboost_model(**settings)
    graph = xgboost_to_onnx(read_xgboost(model, where="model"))
    assert graph is not None

    found = differences(
        OnnxTrees(graph, where="graph", intra_op_threads=1),
        XGBoostBooster(model, where="model"),
        blocks(_hard_rows(*split_thresholds(model, where="model"))),
    )

    assert found.max() <= CLOSE


def _one_split(threshold: float, *, decision: int, words: tuple[int, ...] = ()) -> LightGBMModel:
    """A tree of one split: 0.25 on the left, 0.75 on the right."""
    sets = f"cat_boundaries=0 {len(words)}\ncat_threshold={' '.join(map(str, words))}\n" if words else ""
    text = (
        "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=0\n"
        "objective=binary sigmoid:1\nfeature_names=a\nfeature_infos=none\n\nTree=0\nnum_leaves=2\n"
        f"num_cat={int(bool(words))}\nsplit_feature=0\nthreshold={threshold!r}\ndecision_type={decision}\n"
        f"left_child=-1\nright_child=-2\nleaf_value=0.25 0.75\n{sets}is_linear=0\nshrinkage=1\n"
        "\n\nend of trees\n"
    )
    return read_lightgbm(text.encode(), where="model")


def _goes_left(model: LightGBMModel, numbers: NDArray[np.float32]) -> tuple[list[bool], list[bool]]:
    """By LightGBM, and by the graph."""
    graph = lightgbm_to_onnx(model)
    assert graph is not None
    found = []
    for engine in (
        LightGBMBooster(model.text.encode(), where="model"),
        OnnxTrees(graph, where="graph", intra_op_threads=1),
    ):
        scores = np.concatenate([engine.run(block)[:, 1] for block in blocks(numbers[:, None])])
        found.append((scores < 0.6).tolist())
    return found[0], found[1]


@given(
    threshold=st.floats(allow_nan=False, allow_infinity=False)
    | st.floats(-1e-34, 1e-34)
    | st.floats(width=32, allow_nan=False, allow_infinity=False),
    missing=st.integers(0, 2),
    default_left=st.booleans(),
)
def test_every_number_goes_the_way_that_lightgbm_sends_it(
    threshold: float, missing: int, default_left: bool
) -> None:
    model = _one_split(threshold, decision=missing << 2 | default_left << 1)
    with np.errstate(over="ignore"):
        near = np.float32(threshold)
        beside = [near, np.nextafter(near, np.float32(-np.inf)), np.nextafter(near, np.float32(np.inf))]
    numbers = np.array([*beside, *STRANGE], dtype=np.float32)
    numbers = numbers[~np.isinf(numbers)]

    lightgbm, graph = _goes_left(model, numbers)

    assert graph == lightgbm


@given(words=st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=3).filter(any))
def test_every_code_goes_the_way_that_lightgbm_sends_it(words: list[int]) -> None:
    model = _one_split(0, decision=1, words=tuple(words))
    codes = np.arange(-2, 32 * len(words) + 3)
    numbers = np.concatenate([codes, codes + 0.5, STRANGE]).astype(np.float32)

    lightgbm, graph = _goes_left(model, numbers)

    assert graph == lightgbm
    inside = set(codes_of(model.trees[0].sets[0]).tolist())
    assert lightgbm[: len(codes)] == [int(code) in inside for code in codes]


def test_a_chain_has_two_bounds_for_each_run_of_codes() -> None:
    chain = chains_of(_one_split(0, decision=1, words=(0b1011_0011,)).trees[0])[0]

    assert [float(np.nextafter(bound, np.float32(np.inf))) for bound in chain.bounds[1:]] == [2, 4, 6, 7, 8]
    assert chain.bounds[0] == -1
    assert chain.goes_left == (False, True, False, True, False, True)


def test_every_code_and_the_unknown_one_are_compared() -> None:
    model = read_lightgbm(lightgbm_model(), where="model")

    features, numbers = bounds_of(model)

    largest = max(int(codes_of(words)[-1]) for tree in model.trees for words in tree.sets)
    assert set(range(-1, largest + 1)) <= set(numbers[features == 3].tolist())


def test_a_tree_that_is_too_deep_for_a_graph_has_none() -> None:
    splits = MOST_NODES_DEEP + 1
    lines = {
        "num_leaves": [splits + 1],
        "num_cat": [0],
        "split_feature": [0] * splits,
        "threshold": range(splits),
        "decision_type": [0] * splits,
        "left_child": range(-1, -splits - 1, -1),
        "right_child": [*range(1, splits), -splits - 1],
        "leaf_value": [0.5] * (splits + 1),
    }
    tree = "".join(f"{key}={' '.join(map(str, values))}\n" for key, values in lines.items())
    shallow = _one_split(0.0, decision=0)
    text = f"{shallow.text.partition('Tree=0')[0]}Tree=0\n{tree}\n\nend of trees\n"

    assert lightgbm_to_onnx(read_lightgbm(text.encode(), where="model")) is None
    assert lightgbm_to_onnx(shallow) is not None


def _write(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


RECORD = {"age": 1.0, "income": None, "balance": 0.0, "region": "east"}


@pytest.mark.parametrize("kind", ["risk tables", "codes"])
def test_a_lightgbm_output_is_packed_as_a_graph_that_agrees(kind: str, tmp_path: Path) -> None:
    model = lightgbm_model(names=COLUMNS, codes=())
    files = output_of("lightgbm_model.txt", model) if kind == "risk tables" else native_output()
    folder = _write(tmp_path / "trained", files)

    result = pack(folder, tmp_path / "model.tar.gz")

    packed, native = servable.load(result.output), servable.load(folder)
    assert packed.artifact.engine.kind == "onnx-trees"
    assert packed.artifact.engine.score_dtype == "float32"
    assert packed.artifact.family == "lightgbm"
    assert result.converted.max_difference <= CLOSE
    assert result.manifest.tolerances == DEFAULT_TOLERANCES
    for region in ("north", "7", 7, 7.0, "nobody's", None):
        record = RECORD | {"region": region}
        np.testing.assert_allclose(packed.score(record).raw, native.score(record).raw, rtol=0, atol=CLOSE)


def test_a_booster_that_no_graph_can_hold_is_packed_in_its_own_format(tmp_path: Path) -> None:
    model = lightgbm_model(names=COLUMNS, codes=(), linear_tree=True)
    folder = _write(tmp_path / "trained", output_of("lightgbm_model.txt", model))

    result = pack(folder, tmp_path / "model.tar.gz")

    packed = servable.load(result.output)
    assert packed.artifact.engine.kind == "lightgbm"
    assert packed.artifact.engine.score_dtype == "float64"
    assert packed.artifact.files.read("lightgbm_model.txt") == model
    assert "trees.onnx" not in packed.artifact.files
    assert packed.score(RECORD).raw.tobytes() == servable.load(folder).score(RECORD).raw.tobytes()
    assert result.converted.max_difference == 0


def test_a_booster_of_three_classes_without_a_table_each_is_packed(tmp_path: Path) -> None:
    model = lightgbm_model("multiclass", classes=3, names=COLUMNS, codes=())
    settings = {
        "tab_field_list": list(COLUMNS),
        "cat_field_list": [],
        "multiclass_categories": ["a", "b", "c"],
    }
    tables = json.dumps([[0, 0], [1, 1]]).encode()
    files = output_of("lightgbm_model.txt", model, hyperparameters__json=settings)
    folder = _write(tmp_path / "trained", files)
    inner = folder / "calibration" / "calibration_models"
    inner.mkdir(parents=True)
    (inner / "calibration_model_class_b.json").write_bytes(tables)

    packed = servable.load(pack(folder, tmp_path / "model.tar.gz").output)

    scores = packed.score(RECORD)
    assert packed.schema.classes == ("a", "b", "c")
    np.testing.assert_allclose(scores.calibrated, scores.raw, rtol=0, atol=1e-6)
