"""One record through two artifacts, and where its ways part."""

from servable.calibration import calibrate_or_keep
from servable.evaluate.explain.found import Explanation
from servable.evaluate.explain.partings import Comparison, Sides, concluded, in_order, is_close
from servable.evaluate.explain.partings_of_numbers import field_partings, vector_partings
from servable.evaluate.explain.partings_of_scores import Crossed, Scores, score_partings
from servable.evaluate.explain.partings_of_texts import text_notes, text_partings
from servable.evaluate.explain.scores import shortest
from servable.evaluate.explain.way import Way
from servable.records import FloatArray, ModelInputs, Records
from servable.scorer import Scorer

_SIDES = Sides(ours="A", theirs="B")


def compared_with(a: Way, b: Way) -> Comparison:
    """Every step at which the ways of one record through A and B part, the first one first."""
    ours, theirs = a.found, b.found
    texts = {text.field: text for text in theirs.texts}
    common = [(text, texts[text.field]) for text in ours.texts if text.field in texts]
    inputs = in_order(
        field_partings(ours, theirs, _SIDES),
        (parting for pair in common for parting in text_partings(*pair, _SIDES)),
        vector_partings(ours, theirs, _SIDES),
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
