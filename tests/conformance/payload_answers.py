"""The answers that a case has under some readings of the settled points; none of it is the script's code."""

import contextlib
import json
import tarfile
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from payload_readings import RefusedError
from payload_recorded import Answer, Content, PayloadCase, Samples
from payload_rules import RULES, Reading

HYPERPARAMETERS, FEATURE_COLUMNS, SPECIAL = "hyperparameters.json", "feature_columns.txt", "SPECIAL_FIELD_"
NO_EMPTY_RECORD = ("text/csv; header=present", "application/x-parquet")  # without a column there is no row
TEXT_NAMES = ("text_name", "primary_text_name", "secondary_text_name")
STEMS = {
    "application/json": ("application_json", ".json"),
    "text/csv": ("text_csv", ".csv"),
    "text/csv; header=present": ("text_csv_header", ".csv"),
    "application/x-ndjson": ("application_x-ndjson", ".ndjson"),
    "application/jsonlines": ("application_jsonlines", ".jsonl"),
    "application/x-parquet": ("application_x-parquet", ".parquet"),
}


class Model(NamedTuple):
    """What a model folder holds for the script: the text of two files."""

    hyperparameters: bytes
    feature_columns: str | None


def answers(case: PayloadCase, settled: Collection[str]) -> list[Answer]:
    """Every answer that the case may have where these points are read as settled, the others as recorded.

    There are several only where the recorded reading leaves a choice to the file system.
    """
    read = {name: rule.settled if name in settled else rule.recorded for name, rule in RULES.items()}
    found: list[Answer] = []
    try:
        for model in _models(case, read):
            found.append(_answer(case, model, read))
    except RefusedError as refused:
        found.append(refused.refusal)
    return found


def _answer(case: PayloadCase, model: Model, read: Mapping[str, Reading]) -> Answer:
    try:
        return _samples(case, model, read)
    except RefusedError as refused:
        return refused.refusal


def _models(case: PayloadCase, read: Mapping[str, Reading]) -> Iterator[Model]:
    if case.model_dir is None:
        raise RefusedError("ValueError", "Missing required input path: model_input")
    if not case.has_output_dir:
        raise RefusedError("ValueError", "Missing required output path: output_dir")
    archive = case.model_dir / "model.tar.gz"
    if (
        model := _of_archive(archive, read["member name"])
        or _of_folder(archive)
        or _of_folder(case.model_dir)
    ):
        yield model
        return
    below = read["several files"](list(case.model_dir.rglob(HYPERPARAMETERS)))
    if not below:
        raise RefusedError("FileNotFoundError", "hyperparameters.json not found in model artifacts")
    yield from (model for path in below if (model := _of_folder(path.parent)))


def _of_archive(archive: Path, plain: Reading) -> Model | None:
    if not archive.is_file():
        return None
    files: dict[str, bytes] = {}
    with contextlib.suppress(tarfile.TarError, OSError, EOFError, zlib.error), tarfile.open(archive) as tar:
        members = tar.getmembers()
        files = {plain(m.name): stream.read() for m in members if (stream := tar.extractfile(m))}
    return _model(files)


def _of_folder(folder: Path) -> Model | None:
    names = (HYPERPARAMETERS, FEATURE_COLUMNS)
    return _model({name: (folder / name).read_bytes() for name in names if (folder / name).is_file()})


def _model(files: Mapping[str, bytes]) -> Model | None:
    if HYPERPARAMETERS not in files:
        return None
    columns = files.get(FEATURE_COLUMNS)
    return Model(files[HYPERPARAMETERS], None if columns is None else columns.decode(errors="replace"))


def _samples(case: PayloadCase, model: Model, read: Mapping[str, Reading]) -> Samples:
    try:
        told = read["no object"](json.loads(read["byte order mark"](model.hyperparameters)))
    except ValueError as error:
        raise RefusedError("ValueError") from error
    fields = _fields(told, read)
    columns = read["columns"](fields, model.feature_columns)
    numeric = frozenset(told.get("tab_field_list") or [])
    values = _values(case, list(dict.fromkeys(chain(fields, columns))), numeric.intersection(fields), read)
    parts = case.environ.get("CONTENT_TYPES", "application/json").split(",")
    asked = [read["content type"](part.strip()) for part in parts]
    files: dict[str, Content] = {}
    for index, content_type in enumerate(asked):
        stem, ending = STEMS[content_type]
        name = f"payload_{stem}_{read['number in a name'](asked, index)}{ending}"
        files[name] = _content(content_type, fields, columns, values, read["quotes"])
    read["empty files"](sum(len(content) for content in files.values()))
    return Samples(tuple((name, files[name]) for name in read["order of members"](list(files))))


def _fields(told: Mapping[str, Any], read: Mapping[str, Reading]) -> list[str]:
    """Names in order, repeated ones as often as they stand in the lists."""
    listed = read["lists"](told.get("tab_field_list", []), told.get("cat_field_list", []))
    texts = [told[key] for key in TEXT_NAMES if told.get(key)]
    left_out = [read["label and id"](told.get(f"{usual}_name", usual), usual) for usual in ("label", "id")]
    return [name for name in read["text fields"](listed, texts) if name not in left_out]


def _values(
    case: PayloadCase, fields: Sequence[str], numeric: Collection[str], read: Mapping[str, Reading]
) -> dict[str, str]:
    """The value of every field as a string, by name."""
    try:
        number = float(case.environ.get("DEFAULT_NUMERIC_VALUE", "0.0"))
    except ValueError:
        number = 0.0
    text = case.environ.get("DEFAULT_TEXT_VALUE", "DEFAULT_TEXT")
    usual = {name: str(read["finite default"](number)) if name in numeric else text for name in fields}
    values: dict[str, str] = usual | read["field defaults"](case.environ.get("FIELD_DEFAULTS"), numeric)
    texts = [name for name in fields if name not in numeric]
    for variable, template in case.environ.items():
        if not variable.startswith(SPECIAL):
            continue
        suffix = variable.removeprefix(SPECIAL)
        reached = read["special field's case"](suffix, texts)
        if not reached:
            read["special field of no text"](suffix, texts)
        values |= {name: read["placeholders"](template, name, case.clock) for name in reached}
    return values


def _content(
    content_type: str, fields: Sequence[str], columns: Sequence[str], values: Mapping[str, str], row: Reading
) -> Content:
    if content_type == "application/json":
        return json.dumps({name: values[name] for name in fields})
    if content_type == "text/csv":
        return str(row([values[name] for name in columns]))
    named = columns if content_type.startswith("text/csv") else fields
    if not named and content_type in NO_EMPTY_RECORD:
        return []
    return [{name: values[name] for name in named}]
