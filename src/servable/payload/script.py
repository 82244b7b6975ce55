"""Sample requests of a model, and the script that writes them in a container.

`main` finds `hyperparameters.json` in what training or packing left, types the fields that a request
carries, writes one sample for each content type and packs the samples as `payload.tar.gz`. The module needs
the standard library and nothing else, and is one file, so that a container can run it alone:
`python payload.py --model-input model --output-dir out`. Only Parquet needs the package.

Functions keep the names, the arguments and the order of the payload script's contract; what the contract
lacks (defaults of single fields, another order of the CSV's columns, a fixed time) is in `SampleOptions`.
The library and the command line write their samples by the same functions: `encode_records`, `save_bodies`
and `write_archive`.

Same input, same bytes: `SOURCE_DATE_EPOCH` stands for the clock where it is set.

Source: the payload script's documentation, sections "Script Contract" and "Key Functions and Tasks";
decision 0002 for the columns of a CSV.
"""

from __future__ import annotations

import getopt
import gzip
import io
import json
import logging
import math
import os
import re
import sys
import tarfile
import time
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from itertools import pairwise
from types import MappingProxyType

# `typing`, `dataclasses`, `argparse` and `pathlib` would take a third of the time of a run: types are for
# checkers alone, the few classes are written by hand, `getopt` reads two options, and paths are texts
TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any, BinaryIO, TypeAlias

    StrPath: TypeAlias = str | os.PathLike[str]

    Variables: TypeAlias = Mapping[str, str] | Sequence[Sequence[str]]
    """Fields with their types, `{name: type}` or `[[name, type], ...]`, in the order of the sample."""

    Value: TypeAlias = str | int | float | bool | None
    """A cell of a record; None is missing."""

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

JSON = "application/json"
CSV = "text/csv"
CSV_WITH_HEADER = "text/csv; header=present"
NDJSON = "application/x-ndjson"
JSON_LINES = "application/jsonlines"
PARQUET = "application/x-parquet"

SAMPLE_PREFIX = "payload_"
SPECIAL_FIELD_PREFIX = "SPECIAL_FIELD_"
DEFAULT_TEXT_VALUE = "DEFAULT_TEXT"
TEXT_NAME_KEYS = ("text_name", "primary_text_name", "secondary_text_name")
TIMESTAMP_PLACEHOLDER = "{timestamp}"
TIMESTAMP_FORMAT = "%Y-%m-%d %H:%M:%S"

MAX_FILE_BYTES = 16 * 2**20
"""No file that the script reads, and no header of an archive, is larger."""

MAX_ARCHIVE_BYTES = 64 * 2**30
"""No archive is read further than this, counted after decompression."""

MAX_ARCHIVE_MEMBERS = 10_000
"""A tar of nothing but names compresses to a thousandth, and each of them takes time to read."""

MAX_FEATURE_COLUMNS = 100_000
"""The lines of `feature_columns.txt`, as everywhere in the package."""

COMPRESSION_LEVEL = 1
"""Level 6 takes four times as long for a fifth less of a thousand samples, level 9 nine times as long."""

MAX_LISTED_FILES = 200
_MAX_NAMED = 20
_MEGABYTE = 1024 * 1024
_LAST_SECOND_OF_9999_S = 253_402_300_799
_PLACEHOLDER = re.compile(r"\{+[^{}]*\}*|\}+")
# a lone carriage return is a line break too, and readers drop a byte order mark
_TO_QUOTE = re.compile('[,"\r\n\ufeff]')
_MAY_QUOTE = re.compile('["\r\n\ufeff]')


class FileForm:
    """How the files of a content type are named: `payload_<stem>_<index><ending>`."""

    __slots__ = ("ending", "stem")

    def __init__(self, stem: str, ending: str) -> None:
        self.stem = stem
        self.ending = ending


CONTENT_TYPES: Mapping[str, FileForm] = MappingProxyType(
    {
        JSON: FileForm("application_json", ".json"),
        CSV: FileForm("text_csv", ".csv"),
        CSV_WITH_HEADER: FileForm("text_csv_header", ".csv"),
        NDJSON: FileForm("application_x-ndjson", ".ndjson"),
        JSON_LINES: FileForm("application_jsonlines", ".jsonl"),
        PARQUET: FileForm("application_x-parquet", ".parquet"),
    }
)
"""The content types of samples, by the spelling that a request's header has, and their files."""


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


class ModelFiles:
    """The file that names the fields and, from the same place, the two that may order a CSV's columns.

    Attributes:
        where: the archive or the directory that they lie in.
        hyperparameters: contents of `hyperparameters.json`.
        feature_columns: contents of `feature_columns.txt`, None without it.
        manifest: contents of `manifest.json`, None without it.
    """

    __slots__ = ("feature_columns", "hyperparameters", "manifest", "where")

    def __init__(self, where: str, contents: Mapping[str, bytes]) -> None:
        self.where = where
        self.hyperparameters = contents[HYPERPARAMETERS]
        self.feature_columns = contents.get(FEATURE_COLUMNS)
        self.manifest = contents.get(MANIFEST)


class SampleOptions:
    """What a sample may be told beyond the contract's arguments.

    Attributes:
        field_defaults: the value of single fields, as it stands; a special value of a text field wins. A
            boolean is 1 or 0 in a number.
        csv_vars: the variables of a CSV row where they differ from those of a JSON object.
        timestamp: what replaces `{timestamp}`; None asks the clock.
    """

    __slots__ = ("csv_vars", "field_defaults", "timestamp")

    def __init__(
        self,
        *,
        field_defaults: Mapping[str, str | bool] = MappingProxyType({}),
        csv_vars: Variables | None = None,
        timestamp: str | None = None,
    ) -> None:
        self.field_defaults = field_defaults
        self.csv_vars = csv_vars
        self.timestamp = timestamp


