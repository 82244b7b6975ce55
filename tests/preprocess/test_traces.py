"""What a record becomes, step by step, is told by the functions that make its inputs."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from servable.preprocess import Cells, Origin, Preprocessor, RiskTable, TextTrace
from servable.preprocess.text import TextPipeline, TextSettings
from servable.records import Records, Table
from servable.schema import Field, Kind, Schema

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", ".", "a", "b", "late", "order", "##s", "where", "?")
CHUNKED = ("html_normalizer", "text_normalizer", "dialogue_chunker", "tokenizer")
DIALOGUE = ("dialogue_splitter", "cs_adapter", "text_normalizer", "dialogue_chunker", "tokenizer")
MESSAGES = ("cs_chat_splitter", "tokenizer")
STEPS = (CHUNKED, DIALOGUE, MESSAGES, ("one_chunk", "tokenizer"), ("emoji_remover", "tokenizer"))

texts = st.none() | st.lists(
    st.sampled_from(["late", "orders", "[bom]", "[eom]", "[bot]: ", "<b>", "&amp", "?", "a", " ", "."]),
    max_size=30,
).map(" ".join)


def _tokenizer() -> bytes:
    made = Tokenizer(models.WordPiece({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]"))  # noqa: S106
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.add_special_tokens(list(WORDS[:4]))
    return made.to_str().encode()


TOKENIZER = _tokenizer()


def _pipeline(*steps: str, max_tokens: int = 6, max_chunks: int | None = None) -> TextPipeline:
    return TextPipeline(
        TextSettings(steps=steps, max_tokens=max_tokens, max_chunks=max_chunks), TOKENIZER, where="text"
    )


@settings(deadline=None, max_examples=50)
@given(
    column=st.lists(texts, min_size=1, max_size=5),
    steps=st.sampled_from(STEPS),
    max_tokens=st.integers(3, 9),
    max_chunks=st.none() | st.integers(1, 3),
)
def test_the_token_ids_of_a_trace_are_those_that_the_model_reads(
    column: list[str | None], steps: tuple[str, ...], max_tokens: int, max_chunks: int | None
) -> None:
    pipeline = _pipeline(*steps, max_tokens=max_tokens, max_chunks=max_chunks)
    read = pipeline.apply(np.array([*column, None], dtype=object)[:-1])

    traces = pipeline.traces(column)

    chunks = [chunk for trace in traces for chunk in trace.chunks]
    assert [chunk.token_ids.tobytes() for chunk in chunks] == [ids.tobytes() for ids in read.token_ids]
    assert [len(trace.chunks) for trace in traces] == np.diff(read.chunk_offsets).tolist()
    assert all([WORDS[token] for token in chunk.token_ids.tolist()] == list(chunk.tokens) for chunk in chunks)
    assert [_plain(pipeline.trace(text)) for text in column] == [_plain(trace) for trace in traces]
    left = [
        trace.steps[-1][1] if trace.steps else text or "" for text, trace in zip(column, traces, strict=True)
    ]
    behind = [pipeline.trace_of_left(value) for value in left]
    assert [_plain(trace)[1:] for trace in behind] == [_plain(trace)[1:] for trace in traces]
    assert all(trace.is_chunked == ("dialogue_chunker" in steps) for trace in traces)


@settings(deadline=None)
@given(
    messages=st.lists(st.lists(st.sampled_from(["late", "order", "where"]), min_size=1).map(" ".join)),
    max_tokens=st.integers(3, 9),
    max_chunks=st.none() | st.integers(1, 3),
)
def test_the_tokens_that_are_cut_and_those_that_are_read_are_together_all_of_a_text(
    messages: list[str], max_tokens: int, max_chunks: int | None
) -> None:
    text = " ".join(f"[bom] {message} [eom]" for message in messages)
    (whole,) = _pipeline(*DIALOGUE, max_tokens=10_000).trace(text).chunks

    trace = _pipeline(*DIALOGUE, max_tokens=max_tokens, max_chunks=max_chunks).trace(text)

    read = sum(len(chunk.token_ids) - 2 for chunk in trace.chunks)
    assert read + trace.cut_tokens == len(whole.token_ids) - 2
    assert trace.is_cut == (trace.cut_tokens > 0)


def test_each_step_shows_what_it_left() -> None:
    trace = _pipeline(*DIALOGUE).trace("hello [bom] Late <b> [eom][bom]ORDER[eom]")

    assert trace.steps == (
        ("dialogue_splitter", ["Late <b>", "ORDER"]),
        ("cs_adapter", ["Late <b>", "ORDER"]),
        ("text_normalizer", ["late <b>", "order"]),
    )
    assert [message.text for message in trace.messages] == ["late <b>", "order"]


def test_without_a_step_a_text_is_read_letter_by_letter() -> None:
    trace = _pipeline("tokenizer").trace("ab")

    assert trace.steps == ()
    assert [chunk.text for chunk in trace.chunks] == ["a", "b"]
    assert not trace.is_cut


def test_a_message_too_long_a_full_chunk_and_messages_beyond_the_last_one_lose_tokens() -> None:
    long, lost = "a " * 8, "[bom]b b[eom]"

    trace = _pipeline(*DIALOGUE, max_tokens=6, max_chunks=1).trace(f"[bom]{long}[eom]{lost}{lost}")

    assert [message.cut_tokens for message in trace.messages] == [2, 0, 0]
    assert [message.is_lost for message in trace.messages] == [False, True, True]
    assert [chunk.cut_tokens for chunk in trace.chunks] == [2]  # the special ones take their places
    assert (trace.lost_messages, trace.cut_tokens, trace.is_cut) == (2, 2 + 2 + 4, True)


def test_a_text_that_fits_loses_nothing() -> None:
    trace = _pipeline(*CHUNKED).trace("late order")

    assert (trace.lost_messages, trace.cut_tokens, trace.is_cut) == (0, 0, False)


SCHEMA = Schema(
    fields=(Field("a", Kind.NUMERIC), Field("b", Kind.NUMERIC), Field("c", Kind.CATEGORICAL)),
    classes=("0", "1"),
)
CODES = RiskTable({"10": 0.1, "11.0": 0.2, "nan": 0.3}, 0.5)
WORDS_TABLE = RiskTable({"x": 0.25, "10": 0.1}, 0.5)


def _cells(table: RiskTable, *rows: tuple[object, ...]) -> tuple[Cells, Preprocessor, Records]:
    preprocessor = Preprocessor(features=("c", "b", "a"), risk_tables={"c": table}, imputation={"a": 7.5})
    records = SCHEMA.bind(Table(names=("a", "b", "c"), rows=list(rows)))
    return preprocessor.cells(records), preprocessor, records


@pytest.mark.parametrize(
    ("table", "category", "origin", "value"),
    [
        (CODES, "10", Origin.BIN, 0.1),
        (CODES, 10.0, Origin.INTEGER, 0.1),
        (CODES, "11", Origin.INTEGER, 0.2),
        (CODES, None, Origin.MISSING_BIN, 0.3),
        (CODES, "nan", Origin.BIN, 0.3),
        (CODES, "12", Origin.DEFAULT, 0.5),
        (WORDS_TABLE, "10.0", Origin.DEFAULT, 0.5),
        (WORDS_TABLE, None, Origin.DEFAULT, 0.5),
    ],
)
def test_a_category_tells_which_bin_answered_it(
    table: RiskTable, category: object, origin: Origin, value: float
) -> None:
    cells, _, _ = _cells(table, (1, 2, category))

    assert cells.origins["c"].tolist() == [origin]
    assert cells.tabular[0, 0] == np.float32(value)


def test_a_number_tells_whether_it_was_imputed() -> None:
    cells, _, _ = _cells(WORDS_TABLE, (1, 2, "x"), (None, None, "x"))

    assert cells.origins["a"].tolist() == [Origin.NUMBER, Origin.IMPUTED]
    assert cells.origins["b"].tolist() == [Origin.NUMBER, Origin.MISSING]
    assert list(cells.origins) == ["c", "b", "a"]


categories = st.none() | st.sampled_from(["x", "y", "10", "10.0", "11", "12", "nan", "", "1e16"])


@given(
    rows=st.lists(
        st.tuples(st.none() | st.floats(-9, 9), st.none() | st.integers(-3, 3), categories), min_size=1
    ),
    table=st.sampled_from([CODES, WORDS_TABLE, RiskTable({}, 0.5), RiskTable({"1e+16": 0.9, "nan": 0}, 0.5)]),
)
def test_the_numbers_of_the_cells_are_those_that_the_model_reads_and_follow_from_their_origin(
    rows: list[tuple[object, ...]], table: RiskTable
) -> None:
    cells, preprocessor, records = _cells(table, *rows)

    assert cells.tabular.tobytes() == preprocessor.apply(records).tabular.tobytes()
    for row, (a, b, category) in enumerate(rows):
        origins = [str(cells.origins[name][row]) for name in ("a", "b")]
        assert origins == [
            Origin.IMPUTED if a is None else Origin.NUMBER,
            Origin.MISSING if b is None else Origin.NUMBER,
        ]
        key = table.bin_of(None if category is None else str(category))
        expected = table.default if key is None else table.bins[key]
        assert cells.tabular[row, 0] == np.float32(expected)
        assert (cells.origins["c"][row] == Origin.DEFAULT) == (key is None)


def _plain(trace: TextTrace) -> tuple[object, object, object]:
    chunks = [
        (chunk.text, chunk.token_ids.tolist(), chunk.tokens, chunk.cut_tokens) for chunk in trace.chunks
    ]
    return trace.steps, trace.messages, chunks


def test_traces_of_several_texts_are_in_their_order() -> None:
    traces = _pipeline(*CHUNKED).traces(["late", None, "order order"])

    assert [len(chunk.token_ids) for trace in traces for chunk in trace.chunks] == [3, 3, 4]
    assert list(itertools.chain(*(chunk.tokens for chunk in traces[1].chunks))) == ["[CLS]", ".", "[SEP]"]
