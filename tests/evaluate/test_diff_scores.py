"""How scores move between two artifacts: figures against direct computations, and the records they are of."""

import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from diffed import drawn_scores, told
from scipy.stats import spearmanr

from servable.artifact import GoldenSet
from servable.errors import BadInput
from servable.evaluate import Cells, DiffSettings, DiffVerdict, Side, diff, diff_lines
from servable.evaluate.diff.movement import Flip, histogram
from servable.evaluate.diff.movers import InputDiff, PartsAt
from servable.evaluate.diff.sample import SampleSource
from servable.evaluate.diff.scores import ScoresDiff
from servable.records import Predictions
from servable.schema import Field, Kind

TWO, THREE = ("no", "yes"), ("good", "fair", "bad")


def _table(folder: Path, columns: dict[str, Sequence[object]], *, name: str = "rows.csv") -> Path:
    path = folder / name
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


def _of_both(folder: Path, a: np.ndarray, b: np.ndarray, classes: Sequence[str]) -> Path:
    """A table with the scores of a model `a` and those of a model `b`, class by class, and an id."""
    scores = {
        f"{prefix}_{name}": side[:, place].tolist()
        for prefix, side in (("a", a), ("b", b))
        for place, name in enumerate(classes)
    }
    return _table(folder, {"id": [f"r{row}" for row in range(len(a))], **scores})


def _scores(a: Side, b: Side, table: Path, **settings: Any) -> ScoresDiff:
    found = diff(a, b, settings=DiffSettings(table=table, **settings)).scores
    assert found is not None
    return found


def test_the_figures_of_two_classes_are_those_of_a_direct_computation(tmp_path: Path) -> None:
    a, b = (drawn_scores(700, 2, seed=seed) for seed in (1, 2))
    change = b[:, 1] - a[:, 1]

    found = _scores(told("a"), told("b"), _of_both(tmp_path, a, b, TWO))

    assert (found.source, found.said, found.records) == (SampleSource.TABLE, "all 700 rows of rows.csv", 700)
    assert (found.name, found.total_variation) == ("yes", None)
    assert found.largest == found.largest_raw == np.abs(b - a).max()
    assert found.calibrated.mean == pytest.approx(change.mean(), abs=1e-15)
    assert found.calibrated.mean_absolute == pytest.approx(np.abs(change).mean(), abs=1e-15)
    assert [(item.share, item.change) for item in found.calibrated.quantiles] == [
        (share, float(np.quantile(np.abs(change), share))) for share in (0.5, 0.9, 0.95, 0.99)
    ]
    (ranks,) = found.rank_correlations
    assert ranks.value == pytest.approx(spearmanr(a[:, 1], b[:, 1]).statistic, abs=1e-12)


def test_the_figures_of_more_classes_follow_the_class_that_a_predicts(tmp_path: Path) -> None:
    a, b = (drawn_scores(500, 3, seed=seed) for seed in (1, 2))
    of_a = np.arange(500), a.argmax(axis=1)

    found = _scores(told("a", classes=THREE), told("b", classes=THREE), _of_both(tmp_path, a, b, THREE))

    assert found.name is None
    assert found.calibrated.mean == pytest.approx((b - a)[of_a].mean(), abs=1e-15)
    assert found.total_variation is not None
    assert found.total_variation.largest == pytest.approx(np.abs(b - a).sum(axis=1).max() / 2, abs=1e-15)
    assert [item.name for item in found.rank_correlations] == list(THREE)
    assert [item.value for item in found.rank_correlations] == pytest.approx(
        [spearmanr(a[:, place], b[:, place]).statistic for place in range(3)], abs=1e-12
    )