NO_OPTIONS = SampleOptions()


def extract_hyperparameters_from_tarball(
    input_model_dir: StrPath, working_directory: StrPath
) -> dict[str, Any]:
    """The hyperparameters of a model; their file is copied to the working directory.

    Four places are tried in this order: the archive `model.tar.gz`, a directory of that name, the model
    directory itself, and everything below it. An archive that cannot be read is a warning.

    Raises:
        ModelNotFoundError: `payload.hyperparameters-missing`, after the directory's contents were logged.
        DamagedModelError: `payload.hyperparameters` if the file is no JSON object.
    """
    return load_model(input_model_dir, working_directory)[1]


def load_model(input_model_dir: StrPath, working_directory: StrPath) -> tuple[ModelFiles, dict[str, Any]]:
    """The model's files and its hyperparameters; see `extract_hyperparameters_from_tarball`."""
    files = find_model_files(input_model_dir)
    hyperparameters = parse_hyperparameters(files)
    _require_directory(working_directory)
    kept = os.path.join(working_directory, HYPERPARAMETERS)
    if os.path.realpath(kept) != os.path.realpath(os.path.join(files.where, HYPERPARAMETERS)):
        # for a person who looks for the reason of a missing field
        with _replaced(kept) as stream:
            stream.write(files.hyperparameters)
    return files, hyperparameters


def find_model_files(input_model_dir: StrPath) -> ModelFiles:
    """The model's files from the first of the four places that has `hyperparameters.json`.

    Raises:
        ModelNotFoundError: `payload.hyperparameters-missing`; it names the places and what lies there.
        DamagedModelError: `payload.file-size`.
    """
    archive = os.path.join(input_model_dir, MODEL_ARCHIVE)
    files, damage = _look_in_archive(archive)
    files = (
        files or _look_in_folder(archive) or _look_in_folder(input_model_dir) or _look_below(input_model_dir)
    )
    if files is None:
        logger.error("%s not found in any location", HYPERPARAMETERS)
        list_directory_contents(input_model_dir)
        raise ModelNotFoundError(
            "payload.hyperparameters-missing",
            f"{HYPERPARAMETERS} not found in model artifacts",
            f"it at the root of the archive {archive}, in a directory of that name, in {input_model_dir}"
            " itself or anywhere below it",
            f"{_contents_in_short(input_model_dir)}{damage}",
        )
    logger.info("Found %s in %s", HYPERPARAMETERS, files.where)
    return files


def _look_in_archive(archive: str) -> tuple[ModelFiles | None, str]:
    """The files, or None and what is wrong with an archive that is there, for a sentence."""
    logger.info("Looking for hyperparameters in the archive %s", archive)
    if not os.path.isfile(archive):
        return None, ""
    try:
        return read_model_archive(archive), ""
    except DamagedModelError as error:
        logger.warning("Passing over the archive, other locations follow: %s", error)
        return None, f" (the archive cannot be read: {error.found})"
    except ModelNotFoundError as error:
        logger.warning("Passing over the archive, other locations follow: %s", error)
        return None, f" (in the archive: {error.found})"


def _look_in_folder(folder: StrPath) -> ModelFiles | None:
    logger.info("Looking for hyperparameters in the directory %s", folder)
    paths = {name: os.path.join(folder, name) for name in (HYPERPARAMETERS, FEATURE_COLUMNS, MANIFEST)}
    contents = {name: _read_small_file(path) for name, path in paths.items() if os.path.isfile(path)}
    return ModelFiles(os.fspath(folder), contents) if HYPERPARAMETERS in contents else None


def _look_below(folder: StrPath) -> ModelFiles | None:
    logger.info("Looking for hyperparameters anywhere below %s", folder)
    matches = [
        path
        for path in _paths_below(folder)
        if os.path.basename(path) == HYPERPARAMETERS and os.path.isfile(path)
    ]
    if len(matches) > 1:
        logger.warning(
            "%d files named %s; taking the first in sorted order: %s",
            len(matches),
            HYPERPARAMETERS,
            _some([os.path.relpath(path, folder) for path in matches]),
        )
    return _look_in_folder(os.path.dirname(matches[0])) if matches else None


def read_model_archive(archive: StrPath) -> ModelFiles:
    """The model's files at the root of a gzip-compressed tar; `./` before a name does not matter.

    Nothing is unpacked to disk. Where a name is repeated the later member counts, as if it were unpacked. A
    hard link to a file of the archive is that file; any other link is none.

    Raises:
        ModelNotFoundError: `payload.hyperparameters-missing`.
        DamagedModelError: `payload.archive`, also where a file in it is larger than 16 MiB, or where it has
            more than 10,000 members.
    """
    names = (HYPERPARAMETERS, FEATURE_COLUMNS, MANIFEST)
    contents, links = _read_members(archive, names)
    if targets := {links[name] for name in links if links[name] is not None}:
        linked, _ = _read_members(archive, targets)
        contents.update((name, linked[target]) for name, target in links.items() if target in linked)
    for name in links:
        if name not in contents:
            logger.warning("%s: %s is a link; not followed", archive, name)
    if HYPERPARAMETERS not in contents:
        raise ModelNotFoundError(
            "payload.hyperparameters-missing",
            f"{archive}: {HYPERPARAMETERS} not found in model artifacts",
            "it at the root of the archive",
            "a link of this name" if HYPERPARAMETERS in links else "none there",
        )
    return ModelFiles(os.fspath(archive), contents)


