"""Answers recorded from an endpoint that is being replaced: read strictly, compared, kept as reference."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import servable
from fixtures_models import contents
from servable.artifact import OnDamage, read_artifact
from servable.cli.pack import command
from servable.codecs import encode_answer
from servable.errors import BadInput, NotFound
from servable.pack import Compared, RecordedRequests, pack
from servable.pack.agreement import agreeing, disagreement
from servable.pack.recorded import read_recorded_answers
from servable.records import Predictions
from servable.schema import Field, Kind, Schema
from strategies import loan_rows

Exchange = dict[str, dict[str, Any]]

AS_DOCUMENTED = "; record requests and answers as docs/formats.md says"
TWO = Schema(fields=(Field("x", Kind.NUMERIC),), classes=("0", "1"))
THREE = Schema(fields=(Field("x", Kind.NUMERIC),), classes=("a", "b", "c"))


@pytest.fixture(scope="module")
def exchanges(training_output: Path) -> list[Exchange]:
    """Requests with the answers that the model gives, in the form of an endpoint's."""
    scorer = servable.load(training_output)
    rows = loan_rows(20, seed=5)
    answers = json.loads(encode_answer(scorer.score(rows), "application/json")[0])["predictions"]
    return [{"request": row, "answer": answer} for row, answer in zip(rows, answers, strict=True)]


def _write(folder: Path, exchanges: list[Exchange]) -> Path:
    path = folder / "old.ndjson"
    path.write_text("".join(json.dumps(exchange) + "\n" for exchange in exchanges))
    return path


def _answering(exchange: Exchange, **changes: str | float) -> Exchange:
    """The exchange with other values in its answer, `legacy_score` for `legacy-score`."""
    answer = exchange["answer"] | {key.replace("_", "-"): value for key, value in changes.items()}
    return {"request": exchange["request"], "answer": answer}


def _rounded(exchange: Exchange, decimals: int) -> Exchange:
    raw, calibrated = (float(exchange["answer"][key]) for key in ("legacy-score", "calibrated-score"))
    return _answering(
        exchange, legacy_score=f"{raw:.{decimals}f}", calibrated_score=round(calibrated, decimals)
    )


def test_recorded_answers_are_the_reference_of_the_golden_set(
    exchanges: list[Exchange], training_output: Path, tmp_path: Path
) -> None:
    file = _write(tmp_path, [_rounded(exchange, 3) for exchange in exchanges])

    result = pack(training_output, tmp_path / "model.tar.gz", golden=RecordedRequests(file))

    artifact = read_artifact(result.output)
    assert artifact.golden is not None
    assert artifact.golden.packed is not None
    assert (artifact.golden.source, artifact.golden.holds_real_records) == ("endpoint", True)
    assert [json.loads(request) for request in artifact.golden.requests[:20]] == [
        exchange["request"] for exchange in exchanges
    ]
    reference, packed = artifact.golden.reference.raw[:20, 1], artifact.golden.packed.raw[:20, 1]
    assert reference.tolist() == [np.float32(round(float(score), 3)) for score in packed]
    assert artifact.degradations == ()
    assert result.summary_lines()[-1] == (
        "golden records: 26, of them 6 derived; recorded answers of old.ndjson, all 20"
    )


def test_a_request_is_kept_byte_for_byte(
    exchanges: list[Exchange], training_output: Path, tmp_path: Path
) -> None:
    request = b'{ "y":1, "code":"10",  "region" : null, "income":1e4, "age":"39.0" }'
    answer = servable.load(training_output).score(json.loads(request))
    body = json.loads(encode_answer(answer, "application/json")[0])["predictions"][0]
    (tmp_path / "old.ndjson").write_bytes(
        b'{"request":' + request + b',"answer":' + json.dumps(body).encode() + b"}\r\n\n"
    )

    result = pack(
        training_output, tmp_path / "model.tar.gz", golden=RecordedRequests(tmp_path / "old.ndjson")
    )

    golden = read_artifact(result.output).golden
    assert golden is not None
    assert golden.requests[0] == request


