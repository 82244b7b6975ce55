"""The trees of an ONNX graph: whether their nodes make trees, none too deep for a runtime to descend."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.artifact.safe.onnx_fields import ATTRIBUTE_NAME, INTEGERS, STRINGS
from servable.artifact.safe.protobuf import MalformedError, Value, integers_of

TREES: Final = frozenset({"TreeEnsembleClassifier", "TreeEnsembleRegressor"})
MOST_LEVELS: Final = 1 << 10
"""A runtime follows a tree by calls inside calls: ONNX Runtime 1.31 dies of one of some 50,000 levels."""

_ID_BITS = 31
_MOST_ID = (1 << _ID_BITS) - 1
_TREE, _NODE = "nodes_treeids", "nodes_nodeids"
_BRANCHES: Final = ("nodes_truenodeids", "nodes_falsenodeids")
_MODES: Final = "nodes_modes"
_LEAF: Final = b"LEAF"

Fault = tuple[str, str]
"""What was expected and what was found."""

Attribute = list[tuple[int, Value]]
"""Number and value of each of its fields."""


def fault_of_trees(attributes: list[Attribute]) -> Fault | None:
    """What is wrong with the trees of an operator, or None where nothing is.

    Whether their features and classes exist is checked by the runtime.

    Args:
        attributes: of the operator.

    Raises:
        MalformedError: if numbers are none.
    """
    columns: dict[str, NDArray[np.int64]] = {}
    leaves: NDArray[np.bool_] | None = None
    for attribute in attributes:
        name = _name_of(attribute)
        if name in columns or (name == _MODES and leaves is not None):
            return "each attribute once", f"{name} again"
        if name in {_TREE, _NODE, *_BRANCHES}:
            columns[name] = integers_of([value for number, value in attribute if number == INTEGERS])
        elif name == _MODES:
            leaves = np.array(
                [value == _LEAF for number, value in attribute if number == STRINGS], dtype=bool
            )
    if leaves is None or len(columns) != 4:
        return "nodes with their trees, branches and modes", "a part of that"
    if any(len(column) != len(leaves) for column in columns.values()):
        return "as many branches as nodes", "another number"
    return _fault_of_nodes(columns, np.flatnonzero(~leaves))


def _fault_of_nodes(columns: Mapping[str, NDArray[np.int64]], inner: NDArray[np.intp]) -> Fault | None:
    ids = np.concatenate([columns[_TREE], columns[_NODE], *(columns[branch][inner] for branch in _BRANCHES)])
    if ids.min(initial=0) < 0 or ids.max(initial=0) > _MOST_ID:
        return "trees and nodes numbered from 0", "another number"
    trees = columns[_TREE] << _ID_BITS
    nodes = trees | columns[_NODE]
    order = np.argsort(nodes)
    ordered = nodes[order]
    children = np.concatenate([trees[inner] | columns[branch][inner] for branch in _BRANCHES])
    found = np.searchsorted(ordered, children)
    if (np.diff(ordered) == 0).any() or (found == len(ordered)).any() or (ordered[found] != children).any():
        return "branches to nodes of their tree", "another node, or one node again"
    below = order[found].reshape(len(_BRANCHES), -1)
    return _fault_of_levels(below, inner, len(nodes))


def _fault_of_levels(below: NDArray[np.intp], inner: NDArray[np.intp], nodes: int) -> Fault | None:
    """Takes the nodes away to which nothing leads any more, level by level; what goes round is left.

    Several nodes may lead to one: so a set of categories is written, as a chain of comparisons.
    """
    split = np.full(nodes, -1, dtype=np.intp)
    split[inner] = np.arange(len(inner))
    above = np.bincount(below.ravel(), minlength=nodes)
    level, left = np.flatnonzero(above == 0), nodes
    for _ in range(MOST_LEVELS):
        left -= len(level)
        splits = split[level]
        ends, times = np.unique(below[:, splits[splits >= 0]], return_counts=True)
        above[ends] -= times
        level = ends[above[ends] == 0]
        if not len(level):
            break
    return (f"nodes that end in leaves, within {MOST_LEVELS} levels", "others") if left else None


def _name_of(attribute: Attribute) -> str:
    names = [
        bytes(value)
        for number, value in attribute
        if number == ATTRIBUTE_NAME and isinstance(value, memoryview)
    ]
    if len(names) != 1:
        raise MalformedError("an attribute without one name")
    return names[0].decode("utf-8", "backslashreplace")
