"""The command line: one file per verb, each of which parses, calls one function and prints.

A verb's module is imported when the verb is used, so that `servable serve` imports no training
code and `servable --help` imports next to nothing.
"""

import logging
import os
import sys
import traceback
from importlib import import_module
from typing import Any, NoReturn

import click

from servable.errors import ServableError

__all__ = ["main"]

BAD_INPUT = 2
UNEXPECTED = 70
"""Something that no verdict and no sentence foresaw; the number is sysexits' for an internal error."""

_VERBS = {
    "train": "Train a classifier on a table: a training output.",
    "calibrate": "Fit the calibrator of a model again, on rows that it has not seen.",
    "evaluate": "Measure what a model's scores are worth on a labelled table.",
    "pack": "Pack a training output into one archive that serves anywhere.",
    "payload": "Derive sample requests from an artifact.",
    "serve": "Serve an artifact over HTTP.",
    "prove": "Prove that an endpoint is right, fast enough and reliable under load.",
    "predict": "Score a file in process.",
    "inspect": "Show what an artifact holds.",
    "explain": "Show what a model sees of a record, step by step.",
    "diff": "Compare two artifacts, and how scores move between them.",
    "drift": "Compare fresh data with what a model was made for.",
    "demo": "Train, pack, serve and prove a model on a public table.",
}
_PLANNED = ("pipeline", "register", "registry", "deploy")


class _Verbs(click.Group):
    """Verbs by name; the text of the list stands here, so that listing imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name in _PLANNED:
            raise click.UsageError(f"`servable {name}` is not built yet; built are {', '.join(_VERBS)}")
        if name not in _VERBS:
            return None
        command: click.Command = import_module(f"servable.cli.{name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(_VERBS.items()))


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="servable")
@click.option("--debug", is_flag=True, help="Show a traceback with an error.")
def _servable(debug: bool) -> None:
    """From a trained text-and-tabular classifier to a proven endpoint.

    \b
    Example:
      servable train adult.parquet --label income --family xgboost -o trained
      servable pack trained -o model.tar.gz
      servable prove model.tar.gz --expected-tps 20 --max-latency-ms 100 --max-error-rate 0.01
    """
    click.get_current_context().obj = debug
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s", stream=sys.stderr)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Runs the command line and exits: 0 pass, 1 fail, 2 bad input or usage, 3 inconclusive, 4 invalid.

    70 is a failure of this program itself.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in arguments
    try:
        result: Any = _servable.main(arguments, prog_name="servable", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        click.echo(f"error: {error.format_message()}", err=True)
        sys.exit(BAD_INPUT)
    except click.Abort:
        sys.exit(130)
    except ServableError as error:
        _tell(error, str(error), debug=debug)
        sys.exit(BAD_INPUT)
    except BrokenPipeError:  # whoever read our output has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(UNEXPECTED)
    except Exception as error:  # the outermost frame; no exit code of a verdict may come of it
        sentence = f"expected to finish, found {type(error).__name__} ({error}); run again with --debug"
        _tell(error, sentence, debug=debug)
        sys.exit(UNEXPECTED)
    sys.exit(result if isinstance(result, int) else 0)


def _tell(error: Exception, sentence: str, *, debug: bool) -> None:
    if debug:
        traceback.print_exception(error)
    click.echo(f"error: {sentence}", err=True)
