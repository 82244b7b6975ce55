"""Samples in every content type that carries them exactly, by the rendering of the script."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from servable.payload import script
from servable.payload.rendering import NumberForm, Renderer
from servable.payload.samples import Body, Sample
from servable.schema import Schema


@dataclass(slots=True, kw_only=True)
class Counts:
    """What was noticed of the bodies that have been made so far.

    Attributes:
        left_out: content type -> samples that it cannot carry exactly.
        line_breaks: content type of a CSV -> bodies in which a cell holds a line break.
    """

    left_out: Counter[str] = field(default_factory=Counter)
    line_breaks: Counter[str] = field(default_factory=Counter)


def bodies_of(
    samples: Iterable[Sample | Body],
    *,
    schema: Schema,
    content_types: Sequence[str],
    numbers: NumberForm = NumberForm.STRINGS,
    counts: Counts | None = None,
) -> Iterator[Body]:
    """The samples in these content types, one after the other, as they are asked for.

    A sample is left out of a content type that does not carry its records exactly, and counted. What is a
    body already stays as it is, if its content type is among those asked for.

    Args:
        samples: of records that the schema binds.
        schema: names the fields, and the columns of a CSV.
        content_types: keys of `script.CONTENT_TYPES`.
        numbers: how JSON writes numbers.
        counts: grows with what was left out.
    """
    renderer = Renderer(schema, numbers)
    counts = Counts() if counts is None else counts
    for sample in samples:
        if isinstance(sample, Body):
            if sample.content_type in content_types:
                yield sample
            continue
        rendered = renderer.forms_of(sample)
        for content_type in content_types:
            data = renderer.data(rendered, content_type)
            if data is None:
                counts.left_out[content_type] += 1
                continue
            if content_type in (script.CSV, script.CSV_WITH_HEADER) and rendered.has_line_breaks:
                counts.line_breaks[content_type] += 1
            yield Body(case=sample.case, content_type=content_type, data=data, records=len(sample.records))