@pytest.mark.parametrize(("decimals", "too_far"), [(7, 3e-5), (4, 1.3e-4), (2, 1.1e-2)])
def test_rounded_answers_agree_within_their_rounding_and_no_further(
    decimals: int, too_far: float, exchanges: list[Exchange], training_output: Path, tmp_path: Path
) -> None:
    scorer = servable.load(training_output)
    rounded = [_rounded(exchange, decimals) for exchange in exchanges]
    score = float(exchanges[7]["answer"]["legacy-score"])
    wrong = _answering(rounded[7], legacy_score=f"{score + too_far:.{decimals}f}")
    recorded, changed = (
        read_recorded_answers(_write(tmp_path, lines), scorer.schema)
        for lines in (rounded, [*rounded[:7], wrong, *rounded[8:]])
    )
    predictions = scorer.score([exchange["request"] for exchange in exchanges])

    assert agreeing(recorded, predictions).all()
    assert np.flatnonzero(~agreeing(changed, predictions)).tolist() == [7]


@pytest.mark.parametrize("key", [None, "custom-output-label"])
def test_answers_without_a_label_or_under_another_name_agree_too(
    key: str | None, exchanges: list[Exchange], training_output: Path, tmp_path: Path
) -> None:
    scorer = servable.load(training_output)
    lines = [
        exchange
        | {
            "answer": _less(exchange["answer"], "output-label")
            | ({key: exchange["answer"]["output-label"]} if key else {})
        }
        for exchange in exchanges
    ]

    recorded = read_recorded_answers(_write(tmp_path, lines), scorer.schema)

    predictions = scorer.score([exchange["request"] for exchange in exchanges])
    assert agreeing(recorded, predictions).all()
    assert recorded.labels.tolist() == predictions.label.tolist()


def test_answers_that_differ_are_refused_with_the_worst_of_them_and_nothing_is_written(
    exchanges: list[Exchange], training_output: Path, tmp_path: Path
) -> None:
    right = exchanges[4]["answer"]["calibrated-score"][:6]
    changed = list(exchanges)
    changed[2] = _answering(exchanges[2], legacy_score=float(exchanges[2]["answer"]["legacy-score"]) + 1e-4)
    changed[4] = _answering(exchanges[4], calibrated_score="0.0001")
    file = _write(tmp_path, changed)
    before = contents(tmp_path)

    with pytest.raises(BadInput) as caught:
        pack(training_output, tmp_path / "model.tar.gz", golden=RecordedRequests(file))

    assert caught.value.code == "pack.answers"
    assert str(caught.value).startswith(
        "old.ndjson line 5, the worst of 2 of 20 that differ: expected the calibrated score 0.0001 of class "
        f"1, within 1e-05, found {right}"
    )
    assert str(caught.value).endswith(
        "; see in docs/migration.md which answers change and why, or pass `--on-damage warn` to pack the "
        "records that agree"
    )
    assert contents(tmp_path) == before


def test_where_a_warning_will_do_the_records_that_agree_are_kept_and_the_rest_is_counted(
    exchanges: list[Exchange], training_output: Path, tmp_path: Path
) -> None:
    changed = [_answering(exchanges[0], legacy_score="0.987654321"), *exchanges[1:]]

    result = pack(
        training_output,
        tmp_path / "model.tar.gz",
        golden=RecordedRequests(_write(tmp_path, changed)),
        on_damage=OnDamage.WARN,
    )

    sentence = (
        "old.ndjson: recorded answers that this model does not give: 1 of 20; "
        "the golden records are the others"
    )
    artifact = read_artifact(result.output)
    assert artifact.golden is not None
    assert artifact.degradations == result.left_out == (sentence,)
    assert (len(artifact.golden), artifact.golden.derived) == (19 + 6, 6)
    assert json.loads(artifact.golden.requests[0]) == exchanges[1]["request"]
    assert np.abs(artifact.golden.reference.raw - artifact.golden.expected.raw).max() <= 1e-5
    assert result.summary_lines()[-1] == f"warning: {sentence}"


