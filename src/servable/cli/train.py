"""`servable train`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from servable.cli.options import AS_JSON, names, output
from servable.cli.progress import progress

if TYPE_CHECKING:
    from servable.train import NetworkSettings

# option -> its type, what it means, and the family's own default, which a test compares
_TREES = {
    "max_depth": (int, "Depth of a tree.", "6"),
    "eta": (float, "Learning rate.", "0.1"),
    "num_round": (int, "Trees at most.", "500"),
    "early_stopping_rounds": (int, "Rounds without a better validation log-loss.", "25"),
}
_NETWORK = {
    "max_sen_len": (int, "Tokens of a text that are read.", "128"),
    "batch_size": (int, "Rows of one step.", "32"),
    "max_epochs": (int, "Passes over the training rows at most.", "3"),
    "patience": (int, "Epochs without a better validation log-loss.", "1"),
    "lr": (float, "Learning rate of the encoder.", "5e-05"),
    "head_lr": (float, "Learning rate of the new layers.", "0.001"),
    "freeze_layers": (int, "Encoder layers left as they are, beside the embeddings.", "train all"),
    "precision": (click.Choice(["auto", "fp32", "bf16"]), "Of the encoder in training.", "auto"),
    "threads": (int, "Threads of training.", "torch's own choice"),
    "accelerator": (str, "Where to train, as Lightning names it: cpu, gpu, ...", "auto"),
    "devices": (int, "How many of them.", "1"),
}


def _settings(verb: Any) -> Any:
    """An option for each hyperparameter; left out, the family's own default holds."""
    for family, table in (("xgboost", _TREES), ("bimodal_bert", _NETWORK)):
        for name, (kind, text, default) in reversed(table.items()):
            described = f"{text}  [{family}; default: {default}]"
            verb = click.option(f"--{name.replace('_', '-')}", type=kind, help=described)(verb)
    return verb


@click.command("train")
@click.argument("table", type=click.Path(path_type=Path))
@click.option("--label", required=True, help="Column to predict; it must have two classes.")
@click.option(
    "--family", type=click.Choice(["xgboost", "bimodal_bert"]), required=True, help="What to train."
)
@output("Folder to write; it must not exist yet, or be empty.")
@click.option("--text", help="Columns of text, separated by commas; several are joined into one field.")
@click.option("--encoder", help="Pretrained encoder of the texts: folder, package or name of the hub.")
@click.option("--allow-download", is_flag=True, help="Fetch the encoder from the hub if it is not here.")
@click.option("--id", "id_column", help="Column that identifies a row: key of the split, echoed by predict.")
@click.option("--group", "group_column", help="Column whose rows stay in one part of the split.")
@click.option("--categorical", help="Columns of numbers that are categories, separated by commas.")
@click.option("--drop", help="Columns to leave out, separated by commas.")
@click.option("--sample", type=int, help="Training rows to use, drawn by the seed.  [default: all]")
@click.option("--name", help="Name of the model.  [default: the table's file name]")
@click.option(
    "--smooth-factor", default=0.01, show_default=True, help="Pseudo-rows of a risk table, as a share."
)
@click.option("--count-threshold", default=5, show_default=True, help="Rows that a category needs for a bin.")
@click.option("--seed", default=0, show_default=True, help="Seed of every draw.")
@_settings
@click.option(
    "--checkpoints",
    type=click.Path(path_type=Path),
    help="Folder of checkpoints to keep.  [default: OUTPUT.checkpoints, removed at the end]  [bimodal_bert]",
)
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint.  [bimodal_bert]")
@AS_JSON
def command(
    table: Path,
    label: str,
    family: str,
    output: Path,
    text: str | None,
    encoder: str | None,
    allow_download: bool,
    id_column: str | None,
    group_column: str | None,
    categorical: str | None,
    drop: str | None,
    sample: int | None,
    name: str | None,
    smooth_factor: float,
    count_threshold: int,
    seed: int,
    checkpoints: Path | None,
    resume: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    """Train a classifier on TABLE (.csv with a header, .ndjson, .json or .parquet).

    Rows are split by the hash of their key into train, valid, calib and test. Risk tables and
    imputation values are fitted on train, the number of trees or epochs is chosen on valid, the
    calibrator is fitted on calib, and the figures are taken on test.

    \b
    Example:
      servable train adult.parquet --label income --family xgboost -o trained
      servable train reviews.csv --label recommended --drop rating --family bimodal_bert \\
        --text title,review --encoder all-MiniLM-L6-v2/ --sample 6000 -o trained
    """
    from servable.train import TableSettings, XGBoostSettings, train  # noqa: PLC0415  # onnxruntime

    columns = TableSettings(
        label=label,
        id_column=id_column,
        group_column=group_column,
        text=names(text),
        categorical=names(categorical),
        drop=names(drop),
        sample=sample,
        smooth_factor=smooth_factor,
        count_threshold=count_threshold,
    )
    given = {key: value for key, value in settings.items() if value is not None}
    chosen: XGBoostSettings | NetworkSettings
    if family == "xgboost":
        _refuse_others(
            family,
            given.keys() & _NETWORK,
            text=text,
            encoder=encoder,
            allow_download=allow_download or None,
            checkpoints=checkpoints,
            resume=resume or None,
        )
        chosen = XGBoostSettings(seed=seed, **given)
    else:
        _refuse_others(family, given.keys() & _TREES)
        chosen = _network(given, encoder, output, checkpoints, seed, allow_download, resume)
    with progress() as report:
        result = train(
            table,
            output,
            columns=columns,
            settings=chosen,
            name=name,
            say=lambda sentence: click.echo(sentence, err=True),
            progress=report,
        )
    if as_json:
        click.echo(json.dumps(asdict(result) | {"output": str(output)}, indent=2))
    else:
        click.echo("\n".join(result.summary_lines()))


def _network(
    given: dict[str, Any],
    encoder: str | None,
    output: Path,
    checkpoints: Path | None,
    seed: int,
    allow_download: bool,
    resume: bool,
) -> "NetworkSettings":
    from servable.train import NetworkSettings, find_encoder  # noqa: PLC0415  # tokenizers

    if encoder is None:
        raise click.UsageError("family bimodal_bert needs `--encoder`, the folder of a pretrained encoder")
    return NetworkSettings(
        encoder=find_encoder(encoder, allow_download=allow_download),
        checkpoints=checkpoints or output.with_name(f"{output.name}.checkpoints"),
        keep_checkpoints=checkpoints is not None,
        resume=resume,
        seed=seed,
        **given,
    )


def _refuse_others(family: str, strange: set[str], **options: object) -> None:
    """A setting of another family would have no effect, and nobody would be told."""
    named = sorted(strange) + [name for name, value in options.items() if value is not None]
    if named:
        listed = ", ".join(f"`--{name.replace('_', '-')}`" for name in named)
        raise click.UsageError(f"family {family} has no {listed}")
