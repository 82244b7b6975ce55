"""Sample requests of a model, and the script that writes them in a container.

`main` finds `hyperparameters.json` in what training or packing left, types the fields that a request
carries, writes one sample for each content type and packs the samples as `payload.tar.gz`. The module needs
the standard library and nothing else, and is one file, so that a container can run it alone:
`python script.py`.
Functions keep the names, the arguments and the order of the payload script's contract; what the contract
lacks (defaults of single fields, another order of the CSV's columns, a fixed time) is in `SampleOptions`.

Same input, same bytes: `SOURCE_DATE_EPOCH` stands for the clock where it is set.

Source: the payload script's documentation, sections "Script Contract" and "Key Functions and Tasks";
decision 0002 for the columns of a CSV.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import logging
import os
import re
import shutil
import tarfile
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, NamedTuple, TypeAlias, cast

logger = logging.getLogger(__name__)

CONTAINER_MODEL_INPUT = "/opt/ml/processing/input/model"
CONTAINER_OUTPUT_DIR = "/opt/ml/processing/output"
DEFAULT_WORKING_DIRECTORY = "/tmp/mims_payload_work"  # noqa: S108  the contract's default; a container has one user

MODEL_ARCHIVE = "model.tar.gz"
PAYLOAD_ARCHIVE = "payload.tar.gz"
SAMPLE_FOLDER = "payload_sample"
HYPERPARAMETERS = "hyperparameters.json"
FEATURE_COLUMNS = "feature_columns.txt"
MANIFEST = "manifest.json"

SPECIAL_FIELD_PREFIX = "SPECIAL_FIELD_"
DEFAULT_TEXT_VALUE = "DEFAULT_TEXT"
TEXT_NAME_KEYS = ("text_name", "primary_text_name", "secondary_text_name")
TIMESTAMP_PLACEHOLDER = "{timestamp}"
TIMESTAMP_FORMAT = "%Y-%m-%d %H:%M:%S"

MAX_FILE_BYTES = 16 * 2**20
"""No file that the script reads, and no header of an archive, is larger."""

MAX_ARCHIVE_BYTES = 64 * 2**30
"""No archive is read further than this, counted after decompression."""

MAX_LISTED_FILES = 200

_MEGABYTE = 1024 * 1024
_LAST_SECOND_OF_9999_S = 253_402_300_799
_PLACEHOLDER = re.compile(r"\{+[^{}]*\}*|\}+")

Variables: TypeAlias = "Mapping[str, str] | Sequence[Sequence[str]]"
"""Fields with their types, `{name: type}` or `[[name, type], ...]`, in the order of the sample."""


class VariableType(StrEnum):
    """How a field's default is chosen."""

    NUMERIC = "NUMERIC"
    TEXT = "TEXT"


class PayloadError(Exception):
    """Something that cannot be used; its text is one sentence made of the parts."""

    fix = "correct this setting"

    def __init__(self, code: str, where: str, expected: str, found: str) -> None:
        self.code, self.where, self.expected, self.found = code, where, expected, found
        super().__init__(f"{where}: expected {expected}, found {found}; {self.fix}")


class SettingError(PayloadError, ValueError):
    """An argument or an environment variable that cannot be used."""


class ModelNotFoundError(PayloadError, FileNotFoundError):
    """No `hyperparameters.json` in any of the places where it may be."""

    fix = "pack the model with this file at its root"


class DamagedModelError(PayloadError, ValueError):
    """A file of the model that cannot be read."""

    fix = "write the file again and pack the model with it"


class ModelFiles(NamedTuple):
    """The file that names the fields and, from the same place, the two that may order a CSV's columns."""

    where: str
    hyperparameters: bytes
    feature_columns: bytes | None
    manifest: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleOptions:
    """What a sample may be told beyond the contract's arguments.

    Attributes:
        field_defaults: the value of single fields, as it stands; a special value of a text field wins.
        csv_vars: the variables of a CSV row where they differ from those of a JSON object.
        timestamp: what replaces `{timestamp}`; None asks the clock.
    """

    field_defaults: Mapping[str, str] = field(default_factory=dict)
    csv_vars: Variables | None = None
    timestamp: str | None = None


NO_OPTIONS = SampleOptions()


