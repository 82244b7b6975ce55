"""What an artifact holds, as values: facts of its fields, tables, texts, calibrator, engine and files."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from servable.artifact import Artifact, EngineKind, Files, Profile, StoredText, vocabulary_size
from servable.engines import weights_of
from servable.inspection.chunking import Chunking, chunking_of
from servable.inspection.layout import Layout, layout_of
from servable.inspection.oddities import oddities
from servable.inspection.oddity import Oddity
from servable.inspection.tables import holds_codes
from servable.preprocess import MISSING_BIN, RiskTable
from servable.records import TextJoin
from servable.schema import Field, Kind
from servable.scorer import Scorer


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFacts:
    """A table from category to number.

    Attributes:
        bins: categories in it.
        default: number of any other category.
        missing: number of a missing category.
        has_missing_bin: whether that is a bin of its own.
        lowest, highest: of the bins and the default.
        holds_codes: whether it numbers categories, for a model that splits by category; else risks.
    """

    bins: int
    default: float
    missing: float
    has_missing_bin: bool
    lowest: float
    highest: float
    holds_codes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenizerFacts:
    """A tokenizer: its place, the largest token id and one, and the sha256 of its file."""

    place: str
    vocabulary_size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFacts:
    """How a text becomes tokens.

    Attributes:
        steps: in their order.
        chunk: what one chunk is made of.
        max_tokens: of one chunk, the special ones included.
        max_chunks: None without a limit.
        tokenizer: of the field.
    """

    steps: tuple[str, ...]
    chunk: Chunking
    max_tokens: int
    max_chunks: int | None
    tokenizer: TokenizerFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldFacts:
    """One field of a record.

    Attributes:
        name, kind: as requests have it.
        is_read: whether the model reads it.
        imputation: of a number, what stands for a missing one; None if nothing does, and then it is 0.0 for
            a network and stays missing for trees.
        table: of a category.
        text: of a text.
    """

    name: str
    kind: Kind
    is_read: bool
    imputation: float | None
    table: TableFacts | None
    text: TextFacts | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """A file, its size and its sha256."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFacts:
    """What computes the scores.

    Attributes:
        kind: of `EngineKind`.
        files: that it is made of, the model first.
        intra_op_threads: that it was compared on, or None for a training output.
        extra: what must be installed beside the core, or None.
    """

    kind: EngineKind
    files: tuple[FileFacts, ...]
    intra_op_threads: int | None
    extra: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibratorFacts:
    """The calibrator that is used.

    Attributes:
        kind: of the handler's names, `temperature` or `beta`.
        place: file or folder.
        knots: number of knots by class name, of lookup tables.
        parameters: by name, of the other kinds.
    """

    kind: str
    place: str
    knots: Mapping[str, int]
    parameters: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenFacts:
    """Golden records: source, how many, how many of them derived, whether somebody's data may be in them."""

    source: str
    records: int
    derived_records: int
    holds_real_records: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionFacts:
    """What `pack` found when it compared the packed engine with the reference."""

    golden_records: int
    hard_records: str
    max_difference: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """Everything worth knowing of a loaded artifact.

    Attributes:
        calibrator: None where calibrated scores are the raw ones.
        csv_columns: of a CSV without a header; None where such a CSV is refused.
        null_spellings: strings that mean a missing number.
        profile: of the data that it was made for; None without one.
        degradations: what was passed over because damage was tolerated.
        remarks: what is sound and yet odd about the files.
        oddities: what is odd about the scores, warnings first.
    """

    name: str
    family: str
    layout: Layout
    digest: str
    classes: tuple[str, ...]
    id_name: str | None
    label_name: str | None
    fields: tuple[FieldFacts, ...]
    csv_columns: tuple[str, ...] | None
    null_spellings: tuple[str, ...]
    text_join: TextJoin | None
    engine: EngineFacts
    calibrator: CalibratorFacts | None
    golden: GoldenFacts | None
    profile: Profile | None
    conversion: ConversionFacts | None
    training: Mapping[str, Any] | None
    libraries: Mapping[str, str] | None
    files: tuple[FileFacts, ...]
    degradations: tuple[str, ...]
    remarks: tuple[str, ...]
    oddities: tuple[Oddity, ...]

    @property
    def is_network(self) -> bool:
        """Whether its model is a network, which reads texts; else trees."""
        return any(field.text is not None for field in self.fields)

    def to_plain(self) -> dict[str, Any]:
        """The description as JSON values."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


def describe(scorer: Scorer) -> Description:
    """What an artifact holds."""
    artifact, schema, manifest = scorer.artifact, scorer.schema, scorer.artifact.manifest
    files = {name: _file(artifact.files, name) for name in artifact.files.names()}
    return Description(
        name=artifact.name,
        family=artifact.family,
        layout=layout_of(artifact),
        digest=artifact.digest,
        classes=schema.classes,
        id_name=schema.id_name,
        label_name=schema.label_name,
        fields=tuple(_field(scorer, field) for field in schema.fields),
        csv_columns=schema.csv_columns,
        null_spellings=tuple(sorted(schema.null_spellings)),
        text_join=artifact.text_join,
        engine=_engine(artifact, files),
        calibrator=_calibrator(scorer),
        golden=_golden(artifact),
        profile=artifact.profile,
        conversion=_conversion(artifact),
        training=None if manifest is None else manifest.training,
        libraries=None if manifest is None else manifest.libraries,
        files=tuple(files.values()),
        degradations=scorer.degradations,
        remarks=artifact.remarks,
        oddities=oddities(scorer),
    )


def _file(files: Files, name: str) -> FileFacts:
    place = files.place(name)
    size_bytes = len(files.read(name)) if place is None else place.stat().st_size
    return FileFacts(name=name, size_bytes=size_bytes, sha256=files.sha256(name))


def _field(scorer: Scorer, field: Field) -> FieldFacts:
    artifact = scorer.artifact
    text = next((text for text in artifact.texts if text.field == field.name), None)
    table = scorer.preprocessor.risk_tables.get(field.name)
    return FieldFacts(
        name=field.name,
        kind=field.kind,
        is_read=text is not None or field.name in artifact.features,
        imputation=artifact.imputation.get(field.name) if field.kind is Kind.NUMERIC else None,
        table=None if table is None or text is not None else _table(table),
        text=None if text is None else _text(text),
    )


def _table(table: RiskTable) -> TableFacts:
    values = [*table.bins.values(), table.default]
    return TableFacts(
        bins=len(table.bins),
        default=table.default,
        missing=table.bins.get(MISSING_BIN, table.default),
        has_missing_bin=MISSING_BIN in table.bins,
        lowest=min(values),
        highest=max(values),
        holds_codes=holds_codes(table),
    )


def _text(text: StoredText) -> TextFacts:
    chunk = chunking_of(text.steps)
    return TextFacts(
        steps=text.steps,
        chunk=chunk,
        max_tokens=text.max_tokens,
        max_chunks=text.max_chunks if chunk is Chunking.MESSAGES else None,
        tokenizer=TokenizerFacts(
            place=text.where,
            vocabulary_size=vocabulary_size(text.tokenizer, where=text.where),
            sha256=hashlib.sha256(text.tokenizer).hexdigest(),
        ),
    )


def _engine(artifact: Artifact, files: Mapping[str, FileFacts]) -> EngineFacts:
    engine = artifact.engine
    graphs = (engine.file, *engine.encoders.values())
    names = dict.fromkeys((*graphs, *map(weights_of, graphs)))
    return EngineFacts(
        kind=engine.kind,
        files=tuple(files[name] for name in names if name in files),
        intra_op_threads=None if artifact.manifest is None else engine.intra_op_threads,
        extra=engine.kind.extra,
    )


def _calibrator(scorer: Scorer) -> CalibratorFacts | None:
    calibrator, classes = scorer.calibrator, scorer.schema.classes
    if calibrator is None:
        return None
    stored = next((item for item in scorer.artifact.calibrations if item.kind == calibrator.kind), None)
    return CalibratorFacts(
        kind=str(calibrator.kind),
        place="" if stored is None else stored.where,
        knots={classes[index]: len(table.x) for index, table in sorted(calibrator.tables.items())},
        parameters=calibrator.parameters(),
    )


def _golden(artifact: Artifact) -> GoldenFacts | None:
    golden = artifact.golden
    if golden is None:
        return None
    return GoldenFacts(
        source=golden.source,
        records=len(golden),
        derived_records=golden.derived,
        holds_real_records=golden.holds_real_records,
    )


def _conversion(artifact: Artifact) -> ConversionFacts | None:
    conversion = None if artifact.manifest is None else artifact.manifest.conversion
    if conversion is None:
        return None
    return ConversionFacts(
        golden_records=conversion.golden_records,
        hard_records=conversion.hard_records,
        max_difference=conversion.max_difference,
    )
