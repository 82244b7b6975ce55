"""`servable payload`."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from servable.cli.export_script import export_script
from servable.cli.options import ALLOW_DOWNLOAD, ARTIFACT, AS_JSON, COLUMNS, ON_DAMAGE, output
from servable.cli.payload_telling import told_json, told_lines
from servable.cli.progress import progress

if TYPE_CHECKING:
    from servable.payload import Places, Uploader

_STRATEGIES = ("default", "typical", "realistic", "boundary", "hostile")
_DRAWN = "realistic"


class _Payload(click.Command):
    """`payload ARTIFACT`, but for the one word that stands for another command."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        if args[:1] == [export_script.name]:
            return export_script.make_context(f"{info_name} {export_script.name}", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


@click.command("payload", cls=_Payload)
@ARTIFACT
@output("Archive to write, ending in .tar.gz or .tgz.")
@click.option(
    "--content-types",
    default="application/json",
    show_default=True,
    help="Each sample in each of these, separated by commas: application/json, application/x-ndjson, "
    "application/jsonlines, text/csv, text/csv;header=present, application/x-parquet.",
)
@click.option(
    "--archive-per-content-type",
    is_flag=True,
    help="An archive for each content type: payload_application_json.tar.gz and so on.",
)
@click.option(
    "--strategy",
    type=click.Choice(_STRATEGIES),
    default="default",
    show_default=True,
    help="What samples are made of: default, constants; typical, the most usual values; realistic, draws "
    "from what ARTIFACT recorded of its data; boundary, the limits of what is legal; hostile, legal requests "
    "that a careless endpoint stumbles over, one for each hazard. Realistic draws each field by itself, so "
    "what goes together in the data does not in a sample.",
)
@click.option(
    "--samples",
    type=click.IntRange(min=1),
    help="How many; boundary and hostile have as many as they have cases.  [default: 1]",
)
@click.option("--seed", type=click.IntRange(min=0), help="Of the draws of realistic.  [default: 0]")
@click.option(
    "--sample",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Records of your own instead: a .json, .ndjson, .csv or .parquet, or a folder of these.",
)
@click.option(
    "--real-records",
    is_flag=True,
    help="Let realistic begin with the real golden records of ARTIFACT, which may be somebody's data.",
)
@click.option("--typed", is_flag=True, help="Write numbers in JSON as numbers.  [default: as strings]")
@click.option(
    "--default-numeric-value", default=0.0, show_default=True, help="Of every number, with `default`."
)
@click.option(
    "--default-text-value",
    help="Of every text and category, with `default`.  [default: DEFAULT_TEXT for a category, for a text one "
    "of which the model's own text steps leave something]",
)
@click.option(
    "--field-default",
    "field_defaults",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Value of one field, as it stands. Repeatable.",
)
@click.option(
    "--special-field",
    "special_fields",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Value of one text or category; {timestamp} is replaced. Wins over --field-default. Repeatable.",
)
@click.option(
    "--golden",
    is_flag=True,
    help="Write golden.tar.gz beside the archive: the right answer to each file, and illegal requests with "
    "the status that each must get. `servable prove --golden` takes it.",
)
@click.option(
    "--reference",
    type=click.Path(path_type=Path),
    metavar="TRAINING_OUTPUT",
    help="What ARTIFACT was packed from: its own engine gives the golden answers.  [default: ARTIFACT's]",
)
@click.option(
    "--to",
    metavar="S3_URI",
    help="Upload the archive to s3://bucket/key; to a key that ends in / the file's name is added, and "
    "several archives need one. Golden answers stay here. Needs the extra `aws`.",
)
@ON_DAMAGE
@ALLOW_DOWNLOAD
@COLUMNS
@AS_JSON
def command(
    artifact: Path,
    output: Path,
    content_types: str,
    archive_per_content_type: bool,
    strategy: str,
    samples: int | None,
    seed: int | None,
    sample: Path | None,
    real_records: bool,
    typed: bool,
    default_numeric_value: float,
    default_text_value: str | None,
    field_defaults: tuple[str, ...],
    special_fields: tuple[str, ...],
    golden: bool,
    reference: Path | None,
    to: str | None,
    on_damage: str,
    allow_download: bool,
    columns: Path | None,
    as_json: bool,
) -> None:
    """Derive sample requests from ARTIFACT, each of them legal, and pack them for whoever tests an endpoint.

    A sample that a content type cannot carry exactly is left out of it. SOURCE_DATE_EPOCH, where it is set,
    is the time of {timestamp}, in UTC.

    `servable payload export-script` writes the script that makes the samples of `default` in a container. An
    artifact of that name is ./export-script.

    \b
    Example:
      servable payload model.tar.gz -o payload.tar.gz --content-types application/json,text/csv
      servable payload model.tar.gz -o payload.tar.gz --strategy realistic --samples 100 --seed 1
      servable payload model.tar.gz -o payload.tar.gz --strategy hostile --golden --reference trained
      servable payload model.tar.gz -o payload.tar.gz --to s3://bucket/reviews/payload.tar.gz
      servable payload export-script -o payload.py
    """
    types = [part.strip() for part in content_types.split(",")]
    if "" in types:
        raise click.UsageError("`--content-types` has an empty entry; name a content type there, or none")
    if seed is not None and (strategy != _DRAWN or sample is not None):
        raise click.UsageError(f"`--seed` is of the draws of `--strategy {_DRAWN}`; nothing else is drawn")
    if reference is not None and not golden:
        raise click.UsageError("`--reference` gives golden answers; pass `--golden` with it")
    values, templates = _pairs("--field-default", field_defaults), _pairs("--special-field", special_fields)
    from servable.artifact import OnDamage, TokenizerSearch  # noqa: PLC0415  # numpy
    from servable.payload import (  # noqa: PLC0415  # the same
        ArchiveLayout,
        NumberForm,
        Places,
        RealRecords,
        Strategy,
        generate,
        write_golden,
    )

    layout = ArchiveLayout.PER_CONTENT_TYPE if archive_per_content_type else ArchiveLayout.ONE
    places = Places.of(output, content_types=types, layout=layout)
    places.require_apart([artifact, sample, reference], has_golden=golden)
    uploader = None if to is None else _uploader(to, places)
    with progress() as report:
        made = generate(
            artifact,
            output,
            content_types=types,
            strategy=Strategy(strategy),
            samples=samples,
            seed=seed or 0,
            numbers=NumberForm.NUMBERS if typed else NumberForm.STRINGS,
            sample=sample,
            layout=layout,
            default_numeric_value=default_numeric_value,
            default_text_value=default_text_value,
            field_defaults=values,
            special_fields=templates,
            timestamp=_timestamp(),
            real_records=RealRecords.USE if real_records else RealRecords.LEAVE_OUT,
            on_damage=OnDamage(on_damage),
            tokenizers=TokenizerSearch.of(os.environ, allow_download=allow_download),
            columns=columns,
            progress=report,
        )
        answers = [
            write_golden(
                archive,
                artifact,
                reference=reference,
                output=places.golden_of(archive),
                cases=made.cases,
                on_damage=OnDamage(on_damage),
                allow_download=allow_download,
                columns=columns,
                progress=report,
            )
            for archive in made.archives
            if golden
        ]
    uploads = () if uploader is None else uploader.upload(made.archives)
    click.echo((told_json if as_json else told_lines)(made, answers, uploads))


def _pairs(option: str, texts: Sequence[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        field, equals, value = text.partition("=")
        if not equals:
            raise click.BadParameter(f"expected FIELD=VALUE, found {text!r}", param_hint=option)
        if field in pairs:
            raise click.BadParameter(f"expected each field once, found {field!r} twice", param_hint=option)
        pairs[field] = value
    return pairs


def _timestamp() -> str | None:
    """The time of SOURCE_DATE_EPOCH, which stands for the clock wherever something is built."""
    from servable.payload import script  # noqa: PLC0415  # only where it is used

    try:
        epoch_s = script.source_date_epoch_s(os.environ)
    except script.SettingError as error:
        raise click.UsageError(str(error)) from error
    return None if epoch_s is None else script.current_timestamp(epoch_s)


def _uploader(uri: str, places: "Places") -> "Uploader":
    """The connection to S3, once it is clear that the archives have keys there."""
    from servable.payload import Destination, Uploader  # noqa: PLC0415  # boto3, which is an extra

    destination = Destination.of(uri)
    destination.keys(places.archives)
    return Uploader(destination)
