"""What the text fields of a sample say where nobody chose it: texts that reach the model.

A placeholder of two words would make a text model look faster than it is, and behind a splitter that keeps
marked messages only, nothing of it would be left.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from servable.artifact import TEXTS, parse_json
from servable.errors import Damaged
from servable.payload import script
from servable.payload.strategies.dialogues import DIALOGUE, is_marked, marks_of

_DEFAULT_STEPS: Final = (DIALOGUE,)
"""As far as it matters here, what the handler's documentation does where an artifact names no steps."""

_MOST_CHARS: Final = 1000
"""Of a text of a few sentences, which most texts are."""


def kept_texts(steps: Sequence[str], *, where: str) -> tuple[str, ...]:
    """Varied texts of which the steps leave something, the plainest first; all of them if none is left.

    Without a splitter they are of a few sentences, and no dialogues.

    Args:
        steps: names of the text steps; those that chunk and tokenize are passed over.
        where: their place, for errors.

    Raises:
        Damaged: `text.step`.
    """
    from servable.preprocess.text import CHUNKER, TOKENIZER, compose  # noqa: PLC0415  # tokenizers

    clean = compose([step for step in steps if step not in (CHUNKER, TOKENIZER)], where=where)
    texts = TEXTS if marks_of(steps) else tuple(filter(_is_usual, TEXTS))
    kept = tuple(text for text in texts if "".join(clean(text)).strip())
    return kept or TEXTS


def _is_usual(text: str) -> bool:
    return len(text) <= _MOST_CHARS and not is_marked(text)


def sample_texts(files: script.ModelFiles, hyperparameters: Mapping[str, object]) -> dict[str, str]:
    """A text for each text field of a model that is known by its lists; two fields differ where they may.

    Raises:
        Damaged: `json.*` if the manifest cannot be read.
    """
    steps = dict(_steps_of_hyperparameters(hyperparameters)) | dict(_steps_of_manifest(files))
    texts = {name: _texts_of(name, steps[name]) for name in steps}
    return {name: kept[place % len(kept)] for place, (name, kept) in enumerate(texts.items())}


def _texts_of(name: str, steps: Sequence[object]) -> tuple[str, ...]:
    try:
        return kept_texts([str(step) for step in steps], where=f'field "{name}", text steps')
    except Damaged:  # whoever scores with these steps refuses them; lists of fields are enough for a sample
        return TEXTS


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
