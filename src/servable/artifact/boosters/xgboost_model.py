"""What a saved XGBoost booster says of itself, and whether its trees are trees.

XGBoost trusts the numbers in the file that it loads: a child or a class beyond its array is read and
written all the same. So whatever an index leads to is looked at here before XGBoost sees the file.
"""

import re
from collections.abc import Sequence, Sized
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.artifact.boosters.damaged_model import damaged_model, wrong_objective
from servable.artifact.boosters.document import Part
from servable.artifact.boosters.ubjson import read_ubjson
from servable.artifact.safe import parse_json
from servable.errors import Damaged, shown

_BINARY: Final = ("binary:logistic", "reg:logistic")
_MULTICLASS: Final = ("multi:softprob", "multi:softmax")
_JSON_START: Final = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*\{[ \t\r\n]*[\"}]")
_MAX_VALUES: Final = 6_000_000  # each node has eleven
_STATISTICS: Final = ("base_weights", "loss_changes", "sum_hessian")
_SETS: Final = ("categories", "categories_nodes", "categories_segments", "categories_sizes")
_MOST_FEATURES: Final = 1_000_000
_TWO_CLASSES: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class XGBoostTree:
    """One tree; `[n]` entries, one for each node, the root first.

    Attributes:
        left, right: the node's children, -1 at a leaf.
        feature: the column that a split reads.
        condition: a number below it goes left; at a leaf, what it adds.
        default_left: whether a missing number goes left.
        group: the class to which the tree adds, 0 of two classes.
        weight: factor of what its leaves add.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    feature: NDArray[np.int64]
    condition: NDArray[np.float32]
    default_left: NDArray[np.bool_]
    group: int
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class XGBoostModel:
    """A booster of trees for classification.

    Attributes:
        features: how many columns it reads.
        names: its own names of them; empty where it has none but the library's default names.
        classes: how many probabilities it gives.
        objective: what it was trained for.
        base_scores: of each class where the sums begin; of two classes, one probability.
    """

    features: int
    names: tuple[str, ...]
    classes: int
    objective: str
    base_scores: tuple[float, ...]
    trees: tuple[XGBoostTree, ...]

    @property
    def is_binary(self) -> bool:
        """Whether one sum makes the probabilities of two classes."""
        return self.objective in _BINARY


def read_xgboost(data: bytes, *, where: str) -> XGBoostModel:
    """A booster of its file, UBJSON or JSON.

    Args:
        data: the file.
        where: its name, for errors.

    Raises:
        Damaged: `booster.model`, `ubjson.syntax` or `json.*` if it is broken; `booster.objective` if it is
            no classifier.
    """
    learner = Part(_document(data, where), where)["learner"]
    parameters, booster = learner["learner_model_param"], learner["gradient_booster"]
    objective, groups = _objective(learner)
    kind = booster["name"].text()
    if kind not in {"gbtree", "dart"}:
        raise damaged_model(
            booster.where, "a booster of trees (gbtree, dart)", kind, fix="train one of trees"
        )
    ensemble = (booster["gbtree"] if kind == "dart" else booster)["model"]
    features = parameters["num_feature"].count()
    if not 1 <= features <= _MOST_FEATURES:
        raise parameters.refusal(f"1 to {_MOST_FEATURES} features", str(features))
    of_class = _require_consistent(ensemble, groups)
    weights = booster["weight_drop"].floats() if kind == "dart" else np.ones(len(of_class))
    _require_length(weights, len(of_class), booster)
    return XGBoostModel(
        features=features,
        names=_names(learner, features),
        classes=max(_TWO_CLASSES, groups),
        objective=objective,
        base_scores=_base_scores(parameters, groups),
        trees=_trees(ensemble["trees"], features, of_class.tolist(), weights.tolist()),
    )


def _document(data: bytes, where: str) -> object:
    if _JSON_START.match(data):
        return parse_json(data, where=where, max_values=_MAX_VALUES)
    if data.startswith(b"{"):
        return read_ubjson(data, where=where)
    raise damaged_model(
        where,
        "a booster that XGBoost saved as UBJSON or JSON",
        "neither" if data else "an empty file",
        fix="save it again as UBJSON; of its old binary format, XGBoost before 3.1 can do that",
    )


def _objective(learner: Part) -> tuple[str, int]:
    """The objective, and how many trees one round has: 1 for two classes, else one for each class."""
    objective = learner["objective"]["name"].text()
    if objective not in (*_BINARY, *_MULTICLASS):
        raise wrong_objective(learner.where, "binary:logistic, multi:softprob", f"the objective {objective}")
    parameters = learner["learner_model_param"]
    named = parameters["num_class"].count()
    is_multiclass = objective in _MULTICLASS
    if not (named >= _TWO_CLASSES if is_multiclass else 0 <= named < _TWO_CLASSES):
        raise damaged_model(parameters.where, f"a number of classes for {objective}", str(named))
    groups = named if is_multiclass else 1
    if is_multiclass:
        inner = learner["objective"]["softmax_multiclass_param"]["num_class"].count()
        if inner != groups:
            raise damaged_model(learner.where, f"{groups} classes everywhere", f"{inner} in the objective")
    if "num_target" in parameters and parameters["num_target"].count() not in {0, 1}:
        raise damaged_model(parameters.where, "one label", "several", fix="train one model for each label")
    return objective, groups


def _base_scores(parameters: Part, groups: int) -> tuple[float, ...]:
    """One number for each group; older versions write one for all."""
    text = parameters["base_score"]
    try:
        scores = tuple(float(word) for word in text.text().strip("[]").split(","))
    except ValueError as error:
        raise text.refusal("numbers", shown(text.value)) from error
    if len(scores) not in {1, groups} or not np.isfinite(scores).all():
        raise text.refusal(f"1 or {groups} finite numbers", shown(text.value))
    return scores * groups if len(scores) == 1 else scores


def _names(learner: Part, features: int) -> tuple[str, ...]:
    if "feature_names" not in learner:
        return ()
    names = tuple(part.text() for part in learner["feature_names"].items())
    if len(names) not in {0, features}:
        raise damaged_model(learner.where, f"{features} names of features", str(len(names)))
    return () if names == tuple(f"f{index}" for index in range(features)) else names


def _require_consistent(ensemble: Part, groups: int) -> NDArray[np.int64]:
    """For each tree, the class to which it adds."""
    trees = ensemble["trees"].length()
    if not trees or trees % groups:
        raise ensemble.refusal(f"whole rounds of {groups} trees", f"{trees} trees")
    told = ensemble["gbtree_model_param"]["num_trees"].count()
    if told != trees:
        raise ensemble.refusal(f"{told} trees, as it says", str(trees))
    classes = ensemble["tree_info"].integers()
    _require_length(classes, trees, ensemble["tree_info"])
    if classes.min() < 0 or classes.max() >= groups:
        raise ensemble["tree_info"].refusal(f"classes from 0 to {groups - 1}", str(int(classes.max())))
    if "iteration_indptr" in ensemble:  # older versions count the rounds themselves
        rounds = ensemble["iteration_indptr"].integers()
        is_sound = len(rounds) and rounds[0] == 0 and rounds[-1] == trees and (np.diff(rounds) >= 0).all()
        if not is_sound:
            raise ensemble["iteration_indptr"].refusal(f"rising numbers from 0 to {trees}", "something else")
    if "cats" in ensemble and any(
        part["values"].length() for part in ensemble["cats"]["enc"].items() if "values" in part
    ):
        raise _categories(ensemble)
    return classes


def _require_length(found: Sized, length: int, part: Part) -> None:
    if len(found) != length:
        raise part.refusal(f"{length} numbers", str(len(found)))


def _trees(
    whole: Part, features: int, groups: Sequence[int], weights: Sequence[float]
) -> tuple[XGBoostTree, ...]:
    """The trees, once every index in them leads to something.

    All of them are looked at together, because they are many and small.
    """
    parts = whole.items()
    for place, part in enumerate(parts):
        own = part["id"].value
        if not isinstance(own, int) or own != place:  # by which XGBoost puts the tree into its place
            raise part.refusal(f"the id {place}", shown(own))
    nodes = np.array([_count_of_nodes(part, features) for part in parts])
    left, right, parents, feature, kinds, default_left = (
        _of_all(parts, key, nodes)
        for key in (
            "left_children",
            "right_children",
            "parents",
            "split_indices",
            "split_type",
            "default_left",
        )
    )
    inner = np.flatnonzero(left != -1)
    _require_trees(whole, left, right, parents, nodes)
    if (feature[inner] < 0).any() or (feature[inner] >= features).any():
        raise whole.refusal(f"splits on {features} features", "one on another")
    if (kinds != 0).any() or any(part[key].length() for part in parts for key in _SETS if key in part):
        raise _categories(whole)
    conditions = [part["split_conditions"].floats().astype(np.float32) for part in parts]
    for part, found, count in zip(parts, conditions, nodes, strict=True):
        _require_length(found, count, part)
    ends = np.cumsum(nodes)[:-1]
    columns = (np.split(column, ends) for column in (left, right, feature, default_left != 0))
    return tuple(
        XGBoostTree(
            left=of_left,
            right=of_right,
            feature=of_feature,
            condition=condition,
            default_left=of_default,
            group=group,
            weight=weight,
        )
        for of_left, of_right, of_feature, of_default, condition, group, weight in zip(
            *columns, conditions, groups, weights, strict=True
        )
    )


def _require_trees(
    whole: Part,
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    parents: NDArray[np.int64],
    nodes: NDArray[np.int64],
) -> None:
    """No node is the child of two, and the root of none: so no way down from a root returns."""
    first = np.repeat(np.cumsum(nodes) - nodes, nodes)  # of the node's tree
    size = np.repeat(nodes, nodes)
    own = np.arange(len(first)) - first
    inner = np.flatnonzero(left != -1)
    ends, of = np.concatenate([left[inner], right[inner]]), np.concatenate([inner, inner])
    if (ends < 1).any() or (ends >= size[of]).any():
        raise whole.refusal("children that their tree has", "another")
    children, below_root = first[of] + ends, own > 0
    is_sound = (
        (np.bincount(children, minlength=len(first)) <= 1).all()
        and (parents[children] == own[of]).all()
        and (parents[below_root] >= 0).all()
        and (parents[below_root] < size[below_root]).all()
    )
    if not is_sound:
        raise whole.refusal("nodes that make trees", "a child or a parent that does not fit")


def _count_of_nodes(part: Part, features: int) -> int:
    parameters = part["tree_param"]
    nodes, values = parameters["num_nodes"].count(), parameters["size_leaf_vector"].count()
    if nodes < 1 or values not in {0, 1} or not 0 <= parameters["num_deleted"].count() <= nodes:
        raise parameters.refusal("nodes, with one value at each leaf", f"{nodes} with {values}")
    if parameters["num_feature"].count() != features:
        raise parameters.refusal(f"{features} features", parameters["num_feature"].text())
    for key in _STATISTICS:
        if part[key].length() != nodes:
            raise part[key].refusal(f"{nodes} numbers", f"{part[key].length()}")
    return nodes


def _of_all(parts: Sequence[Part], key: str, nodes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The integers of all nodes of all trees; 0 where old versions do not write them."""
    found = [
        part[key].integers() if key in part else np.zeros(count, dtype=np.int64)
        for part, count in zip(parts, nodes, strict=True)
    ]
    for part, numbers, count in zip(parts, found, nodes, strict=True):
        _require_length(numbers, count, part)
    return np.concatenate(found)


def _categories(part: Part) -> Damaged:
    return damaged_model(
        part.where,
        "splits on numbers",
        "splits on categories, whose codes stand in no table beside the model",
        fix="train it on the values of risk tables",
    )
