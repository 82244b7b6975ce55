"""An evaluation as a page for people. Every number of it stands in `Evaluation.to_plain()`."""

from typing import Final

from servable.evaluate.evaluation.evaluation import Evaluation
from servable.evaluate.evaluation.page_cells import estimate_cell
from servable.evaluate.evaluation.page_figures import calibration_figures, ranking_figures
from servable.evaluate.evaluation.page_rows import (
    against_table,
    classes_table,
    slices_table,
    thresholds_table,
)
from servable.evaluate.evaluation.page_tables import brier_table, calibration_table, figures_table
from servable.metrics import LITTLE_SKILL
from servable.report import (
    Banner,
    Block,
    Cell,
    Facts,
    Page,
    Paragraph,
    Points,
    Section,
    Tone,
    confusion_table,
    count,
    render,
    share,
)
from servable.wording import capital

_MOST_SENTENCES: Final = 3
"""In the banner; the others stand below."""


def evaluation_page(evaluation: Evaluation) -> str:
    """The page as one HTML file, the same bytes for the same evaluation."""
    return render(
        Page(
            title=f"{evaluation.headline}, evaluation on {evaluation.data.table}",
            banner=banner(evaluation),
            sections=(
                *_warnings(evaluation),
                *_more_sentences(evaluation),
                Section(
                    title="Figures",
                    lead="Of the raw and of the calibrated scores, each with its 95 % interval, beside what "
                    "answering the base rate to every row would come to.",
                    blocks=(figures_table(evaluation), *brier_table(evaluation)),
                ),
                Section(
                    title="Ranking",
                    lead="How well scores put rows of a class before the others, at every threshold.",
                    blocks=ranking_figures(evaluation),
                ),
                Section(
                    title="Calibration",
                    lead="Whether a score is the share of the class among the rows that have it. Chance "
                    "alone gives a perfectly calibrated model an error, the larger the fewer rows there are.",
                    blocks=(*calibration_figures(evaluation), calibration_table(evaluation)),
                ),
                Section(
                    title="Answers",
                    lead="A model answers the label of its highest raw score.",
                    blocks=_answers(evaluation),
                ),
                *_slices(evaluation),
                *_against(evaluation),
                Section(
                    title="Where this comes from",
                    lead="The same model, table and seed give the same page.",
                    blocks=(_origin(evaluation),),
                ),
            ),
            footer="Every number of this page stands in the JSON file beside it. Intervals are of 95 %, by "
            "the bootstrap; those of single bins by Wilson.",
        )
    )


def banner(evaluation: Evaluation) -> Banner:
    """What the page begins with."""
    data, figures = evaluation.data, evaluation.figures
    part = "" if data.part is None else f", part {data.part}"
    return Banner(
        kicker=f"Evaluation on {data.table}{part}",
        verdict=evaluation.model.name,
        is_named=True,
        tone=_tone(evaluation),
        meaning="" if not evaluation.warnings else "Read the warnings before you trust a figure.",
        sentence=f"{evaluation.headline}.",
        reasons=tuple(map(_said, evaluation.sentences[:_MOST_SENTENCES])),
        facts=(
            ("Rows", Cell(text=count(data.rows), value=data.rows)),
            ("AUC", estimate_cell(figures.auc)),
            *_probability_facts(evaluation),
            ("Accuracy of the label", estimate_cell(evaluation.accuracy, said=share)),
        ),
    )


def _tone(evaluation: Evaluation) -> Tone:
    found = evaluation.figures.probability
    if found is None:
        return Tone.PLAIN
    if found.log_loss_skill.is_below(0):
        return Tone.BAD
    if (
        evaluation.warnings
        or not found.log_loss_skill.is_above(0)
        or found.log_loss_skill.value < LITTLE_SKILL
    ):
        return Tone.UNSURE
    return Tone.GOOD


def _probability_facts(evaluation: Evaluation) -> tuple[tuple[str, Cell], ...]:
    found = evaluation.figures.probability
    if found is None:
        return ()
    verdict = "consistent" if found.calibration[0].is_consistent else "not consistent"
    return (
        ("Log-loss", estimate_cell(found.log_loss)),
        ("Log-loss skill", estimate_cell(found.log_loss_skill, said=share)),
        ("Calibration", Cell(text=verdict, note=f"{evaluation.judged} scores, at 95 %")),
    )


def _warnings(evaluation: Evaluation) -> tuple[Section, ...]:
    if not evaluation.warnings:
        return ()
    lead = "Each may mean that a figure is not what it seems."
    items = tuple(map(_said, evaluation.warnings))
    return (Section(title="Warnings", lead=lead, blocks=(Points(items=items),)),)


def _more_sentences(evaluation: Evaluation) -> tuple[Section, ...]:
    items = tuple(map(_said, evaluation.sentences[_MOST_SENTENCES:]))
    if not items:
        return ()
    return (Section(title="Good to know", lead="Beside what stands above.", blocks=(Points(items=items),)),)


def _answers(evaluation: Evaluation) -> tuple[Block, ...]:
    classes = evaluation.classes
    matrix = confusion_table(
        evaluation.confusion,
        classes=classes,
        title="Confusion",
        caption="Rows by class and by answered label",
    )
    if len(classes) > 2:
        return classes_table(evaluation.of_classes), matrix
    return thresholds_table(evaluation.thresholds), matrix


def _slices(evaluation: Evaluation) -> tuple[Section, ...]:
    slices = evaluation.slices
    if slices is None:
        return ()
    lead = (
        "Each slice beside all rows. Log-loss depends on the share of the classes, so that a slice whose "
        "share differs may differ in it and be as good."
    )
    blocks = (Paragraph(text=_said(slices.sentence)), slices_table(evaluation, slices))
    return (Section(title="Slices", lead=lead, blocks=blocks),)


def _against(evaluation: Evaluation) -> tuple[Section, ...]:
    against = evaluation.against
    if against is None:
        return ()
    lead = "Two models err on the same hard rows, so that the difference is surer than either figure."
    blocks = (Paragraph(text=_said(against.sentence)), against_table(against))
    return (Section(title=f"Beside {against.titles[1]}", lead=lead, blocks=blocks),)


def _origin(evaluation: Evaluation) -> Facts:
    model, data, against = evaluation.model, evaluation.data, evaluation.against
    grouping = data.grouping
    return Facts(
        items=(
            ("Model", Cell(text=model.name, note=model.family)),
            ("Digest", Cell(text=model.digest, is_code=True)),
            ("Calibrator", Cell(text=model.calibrator or "none")),
            *(
                ()
                if against is None
                else (("Digest of the other model", Cell(text=against.digest, is_code=True)),)
            ),
            ("Table", Cell(text=data.table, note=f"label {data.label}")),
            *(
                (f"Rows of class {name}", Cell(text=count(rows), value=rows, note=share(of_all)))
                for name, rows, of_all in zip(
                    evaluation.classes, data.rows_of_class, evaluation.base.shares, strict=True
                )
            ),
            ("Rows without a label", Cell(text=count(data.unlabelled), value=data.unlabelled)),
            (
                "Groups",
                Cell(text="none")
                if grouping is None
                else Cell(text=count(grouping.groups), value=grouping.groups, note=grouping.column),
            ),
            ("Draws", Cell(text=count(evaluation.draws), value=evaluation.draws)),
            ("Seed", Cell(text=str(evaluation.seed), value=evaluation.seed)),
        )
    )


def _said(sentence: str) -> str:
    return f"{capital(sentence)}."