def extract_hyperparameters_from_tarball(input_model_dir: Path, working_directory: Path) -> dict[str, Any]:
    """The hyperparameters of a model; their file is copied to the working directory.

    Four places are tried in this order: the archive `model.tar.gz`, a directory of that name, the model
    directory itself, and everything below it. An archive that cannot be read is a warning.

    Raises:
        ModelNotFoundError: `payload.hyperparameters-missing`, after the directory's contents were logged.
        DamagedModelError: `payload.hyperparameters` if the file is no JSON object.
    """
    return load_model(input_model_dir, working_directory)[1]


def load_model(input_model_dir: Path, working_directory: Path) -> tuple[ModelFiles, dict[str, Any]]:
    """The model's files and its hyperparameters; see `extract_hyperparameters_from_tarball`."""
    files = find_model_files(input_model_dir)
    hyperparameters = parse_hyperparameters(files)
    _require_directory(working_directory)
    # kept for a person who looks for the reason of a missing field
    with _replaced(working_directory / HYPERPARAMETERS) as stream:
        stream.write(files.hyperparameters)
    return files, hyperparameters


def find_model_files(input_model_dir: Path) -> ModelFiles:
    """The model's files from the first of the four places that has `hyperparameters.json`.

    Raises:
        ModelNotFoundError: `payload.hyperparameters-missing`.
        DamagedModelError: `payload.file-size`.
    """
    archive = input_model_dir / MODEL_ARCHIVE
    files = (
        _look_in_archive(archive)
        or _look_in_folder(archive)
        or _look_in_folder(input_model_dir)
        or _look_below(input_model_dir)
    )
    if files is None:
        logger.error("%s not found in any location", HYPERPARAMETERS)
        list_directory_contents(input_model_dir)
        raise ModelNotFoundError(
            "payload.hyperparameters-missing",
            f"{HYPERPARAMETERS} not found in model artifacts",
            f"it in {MODEL_ARCHIVE}, in a directory of that name, in {input_model_dir} or below it",
            "none",
        )
    logger.info("Found %s in %s", HYPERPARAMETERS, files.where)
    return files


def _look_in_archive(archive: Path) -> ModelFiles | None:
    if not archive.is_file():
        return None
    logger.info("Looking for hyperparameters in the archive %s", archive)
    try:
        return read_model_archive(archive)
    except (DamagedModelError, ModelNotFoundError) as error:
        logger.warning("Passing over the archive, other locations follow: %s", error)
        return None


def _look_in_folder(folder: Path) -> ModelFiles | None:
    logger.info("Looking for hyperparameters in the directory %s", folder)
    if not (folder / HYPERPARAMETERS).is_file():
        return None
    contents = {
        name: _read_small_file(folder / name)
        for name in (HYPERPARAMETERS, FEATURE_COLUMNS, MANIFEST)
        if (folder / name).is_file()
    }
    return _model_files(str(folder), contents)


def _look_below(folder: Path) -> ModelFiles | None:
    logger.info("Looking for hyperparameters anywhere below %s", folder)
    matches = sorted(path for path in folder.rglob(HYPERPARAMETERS) if path.is_file())
    if len(matches) > 1:
        logger.warning(
            "%d files named %s; taking the first in sorted order: %s",
            len(matches),
            HYPERPARAMETERS,
            ", ".join(str(path.relative_to(folder)) for path in matches),
        )
    return _look_in_folder(matches[0].parent) if matches else None