def test_a_file_of_which_no_answer_agrees_is_refused_even_if_a_warning_would_do(
    exchanges: list[Exchange], training_output: Path, tmp_path: Path
) -> None:
    changed = [
        _answering(exchange, legacy_score=1 - float(exchange["answer"]["legacy-score"]))
        for exchange in exchanges
    ]

    with pytest.raises(BadInput) as caught:
        pack(
            training_output,
            tmp_path / "model.tar.gz",
            golden=RecordedRequests(_write(tmp_path, changed)),
            on_damage=OnDamage.WARN,
        )

    assert "the worst of 20 of 20 that differ" in str(caught.value)
    assert str(caught.value).endswith(
        "; see in docs/migration.md which answers change and why, or pass answers that were recorded from "
        "this model"
    )


@pytest.fixture(scope="module")
def uncalibrated(exchanges: list[Exchange]) -> list[Exchange]:
    """What an endpoint answers whose calibration never acts: the raw score twice."""
    return [
        _answering(exchange, calibrated_score=exchange["answer"]["legacy-score"]) for exchange in exchanges
    ]


def test_answers_that_differ_in_calibrated_scores_alone_lead_to_the_comparison_without_them(
    uncalibrated: list[Exchange], training_output: Path, tmp_path: Path
) -> None:
    golden = RecordedRequests(_write(tmp_path, uncalibrated))

    with pytest.raises(BadInput) as caught:
        pack(training_output, tmp_path / "model.tar.gz", golden=golden, on_damage=OnDamage.WARN)

    assert "of 20 that differ: expected the calibrated score" in str(caught.value)
    assert str(caught.value).endswith(
        " (only calibrated scores differ); see in docs/migration.md which answers change and why, or pass "
        "`--compare raw` if calibration never acted there"
    )


def test_of_raw_scores_alone_the_calibrated_reference_is_the_packed_models_own(
    uncalibrated: list[Exchange], training_output: Path, tmp_path: Path
) -> None:
    rounded = [
        _answering(exchange, legacy_score=f"{float(exchange['answer']['legacy-score']):.3f}")
        for exchange in uncalibrated
    ]
    file = _write(
        tmp_path,
        [exchange | {"answer": _less(exchange["answer"], "calibrated-score")} for exchange in rounded],
    )

    ran = CliRunner().invoke(
        command,
        [
            *(str(training_output), "-o", str(tmp_path / "m.tar.gz")),
            *("--golden-answers", str(file), "--compare", "raw"),
        ],
    )

    assert (ran.exit_code, ran.exception) == (0, None)
    artifact = read_artifact(tmp_path / "m.tar.gz")
    assert artifact.golden is not None
    assert artifact.golden.packed is not None
    reference, packed = artifact.golden.reference, artifact.golden.packed
    assert reference.calibrated[:20].tolist() == packed.calibrated[:20].tolist()
    assert reference.raw[:20, 1].tolist() == [
        np.float32(round(float(score), 3)) for score in packed.raw[:20, 1]
    ]
    assert artifact.remarks == (
        "old.ndjson: raw scores and labels alone are compared with the recorded answers; "
        "the calibrated scores in the reference are the packed model's own",
    )


def test_other_raw_scores_differ_where_they_alone_are_compared(
    exchanges: list[Exchange], training_output: Path, tmp_path: Path
) -> None:
    changed = [_answering(exchanges[0], legacy_score="0.987654321"), *exchanges[1:]]
    golden = RecordedRequests(_write(tmp_path, changed), compared=Compared.RAW)

    with pytest.raises(BadInput, match=r"^old\.ndjson line 1: expected the raw score 0\.987654321 "):
        pack(training_output, tmp_path / "model.tar.gz", golden=golden)


def _asking(exchange: Exchange, **changes: object) -> Exchange:
    return exchange | {"request": exchange["request"] | changes}


REFUSED = (
    "request, field \"age\": expected a number between -3.403e+38 and 3.403e+38, found the string 'abc'; "
)


