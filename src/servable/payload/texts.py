"""What the text fields of a sample say where nobody chose it: a text that reaches the model.

A placeholder of two words would make a text model look faster than it is, and behind a splitter that keeps
marked messages only, nothing of it would be left.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from servable.artifact import derive_records, parse_json
from servable.payload import script
from servable.schema import Field, Kind, Schema

_MARKS: Final = {"dialogue_splitter": "[bom]", "cs_chat_splitter": "[customer]:"}
_DEFAULT_STEPS: Final = ("dialogue_splitter",)
"""As far as it matters here, what the handler's documentation does where an artifact names no steps."""

_CANDIDATES: Final = 16


def sample_texts(files: script.ModelFiles, hyperparameters: Mapping[str, object]) -> dict[str, str]:
    """A text for each text field of a model, by name; texts of two fields differ where they may.

    Raises:
        Damaged: `json.*` if the manifest cannot be read.
    """
    steps = dict(_steps_of_hyperparameters(hyperparameters)) | dict(_steps_of_manifest(files))
    schema = Schema(fields=tuple(Field(name, Kind.TEXT) for name in steps), classes=("0", "1"))
    records = derive_records(schema, {}, {}, typical=_CANDIDATES)
    return {
        name: next(text for record in records if _mark(steps[name]) in (text := str(record[name])))
        for name in steps
    }


def _mark(steps: Sequence[object]) -> str:
    """What the text must hold so that the first splitter among the steps keeps something of it."""
    return next((_MARKS[str(step)] for step in steps if step in _MARKS), "")


def _steps_of_hyperparameters(
    hyperparameters: Mapping[str, object],
) -> Iterator[tuple[str, Sequence[object]]]:
    for key in script.TEXT_NAME_KEYS:
        name = hyperparameters.get(key)
        if isinstance(name, str) and name:
            steps = hyperparameters.get(f"{key.removesuffix('name')}processing_steps")
            yield name, steps if isinstance(steps, list) else _DEFAULT_STEPS


def _steps_of_manifest(files: script.ModelFiles) -> Iterator[tuple[str, Sequence[object]]]:
    if files.manifest is None:
        return
    manifest = parse_json(files.manifest, where=f"{files.where}: {script.MANIFEST}")
    entries = manifest.get("texts") if isinstance(manifest, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        match entry:
            case {"field": str(name), "steps": list(steps)}:
                yield name, steps