def read_model_archive(archive: Path) -> ModelFiles:
    """The model's files at the root of a gzip-compressed tar; `./` before a name does not matter.

    Nothing is unpacked to disk. Where a name is repeated the later member counts, as if it were unpacked.

    Raises:
        ModelNotFoundError: `payload.hyperparameters-missing`.
        DamagedModelError: `payload.archive`, also where a file in it is larger than 16 MiB.
    """
    contents: dict[str, bytes] = {}
    try:
        with (
            archive.open("rb") as raw,
            gzip.GzipFile(fileobj=raw) as stream,
            tarfile.open(fileobj=cast(BinaryIO, _BoundedReader(stream)), mode="r:") as tar,
        ):
            for member in tar:
                name = str(PurePosixPath(member.name))
                if member.isfile() and name in (HYPERPARAMETERS, FEATURE_COLUMNS, MANIFEST):
                    # a sparse member may claim any size, and its holes are not read from the stream
                    _check_length(member.size)
                    contents[name] = cast(BinaryIO, tar.extractfile(member)).read()
    except (OSError, EOFError, ValueError, RecursionError, zlib.error, tarfile.TarError) as error:
        raise DamagedModelError(
            "payload.archive",
            str(archive),
            "a gzip-compressed tar",
            f"something else or a part of one ({error})",
        ) from error
    if HYPERPARAMETERS not in contents:
        raise ModelNotFoundError(
            "payload.hyperparameters-missing",
            f"{archive}: {HYPERPARAMETERS} not found in model artifacts",
            "it at the root of the archive",
            "none there",
        )
    return _model_files(str(archive), contents)


class _BoundedReader:
    """A stream that can be read neither in large pieces nor far, whatever the archive's headers ask for."""

    def __init__(self, stream: gzip.GzipFile) -> None:
        self._stream = stream
        self.tell = stream.tell

    def read(self, size: int) -> bytes:
        _check_length(size)
        return self._stream.read(size)

    def seek(self, position: int) -> int:
        if position > MAX_ARCHIVE_BYTES:
            raise tarfile.ReadError(f"more than {MAX_ARCHIVE_BYTES} bytes when unpacked")
        return self._stream.seek(position)


def _check_length(size_bytes: int) -> None:
    if not 0 <= size_bytes <= MAX_FILE_BYTES:
        raise tarfile.ReadError(f"a header or a file of {size_bytes} bytes, more than {MAX_FILE_BYTES}")


def _model_files(where: str, contents: Mapping[str, bytes]) -> ModelFiles:
    return ModelFiles(where, contents[HYPERPARAMETERS], contents.get(FEATURE_COLUMNS), contents.get(MANIFEST))


def _read_small_file(path: Path) -> bytes:
    size_bytes = path.stat().st_size
    if size_bytes > MAX_FILE_BYTES:
        raise DamagedModelError(
            "payload.file-size", str(path), f"at most {MAX_FILE_BYTES} bytes", f"{size_bytes}"
        )
    return path.read_bytes()


def parse_hyperparameters(files: ModelFiles) -> dict[str, Any]:
    """The hyperparameters as JSON values.

    Raises:
        DamagedModelError: `payload.hyperparameters`.
    """
    return _parse_object(files.hyperparameters, f"{files.where}: {HYPERPARAMETERS}")


def _parse_object(data: bytes, where: str) -> dict[str, Any]:
    try:
        value = json.loads(data.decode("utf-8-sig"))
        found = f"a JSON value of type {type(value).__name__}"
    except (ValueError, RecursionError) as error:
        value, found = None, f"something else ({error})"
    if isinstance(value, dict):
        return value
    raise DamagedModelError(
        "payload.hyperparameters" if where.endswith(HYPERPARAMETERS) else "payload.manifest",
        where,
        "a JSON object",
        found,
    )


def request_variables(hyperparameters: Mapping[str, Any]) -> list[list[str]]:
    """The fields of a request with their types: tabular, categorical, then text fields in neither list.

    A field that is listed twice appears once, and as NUMERIC where one of its lists is the tabular one.

    Raises:
        DamagedModelError: `payload.field-list` where a list or a name has another type.
    """
    tabular = _names(hyperparameters, "tab_field_list")
    categorical = _names(hyperparameters, "cat_field_list")
    texts = [name for key in TEXT_NAME_KEYS if (name := _name(hyperparameters, key))]
    fields = list(dict.fromkeys([*tabular, *categorical, *texts]))
    label_name = _name(hyperparameters, "label_name") or "label"
    id_name = _name(hyperparameters, "id_name") or "id"
    return create_model_variable_list(fields, tabular, categorical, label_name, id_name)


def _names(hyperparameters: Mapping[str, Any], key: str) -> list[str]:
    names = hyperparameters.get(key)
    if names is None:
        logger.warning("%s has no %s; taking it as empty", HYPERPARAMETERS, key)
        return []
    if isinstance(names, list) and all(isinstance(name, str) for name in names):
        return names
    raise _field_list_error(key, "a list of names", names)


