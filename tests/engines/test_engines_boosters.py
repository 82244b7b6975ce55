"""Boosters on their own libraries: the scores of these, and nothing that a file says is followed blindly."""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import lightgbm
import numpy as np
import pytest
import xgboost

from servable.artifact.boosters.document import Part
from servable.engines import Engine
from servable.engines.c_library import open_library
from servable.engines.lightgbm_native import LightGBMBooster
from servable.engines.xgboost_native import XGBoostBooster
from servable.errors import Damaged, Unavailable
from servable.records import FloatArray, ModelInputs
from tiny_boosters import lightgbm_model, rows, xgboost_model

INPUTS = ModelInputs(tabular=rows().astype(np.float32))


@pytest.fixture(scope="module")
def saved() -> Any:
    """The document of an XGBoost booster of three classes."""
    return json.loads(xgboost_model("multi:softprob", classes=3, form="json"))


@pytest.fixture(scope="module")
def text() -> str:
    """The text of a LightGBM booster with categories."""
    return lightgbm_model().decode()


def _two_columns(positive: FloatArray) -> FloatArray:
    return np.column_stack([1 - positive, positive])


@pytest.mark.parametrize("form", ["ubj", "json"])
def test_an_xgboost_booster_gives_the_scores_of_its_library(form: str) -> None:
    model = xgboost_model(form=form)
    library = xgboost.Booster(model_file=bytearray(model))

    engine = XGBoostBooster(model, where="model")

    scores = engine.run(INPUTS)
    assert (engine.features, engine.classes, scores.dtype) == (4, 2, np.float32)
    assert scores.tolist() == _two_columns(library.inplace_predict(INPUTS.tabular)).tolist()


@pytest.mark.parametrize("objective", ["multi:softprob", "multi:softmax"])
def test_an_xgboost_booster_of_three_classes_gives_three_probabilities(objective: str) -> None:
    model = xgboost_model(objective, classes=3)
    margins = xgboost.Booster(model_file=bytearray(model)).inplace_predict(
        INPUTS.tabular, predict_type="margin"
    )
    powers = np.exp(margins.astype(np.float64))

    engine = XGBoostBooster(model, where="model")

    assert engine.classes == 3
    np.testing.assert_allclose(
        engine.run(INPUTS), powers / powers.sum(axis=1, keepdims=True), rtol=0, atol=1e-6
    )


@pytest.mark.parametrize("objective", ["binary", "cross_entropy"])
def test_a_lightgbm_booster_gives_the_scores_of_its_library(objective: str) -> None:
    model = lightgbm_model(objective)
    library = lightgbm.Booster(model_str=model.decode())

    engine = LightGBMBooster(model, where="model")

    scores = engine.run(INPUTS)
    assert (engine.features, engine.classes, scores.dtype) == (4, 2, np.float64)
    assert scores.tolist() == _two_columns(library.predict(INPUTS.tabular, num_threads=1)).tolist()


@pytest.mark.parametrize("objective", ["multiclass", "multiclassova"])
def test_a_lightgbm_booster_of_three_classes_gives_the_scores_of_its_library(objective: str) -> None:
    model = lightgbm_model(objective, classes=3)
    library = lightgbm.Booster(model_str=model.decode())

    scores = LightGBMBooster(model, where="model").run(INPUTS)

    assert scores.tolist() == library.predict(INPUTS.tabular, num_threads=1).tolist()


@pytest.mark.parametrize(
    "settings",
    [
        {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6},
        {"boosting": "dart"},
        {"linear_tree": True},
        {"zero_as_missing": True},
        {"use_missing": False},
        {"sigmoid": 0.7},
    ],
    ids=str,
)
def test_every_kind_of_lightgbm_booster_gives_the_scores_of_its_library(settings: dict[str, object]) -> None:
    model = lightgbm_model(**settings)
    library = lightgbm.Booster(model_str=model.decode())

    scores = LightGBMBooster(model, where="model").run(INPUTS)

    assert scores[:, 1].tolist() == library.predict(INPUTS.tabular, num_threads=1).tolist()


@pytest.mark.parametrize(
    ("train", "engine_of"), [(xgboost_model, XGBoostBooster), (lightgbm_model, LightGBMBooster)]
)
def test_a_booster_scores_no_rows_and_one_as_it_scores_many(
    train: Callable[[], bytes], engine_of: Callable[..., Engine]
) -> None:
    engine = engine_of(train(), where="model")
    whole = engine.run(INPUTS)

    one = np.concatenate([engine.run(ModelInputs(tabular=INPUTS.tabular[i : i + 1])) for i in range(20)])

    assert one.tobytes() == whole[:20].tobytes()
    none = engine.run(ModelInputs(tabular=INPUTS.tabular[:0]))
    assert (none.shape, none.dtype) == ((0, 2), whole.dtype)