def test_requests_that_the_model_refuses_are_answers_that_differ(
    exchanges: list[Exchange], training_output: Path, tmp_path: Path
) -> None:
    lacking = exchanges[3] | {"request": _less(exchanges[3]["request"], "age")}
    file = _write(tmp_path, [*exchanges[:2], _asking(exchanges[2], age="abc"), lacking, *exchanges[4:]])

    with pytest.raises(BadInput) as caught:
        pack(training_output, tmp_path / "model.tar.gz", golden=RecordedRequests(file))
    result = pack(
        training_output, tmp_path / "m.tar.gz", golden=RecordedRequests(file), on_damage=OnDamage.WARN
    )

    place, problem = REFUSED.split(": ", 1)
    assert str(caught.value) == (
        f"old.ndjson line 3, {place}, the first of 2 of 20 that differ: {problem}see in docs/migration.md "
        "which answers change and why, or pass `--on-damage warn` to pack the records that agree"
    )
    assert (
        result.left_out
        == read_artifact(result.output).degradations
        == (
            "old.ndjson: recorded answers that this model does not give: 2 of 20 (2 of them to requests that "
            "it refuses); the golden records are the others",
        )
    )
    assert result.summary_lines()[-2] == (
        "golden records: 24, of them 6 derived; recorded answers of old.ndjson that agree, all 18"
    )


def test_beside_other_scores_refused_requests_are_named_in_the_same_sentence(
    exchanges: list[Exchange], training_output: Path, tmp_path: Path
) -> None:
    wrong = _answering(exchanges[0], legacy_score="0.987654321")
    file = _write(tmp_path, [wrong, *exchanges[1:], _asking(exchanges[2], age="abc")])

    with pytest.raises(BadInput) as caught:
        pack(training_output, tmp_path / "model.tar.gz", golden=RecordedRequests(file))

    assert str(caught.value).startswith(
        "old.ndjson line 1, the worst of 2 of 21 that differ: expected the raw"
    )
    assert (
        ', and 1 request that this model refuses (line 21, field "age": expected a number between -3.403e+38 '
        "and 3.403e+38, found the string 'abc'); see in"
    ) in str(caught.value)


def test_a_file_of_which_every_request_is_refused_is_refused_even_if_a_warning_would_do(
    exchanges: list[Exchange], training_output: Path, tmp_path: Path
) -> None:
    file = _write(tmp_path, [_asking(exchange, age="abc") for exchange in exchanges])

    with pytest.raises(BadInput, match="the first of 20 of 20 that differ") as caught:
        pack(
            training_output,
            tmp_path / "model.tar.gz",
            golden=RecordedRequests(file),
            on_damage=OnDamage.WARN,
        )

    assert "--on-damage" not in str(caught.value)


def test_a_wrong_answer_is_found_wherever_it_stands_among_many(
    exchanges: list[Exchange], training_output: Path, tmp_path: Path
) -> None:
    many = [_asking(exchange, number=number) for number in range(60) for exchange in exchanges]
    wrong = [_answering(exchange, legacy_score="0.987654321") for exchange in many[600:]]
    golden = RecordedRequests(_write(tmp_path, [*many[:600], *wrong]))

    with pytest.raises(BadInput, match="the worst of 600 of 1200 that differ"):
        pack(training_output, tmp_path / "model.tar.gz", golden=golden)
    result = pack(training_output, tmp_path / "m.tar.gz", golden=golden, on_damage=OnDamage.WARN)

    artifact = read_artifact(result.output)
    assert artifact.golden is not None
    assert (len(artifact.golden), result.golden_origin) == (
        500 + artifact.golden.derived,
        "recorded answers of old.ndjson that agree, 500 of 600 by a hash of their content",
    )
    assert np.abs(artifact.golden.reference.raw - artifact.golden.expected.raw).max() <= 1e-5


def test_a_byte_order_mark_and_repeated_lines_do_no_harm(
    exchanges: list[Exchange], training_output: Path, tmp_path: Path
) -> None:
    file = _write(tmp_path, [*exchanges, exchanges[3]])
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())

    result = pack(training_output, tmp_path / "model.tar.gz", golden=RecordedRequests(file))

    assert result.golden_origin == "recorded answers of old.ndjson, all 20 distinct ones of 21"


