"""One record through two artifacts: the step that was changed is the first at which its ways part."""

from typing import Any

import pytest
from explained import (
    GIVEN,
    STEPS,
    changed,
    explained,
    scorer,
    scorer_of_files,
    scorer_with_nulls,
    summing,
)

from servable.errors import BadInput
from servable.evaluate import RecordReport

STEEP = [[0.0, 0.05], [0.5, 0.4], [0.7, 0.85], [1.0, 0.95]]
OTHER_BIN = {"bins": {"north": 0.2, "south": 0.71}, "default_bin": 0.5}
WITHOUT_BIN = {"bins": {"north": 0.2}, "default_bin": 0.5}
WITHOUT_HTML = STEPS[1:]
SHOUTED = {**GIVEN, "note": "The <b>cat</b> is&Tab;VERY good, the dog is not, the cat is fair"}
"""A record on whose text a change of the letters before the step for HTML has an effect."""

PLANTED: dict[str, tuple[dict[str, Any], str, str]] = {
    "a text step left out": ({"steps": WITHOUT_HTML}, "text step", "note"),
    "another order of text steps": ({"steps": (STEPS[1], STEPS[0], *STEPS[2:])}, "text step", "note"),
    "text steps more": ({"steps": ("emoji_remover", "text_upper", *STEPS)}, "text step", "note"),
    "another text step": ({"steps": ("emoji_remover", *STEPS[1:])}, "text step", "note"),
    "the chunker left out": ({"steps": (*STEPS[:2], "tokenizer")}, "chunking", "note"),
    "shorter chunks": ({"max_sen_len": 8}, "chunking", "note"),
    "another tokenizer": ({"exchanged": ("cat", "dog")}, "tokenizer", "note"),
    "another bin": ({"risk": OTHER_BIN}, "risk table", "region"),
    "a bin left out": ({"risk": WITHOUT_BIN}, "risk table", "region"),
    "another imputation value": ({"age": 41.0}, "imputation", "age"),
    "another order of the vector": ({"tab_field_list": ["region", "age"]}, "vector", ""),
    "other classes": ({"multiclass_categories": ["no", "yes"]}, "classes", ""),
    "another order of the classes": ({"multiclass_categories": [1, 0]}, "classes", ""),
    "other weights": ({"weights": 1}, "raw scores", ""),
    "another calibrator": ({"calibration": STEEP}, "calibrator", ""),
    "no calibrator": ({"calibration": None}, "calibrator", ""),
}


def _partings(report: RecordReport) -> list[Any]:
    assert report.comparison is not None
    return list(report.comparison.partings)


@pytest.mark.parametrize("planted", PLANTED)
def test_the_planted_step_is_the_first_at_which_the_ways_part(planted: str) -> None:
    changes, step, field = PLANTED[planted]

    first, *others = _partings(explained(SHOUTED, against=changed(**changes)))

    assert (str(first.step), first.field, first.follows) == (step, field, False)
    assert first.ours != first.theirs
    assert first.sentence.endswith(".")
    assert all(other.follows for other in others)


def test_two_copies_are_equal_through_every_step() -> None:
    report = explained(against=changed())

    assert report.comparison is not None
    assert report.comparison.is_equal
    assert report.comparison.notes == ()
    assert report.comparison.sentence == "A and B are equal for this record through every step compared."


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"steps": WITHOUT_HTML},
            'text "note": B leaves out html_normalizer, which A runs; A goes on with '
            '"The cat is\xa0\xa0VERY good, the d...", B with "The <b>cat</b> is&nbsp;&nbsp...".',
        ),
        (
            {"steps": ("emoji_remover", *STEPS[1:])},
            'text "note": A runs html_normalizer where B runs emoji_remover; A goes on with '
            '"The cat is\xa0\xa0VERY good, the d...", B with "The <b>cat</b> is&nbsp;&nbsp...".',
        ),
        (
            {"max_sen_len": 8},
            'text "note": A reads 1 chunk (of at most 16 tokens, at most 2 chunks), 16 tokens and 6 cut; B '
            "reads 1 chunk (of at most 8 tokens, at most 2 chunks), 8 tokens and 15 cut.",
        ),
        (
            {"exchanged": ("cat", "dog")},
            'text "note", chunk 0, token 2: A reads "cat", number 71, B "cat", number 72; the tokenizers '
            "differ.",
        ),
        (
            {"risk": WITHOUT_BIN},
            'field "region", "south": A reads the bin "south", 0.7; B the default bin, 0.5.',
        ),
        (
            {"age": 41.0},
            'field "age", missing: A reads the imputation value, 40; B the imputation value, 41.',
        ),
        (
            {"tab_field_list": ["region", "age"]},
            'numbers of the model: the order is another: at place 0 A reads "age", B "region".',
        ),
    ],
    ids=["step", "steps", "chunks", "tokenizer", "bin", "imputation", "order"],
)
def test_a_sentence_names_the_step_and_both_values(changes: dict[str, Any], sentence: str) -> None:
    assert _partings(explained(against=changed(**changes)))[0].sentence == sentence


def test_all_that_was_changed_is_told_and_what_only_follows_is_marked() -> None:
    other = changed(exchanged=("cat", "dog"), age=41.0, weights=1, calibration=STEEP)

    report = explained(against=other)

    told = [(str(parting.step), parting.follows) for parting in _partings(report)]
    assert told[:2] == [("tokenizer", False), ("imputation", False)]
    assert told[2][0] == "raw scores"
    assert told[3] == ("calibrator", False)
    assert report.comparison is not None
    assert report.comparison.sentence.startswith('A and B part first at: tokenizer of "note".')