@pytest.mark.parametrize(
    "objective", ["reg:squarederror", "binary:hinge", "binary:logitraw", "rank:pairwise"]
)
def test_an_xgboost_booster_that_gives_no_probabilities_is_refused_by_its_objective(objective: str) -> None:
    with pytest.raises(Damaged) as caught:
        XGBoostBooster(xgboost_model(objective, rounds=1), where="model")

    assert str(caught.value) == (
        "model.learner: expected a classifier that gives probabilities (binary:logistic, "
        f"multi:softprob), found the objective {objective}; train it with one of these objectives"
    )


@pytest.mark.parametrize("objective", ["regression", "poisson", "cross_entropy_lambda"])
def test_a_lightgbm_booster_that_gives_no_probabilities_is_refused_by_its_objective(objective: str) -> None:
    with pytest.raises(Damaged) as caught:
        LightGBMBooster(lightgbm_model(objective, rounds=1), where="model")

    assert str(caught.value) == (
        "model: expected a classifier that gives probabilities (binary, multiclass, multiclassova, "
        f"cross_entropy), found the objective '{objective}'; train it with one of these objectives"
    )


def test_a_lightgbm_booster_of_an_objective_of_its_own_is_refused(text: str) -> None:
    with pytest.raises(Damaged, match="found no objective"):
        LightGBMBooster(text.replace("objective=binary sigmoid:1\n", "").encode(), where="model")


def test_an_xgboost_booster_of_lines_or_of_categories_is_refused() -> None:
    with pytest.raises(Damaged, match=r"expected a booster of trees \(gbtree, dart\), found gblinear"):
        XGBoostBooster(xgboost_model(booster="gblinear", max_depth=None), where="model")
    data = xgboost.DMatrix(rows()[:, 3:], rows()[:, 3] % 7 == 0, feature_types=["c"], enable_categorical=True)
    trained = xgboost.train({"objective": "binary:logistic", "nthread": 1}, data, 1)
    with pytest.raises(Damaged, match="found splits on categories"):
        XGBoostBooster(bytes(trained.save_raw()), where="model")


@pytest.mark.parametrize("model", [b"binf\x00\x00\x00\x3f", b"\x00\x00\x00\x3f", b"tree\n", b" "])
def test_an_xgboost_booster_of_another_format_is_refused_with_what_to_do(model: bytes) -> None:
    with pytest.raises(Damaged) as caught:
        XGBoostBooster(model, where="model")

    assert str(caught.value) == (
        "model: expected a booster that XGBoost saved as UBJSON or JSON, found neither; save it again "
        "as UBJSON; of its old binary format, XGBoost before 3.1 can do that"
    )


