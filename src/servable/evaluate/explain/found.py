"""What a model saw of one record, and what each step made of it, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from servable.preprocess import MessageTrace, Origin
from servable.schema import Kind

Plain = str | float | bool | None
"""A cell as JSON holds it."""


class CellType(StrEnum):
    """What kind of value a cell came as."""

    NULL = "null"
    BOOLEAN = "boolean"
    NUMBER = "number"
    STRING = "string"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSeen:
    """The artifact.

    Attributes:
        file: name of its file or folder.
        name: its own name.
        family: what kind of model it is.
        digest: its identity.
        classes: names of the classes, in the order of the scores.
        degradations: what was passed over, because damage was tolerated.
    """

    file: str
    name: str
    family: str
    digest: str
    classes: tuple[str, ...]
    degradations: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellSeen:
    """A cell as it came, under the name of its column."""

    column: str
    type: CellType
    value: Plain


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSeen:
    """One field of the record.

    Attributes:
        name: of the field.
        kind: what it holds.
        cells: as they came; several where training joined columns into a text.
        separator: what stands between the joined ones; None of a single cell.
        bound: what was read: a string, a number, or None for a missing value.
        missing_by: how a missing value was spelled; empty if it is not missing.
        is_read: whether the model reads the field.
    """

    name: str
    kind: Kind
    cells: tuple[CellSeen, ...]
    separator: str | None
    bound: str | float | None
    missing_by: str
    is_read: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSeen:
    """What one step left of a text: the text itself or its messages."""

    name: str
    value: str | list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkSeen:
    """One chunk as the encoder reads it.

    Attributes:
        place: among the chunks, counted from 0.
        text: as it reached the tokenizer.
        tokens: what they are called in the vocabulary, special ones included.
        token_ids: their numbers.
        cut_tokens: tokens behind the limit, which the tokenizer left out.
    """

    place: int
    text: str
    tokens: tuple[str, ...]
    token_ids: tuple[int, ...]
    cut_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSeen:
    """The way of one text to its tokens.

    Attributes:
        field: the text field.
        text: what was read; empty where it is missing.
        steps: those before the chunker, in order.
        is_chunked: whether messages are packed into chunks.
        max_tokens: of one chunk, special ones included.
        max_chunks: of one text; None for as many as it gives.
        messages: what the chunker packed.
        chunks: what the encoder reads.
        tokens: how many it reads in all, special ones included.
        cut_tokens: how many no chunk holds.
        lost_messages: messages behind the last allowed chunk.
        tokenizer: sha256 of the tokenizer's file.
    """

    field: str
    text: str
    steps: tuple[StepSeen, ...]
    is_chunked: bool
    max_tokens: int
    max_chunks: int | None
    messages: tuple[MessageTrace, ...]
    chunks: tuple[ChunkSeen, ...]
    tokens: int
    cut_tokens: int
    lost_messages: int
    tokenizer: str

    @property
    def left(self) -> str | list[str]:
        """What the steps left of the text."""
        return self.steps[-1].value if self.steps else self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSeen:
    """One number that the model reads.

    Attributes:
        place: among the numbers, counted from 0.
        name: of the field.
        given: what the record holds: a category, a number, or None for a missing one.
        origin: where the number comes from.
        bin: key of the bin of the field's table that answered; None for another origin.
        value: the number; None for one that stays missing.
    """

    place: int
    name: str
    given: str | float | None
    origin: Origin
    bin: str | None
    value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnotsSeen:
    """Where a calibration table answered.

    Attributes:
        index: the class whose score it was asked for.
        raw: that score.
        low, high: the pairs (raw, calibrated) on whose line it lies; the same one twice beyond the ends.
        answer: the calibrated score, before the scores of all classes are divided by their sum.
    """

    index: int
    raw: float
    low: tuple[float, float]
    high: tuple[float, float]
    answer: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationSeen:
    """How raw scores became calibrated ones.

    Attributes:
        kind: of the calibrator; None without one.
        knots: of each table that was asked.
        parameters: of a curve.
        is_raw: whether the raw scores stand for the calibrated ones, because the calibrator has no answer.
        sentences: the same in words.
    """

    kind: str | None
    knots: tuple[KnotsSeen, ...]
    parameters: Mapping[str, float]
    is_raw: bool
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoresSeen:
    """What the model answered.

    Attributes:
        raw: class probabilities of the model.
        calibrated: the same after the calibrator.
        calibration: what it did.
        label: index of the most probable class by the raw scores.
    """

    raw: tuple[float, ...]
    calibrated: tuple[float, ...]
    calibration: CalibrationSeen
    label: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One record through every step of a model.

    Attributes:
        model: the artifact.
        source: name of the file that holds the record.
        record: its number there, counted from 0.
        identity: its id, or None.
        fields: every field of the record.
        texts: those that the model reads, in its order.
        vector: the numbers that it reads, in its order.
        scores: what it answers.
    """

    model: ModelSeen
    source: str
    record: int
    identity: str | None
    fields: tuple[FieldSeen, ...]
    texts: tuple[TextSeen, ...]
    vector: tuple[FeatureSeen, ...]
    scores: ScoresSeen
