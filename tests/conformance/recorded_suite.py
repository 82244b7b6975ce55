"""A folder of recorded artifacts, requests and answers, read with the right answer to every request.

A request that `deviations.json` tags is to be compared with `expect.json`, every other one with the
stored answer of the implementation that recorded it. There is no third kind.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from right_categories import corrected

from servable.artifact import read_pickle

DEFAULT_FOLDER = Path(__file__).parents[2].parent / "shared" / "conformance"
"""Lies beside the checkout."""

ARTIFACTS_OWN_FAULT = "F14"
"""Tags a request that is refused because the artifact's steps cannot work, so that loading may refuse it."""

FAULTS_OF_CALIBRATION = frozenset(["F2", "F9", "F24", "F25"])
"""What these spoil comes after the model, whose inputs were recorded as they should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Expected probabilities, `[n, classes]` each, or `[n]` of class 1 alone."""

    raw: NDArray[np.float64]
    calibrated: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An expected refusal of the whole request; record and field only where they are asked for.

    Attributes:
        at_load: whether refusing the artifact itself is as right.
    """

    record: int | None = None
    field: str | None = None
    at_load: bool = False


@dataclass(frozen=True, slots=True)
class Undecided:
    """A request for which the folder holds no right answer; never an agreement."""

    why: str


Outcome = Scores | Refusal | Undecided


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """What a model reads of one request; whatever was not recorded is None.

    Attributes:
        chunks: by text field, the chunks of each record as they reach the tokenizer.
        ids: by text field, the token ids of each record's chunks, without padding.
        features: names of the tabular columns.
        tabular: `[n, features]` float32.
    """

    chunks: Mapping[str, list[list[str]]] | None = None
    ids: Mapping[str, list[list[list[int]]]] | None = None
    features: tuple[str, ...] | None = None
    tabular: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One recorded request and what must come of it.

    Attributes:
        source: `stored` or `expected`, where the right answer was taken from.
        steps: what the model must be given, where that was recorded.
    """

    key: str
    content_type: str
    body: bytes
    source: str
    outcome: Outcome
    steps: Steps | None = None