def _read_members(
    archive: StrPath, names: Collection[str | None]
) -> tuple[dict[str, bytes], dict[str, str | None]]:
    """The contents of members by name, and of those that are links the member they mean, None if none."""
    contents: dict[str, bytes] = {}
    links: dict[str, str | None] = {}
    try:
        with (
            open(archive, "rb") as raw,
            gzip.GzipFile(fileobj=raw) as stream,
            # reading takes no more than the methods of the bounded reader
            tarfile.open(fileobj=_BoundedReader(stream), mode="r:") as tar,  # type: ignore[call-overload]
        ):
            for member in _members(tar):
                name = os.path.normpath(member.name)
                if name not in names:
                    continue
                contents.pop(name, None)
                links.pop(name, None)
                if member.isfile():
                    # a sparse member may claim any size, and its holes are not read from the stream
                    _check_length(member.size)
                    if extracted := tar.extractfile(member):
                        contents[name] = extracted.read()
                elif member.islnk() or member.issym():
                    links[name] = os.path.normpath(member.linkname) if member.islnk() else None
    except (OSError, EOFError, ValueError, RecursionError, zlib.error, tarfile.TarError) as error:
        raise DamagedModelError(
            "payload.archive",
            str(archive),
            "a gzip-compressed tar",
            f"something else or a part of one ({error})",
        ) from error
    return contents, links


def _members(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """The members one by one, without the list that the library keeps of them."""
    count = 0
    while (member := tar.next()) is not None:
        count += 1
        if count > MAX_ARCHIVE_MEMBERS:
            raise tarfile.ReadError(f"more than {MAX_ARCHIVE_MEMBERS} members")
        tar.members.clear()  # type: ignore[attr-defined]
        yield member


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


def _read_small_file(path: str) -> bytes:
    size_bytes = os.path.getsize(path)
    if size_bytes > MAX_FILE_BYTES:
        raise DamagedModelError("payload.file-size", path, f"at most {MAX_FILE_BYTES} bytes", f"{size_bytes}")
    with open(path, "rb") as stream:
        return stream.read()


def parse_hyperparameters(files: ModelFiles) -> dict[str, Any]:
    """The hyperparameters as JSON values.

    Raises:
        DamagedModelError: `payload.hyperparameters`.
    """
    return _parse_object(files.hyperparameters, f"{files.where}: {HYPERPARAMETERS}")


def _parse_object(data: bytes, where: str) -> dict[str, Any]:
    try:
        value = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_each_key_once)
        found = f"a JSON value of type {type(value).__name__}"
    except (ValueError, RecursionError) as error:
        value, found = None, f"something else ({error})"
    if isinstance(value, dict):
        return value
    raise DamagedModelError("payload.hyperparameters", where, "a JSON object", found)


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise ValueError(f"the key {_shown(name)} is there twice")
        members[name] = value
    return members


def request_variables(hyperparameters: Mapping[str, Any]) -> list[list[str]]:
    """The fields of a request with their types: tabular, categorical, then text fields in neither list.

    A field that is listed twice appears twice, since each of its places is a column of a CSV; it is NUMERIC
    where one of its lists is the tabular one.

    Raises:
        DamagedModelError: `payload.field-list` where a list or a name has another type.
    """
    tabular = _names(hyperparameters, "tab_field_list")
    categorical = _names(hyperparameters, "cat_field_list")
    listed = [*tabular, *categorical]
    texts = [name for key in TEXT_NAME_KEYS if (name := _name(hyperparameters, key)) and name not in listed]
    variables = create_model_variable_list(
        [*listed, *dict.fromkeys(texts)],
        tabular,
        categorical,
        _name(hyperparameters, "label_name") or "label",
        _name(hyperparameters, "id_name") or "id",
    )
    for name, var_type in _repeated(variables).items():
        logger.warning("%s is listed more than once: JSON has it once, as %s", _shown(name), var_type)
    return variables


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


def _repeated(variables: Sequence[Sequence[str]]) -> dict[str, str]:
    """Names that stand there more than once, with their types."""
    seen: set[str] = set()
    repeated: dict[str, str] = {}
    for name, var_type in variables:
        if name in seen:
            repeated[name] = var_type
        seen.add(name)
    return repeated


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
    columns_of_model = _column_names(files)
    columns = [name for name, _ in variables] if columns_of_model is None else columns_of_model
    source = "the field lists" if columns_of_model is None else "the model"
    types = {name: var_type for name, var_type in variables}
    unknown = [name for name in columns if name not in types]
    if unknown:
        logger.warning("CSV columns that are in no field list get the text default: %s", ", ".join(unknown))
    absent = sorted(set(types).difference(columns))
    if absent:
        logger.warning("Fields without a CSV column, in JSON samples only: %s", ", ".join(absent))
    logger.info("CSV columns: %d, from %s", len(columns), source)
    csv_vars = [[name, types.get(name, VariableType.TEXT.value)] for name in columns]
    for name in _repeated(csv_vars):
        logger.warning("%s is more than one column: a CSV repeats it", _shown(name))
    return csv_vars


def _column_names(files: ModelFiles) -> list[str] | None:
    if files.feature_columns is not None:
        return _feature_columns(files.feature_columns, f"{files.where}: {FEATURE_COLUMNS}")
    return None if files.manifest is None else _manifest_columns(files.manifest, f"{files.where}: {MANIFEST}")


def _manifest_columns(data: bytes, where: str) -> list[str] | None:
    """The columns that a manifest of this package names; None where it names none, or is another's."""
    try:
        schema = _parse_object(data, where).get("schema")
    except DamagedModelError as error:
        schema = error
    if not isinstance(schema, dict) or "csv_columns" not in schema:
        logger.warning("%s has no schema.csv_columns; taking it as the file of something else", where)
        return None
    columns = schema["csv_columns"]
    if columns is None or (isinstance(columns, list) and all(isinstance(name, str) for name in columns)):
        return columns
    raise DamagedModelError(
        "payload.manifest", f"{where}: $.schema.csv_columns", "a list of names", _shown(columns)
    )


