"""How a table is read and scored: block by block, and what of it is kept."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from evaluated import LABEL, drawn, lookup, scorer, table, told

from servable.errors import BadInput, ServableError
from servable.evaluate import EvaluationSettings, evaluate
from servable.evaluate.evaluation.table import read_scored_table

MOST_BYTES_A_ROW = 200
"""Scores, labels and a number for each slice, twice while blocks are joined; a row's cells take far more."""


def peak_bytes(path: Path, rows: int) -> int:
    model = scorer(calibration=lookup((0.0, 0.1), (1.0, 0.9)))
    settings = EvaluationSettings(slices=("plan", "age", "note"), group="plan")
    tracemalloc.start()
    try:
        scored = read_scored_table(path, model, settings=settings, rows=rows)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(scored) == rows
    return peak


@pytest.mark.slow
def test_of_a_row_only_scores_label_and_slices_are_kept(tmp_path: Path) -> None:
    sizes = (10_000, 40_000)
    small, large = (
        told(tmp_path, rows, note=[f"a note of its own, {at}" for at in range(rows)]).rename(
            tmp_path / f"{rows}.csv"
        )
        for rows in sizes
    )

    more = peak_bytes(large, sizes[1]) - peak_bytes(small, sizes[0])

    assert more < MOST_BYTES_A_ROW * (sizes[1] - sizes[0])


def test_blocks_are_scored_in_the_order_of_the_table(tmp_path: Path) -> None:
    scores, _ = drawn(9000)

    found = read_scored_table(told(tmp_path, 9000), scorer(), settings=EvaluationSettings(), rows=9000)

    assert found.scores.raw[:, 1] == pytest.approx(scores, abs=1e-7)
    assert found.scores.calibrated is None


def test_another_model_scores_the_same_rows_where_some_have_no_label(tmp_path: Path) -> None:
    scores, labels = drawn(9000)
    named = ["yes" if label else "no" for label in labels]
    for at in (*range(0, 9000, 7), *range(4096, 4200)):
        named[at] = ""
    kept = np.array([name != "" for name in named])
    path = table(tmp_path, {"score": scores.tolist(), "other": (1 - scores).tolist(), LABEL: named})

    found = read_scored_table(
        path,
        scorer(),
        settings=EvaluationSettings(),
        rows=int(kept.sum()),
        against=scorer(name="other", prefix="other"),
    )

    assert found.against is not None
    assert found.scores.raw[:, 1] == pytest.approx(scores[kept], abs=1e-7)
    assert found.against.raw[:, 1] == pytest.approx(1 - scores[kept], abs=1e-7)
    assert found.unlabelled == 9000 - kept.sum()


def test_a_score_that_is_no_number_is_refused_with_the_place_of_its_row(tmp_path: Path) -> None:
    scores, labels = drawn(5000)
    cells: list[object] = scores.tolist()
    cells[4321] = cells[4500] = ""  # missing, and this model imputes nothing
    named = ["yes" if label else "no" for label in labels]
    named[4200] = ""
    path = table(tmp_path, {"score": cells, LABEL: named})

    with pytest.raises(ServableError) as refused:
        evaluate(scorer(), path, settings=EvaluationSettings(draws=100))

    assert str(refused.value) == (
        "rows.csv, record 4321: expected a finite score from the model, "
        "found NaN or infinity; look at this record with `servable predict`, and at the model"
    )


def test_progress_tells_how_many_rows_are_scored(tmp_path: Path) -> None:
    told_of: list[tuple[str, int, int]] = []

    evaluate(
        scorer(),
        told(tmp_path, 5000),
        settings=EvaluationSettings(draws=100),
        progress=lambda phase, done, total: told_of.append((phase, done, total)),
    )

    assert [step for step in told_of if step[0] == "score the rows"] == [
        ("score the rows", 4096, 5000),
        ("score the rows", 5000, 5000),
    ]
    assert list(dict.fromkeys(phase for phase, _, _ in told_of)) == [
        "read the table",
        "score the rows",
        "draw the rows anew",
        "cut into slices",
        "draw the curves",
    ]


def test_a_group_of_one_value_is_refused_by_its_name(tmp_path: Path) -> None:
    path = told(tmp_path, 100, shop=["one"] * 100)

    with pytest.raises(BadInput) as caught:
        evaluate(scorer(), path, settings=EvaluationSettings(draws=100, group="shop"))

    assert str(caught.value) == (
        'rows.csv, --group "shop": expected at least two values, since the bootstrap draws whole groups of '
        "rows, found one value in all 100 rows; name another column"
    )
