"""The function-level files of a folder of recorded calls, each with the functions of ours that answer it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from conformance_replay import Tally
from departures import DEPARTURES
from fit_entries import fit_entries
from function_entries import Entry, replay_entries
from handler_entries import calibration_entries, output_entries
from load_entries import LOADING, load_entries
from recorded_suite import Suite, read_json
from text_entries import html_entries, text_step_entries, tokenizer_entries

_READERS: Mapping[str, Callable[[Mapping[str, Any]], Iterator[Entry]]] = {
    "text_steps.json": text_step_entries,
    "html_cases.json": html_entries,
    "calibration_functions.json": calibration_entries,
    "output_formats.json": output_entries,
    "fit_functions.json": fit_entries,
}


def function_files(suite: Suite) -> tuple[str, ...]:
    """Names of the files that the folder holds."""
    tokenizers = sorted(path.name for path in suite.root.glob("tokenizer_*.json"))
    return tuple(name for name in (*_READERS, LOADING, *tokenizers) if (suite.root / name).is_file())


def entries_of(suite: Suite, file: str) -> Iterator[Entry]:
    """Every recorded call of a file."""
    content = suite.file(file)
    if file == LOADING:
        return load_entries(content, suite)
    if file.startswith("tokenizer_"):
        encoder = file.removeprefix("tokenizer_").removesuffix(".json")
        steps = read_json(suite.root / "text_steps.json", default={"texts": []})
        texts = {text["name"]: text["text"] for text in steps["texts"]}
        return tokenizer_entries(content, texts, suite.root / "encoders" / encoder / "tokenizer.json")
    return _READERS[file](content)


def replay_file(suite: Suite, file: str) -> Tally:
    """Calls ours for every entry of a file."""
    return replay_entries(file, entries_of(suite, file), DEPARTURES)
