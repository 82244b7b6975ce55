"""One tree of a LightGBM model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.artifact.boosters.damaged_model import damaged_model
from servable.artifact.boosters.lightgbm_lines import (
    bounds_of,
    count_of,
    floats_of,
    integers_of,
    lines_by_key,
)

_CATEGORICAL, _DEFAULT_LEFT, _MISSING_SHIFT = 1, 2, 2
"""Bits of a decision type."""

_ALWAYS: Final = ("num_leaves", "num_cat", "leaf_value")
_OF_SPLITS: Final = ("split_feature", "threshold", "decision_type", "left_child", "right_child")
_OF_SETS: Final = ("cat_boundaries", "cat_threshold")
_OF_LINES: Final = ("is_linear", "leaf_const", "num_features", "leaf_features", "leaf_coeff")


class MissingValues(IntEnum):
    """What a split sends its default way: nothing (NaN counts as 0), zeros and NaN, or NaN."""

    NONE = 0
    ZERO = 1
    NAN = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LightGBMTree:
    """One tree of `l` leaves and `l - 1` splits, the first of which is the root.

    Attributes:
        left, right: `[l - 1]` the split below, or minus one minus the leaf.
        feature: `[l - 1]` the column that the split reads.
        threshold: `[l - 1]` a number goes left if it is not above it; the index of a set for categories.
        decision: `[l - 1]` bits, of which the properties tell.
        leaf_value: `[l]` what each leaf adds.
        sets: categories that go left, as bits in words of 32.
        is_linear: whether a leaf adds more than its value.
        text: the lines that scoring reads.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    decision: NDArray[np.int64]
    leaf_value: NDArray[np.float64]
    sets: tuple[NDArray[np.int64], ...]
    is_linear: bool
    text: str = field(repr=False)

    @property
    def is_categorical(self) -> NDArray[np.bool_]:
        """`[l - 1]` whether the split reads the code of a category."""
        return (self.decision & _CATEGORICAL).astype(np.bool_)

    @property
    def default_left(self) -> NDArray[np.bool_]:
        """`[l - 1]` whether the default way is left."""
        return (self.decision & _DEFAULT_LEFT).astype(np.bool_)

    @property
    def missing(self) -> NDArray[np.int64]:
        """`[l - 1]` a `MissingValues` each."""
        return self.decision >> _MISSING_SHIFT


def read_tree(block: str, *, features: int, where: str) -> LightGBMTree:
    """A tree of its lines, once every index in them leads to something.

    Raises:
        Damaged: `booster.model`.
    """
    lines = lines_by_key(block, where)
    leaves = count_of(lines, "num_leaves", where)
    splits = leaves - 1
    if splits < 0:
        raise damaged_model(where, "at least one leaf", "none")
    keys = [*_ALWAYS, *(_OF_SPLITS if splits else ())]
    sets = _sets(lines, where) if splits else ()
    is_linear = lines.get("is_linear", "0") == "1"
    if is_linear:
        _require_linear(lines, leaves, features, where)

    def integers(key: str) -> NDArray[np.int64]:
        return integers_of(lines, key, splits, where) if splits else np.empty(0, dtype=np.int64)

    tree = LightGBMTree(
        left=integers("left_child"),
        right=integers("right_child"),
        feature=integers("split_feature"),
        threshold=bounds_of(lines, "threshold", splits, where) if splits else np.empty(0),
        decision=integers("decision_type"),
        leaf_value=floats_of(lines, "leaf_value", leaves, where),
        sets=sets,
        is_linear=is_linear,
        text=_text(lines, [*keys, *(_OF_SETS if sets else ()), *(_OF_LINES if is_linear else ())]),
    )
    _require_sound(tree, features, where)
    return tree


def _text(lines: Mapping[str, str], keys: list[str]) -> str:
    return "".join(f"{key}={lines[key]}\n" for key in keys) + "shrinkage=1\n"


def _sets(lines: Mapping[str, str], where: str) -> tuple[NDArray[np.int64], ...]:
    count = count_of(lines, "num_cat", where)
    if not count:
        return ()
    bounds = integers_of(lines, "cat_boundaries", count + 1, where)
    if bounds[0] != 0 or (np.diff(bounds) < 1).any():
        raise damaged_model(f"{where}, cat_boundaries", "rising numbers from 0", "something else")
    words = integers_of(lines, "cat_threshold", int(bounds[-1]), where)
    if (words < 0).any() or (words >= 1 << 32).any():
        raise damaged_model(f"{where}, cat_threshold", "words of 32 bits", "something else")
    sets = tuple(np.split(words, bounds[1:-1]))
    if not all(words.any() for words in sets):
        raise damaged_model(f"{where}, cat_threshold", "sets of categories", "an empty set")
    return sets


def _require_linear(lines: Mapping[str, str], leaves: int, features: int, where: str) -> None:
    floats_of(lines, "leaf_const", leaves, where)
    counts = integers_of(lines, "num_features", leaves, where)
    total = int(counts.sum()) if (counts >= 0).all() and (counts <= features).all() else -1
    columns = integers_of(lines, "leaf_features", total, where)
    floats_of(lines, "leaf_coeff", total, where)
    if (columns < 0).any() or (columns >= features).any():
        raise damaged_model(f"{where}, leaf_features", f"{features} features", "another")


def _require_sound(tree: LightGBMTree, features: int, where: str) -> None:
    """Every split but the root and every leaf below one split: so no way down from the root returns."""
    leaves, splits = len(tree.leaf_value), len(tree.left)
    ends = np.sort(np.concatenate([tree.left, tree.right]))
    if splits and not np.array_equal(ends, np.concatenate([np.arange(-leaves, 0), np.arange(1, splits)])):
        raise damaged_model(where, "splits and leaves that make a tree", "a child that does not fit")
    if (tree.feature < 0).any() or (tree.feature >= features).any():
        raise damaged_model(where, f"splits on {features} features", "one on another")
    if (tree.decision < 0).any() or (tree.missing > max(MissingValues)).any():
        raise damaged_model(f"{where}, decision_type", "known bits", "others")
    index = tree.threshold[tree.is_categorical]
    if (index != np.floor(index)).any() or (index < 0).any() or (index >= len(tree.sets)).any():
        raise damaged_model(f"{where}, threshold", f"one of {len(tree.sets)} sets of categories", "another")