def _feature_columns(data: bytes, where: str) -> list[str]:
    """The names of `<index>,<name>` lines in the order of the lines; `#` begins a comment."""
    names: list[str] = []
    found = "no such line"
    is_long = data.count(b"\n") > MAX_FEATURE_COLUMNS
    lines = [] if is_long else data.decode(errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
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
        "payload.feature-columns",
        where,
        "lines of the form <index>,<name>, at least one, in UTF-8",
        f"more than {MAX_FEATURE_COLUMNS} lines" if is_long else found,
    )


def get_environment_content_types(environ_vars: Mapping[str, str]) -> list[str]:
    """The content types of `CONTENT_TYPES`, `application/json` where it is not set.

    Raises:
        SettingError: `payload.content-type` for an empty entry.
    """
    content_types = [part.strip() for part in environ_vars.get("CONTENT_TYPES", JSON).split(",")]
    if "" in content_types:
        raise _content_type_error("an empty entry in CONTENT_TYPES")
    return content_types


def get_environment_default_numeric_value(environ_vars: Mapping[str, str]) -> float:
    """The number of `DEFAULT_NUMERIC_VALUE`, 0.0 where it is not set; 0.0 with a warning if not finite."""
    text = environ_vars.get("DEFAULT_NUMERIC_VALUE", "0.0")
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if math.isfinite(number):
        return number
    logger.warning("DEFAULT_NUMERIC_VALUE is no finite number: %s; using 0.0", _shown(text))
    return 0.0


def get_environment_default_text_value(environ_vars: Mapping[str, str]) -> str:
    """The text of `DEFAULT_TEXT_VALUE`, `DEFAULT_TEXT` where it is not set."""
    return environ_vars.get("DEFAULT_TEXT_VALUE", DEFAULT_TEXT_VALUE)


def get_environment_special_fields(environ_vars: Mapping[str, str]) -> dict[str, str]:
    """The templates of `SPECIAL_FIELD_<name>` by name in lower case; a later spelling of a name wins.

    `main` takes `special_fields_as_spelled`, since fields may differ in nothing but the case of letters.
    """
    templates: dict[str, str] = {}
    for spelled, template in special_fields_as_spelled(environ_vars).items():
        name = spelled.lower()
        if name in templates:
            logger.warning(
                "%s%s is set more than once; using %s%s",
                *(SPECIAL_FIELD_PREFIX, name, SPECIAL_FIELD_PREFIX, spelled),
            )
        templates[name] = template
    return templates


def special_fields_as_spelled(environ_vars: Mapping[str, str]) -> dict[str, str]:
    """The templates of `SPECIAL_FIELD_<name>` by name as it is written."""
    return {
        variable[len(SPECIAL_FIELD_PREFIX) :]: template
        for variable, template in environ_vars.items()
        if variable.startswith(SPECIAL_FIELD_PREFIX)
    }


def get_environment_field_defaults(environ_vars: Mapping[str, str]) -> dict[str, str | bool]:
    """The values of `FIELD_DEFAULTS`, a JSON object of strings, numbers and booleans, by field.

    A number is its text.

    Raises:
        SettingError: `payload.field-defaults` for anything else.
    """
    text = environ_vars.get("FIELD_DEFAULTS")
    if not text:
        return {}
    try:
        values = json.loads(text, object_pairs_hook=_each_key_once)
        found = _shown(text)
    except (ValueError, RecursionError) as error:
        values, found = None, f"{_shown(text)} ({error})"
    if not isinstance(values, dict):
        raise SettingError("payload.field-defaults", "FIELD_DEFAULTS", "a JSON object", found)
    for name, value in values.items():
        if not isinstance(value, str | int | float) or (
            isinstance(value, float) and not math.isfinite(value)
        ):
            raise SettingError(
                "payload.field-defaults",
                f"FIELD_DEFAULTS: the value of {_shown(name)}",
                "a string, a finite number or a boolean",
                _shown(value),
            )
    return {name: value if isinstance(value, bool) else str(value) for name, value in values.items()}


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
    """A moment as samples show it, `2025-11-18 20:45:30`: a given one in UTC, else now in local time."""
    moment = time.localtime() if epoch_s is None else time.gmtime(epoch_s)
    return time.strftime(TIMESTAMP_FORMAT, moment)


def match_special_fields(
    special_field_values: Mapping[str, str], variables: Sequence[Sequence[str]]
) -> dict[str, str]:
    """The templates by the TEXT field that each is for, in the field's own spelling.

    A name means the field of exactly this spelling, else the one that differs in upper and lower case alone.

    Raises:
        SettingError: `payload.special-field` if a name means no TEXT field or several, or two names one.
    """
    texts = _text_fields(variables)
    names: dict[str, str] = {}
    for name in special_field_values:
        field = _field_meant(name, texts)
        if field is None:
            raise SettingError(
                "payload.special-field",
                f"{SPECIAL_FIELD_PREFIX}{name}",
                f"the name of a TEXT field, one of {_some(texts)}" if texts else "no such setting",
                "another name" if texts else "one, although no field is TEXT",
            )
        if field in names:
            raise SettingError(
                "payload.special-field",
                f"{SPECIAL_FIELD_PREFIX}{name}",
                f"one value for the field {field}",
                f"another with the spelling {_shown(names[field])}",
            )
        names[field] = name
    return {field: special_field_values[name] for field, name in names.items()}


def _templates(special_field_values: Mapping[str, str], variables: Sequence[Sequence[str]]) -> dict[str, str]:
    """The templates by TEXT field; a name in a field's own spelling counts before another of that field."""
    texts = _text_fields(variables)
    names = sorted(special_field_values, key=lambda name: name in texts)
    meant = {name: _field_meant(name, texts) for name in names}
    return {field: special_field_values[name] for name, field in meant.items() if field is not None}


def _text_fields(variables: Sequence[Sequence[str]]) -> list[str]:
    return list(dict.fromkeys(name for name, var_type in variables if var_type == VariableType.TEXT))