def test_of_many_recorded_answers_500_are_kept(
    exchanges: list[Exchange], training_output: Path, tmp_path: Path
) -> None:
    many = [
        {"request": exchange["request"] | {"number": number}, "answer": exchange["answer"]}
        for number in range(30)
        for exchange in exchanges
    ]

    result = pack(training_output, tmp_path / "model.tar.gz", golden=RecordedRequests(_write(tmp_path, many)))

    assert result.summary_lines()[-1].endswith(
        "recorded answers of old.ndjson, 500 of 600 by a hash of their content"
    )


def _without(key: str) -> Callable[[Exchange], object]:
    return lambda exchange: exchange | {"answer": _less(exchange["answer"], key)}


def _less(record: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != key}


KEYS = "line 3: expected an answer of 2 classes with the keys legacy-score, calibrated-score, found "
MALFORMED: dict[str, tuple[Callable[[Exchange], object], str]] = {
    "no raw score": (_without("legacy-score"), f'{KEYS}no "legacy-score"{AS_DOCUMENTED}'),
    "no calibrated score": (_without("calibrated-score"), f'{KEYS}no "calibrated-score"{AS_DOCUMENTED}'),
    "another schema's scores": (
        lambda exchange: _answering(exchange) | {"answer": exchange["answer"] | {"prob_01": "0.5"}},
        f'{KEYS}"prob_01"{AS_DOCUMENTED}',
    ),
    "another schema's label": (
        lambda exchange: _answering(exchange, output_label="class-2"),
        f"line 3: expected `output-label` to be one of class-0, class-1, found 'class-2'{AS_DOCUMENTED}",
    ),
    "a word for a score": (
        lambda exchange: _answering(exchange, legacy_score="high"),
        f"line 3: expected `legacy-score` to be a number from 0 to 1, found 'high'{AS_DOCUMENTED}",
    ),
    "a score beyond 1": (
        lambda exchange: _answering(exchange, calibrated_score=1.5),
        f"line 3: expected `calibrated-score` to be a number from 0 to 1, found '1.5'{AS_DOCUMENTED}",
    ),
    "the answer of a failure": (
        lambda exchange: _answering(exchange, legacy_score="-4"),
        f"line 3: expected `legacy-score` to be a number from 0 to 1, found '-4'{AS_DOCUMENTED}",
    ),
    "an array of requests": (
        lambda exchange: exchange | {"request": [exchange["request"]]},
        f"line 3: expected `request` to be an object, found a value of type list{AS_DOCUMENTED}",
    ),
    "no answer": (
        lambda exchange: _less(exchange, "answer"),
        "line 3: expected an object with the objects `request` and `answer`, "
        f"found Object missing required field `answer`{AS_DOCUMENTED}",
    ),
    "a mark of the byte order within the file": (
        lambda exchange: "\ufeff",
        "line 3: expected an object with the objects `request` and `answer`, "
        f"found JSON is malformed: invalid character (byte 0){AS_DOCUMENTED}",
    ),
    "no object": (
        lambda exchange: [exchange],
        "line 3: expected an object with the objects `request` and `answer`, "
        f"found Expected `object`, got `array`{AS_DOCUMENTED}",
    ),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_line_that_is_no_recorded_answer_is_refused_by_its_number(
    case: str, exchanges: list[Exchange], training_output: Path, tmp_path: Path
) -> None:
    change, sentence = MALFORMED[case]
    path = tmp_path / "old.ndjson"
    lines = [*exchanges[:2], change(exchanges[2])]
    texts = [f"{line}{{}}" if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")

    with pytest.raises(BadInput) as caught:
        pack(training_output, tmp_path / "model.tar.gz", golden=RecordedRequests(path))

    assert str(caught.value) == f"old.ndjson {sentence}"
    assert contents(tmp_path) == {"old.ndjson": path.read_bytes()}


def test_every_line_that_is_wrong_is_among_the_problems(exchanges: list[Exchange], tmp_path: Path) -> None:
    schema = TWO
    wrong = [{"request": {"x": number}, "answer": {}} for number in range(3)]

    with pytest.raises(BadInput) as caught:
        read_recorded_answers(_write(tmp_path, wrong), schema)

    assert [problem.where for problem in caught.value.problems] == [f"old.ndjson line {n}" for n in (1, 2, 3)]
    assert "(and 2 more problems)" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "old.ndjson: expected at least one recorded answer, found none; record answers, one a line"),
        (
            '{"request": {"x": 1}',
            "old.ndjson line 1, column 21: expected valid JSON, found an error "
            "(Expecting ',' delimiter); mend the file, or write it again",
        ),
        (
            '{"request": {"x": 1, "x": 2}, "answer": {}}',
            "old.ndjson line 1, column 22: expected each key once in an object, found 'x' again; "
            "mend the file, or write it again",
        ),
        (
            '{"request": {"x": 1}, "answer": {"legacy-score": "1.0", "calibrated-score": "0.9", '
            '"output-label": "class-1"}}',
            "old.ndjson: expected scores that are printed with at least 2 decimals, found at most 1; "
            "record them unrounded",
        ),
    ],
    ids=["empty", "no JSON", "a key twice", "rounded to one decimal"],
)
def test_a_file_that_proves_nothing_is_refused(text: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "old.ndjson").write_text(text)

    with pytest.raises(BadInput) as caught:
        read_recorded_answers(tmp_path / "old.ndjson", TWO)

    assert str(caught.value) == sentence


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        read_recorded_answers(tmp_path / "old.ndjson", TWO)

    assert str(caught.value) == (
        f"{tmp_path / 'old.ndjson'}: expected recorded answers in a file, found no such file; check the path"
    )