def _name(hyperparameters: Mapping[str, Any], key: str) -> str | None:
    name = hyperparameters.get(key)
    if name is None or isinstance(name, str):
        return name
    raise _field_list_error(key, "a name or null", name)


def _field_list_error(key: str, expected: str, found: object) -> DamagedModelError:
    return DamagedModelError("payload.field-list", f"{HYPERPARAMETERS}: {key}", expected, _shown(found))


def create_model_variable_list(
    full_field_list: list[str],
    tab_field_list: list[str],
    cat_field_list: list[str],
    label_name: str,
    id_name: str,
) -> list[list[str]]:
    """`[name, type]` of every field but the label and the id, in the order of the full list.

    A field of the tabular list is NUMERIC; one of the categorical list, or of neither, is TEXT.
    """
    numeric = frozenset(tab_field_list)
    return [
        [name, (VariableType.NUMERIC if name in numeric else VariableType.TEXT).value]
        for name in full_field_list
        if name not in (label_name, id_name)
    ]


def csv_variables(files: ModelFiles, variables: Sequence[Sequence[str]]) -> list[list[str]]:
    """The columns of a CSV row with their types (decision 0002).

    They are those of `feature_columns.txt`, else those of the manifest, else the variables themselves. A
    column that is no variable, the id above all, is TEXT.

    Raises:
        DamagedModelError: `payload.feature-columns`, `payload.manifest`.
    """
    columns, source = _column_names(files), "the model"
    if columns is None:
        columns, source = [name for name, _ in variables], "the field lists"
    types = {name: var_type for name, var_type in variables}
    unknown = [name for name in columns if name not in types]
    if unknown:
        logger.warning("CSV columns that are in no field list get the text default: %s", ", ".join(unknown))
    absent = sorted(set(types).difference(columns))
    if absent:
        logger.warning("Fields without a CSV column, in JSON samples only: %s", ", ".join(absent))
    logger.info("CSV columns: %d, from %s", len(columns), source)
    return [[name, types.get(name, VariableType.TEXT.value)] for name in columns]


def _column_names(files: ModelFiles) -> list[str] | None:
    if files.feature_columns is not None:
        return _feature_columns(files.feature_columns, f"{files.where}: {FEATURE_COLUMNS}")
    if files.manifest is None:
        return None
    where = f"{files.where}: {MANIFEST}"
    schema = _parse_object(files.manifest, where).get("schema")
    columns = schema.get("csv_columns") if isinstance(schema, dict) else None
    if columns is None or (isinstance(columns, list) and all(isinstance(name, str) for name in columns)):
        return columns
    raise DamagedModelError(
        "payload.manifest", f"{where}: $.schema.csv_columns", "a list of names", _shown(columns)
    )


