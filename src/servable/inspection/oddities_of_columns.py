"""Oddities of fields and columns: what a request must hold, and whether the model reads it."""

from collections import Counter
from collections.abc import Iterator

from servable.inspection.oddity import Oddity, fields, note, warning
from servable.schema import Kind
from servable.scorer import Scorer
from servable.wording import listed


def oddities_of_columns(scorer: Scorer) -> Iterator[Oddity]:
    """Repeated columns, names with blanks, fields that are not read, numbers without an imputation value."""
    yield from _repeated(scorer)
    yield from _blank(scorer)
    yield from _unread(scorer)
    yield from _not_imputed(scorer)


def _repeated(scorer: Scorer) -> Iterator[Oddity]:
    columns = scorer.schema.csv_columns or ()
    repeated = [name for name, times in Counter(columns).items() if times > 1]
    if repeated:
        yield warning(
            "columns.repeated",
            f"csv {'column' if len(repeated) == 1 else 'columns'} {listed(repeated)}",
            "listed more than once; in a CSV without a header the last cell of a name counts, and the others "
            "change no score",
            names=repeated,
        )


def _blank(scorer: Scorer) -> Iterator[Oddity]:
    blank = [name for name in scorer.schema.names() if name != name.strip()]
    if blank:
        yield warning(
            "field.blank",
            fields(blank),
            "a blank at an end belongs to the name, and a request that leaves it out is refused",
            names=blank,
        )


def _unread(scorer: Scorer) -> Iterator[Oddity]:
    artifact = scorer.artifact
    read = {*artifact.features, *(text.field for text in artifact.texts)}
    unread = [name for name in scorer.schema.names() if name not in read]
    with_table = [name for name in unread if name in artifact.risk_tables]
    if with_table:
        yield warning(
            "field.table-without-effect",
            fields(with_table),
            "the risk table has no effect, because the network does not read the field: every request must "
            "have it, and it changes no score",
            names=with_table,
        )
    without = [name for name in unread if name not in artifact.risk_tables]
    if without:
        yield note(
            "field.unread",
            fields(without),
            "the model does not read it: every request must have it, and it changes no score",
            names=without,
        )


def _not_imputed(scorer: Scorer) -> Iterator[Oddity]:
    artifact = scorer.artifact
    without = [
        name
        for name in scorer.schema.names(Kind.NUMERIC)
        if name in artifact.features and name not in artifact.imputation
    ]
    if without and artifact.texts:
        yield warning(
            "imputation.none",
            "imputation",
            f"there is no value for {listed(without)}, so a missing number is 0.0 to the network",
            names=without,
        )
    elif without:
        yield note(
            "imputation.none",
            "imputation",
            f"there is no value for {listed(without)}, so a missing number stays missing, "
            "and each tree goes the way that it learned for missing ones",
            names=without,
        )
    strays = [name for name in artifact.imputation if name not in scorer.schema.names()]
    if strays:
        yield note(
            "imputation.no-field",
            "imputation",
            f"there are values for {listed(strays)}, which no field is called: they change no score",
            names=strays,
        )
