"""Law 2 for a network of texts: neighbours, place, batch, content type and number of chunks move no score."""

import random
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import servable
from servable.codecs import REQUEST_TYPES, decode_request, encode_table
from servable.errors import BadInput
from servable.preprocess.text import compose
from servable.records import Cell, Predictions, Table
from servable.scorer import Scorer

NAMES = ("age", "division", "text")
ROWS_OF_SIZES = {1: 12, 2: 24, 17: 68, 256: 256}
_WORDS = (
    *("lovely", "perfect", "soft", "returned", "scratchy", "awful", "the", "dress", "fabric", "was"),
    *("colour", "x", "ünïcödé", "42", "don't"),
)


def _said(draws: random.Random, words: int) -> str:
    return " ".join(draws.choice(_WORDS) for _ in range(words))


def _dialogue(draws: random.Random) -> str:
    """No message up to nine, of no word up to more than one chunk holds."""
    messages = (_said(draws, draws.choice((0, 1, 5, 20, 80))) for _ in range(draws.randint(0, 9)))
    return "".join(f"[bom] {message} [eom]" for message in messages)


def _rows() -> list[tuple[Cell, ...]]:
    """96 records whose texts have one to five chunks, and such as break what reads texts carelessly."""
    draws = random.Random(17)  # noqa: S311  # a table, not a secret
    odd: list[Cell] = [
        None,
        "",
        " \t\r\n ",
        "outside of every message",
        "[bom][eom]",
        "[bom] a <b>lovely</b> &amp; soft<script>awful</script> dress [eom]",
        "[bom] \U0001f60d 很好 \u0301 \x00 [eom]",
        '[bom] she said "no", twice\r\n, then\rleft [eom]',
        "[bom] " + "huge " * 5000 + "[eom]",
        "[bom] never closed",
    ]
    typical = [_dialogue(draws) for _ in range(96 - len(odd))]
    ages = [None, 0, -3.5, 41, 1e19]
    divisions = [None, "General", "NA", "unheard of", "nan"]
    return [
        (ages[i % len(ages)], divisions[i % len(divisions)], text) for i, text in enumerate([*odd, *typical])
    ]


ROWS = _rows()


@dataclass(frozen=True, slots=True)
class Subject:
    """A scorer, the scores of each record by itself, and how far others may be from them."""

    scorer: Scorer
    alone: Predictions
    tolerance: float

    def assert_scored_as_if_alone(self, found: Predictions, rows: list[int]) -> None:
        expected = self.alone.raw[rows]
        assert np.abs(found.raw.astype(np.float64) - expected).max() <= self.tolerance
        if self.tolerance == 0:
            assert found.raw.tobytes() == expected.tobytes()
            assert found.calibrated.tobytes() == self.alone.calibrated[rows].tobytes()
        is_clear = np.abs(expected[:, 1] - 0.5) > 1e-5
        assert found.label[is_clear].tolist() == self.alone.label[rows][is_clear].tolist()


@pytest.fixture(scope="module", params=["graphs", "graphs on two threads", "torch"])
def subject(request: pytest.FixtureRequest) -> Subject:
    """The graphs on the number of threads that they are packed for are held to the last bit."""
    is_torch = request.param == "torch"
    path: Path = request.getfixturevalue("dialogue_output" if is_torch else "packed_dialogues")
    scorer = servable.load(path, threads=2 if "two" in request.param else 1)
    single = [scorer.score(dict(zip(NAMES, row, strict=True))) for row in ROWS]
    alone = Predictions(
        raw=np.concatenate([one.raw for one in single]),
        calibrated=np.concatenate([one.calibrated for one in single]),
    )
    return Subject(scorer, alone, {"graphs": 0.0, "torch": 5e-6}.get(request.param, 1e-6))


def sent(scorer: Scorer, rows: list[int], content_type: str) -> Predictions:
    body = encode_table(Table(names=NAMES, rows=[ROWS[row] for row in rows]), content_type)
    return scorer.score_records(scorer.schema.bind(decode_request(body, content_type)))


def test_the_records_differ_in_their_chunks_and_their_scores(subject: Subject) -> None:
    table = Table(names=NAMES, rows=ROWS)

    inputs = subject.scorer.preprocessor.apply(subject.scorer.schema.bind(table)).texts["text"]

    assert set(np.diff(inputs.chunk_offsets).tolist()) == {1, 2, 3, 4, 5}
    assert {len(chunk) for chunk in inputs.token_ids} >= {3, 4, 48}
    assert len(np.unique(subject.alone.raw[:, 1])) > 60


@pytest.mark.parametrize("content_type", REQUEST_TYPES)
@pytest.mark.parametrize("size", ROWS_OF_SIZES)
def test_a_batch_of_any_size_and_type_scores_each_text_as_if_alone(
    subject: Subject, size: int, content_type: str
) -> None:
    draws = np.random.default_rng(size)
    order = np.concatenate([draws.permutation(len(ROWS)) for _ in range(3)]).tolist()

    for start in range(0, ROWS_OF_SIZES[size], size):
        rows = order[start : start + size]
        subject.assert_scored_as_if_alone(sent(subject.scorer, rows, content_type), rows)


def test_a_text_beside_itself_has_the_same_score_everywhere(subject: Subject) -> None:
    found = subject.scorer.score([dict(zip(NAMES, ROWS[20], strict=True))] * 64)

    subject.assert_scored_as_if_alone(found, [20] * 64)


@pytest.mark.parametrize("row", range(10))
def test_an_odd_text_among_others_does_not_move_them(subject: Subject, row: int) -> None:
    rows = [30, row, 31, row, 32]

    subject.assert_scored_as_if_alone(sent(subject.scorer, rows, "application/json"), rows)


def test_a_text_that_is_not_unicode_is_refused_and_leaves_nothing_behind(subject: Subject) -> None:
    half_a_pair = {"age": 1, "division": "NA", "text": "[bom] lovely \ud83d [eom]"}
    with pytest.raises(BadInput) as caught:
        subject.scorer.score([half_a_pair | {"text": "lovely"}, half_a_pair])

    assert str(caught.value) == (
        'record 1, field "text": expected a string that UTF-8 can hold, found one with half of a surrogate '
        "pair; decode the bytes that it came from as UTF-8"
    )

    subject.assert_scored_as_if_alone(sent(subject.scorer, [40, 41], "text/csv"), [40, 41])


def test_packed_and_trained_scores_of_texts_agree(packed_dialogues: Path, dialogue_output: Path) -> None:
    records = [dict(zip(NAMES, row, strict=True)) for row in ROWS]

    packed, trained = (
        servable.load(path, threads=1).score(records) for path in (packed_dialogues, dialogue_output)
    )

    difference = np.abs(packed.raw.astype(np.float64) - trained.raw).max(axis=1)
    assert np.quantile(difference, 0.999) <= 1e-5
    assert difference.max() <= 1e-4


def test_messages_that_are_opened_and_never_closed_are_read_in_one_go() -> None:
    split = compose(["dialogue_splitter"], where="steps")
    started_s = time.monotonic()

    split("[bom]" * 26_000)

    assert (
        time.monotonic() - started_s < 60
    )  # with the square of its length it would take a minute and a half