def _feature_columns(data: bytes, where: str) -> list[str]:
    """The names of `<index>,<name>` lines in the order of the lines; `#` begins a comment."""
    names: list[str] = []
    found = "no such line"
    for number, line in enumerate(data.decode(errors="replace").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        index, _, name = line.strip().partition(",")
        if not index.strip().isdigit() or not name or "," in name or "\N{REPLACEMENT CHARACTER}" in name:
            names, found = [], f"line {number}, {_shown(line.strip())}"
            break
        names.append(name)
    if names:
        return names
    raise DamagedModelError(
        "payload.feature-columns", where, "lines of the form <index>,<name>, at least one, in UTF-8", found
    )


def get_environment_content_types(environ_vars: Mapping[str, str]) -> list[str]:
    """The content types of `CONTENT_TYPES`, `application/json` where it is not set."""
    return [part.strip() for part in environ_vars.get("CONTENT_TYPES", "application/json").split(",")]


def get_environment_default_numeric_value(environ_vars: Mapping[str, str]) -> float:
    """The number of `DEFAULT_NUMERIC_VALUE`; 0.0 where it is not set or, with a warning, no number."""
    text = environ_vars.get("DEFAULT_NUMERIC_VALUE", "0.0")
    try:
        return float(text)
    except ValueError:
        logger.warning("DEFAULT_NUMERIC_VALUE is no number: %s; using 0.0", _shown(text))
        return 0.0


def get_environment_default_text_value(environ_vars: Mapping[str, str]) -> str:
    """The text of `DEFAULT_TEXT_VALUE`, `DEFAULT_TEXT` where it is not set."""
    return environ_vars.get("DEFAULT_TEXT_VALUE", DEFAULT_TEXT_VALUE)


def get_environment_special_fields(environ_vars: Mapping[str, str]) -> dict[str, str]:
    """The templates of `SPECIAL_FIELD_<name>` by name in lower case."""
    return {
        name[len(SPECIAL_FIELD_PREFIX) :].lower(): template
        for name, template in environ_vars.items()
        if name.startswith(SPECIAL_FIELD_PREFIX)
    }


def get_environment_field_defaults(environ_vars: Mapping[str, str]) -> dict[str, str]:
    """The values of `FIELD_DEFAULTS`, a JSON object of strings and numbers, as strings by field.

    What is something else is passed over with a warning, as an unusable default number is.
    """
    text = environ_vars.get("FIELD_DEFAULTS")
    if not text:
        return {}
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        logger.warning("FIELD_DEFAULTS is no JSON object: %s; using none", _shown(text))
        return {}
    usable = {name: value for name, value in values.items() if type(value) in (str, int, float)}
    for name in values.keys() - usable.keys():
        logger.warning("FIELD_DEFAULTS: the value of %s is neither a string nor a number; passed over", name)
    return {name: str(value) for name, value in usable.items()}


def source_date_epoch_s(environ_vars: Mapping[str, str]) -> int | None:
    """The seconds of `SOURCE_DATE_EPOCH`, None where it is not set.

    Raises:
        SettingError: `payload.source-date-epoch`.
    """
    text = environ_vars.get("SOURCE_DATE_EPOCH")
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) <= 12 and int(text) <= _LAST_SECOND_OF_9999_S:
        return int(text)
    raise SettingError(
        "payload.source-date-epoch",
        "SOURCE_DATE_EPOCH",
        f"whole seconds since 1970 up to {_LAST_SECOND_OF_9999_S}",
        _shown(text),
    )


def current_timestamp(epoch_s: int | None = None) -> str:
    """A moment in UTC as samples show it, `2025-11-18 20:45:30`; now, if none is given."""
    return time.strftime(TIMESTAMP_FORMAT, time.gmtime(epoch_s))


def get_field_default_value(
    field_name: str,
    var_type: str,
    default_numeric_value: float,
    default_text_value: str,
    special_field_values: Mapping[str, str],
    *,
    options: SampleOptions = NO_OPTIONS,
) -> str:
    """The value that a sample holds for one field, always a string.

    Special values belong to text fields alone; a special name in lower case reaches a field with capitals.

    Raises:
        SettingError: `payload.placeholder`, `payload.field-default`.
        ValueError: if the type is neither NUMERIC nor TEXT.
    """
    own = options.field_defaults.get(field_name)
    if var_type == VariableType.TEXT:
        template = special_field_values.get(field_name, special_field_values.get(field_name.lower()))
        if template is not None:
            return _fill(template, field_name, options.timestamp)
        return default_text_value if own is None else own
    if var_type == VariableType.NUMERIC:
        return str(default_numeric_value) if own is None else _number(own, field_name)
    raise ValueError(f"Unknown variable type: {var_type}")


def _fill(template: str, field_name: str, timestamp: str | None) -> str:
    for found in _PLACEHOLDER.findall(template):
        if found != TIMESTAMP_PLACEHOLDER:
            raise SettingError(
                "payload.placeholder",
                f"Invalid placeholder in template for field '{field_name}'",
                f"no braces but those of {TIMESTAMP_PLACEHOLDER}",
                _shown(found),
            )
    if TIMESTAMP_PLACEHOLDER not in template:
        return template
    return template.replace(TIMESTAMP_PLACEHOLDER, current_timestamp() if timestamp is None else timestamp)


def _number(text: str, field_name: str) -> str:
    try:
        return str(float(text))
    except ValueError as error:
        raise SettingError(
            "payload.field-default",
            f"the default of field '{field_name}'",
            "a number, because the field is NUMERIC",
            _shown(text),
        ) from error


