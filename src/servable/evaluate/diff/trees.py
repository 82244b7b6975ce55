"""The trees of two models, tree by tree."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.artifact import EngineKind
from servable.evaluate.diff.tree_models import Tree, TreeModel

_ROUNDING: Final = 2.0
"""Steps of float32 by which a number that was rounded to it may be off."""

_ZERO: Final = 2e-35
"""Numbers closer to 0 count as 0 for LightGBM."""

_CONSTANT_ROUNDING: Final = 1e-6
"""Of what is added without a split: a graph holds it in float32, and may hold it in parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreesFacts:
    """How many trees have a split, splits and leaves a model has."""

    trees: int
    splits: int
    leaves: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSplits:
    """How many splits read a feature in A, and in B."""

    feature: str
    a: int
    b: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TreesDiff:
    """What differs between two models of trees; the trees of one place are held against each other.

    Attributes:
        a, b: their sizes.
        equal: trees that are the same.
        other_leaves: trees with the same splits and other numbers at their leaves.
        other_splits: trees that differ in a split, or that one model alone has.
        leaves_moved: leaves of `other_leaves` with another number.
        largest_move: the largest absolute change of such a number.
        features: features that are read by another number of splits, the largest change first.
        is_constant_moved: whether what is added without a split differs.
        transform_a, transform_b: of sums to probabilities.
        comparison_a, comparison_b: of a number with the bound of a split; empty without a split.
        not_compared: trees whose splits on categories cannot be held against the comparisons that a graph
            makes of them; their leaves are equal.
    """

    a: TreesFacts
    b: TreesFacts
    equal: int
    other_leaves: int
    other_splits: int
    leaves_moved: int
    largest_move: float
    features: tuple[FeatureSplits, ...]
    is_constant_moved: bool
    transform_a: str
    transform_b: str
    comparison_a: str
    comparison_b: str
    not_compared: int

    @property
    def is_equal(self) -> bool:
        """Whether no difference was found."""
        is_moved = self.is_constant_moved or self.transform_a != self.transform_b
        return not (self.other_leaves or self.other_splits or is_moved or self.is_asked_otherwise)

    @property
    def is_asked_otherwise(self) -> bool:
        """Whether a number that equals a bound goes another way."""
        both = {self.comparison_a, self.comparison_b} - {""}
        return len(both) > 1

    @property
    def is_whole(self) -> bool:
        """Whether every tree was compared."""
        return not self.not_compared


def trees_diff(a: TreeModel, b: TreeModel) -> TreesDiff:
    """The trees of A and B, whose features go by their names."""
    number = {name: place for place, name in enumerate(dict.fromkeys([*a.features, *b.features]))}
    # the last place is that of a leaf, whose feature is -1
    numbers_a, numbers_b = (np.array([number[name] for name in side.features] + [-1]) for side in (a, b))
    is_rounded = (a.kind is EngineKind.LIGHTGBM) != (b.kind is EngineKind.LIGHTGBM)
    compare = _Rounded() if is_rounded else _Exact()
    forms = Counter[_Form]()
    moves: list[NDArray[np.float64]] = []
    for one, other in zip(a.trees, b.trees, strict=False):
        ours = replace(one, feature=numbers_a[one.feature])
        theirs = replace(other, feature=numbers_b[other.feature])
        form = _form(ours, theirs, compare)
        if form is _Form.SAME_SPLITS:
            move = compare.apart(ours.value, theirs.value)
            moves += [move] if move.any() else []
        forms[form] += 1
    return TreesDiff(
        a=_facts(a),
        b=_facts(b),
        equal=forms[_Form.SAME_SPLITS] - len(moves),
        other_leaves=len(moves),
        other_splits=forms[_Form.OTHER_SPLITS] + abs(len(a.trees) - len(b.trees)),
        leaves_moved=sum(int(np.count_nonzero(move)) for move in moves),
        largest_move=max((float(move.max()) for move in moves), default=0.0),
        features=() if forms[_Form.UNLIKE] else _features(a, b),
        is_constant_moved=not _constants_agree(a.constants, b.constants),
        transform_a=a.transform,
        transform_b=b.transform,
        comparison_a=a.comparison,
        comparison_b=b.comparison,
        not_compared=forms[_Form.UNLIKE],
    )


class _Form(Enum):
    """How the splits of two trees stand to each other."""

    SAME_SPLITS = "same"
    OTHER_SPLITS = "other"
    UNLIKE = "unlike"


class _Exact:
    """Numbers of one precision."""

    asks_alike = True

    def apart(self, a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        """`[n]` absolute differences."""
        return _apart(a, b)


class _Rounded:
    """Numbers of which one side was rounded to float32, for a graph that asks in its own way."""

    asks_alike = False

    def apart(self, a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        """`[n]` absolute differences, 0 where rounding explains them."""
        apart = _apart(a, b)
        steps = np.spacing(np.maximum(np.abs(a), np.abs(b)).astype(np.float32)).astype(np.float64)
        return np.where(apart <= _ROUNDING * steps + _ZERO, 0.0, apart)


def _apart(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore"):  # of two infinities
        apart: NDArray[np.float64] = np.where(a == b, 0.0, np.abs(b - a))
    return apart


def _form(a: Tree, b: Tree, compare: "_Exact | _Rounded") -> _Form:
    has_chains = bool(a.sets or b.sets) or len(a.feature) != len(b.feature)
    if not compare.asks_alike and has_chains:
        leaves = [np.sort(tree.value[tree.is_leaf]) for tree in (a, b)]
        agree = len(leaves[0]) == len(leaves[1]) and not compare.apart(*leaves).any()
        return _Form.UNLIKE if agree else _Form.OTHER_SPLITS
    is_same = (
        a.group == b.group
        and a.sets == b.sets
        and np.array_equal(a.feature, b.feature)
        and (not compare.asks_alike or np.array_equal(a.missing, b.missing))
        and not compare.apart(a.bound, b.bound).any()
    )
    return _Form.SAME_SPLITS if is_same else _Form.OTHER_SPLITS


def _facts(model: TreeModel) -> TreesFacts:
    leaves = sum(int(np.count_nonzero(tree.is_leaf)) for tree in model.trees)
    nodes = sum(len(tree.feature) for tree in model.trees)
    return TreesFacts(trees=len(model.trees), splits=nodes - leaves, leaves=leaves)


def _features(a: TreeModel, b: TreeModel) -> tuple[FeatureSplits, ...]:
    of_a, of_b = _splits(a), _splits(b)
    found = [
        FeatureSplits(feature=name, a=of_a[name], b=of_b[name])
        for name in {*of_a, *of_b}
        if of_a[name] != of_b[name]
    ]
    return tuple(sorted(found, key=lambda item: (-abs(item.b - item.a), item.feature)))


def _splits(model: TreeModel) -> Counter[str]:
    """How many splits read each feature."""
    return Counter(
        model.features[place] for tree in model.trees for place in tree.feature[~tree.is_leaf].tolist()
    )


def _constants_agree(a: Sequence[float], b: Sequence[float]) -> bool:
    return len(a) == len(b) and bool(np.allclose(a, b, rtol=_CONSTANT_ROUNDING, atol=_CONSTANT_ROUNDING))