@pytest.mark.parametrize(
    ("train", "engine_of", "end"),
    [
        (xgboost_model, XGBoostBooster, None),
        (partial(xgboost_model, form="json"), XGBoostBooster, None),
        (lightgbm_model, LightGBMBooster, b"end of trees"),
    ],
    ids=["ubj", "json", "lightgbm"],
)
def test_a_booster_that_is_cut_off_anywhere_is_refused(
    train: Callable[[], bytes], engine_of: Callable[..., Engine], end: bytes | None
) -> None:
    model = train()
    whole = len(model) if end is None else model.index(end) + len(end)
    for length in [*range(0, whole, max(1, whole // 60)), whole - 1]:
        with pytest.raises(Damaged):
            engine_of(model[:length], where="model")


def _ubjson(inside: bytes) -> bytes:
    return b"{L" + len(b"learner").to_bytes(8, "big") + b"learner" + inside + b"}"


@pytest.mark.parametrize(
    ("inside", "found"),
    [
        (b"[" * 70, "expected at most 64 levels, found more"),
        (b"[#L" + (1 << 40).to_bytes(8, "big"), "expected a length of at most"),
        (b"[$d#L" + (1 << 20).to_bytes(8, "big"), "expected a length of at most"),
        (b"[$d#i\x7f" + bytes(200), "expected 508 more bytes, found 201"),
        (b"[$T#i\x01", "expected numbers and how many, found an array of the type b'T'"),
        (b"Si\xff", "expected a length of at most"),
        (b"Si\x01\xff", "expected text in UTF-8, found the byte 0xff"),
        (b"Sx", "expected a length, found the marker b'x'"),
        (b"[" + b"T" * 1_500_000, "expected at most 1500000 values, found more"),
        (b"x", "expected a value, found the marker b'x'"),
        (b"{i\x01aTi\x01aT}", "expected each key once in an object, found 'a' again"),
        (b"T}", "expected the end of the file, found 1 more bytes"),
    ],
)
def test_binary_json_that_lies_is_refused_where_it_does(inside: bytes, found: str) -> None:
    with pytest.raises(Damaged) as caught:
        XGBoostBooster(_ubjson(inside), where="model")

    assert caught.value.code == "ubjson.syntax"
    assert found in str(caught.value)


def test_numbers_in_the_place_of_objects_are_refused_before_there_are_millions_of_them() -> None:
    with pytest.raises(Damaged, match="expected a list of other things than numbers"):
        Part(np.zeros(3), "names").items()


def _in_tree(key: str, place: int, value: object) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        document["learner"]["gradient_booster"]["model"]["trees"][1][key][place] = value

    return change


def _under(*path: str, value: object) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        for key in path[:-1]:
            document = document[key] if isinstance(document, dict) else document[int(key)]
        document[path[-1] if isinstance(document, dict) else int(path[-1])] = value

    return change


_MODEL = ("learner", "gradient_booster", "model")
_TREE = (*_MODEL, "trees", "1")


@pytest.mark.parametrize(
    "change",
    [
        _in_tree("left_children", 0, 1 << 30),
        _in_tree("left_children", 0, 0),
        _in_tree("right_children", 0, -2),
        _in_tree("right_children", 0, 1),
        _in_tree("parents", 1, 1 << 30),
        _in_tree("parents", 1, -1),
        _in_tree("split_indices", 0, 4),
        _in_tree("split_indices", 0, -1),
        _in_tree("split_indices", 0, 0.5),
        _in_tree("split_type", 0, 1),
        _in_tree("split_conditions", 0, "x"),
        _under(*_TREE, "categories_nodes", value=[0]),
        _under(*_TREE, "base_weights", value=[]),
        _under(*_TREE, "id", value=0),
        _under(*_TREE, "id", value=99),
        _under(*_TREE, "tree_param", "num_nodes", value="99999999"),
        _under(*_TREE, "tree_param", "num_nodes", value="-1"),
        _under(*_TREE, "tree_param", "size_leaf_vector", value="3"),
        _under(*_TREE, "tree_param", "num_feature", value="99"),
        _under(*_MODEL, "tree_info", "0", value=1 << 30),
        _under(*_MODEL, "tree_info", "0", value=-1),
        _under(*_MODEL, "iteration_indptr", "1", value=99),
        _under(*_MODEL, "gbtree_model_param", "num_trees", value="99"),
        _under(*_MODEL, "trees", value=[]),
        _under("learner", "learner_model_param", "num_class", value="2000000"),
        _under("learner", "learner_model_param", "num_class", value="0"),
        _under("learner", "learner_model_param", "num_feature", value="999999999"),
        _under("learner", "learner_model_param", "base_score", value="[0.1,0.2]"),
        _under("learner", "learner_model_param", "base_score", value="nan"),
        _under("learner", "objective", "softmax_multiclass_param", "num_class", value="4"),
        _under("learner", "feature_names", value=["age"]),
        _under("learner", value=7),
    ],
)
def test_an_xgboost_booster_whose_numbers_lead_nowhere_is_refused(
    change: Callable[[Any], None], saved: Any
) -> None:
    document = json.loads(json.dumps(saved))
    change(document)

    with pytest.raises(Damaged):
        XGBoostBooster(json.dumps(document).encode(), where="model")


@pytest.mark.parametrize(
    ("key", "place", "value"),
    [
        ("left_child", 0, "2000000000"),
        ("left_child", 0, "0"),
        ("right_child", 0, "-99"),
        ("right_child", 0, "x"),
        ("split_feature", 0, "4"),
        ("split_feature", 0, "-1"),
        ("threshold", 0, "nan"),
        ("threshold", 0, ""),
        ("decision_type", 0, "12"),
        ("decision_type", 0, "-1"),
        ("leaf_value", 0, "inf"),
        ("leaf_value", 0, "99999999999999999999999999999e999"),
        ("num_leaves", 0, "2000000000"),
        ("num_leaves", 0, "0"),
        ("num_cat", 0, "9"),
        ("cat_boundaries", 1, "1000000"),
        ("cat_boundaries", 0, "1"),
        ("cat_threshold", 0, "-1"),
        ("cat_threshold", 0, "4294967296"),
        ("max_feature_idx", 0, "99"),
        ("max_feature_idx", 0, "9999999999"),
        ("num_class", 0, "3"),
        ("num_tree_per_iteration", 0, "0"),
        ("objective", 1, "sigmoid:-1"),
        ("objective", 1, "sigmoid:0"),
        ("feature_names", 0, "a b"),
        ("feature_infos", 0, "none none"),
    ],
)
def test_a_lightgbm_booster_whose_numbers_lead_nowhere_is_refused(
    key: str, place: int, value: str, text: str
) -> None:
    lines = text.split("\n")
    number = next(
        index for index, line in enumerate(lines) if line.startswith(f"{key}=") and line != "num_cat=0"
    )
    words = lines[number].partition("=")[2].split(" ")
    words[place] = value
    lines[number] = f"{key}={' '.join(words)}"

    with pytest.raises(Damaged) as caught:
        LightGBMBooster("\n".join(lines).encode(), where="model")

    assert caught.value.code == "booster.model"


def test_a_category_that_points_at_another_set_is_refused(text: str) -> None:
    tree = next(block for block in text.split("Tree=") if "decision_type=1 " in block or "num_cat=1" in block)
    decisions = next(line for line in tree.split("\n") if line.startswith("decision_type="))
    place = next(i for i, word in enumerate(decisions.partition("=")[2].split()) if int(word) & 1)
    thresholds = next(line for line in tree.split("\n") if line.startswith("threshold="))
    words = thresholds.partition("=")[2].split()
    for wrong in ("9", "0.5", "-1"):
        changed = tree.replace(
            thresholds, f"threshold={' '.join([*words[:place], wrong, *words[place + 1 :]])}"
        )
        with pytest.raises(Damaged, match="sets of categories"):
            LightGBMBooster(text.replace(tree, changed).encode(), where="model")


@pytest.mark.parametrize(
    ("many", "found"),
    [
        (b"x\n" * 1_500_001, "expected at most 1500000 lines, found more"),
        (b"Tree=0\n" * 75_002, "expected at most 75000 trees, found more"),
    ],
    ids=["lines", "trees"],
)
def test_a_lightgbm_booster_of_too_many_lines_is_refused_before_they_are_read(
    many: bytes, found: str
) -> None:
    with pytest.raises(Damaged, match=found):
        LightGBMBooster(b"tree\n" + many + b"end of trees\n", where="model")


def test_a_version_of_lightgbm_is_known_or_absent(text: str) -> None:
    expected = LightGBMBooster(text.encode(), where="model").run(INPUTS).tolist()

    absent = LightGBMBooster(text.replace("version=v4\n", "").encode(), where="model")

    assert absent.run(INPUTS).tolist() == expected
    for other in ("v9", "v1", "", "v4 "):
        with pytest.raises(Damaged, match="model, version: expected v2, v3, v4, found"):
            LightGBMBooster(text.replace("version=v4", f"version={other}").encode(), where="model")


def test_a_size_that_lies_is_not_followed(text: str) -> None:
    sizes = next(line for line in text.split("\n") if line.startswith("tree_sizes="))
    lying = text.replace(sizes, f"tree_sizes={' '.join(['99999999'] * len(sizes.split()))}")

    assert LightGBMBooster(lying.encode(), where="model").run(INPUTS).tolist() == (
        LightGBMBooster(text.encode(), where="model").run(INPUTS).tolist()
    )


def test_a_line_that_stands_twice_is_refused(text: str) -> None:
    with pytest.raises(Damaged, match="expected each key once, found 'num_class' again"):
        LightGBMBooster(text.replace("num_class=1\n", "num_class=1\nnum_class=1\n").encode(), where="model")


def test_a_package_that_is_not_installed_is_named() -> None:
    with pytest.raises(Unavailable) as caught:
        open_library("no_such_booster", "libno", last_error="LastError", log_to="LogTo")

    assert caught.value.code == "engine.extra"
    assert str(caught.value) == (
        "no_such_booster model: expected the package no_such_booster, found that it is not installed; "
        "install servable[trees], or serve the packed artifact, which does not need it"
    )


def test_a_package_without_its_library_is_not_installed() -> None:
    with pytest.raises(Unavailable):
        open_library("json", "libjson", last_error="LastError", log_to="LogTo")


@pytest.mark.slow
def test_scoring_imports_neither_library(tmp_path: Any) -> None:
    for name, model in (("x", xgboost_model()), ("l", lightgbm_model())):
        (tmp_path / name).write_bytes(model)
    script = (
        "import sys, pathlib, numpy\n"
        "from servable.engines.lightgbm_native import LightGBMBooster\n"
        "from servable.engines.xgboost_native import XGBoostBooster\n"
        "from servable.records import ModelInputs\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "for name, engine in (('x', XGBoostBooster), ('l', LightGBMBooster)):\n"
        "    inputs = ModelInputs(tabular=numpy.zeros((2, 4), 'f4'))\n"
        "    engine((folder / name).read_bytes(), where=name).run(inputs)\n"
        "heavy = {'xgboost', 'lightgbm', 'scipy', 'pandas', 'sklearn'}\n"
        "sys.stdout.write(str(sorted(heavy & set(sys.modules))))\n"
    )

    ran = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "[]", "")
