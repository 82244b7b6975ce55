"""Each oddity is found, in one sentence that says what it means for scores, and only where it is."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from inspected import golden, manifest, network, region, said, schema, scorer_of, text, trees

from servable.artifact import EngineFile, EngineKind
from servable.inspection import Weight, describe, oddities
from servable.schema import PANDAS_NULLS, Field, Kind

NO_SPLITTER = (
    'note: field "review": nothing splits it into messages, so it is one chunk: its first 46 tokens are '
    "read, and what follows changes no score"
)
ONE_MESSAGE = {"text.one-message": NO_SPLITTER}
DIALOGUE = ("dialogue_splitter", "text_normalizer", "dialogue_chunker", "tokenizer")


def test_sound_trees_have_nothing_odd() -> None:
    assert said(trees()) == {}


def test_a_sound_network_has_but_the_end_of_its_texts_to_be_told() -> None:
    assert said(network()) == ONE_MESSAGE


# --- columns


def test_a_repeated_column_is_told() -> None:
    repeated = schema(csv_columns=("amount", "region", "region"))

    assert said(trees(schema=repeated)) == {
        "columns.repeated": 'warning: csv column "region": listed more than once; in a CSV without a header '
        "the last cell of a name counts, and the others change no score"
    }


def test_a_name_with_a_blank_at_its_end_is_told() -> None:
    blank = schema(fields=(Field(" amount", Kind.NUMERIC), *schema().fields[1:]))

    assert said(trees(schema=blank, features=(" amount", "region"), imputation={" amount": 1.0})) == {
        "field.blank": 'warning: field " amount": a blank at an end belongs to the name, and a request that '
        "leaves it out is refused"
    }


def test_a_table_that_the_network_does_not_read_is_told() -> None:
    assert said(network(features=("amount",))) == ONE_MESSAGE | {
        "field.table-without-effect": 'warning: field "region": the risk table has no effect, because the '
        "network does not read the field: every request must have it, and it changes no score"
    }


def test_a_field_that_is_not_read_is_told() -> None:
    assert said(network(features=("amount",), risk_tables={})) == ONE_MESSAGE | {
        "field.unread": 'note: field "region": the model does not read it: every request must have it, and '
        "it changes no score"
    }


def test_a_number_that_nothing_stands_for_is_0_to_a_network() -> None:
    assert said(network(imputation={})) == ONE_MESSAGE | {
        "imputation.none": 'warning: imputation: there is no value for "amount", so a missing number is 0.0 '
        "to the network"
    }


def test_a_number_that_nothing_stands_for_stays_missing_for_trees() -> None:
    assert said(trees(imputation={})) == {
        "imputation.none": 'note: imputation: there is no value for "amount", so a missing number stays '
        "missing, and each tree goes the way that it learned for missing ones"
    }


def test_values_and_tables_of_no_field_are_told() -> None:
    plain = trees()
    strays = replace(
        plain,
        imputation={**plain.imputation, "age": 1.0},
        risk_tables={**plain.risk_tables, "plan": plain.risk_tables["region"]},
    )

    assert said(strays) == {
        "table.no-field": 'warning: risk tables: there are tables of "plan", which no field is called: they '
        "change no score",
        "imputation.no-field": 'note: imputation: there are values for "age", which no field is called: they '
        "change no score",
    }


# --- risk tables


def test_a_table_of_one_value_is_told() -> None:
    assert said(trees(risk_tables=region({"north": 0.5}, default=0.5))) == {
        "table.flat": 'warning: field "region": every category has the same number, so what a request says '
        "there changes no score"
    }


def test_risks_outside_of_0_to_1_are_told() -> None:
    assert said(trees(risk_tables=region({"north": 1.25, "south": -0.5}))) == {
        "table.outside": 'warning: risk tables: values of "region" lie outside of 0 to 1, from -0.5 to 1.25, '
        "and are no shares of positive labels; the model reads them as they are"
    }


def test_one_number_for_several_classes_is_told_and_may_exceed_1() -> None:
    of_three = trees(
        schema=schema(classes=("a", "b", "c")),
        risk_tables=region({"north": 1.25}, default=0.9),
        golden=golden([0.5], source="schema"),
    )

    assert said(of_three)["table.one-number"] == (
        'note: risk tables: in "region" a category has one number, from 0.9 to 1.25, and not one for each of '
        "3 classes; training fits it on the labels 0 and 1 alone and on the mean label, which may exceed 1, "
        "so it says little of the other classes"
    )
    assert "table.outside" not in said(of_three)


def test_codes_of_categories_are_no_risks() -> None:
    codes = region({"north": 0.0, "south": 1.0, "east": 2.0}, default=-1.0)

    assert said(trees(risk_tables=codes)) == {}
    assert "table.one-number" not in said(trees(risk_tables=codes, schema=schema(classes=("a", "b", "c"))))


def test_categories_that_are_numbers_are_told() -> None:
    assert said(trees(risk_tables=region({"10": 0.25, "20": 0.75}))) == {
        "table.numeric-keys": 'note: field "region": categories are numbers, so 10, 10.0 and the text 10 are '
        "one category, and 010 is another"
    }


@pytest.mark.parametrize(
    ("bins", "nulls", "is_told"),
    [
        ({"nan": 0.25, "north": 0.75}, PANDAS_NULLS, True),
        ({"nan": 0.25, "NA": 0.75}, PANDAS_NULLS, False),
        ({"nan": 0.25, "north": 0.75}, frozenset([""]), False),
        ({"north": 0.75}, PANDAS_NULLS, False),
    ],
)
def test_words_that_were_missing_in_training_are_told(
    bins: dict[str, float], nulls: frozenset[str], is_told: bool
) -> None:
    found = said(trees(risk_tables=region(bins), schema=schema(null_spellings=nulls)))

    sentence = (
        'warning: field "region": the table has a bin for missing values and none for words like NA or None, '
        "so such words were probably missing in training; here they are categories of their own"
    )
    assert found == ({"table.missing-words": sentence} if is_told else {})


# --- texts


@pytest.mark.parametrize(
    ("steps", "code", "sentence"),
    [
        (
            ("emoji_remover", "dialogue_chunker", "tokenizer"),
            "text.emoji-remover",
            'warning: field "review": emoji_remover: it also removes Chinese, Japanese and Korean characters '
            "and full-width forms, as it did in training, so a text in such a script is scored as an empty "
            "one; the newest emoji stay",
        ),
        (
            DIALOGUE,
            "text.dialogue-splitter",
            'warning: field "review": dialogue_splitter: what stands outside of [bom] and [eom] is lost, so '
            "a text without these marks is scored as an empty one",
        ),
        (
            ("cs_chat_splitter", "cs_adapter", "dialogue_chunker", "tokenizer"),
            "text.cs-chat-splitter",
            'warning: field "review": cs_chat_splitter: what stands before the first [bot]:, [customer]: or '
            "[agent]: is lost, so a text without these marks is scored as an empty one",
        ),
        (
            ("text_normalizer", "tokenizer"),
            "text.no-chunker",
            'warning: field "review": without dialogue_chunker every character is a chunk of its own, as it '
            "was in training, so the encoder never sees a word",
        ),
        (("one_chunk", "tokenizer"), "text.one-message", NO_SPLITTER),
        (
            ("dialogue_splitter", "tokenizer"),
            "text.message-chunks",
            'note: field "review": without dialogue_chunker every message is a chunk of its own; its first '
            "46 tokens are read, and what follows changes no score",
        ),
        (
            DIALOGUE,
            "text.full-chunk",
            'note: field "review": a message is cut to its first 48 tokens, and a full chunk of 48 loses up '
            "to two more to the special ones; what is cut changes no score",
        ),
    ],
)
def test_what_steps_lose_of_a_text_is_told(steps: tuple[str, ...], code: str, sentence: str) -> None:
    assert said(network(text(steps=steps)))[code] == sentence


def test_what_is_said_of_chunks_depends_on_the_steps() -> None:
    chunks = {"text.full-chunk", "text.message-chunks", "text.one-message", "text.no-chunker"}
    lists = [DIALOGUE, ("dialogue_splitter", "tokenizer"), ("one_chunk", "tokenizer"), ("tokenizer",)]

    found = [chunks & said(network(text(steps=steps))).keys() for steps in lists]

    assert found == [{"text.full-chunk"}, {"text.message-chunks"}, {"text.one-message"}, {"text.no-chunker"}]


@pytest.mark.parametrize(
    ("limit", "begins"),
    [(1, "the first chunk of 48 tokens is read"), (3, "the first 3 chunks of 48 tokens are read")],
)
def test_a_limit_of_chunks_is_told(limit: int, begins: str) -> None:
    limited, unlimited = (said(network(text(steps=DIALOGUE, max_chunks=most))) for most in (limit, None))

    assert limited.pop("text.chunk-limit") == (
        f'note: field "review": {begins}; the messages behind change no score'
    )
    assert limited == unlimited


# --- engine and golden records


@pytest.mark.parametrize(
    ("kind", "extra"),
    [(EngineKind.XGBOOST, "trees"), (EngineKind.LIGHTGBM, "trees"), (EngineKind.TORCH, "torch")],
)
def test_an_engine_that_needs_an_extra_is_told(kind: EngineKind, extra: str) -> None:
    assert said(trees(engine=EngineFile(kind=kind, file="model"))) == {
        "engine.extra": f"note: engine: {kind} needs servable[{extra}] where it serves; `servable pack` "
        "makes an artifact without that"
    }


def test_a_pack_that_needs_an_extra_is_warned_of() -> None:
    native = EngineFile(kind=EngineKind.XGBOOST, file="model.ubj")

    assert said(trees(engine=native, manifest=manifest(EngineKind.XGBOOST))) == {
        "engine.extra": "warning: engine: xgboost, because no graph gave the same scores: whoever serves it "
        "needs servable[trees]"
    }


def test_a_graph_that_training_brought_is_told() -> None:
    assert said(network(engine=EngineFile(kind=EngineKind.ONNX_WHOLE, file="model.onnx"))) == ONE_MESSAGE | {
        "engine.whole-graph": "note: engine: scores come from model.onnx, and the weights beside it are not "
        "read"
    }


def test_an_artifact_without_golden_records_is_told() -> None:
    assert said(trees(golden=None)) == {
        "golden.none": "warning: golden records: there are none, so an endpoint of this artifact cannot be "
        "proved right"
    }


def test_golden_records_that_are_all_derived_are_told() -> None:
    assert said(trees(golden=golden([0.5], source="schema", derived=1))) == {
        "golden.derived": "note: golden records: all are derived from the artifact's own tables, so a proof "
        "compares scores of records that nobody has sent"
    }


# --- all together


def test_warnings_stand_before_notes() -> None:
    odd = trees(imputation={}, golden=None, risk_tables=region({"10": 0.25}))

    assert [oddity.weight for oddity in oddities(scorer_of(odd))] == [
        Weight.WARNING,
        Weight.NOTE,
        Weight.NOTE,
    ]


def test_many_names_are_told_in_short_and_kept_in_full() -> None:
    names = [f"f{number}" for number in range(40)]
    many = schema(fields=tuple(Field(name, Kind.NUMERIC) for name in names))

    (found,) = oddities(scorer_of(trees(schema=many, features=tuple(names), risk_tables={}, imputation={})))

    assert found.names == tuple(names)
    assert 'no value for "f0", "f1", "f2", "f3", "f4" and 35 more, so' in found.sentence


def test_every_code_and_key_is_documented() -> None:
    root = Path(__file__).parents[2]
    section = (root / "docs" / "formats.md").read_text().partition("## What inspect prints")[2]
    rooms = (root / "src" / "servable" / "inspection").glob("oddities*.py")
    source = "".join(path.read_text() for path in rooms)
    codes = set(re.findall(r'\b(?:warning|note)\(\s*"([a-z.-]+)"', source)) | {
        f"text.{step.replace('_', '-')}"
        for step in ("dialogue_splitter", "cs_chat_splitter", "emoji_remover")
    }
    documented = set(re.findall(r"`([a-z]+\.[a-z-]+)`", section.partition("Codes of oddities:")[2]))

    assert documented == codes
    assert not [key for key in describe(scorer_of(trees())).to_plain() if f"`{key}`" not in section]