def test_weights_that_differ_beside_a_bin_are_told_in_their_own_right() -> None:
    found = _partings(explained(against=changed(risk=WITHOUT_BIN, weights=1)))

    assert [(str(parting.step), parting.follows) for parting in found][:2] == [
        ("risk table", False),
        ("raw scores", False),
    ]
    assert found[1].sentence.endswith("so the weights differ, too.")


def test_classes_that_differ_are_told_by_their_names() -> None:
    of_classes, of_label = _partings(explained(against=changed(multiclass_categories=[1, 0])))

    assert of_classes.sentence == (
        'classes: class 0 is "0" for A, "1" for B; the same names in another order.'
    )
    assert (of_label.ours, of_label.theirs, of_label.follows) == ("1", "0", True)


def test_an_imputation_that_follows_from_a_null_spelling_is_no_difference_of_its_own() -> None:
    other = changed(age=25.0)
    there = scorer_of_files(other)
    spelt = scorer_with_nulls(there, ("25",))

    partings = _partings(explained({**GIVEN, "age": "25"}, against=spelt))

    assert [(str(parting.step), parting.follows) for parting in partings] == [("fields", False)]
    imputed = scorer_with_nulls(scorer(), ("25",))
    first, second, *_ = _partings(explained({**GIVEN, "age": "25"}, against=imputed))
    assert [(str(parting.step), parting.follows) for parting in (first, second)] == [
        ("fields", False),
        ("imputation", True),
    ]


@pytest.mark.parametrize(
    ("changes", "own"),
    [
        ({"max_sen_len": 20}, ["text step"]),
        ({"exchanged": ("very", "bad")}, ["text step"]),
        ({"max_sen_len": 20, "exchanged": ("very", "bad")}, ["text step"]),
        ({"max_sen_len": 5}, ["text step", "chunking"]),
        ({"exchanged": ("cat", "dog")}, ["text step", "tokenizer"]),
        ({"max_sen_len": 5, "exchanged": ("very", "bad")}, ["text step", "chunking"]),
        ({"max_sen_len": 5, "exchanged": ("cat", "dog")}, ["text step", "chunking", "tokenizer"]),
    ],
)
def test_behind_another_text_step_only_what_has_an_effect_of_its_own_is_told(
    changes: dict[str, Any], own: list[str]
) -> None:
    record = {**GIVEN, "note": "the <b>cat</b> is fair"}

    partings = _partings(explained(record, against=changed(steps=WITHOUT_HTML, **changes)))

    assert [str(parting.step) for parting in partings if not parting.follows] == own
    assert any(str(parting.step) == "tokens" for parting in partings) == (own == ["text step"])


def test_a_step_without_an_effect_on_the_tokens_is_a_note() -> None:
    comparison = explained(against=changed(steps=(STEPS[0], "text_upper", *STEPS[2:]))).comparison

    assert comparison is not None
    assert comparison.is_equal
    assert comparison.notes == (
        'text "note": the steps differ without an effect on the tokens of this text (A: html_normalizer, '
        "text_normalizer; B: html_normalizer, text_upper).",
    )


def test_scores_that_follow_from_a_step_are_said_to() -> None:
    found = _partings(explained(against=changed(steps=WITHOUT_HTML)))

    (raw,) = [parting for parting in found if str(parting.step) == "raw scores"]
    assert raw.sentence.endswith("of what A reads both models make the same, so it follows from the inputs.")


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        (
            {"steps": WITHOUT_HTML},
            'text "note": the steps differ without an effect on this text (A: html_normalizer, '
            "text_normalizer; B: text_normalizer).",
        ),
        ({"exchanged": ("dog", "bad")}, 'text "note": the tokenizers differ without an effect on this text.'),
        ({"max_sen_len": 8}, 'text "note": the limits of chunks differ without an effect on this text.'),
    ],
    ids=["steps", "tokenizer", "limits"],
)
def test_what_differs_without_an_effect_on_the_record_is_a_note(changes: dict[str, Any], note: str) -> None:
    comparison = explained({**GIVEN, "note": "the cat"}, against=changed(**changes)).comparison

    assert comparison is not None
    assert comparison.is_equal
    assert comparison.notes == (note,)


def test_a_record_that_the_other_artifact_cannot_read_is_refused_by_its_name() -> None:
    with pytest.raises(BadInput) as caught:
        explained({"x": 1, "y": "low", "ignored": 0, "unread": "a"}, scored=summing(), against=changed())

    assert str(caught.value).startswith(
        'standard input for other, record 0, field "age": expected every field to be present'
    )


def test_models_of_other_fields_part_where_only_one_reads_them() -> None:
    record = {**GIVEN, "x": 1, "y": "low", "ignored": 0, "unread": "a"}

    of_text, of_vector, of_classes, of_raw, *_ = _partings(explained(record, against=summing()))

    assert of_text.sentence == 'text "note": A reads it, B does not.'
    assert of_vector.sentence == (
        "numbers of the model: only A reads age, region; only B reads x, y, ignored."
    )
    assert of_classes.sentence == 'classes: class 0 is "0" for A, "no" for B; the names differ.'
    assert of_raw.sentence.endswith("because the model of B cannot read what A reads.")