def _field_meant(name: str, fields: Sequence[str]) -> str | None:
    if name in fields:
        return name
    meant = [field for field in fields if field.lower() == name.lower()]
    if len(meant) > 1:
        raise SettingError(
            "payload.special-field",
            f"{SPECIAL_FIELD_PREFIX}{name}",
            "a name of one field, whatever its upper and lower case",
            f"a name of {', '.join(meant)}",
        )
    return meant[0] if meant else None


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
        SettingError: `payload.placeholder`, `payload.field-default`, `payload.text`.
        ValueError: if the type is neither NUMERIC nor TEXT.
    """
    own = options.field_defaults.get(field_name)
    if var_type == VariableType.TEXT:
        template = special_field_values.get(field_name, special_field_values.get(field_name.lower()))
        if template is not None:
            return _fill(template, field_name, options.timestamp)
        return default_text_value if own is None else str(own)
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


def _number(own: str | bool, field_name: str) -> str:
    try:
        number = float(own)
    except ValueError:
        number = math.nan
    if math.isfinite(number):
        return str(number)
    raise SettingError(
        "payload.field-default",
        f"the default of field '{field_name}'",
        "a finite number, because the field is NUMERIC",
        _shown(own),
    )


def _record(
    variables: Sequence[Sequence[str]], defaults: tuple[float, str, Mapping[str, str]], options: SampleOptions
) -> dict[str, str]:
    """Values by field, in the order of the variables."""
    number, text, special_field_values = defaults
    templates = _templates(special_field_values, variables)
    record = {}
    for name, var_type in variables:
        own = {name: templates[name]} if name in templates else {}
        record[name] = get_field_default_value(name, var_type, number, text, own, options=options)
    for part in (*record, *record.values()):
        _require_utf8(part)
    return record


def _require_utf8(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise SettingError(
            "payload.text", "a sample", "names and values that can be written in UTF-8", _shown(text)
        ) from error


def generate_csv_payload(
    input_vars: Variables,
    default_numeric_value: float,
    default_text_value: str,
    special_field_values: Mapping[str, str],
    *,
    options: SampleOptions = NO_OPTIONS,
) -> str:
    """One CSV row without header and without line end; a cell that needs it is quoted."""
    defaults = (default_numeric_value, default_text_value, special_field_values)
    return _sample(CSV, input_vars, defaults, options).decode()


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
    return _sample(JSON, input_vars, defaults, options).decode()


def generate_sample_payloads(
    input_vars: Variables,
    content_types: Sequence[str],
    default_numeric_value: float,
    default_text_value: str,
    special_field_values: Mapping[str, str],
    *,
    options: SampleOptions = NO_OPTIONS,
) -> list[dict[str, str | bytes]]:
    """One `{"content_type": ..., "payload": ...}` for each content type, in the given order.

    The payload is a str, but for Parquet bytes.

    Raises:
        SettingError: `payload.content-type`, `payload.parquet`, and what `get_field_default_value` raises.
    """
    csv_vars = input_vars if options.csv_vars is None else options.csv_vars
    defaults = (default_numeric_value, default_text_value, special_field_values)
    payloads: list[dict[str, str | bytes]] = []
    for content_type in map(known_content_type, content_types):
        variables = csv_vars if content_type in (CSV, CSV_WITH_HEADER) else input_vars
        body = _sample(content_type, variables, defaults, options)
        payload = body if content_type == PARQUET else body.decode()
        payloads.append({"content_type": content_type, "payload": payload})
    return payloads


def _sample(
    content_type: str,
    variables: Variables,
    defaults: tuple[float, str, Mapping[str, str]],
    options: SampleOptions,
) -> bytes:
    pairs = list(variables.items()) if isinstance(variables, Mapping) else variables
    record = _record(pairs, defaults, options)
    return encode_records(content_type, [record], [name for name, _ in pairs])


def known_content_type(content_type: str) -> str:
    """The key of `CONTENT_TYPES` that is meant; blanks around it and around its `;` do not matter.

    Raises:
        SettingError: `payload.content-type`.
    """
    name = "; ".join(part.strip() for part in content_type.split(";"))
    if name in CONTENT_TYPES:
        return name
    raise _content_type_error(_shown(content_type))


def _content_type_error(found: str) -> SettingError:
    expected = f"one of {', '.join(CONTENT_TYPES)}"
    return SettingError("payload.content-type", "Unsupported content type", expected, found)


def encode_records(
    content_type: str, records: Sequence[Mapping[str, Value]], columns: Sequence[str]
) -> bytes:
    r"""The body of a request that holds these records.

    JSON is one object for one record, else an array; NDJSON has an object in each line, and ends each by a
    line feed. A CSV has the cells in the order of `columns`, which may repeat a name or have one that the
    records lack: that cell is empty, as is a missing value. Its rows are separated by `\r\n`, without one at
    the end, so that a single row is the row alone. In a CSV a number or boolean is its Python text.

    Args:
        content_type: a key of `CONTENT_TYPES` or another spelling of one.
        records: values by field, all finite; the order of the fields is that of the JSON keys.
        columns: names of the CSV's cells; no other content type looks at them.

    Raises:
        SettingError: `payload.content-type`, `payload.parquet`.
        ValueError: a number that is not finite, or a text that UTF-8 cannot hold.

    Source: RFC 4180, section 2, rules 3 and 5 to 7.
    """
    name = known_content_type(content_type)
    if name == PARQUET:
        return _encode_parquet(records)
    if name == JSON:
        return _encode_json(records[0] if len(records) == 1 else list(records)).encode()
    if name in (NDJSON, JSON_LINES):
        return "".join(_encode_json(record) + "\n" for record in records).encode()
    rows = [_csv_row([record.get(column) for column in columns]) for record in records]
    return "\r\n".join([_csv_row(columns), *rows] if name == CSV_WITH_HEADER else rows).encode()


_encode_json = json.JSONEncoder(allow_nan=False).encode


def _csv_row(values: Sequence[Value]) -> str:
    cells = ["" if value is None else str(value) for value in values]
    if cells == [""]:
        return '""'  # an empty line would be no row at all
    row = ",".join(cells)
    if row.count(",") == len(cells) - 1 and not _MAY_QUOTE.search(row):
        return row  # most rows; a look at each cell of a wide one takes longer than all the rest
    if _TO_QUOTE.search("".join(cells)):
        cells = [_quoted(cell) if _TO_QUOTE.search(cell) else cell for cell in cells]
    return ",".join(cells)


def _quoted(cell: str) -> str:
    doubled = cell.replace('"', '""')
    return f'"{doubled}"'


def _encode_parquet(records: Sequence[Mapping[str, Value]]) -> bytes:
    try:
        from servable.codecs import encode_table  # noqa: PLC0415  # the one thing that this file lacks
        from servable.records import Table  # noqa: PLC0415  # as above
    except ImportError as error:
        raise SettingError(
            "payload.parquet",
            "Unsupported content type",
            "one that this file can write alone",
            f"{PARQUET}: only the package servable can write Parquet; install it, or leave it out",
        ) from error
    return encode_table(Table.of_records(records), PARQUET)


def payload_file_name(content_type: str, index: int) -> str:
    """The name of the file with the sample number `index` of a content type, counted from 0.

    Raises:
        SettingError: `payload.content-type`.
    """
    form = CONTENT_TYPES[known_content_type(content_type)]
    return f"{SAMPLE_PREFIX}{form.stem}_{index}{form.ending}"


class FileNames:
    """The names of samples as they come, each content type counted from 0."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts = dict.fromkeys(CONTENT_TYPES, 0)

    def next_of(self, content_type: str) -> str:
        """The name of the next sample of a content type.

        Raises:
            SettingError: `payload.content-type`.
        """
        name = known_content_type(content_type)
        self._counts[name] += 1
        return payload_file_name(name, self._counts[name] - 1)


