"""One record through two artifacts, and where its ways part."""

from dataclasses import replace

from servable.artifact import Artifact, StoredText
from servable.calibration import calibrate_or_keep
from servable.evaluate.explain.found import Explanation, TextSeen
from servable.evaluate.explain.partings import Comparison, Sides, concluded, in_order, is_close
from servable.evaluate.explain.partings_of_numbers import field_partings, vector_partings
from servable.evaluate.explain.partings_of_scores import Crossed, Scores, class_partings, score_partings
from servable.evaluate.explain.partings_of_texts import (
    CrossedText,
    is_same_left,
    limits,
    text_notes,
    text_partings,
)
from servable.evaluate.explain.scores import shortest
from servable.evaluate.explain.texts import text_seen
from servable.evaluate.explain.way import Way
from servable.records import FloatArray, ModelInputs, Records
from servable.scorer import Scorer, text_reader_of

_SIDES = Sides(ours="A", theirs="B")


def compared_with(a: Way, b: Way) -> Comparison:
    """Every step at which the ways of one record through A and B part, the first one first."""
    ours, theirs = a.found, b.found
    texts = {text.field: text for text in theirs.texts}
    common = [(text, texts[text.field]) for text in ours.texts if text.field in texts]
    crossed = {pair[0].field: _text_of(*pair, a.scorer, b.scorer) for pair in common}
    inputs = in_order(
        field_partings(ours, theirs, _SIDES),
        (parting for pair in common for parting in text_partings(*pair, crossed[pair[0].field], _SIDES)),
        vector_partings(ours, theirs, _SIDES),
        class_partings(ours, theirs, _SIDES),
    )
    scores = score_partings(
        ours,
        theirs,
        Crossed(
            raw=_raw_of(a.scorer, b.scorer, a.given.records),
            calibrated=_calibrated_of(a.predictions.raw, b.scorer),
        ),
        _SIDES,
        are_inputs_equal=_reads(ours) == _reads(theirs) and _are_vectors_equal(ours, theirs),
    )
    partings = (*inputs, *scores)
    return Comparison(
        ours=(_SIDES.ours, _named(ours)),
        theirs=(_SIDES.theirs, _named(theirs)),
        sentence=concluded(partings, _SIDES),
        partings=partings,
        notes=tuple(note for pair in common for note in text_notes(*pair, _SIDES)),
    )


def _reads(side: Explanation) -> dict[str, list[tuple[int, ...]]]:
    """By text field the token ids of its chunks."""
    return {text.field: [chunk.token_ids for chunk in text.chunks] for text in side.texts}


def _are_vectors_equal(ours: Explanation, theirs: Explanation) -> bool:
    """Whether both read the same numbers of the same fields in the same order."""
    return len(ours.vector) == len(theirs.vector) and all(
        one.name == other.name and is_close(one.value, other.value)
        for one, other in zip(ours.vector, theirs.vector, strict=True)
    )


def _text_of(ours: TextSeen, theirs: TextSeen, a: Scorer, b: Scorer) -> CrossedText:
    """What B's chunker and tokenizer make of what A's steps left of a text: first the one, then both."""
    field = ours.field
    stored, other = (_stored(scorer.artifact, field) for scorer in (a, b))
    if is_same_left(ours, theirs):
        tokenized = theirs
    else:
        tokenized = text_seen(ours.text, b.preprocessor.texts[field].trace_of_left(ours.left), other)
    if ours.tokenizer == theirs.tokenizer:
        return CrossedText(chunked=tokenized, tokenized=tokenized)
    if limits(ours) == limits(theirs):
        return CrossedText(chunked=ours, tokenized=tokenized)
    mixed = replace(other, tokenizer=stored.tokenizer, where=stored.where)
    chunked = text_seen(ours.text, text_reader_of(mixed).trace_of_left(ours.left), mixed)
    return CrossedText(chunked=chunked, tokenized=tokenized)


def _stored(artifact: Artifact, field: str) -> StoredText:
    return next(text for text in artifact.texts if text.field == field)


def _raw_of(a: Scorer, b: Scorer, records: Records) -> Scores | None:
    """What B's model makes of the very arrays that A's model reads; None if it cannot read them."""
    stored = {text.field: text for text in a.artifact.texts}
    can_read = len(a.artifact.features) == len(b.artifact.features) and all(
        text.field in stored
        and stored[text.field].tokenizer == text.tokenizer  # an id beyond its vocabulary ends an engine
        and stored[text.field].max_tokens <= text.max_tokens
        for text in b.artifact.texts
    )
    if not can_read:
        return None
    inputs = a.preprocessor.apply(records)
    texts = {text.field: inputs.texts[text.field] for text in b.artifact.texts}
    return shortest(b.engine.run(ModelInputs(tabular=inputs.tabular, texts=texts))[0])


def _calibrated_of(raw: FloatArray, b: Scorer) -> Scores | None:
    """What B's calibrator makes of A's raw scores; None if B has other classes."""
    if raw.shape[1] != len(b.schema.classes):
        return None
    return shortest(raw[0] if b.calibrator is None else calibrate_or_keep(b.calibrator, raw).scores[0])


def _named(side: Explanation) -> str:
    return f"{side.model.file} ({side.model.family}, {side.model.digest})"
