"""What people should know of a payload that was made, one sentence each."""

from collections.abc import Iterator, Sequence

from servable.payload import script
from servable.payload.bodies import Counts
from servable.payload.facts import ModelFacts, RealRecords
from servable.payload.settings import PayloadSettings
from servable.payload.strategies import Strategy
from servable.payload.strategies.long_cases import without_room
from servable.payload.strategies.realistic import CASE_OF_REAL
from servable.payload.summary import PayloadFile
from servable.schema import MAX_CELL_CHARS, Schema
from servable.wording import counted, listed


def remarks_on(
    settings: PayloadSettings,
    facts: ModelFacts | None,
    schema: Schema,
    counts: Counts,
    files: Sequence[PayloadFile],
) -> Iterator[str]:
    """What was left out, what a consumer may stumble over, which settings did nothing."""
    yield from _on_content_types(schema, counts)
    yield from _on_data(settings, facts, files)
    if facts is not None:
        yield from _on_room(settings, facts)
    yield from _on_settings(settings)


def _on_content_types(schema: Schema, counts: Counts) -> Iterator[str]:
    for content_type, left_out in counts.left_out.items():
        if content_type == script.CSV and schema.csv_columns is None:
            yield f"No sample is in {script.CSV}, because the artifact has no list of CSV columns."
        else:
            yield (
                f"{content_type} cannot carry {counted(left_out, 'sample')} exactly, "
                f"and {'it is' if left_out == 1 else 'they are'} left out of it."
            )
    for content_type, bodies in counts.line_breaks.items():
        yield (
            f"{counted(bodies, 'file')} of {content_type} {_hold(bodies)} a line break inside a cell: "
            "endpoints read it, but a batch transform of SageMaker that splits its input by lines cuts the "
            "record in two."
        )


def _on_data(
    settings: PayloadSettings, facts: ModelFacts | None, files: Sequence[PayloadFile]
) -> Iterator[str]:
    is_drawn = settings.sample is None and settings.strategy in (Strategy.TYPICAL, Strategy.REALISTIC)
    if is_drawn and facts is not None and not facts.has_profile:
        yield (
            "The artifact has no profile of its data, so how frequent categories are, how numbers are spread "
            "and how much is missing is a guess."
        )
    if real := sum(file.case == CASE_OF_REAL for file in files):
        yield f"{counted(real, 'file')} of the payload {_hold(real)} real records of the golden set."
    elif settings.real_records is RealRecords.USE:
        yield "No real record is in the payload: the golden set has none, or the strategy takes none."


def _on_room(settings: PayloadSettings, facts: ModelFacts) -> Iterator[str]:
    for case, fields in without_room(settings.strategy, facts):
        yield (
            f"The case {case} leaves out {listed(fields)}: a text at that limit has more than the "
            f"{MAX_CELL_CHARS:,} characters that a request may hold."
        )


def _hold(files: int) -> str:
    return "holds" if files == 1 else "hold"


def _on_settings(settings: PayloadSettings) -> Iterator[str]:
    if settings.is_default and (settings.samples or 1) > 1:
        yield "All samples of the strategy default are equal."
    if settings.has_own_cases and settings.fields:
        yield f"Values of single fields are not in the samples of the strategy {settings.strategy}."
    has_defaults = settings.default_text_value is not None or settings.default_numeric_value != 0
    if has_defaults and not settings.is_default:
        yield "Defaults of numbers and texts are in the samples of the strategy default alone."