def content_type_of(file_name: str) -> str | None:
    """The content type of a sample by the name of its file, None for the name of something else."""
    for content_type, form in CONTENT_TYPES.items():
        start = f"{SAMPLE_PREFIX}{form.stem}_"
        index = file_name.removeprefix(start).removesuffix(form.ending)
        if file_name == f"{start}{index}{form.ending}" and index.isascii() and index.isdigit():
            return content_type
    return None


def save_payloads(  # noqa: PLR0917  the contract's arguments
    output_dir: StrPath,
    input_vars: Variables,
    content_types: Sequence[str],
    default_numeric_value: float,
    default_text_value: str,
    special_field_values: Mapping[str, str],
    *,
    options: SampleOptions = NO_OPTIONS,
) -> list[str]:
    """Writes one file for each content type and returns their paths in the order of the content types.

    Raises:
        SettingError: what `generate_sample_payloads` raises, before anything is written.
    """
    defaults = (default_numeric_value, default_text_value, special_field_values)
    payloads = generate_sample_payloads(input_vars, content_types, *defaults, options=options)
    return _save_samples(output_dir, payloads)


def _save_samples(folder: StrPath, payloads: Iterable[Mapping[str, str | bytes]]) -> list[str]:
    logger.info("===== GENERATED PAYLOAD SAMPLES =====")
    paths = save_bodies(folder, map(_logged_body, payloads))
    logger.info("===================================")
    return paths


def _logged_body(sample: Mapping[str, str | bytes]) -> tuple[str, bytes]:
    content_type, payload = str(sample["content_type"]), sample["payload"]
    logger.info("Content type: %s", content_type)
    logger.info("Payload sample: %s", payload if isinstance(payload, str) else f"{len(payload)} bytes")
    return content_type, payload.encode() if isinstance(payload, str) else payload


def save_bodies(folder: StrPath, bodies: Iterable[tuple[str, bytes]]) -> list[str]:
    """Writes each body, a pair of its content type and bytes, to a file of its own; returns their paths.

    Files are named as `payload_file_name` says, and each content type is counted from 0. Bodies are taken
    one by one, so that no more than one is in memory.

    Raises:
        SettingError: `payload.content-type`.
        OSError: a file cannot be written.
    """
    os.makedirs(folder, exist_ok=True)
    names = FileNames()
    paths = []
    for content_type, body in bodies:
        path = os.path.join(folder, names.next_of(content_type))
        _write_new(path, body)
        logger.info("Created payload file: %s", path)
        paths.append(path)
    return paths


def create_payload_archive(payload_files: Sequence[StrPath], output_dir: StrPath) -> str:
    """Writes `payload.tar.gz` with these files and returns its path; see `write_archive`."""
    return write_archive(payload_files, os.path.join(output_dir, PAYLOAD_ARCHIVE))


def write_archive(payload_files: Sequence[StrPath], archive_path: StrPath) -> str:
    """Writes an archive of these files by their base names, sorted, and returns its path.

    It appears whole or not at all. Its bytes depend on the files' names and contents alone.

    Raises:
        SettingError: `payload.directory`, `payload.twice` for two files of one base name.
        OSError: a file cannot be read, or the archive not written.
    """
    files = sorted(payload_files, key=os.path.basename)
    names = [os.path.basename(path) for path in files]
    for first, second in pairwise(names):
        if first == second:
            raise SettingError(
                "payload.twice", str(archive_path), "files of different names", f"two named {_shown(first)}"
            )
    return write_members(((os.path.basename(path), _contents(path)) for path in files), archive_path)


