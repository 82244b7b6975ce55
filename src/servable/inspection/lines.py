"""A description as lines of text."""

from collections.abc import Iterator
from typing import Final

from servable.artifact import Profile
from servable.calibration import CalibratorKind
from servable.inspection.chunking import Chunking
from servable.inspection.description import (
    CalibratorFacts,
    ConversionFacts,
    Description,
    EngineFacts,
    FieldFacts,
    FileFacts,
    GoldenFacts,
    TableFacts,
    TextFacts,
)
from servable.schema import Kind
from servable.wording import counted, number, plain, size_in_words

SOURCES: Final = {
    "train": "of the test split",
    "table": "of a table that the packer chose",
    "endpoint": "recorded from an endpoint",
    "schema": "derived from the schema",
}
_LABEL: Final = 12
_MOST_NAME: Final = 32
_MOST_COLUMNS: Final = 40


def description_lines(description: Description) -> list[str]:
    """The description as text: a head with its facts, the fields, and what is odd."""
    head = f"{description.name} ({description.family}, {description.layout})"
    blocks = (
        [head, *(_labelled(*fact) for fact in _facts(description))],
        [*_fields(description), *(_labelled(*fact) for fact in _columns(description))],
        [_labelled(*fact) for fact in _odd(description)],
    )
    lines = [line for block in blocks if block for line in (*map(plain, block), "")]
    return lines[:-1]


def _labelled(label: str, text: str) -> str:
    return f"  {label:<{_LABEL}}{text}"


def _facts(description: Description) -> Iterator[tuple[str, str]]:
    yield "digest", description.digest
    yield "classes", ", ".join(description.classes)
    yield "engine", engine_in_words(description.engine)
    yield "calibrator", calibrator_in_words(description.calibrator)
    yield "golden", golden_in_words(description.golden)
    yield "profile", profile_in_words(description.profile)
    if conversion := description.conversion:
        yield "conversion", conversion_in_words(conversion)
    if data := (description.training or {}).get("data"):
        yield "data", f"{data['name']}, {data['rows']} rows, sha256 {data['sha256']}"
    yield "files", files_in_words(description.files)
    for tokenizer in dict.fromkeys(field.text.tokenizer for field in description.fields if field.text):
        size = f"{tokenizer.vocabulary_size:,} tokens"
        yield "tokenizer", f"{tokenizer.place}, {size}, sha256 {tokenizer.sha256}"


def _fields(description: Description) -> Iterator[str]:
    fields = description.fields
    id_name, label_name = (name or "none" for name in (description.id_name, description.label_name))
    yield _labelled("fields", f"{len(fields)}; id {id_name}, label {label_name}")
    width = min(_MOST_NAME, max((len(field.name) for field in fields), default=0))
    for field in fields:
        detail = field_in_words(field, is_network=description.is_network)
        yield f"    {field.name:<{width}}  {field.kind:<11}  {detail}"


def _columns(description: Description) -> Iterator[tuple[str, str]]:
    yield "csv columns", columns_in_words(description)
    if join := description.text_join:
        yield "joined", f"{join.field} = {', '.join(join.columns)}"


def _odd(description: Description) -> Iterator[tuple[str, str]]:
    yield from (("degraded", sentence) for sentence in description.degradations)
    yield from ((str(oddity.weight), oddity.sentence) for oddity in description.oddities)
    yield from (("remark", sentence) for sentence in description.remarks)


def engine_in_words(engine: EngineFacts) -> str:
    """Kind, files and threads of an engine."""
    files = ", ".join(f"{file.name} {size_in_words(file.size_bytes)}" for file in engine.files)
    extra = f"; needs servable[{engine.extra}]" if engine.extra else ""
    threads = engine.intra_op_threads
    compared = "" if threads is None else f"; compared on {counted(threads, 'thread')}"
    return f"{engine.kind} ({files}{compared}{extra})"


def calibrator_in_words(calibrator: CalibratorFacts | None) -> str:
    """Kind and size of a calibrator."""
    if calibrator is None:
        return "none: calibrated scores are the raw ones"
    if len(calibrator.knots) == 1 and calibrator.kind != CalibratorKind.MULTICLASS:
        return f"{calibrator.kind}, {counted(next(iter(calibrator.knots.values())), 'knot')}"
    if calibrator.knots:
        by_class = ", ".join(f"{name}: {knots}" for name, knots in calibrator.knots.items())
        return f"{calibrator.kind}, knots by class {by_class}"
    by_name = ", ".join(f"{name} {value}" for name, value in calibrator.parameters.items())
    return f"{calibrator.kind}, {by_name}"


def conversion_in_words(conversion: ConversionFacts) -> str:
    """How far the packed engine is from the reference, and on what."""
    return (
        f"largest difference {conversion.max_difference:.2g} on "
        f"{counted(conversion.golden_records, 'golden record')} and {conversion.hard_records}"
    )


def golden_in_words(golden: GoldenFacts | None) -> str:
    """How many golden records there are, and whose."""
    if golden is None:
        return "none"
    if not golden.holds_real_records:
        return f"{golden.records}: all derived from the schema"
    real = counted(golden.records - golden.derived_records, "real record")
    source = SOURCES.get(golden.source, f"of the source {golden.source}")
    return f"{golden.records}: {real} {source}, {golden.derived_records} derived from the schema"


def profile_in_words(profile: Profile | None) -> str:
    """Of what rows there is a profile."""
    return "none: `servable drift` needs one" if profile is None else profile.rows_in_words


def files_in_words(files: tuple[FileFacts, ...]) -> str:
    """How many files there are, and how large they are together."""
    return f"{len(files)}, {size_in_words(sum(file.size_bytes for file in files))} together"


def columns_in_words(description: Description) -> str:
    """The columns of a CSV without a header."""
    columns = description.csv_columns
    if columns is None:
        return "none: a CSV without a header is refused"
    if columns == tuple(field.name for field in description.fields):
        return "the fields in this order"
    more = len(columns) - _MOST_COLUMNS
    return ", ".join(columns[:_MOST_COLUMNS]) + (f" and {more} more" if more > 0 else "")


def field_in_words(field: FieldFacts, *, is_network: bool) -> str:
    """What becomes of a field's cells."""
    if field.text is not None:
        return text_in_words(field.text)
    unread = "" if field.is_read else ", not read by the model"
    if field.table is not None:
        return table_in_words(field.table) + unread
    if field.kind is Kind.CATEGORICAL:
        return f"no table{unread}"
    if field.imputation is not None:
        return f"imputed by {field.imputation}{unread}"
    return f"{'missing is 0.0' if is_network else 'missing stays missing'}{unread}"


def table_in_words(table: TableFacts) -> str:
    """Size of a table, and the numbers of categories that it does not name."""
    bins = counted(table.bins, "code" if table.holds_codes else "bin")
    missing = f"missing {number(table.missing)}" if table.has_missing_bin else "missing the same"
    return f"{bins}, unknown {number(table.default)}, {missing}"


def text_in_words(text: TextFacts) -> str:
    """Steps and chunks of a text."""
    return f"{' > '.join(text.steps)}; {chunks_in_words(text)}"


def chunks_in_words(text: TextFacts) -> str:
    """How many chunks a text may have, and what one is."""
    if text.chunk is Chunking.ONE:
        return f"one chunk of {text.max_tokens} tokens"
    most = "chunks" if text.max_chunks is None else f"at most {counted(text.max_chunks, 'chunk')}"
    return f"{most} of {text.max_tokens} tokens, each {text.chunk}"
