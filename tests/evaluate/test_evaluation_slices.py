"""Slices of a table: which there are, what is said of each, and what chance makes of many."""

from pathlib import Path

import numpy as np
import pytest
from evaluated import LABEL, drawn, scorer, table, told

from servable.evaluate import Evaluation, EvaluationSettings, evaluate
from servable.evaluate.evaluation.slices import Mark, Slice, Slices
from servable.metrics import auc, log_loss


def sliced(path: Path, *columns: str) -> Slices:
    found = evaluate(scorer(), path, settings=EvaluationSettings(draws=100, slices=columns))
    assert found.slices is not None
    return found.slices


def rows_by_name(slices: Slices) -> dict[str, int]:
    return {one.name: one.rows for one in slices.slices}


def named(slices: Slices, name: str) -> Slice:
    return next(one for one in slices.slices if one.name == name)


def test_a_category_has_a_slice_for_its_frequent_values_and_one_for_the_rest(tmp_path: Path) -> None:
    sizes = {f"plan {letter}": size for letter, size in zip("abcdefghij", range(100, 50, -5), strict=True)}
    plans = [name for name, size in sizes.items() for _ in range(size)] + [""] * 55

    found = rows_by_name(sliced(told(tmp_path, len(plans), plan=plans), "plan"))

    assert list(found) == [*list(sizes)[:8], "the other 2 values", "missing"]
    assert found["plan a"] == 100
    assert found["the other 2 values"] == 60 + 55
    assert found["missing"] == 55


def test_a_number_is_cut_at_its_quartiles(tmp_path: Path) -> None:
    ages: list[object] = [*range(1, 401), *[""] * 60]

    found = rows_by_name(sliced(told(tmp_path, 460, age=ages), "age"))

    assert found == {
        "up to 100": 100,
        "above 100, up to 200": 100,
        "above 200, up to 300": 100,
        "above 300": 100,
        "missing": 60,
    }


def test_a_number_of_few_values_has_a_slice_for_each(tmp_path: Path) -> None:
    found = rows_by_name(sliced(told(tmp_path, 300, age=[1, 2.5, 7] * 100), "age"))

    assert found == {"1": 100, "2.5": 100, "7": 100}


def test_a_number_that_is_mostly_one_value_is_cut_where_it_can_be(tmp_path: Path) -> None:
    ages = [0] * 300 + list(range(1, 101))

    assert rows_by_name(sliced(told(tmp_path, 400, age=ages), "age")) == {"up to 0": 300, "above 0": 100}


def test_texts_are_empty_short_or_long(tmp_path: Path) -> None:
    notes = ["", "  "] * 30 + ["short"] * 100 + ["a long one"] * 90

    found = rows_by_name(sliced(told(tmp_path, 250, note=notes), "note"))

    assert found == {"empty": 60, "up to 5 characters": 100, "above 5 characters": 90}


def test_a_column_that_no_field_has_is_read_as_what_it_holds(tmp_path: Path) -> None:
    path = told(tmp_path, 200, paid=list(range(200)), city=["Rome", "Oslo"] * 100)

    found = sliced(path, "paid", "city")

    assert {one.name for one in found.slices if one.column == "city"} == {"Rome", "Oslo"}
    assert len([one for one in found.slices if one.column == "paid"]) == 4


def test_the_figures_of_a_slice_are_those_of_its_rows_alone(tmp_path: Path) -> None:
    scores, labels = drawn(400)
    path = told(tmp_path, 400, city=["Rome", "Oslo"] * 200)

    rome = named(sliced(path, "city"), "Rome")

    mine = scores[::2].astype(np.float32).astype(np.float64)
    assert rome.auc is not None
    assert rome.auc.estimate.value == pytest.approx(auc(mine, labels[::2]), abs=1e-12)
    assert rome.log_loss is not None
    assert rome.log_loss.estimate.value == pytest.approx(log_loss(mine, labels[::2]), abs=1e-12)
    assert rome.bias is not None
    assert rome.bias.estimate.value == pytest.approx((mine - labels[::2]).mean(), abs=1e-12)
    assert rome.base_rate == labels[::2].mean()


def test_a_slice_of_few_rows_has_no_figure_and_says_so(tmp_path: Path) -> None:
    tiny = named(sliced(told(tmp_path, 300, city=["Rome"] * 260 + ["Oslo"] * 40), "city"), "Oslo")

    assert (tiny.rows, tiny.figures) == (40, ())
    assert tiny.too_small == "fewer than 50 rows"


def test_a_slice_of_few_groups_has_no_figure(tmp_path: Path) -> None:
    groups = ["chain"] * 100 + [f"house {at}" for at in range(200)]
    path = told(tmp_path, 300, city=["Rome"] * 100 + ["Oslo"] * 200, host=groups)
    settings = EvaluationSettings(draws=100, slices=("city",), group="host")

    found = evaluate(scorer(), path, settings=settings).slices

    assert found is not None
    assert named(found, "Rome").too_small == "fewer than 10 groups"
    assert named(found, "Oslo").too_small == ""


