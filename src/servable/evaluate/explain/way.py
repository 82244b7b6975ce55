"""One record through every step of a model: what it really saw."""

from dataclasses import dataclass

from servable.evaluate.explain.fields import fields_seen
from servable.evaluate.explain.found import Explanation, ModelSeen
from servable.evaluate.explain.record import GivenRecord
from servable.evaluate.explain.scores import scores_seen, vector_seen
from servable.evaluate.explain.texts import text_seen
from servable.records import Predictions
from servable.scorer import Scorer


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Way:
    """One record's way through one model.

    Attributes:
        scorer: of the model.
        given: the record, as this model reads it.
        predictions: what it answers.
        found: the way in plain values.
    """

    scorer: Scorer
    given: GivenRecord
    predictions: Predictions
    found: Explanation


def way_of(scorer: Scorer, given: GivenRecord, *, file: str) -> Way:
    """The way of a record through every step, told by the functions that score it.

    Args:
        scorer: of the model.
        given: the record, as this model reads it.
        file: name of the artifact's file or folder.

    Raises:
        ServableError: if the model gives no probability for it.
    """
    predictions = scorer.score_records(given.records)
    found = _explanation(scorer, given, predictions, file)
    return Way(scorer=scorer, given=given, predictions=predictions, found=found)


def model_seen(scorer: Scorer, *, file: str) -> ModelSeen:
    """What a model is.

    Args:
        scorer: of the model.
        file: name of the artifact's file or folder.
    """
    artifact = scorer.artifact
    return ModelSeen(
        file=file,
        name=artifact.name,
        family=artifact.family,
        digest=artifact.digest,
        classes=artifact.schema.classes,
        degradations=scorer.degradations,
    )


def _explanation(scorer: Scorer, given: GivenRecord, predictions: Predictions, file: str) -> Explanation:
    artifact, records, readers = scorer.artifact, given.records, scorer.preprocessor.texts
    strings = {text.field: records.columns[text.field].tolist()[0] for text in artifact.texts}
    return Explanation(
        model=model_seen(scorer, file=file),
        source=given.source,
        record=given.number,
        identity=None if records.ids is None or records.ids[0] is None else str(records.ids[0]),
        fields=fields_seen(given.cells, records, artifact),
        texts=tuple(
            text_seen(strings[text.field], readers[text.field].trace(strings[text.field]), text)
            for text in artifact.texts
        ),
        vector=vector_seen(records, scorer.preprocessor),
        scores=scores_seen(predictions, scorer.calibrator),
    )
