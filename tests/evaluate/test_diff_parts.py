"""What a comparison finds: each planted change, what it is, and nothing else."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from diffed import (
    CALIBRATION,
    COLUMN_LIST,
    IMPUTED,
    KNOTS,
    MODEL,
    SETTINGS,
    TABLES,
    Files,
    changed,
    differing,
    side,
    told,
    trained,
)

from servable.evaluate import Diff, DiffVerdict, Side, diff
from servable.evaluate.diff.change import Change
from servable.evaluate.diff.tables import BinMove
from tiny_boosters import lightgbm_model, output_of, settings_of

BINS = {"north": 0.0, "south": 0.25, "east": 0.5, "7": 0.75}
TREE = ("learner", "gradient_booster", "model", "trees", 2)


def _leaf_moved(files: Files) -> dict[str, bytes]:
    """The third tree's first leaf is 0.5 higher."""
    tree: Any = json.loads(files[MODEL])
    for key in TREE:
        tree = tree[key]
    leaf = tree["left_children"].index(-1)
    moved = [value + 0.5 * (place == leaf) for place, value in enumerate(tree["split_conditions"])]
    return changed(files, MODEL, *TREE, "split_conditions", to=moved)


def planted() -> Mapping[str, tuple[Files, set[str]]]:
    """By what was changed: the files, and the parts that differ therefore."""
    files = trained()
    return {
        "a bin": (changed(files, TABLES, "region", "bins", "south", to=0.3), {"tables"}),
        "the default": (changed(files, TABLES, "region", "default_bin", to=0.9), {"tables"}),
        "an imputation value": (changed(files, IMPUTED, "age", to=0.75), {"tables"}),
        "a field's kind": (
            changed(files, TABLES, "balance", to={"bins": {"1": 0.2}, "default_bin": 0.1}),
            {"fields", "tables"},
        ),
        "the spellings of a missing number": (
            {**files, SETTINGS: json.dumps(settings_of(null_spellings=["", "-"])).encode()},
            {"fields"},
        ),
        "the name of the id": (
            {**files, SETTINGS: json.dumps(settings_of(id_name="key")).encode()},
            {"fields"},
        ),
        "a knot": (
            {**files, CALIBRATION: json.dumps([*KNOTS[:2], [0.6, 0.6], KNOTS[3]]).encode()},
            {"calibrators"},
        ),
        "a leaf": (_leaf_moved(files), {"weights"}),
        "the name of the model": (
            {**files, SETTINGS: json.dumps(settings_of(pipeline_name="next")).encode()},
            {"about"},
        ),
    }


WHAT = (
    *("a bin", "the default", "an imputation value", "a field's kind", "the spellings of a missing number"),
    *("the name of the id", "a knot", "a leaf", "the name of the model"),
)
MOVES_NO_SCORE = {"the name of the id", "the name of the model"}


@pytest.fixture(scope="module")
def base() -> Side:
    return side(trained())


@pytest.fixture(scope="module")
def found(base: Side) -> Mapping[str, tuple[Diff, Diff]]:
    """By what was changed, the comparison with the base and the other way round."""
    others = {what: side(files) for what, (files, _) in planted().items()}
    return {what: (diff(base, other), diff(other, base)) for what, other in others.items()}


def test_an_artifact_is_the_same_as_itself(base: Side) -> None:
    same = diff(base, side(trained()))

    assert differing(same) == set()
    assert (same.verdict, same.moves_scores) == (DiffVerdict.SAME_ARTIFACT, False)
    assert same.sentence == "The same artifact: nothing differs."
    assert same.scores is not None
    assert (same.scores.is_bit_equal, same.scores.flipped, same.scores.movers) == (True, 0, ())


@pytest.mark.parametrize("what", WHAT)
def test_a_planted_change_is_found_and_nothing_else(
    what: str, found: Mapping[str, tuple[Diff, Diff]]
) -> None:
    there, back = found[what]

    assert differing(there) == differing(back) == planted()[what][1]
    assert there.moves_scores is back.moves_scores is (what not in MOVES_NO_SCORE)


@pytest.mark.parametrize("what", WHAT)
def test_the_other_way_round_the_same_is_found_with_the_sides_exchanged(
    what: str, found: Mapping[str, tuple[Diff, Diff]]
) -> None:
    there, back = found[what]

    assert [(move.a, move.b, -move.change) for table in there.tables.tables for move in table.bins] == [
        (move.b, move.a, move.change) for table in back.tables.tables for move in table.bins
    ]
    assert there.fields.added == back.fields.removed
    assert [(item.what, item.a, item.b) for item in there.fields.changes] == [
        (item.what, item.b, item.a) for item in back.fields.changes
    ]
    assert [(curve.largest, curve.at, curve.a, curve.b) for curve in there.calibrators.curves] == [
        (curve.largest, curve.at, curve.b, curve.a) for curve in back.calibrators.curves
    ]
    assert (there.scores is None) == (back.scores is None)
    if there.scores is not None and back.scores is not None:
        assert there.scores.largest == back.scores.largest
        assert there.scores.calibrated.mean == pytest.approx(-back.scores.calibrated.mean, abs=1e-15)
        assert there.scores.flipped == back.scores.flipped


def test_a_moved_bin_is_told_with_both_numbers(found: Mapping[str, tuple[Diff, Diff]]) -> None:
    (table,) = found["a bin"][0].tables.tables

    assert (table.field, table.is_read, table.moved, table.added, table.removed) == ("region", True, 1, 0, 0)
    assert table.bins == (BinMove(category="south", a=0.25, b=0.3, change=0.3 - 0.25),)
    assert table.largest == 0.3 - 0.25


