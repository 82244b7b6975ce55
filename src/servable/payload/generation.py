"""`generate`: the samples of an artifact as one archive, by the functions of the script.

The script runs alone in a container and therefore has errors of its own; here they become those of the
family. Unlike the script, which falls back and warns as its contract says, `generate` refuses a name that
is no field and an artifact that names no field; and where nobody chose a text, a text field holds a sentence
or a short dialogue instead of the script's placeholder.
"""

import math
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from servable.errors import BadInput, Damaged, NotFound, Problem, ServableError, shown
from servable.payload import script
from servable.payload.texts import sample_texts

_FAMILY: tuple[tuple[type[script.PayloadError], type[ServableError]], ...] = (
    (script.SettingError, BadInput),
    (script.ModelNotFoundError, NotFound),
    (script.DamagedModelError, Damaged),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadSummary:
    """What `generate` wrote.

    Attributes:
        archive: the archive.
        archive_bytes: its size.
        members: names of the samples in it, one for each content type, in their order.
        content_types: the content types, as they were asked for.
        fields: names of the JSON keys, in order.
        csv_columns: names of the CSV cells, in order; the id may be among them and a name may be repeated.
    """

    archive: Path
    archive_bytes: int
    members: tuple[str, ...]
    content_types: tuple[str, ...]
    fields: tuple[str, ...]
    csv_columns: tuple[str, ...]

    def summary_lines(self) -> list[str]:
        """What a person wants to know, the archive first."""
        return [
            f"{self.archive} ({self.archive_bytes:,} bytes)",
            f"{len(self.fields)} fields in {', '.join(self.members)}",
        ]


def generate(
    artifact_path: Path,
    output: Path,
    *,
    content_types: Sequence[str] = ("application/json",),
    default_numeric_value: float = 0.0,
    default_text_value: str | None = None,
    field_defaults: Mapping[str, str] | None = None,
    special_fields: Mapping[str, str] | None = None,
    timestamp: str | None = None,
) -> PayloadSummary:
    """Writes sample requests of an artifact to the archive `output` and says what is in it.

    The archive appears whole or not at all, and its bytes depend on the arguments alone, unless
    `{timestamp}` asks for the clock.

    Args:
        artifact_path: a `.tar.gz` with `hyperparameters.json` at its root, or a directory with it.
        output: the archive's own name; the directory is made if need be.
        content_types: `application/json`, `text/csv`; one sample each.
        default_numeric_value: finite; the value of every numeric field.
        default_text_value: the value of every category and text; None: `DEFAULT_TEXT` for a category, and
            for a text field a text that its pipeline keeps.
        field_defaults: values of single fields, as they stand.
        special_fields: templates of single categories and texts, where `{timestamp}` is replaced.
        timestamp: what replaces `{timestamp}`; None takes the time of the clock in UTC.

    Raises:
        BadInput: `payload.content-type`, `payload.default-number`, `payload.unknown-field`,
            `payload.field-default`, `payload.placeholder`, `payload.text`, `payload.file`.
        NotFound: `payload.not-found`, `payload.hyperparameters-missing`.
        Damaged: `payload.archive`, `payload.file-size`, `payload.hyperparameters`, `payload.field-list`,
            `payload.no-fields`, `payload.feature-columns`, `payload.manifest`, `json.*`.
    """
    _check_arguments(content_types, default_numeric_value)
    field_defaults, special_fields = field_defaults or {}, special_fields or {}
    with _errors_of_the_family(output):
        files = _open_model(artifact_path)
        hyperparameters = script.parse_hyperparameters(files)
        variables = _variables(files, hyperparameters)
        csv_vars = script.csv_variables(files, variables)
        texts = [name for name, kind in (*variables, *csv_vars) if kind == script.VariableType.TEXT]
        _check_names(field_defaults, (name for name, _ in (*variables, *csv_vars)), "a field")
        _check_names(special_fields, texts, "a category or text field")
        if default_text_value is None:
            default_text_value = script.DEFAULT_TEXT_VALUE
            chosen = sample_texts(files, hyperparameters)
            # what stands in the tabular list too is a number to the script
            field_defaults = {name: chosen[name] for name in chosen if name in texts} | dict(field_defaults)
        output.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="servable-payload-") as folder:
            paths = script.save_payloads(
                folder,
                variables,
                content_types,
                default_numeric_value,
                default_text_value,
                special_fields,
                options=script.SampleOptions(
                    field_defaults=field_defaults, csv_vars=csv_vars, timestamp=timestamp
                ),
            )
            script.write_archive(paths, output)
        return PayloadSummary(
            archive=output,
            archive_bytes=output.stat().st_size,
            members=tuple(Path(path).name for path in paths),
            content_types=tuple(content_types),
            fields=tuple(name for name, _ in variables),
            csv_columns=tuple(name for name, _ in csv_vars),
        )


def _check_arguments(content_types: Sequence[str], default_numeric_value: float) -> None:
    if not content_types:
        raise BadInput(
            Problem(
                code="payload.content-type",
                where="content types",
                expected="at least one of application/json, text/csv",
                found="none",
                fix="name one",
            )
        )
    if not math.isfinite(default_numeric_value):
        raise BadInput(
            Problem(
                code="payload.default-number",
                where="the default of numeric fields",
                expected="a finite number",
                found=shown(default_numeric_value),
                fix="choose one that the model may see",
            )
        )


def _open_model(artifact_path: Path) -> script.ModelFiles:
    if artifact_path.is_dir():
        return script.find_model_files(artifact_path)
    if artifact_path.is_file():
        return script.read_model_archive(artifact_path)
    raise NotFound(
        Problem(
            code="payload.not-found",
            where=str(artifact_path),
            expected="an artifact: a .tar.gz or a directory",
            found="nothing",
            fix="check the path",
        )
    )


def _variables(files: script.ModelFiles, hyperparameters: Mapping[str, Any]) -> list[list[str]]:
    variables = script.request_variables(hyperparameters)
    if variables:
        return variables
    raise Damaged(
        Problem(
            code="payload.no-fields",
            where=f"{files.where}: {script.HYPERPARAMETERS}",
            expected="fields in tab_field_list, cat_field_list or text_name, beside the label and the id",
            found=f"none among its keys {shown(sorted(hyperparameters))}",
            fix="write the lists that training used and pack the model again",
        )
    )


def _check_names(given: Mapping[str, str], known: Iterable[str], what: str) -> None:
    names = tuple(dict.fromkeys(known))
    problems = [
        Problem(
            code="payload.unknown-field",
            where="values of single fields",
            expected=f"the name of {what}, one of {', '.join(names)}",
            found=shown(name),
            fix="correct the name",
        )
        for name in given
        if name not in names
    ]
    if problems:
        raise BadInput(problems)


@contextmanager
def _errors_of_the_family(output: Path) -> Iterator[None]:
    try:
        yield
    except script.PayloadError as error:
        problem = Problem(
            code=error.code, where=error.where, expected=error.expected, found=error.found, fix=error.fix
        )
        kinds = (kind for script_kind, kind in _FAMILY if isinstance(error, script_kind))
        raise next(kinds)(problem) from error
    except ServableError:
        # NotFound is an OSError too, and is already what it should be
        raise
    except OSError as error:
        raise BadInput(
            Problem(
                code="payload.file",
                where=str(error.filename or output),
                expected="a file or directory that can be read and written here",
                found=error.strerror or type(error).__name__,
                fix="check the path, its permissions and the free space",
            )
        ) from error
