"""One record through every step: cells, texts, numbers, scores, told as they really were."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from explained import GIVEN, KNOTS, NOTE, changed, explained, scorer, scorer_of_files, summing
from hypothesis import given, settings
from hypothesis import strategies as st

from servable.calibration import LookupTable
from servable.errors import BadInput
from servable.evaluate import Place, RecordReport, TableReport, explain, explanation_lines, read_given
from servable.evaluate.explain.scores import knots_of
from servable.preprocess import Origin
from servable.records import Table
from strategies import lookup_tables

NETWORK = {"order": "o1", "note": "the cat", "age": 39, "region": "south"}


def _plain(report: RecordReport) -> Any:
    return json.loads(json.dumps(report.to_plain(), allow_nan=False))


def test_what_is_told_of_the_inputs_is_what_the_model_reads() -> None:
    found = explained().explanation

    ours = scorer()
    read = ours.preprocessor.apply(ours.schema.bind(Table.of_records([GIVEN])))
    assert [feature.name for feature in found.vector] == list(ours.artifact.features)
    assert np.float32([feature.value for feature in found.vector]).tobytes() == read.tabular.tobytes()
    (text,) = found.texts
    assert [list(chunk.token_ids) for chunk in text.chunks] == [
        ids.tolist() for ids in read.texts["note"].token_ids
    ]


def test_what_is_told_of_the_answer_is_what_the_model_answers() -> None:
    found = explained().explanation.scores

    answer = scorer().score({name: cell for name, cell in GIVEN.items() if name != "order"})
    assert np.float32(found.raw).tolist() == answer.raw[0].tolist()
    assert np.float32(found.calibrated).tolist() == answer.calibrated[0].tolist()
    assert found.label == answer.label[0]


def test_each_cell_is_told_as_it_came_and_as_it_is_read() -> None:
    found = {field.name: field for field in explained({**GIVEN, "region": 7}).explanation.fields}

    cells = {
        name: (str(field.cells[0].type), field.cells[0].value, field.bound) for name, field in found.items()
    }
    assert cells == {
        "age": ("null", None, None),
        "region": ("number", 7, "7"),
        "note": ("string", NOTE, NOTE),
    }
    assert found["age"].missing_by == "null or an empty cell"
    assert found["region"].missing_by == ""


@pytest.mark.parametrize(
    ("cell", "bound", "missing_by"),
    [
        (" NA ", None, 'the spelling "NA"'),
        ("  ", None, "a blank string"),
        (" 12.5 ", 12.5, ""),
        (True, 1.0, ""),
    ],
)
def test_a_number_tells_how_it_was_spelled(cell: object, bound: float | None, missing_by: str) -> None:
    field, *_ = explained({**GIVEN, "age": cell}).explanation.fields

    assert (field.bound, field.missing_by) == (bound, missing_by)


def test_a_text_is_told_after_each_step_with_what_was_cut() -> None:
    (text,) = explained().explanation.texts

    assert [(step.name, step.value) for step in text.steps] == [
        ("html_normalizer", NOTE.replace("<b>", "").replace("</b>", "").replace("&nbsp;", "\xa0")),
        (
            "text_normalizer",
            "the cat is very good, the dog is not, the cat is fair and the dog is bad",
        ),
    ]
    assert [chunk.tokens[:4] for chunk in text.chunks] == [("[CLS]", "the", "cat", "is")]
    assert (text.tokens, text.cut_tokens, text.lost_messages, text.max_tokens) == (16, 6, 0, 16)


def test_numbers_tell_where_they_come_from() -> None:
    age, region = explained().explanation.vector
    _, unknown = explained({**GIVEN, "region": "west"}).explanation.vector

    assert (age.origin, age.given, age.value) == (Origin.IMPUTED, None, 40.0)
    assert (region.origin, region.given, region.bin, region.value) == (Origin.BIN, "south", "south", 0.7)
    assert (unknown.origin, unknown.bin, unknown.value) == (Origin.DEFAULT, None, 0.5)


def test_a_calibrated_score_tells_the_knots_between_which_it_lies() -> None:
    scores = explained().explanation.scores

    (knots,) = scores.calibration.knots
    assert (knots.index, list(knots.low), list(knots.high)) == (1, KNOTS[1], KNOTS[2])
    assert knots.raw == scores.raw[1]
    assert knots.answer == pytest.approx(scores.calibrated[1], abs=1e-6)
    assert scores.calibration.kind == "regular"


def test_without_a_calibrator_the_raw_scores_are_said_to_stand_for_it() -> None:
    calibration = explained(scored=scorer_of_files(changed(calibration=None))).explanation.scores.calibration

    assert calibration.sentences == ("There is no calibrator: calibrated scores are the raw ones.",)


@settings(max_examples=50)
@given(table=lookup_tables(), score=st.floats(0, 1, width=32) | st.integers(0, 8).map(lambda part: part / 8))
def test_the_line_between_the_knots_that_are_told_answers_as_the_table_does(
    table: LookupTable, score: float
) -> None:
    (x0, y0), (x1, y1) = knots_of(table, np.float64(score))

    answer = y0 if x0 == x1 else y0 + (y1 - y0) * (score - x0) / (x1 - x0)
    assert table.apply(np.array([score]))[0] == pytest.approx(answer, abs=1e-9)


def test_a_field_that_the_model_does_not_read_is_said_so() -> None:
    record = {"x": 1, "y": "low", "ignored": None, "unread": "a"}

    report = explained(record, scored=summing())

    assert [field.name for field in report.explanation.fields if not field.is_read] == ["unread"]
    assert report.explanation.vector[2].value is None
    assert _plain(report)["explanation"]["vector"][2]["origin"] == "missing, without an imputation value"


def test_the_lines_tell_every_step_in_order_without_control_characters() -> None:
    lines = explanation_lines(explained({**GIVEN, "note": "a \x1b[31m red <b>cat</b>\u202e"}))

    titles = [line for line in lines if line[:1].isdigit()]
    assert titles == [
        "1. cells, as they came and as they are read",
        '2. text "note", html_normalizer',
        '3. text "note", text_normalizer',
        '4. text "note", chunks',
        "5. numbers, in the order in which the model reads them",
        "6. raw scores",
        "7. calibrated scores",
        "8. label",
    ]
    assert all(line.isprintable() for line in lines)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "records.ndjson"
    rows = [NETWORK | {"order": f"o{number}", "age": number} for number in range(5)]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


@pytest.mark.parametrize("place", [Place(number=3), Place(identity="o3")], ids=["number", "id"])
def test_a_row_of_a_table_is_found_by_its_number_or_its_id(table: Path, place: Place) -> None:
    found = explain(scorer(), read_given(table, scorer().artifact), file="model", place=place)

    assert isinstance(found, RecordReport)
    assert (found.explanation.record, found.explanation.identity) == (3, "o3")
    assert found.explanation.fields[0].bound == 3.0


def test_a_table_of_which_no_row_is_meant_is_explained_as_a_whole(table: Path) -> None:
    found = explain(scorer(), read_given(table, scorer().artifact), file="model")

    assert isinstance(found, TableReport)
    assert (found.total, found.chosen) == (5, "all of them")


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        (
            Place(number=5),
            "records.ndjson: expected a record of the number 5, found 5 records; choose a number from 0 to 4",
        ),
        (
            Place(identity="o9"),
            "records.ndjson: expected a record with the id 'o9', found none; check the id",
        ),
    ],
)
def test_a_row_that_is_not_there_is_refused(table: Path, place: Place, sentence: str) -> None:
    with pytest.raises(BadInput) as caught:
        explain(scorer(), read_given(table, scorer().artifact), file="model", place=place)

    assert str(caught.value) == sentence


def test_an_id_is_refused_where_no_column_holds_one(tmp_path: Path) -> None:
    path = tmp_path / "sums.json"
    path.write_text(json.dumps([{"x": 1, "y": "low", "ignored": 0, "unread": "a"}] * 2))

    with pytest.raises(BadInput) as caught:
        explain(summing(), read_given(path, summing().artifact), file="model", place=Place(identity="a"))

    assert str(caught.value) == (
        "sums.json: expected a column of ids, found an artifact that names none; choose the record by its "
        "number with `--record`"
    )


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.ndjson"
    path.write_text("")

    with pytest.raises(BadInput) as caught:
        explain(scorer(), read_given(path, scorer().artifact), file="model")

    assert str(caught.value) == "empty.ndjson: expected at least one record, found none; add one"