@dataclass(frozen=True)
class Case:
    """One artifact with its requests.

    Attributes:
        suite: what it belongs to.
        folder: holds `case.json`, `artifact/`, `requests/` and the stored answers.
    """

    suite: "Suite"
    folder: Path
    entry: Mapping[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def artifact(self) -> Path:
        return self.folder / "artifact"

    @property
    def kind(self) -> str:
        """What cases that test alike have in common: network or booster, engine, inputs, encoder, classes."""
        network, engine = self.entry["model_class"], self.entry["engine"]
        classes = self.settings.get("num_classes", 2)
        if network is None:
            native = read_json(self.artifact / "categorical_config.json", default={"": None})
            mode = " with native categories" if native.get("use_native_categorical") else ""
            return f"{engine}{mode}, {classes} classes"
        encoder = read_json(self.suite.root / self.entry["encoder"] / "config.json")["model_type"]
        roles = set(self.description["fields"].values())
        inputs = "texts and table" if roles & {"num", "int", "cat"} else "texts"
        return f"{network} on {engine}, {inputs}, {encoder}, {classes} classes"

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """The hyperparameters beside the model, if they are there."""
        found: Mapping[str, Any] = read_json(self.artifact / "hyperparameters.json", default={"": None})
        return found

    @cached_property
    def description(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = read_json(self.folder / "case.json")
        return found

    @property
    def feature_columns(self) -> tuple[str, ...]:
        return tuple(self.description["feature_columns"] or ())

    @cached_property
    def risk_tables(self) -> Mapping[str, Any]:
        """Risk tables as they lie in the artifact, by field."""
        path = self.artifact / "risk_table_map.pkl"
        found = read_pickle(path.read_bytes(), where=path.name) if path.is_file() else {}
        assert isinstance(found, dict)
        return found

    @cached_property
    def text_steps(self) -> frozenset[str]:
        """Every text step that the artifact records."""
        lists = [steps for key, steps in self.settings.items() if key.endswith("processing_steps") and steps]
        return frozenset(step for steps in lists for step in steps)

    def request_files(self) -> frozenset[str]:
        """Names, without their ending, of all request bodies in the folder."""
        return frozenset(path.stem for path in (self.folder / "requests").iterdir())

    def requests(self) -> list[Recorded]:
        """Every request that the case lists, with its right answer."""
        answers = read_json(self.folder / "answers.json", default={})
        entries = {entry["answer"] or Path(entry["request"]).stem: entry for entry in self._listed}
        tags = {key: self.suite.tags(self.name, key) for key in entries}
        repaired = self._repaired_steps(tags)
        return [
            self._recorded(entry, key, tags[key], answers.get(key, {}), repaired.get(key))
            for key, entry in entries.items()
        ]

    @property
    def _listed(self) -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] = self.description["requests"]
        return found

    def _recorded(
        self,
        entry: Mapping[str, Any],
        key: str,
        tags: frozenset[str],
        answer: Mapping[str, Any],
        repaired: Steps | None,
    ) -> Recorded:
        is_kept = key in self.suite.kept(self.name)
        body = (self.folder / entry["request"]).read_bytes()
        if tags and not is_kept:
            source, outcome = "expected", _expectation(self.suite.expectations(self.name).get(key), tags)
        else:
            source, outcome = "stored", _stored(entry["result"], answer)
        steps = repaired
        if is_kept or tags <= FAULTS_OF_CALIBRATION:
            steps = self._corrected(_steps(answer.get("intermediate")), entry["content_type"], body)
        return Recorded(
            key=key,
            content_type=entry["content_type"],
            body=body,
            source=source,
            outcome=outcome,
            steps=steps if isinstance(outcome, Scores) else None,
        )

    def _corrected(self, steps: Steps | None, content_type: str, body: bytes) -> Steps | None:
        if steps is None or steps.tabular is None or not self.risk_tables:
            return steps
        tabular = corrected(
            steps.tabular,
            steps.features or (),
            body=body,
            content_type=content_type,
            columns=self.feature_columns,
            tables=self.risk_tables,
        )
        return replace(steps, tabular=tabular)

    def _repaired_steps(self, tags: Mapping[str, frozenset[str]]) -> dict[str, Steps]:
        """What the stored weights are given where the other implementation cannot answer at all.

        Only for requests without any fault but those of the whole case; a batch, which it says by its
        `path`, was read with the faults of its batches.
        """
        answers = read_json(self.folder / "repaired.json", default={"answers": []})["answers"]
        of_the_case = frozenset.intersection(*tags.values()) if tags else frozenset()
        roles = self.description.get("fields", {})
        texts = [name for name, role in roles.items() if role == "text"]
        keyed = {Path(answer["request"]).stem: answer for answer in answers}
        return {
            key: _repaired(answer, texts, self.feature_columns)
            for key, answer in keyed.items()
            if answer.get("path", ["single"]) == ["single"] and tags.get(key) == of_the_case
        }


class Suite:
    """A folder with `index.json`, `cases/`, `encoders/`, `deviations.json` and `expect.json`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        tags = read_json(root / "deviations.json", default={})
        self._tagged: Mapping[str, Mapping[str, Sequence[str]]] = tags.get("cases", {})
        self._kept: Mapping[str, Mapping[str, Sequence[str]]] = tags.get("kept", {})
        self._expected: Mapping[str, Mapping[str, Any]] = read_json(root / "expect.json", default={})

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """The cases in the order of their names."""
        entries = read_json(self.root / "index.json")["cases"]
        return tuple(
            Case(self, self.root / entry["case"], entry) for entry in sorted(entries, key=lambda e: e["case"])
        )

    def case(self, name: str) -> Case:
        return next(case for case in self.cases if case.name == name)

    def one_of_each_kind(self) -> dict[str, Case]:
        """The first case of each kind."""
        return {case.kind: case for case in reversed(self.cases)}

    def tags(self, case: str, key: str) -> frozenset[str]:
        """The faults that explain why a stored answer is not the right one."""
        return frozenset(self._tagged.get(case, {}).get(key, ()))

    def kept(self, case: str) -> Mapping[str, Sequence[str]]:
        """Requests whose stored answer is right in spite of an oddity."""
        return self._kept.get(case, {})

    def expectations(self, case: str) -> Mapping[str, Any]:
        return self._expected.get(case, {})

    def file(self, name: str) -> Any:
        """A function-level file."""
        return read_json(self.root / name)


def at_collection(names: Callable[[Suite], Iterable[str]]) -> list[str]:
    """Names to test by; one that stands for the folder if it is not there, so that its fixture says so."""
    is_there = (DEFAULT_FOLDER / "index.json").is_file()
    return list(names(Suite(DEFAULT_FOLDER))) if is_there else ["no folder"]


def read_json(path: Path, *, default: Any = None) -> Any:
    """The content of a JSON file; the default, where there is one, if there is no such file."""
    if default is not None and not path.is_file():
        return default
    return json.loads(path.read_text(encoding="utf-8"))


def _expectation(entry: Mapping[str, Any] | None, tags: frozenset[str]) -> Outcome:
    if entry is None or entry["outcome"] not in {"error", "score"}:
        return Undecided(f"tagged {', '.join(sorted(tags))}, and no right answer stands beside it")
    if entry["outcome"] == "error":
        return Refusal(record=entry["row"], field=entry["field"], at_load=ARTIFACTS_OWN_FAULT in tags)
    return Scores(raw=np.array(entry["raw"]), calibrated=np.array(entry["calibrated"]))


def _stored(result: str, answer: Mapping[str, Any]) -> Outcome:
    if result in {"input_error", "predict_error"}:
        return Refusal()
    if result != "ok":
        return Undecided(f"neither tagged nor answered: {result}")
    found = answer["predict_fn"]
    return Scores(raw=np.array(found["raw"]["values"]), calibrated=np.array(found["calibrated"]["values"]))


def _steps(recorded: Mapping[str, Any] | None) -> Steps | None:
    """Recorded intermediates: tabular columns of a network, tabular rows of trees."""
    if recorded is None:
        return None
    texts, tabular = recorded.get("text", {}), recorded.get("tabular") or {}
    chunks = recorded.get("tokenizer_input", {})
    values = np.array(tabular["rows"]) if "rows" in tabular else np.array(tabular.get("columns", [])).T
    return Steps(
        # a text that nothing has split reaches the tokenizer whole, which takes its characters one by one
        chunks={name: [list(row) for row in rows] for name, rows in chunks.items()},
        # an empty list is a chunk that exists only as padding of the batch
        ids={name: [[ids for ids in row if ids] for row in text["ids"]] for name, text in texts.items()},
        features=tuple(tabular["order"]) if values.size else None,
        tabular=values.astype(np.float32) if values.size else None,
    )


def _repaired(answer: Mapping[str, Any], texts: Sequence[str], columns: tuple[str, ...]) -> Steps:
    if "intermediate" in answer:
        return _steps(answer["intermediate"]) or Steps()
    rows = answer["rows"]
    if isinstance(rows[0], dict):
        return Steps(ids={texts[0]: [row["ids"] for row in rows]})
    return Steps(features=columns, tabular=np.array(rows, dtype=np.float32))
