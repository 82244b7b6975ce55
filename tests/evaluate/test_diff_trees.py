"""Trees of boosters held against each other: also a training output and its pack."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from diffed import differing, side

from servable.artifact import MemoryFiles, read_artifact, read_files, write_tar_gz
from servable.evaluate import DiffVerdict, Side, diff
from servable.evaluate.diff.weights import weights_diff
from servable.pack import pack
from servable.scorer import scorer_of
from tiny_boosters import lightgbm_model, native_output, output_of, xgboost_model

BOOSTERS: Mapping[str, Any] = {
    "xgboost of two classes": lambda: output_of("xgboost_model.bst", xgboost_model()),
    "xgboost of three classes": lambda: output_of(
        "xgboost_model.bst", xgboost_model("multi:softprob", classes=3), hyperparameters__json=None
    ),
    "a dart": lambda: output_of("xgboost_model.bst", xgboost_model(booster="dart", rate_drop=0.5)),
    "lightgbm without categories": lambda: output_of(
        "lightgbm_model.txt", lightgbm_model(codes=(), sigmoid=2.0)
    ),
}


@pytest.mark.parametrize("name", BOOSTERS)
def test_a_booster_and_its_pack_differ_in_nothing_that_moves_a_score(name: str, tmp_path: Path) -> None:
    files = BOOSTERS[name]()
    write_tar_gz(tmp_path / "output.tar.gz", files)
    pack(tmp_path / "output.tar.gz", tmp_path / "model.tar.gz")

    found = diff(side(files), Side.of(scorer_of(read_artifact(tmp_path / "model.tar.gz"))))

    assert differing(found) == {"engine", "golden"}
    assert (found.verdict in {DiffVerdict.ROUNDING, DiffVerdict.SAME_SCORES}, found.moves_scores) == (
        True,
        False,
    )
    trees = found.weights.trees
    assert trees is not None
    assert (trees.equal, trees.other_leaves, trees.other_splits) == (trees.a.trees, 0, 0)
    assert (trees.a, trees.features, trees.is_whole) == (trees.b, (), True)


def test_splits_on_categories_are_not_held_against_the_steps_of_a_graph_but_their_leaves_are(
    tmp_path: Path,
) -> None:
    files = native_output()
    write_tar_gz(tmp_path / "output.tar.gz", files)
    pack(tmp_path / "output.tar.gz", tmp_path / "model.tar.gz")
    graph = read_artifact(tmp_path / "model.tar.gz")
    other = {
        **files,
        "lightgbm_model.txt": lightgbm_model(names=("age", "income", "balance", "region"), rounds=5),
    }

    same = weights_diff(read_files(MemoryFiles(files)), graph)
    fewer = weights_diff(read_files(MemoryFiles(other)), graph)

    assert same.trees is not None
    assert (same.is_equal, same.is_whole, same.trees.not_compared) == (True, False, 6)
    assert fewer.trees is not None
    assert (fewer.is_equal, fewer.trees.not_compared, fewer.trees.other_splits) == (False, 5, 1)


def test_features_are_counted_by_the_splits_that_read_them() -> None:
    deep, flat = (
        read_files(MemoryFiles(output_of("xgboost_model.bst", xgboost_model(max_depth=depth))))
        for depth in (3, 1)
    )

    trees = weights_diff(deep, flat).trees

    assert trees is not None
    assert (trees.b.splits, trees.b.leaves, trees.other_splits) == (6, 12, 6)
    total = {"a": trees.a.splits, "b": trees.b.splits}
    counted = {side: sum(getattr(item, side) for item in trees.features) for side in ("a", "b")}
    assert counted["a"] - counted["b"] == total["a"] - total["b"]
    sizes = [abs(item.b - item.a) for item in trees.features]
    assert sizes == sorted(sizes, reverse=True)


def test_a_changed_set_of_categories_is_another_split() -> None:
    one = native_output()
    text = one["lightgbm_model.txt"].decode()
    place = text.index("cat_threshold=") + len("cat_threshold=")
    end = text.index("\n", place)
    first, *rest = text[place:end].split(" ")
    swapped = text[:place] + " ".join([str(int(first) ^ 2), *rest]) + text[end:]

    trees = weights_diff(
        *(
            read_files(MemoryFiles({**one, "lightgbm_model.txt": model}))
            for model in (text.encode(), swapped.encode())
        )
    ).trees

    assert trees is not None
    assert (trees.other_splits, trees.other_leaves) == (1, 0)