def test_a_moved_default_is_no_moved_bin(found: Mapping[str, tuple[Diff, Diff]]) -> None:
    (table,) = found["the default"][0].tables.tables

    assert (table.default_a, table.default_b, table.differing) == (0.3, 0.9, 0)
    assert table.largest == table.default_change == 0.9 - 0.3


def test_a_bin_of_one_table_alone_moves_from_the_default(base: Side) -> None:
    other = changed(trained(), TABLES, "region", "bins", to={**BINS, "west": 1.0})

    (table,) = diff(base, side(other)).tables.tables

    assert (table.added, table.bins) == (1, (BinMove(category="west", a=None, b=1.0, change=0.7),))


def test_the_largest_moves_come_first(base: Side) -> None:
    bins = {"north": 0.01, "south": 0.75, "east": 0.3, "7": 0.75}

    (table,) = diff(base, side(changed(trained(), TABLES, "region", "bins", to=bins))).tables.tables

    assert [move.category for move in table.bins] == ["south", "east", "north"]


def test_a_moved_knot_is_told_where_the_two_are_furthest_apart(
    found: Mapping[str, tuple[Diff, Diff]],
) -> None:
    (curve,) = found["a knot"][0].calibrators.curves

    assert (curve.name, curve.at, curve.a, curve.b) == ("1", 0.6, 0.7, 0.6)
    assert curve.largest == pytest.approx(0.1, abs=1e-12)
    assert 0 < curve.mean < curve.largest


def test_a_step_of_a_table_is_found_between_the_points_of_the_grid() -> None:
    steps = [[0.0, 0.2], [0.5000001, 0.2], [0.5000001, 0.8], [1.0, 0.8]]
    later = [[0.0, 0.2], [0.5000002, 0.2], [0.5000002, 0.8], [1.0, 0.8]]

    of_steps, of_later = (
        side({**trained(), CALIBRATION: json.dumps(knots).encode()}) for knots in (steps, later)
    )

    (curve,) = diff(of_steps, of_later).calibrators.curves
    assert curve.largest == pytest.approx(0.6)


def test_a_calibrator_against_none_is_held_against_the_raw_scores(base: Side) -> None:
    bare = {name: data for name, data in trained().items() if name != CALIBRATION}

    calibrators = diff(side(bare), base).calibrators

    assert (calibrators.a, calibrators.b is not None) == (None, True)
    (curve,) = calibrators.curves
    assert curve.largest == 0.4 - 0.3
    assert (curve.at, curve.a, curve.b) == (0.4, 0.4, 0.3)


def test_a_moved_leaf_is_told_with_its_tree(found: Mapping[str, tuple[Diff, Diff]]) -> None:
    trees = found["a leaf"][0].weights.trees

    assert trees is not None
    assert (trees.equal, trees.other_leaves, trees.other_splits, trees.leaves_moved) == (5, 1, 0, 1)
    assert trees.largest_move == pytest.approx(0.5, abs=1e-6)
    assert (trees.features, trees.is_constant_moved) == ((), False)


def test_classes_of_other_names_keep_scores_from_being_compared(base: Side) -> None:
    named = settings_of(num_classes=2, is_binary=True, multiclass_categories=["no", "yes"])

    other = diff(base, side({**trained(), SETTINGS: json.dumps(named).encode()}))

    assert (other.verdict, other.scores, other.moves_scores) == (DiffVerdict.NOT_COMPARED, None, True)
    assert other.sentence == (
        "Scores were not compared: A has the classes 0, 1, B has no, yes. "
        "What differs and can move a score: fields."
    )
    assert other.fields.changes == (Change(what="classes", a=("0", "1"), b=("no", "yes"), moves_scores=True),)
    assert other.weights.is_equal


def test_an_order_of_columns_differs_where_names_do_not(base: Side) -> None:
    columns = b"0,income\n1,age\n2,balance\n3,region\n"
    model = changed(trained(), MODEL, "learner", "feature_names", to=["income", "age", "balance", "region"])

    other = diff(base, side({**model, COLUMN_LIST: columns}))

    assert {change.what for change in other.fields.changes} == {
        "order of the fields",
        "order in which the model reads",
        "columns of a CSV without a header",
    }
    assert (other.fields.added, other.fields.removed, other.fields.other_kind) == ((), (), ())


def test_what_cannot_score_here_is_compared_all_the_same(base: Side) -> None:
    bin_moved = side(planted()["a bin"][0])
    away = Side(artifact=bin_moved.artifact, scorer=None, why_not="the package is not installed")

    other = diff(base, away)

    assert other.verdict is DiffVerdict.NOT_COMPARED
    assert other.not_scored == "B cannot score here: the package is not installed"
    assert differing(other) == {"tables"}
    assert away.calibrator is not None


def test_boosters_of_two_libraries_are_held_against_each_other(base: Side) -> None:
    light = output_of("lightgbm_model.txt", lightgbm_model(codes=()))

    other = diff(base, side({**light, CALIBRATION: trained()[CALIBRATION]}))

    assert differing(other) == {"weights", "engine"}
    assert {change.what for change in other.engine if change.moves_scores} == {"family"}
    assert other.weights.trees is not None
    assert other.weights.trees.other_splits == 6


def test_trees_against_something_else_have_nothing_in_common(base: Side) -> None:
    other = diff(base, told(classes=("0", "1")))

    assert other.scores is None
    assert "can be read by the other" in other.not_scored
    assert other.weights.not_compared == "there is no file told.onnx"
    assert other.moves_scores
