"""A comparison of two artifacts as a page for people; records' own cells only if they were asked for."""

from typing import Final

from servable.evaluate.diff.about import Facts as ArtifactFacts
from servable.evaluate.diff.diff import Diff
from servable.evaluate.diff.lines import Part, parts_of
from servable.evaluate.diff.page_parts import (
    about_blocks,
    calibrator_blocks,
    change_blocks,
    field_blocks,
    golden_blocks,
    table_blocks,
    text_blocks,
)
from servable.evaluate.diff.page_scores import moved_records, score_blocks
from servable.evaluate.diff.page_weights import weight_blocks
from servable.evaluate.diff.verdict import DiffVerdict
from servable.report import Banner, Block, Cell, Page, Paragraph, Points, Section, Tone, render

_SHORT_DIGEST: Final = 17  # "sha256:" and 10 digits
_TONES: Final = {
    DiffVerdict.SAME_ARTIFACT: Tone.GOOD,
    DiffVerdict.SAME_SCORES: Tone.GOOD,
    DiffVerdict.ROUNDING: Tone.GOOD,
    DiffVerdict.MOVED: Tone.UNSURE,
    DiffVerdict.NOT_COMPARED: Tone.VOID,
}
_LEADS: Final = {
    "fields": "What a record must hold, and how it is read.",
    "texts": "From a text to the tokens that the model reads.",
    "tables": "The numbers by which the models know categories and missing numbers. Where there is no bin, "
    "the number of an unknown category counts.",
    "weights": "What the models compute with.",
    "calibrator": "The two calibrators as functions of a raw score, laid out evenly on the logit scale.",
    "engine": "What computes the scores.",
    "golden records": "Requests with their right answers, which a proof replays.",
    "about": "Name, profile, libraries, and what is odd.",
}


def diff_page(found: Diff) -> str:
    """The page as one HTML file, the same bytes for the same comparison."""
    blocks = {
        "fields": field_blocks(found.fields),
        "texts": text_blocks(found.texts),
        "tables": table_blocks(found.tables),
        "weights": weight_blocks(found.weights),
        "calibrator": calibrator_blocks(found.calibrators),
        "engine": change_blocks(found.engine, caption="Engine"),
        "golden records": golden_blocks(found.golden),
        "about": about_blocks(found.about, found.files),
    }
    parts = parts_of(found)
    differing = sorted((part for part in parts if not part.is_equal), key=lambda part: not part.moves_scores)
    return render(
        Page(
            title=f"{found.verdict}: {found.a.name} and {found.b.name}, comparison of two artifacts",
            banner=_banner(found),
            sections=(
                *_scores(found),
                *(_section(part, blocks[part.title]) for part in differing),
                *_equal(parts),
            ),
            footer="Drawn from the files of both artifacts, and from their scores of the same records. It "
            "tells what differs, not which of the two is the better one.",
        )
    )


def _banner(found: Diff) -> Banner:
    return Banner(
        kicker="Comparison of two artifacts",
        verdict=f"{found.verdict[:1].upper()}{found.verdict[1:]}",
        is_named=True,
        tone=_tone(found),
        sentence=found.sentence,
        facts=(
            *_side("A", found.a),
            *_side("B", found.b),
            *((("Records", Cell(text=found.scores.said)),) if found.scores is not None else ()),
        ),
    )


def _tone(found: Diff) -> Tone:
    """Equal scores are good news only if nothing differs that can move others."""
    return Tone.UNSURE if found.moves_scores and found.scores is not None else _TONES[found.verdict]


def _side(name: str, facts: ArtifactFacts) -> tuple[tuple[str, Cell], ...]:
    digest = f"{facts.digest[:_SHORT_DIGEST]}\N{HORIZONTAL ELLIPSIS}"
    return (
        (name, Cell(text=facts.name, note=f"{facts.family}, {facts.layout}")),
        (f"Digest of {name}", Cell(text=digest, is_code=True)),
    )


def _scores(found: Diff) -> tuple[Section, ...]:
    if found.scores is None:
        reason = Paragraph(text=f"Scores were not compared: {found.not_scored}.", tone=Tone.UNSURE)
        return (Section(title="How scores move", blocks=(reason,)),)
    scores = Section(
        title="How scores move",
        lead="Changes are B minus A, on the same records.",
        blocks=score_blocks(found.scores),
    )
    moved = moved_records(found.scores)
    if not moved:
        return (scores,)
    lead = "Where the two part: at what the models read, at the model, or at the calibrator."
    return (scores, Section(title="Records that move most", lead=lead, blocks=moved))


def _section(part: Part, blocks: tuple[Block, ...]) -> Section:
    suffix = "" if part.moves_scores else " It moves no score."
    return Section(
        title=f"{part.title[:1].upper()}{part.title[1:]}", lead=f"{_LEADS[part.title]}{suffix}", blocks=blocks
    )


def _equal(parts: tuple[Part, ...]) -> tuple[Section, ...]:
    same = tuple(part.equal for part in parts if part.is_equal)
    if not same:
        return ()
    return (Section(title="The same in both", blocks=(Points(items=same),)),)