def test_a_folder_is_no_file_of_recorded_answers(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        read_recorded_answers(tmp_path, TWO)

    assert str(caught.value) == (
        f"{tmp_path}: expected recorded answers in a file, found a folder; check the path"
    )


def _three(label: str = "class-1", **scores: str) -> Exchange:
    answer = {"prob_01": "0.20", "prob_02": "0.5000", "prob_03": "0.30"}
    calibrated = {f"calibrated_{name}": score for name, score in answer.items()}
    return {"request": {"x": 1}, "answer": answer | calibrated | {"output-label": label} | scores}


def test_an_answer_of_several_classes_is_read_class_by_class(tmp_path: Path) -> None:
    recorded = read_recorded_answers(_write(tmp_path, [_three(calibrated_prob_01="0.1")]), THREE)

    assert recorded.calibrated is not None
    assert recorded.raw.values.tolist() == [[0.2, 0.5, 0.3]]
    assert recorded.calibrated.values.tolist() == [[0.1, 0.5, 0.3]]
    assert recorded.labels.tolist() == [1]
    assert recorded.raw.tolerance == recorded.calibrated.tolerance == pytest.approx(6e-5)


@pytest.mark.parametrize(
    ("exchange", "found"),
    [
        ({"request": {"x": 1}, "answer": _less(_three()["answer"], "prob_03")}, 'found no "prob_03"'),
        (_three(prob_04="0.0"), 'found "prob_04"'),
        (_three(label="class-3"), "found 'class-3'"),
    ],
)
def test_an_answer_of_another_number_of_classes_is_refused(
    exchange: Exchange, found: str, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match=found):
        read_recorded_answers(_write(tmp_path, [exchange]), THREE)


def test_another_label_is_another_answer_unless_two_classes_score_the_same(tmp_path: Path) -> None:
    recorded = read_recorded_answers(
        _write(tmp_path, [_three("class-1"), _three("class-2"), _three("class-2", prob_03="0.49998")]), THREE
    )
    raw = np.array([[0.2, 0.5, 0.3], [0.2, 0.5, 0.3], [0.2, 0.5, 0.49998]])
    packed = Predictions(raw=raw, calibrated=np.array([[0.2, 0.5, 0.3]] * 3))

    assert agreeing(recorded, packed).tolist() == [True, False, True]
    problem = disagreement(recorded, packed)
    assert (problem.where, problem.expected, problem.found) == (
        "old.ndjson line 2",
        "the label class-2",
        "class-1",
    )
