"""Boosters whose numbers lead their own libraries out of their memory."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from attack import Attack, put, set_at
from sound_artifacts import Files

MODEL = "xgboost_model.bst"
_ENSEMBLE = "learner.gradient_booster.model"
_TREE = f"{_ENSEMBLE}.trees.0"


def _at(path: str, value: object) -> Callable[[Files], object]:
    return set_at(MODEL, path, value)


_XGBOOST: dict[str, tuple[Callable[[Files], object], str]] = {
    "a child a million nodes away": (
        _at(f"{_TREE}.left_children.0", 1_000_000),
        "children that their tree has",
    ),
    "a child two billion nodes away": (
        _at(f"{_TREE}.left_children.0", 2**31 - 1),
        "children that their tree has",
    ),
    "a child before its tree": (_at(f"{_TREE}.right_children.0", -7), "children"),
    "a node that is its own child": (_at(f"{_TREE}.left_children.0", 0), "children that their tree has"),
    "a child below its own child": (_at(f"{_TREE}.left_children.1", 1), "nodes that make trees"),
    "a parent a million nodes away": (_at(f"{_TREE}.parents.1", 1_000_000), "nodes that make trees"),
    "a split on another feature": (_at(f"{_TREE}.split_indices.0", 1_000_000), "splits on 4 features"),
    "a split on a negative feature": (_at(f"{_TREE}.split_indices.0", -1), "splits on 4 features"),
    "a split on categories": (_at(f"{_TREE}.split_type.0", 1), "splits on numbers"),
    "a category of two billion": (_at(f"{_TREE}.categories", [2**31 - 1]), "splits on numbers"),
    "fewer nodes than it says": (_at(f"{_TREE}.tree_param.num_nodes", "2147483647"), "an integer"),
    "a tree without nodes": (_at(f"{_TREE}.tree_param.num_nodes", "0"), "nodes, with one value"),
    "leaves of a million values": (
        _at(f"{_TREE}.tree_param.size_leaf_vector", "1000000"),
        "one value at each leaf",
    ),
    "a tree of a class that is none": (_at(f"{_ENSEMBLE}.tree_info.0", 1_000_000), "classes from 0"),
    "a tree of a negative class": (_at(f"{_ENSEMBLE}.tree_info.0", -1_000_000), "classes from 0"),
    "fewer trees than it says": (
        _at(f"{_ENSEMBLE}.gbtree_model_param.num_trees", "999999999"),
        "trees, as it says",
    ),
    "no trees": (_at(f"{_ENSEMBLE}.trees", []), "trees"),
    "two billion classes": (_at("learner.learner_model_param.num_class", "2147483647"), "an integer"),
    "a hundred million targets": (
        _at("learner.learner_model_param.num_target", "100000000"),
        "expected one label",
    ),
    "two billion features": (_at("learner.learner_model_param.num_feature", "999999999"), "features"),
    "a linear model's name": (_at("learner.gradient_booster.name", "gblinear"), "gradient_booster"),
    "an objective of its own": (
        _at("learner.objective.name", "evil"),
        "a classifier that gives probabilities",
    ),
    "a base score of text": (_at("learner.learner_model_param.base_score", "evil"), "numbers"),
    "rounds that go back": (_at(f"{_ENSEMBLE}.iteration_indptr", [0, -5, 3]), "rising numbers"),
    "objects ten thousand deep": (put(MODEL, b'{"a":' * 10_000), "at most 64 levels"),
    "UBJSON a hundred thousand deep": (put(MODEL, b"{L" + bytes(7) + b"\x01a" + b"[" * 100_000), "expected"),
    "a UBJSON array of 2^63": (put(MODEL, b"{L" + bytes(7) + b"\x01a[$d#L\x7f" + b"\xff" * 7), "expected"),
    "a UBJSON text of a negative length": (
        put(MODEL, b"{L" + bytes(7) + b"\x01aSL" + b"\xff" * 8),
        "expected",
    ),
    "nothing": (put(MODEL, b""), "expected"),
    "a pickle": (put(MODEL, b"\x80\x02cos\nsystem\n(X\x0a\0\0\0touch eviltR."), "expected"),
}


def _line(key: str, value: str) -> Callable[[Files], object]:
    """The first line of this key with another value."""

    def change(files: Files) -> None:
        text = files["lightgbm_model.txt"].decode()
        changed = re.sub(rf"^{key}=.*$", f"{key}={value}", text, count=1, flags=re.MULTILINE)
        assert changed != text
        files["lightgbm_model.txt"] = changed.encode()

    return change


def _first(key: str, number: str) -> Callable[[Files], object]:
    """The first number of the first line of this key replaced."""

    def change(files: Files) -> None:
        text = files["lightgbm_model.txt"].decode()
        changed = re.sub(rf"^{key}=[^ \n]*", f"{key}={number}", text, count=1, flags=re.MULTILINE)
        assert changed != text
        files["lightgbm_model.txt"] = changed.encode()

    return change


_LIGHTGBM: dict[str, tuple[Callable[[Files], object], str]] = {
    "a child a million splits away": (_first("left_child", "1000000"), "splits and leaves that make a tree"),
    "a leaf a million leaves away": (_first("right_child", "-1000000"), "splits and leaves that make a tree"),
    "a split below itself": (_first("left_child", "0"), "splits and leaves that make a tree"),
    "a split on another feature": (_first("split_feature", "1000000"), "splits on 4 features"),
    "a split on a negative feature": (_first("split_feature", "-5"), "splits on 4 features"),
    "a tree without leaves": (_line("num_leaves", "0"), "at least one leaf"),
    "a tree of two billion leaves": (_line("num_leaves", "2147483647"), "num_leaves"),
    "fewer leaves than it says": (_line("num_leaves", "100"), "numbers"),
    "a leaf of infinity": (_first("leaf_value", "1e999"), "finite numbers"),
    "a leaf of text": (_first("leaf_value", "evil"), "numbers"),
    "trees of no class": (_line("num_tree_per_iteration", "0"), "num_tree_per_iteration"),
    "trees of two billion classes": (_line("num_tree_per_iteration", "2147483647"), "num_tree_per_iteration"),
    "two billion classes": (_line("num_class", "2147483647"), "num_class"),
    "an objective of a million classes": (
        _line("objective", "multiclass num_class:1000000"),
        "number of classes",
    ),
    "an objective of its own": (_line("objective", "evil"), "a classifier that gives probabilities"),
    "a million features": (_line("max_feature_idx", "999999"), "feature_names"),
    "a line twice": (_line("num_leaves", "8\nnum_leaves=8"), "each key once"),
    "sets of categories that are none": (_line("num_cat", "5"), "cat_boundaries"),
    "linear leaves that are none": (_line("is_linear", "1"), "leaf_const"),
    "another encoding": (put("lightgbm_model.txt", b"tree\n\xff\xfe"), "text in UTF-8"),
    "nothing": (put("lightgbm_model.txt", b""), "expected"),
}


def _attacks() -> Iterator[Attack]:
    tables: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("XGBoost models", "xgboost", _XGBOOST),
        ("LightGBM models", "lightgbm", _LIGHTGBM),
    )
    for kind, base, table in tables:
        for name, (change, says) in table.items():
            yield Attack(kind=kind, name=name, says=says, base=base, change=change)


BOOSTERS = tuple(_attacks())