def _values(
    variables: Variables, defaults: tuple[float, str, Mapping[str, str]], options: SampleOptions
) -> list[tuple[str, str]]:
    """Names and values of a sample, in the order of the variables."""
    pairs = variables.items() if isinstance(variables, Mapping) else variables
    return [
        (name, get_field_default_value(name, var_type, *defaults, options=options))
        for name, var_type in pairs
    ]


def generate_csv_payload(
    input_vars: Variables,
    default_numeric_value: float,
    default_text_value: str,
    special_field_values: Mapping[str, str],
    *,
    options: SampleOptions = NO_OPTIONS,
) -> str:
    """One CSV row without header and without line end; a cell that needs it is quoted.

    Source: RFC 4180, section 2, rules 5 to 7.
    """
    defaults = (default_numeric_value, default_text_value, special_field_values)
    values = _values(input_vars, defaults, options)
    row = io.StringIO(newline="")
    csv.writer(row, lineterminator="\r\n").writerow([value for _, value in values])
    return row.getvalue().removesuffix("\r\n")


def generate_json_payload(
    input_vars: Variables,
    default_numeric_value: float,
    default_text_value: str,
    special_field_values: Mapping[str, str],
    *,
    options: SampleOptions = NO_OPTIONS,
) -> str:
    """One JSON object whose keys are the fields and whose values are strings."""
    defaults = (default_numeric_value, default_text_value, special_field_values)
    values = _values(input_vars, defaults, options)
    return json.dumps(dict(values))


def generate_sample_payloads(
    input_vars: Variables,
    content_types: Sequence[str],
    default_numeric_value: float,
    default_text_value: str,
    special_field_values: Mapping[str, str],
    *,
    options: SampleOptions = NO_OPTIONS,
) -> list[dict[str, str]]:
    """One `{"content_type": ..., "payload": ...}` for each content type, in the given order.

    Raises:
        SettingError: `payload.content-type`, and what `get_field_default_value` raises.
    """
    csv_vars = input_vars if options.csv_vars is None else options.csv_vars
    defaults = (default_numeric_value, default_text_value, special_field_values)
    payloads = []
    for content_type in content_types:
        if content_type == "text/csv":
            payload = generate_csv_payload(csv_vars, *defaults, options=options)
        elif content_type == "application/json":
            payload = generate_json_payload(input_vars, *defaults, options=options)
        else:
            raise SettingError(
                "payload.content-type",
                "Unsupported content type",
                "application/json or text/csv",
                _shown(content_type),
            )
        payloads.append({"content_type": content_type, "payload": payload})
    return payloads


