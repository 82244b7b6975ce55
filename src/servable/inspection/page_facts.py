"""The tables and facts of an inspection's page: fields, texts, engine, files, origin."""

from typing import Final

from servable.inspection.description import Description, FieldFacts, TextFacts
from servable.inspection.lines import (
    chunks_in_words,
    columns_in_words,
    conversion_in_words,
    profile_in_words,
)
from servable.report import Block, Cell, Column, Facts, Paragraph, Table, Tone, count, significant
from servable.schema import Kind
from servable.wording import counted, size_in_words

_MOST_FIELDS: Final = 300
_MOST_FILES: Final = 60
_NOTHING: Final = Cell(text="\N{EN DASH}", tone=Tone.QUIET)

Items = tuple[tuple[str, Cell], ...]


def fields(description: Description) -> tuple[Block, ...]:
    """A row for each field, and what belongs to all of them."""
    shown = description.fields[:_MOST_FIELDS]
    table = Table(
        caption="Fields",
        columns=(
            Column(title="Field"),
            Column(title="Kind"),
            Column(title="Categories", is_number=True),
            Column(title="If missing", is_number=True),
            Column(title="If unknown", is_number=True),
        ),
        rows=tuple(_field(field, description) for field in shown),
        is_stacked=True,
    )
    left_out = len(description.fields) - len(shown)
    more = [Paragraph(text=f"And {counted(left_out, 'field')} more.", tone=Tone.QUIET)] if left_out else []
    return (table, *more, Facts(items=_columns(description)))


def _field(field: FieldFacts, description: Description) -> tuple[Cell, ...]:
    unread = "" if field.is_read else "not read by the model"
    return (
        Cell(text=field.name, note=unread, tone=Tone.PLAIN if field.is_read else Tone.QUIET),
        Cell(text=str(field.kind)),
        *_becomes(field, is_network=description.is_network),
    )


def _becomes(field: FieldFacts, *, is_network: bool) -> tuple[Cell, ...]:
    if field.text is not None:
        return _NOTHING, Cell(text="the empty text"), _NOTHING
    if field.table is not None:
        table = field.table
        note = "a bin of its own" if table.has_missing_bin else "as an unknown one"
        return (
            Cell(text=count(table.bins), value=table.bins, note="as codes" if table.holds_codes else ""),
            Cell(text=significant(table.missing), value=table.missing, note=note),
            Cell(text=significant(table.default), value=table.default),
        )
    if field.kind is Kind.CATEGORICAL:
        return _NOTHING, _NOTHING, _NOTHING
    if field.imputation is not None:
        return _NOTHING, Cell(text=significant(field.imputation), value=field.imputation), _NOTHING
    return _NOTHING, Cell(text="0", note="not imputed") if is_network else Cell(text="missing"), _NOTHING


def _columns(description: Description) -> Items:
    joined = description.text_join
    nulls = [spelling for spelling in description.null_spellings if spelling]
    return (
        ("Columns of a CSV without header", Cell(text=columns_in_words(description))),
        ("Id", _name(description.id_name, note="comes back beside the scores")),
        ("Label", _name(description.label_name, note="ignored in a request")),
        ("Missing numbers", Cell(text=", ".join(["empty or null", *nulls]))),
        *(() if joined is None else ((f"Joined as {joined.field}", Cell(text=", ".join(joined.columns))),)),
    )


def _name(name: str | None, *, note: str) -> Cell:
    return Cell(text="none", tone=Tone.QUIET) if name is None else Cell(text=name, note=note)


def texts(description: Description) -> tuple[Block, ...]:
    """Steps, chunks and tokenizer of each text field."""
    return tuple(
        Facts(title=field.name, items=_text(field.text))
        for field in description.fields
        if field.text is not None
    )


def _text(text: TextFacts) -> Items:
    return (
        ("Steps", Cell(text=", ".join(text.steps))),
        ("Chunks", Cell(text=chunks_in_words(text))),
        ("Tokenizer", Cell(text=text.tokenizer.place)),
        (
            "Vocabulary",
            Cell(text=counted(text.tokenizer.vocabulary_size, "token"), value=text.tokenizer.vocabulary_size),
        ),
        ("Tokenizer's sha256", Cell(text=text.tokenizer.sha256, is_code=True)),
    )


def engine(description: Description) -> Facts:
    """What computes the scores, and how far it is from its reference."""
    found = description.engine
    compared, threads = description.conversion, description.engine.intra_op_threads
    return Facts(
        items=(
            ("Engine", Cell(text=str(found.kind))),
            ("Model", Cell(text=", ".join(file.name for file in found.files))),
            ("Needs", Cell(text=f"servable[{found.extra}]" if found.extra else "nothing beside the core")),
            *(() if threads is None else (("Compared on", Cell(text=counted(threads, "thread"))),)),
            *(() if compared is None else (("Conversion", Cell(text=conversion_in_words(compared))),)),
        )
    )


def files(description: Description) -> Table:
    """A row for each file."""
    shown = description.files[:_MOST_FILES]
    rows = [
        (
            Cell(text=file.name),
            Cell(text=size_in_words(file.size_bytes), value=file.size_bytes),
            Cell(text=file.sha256, is_code=True),
        )
        for file in shown
    ]
    if left_out := description.files[_MOST_FILES:]:
        size_bytes = sum(file.size_bytes for file in left_out)
        rows.append(
            (
                Cell(text=f"{counted(len(left_out), 'file')} more", tone=Tone.QUIET),
                Cell(text=size_in_words(size_bytes), value=size_bytes),
                _NOTHING,
            )
        )
    return Table(
        title="Files",
        caption="Files",
        columns=(Column(title="File"), Column(title="Size", is_number=True), Column(title="sha256")),
        rows=tuple(rows),
        is_stacked=True,
    )


def origin(description: Description) -> tuple[Block, ...]:
    """Identity, classes, and the data and libraries that a manifest names."""
    data = (description.training or {}).get("data")
    libraries = description.libraries or {}
    items: list[tuple[str, Cell]] = [
        ("Name", Cell(text=description.name)),
        ("Digest", Cell(text=description.digest, is_code=True)),
        ("Classes", Cell(text=", ".join(description.classes))),
    ]
    if data:
        items += [
            ("Trained on", Cell(text=str(data["name"]), note=counted(data["rows"], "row"))),
            ("Its sha256", Cell(text=str(data["sha256"]), is_code=True)),
        ]
    items.append(("Profile for drift", Cell(text=profile_in_words(description.profile))))
    if libraries:
        versions = ", ".join(f"{name} {version}" for name, version in libraries.items())
        items.append(("Packed with", Cell(text=versions)))
    return (Facts(items=tuple(items)),)