@pytest.mark.parametrize("classes", [TWO, THREE], ids=["two", "three"])
def test_labels_that_flip_are_counted_in_every_direction(classes: Sequence[str], tmp_path: Path) -> None:
    a, b = (drawn_scores(400, len(classes), seed=seed) for seed in (3, 4))
    labels = [(classes[one], classes[other]) for one, other in zip(a.argmax(1), b.argmax(1), strict=True)]

    found = _scores(told("a", classes=classes), told("b", classes=classes), _of_both(tmp_path, a, b, classes))

    assert found.flipped == sum(one != other for one, other in labels)
    assert set(found.flips) == {
        Flip(a=one, b=other, records=labels.count((one, other))) for one, other in set(labels) if one != other
    }
    assert [flip.records for flip in found.flips] == sorted(
        (flip.records for flip in found.flips), reverse=True
    )
    assert sum(flip.records for flip in found.flips) == found.flipped


def test_the_histogram_holds_every_record_and_is_even_around_no_change(tmp_path: Path) -> None:
    a, b = (drawn_scores(300, 2, seed=seed) for seed in (5, 6))

    found = _scores(told("a"), told("b"), _of_both(tmp_path, a, b, TWO)).histogram

    assert found is not None
    assert sum(found.counts) == 300
    assert len(found.edges) == len(found.counts) + 1
    assert np.array(found.edges) == pytest.approx(-np.array(found.edges[::-1]), abs=1e-15)
    assert found.edges[-1] == np.abs(b - a).max()


def test_no_change_and_a_change_too_small_for_bins_have_no_histogram() -> None:
    assert histogram(np.zeros(4)) is None
    assert histogram(np.array([0.0, 5e-324])) is None


def test_the_records_that_move_most_come_first_with_row_id_and_scores(tmp_path: Path) -> None:
    a, b = (drawn_scores(600, 2, seed=seed) for seed in (7, 8))
    furthest = np.argsort(-np.abs(b - a).max(axis=1), kind="stable")[:20].tolist()

    found = _scores(told("a"), told("b"), _of_both(tmp_path, a, b, TWO))

    assert [mover.row for mover in found.movers] == furthest
    first = found.movers[0]
    assert (first.identity, first.name, first.cells) == (f"r{furthest[0]}", "yes", None)
    assert (first.calibrated_a, first.calibrated_b) == (a[furthest[0], 1], b[furthest[0], 1])
    assert (first.label_a, first.label_b) == (TWO[a[furthest[0]].argmax()], TWO[b[furthest[0]].argmax()])
    assert first.parts_at is PartsAt.INPUTS
    assert InputDiff(field="b_yes", a="not read", b="as given") in first.inputs


def test_a_record_is_shown_only_where_it_is_asked_for(tmp_path: Path) -> None:
    a, b = (drawn_scores(5, 2, seed=seed) for seed in (7, 8))
    table = _of_both(tmp_path, a, b, TWO)

    found = _scores(told("a"), told("b"), table, cells=Cells.SHOWN)

    first = found.movers[0]
    assert first.cells is not None
    assert first.cells["id"] == f"r{first.row}"
    assert float(str(first.cells["a_yes"])) == a[first.row, 1]
    assert InputDiff(field="b_yes", a="not read", b=b[first.row, 1]) in first.inputs


def test_a_number_of_a_withheld_record_is_told_as_what_it_is(tmp_path: Path) -> None:
    spells_none = replace(told("a").artifact.schema, null_spellings=frozenset(["0.8125"]))
    b = told("a", schema=spells_none, imputation={"a_yes": 0.25, "a_no": 0.5})
    table = _table(tmp_path, {"a_no": ["0.8125"], "a_yes": ["0.1875"]})

    (withheld,) = _scores(told("a"), b, table).movers
    (shown,) = _scores(told("a"), b, table, cells=Cells.SHOWN).movers

    assert withheld.inputs == (InputDiff(field="a_no", a="as given", b="imputed"),)
    assert shown.inputs == (InputDiff(field="a_no", a=0.8125, b=0.5),)


def test_other_imputation_values_are_told_without_a_number(tmp_path: Path) -> None:
    a, b = (told("a", imputation={"a_no": value}) for value in (0.25, 0.5))
    table = _table(tmp_path, {"a_no": [""], "a_yes": ["0.1875"]})

    found = diff(a, b, settings=DiffSettings(table=table))

    assert found.scores is not None
    assert found.scores.movers[0].inputs == (InputDiff(field="a_no", a="imputed", b="imputed"),)
    assert "; a_no imputed, with other numbers" in "\n".join(diff_lines(found))