def write_members(members: Iterable[tuple[str, bytes]], archive_path: StrPath) -> str:
    """Writes an archive of names with their contents, in this order; see `write_archive`.

    Members are taken one by one, so that no more than one is in memory.

    Raises:
        SettingError: `payload.directory`.
        OSError: a member cannot be read, or the archive not written.
    """
    _require_directory(os.path.dirname(archive_path) or os.curdir)
    logger.info("Creating payload archive: %s", archive_path)
    try:
        with _replaced(archive_path) as raw:
            files, total_bytes = _write_members(members, raw)
    except OSError as error:
        logger.exception("Error creating the payload archive: %s", error)
        raise
    compressed_bytes = os.path.getsize(archive_path)
    ratio = f"{compressed_bytes / total_bytes:.2%}" if total_bytes else "not defined, the files are empty"
    logger.info("Files added: %d", files)
    logger.info("Total uncompressed size: %.6f MB", total_bytes / _MEGABYTE)
    logger.info("Compressed tar size: %.6f MB", compressed_bytes / _MEGABYTE)
    logger.info("Compression ratio: %s", ratio)
    return os.fspath(archive_path)


def _write_members(members: Iterable[tuple[str, bytes]], raw: BinaryIO) -> tuple[int, int]:
    """Writes a compressed tar, and returns how many members it has and their bytes before compression."""
    files = total_bytes = 0
    with (
        gzip.GzipFile(
            filename="", mode="wb", compresslevel=COMPRESSION_LEVEL, fileobj=raw, mtime=0
        ) as stream,
        tarfile.open(fileobj=stream, mode="w") as tar,
    ):
        for name, contents in members:
            member = tarfile.TarInfo(name)
            member.size = len(contents)
            logger.info("Adding %s (%.6f MB)", name, member.size / _MEGABYTE)
            tar.addfile(member, io.BytesIO(contents))
            files += 1
            total_bytes += member.size
    return files, total_bytes


def _contents(path: StrPath) -> bytes:
    with open(path, "rb") as stream:
        return stream.read()


def _write_new(path: str, data: bytes) -> None:
    """Writes a file that is new even where the name is taken: it may be a link to another file."""
    _remove(path)
    with open(path, "xb") as stream:
        stream.write(data)


