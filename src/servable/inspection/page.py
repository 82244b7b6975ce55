"""A description as a page for people. It holds no record: of golden records only their scores are drawn."""

from typing import Final

from servable.inspection.description import Description
from servable.inspection.lines import golden_in_words
from servable.inspection.oddity import Weight
from servable.inspection.page_facts import engine, fields, files, origin, texts
from servable.inspection.page_figures import calibration, golden, risks
from servable.report import (
    Banner,
    Block,
    Cell,
    Page,
    Paragraph,
    Points,
    Section,
    Tone,
    render,
)
from servable.schema import Kind
from servable.scorer import Scorer
from servable.wording import counted

_SHORT_DIGEST: Final = 17  # "sha256:" and 10 digits
_NOUNS: Final = {
    Kind.NUMERIC: ("number", "numbers"),
    Kind.CATEGORICAL: ("category", "categories"),
    Kind.TEXT: ("text", "texts"),
}


def description_page(scorer: Scorer, description: Description) -> str:
    """The page as one HTML file, the same bytes for the same artifact.

    Args:
        scorer: of the artifact; its tables and its calibrator are drawn.
        description: of the same.
    """
    return render(
        Page(
            title=f"{description.name}, inspection of an artifact",
            banner=_banner(description),
            sections=(
                _warnings(description),
                *_notes(description),
                Section(
                    title="Fields",
                    lead="What a record must hold, and what the model reads of it.",
                    blocks=fields(description),
                ),
                *_section(
                    "Texts",
                    "From a text to the tokens that the encoder reads.",
                    texts(description),
                ),
                *_section(
                    "Risk tables",
                    "The number by which the model knows a category. The dashed line is the number of one "
                    "that training did not see; shown are those furthest from it.",
                    risks(scorer),
                ),
                Section(
                    title="Calibration",
                    lead="What becomes of a raw score. Where the line is steep, small differences between "
                    "raw scores become large ones.",
                    blocks=calibration(scorer, description),
                ),
                Section(
                    title="Golden records",
                    lead="Requests with their right answers, which a proof replays.",
                    blocks=golden(scorer, description),
                ),
                Section(
                    title="Engine and files",
                    lead="What computes the scores, and everything that belongs to it.",
                    blocks=(engine(description), files(description)),
                ),
                Section(
                    title="Where this comes from",
                    lead="The digest stands for the whole artifact, in proofs and at an endpoint's address.",
                    blocks=origin(description),
                ),
            ),
            footer="Drawn from the artifact's own files. It tells what they hold and what follows for "
            "scores, not whether the model is a good one.",
        )
    )


def _banner(description: Description) -> Banner:
    warned = [oddity for oddity in description.oddities if oddity.weight is Weight.WARNING]
    is_odd = bool(warned or description.degradations)
    return Banner(
        kicker="Inspection of an artifact",
        verdict=description.name,
        is_named=True,
        tone=Tone.UNSURE if is_odd else Tone.PLAIN,
        meaning=_meaning(len(description.degradations), len(warned)),
        sentence=f"{_family(description)}; a record has {_fields_in_words(description)}.",
        facts=(
            ("Layout", Cell(text=str(description.layout))),
            ("Family", Cell(text=description.family)),
            (
                "Calibrator",
                Cell(
                    text="none" if description.calibrator is None else description.calibrator.kind,
                    note="calibrated scores are the raw ones" if description.calibrator is None else "",
                ),
            ),
            ("Golden records", Cell(text=golden_in_words(description.golden))),
            (
                "Digest",
                Cell(text=f"{description.digest[:_SHORT_DIGEST]}\N{HORIZONTAL ELLIPSIS}", is_code=True),
            ),
        ),
    )


def _meaning(degradations: int, warnings: int) -> str:
    said = [
        *([f"{counted(degradations, 'degradation')}"] if degradations else []),
        *([f"{counted(warnings, 'warning')}"] if warnings else []),
    ]
    return f"{' and '.join(said)}: read them before you trust a score." if said else ""


def _family(description: Description) -> str:
    kind = "A text network" if description.is_network else "Trees"
    return f"{kind} for {counted(len(description.classes), 'class', 'classes')}"


def _fields_in_words(description: Description) -> str:
    kinds = [field.kind for field in description.fields]
    parts = [
        counted(kinds.count(kind), *nouns).replace(" ", "\N{NO-BREAK SPACE}")
        for kind, nouns in _NOUNS.items()
        if kind in kinds
    ]
    said = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    return f"{counted(len(kinds), 'field')}: {said}" if len(parts) > 1 else said


def _warnings(description: Description) -> Section:
    warned = [item.sentence for item in description.oddities if item.weight is Weight.WARNING]
    blocks: list[Block] = []
    if description.degradations:
        blocks.append(Paragraph(text="Passed over, because damage was tolerated:", tone=Tone.UNSURE))
        blocks.append(Points(items=description.degradations))
    if warned:
        blocks.append(Points(items=tuple(warned)))
    return Section(
        title="Warnings",
        lead="Each may mean that a score is not what you think it is.",
        blocks=tuple(blocks) or (Paragraph(text="None found."),),
    )


def _notes(description: Description) -> tuple[Section, ...]:
    notes = [item.sentence for item in description.oddities if item.weight is Weight.NOTE]
    items = (*notes, *description.remarks)
    return _section(
        "Good to know",
        "Sound, and yet not what everybody expects. Most of it is kept because the model was trained so.",
        (Points(items=items),) if items else (),
    )


def _section(title: str, lead: str, blocks: tuple[Block, ...]) -> tuple[Section, ...]:
    return (Section(title=title, lead=lead, blocks=blocks),) if blocks else ()
