"""One record through two artifacts: the step that was changed is the first at which its ways part."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from explained import (
    CALIBRATION,
    GIVEN,
    STEPS,
    explained,
    scorer_of_files,
    trained,
    with_file,
    with_steps,
    with_words_exchanged,
)
from servable.errors import BadInput
from servable.evaluate import RecordReport
from tiny_outputs import BERT, RISK, Files, network_weights, saved, word_pieces

PLANTED: dict[str, tuple[Callable[[], Files], str, str]] = {
    "a text step left out": (
        lambda: with_steps("text_normalizer", "dialogue_chunker", "tokenizer"),
        "text step",
        "note",
    ),
    "another order of text steps": (
        lambda: with_steps("text_normalizer", "html_normalizer", "dialogue_chunker", "tokenizer"),
        "text step",
        "note",
    ),
    "a text step more": (lambda: with_steps("emoji_remover", "text_upper", *STEPS), "text step", "note"),
    "the chunker left out": (
        lambda: with_steps("html_normalizer", "text_normalizer", "tokenizer"),
        "chunking",
        "note",
    ),
    "shorter chunks": (lambda: with_steps(max_sen_len=8), "chunking", "note"),
    "another tokenizer": (lambda: with_words_exchanged("cat", "dog"), "tokenizer", "note"),
    "another bin": (
        lambda: with_file(
            "risk_table_map.json", {"region": {**RISK["region"], "bins": {"north": 0.2, "south": 0.71}}}
        ),
        "risk table",
        "region",
    ),
    "a bin left out": (
        lambda: with_file("risk_table_map.json", {"region": {**RISK["region"], "bins": {"north": 0.2}}}),
        "risk table",
        "region",
    ),
    "another imputation value": (lambda: with_file("impute_dict.json", {"age": 41.0}), "imputation", "age"),
    "another order of the vector": (lambda: with_steps(tab_field_list=["region", "age"]), "vector", ""),
    "other weights": (lambda: with_file("model.pth", _weights()), "raw scores", ""),
    "another calibrator": (
        lambda: with_file(CALIBRATION, [[0.0, 0.05], [0.5, 0.4], [0.7, 0.85], [1.0, 0.95]]),
        "calibrator",
        "",
    ),
    "no calibrator": (lambda: _without(CALIBRATION), "calibrator", ""),
}


def _weights() -> bytes:
    config = dict(BERT) | {"vocab_size": word_pieces().get_vocab_size()}
    return saved(network_weights(config, seed=1))


def _without(name: str) -> Files:
    return {other: data for other, data in trained().items() if other != name}


def _partings(report: RecordReport) -> list[Any]:
    assert report.comparison is not None
    return list(report.comparison.partings)


@pytest.mark.parametrize("planted", PLANTED)
def test_the_planted_step_is_the_first_at_which_the_ways_part(planted: str) -> None:
    files, step, field = PLANTED[planted]

    first, *others = _partings(explained(against=files()))

    assert (str(first.step), first.field, first.follows) == (step, field, False)
    assert first.ours != first.theirs
    assert first.sentence.endswith(".")
    assert all(other.follows for other in others)


def test_two_copies_are_equal_through_every_step() -> None:
    report = explained(against=dict(trained()))

    assert report.comparison is not None
    assert report.comparison.is_equal
    assert report.comparison.notes == ()
    assert report.comparison.sentence == "A and B are equal for this record through every step compared."


def test_a_sentence_names_the_step_and_both_values() -> None:
    without_html = with_steps("text_normalizer", "dialogue_chunker", "tokenizer")

    (of_text, *_), (of_bin, *_), (of_number, *_) = (
        _partings(explained(against=files))
        for files in (
            without_html,
            with_file("risk_table_map.json", {"region": {"bins": {"north": 0.2}, "default_bin": 0.5}}),
            with_file("impute_dict.json", {"age": 41.0}),
        )
    )

    assert of_text.sentence == (
        'text "note": B leaves out html_normalizer, which A runs; A goes on with '
        '"The cat\\xa0\\xa0is VERY good, the d...", B with "The <b>cat</b>&nbsp;&nbsp;is..."'.encode().decode(
            "unicode_escape"
        )
        + "."
    )
    assert of_bin.sentence == (
        'field "region", "south": A reads the bin "south", 0.7; B the default bin, 0.5.'
    )
    assert of_number.sentence == (
        'field "age", missing: A reads the imputation value, 40; B the imputation value, 41.'
    )


def test_all_that_was_changed_is_told_and_what_only_follows_is_marked() -> None:
    changed = with_words_exchanged("cat", "dog") | {
        "impute_dict.json": b'{"age": 41.0}',
        "model.pth": _weights(),
        CALIBRATION: json.dumps([[0.0, 0.9], [1.0, 0.95]]).encode(),
    }

    found = _partings(explained(against=changed))

    told = [(str(parting.step), parting.follows) for parting in found]
    assert [step for step, _ in told][:2] == ["tokenizer", "imputation"]
    assert ("raw scores", True) in told or ("raw scores", False) in told
    assert ("calibrator", False) in told


def test_weights_that_differ_beside_a_bin_are_told_as_such() -> None:
    changed = with_file("risk_table_map.json", {"region": {"bins": {}, "default_bin": 0.5}})

    found = _partings(explained(against={**changed, "model.pth": _weights()}))

    assert [(str(parting.step), parting.follows) for parting in found][:2] == [
        ("risk table", False),
        ("raw scores", False),
    ]
    assert "the weights differ, too" in found[1].sentence


def test_steps_that_differ_without_an_effect_on_the_record_are_a_note() -> None:
    report = explained({**GIVEN, "note": "the cat"}, against=with_steps(*STEPS[1:]))

    assert report.comparison is not None
    assert report.comparison.is_equal
    (note,) = report.comparison.notes
    assert note.startswith('text "note": the steps differ without an effect on this text')


def test_a_tokenizer_or_a_limit_that_does_not_show_is_a_note() -> None:
    record = {**GIVEN, "note": "the cat"}

    of_tokenizer = explained(record, against=with_words_exchanged("dog", "bad")).comparison
    of_limits = explained(record, against=with_steps(max_sen_len=8)).comparison

    assert of_tokenizer is not None
    assert of_limits is not None
    assert of_tokenizer.notes == ('text "note": the tokenizers differ without an effect on this text.',)
    assert of_limits.notes == ('text "note": the limits of chunks differ without an effect on this text.',)


def test_a_field_that_is_read_as_another_kind_parts_before_everything_else() -> None:
    renamed = with_steps(tab_field_list=["age", "region"], cat_field_list=["note", "region", "age"])

    first, *_ = _partings(explained({**GIVEN, "age": 39}, against=renamed))

    assert (str(first.step), first.field) == ("fields", "age")
    assert first.sentence == 'field "age": A reads a number, 39, B a category, "39".'


def test_a_record_that_the_other_artifact_cannot_read_is_refused_by_its_name() -> None:
    renamed = with_steps(tab_field_list=["years", "region"])

    with pytest.raises(BadInput) as caught:
        explained(against=renamed)

    assert 'record 0, field "years": expected every field to be present' in str(caught.value)


def test_a_model_whose_text_is_read_by_it_alone_is_told() -> None:
    # the other one is a model of trees, which reads no text
    trees = scorer_of_files(trained())

    assert [text.field for text in trees.artifact.texts] == ["note"]