def test_a_figure_that_has_no_interval_is_not_counted_among_the_comparisons(tmp_path: Path) -> None:
    # the labels "no" of Rome are those of one customer, whom every third draw leaves out
    labels = ["yes"] * 180 + ["no"] * 20 + ["yes", "no"] * 100
    hosts = [f"house {at % 40}" for at in range(180)] + ["chain"] * 20 + [f"flat {at}" for at in range(200)]
    scores = [0.7] * 190 + [0.6] * 10 + [0.6, 0.4] * 100
    columns = {"score": scores, LABEL: labels, "city": ["Rome"] * 200 + ["Oslo"] * 200, "host": hosts}
    settings = EvaluationSettings(draws=100, slices=("city",), group="host")

    found = evaluate(scorer(), table(tmp_path, columns), settings=settings).slices

    assert found is not None
    rome = named(found, "Rome").auc
    assert rome is not None
    assert rome.estimate.low is None
    assert found.comparisons == 5
    assert "of 5 figures of slices lie apart" in found.sentence


def test_a_slice_of_one_class_has_a_loss_and_no_auc(tmp_path: Path) -> None:
    found = sliced(told(tmp_path, 300), LABEL)

    one = named(found, "yes")
    assert one.auc is None
    assert one.too_small == "fewer than 10 rows of a class"
    assert one.log_loss is not None


def test_the_slice_that_goes_wrong_is_far_apart(tmp_path: Path) -> None:
    scores, labels = drawn(2000)
    cities = np.array(["Rome", "Oslo", "Lima", "Bonn"] * 500)
    spoiled = np.where(cities == "Oslo", 1 - scores, scores)
    answers = ["yes" if label else "no" for label in labels]
    path = table(tmp_path, {"score": spoiled.tolist(), LABEL: answers, "city": cities.tolist()})

    found = sliced(path, "city")

    marks = {one.name: [figure.mark for figure in one.figures] for one in found.slices}
    assert marks["Oslo"][:2] == [Mark.FAR, Mark.FAR]
    assert found.sentence.startswith(f"{_marked(found)} of {found.comparisons} figures of slices lie apart")


def _marked(found: Slices) -> int:
    return sum(figure.mark is not Mark.NONE for one in found.slices for figure in one.figures)


def test_by_chance_few_slices_are_apart_and_hardly_one_far_apart(tmp_path: Path) -> None:
    columns = {f"dice {at}": np.random.default_rng(at).integers(0, 6, 3000).tolist() for at in range(8)}
    path = told(tmp_path, 3000, **{name.replace(" ", "_"): cells for name, cells in columns.items()})

    found = sliced(path, *(name.replace(" ", "_") for name in columns))

    marks = [figure.mark for one in found.slices for figure in one.figures]
    assert found.comparisons == len(marks) == 8 * 6 * 3
    assert 0 < sum(mark is not Mark.NONE for mark in marks) < 0.15 * len(marks)
    assert marks.count(Mark.FAR) <= 1


def test_without_slices_there_are_none(tmp_path: Path) -> None:
    found: Evaluation = evaluate(scorer(), told(tmp_path), settings=EvaluationSettings(draws=100))

    assert found.slices is None


def test_numbers_that_differ_late_have_names_that_differ(tmp_path: Path) -> None:
    numbers = [12_345_678_901 + step / 4 for step in range(400)]

    found = rows_by_name(sliced(told(tmp_path, 400, age=numbers), "age"))

    assert list(found.values()) == [100] * 4
    assert next(iter(found)) == "up to 12,345,678,926"  # 0.25 less would be another name


def test_few_values_that_differ_late_are_slices_of_their_own(tmp_path: Path) -> None:
    found = rows_by_name(sliced(told(tmp_path, 300, age=[0.12345678901, 0.12345678902, 7] * 100), "age"))

    assert found == {"0.12345678901": 100, "0.12345678902": 100, "7": 100}


def test_a_column_of_texts_that_is_no_field_is_cut_by_length_and_shows_none(tmp_path: Path) -> None:
    texts = [f"{'long ' * 30}{number}" for number in range(100)] + ["short"] * 100 + [""] * 60

    found = rows_by_name(sliced(told(tmp_path, 260, remark=texts), "remark"))

    assert set(found.values()) == {60, 100}
    assert list(found)[:2] == ["empty", "up to 5 characters"]
    assert all("long" not in name for name in found)


def test_a_long_category_is_cut(tmp_path: Path) -> None:
    found = rows_by_name(sliced(told(tmp_path, 200, plan=["x" * 300, "y"] * 100), "plan"))

    assert list(found) == [f"{'x' * 97}...", "y"]