def test_models_that_read_the_same_in_another_order_part_there(tmp_path: Path) -> None:
    table = _table(tmp_path, {"a_no": [0.25], "a_yes": [0.75]})

    found = diff(told("a"), told("a", features=("a_yes", "a_no")), settings=DiffSettings(table=table))

    assert found.scores is not None
    (mover,) = found.scores.movers
    assert (mover.parts_at, mover.inputs) == (PartsAt.ORDER, ())
    assert "; the models read the same things in another order" in "\n".join(diff_lines(found))


def test_a_record_without_an_id_has_no_name(tmp_path: Path) -> None:
    scores = {"a_no": 0.25, "a_yes": 0.75, "b_no": 0.5, "b_yes": 0.5}
    table = tmp_path / "rows.json"
    table.write_text(json.dumps([{"id": None, **scores}, {"id": 0, **scores}]))

    found = _scores(told("a"), told("b"), table)

    assert [mover.identity for mover in found.movers] == [None, "0"]


def test_only_so_many_rows_are_scored_the_first_ones(tmp_path: Path) -> None:
    a, b = drawn_scores(50, 2, seed=1), drawn_scores(50, 2, seed=1)
    b[30] = b[30, ::-1]
    table = _of_both(tmp_path, a, b, TWO)

    few, enough = (_scores(told("a"), told("b"), table, rows=rows) for rows in (30, 31))

    assert (few.records, few.is_bit_equal, few.said) == (30, True, "the first 30 rows of rows.csv")
    assert (enough.records, enough.is_bit_equal, [mover.row for mover in enough.movers]) == (31, False, [30])


def test_classes_in_another_order_are_held_against_each_other_by_name(tmp_path: Path) -> None:
    scores = drawn_scores(40, 3, seed=1)
    table = _of_both(tmp_path, scores, scores, THREE)
    a, b = told("a", classes=THREE), told("b", classes=THREE[::-1])

    found = diff(a, b, settings=DiffSettings(table=table))

    assert found.scores is not None
    assert found.scores.is_bit_equal
    assert found.verdict is DiffVerdict.SAME_SCORES
    assert found.sentence.startswith("The same scores on all 40 rows of rows.csv.")
    assert found.moves_scores  # the fields and the order of the classes differ


def test_equal_scores_of_equal_content_end_well(tmp_path: Path) -> None:
    scores = drawn_scores(40, 2, seed=1)
    table = _of_both(tmp_path, scores, scores, TWO)

    found = diff(told("a"), told("a", digest="sha256:other"), settings=DiffSettings(table=table))

    assert (found.verdict, found.moves_scores) == (DiffVerdict.SAME_SCORES, False)


def test_a_table_that_one_of_them_cannot_read_is_no_reason_to_compare_nothing(tmp_path: Path) -> None:
    table = _table(tmp_path, {"a_no": [0.5], "a_yes": [0.5]})

    found = diff(told("a"), told("b"), settings=DiffSettings(table=table))

    assert (found.scores, found.verdict) == (None, DiffVerdict.NOT_COMPARED)
    assert found.not_scored.startswith("B cannot read it: rows.csv, ")
    assert {field.name for field in found.fields.added} == {"b_no", "b_yes"}


def test_a_table_that_neither_can_read_is_refused(tmp_path: Path) -> None:
    table = _table(tmp_path, {"c_no": [0.5, 0.4], "c_yes": [0.5, 0.6]})

    with pytest.raises(BadInput, match=r"rows\.csv"):
        diff(told("a"), told("b"), settings=DiffSettings(table=table))


def test_a_table_without_a_row_is_refused(tmp_path: Path) -> None:
    table = _table(tmp_path, {"a_no": [], "a_yes": []})

    with pytest.raises(BadInput) as refused:
        diff(told("a"), told("a"), settings=DiffSettings(table=table))

    assert str(refused.value) == "rows.csv: expected at least one row, found none; choose a table with rows"


