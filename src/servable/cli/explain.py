"""`servable explain`."""

import json
import sys
from functools import partial
from pathlib import Path

import click

from servable.cli.options import ALLOW_DOWNLOAD, ARTIFACT, AS_JSON, COLUMNS, DEVICE, ON_DAMAGE
from servable.cli.pages import HTML, require_page, write_page
from servable.cli.progress import progress

_PARTED = 1


@click.command("explain")
@ARTIFACT
@click.argument("record", metavar="RECORD", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--record", "number", type=click.IntRange(min=0), help="Row of a table, counted from 0.")
@click.option("--id", "identity", help="Row of a table by its id, where ARTIFACT names a column of ids.")
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    metavar="B",
    help="Another artifact: at which step do the ways of the record part?",
)
@click.option(
    "--expected",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What the training side has for the record: JSON, or what `servable predict` wrote.",
)
@click.option(
    "--rows",
    type=click.IntRange(min=1),
    default=200,
    show_default=True,
    help="Of a table, how many rows are asked which fields move their scores.",
)
@COLUMNS
@DEVICE
@ON_DAMAGE
@ALLOW_DOWNLOAD
@HTML
@AS_JSON
def command(
    artifact: Path,
    record: Path,
    number: int | None,
    identity: str | None,
    against: Path | None,
    expected: Path | None,
    rows: int,
    columns: Path | None,
    device: str,
    on_damage: str,
    allow_download: bool,
    html: Path | None,
    as_json: bool,
) -> int:
    """Show what ARTIFACT sees of RECORD, step by step, and which fields move its score.

    RECORD is a file with one record (.json, .ndjson, .csv or .parquet), a row of one (`--record` or
    `--id`), or `-` for a JSON object on standard input. Of a file with several records and no row named,
    only the fields that move the scores are shown.

    What moves a score: each field in turn is taken away (a number to its imputation value, a category to
    the default bin, a text to the empty one). That says what this model makes of a field. It is no
    statement about causes, and fields that say the same share what they add.

    The text, the JSON and the page hold the record itself, texts included.

    FILE of `--expected` is `{"raw": [...], "calibrated": [...]}` with a score for each class (of two, the one
    of class 1 will do), and with what the network read, if you have it: `"inputs": {"texts": {"review":
    [[101, 2023, 102]]}, "tabular": {"age": 39}}`, token ids by chunk and numbers by field or as a list in
    the model's order. Numbers count as equal within 1e-5. Of a file with several rows, the one of the
    record's number is taken if it has the record's id, else the only one that has it.

    Exit code 1 with `--against` or `--expected`: something parts; 0: nothing does.

    \b
    Example:
      servable explain model.tar.gz record.json
      servable explain model.tar.gz reviews.csv --record 17 --html record.html
      servable explain model.tar.gz reviews.csv --id o17 --against retrained.tar.gz
      servable explain model.tar.gz record.json --expected training-side.json
      servable explain model.tar.gz reviews.csv --rows 500
    """
    if html is not None:
        require_page(html, inputs=[artifact, record, against, expected])
    if number is not None and identity is not None:
        raise click.UsageError("--record and --id both choose a row: give one of them")
    if against is not None and expected is not None:
        raise click.UsageError("--against and --expected are two comparisons: ask for one of them")
    from servable.artifact import is_lone_booster  # noqa: PLC0415  # numpy
    from servable.evaluate import (  # noqa: PLC0415  # numpy
        OtherModel,
        Place,
        RecordReport,
        explain,
        explanation_lines,
        given_of_json,
        read_given,
    )
    from servable.scorer import load  # noqa: PLC0415  # the same

    open_model = partial(load, on_damage=on_damage, device=device, allow_download=allow_download)
    models = [artifact, *([] if against is None else [against])]
    # a list of columns is for a booster alone; where there is none, whoever reads the list says so
    alone = [path for path in models if columns is not None and is_lone_booster(path)] or models
    scorer, *others = (open_model(path, columns=columns if path in alone else None) for path in models)
    other = None if against is None else OtherModel(scorer=others[0], file=against.name)
    is_piped = str(record) == "-"
    given = (
        given_of_json(sys.stdin.buffer.read(), scorer.artifact)
        if is_piped
        else read_given(record, scorer.artifact)
    )
    is_named = number is not None or identity is not None
    with progress() as report:
        found = explain(
            scorer,
            given,
            file=artifact.name,
            place=Place(number=number, identity=identity) if is_named else None,
            against=other or expected,
            rows=rows,
            progress=report,
        )
    plain = found.to_plain()
    if html is not None:
        from servable.evaluate.explain.page import explanation_page  # noqa: PLC0415  # jinja2

        write_page(html, explanation_page(found), plain)
    click.echo(json.dumps(plain, indent=2) if as_json else "\n".join(explanation_lines(found)))
    comparison = found.comparison if isinstance(found, RecordReport) else None
    return 0 if comparison is None or comparison.is_equal else _PARTED
