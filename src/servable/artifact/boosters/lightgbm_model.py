"""What a LightGBM model file says of itself, and whether its trees are trees.

LightGBM trusts the numbers in the text that it loads: a child, a feature or a set of categories beyond
its array is read all the same, and a size that lies leads behind the text. So the text is read here line
by line, and LightGBM is given one that is made of what was understood, and nothing else.

Source: the text form of LightGBM's models, versions v2 to v4.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from servable.artifact.boosters.damaged_model import damaged_model, wrong_objective
from servable.artifact.boosters.lightgbm_lines import count_of, lines_by_key, value_of
from servable.artifact.boosters.lightgbm_tree import LightGBMTree, read_tree
from servable.errors import shown

_ONE_OUTPUT: Final = ("binary", "cross_entropy")
_ONE_PER_CLASS: Final = ("multiclass", "multiclassova")
_VERSIONS: Final = ("v2", "v3", "v4")
_NEWEST: Final = _VERSIONS[-1]
_SETTING: Final = re.compile(r"(sigmoid|num_class):([0-9]{1,9}(?:\.[0-9]{1,20})?)", re.ASCII)
_DEFAULT_NAME: Final = re.compile(r"Column_[0-9]+", re.ASCII)
_TREE: Final = re.compile(r"^Tree=([0-9]{1,9})$", re.ASCII | re.MULTILINE)
_END: Final = re.compile(r"^end of trees$", re.MULTILINE)
_OLDER: Final = "write it again with a version of LightGBM that writes one of these"
_MOST_LINES: Final = 1_500_000  # each tree has about twenty
_MOST_TREES: Final = 75_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LightGBMObjective:
    """How sums of leaves become probabilities.

    Attributes:
        name: what the booster was trained for.
        sigmoid: factor of a sum before the logistic function.
        groups: how many trees one round has: 1 for two classes, else one for each class.
        text: as the model says it.
    """

    name: str
    sigmoid: float
    groups: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LightGBMModel:
    """A booster for classification.

    Attributes:
        features: how many columns it reads.
        names: its own names of them; empty where it has none but the library's default names.
        coded: the columns that it reads as codes of categories.
        classes: how many probabilities it gives.
        is_average: whether the rounds are averaged instead of summed.
        trees: in their order; tree i belongs to the group i modulo `objective.groups`.
        text: the model again, without what scoring does not read.
    """

    features: int
    names: tuple[str, ...]
    coded: tuple[int, ...]
    classes: int
    objective: LightGBMObjective
    is_average: bool
    trees: tuple[LightGBMTree, ...]
    text: str = field(repr=False)


def read_lightgbm(data: bytes, *, where: str) -> LightGBMModel:
    """A booster of its text.

    Args:
        data: the file.
        where: its name, for errors.

    Raises:
        Damaged: `booster.model` if it is broken; `booster.objective` if it is no classifier.
    """
    head, blocks = _parts(data, where)
    if (version := head.get("version", _NEWEST)) not in _VERSIONS:
        raise damaged_model(f"{where}, version", ", ".join(_VERSIONS), shown(version), fix=_OLDER)
    features = count_of(head, "max_feature_idx", where) + 1
    names = value_of(head, "feature_names", where).split()
    infos = value_of(head, "feature_infos", where).split()
    if len(names) != features or len(infos) != features:
        found = f"{len(names)} and {len(infos)}"
        raise damaged_model(where, f"{features} feature_names and feature_infos", found)
    objective = _objective(head, where)
    if not blocks or len(blocks) % objective.groups:
        raise damaged_model(where, f"whole rounds of {objective.groups} trees", f"{len(blocks)} trees")
    trees = tuple(
        read_tree(block, features=features, where=f"{where}, Tree={number}")
        for number, block in enumerate(blocks)
    )
    return LightGBMModel(
        features=features,
        names=() if all(map(_DEFAULT_NAME.fullmatch, names)) else tuple(names),
        coded=tuple(index for index, info in enumerate(infos) if info != "none" and info[0] != "["),
        classes=max(2, objective.groups),
        objective=objective,
        is_average="average_output" in head,
        trees=trees,
        text=_text(head, features, objective, trees),
    )


def _parts(data: bytes, where: str) -> tuple[Mapping[str, str], list[str]]:
    """The lines before the first tree, by key, and the lines of each tree."""
    for what, start, most in (("lines", b"\n", _MOST_LINES), ("trees", b"\nTree=", _MOST_TREES)):
        if data.count(start) > most:
            raise damaged_model(where, f"at most {most} {what}", "more")
    try:
        text = data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise damaged_model(where, "text in UTF-8", f"the byte {data[error.start]:#04x}") from error
    end = _END.search(text)
    if not text.startswith("tree\n") or end is None:
        raise damaged_model(where, "LightGBM's text from `tree` to `end of trees`", "another or a part of it")
    starts = list(_TREE.finditer(text, 0, end.start()))
    if [int(start[1]) for start in starts] != list(range(len(starts))):
        raise damaged_model(where, "trees numbered from 0", "other numbers")
    stops = [*(start.start() for start in starts[1:]), end.start()]
    head = text[len("tree\n") : starts[0].start() if starts else end.start()]
    blocks = [text[start.end() : stop] for start, stop in zip(starts, stops, strict=bool(starts))]
    return lines_by_key(head, where), blocks


def _objective(head: Mapping[str, str], where: str) -> LightGBMObjective:
    text = head.get("objective", "")
    name, *settings = text.split() or [""]
    if name not in (*_ONE_OUTPUT, *_ONE_PER_CLASS):
        found = f"the objective {shown(name)}" if name else "no objective"
        raise wrong_objective(where, "binary, multiclass, multiclassova, cross_entropy", found)
    known = {match[1]: float(match[2]) for match in map(_SETTING.fullmatch, settings) if match}
    if len(known) != len(settings) or not known.get("sigmoid", 1.0) > 0:
        raise damaged_model(f"{where}, objective", "sigmoid and num_class", shown(text))
    groups = count_of(head, "num_class", where)
    is_fit = groups > 1 if name in _ONE_PER_CLASS else groups == 1
    if not is_fit or known.get("num_class", groups) != groups:
        raise damaged_model(f"{where}, num_class", f"a number of classes for {shown(text)}", str(groups))
    if (each := count_of(head, "num_tree_per_iteration", where)) != groups:
        raise damaged_model(f"{where}, num_tree_per_iteration", str(groups), str(each))
    return LightGBMObjective(name=name, sigmoid=known.get("sigmoid", 1.0), groups=groups, text=text)


def _text(
    head: Mapping[str, str], features: int, objective: LightGBMObjective, trees: tuple[LightGBMTree, ...]
) -> str:
    blocks = [f"Tree={number}\n{tree.text}\n\n" for number, tree in enumerate(trees)]
    lines = [
        "tree",
        f"version={head.get('version', _NEWEST)}",
        f"num_class={objective.groups}",
        f"num_tree_per_iteration={objective.groups}",
        "label_index=0",
        f"max_feature_idx={features - 1}",
        f"objective={objective.text}",
        *(["average_output"] if "average_output" in head else []),
        f"feature_names={' '.join(f'Column_{index}' for index in range(features))}",
        f"feature_infos={' '.join(['none'] * features)}",
        f"tree_sizes={' '.join(str(len(block)) for block in blocks)}",
    ]
    return "\n".join(lines) + "\n\n" + "".join(blocks) + "end of trees\n"