@contextmanager
def _replaced(target: StrPath) -> Iterator[BinaryIO]:
    """A stream whose bytes become the target's when the block ends, and vanish when it fails."""
    folder, name = os.path.split(target)
    beside = os.path.join(folder, f".{name}.{os.getpid()}.tmp")
    _remove(beside)
    try:
        # exclusively: in a shared directory the name may have become a link to another file
        with open(beside, "xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(beside, target)
    finally:
        _remove(beside)


def _remove(path: str) -> None:
    if os.path.lexists(path):
        os.unlink(path)


def ensure_directory(directory: StrPath) -> bool:
    """Whether the directory exists now; it is made where it did not, and a failure is logged."""
    try:
        os.makedirs(directory, exist_ok=True)
    except (OSError, ValueError) as error:
        # a NUL, or what is no text: the log cannot hold it as it stands
        logger.error("Error creating directory %s: %s", ascii(os.fspath(directory))[1:-1], error)
        return False
    return True


def _require_directory(directory: StrPath) -> None:
    if not ensure_directory(directory):
        raise SettingError(
            "payload.directory",
            str(directory),
            "a directory that exists or can be made",
            "neither (the reason is in the log)",
        )


def list_directory_contents(path: StrPath) -> None:
    """Logs the files below a directory with their sizes, the first 200 of them in sorted order."""
    if not os.path.isdir(path):
        logger.info("Directory contents of %s: no such directory", path)
        return
    entries = _paths_below(path)
    logger.info("Directory contents of %s: %d entries", path, len(entries))
    for entry in entries[:MAX_LISTED_FILES]:
        logger.info("  %s", _entry(entry, path))
    if len(entries) > MAX_LISTED_FILES:
        logger.info("  and %d more", len(entries) - MAX_LISTED_FILES)


def _contents_in_short(folder: StrPath) -> str:
    if not os.path.isdir(folder):
        return "a file in place of the directory" if os.path.exists(folder) else "no such directory"
    entries = _paths_below(folder)
    return f"only {_some([_entry(entry, folder) for entry in entries])}" if entries else "an empty directory"


def _paths_below(folder: StrPath) -> list[str]:
    """Files and directories below a directory, sorted; links to directories are not followed."""
    found = [
        os.path.join(parent, name)
        for parent, folders, files in os.walk(folder)
        for name in (*folders, *files)
    ]
    return sorted(found, key=lambda path: path.split(os.sep))


def _entry(path: str, folder: StrPath) -> str:
    what = "directory" if os.path.isdir(path) else f"{os.lstat(path).st_size} bytes"
    return f"{os.path.relpath(path, folder)} ({what})"


def _some(names: Sequence[str]) -> str:
    more = len(names) - _MAX_NAMED
    return ", ".join(names[:_MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


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

    What it was made from stays in the working directory; nothing is written beside the model.

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
    working_directory = environ_vars.get("WORKING_DIRECTORY") or DEFAULT_WORKING_DIRECTORY
    logger.info("Input model directory: %s", model_dir)
    logger.info("Output directory: %s", output_dir)
    logger.info("Working directory: %s", working_directory)
    sample_dir = os.path.join(working_directory, SAMPLE_FOLDER)
    _require_apart(model_dir, output_dir, working_directory)
    content_types = get_environment_content_types(environ_vars)
    files, hyperparameters = load_model(model_dir, working_directory)
    variables = request_variables(hyperparameters)
    csv_vars = csv_variables(files, variables)
    _log_model(hyperparameters, variables)
    options = SampleOptions(
        field_defaults=get_environment_field_defaults(environ_vars),
        csv_vars=csv_vars,
        timestamp=current_timestamp(source_date_epoch_s(environ_vars)),
    )
    fields = [*variables, *csv_vars]
    _warn_of_unused(options.field_defaults, fields)
    defaults = (
        get_environment_default_numeric_value(environ_vars),
        get_environment_default_text_value(environ_vars),
        match_special_fields(special_fields_as_spelled(environ_vars), fields),
    )
    _record(fields, defaults, options)  # a value that cannot be used is one in any content type
    payloads = generate_sample_payloads(variables, content_types, *defaults, options=options)
    with _whole_samples(sample_dir):
        paths = _save_samples(sample_dir, payloads)
    archive_path = create_payload_archive(paths, output_dir)
    logger.info("Generated %d payload samples", len(paths))
    logger.info("Content types: %s", ", ".join(content_types))
    logger.info("Payload files: %s", sample_dir)
    logger.info("Payload archive: %s", archive_path)
    return archive_path


def _path(paths: Mapping[str, str], key: str, kind: str) -> str:
    if key not in paths:
        raise ValueError(f"Missing required {kind} path: {key}")
    return paths[key]


def _require_apart(model_dir: str, output_dir: str, working_directory: str) -> None:
    """Refuses to write beside the files of the model, and to keep samples where something else lies."""
    for setting, directory in (("output_dir", output_dir), ("WORKING_DIRECTORY", working_directory)):
        if _spellings(directory) & _spellings(model_dir):
            raise SettingError(
                "payload.place", setting, "another directory than the model's", _shown(directory)
            )
    sample_dirs = {os.path.join(path, SAMPLE_FOLDER) for path in _spellings(working_directory)}
    for what, directory in (("the model", model_dir), ("the output", output_dir)):
        for path in _spellings(directory):
            if any(path == kept or path.startswith(os.path.join(kept, "")) for kept in sample_dirs):
                raise SettingError(
                    "payload.place",
                    "WORKING_DIRECTORY",
                    f"a directory whose {SAMPLE_FOLDER} is for samples alone",
                    f"{what} in it, {_shown(directory)}",
                )


def _spellings(path: str) -> set[str]:
    """A path as it is named and as links lead to it."""
    try:
        return {os.path.abspath(path), os.path.realpath(path)}
    except ValueError:  # a NUL; whoever reads or makes it says so
        return set()


@contextmanager
def _whole_samples(folder: str) -> Iterator[None]:
    """Empties the folder of an earlier run's samples, and of this one's where the block fails."""
    if os.path.islink(folder):
        os.unlink(folder)
    _remove_samples(folder)
    try:
        yield
    except BaseException:
        _remove_samples(folder)
        if os.path.isdir(folder) and not os.listdir(folder):
            os.rmdir(folder)
        raise


def _remove_samples(folder: str) -> None:
    """Removes files with the names of samples; others may be somebody's notes."""
    if not os.path.isdir(folder):
        return
    with os.scandir(folder) as entries:
        paths = [
            entry.path
            for entry in entries
            if content_type_of(entry.name) is not None and not entry.is_dir(follow_symlinks=False)
        ]
    for path in paths:
        os.unlink(path)


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


def _warn_of_unused(field_defaults: Mapping[str, str | bool], fields: Sequence[Sequence[str]]) -> None:
    names = {name for name, _ in fields}
    for name in field_defaults:
        if name not in names:
            logger.warning("FIELD_DEFAULTS: %s is no field of a sample; not used", _shown(name))


HELP = f"""\
usage: {{program}} [--model-input DIRECTORY] [--output-dir DIRECTORY]

Write sample requests of a model as {PAYLOAD_ARCHIVE}.

options:
  --model-input DIRECTORY  with the model (default: {CONTAINER_MODEL_INPUT})
  --output-dir DIRECTORY   where {PAYLOAD_ARCHIVE} goes (default: {CONTAINER_OUTPUT_DIR})
  -h, --help               show this and exit

environment:
  CONTENT_TYPES            separated by commas, default {JSON}; a sample of each:
                           {JSON}, {CSV}, {CSV_WITH_HEADER},
                           {NDJSON}, {JSON_LINES}, {PARQUET}
  DEFAULT_NUMERIC_VALUE    value of every numeric field, default 0.0
  DEFAULT_TEXT_VALUE       value of every other field, default {DEFAULT_TEXT_VALUE}
  FIELD_DEFAULTS           values of single fields, a JSON object
  SPECIAL_FIELD_<name>     value of one text field; {TIMESTAMP_PLACEHOLDER} in it is replaced
  SOURCE_DATE_EPOCH        time of {TIMESTAMP_PLACEHOLDER} in seconds since 1970, default now
  WORKING_DIRECTORY        where the samples stay for inspection, default {DEFAULT_WORKING_DIRECTORY}

example:
  CONTENT_TYPES={JSON},{CSV} {{program}} --model-input model --output-dir out
"""


def command() -> None:
    """The command line: `main` with the environment's settings.

    Exit codes are 0, 1 where the run fails, and 2 for arguments that cannot be used.
    """
    program = os.path.basename(sys.argv[0])
    try:
        options, others = getopt.getopt(sys.argv[1:], "h", ["help", "model-input=", "output-dir="])
    except getopt.GetoptError as error:
        sys.exit(_usage_error(program, str(error)))
    if others:
        sys.exit(_usage_error(program, f"unexpected argument {_shown(others[0])}"))
    chosen = dict(options)
    if chosen.keys() & {"-h", "--help"}:
        sys.stdout.write(HELP.replace("{program}", program))
        return
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        main(
            {"model_input": chosen.get("--model-input", CONTAINER_MODEL_INPUT)},
            {"output_dir": chosen.get("--output-dir", CONTAINER_OUTPUT_DIR)},
            dict(os.environ),
        )
    except (OSError, ValueError):
        sys.exit(1)  # the log has the reason and the traceback


def _usage_error(program: str, reason: str) -> int:
    sys.stderr.write(f"{program}: {reason}; see {program} --help\n")
    return 2


if __name__ == "__main__":
    command()
