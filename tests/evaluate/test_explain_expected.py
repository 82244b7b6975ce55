"""What the training side has for a record, beside what the artifact makes of it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from explained import GIVEN, explained, scorer

from servable.errors import BadInput
from servable.evaluate import RecordReport, explain, explanation_lines, given_of_json
from servable.prediction import write_csv, write_ndjson
from servable.records import Table


@dataclass(frozen=True)
class Answer:
    """What the artifact itself makes of the record."""

    raw: list[float]
    calibrated: list[float]
    ids: list[list[int]]
    tabular: dict[str, float | None]

    @property
    def inputs(self) -> dict[str, Any]:
        return {"texts": {"note": self.ids}, "tabular": self.tabular}


@pytest.fixture(scope="module")
def answer() -> Answer:
    found = explained().explanation
    return Answer(
        raw=list(found.scores.raw),
        calibrated=list(found.scores.calibrated),
        ids=[list(chunk.token_ids) for chunk in found.texts[0].chunks],
        tabular={feature.name: feature.value for feature in found.vector},
    )


@pytest.fixture
def beside(tmp_path: Path) -> Any:
    """The record explained beside a file with this content."""

    def explain_beside(content: object, name: str = "expected.json") -> RecordReport:
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        given = given_of_json(json.dumps(GIVEN).encode(), scorer().artifact)
        found = explain(scorer(), given, file="model", against=path)
        assert isinstance(found, RecordReport)
        return found

    return explain_beside


def _steps(report: RecordReport) -> list[tuple[str, bool]]:
    assert report.comparison is not None
    return [(str(parting.step), parting.follows) for parting in report.comparison.partings]


def test_the_same_answer_is_equal(beside: Any, answer: Answer) -> None:
    rounded = {
        "raw": [round(score, 6) for score in answer.raw],
        "calibrated": [round(score, 6) for score in answer.calibrated],
    }
    of_one_class = {"raw": answer.raw[1:], "calibrated": answer.calibrated[1:]}
    whole = {"raw": answer.raw, "calibrated": answer.calibrated, "inputs": answer.inputs}

    for expected in (whole, of_one_class, rounded, {"inputs": {"tabular": [40.0, 0.7]}}):
        assert beside(expected).comparison.is_equal


def test_raw_scores_that_differ_are_before_the_calibrator(beside: Any, answer: Answer) -> None:
    knots = explained().explanation.scores.calibration.knots[0]
    lower = answer.raw[1] - 0.05
    (x0, y0), (x1, y1) = knots.low, knots.high
    calibrated = y0 + (y1 - y0) * (lower - x0) / (x1 - x0)

    report = beside({"raw": [1 - lower, lower], "calibrated": [1 - calibrated, calibrated]})

    assert _steps(report) == [("raw scores", False), ("calibrator", True)]
    raw, of_calibrator = report.comparison.partings
    assert raw.sentence.endswith("so they part before the calibrator.")
    assert of_calibrator.sentence.endswith("the calibrator here makes the same, so it follows.")
    assert any("`inputs`" in note for note in report.comparison.notes)


def test_equal_raw_scores_and_other_calibrated_ones_are_the_calibrator(beside: Any, answer: Answer) -> None:
    report = beside({"raw": answer.raw, "calibrated": [0.5, 0.5]})

    assert _steps(report) == [("calibrator", False)]
    assert report.comparison.partings[0].sentence.endswith(
        "although the raw scores are equal: the calibrators differ."
    )


def test_raw_scores_and_a_calibrator_that_both_differ_are_both_told(beside: Any, answer: Answer) -> None:
    assert _steps(beside({"raw": [0.45, 0.55], "calibrated": [0.0, 1.0]})) == [
        ("raw scores", False),
        ("calibrator", False),
    ]


def test_without_raw_scores_the_place_cannot_be_told(beside: Any, answer: Answer) -> None:
    report = beside({"calibrated": [0.5, 0.5]})

    assert "cannot be told" in report.comparison.partings[0].sentence
    assert "part first at or before: calibrator" in report.comparison.sentence
    assert any("[at or before calibrator]" in line for line in explanation_lines(report))
    assert "The training side does not tell raw scores." in report.comparison.notes


@pytest.mark.parametrize("told", ["raw", "raw and tokens", "number", "raw and number"])
def test_a_step_before_what_is_told_may_be_where_they_part(beside: Any, answer: Answer, told: str) -> None:
    ids = [[*answer.ids[0][:2], 5, *answer.ids[0][3:]]]
    expected: dict[str, tuple[dict[str, Any], str]] = {
        "raw": ({"raw": [0.45, 0.55]}, "raw scores."),
        "raw and tokens": (
            {"raw": [0.45, 0.55], "inputs": {"texts": {"note": ids}}},
            'tokens of "note". Whether all else follows from it cannot be told.',
        ),
        "number": ({"inputs": {"tabular": {"age": 41}}}, 'imputation of "age".'),
        "raw and number": (
            {"raw": [0.45, 0.55], "inputs": answer.inputs | {"tabular": [41.0, 0.7]}},
            'imputation of "age". Whether all else follows from it cannot be told.',
        ),
    }
    content, sentence = expected[told]

    assert beside(content).comparison.sentence == (
        f"the artifact and the training side part first at or before: {sentence}"
    )


def test_what_is_told_whole_is_placed(beside: Any, answer: Answer) -> None:
    of_weights = beside({"raw": [0.45, 0.55], "inputs": answer.inputs}).comparison
    of_calibrator = beside({"raw": answer.raw, "calibrated": [0.5, 0.5]}).comparison

    assert "part first at: raw scores" in of_weights.sentence
    assert "part first at: calibrator" in of_calibrator.sentence


OTHER: dict[str, Any] = {"raw": [0.25, 0.75]}


def _of(order: str, answer: Answer) -> dict[str, Any]:
    return {"order": order, "raw": answer.raw}


def test_the_row_of_the_record_is_the_one_of_its_number_that_has_its_id(beside: Any, answer: Answer) -> None:
    rows = [_of("o1", answer), {"order": "o1", **OTHER}]

    assert beside(rows).comparison.is_equal


def test_another_row_is_taken_only_if_no_other_has_the_id(beside: Any, answer: Answer) -> None:
    first = {"order": "o0", **OTHER}

    assert beside([first, {"order": "o2", **OTHER}, _of("o1", answer)]).comparison.is_equal
    with pytest.raises(BadInput, match=r"expected one row with the id 'o1', found 2, rows 1, 3"):
        beside([first, _of("o1", answer), {"order": "o2", **OTHER}, _of("o1", answer)])


def test_a_single_row_of_another_record_is_refused(beside: Any) -> None:
    with pytest.raises(BadInput, match=r"expected a row with the id 'o1', found 1 row without it"):
        beside({"order": "o2", **OTHER})


def test_columns_beside_the_scores_of_a_table_are_no_misspelt_keys(beside: Any, answer: Answer) -> None:
    row = {"order": "o1", "age": "", "raw_0": answer.raw[0], "raw_1": answer.raw[1]}
    content = f"{','.join(row)}\n{','.join(map(str, row.values()))}\n"

    assert beside(content, "scores.csv").comparison.is_equal


def test_a_table_of_scores_is_read_no_further_than_its_row(beside: Any, answer: Answer) -> None:
    row = f"o1,{answer.raw[0]},{answer.raw[1]}\n"
    rows_of_one_block = 4096

    content = f"order,raw_0,raw_1\n{row}{row * rows_of_one_block}a row that is too short\n"

    assert beside(content, "scores.csv").comparison.is_equal


def test_token_ids_that_differ_are_the_first_step(beside: Any, answer: Answer) -> None:
    other = [[*answer.ids[0][:2], 5, *answer.ids[0][3:]]]

    report = beside({"raw": answer.raw, "inputs": {"texts": {"note": other}}})

    assert _steps(report) == [("tokens", False)]
    assert report.comparison.partings[0].sentence == (
        f'text "note", chunk 0, token 2: the artifact reads "cat", number {answer.ids[0][2]}, the training '
        "side number 5; a step, the chunker or the tokenizer differs."
    )


def test_more_chunks_or_fewer_tokens_are_told_as_such(beside: Any, answer: Answer) -> None:
    of_chunks, of_tokens = (
        beside({"inputs": {"texts": {"note": ids}}}).comparison.partings[0].sentence
        for ids in ([*answer.ids, [2, 3]], [answer.ids[0][:5]])
    )

    assert "the artifact reads 1 chunk, the training side 2" in of_chunks
    assert "the artifact reads 16 tokens, the training side 5" in of_tokens


@pytest.mark.parametrize(
    ("tabular", "step", "field"),
    [
        ({"age": 41}, "imputation", "age"),
        ({"region": 0.71}, "risk table", "region"),
        ([40.0, 0.71], "risk table", "region"),
        ([0.7, 40.0], "vector", ""),
    ],
)
def test_numbers_that_differ_are_told_by_the_step_that_makes_them(
    beside: Any, tabular: object, step: str, field: str
) -> None:
    (parting,) = beside({"inputs": {"tabular": tabular}}).comparison.partings

    assert (str(parting.step), parting.field) == (step, field)


def test_equal_inputs_and_other_raw_scores_are_the_weights(beside: Any, answer: Answer) -> None:
    report = beside({"raw": [0.45, 0.55], "inputs": answer.inputs})

    assert report.comparison.partings[0].sentence.endswith(
        "although both models read the same: the weights differ."
    )


@pytest.mark.parametrize("write", [write_csv, write_ndjson], ids=["csv", "ndjson"])
def test_what_predict_wrote_is_read_by_the_id_of_the_record(beside: Any, tmp_path: Path, write: Any) -> None:
    rows = [
        {**GIVEN, "order": f"o{number}", "note": note} for number, note in ((7, "dog"), (1, GIVEN["note"]))
    ]
    bound = scorer().schema.bind(Table.of_records(rows))
    written = tmp_path / "written"
    with written.open("w") as file:
        write(file, "order", [scorer().score_records(bound)])

    report = beside(written.read_text(), f"scores.{'csv' if write is write_csv else 'ndjson'}")

    assert report.comparison.is_equal


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            {},
            ": expected one of the keys raw, calibrated, inputs, or the columns that `predict` writes, "
            "found none",
        ),
        (
            {"raw": [0.1, 0.2, 0.7]},
            ", raw: expected 2 numbers, a score for each class, or the one of class 1, found [0.1, 0.2, 0.7]",
        ),
        (
            {"raw": ["a", 1]},
            ", raw: expected 2 numbers, a score for each class, or the one of class 1, found ['a', 1]",
        ),
        (
            {"inputs": {"texts": {"chat": [[1]]}}},
            ', inputs, texts: expected text fields of the model, found "chat"',
        ),
        (
            {"inputs": {"texts": {"note": [1, 2]}}},
            ", inputs, texts, note: expected a list of token ids for each chunk, found [1, 2]",
        ),
        (
            {"inputs": {"tabular": [1]}},
            ", inputs, tabular: expected 2 numbers, as the model reads, found 1",
        ),
        (
            {"inputs": {"tabular": {"years": 1}}},
            ', inputs, tabular: expected fields that the model reads as numbers, age, region, found "years"',
        ),
        (
            {"inputs": {"tabular": {"age": "old"}}},
            ", inputs, tabular, \"age\": expected a number, or null for a missing one, found 'old'",
        ),
        ({"inputs": [1]}, ", inputs: expected an object, found [1]"),
        (
            {"input": {"tabular": {"age": 41}}, "raw": [0.5, 0.5]},
            ": expected no other keys than raw, calibrated, inputs, label, raw_0, raw_1, calibrated_0, "
            'calibrated_1, order, found "input"',
        ),
        (
            {"inputs": {"tabula": {"age": 41}}, "raw": [0.5, 0.5]},
            ', inputs: expected no other keys than texts, tabular, found "tabula"',
        ),
        (
            {"raw": [-1.5, 2.5]},
            ", raw: expected probabilities from 0 to 1, not logits, found [-1.5, 2.5]",
        ),
        (
            [{"order": "a", "raw": [0.5, 0.5]}, {"order": "b", "raw": [0.5, 0.5]}],
            ": expected a row with the id 'o1', found 2 rows without it",
        ),
    ],
)
def test_a_file_that_says_something_else_is_refused(beside: Any, content: object, sentence: str) -> None:
    with pytest.raises(BadInput) as caught:
        beside(content)

    assert str(caught.value) == f"expected.json{sentence}; write it as the help of `servable explain` shows"