def test_a_number_of_rows_below_one_is_refused(tmp_path: Path) -> None:
    table = _table(tmp_path, {"a_no": [0.5], "a_yes": [0.5]})

    with pytest.raises(BadInput, match="--rows: expected a number of at least 1, found 0"):
        diff(told("a"), told("a"), settings=DiffSettings(table=table, rows=0))


def _golden(*scores: tuple[float, float], also: str = "") -> GoldenSet:
    requests = [json.dumps({"a_no": no, "a_yes": yes} | ({also: 0.5} if also else {})) for no, yes in scores]
    answers = Predictions(raw=np.array(scores), calibrated=np.array(scores))
    return GoldenSet(
        requests=tuple(request.encode() for request in requests),
        reference=answers,
        packed=None,
        source="train",
        derived=0,
    )


def test_without_a_table_the_golden_requests_of_both_are_scored_once_each() -> None:
    a = told("a", golden=_golden((0.25, 0.75), (0.5, 0.5)))
    b = told("a", golden=_golden((0.5, 0.5), (1.0, 0.0)))

    found = diff(a, b)

    assert found.scores is not None
    assert (found.scores.source, found.scores.said) == (SampleSource.GOLDEN, "3 golden requests")
    assert (found.golden.in_common, found.golden.moved, found.golden.is_equal) == (1, 0, False)


def test_of_many_golden_requests_the_first_ones_are_scored_and_told() -> None:
    a = told("a", golden=_golden((0.25, 0.75), (0.5, 0.5), (1.0, 0.0)))

    found = diff(a, a, settings=DiffSettings(rows=2))

    assert found.scores is not None
    assert (found.scores.records, found.scores.said) == (2, "the first 2 of 3 golden requests")


def test_an_answer_of_the_golden_set_that_moved_is_counted() -> None:
    moved = _golden((0.25, 0.75), (0.5, 0.5))
    moved = replace(
        moved,
        reference=Predictions(
            raw=np.array([[0.25, 0.75], [0.75, 0.25]]), calibrated=moved.reference.calibrated
        ),
    )
    a, b = told("a", golden=_golden((0.25, 0.75), (0.5, 0.5))), told("a", golden=moved)

    golden = diff(a, b).golden

    assert (golden.in_common, golden.moved, golden.largest, golden.side) == (2, 1, 0.25, "reference")
    assert not golden.is_equal


def test_golden_requests_that_one_cannot_read_are_left_out_and_counted() -> None:
    more = told("a", classes=TWO)
    schema = replace(more.artifact.schema, fields=(*more.artifact.schema.fields, Field("more", Kind.NUMERIC)))
    b = told("a", schema=schema, golden=_golden((0.5, 0.5), (1.0, 0.0), also="more"))
    a = told("a", golden=_golden((0.25, 0.75)))

    found = diff(a, b)

    assert found.scores is not None
    assert found.scores.said == "2 golden requests; 1 more cannot be read by both"


def test_without_golden_records_those_that_are_derived_from_both_are_scored() -> None:
    numbers = {"imputation": {"a_no": 0.25, "a_yes": 0.75}}

    found = diff(_constant(told("a", **numbers)), _constant(told("a", **numbers)))

    assert found.scores is not None
    assert found.scores.source is SampleSource.DERIVED
    assert found.scores.said == f"{found.scores.records} records derived from both"


def _constant(side: Side) -> Side:
    """The same model, which gives every record the same scores."""

    class Constant:
        features = classes = 2

        def run(self, inputs: Any) -> Any:
            return np.full((len(inputs), 2), 0.5)

    assert side.scorer is not None
    return Side.of(replace(side.scorer, engine=Constant()))


def test_scores_without_spread_have_no_correlation_of_ranks() -> None:
    found = diff(_constant(told("a")), _constant(told("a")))

    assert found.scores is not None
    assert [item.value for item in found.scores.rank_correlations] == [None]