def save_payloads(  # noqa: PLR0917  the contract's arguments
    output_dir: str | Path,
    input_vars: Variables,
    content_types: Sequence[str],
    default_numeric_value: float,
    default_text_value: str,
    special_field_values: Mapping[str, str],
    *,
    options: SampleOptions = NO_OPTIONS,
) -> list[str]:
    """Writes one file for each content type, `payload_text_csv_1.csv`, and returns their paths.

    The number in a name is the place of the content type in the list, counted from 0.

    Raises:
        SettingError: what `generate_sample_payloads` raises, before anything is written.
    """
    defaults = (default_numeric_value, default_text_value, special_field_values)
    payloads = generate_sample_payloads(input_vars, content_types, *defaults, options=options)
    folder = Path(output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    logger.info("===== GENERATED PAYLOAD SAMPLES =====")
    for index, sample in enumerate(payloads):
        content_type, payload = sample["content_type"], sample["payload"]
        extension = ".csv" if content_type == "text/csv" else ".json"
        path = folder / f"payload_{content_type.replace('/', '_')}_{index}{extension}"
        logger.info("Content type: %s", content_type)
        logger.info("Payload sample: %s", payload)
        path.write_bytes(_utf8(payload, content_type))
        paths.append(str(path))
        logger.info("Created payload file: %s", path)
    logger.info("===================================")
    return paths


def _utf8(payload: str, content_type: str) -> bytes:
    try:
        return payload.encode()
    except UnicodeEncodeError as error:
        raise SettingError(
            "payload.text",
            f"the sample for {content_type}",
            "values that can be written in UTF-8",
            f"{_shown(error.object[error.start : error.end])}",
        ) from error


def create_payload_archive(
    payload_files: Sequence[str | Path], output_dir: str | Path, *, mtime_s: int = 0
) -> str:
    """Writes `payload.tar.gz` with these files, in this order, and returns its path.

    The bytes depend on the files' names and contents alone; every member's time is `mtime_s`.
    """
    return write_archive(payload_files, Path(output_dir) / PAYLOAD_ARCHIVE, mtime_s=mtime_s)


def write_archive(payload_files: Sequence[str | Path], archive_path: Path, *, mtime_s: int = 0) -> str:
    """Writes an archive of these files under any name, whole or not at all; see `create_payload_archive`."""
    _require_directory(archive_path.parent)
    logger.info("Creating payload archive: %s", archive_path)
    total_bytes = 0
    try:
        with (
            _replaced(archive_path) as raw,
            gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as stream,
            tarfile.open(fileobj=stream, mode="w") as tar,
        ):
            for path in map(Path, payload_files):
                member = tarfile.TarInfo(path.name)
                member.size, member.mtime = path.stat().st_size, mtime_s
                logger.info("Adding %s (%.6f MB)", path.name, member.size / _MEGABYTE)
                with path.open("rb") as contents:
                    tar.addfile(member, contents)
                total_bytes += member.size
    except OSError as error:
        logger.exception("Error creating the payload archive: %s", error)
        raise
    compressed_bytes = archive_path.stat().st_size
    ratio = f"{compressed_bytes / total_bytes:.2%}" if total_bytes else "not defined, the files are empty"
    logger.info("Files added: %d", len(payload_files))
    logger.info("Total uncompressed size: %.6f MB", total_bytes / _MEGABYTE)
    logger.info("Compressed tar size: %.6f MB", compressed_bytes / _MEGABYTE)
    logger.info("Compression ratio: %s", ratio)
    return str(archive_path)


@contextmanager
def _replaced(target: Path) -> Iterator[BinaryIO]:
    """A stream whose bytes become the target's when the block ends, and vanish when it fails."""
    beside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    beside.unlink(missing_ok=True)
    try:
        # exclusively: in a shared directory the name may have become a link to another file
        with beside.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def ensure_directory(directory: str | Path) -> bool:
    """Whether the directory exists now; it is made where it did not, and a failure is logged."""
    try:
        Path(directory).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        logger.error("Error creating directory %s: %s", directory, error)
        return False
    return True


def _require_directory(directory: Path) -> None:
    if not ensure_directory(directory):
        raise SettingError(
            "payload.directory",
            str(directory),
            "a directory that exists or can be made",
            "neither (the reason is in the log)",
        )


def list_directory_contents(path: str | Path) -> None:
    """Logs the files below a directory with their sizes, the first 200 of them in sorted order."""
    folder = Path(path)
    if not folder.is_dir():
        logger.info("Directory contents of %s: no such directory", folder)
        return
    entries = sorted(folder.rglob("*"))
    logger.info("Directory contents of %s: %d entries", folder, len(entries))
    for entry in entries[:MAX_LISTED_FILES]:
        size = f"{entry.stat().st_size} bytes" if entry.is_file() else "directory"
        logger.info("  %s (%s)", entry.relative_to(folder), size)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def main(
    input_paths: Mapping[str, str],
    output_paths: Mapping[str, str],
    environ_vars: Mapping[str, str],
    job_args: argparse.Namespace | None = None,
) -> str:
    """Writes `payload.tar.gz` for a model and returns its path.

    Args:
        input_paths: `model_input`, the directory with the model.
        output_paths: `output_dir`, where the archive goes.
        environ_vars: `CONTENT_TYPES`, `DEFAULT_NUMERIC_VALUE`, `DEFAULT_TEXT_VALUE`, `FIELD_DEFAULTS`,
            `SPECIAL_FIELD_<name>`, `SOURCE_DATE_EPOCH`, `WORKING_DIRECTORY`; all have defaults.
        job_args: not used.

    Raises:
        ValueError: a path is not given, or a setting or the model cannot be used (`SettingError`,
            `DamagedModelError`).
        FileNotFoundError: no `hyperparameters.json` (`ModelNotFoundError`).
        OSError: a file cannot be read or written.
    """
    try:
        return _write_payload(input_paths, output_paths, environ_vars)
    except Exception as error:
        logger.exception("Error in payload generation: %s", error)
        raise


def _write_payload(
    input_paths: Mapping[str, str], output_paths: Mapping[str, str], environ_vars: Mapping[str, str]
) -> str:
    model_dir = _path(input_paths, "model_input", "input")
    output_dir = _path(output_paths, "output_dir", "output")
    working_directory = Path(environ_vars.get("WORKING_DIRECTORY") or DEFAULT_WORKING_DIRECTORY)
    logger.info("Input model directory: %s", model_dir)
    logger.info("Output directory: %s", output_dir)
    logger.info("Working directory: %s", working_directory)
    epoch_s = source_date_epoch_s(environ_vars)
    content_types = get_environment_content_types(environ_vars)
    with _whole_folder(working_directory / SAMPLE_FOLDER) as sample_dir:
        files, hyperparameters = load_model(model_dir, working_directory)
        variables = request_variables(hyperparameters)
        _log_model(hyperparameters, variables)
        special_fields = get_environment_special_fields(environ_vars)
        options = SampleOptions(
            field_defaults=get_environment_field_defaults(environ_vars),
            csv_vars=csv_variables(files, variables),
            timestamp=current_timestamp(epoch_s),
        )
        _warn_of_unused(variables, special_fields, options)
        defaults = (
            get_environment_default_numeric_value(environ_vars),
            get_environment_default_text_value(environ_vars),
            special_fields,
        )
        paths = save_payloads(sample_dir, variables, content_types, *defaults, options=options)
        archive_path = create_payload_archive(paths, output_dir, mtime_s=epoch_s or 0)
    logger.info("Generated %d payload samples", len(paths))
    logger.info("Content types: %s", ", ".join(content_types))
    logger.info("Payload files: %s", sample_dir)
    logger.info("Payload archive: %s", archive_path)
    return archive_path


def _path(paths: Mapping[str, str], key: str, kind: str) -> Path:
    if key not in paths:
        raise ValueError(f"Missing required {kind} path: {key}")
    return Path(paths[key])


@contextmanager
def _whole_folder(folder: Path) -> Iterator[Path]:
    """The folder without what an earlier run left; it is removed when the block fails."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _log_model(hyperparameters: Mapping[str, Any], variables: Sequence[Sequence[str]]) -> None:
    for key in ("pipeline_name", "pipeline_version", "model_objective"):
        logger.info("%s: %s", key, hyperparameters.get(key) or "unknown")
    numeric = sum(var_type == VariableType.NUMERIC for _, var_type in variables)
    logger.info("Input field information:")
    logger.info("  Total fields: %d", len(variables))
    logger.info("  NUMERIC fields: %d", numeric)
    logger.info("  TEXT fields: %d", len(variables) - numeric)
    for name, var_type in variables:
        logger.info("  %s: %s", name, var_type)
    if not variables:
        logger.warning("No field is left for a request; the samples are empty")


def _warn_of_unused(
    variables: Sequence[Sequence[str]], special_fields: Mapping[str, str], options: SampleOptions
) -> None:
    """Says which settings reach no field, since a misspelt name would change nothing in silence."""
    fields = [*variables, *cast("Sequence[Sequence[str]]", options.csv_vars)]
    names = {name for name, _ in fields}
    texts = {name.lower() for name, var_type in fields if var_type == VariableType.TEXT}
    for name in special_fields:
        if name not in texts:
            logger.warning("%s%s names no TEXT field of a sample; not used", SPECIAL_FIELD_PREFIX, name)
    for name in options.field_defaults:
        if name not in names:
            logger.warning("FIELD_DEFAULTS: %s is no field of a sample; not used", name)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Write sample requests of a model as payload.tar.gz.")
    parser.add_argument("--model-input", default=CONTAINER_MODEL_INPUT, help="directory with the model")
    parser.add_argument("--output-dir", default=CONTAINER_OUTPUT_DIR, help="where payload.tar.gz goes")
    return parser.parse_args()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    _job_args = _arguments()
    main(
        {"model_input": _job_args.model_input},
        {"output_dir": _job_args.output_dir},
        dict(os.environ),
        _job_args,
    )
