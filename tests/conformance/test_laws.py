"""Laws 1, 2, 3 and 7 on one artifact of every kind, in every layout, in batches of any size.

Records are made of the artifact's own categories. A record's score does not depend on where it was
computed, on its neighbours, its place, the batch or the content type that brought it.
"""

import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from recorded_suite import Case, Suite, at_collection

from servable import handler
from servable.artifact import Artifact, EngineKind, OnDamage
from servable.codecs import REQUEST_TYPES, decode_request, encode_table
from servable.errors import BadInput, ServableError
from servable.records import Cell, Predictions, Table
from servable.schema import Field, Kind
from servable.scorer import Scorer, load

pytestmark = [pytest.mark.conformance, pytest.mark.slow]

SIZES = (1, 2, 17, 256)
KINDS = at_collection(lambda suite: suite.one_of_each_kind())
PACKED_KINDS = [kind for kind in KINDS if "onnx" not in kind]
Record = dict[str, Cell]

few = settings(
    max_examples=2,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""What is drawn is drawn afresh for each of many artifacts."""


@dataclass(frozen=True)
class Subject:
    """A loaded artifact and how far a record's scores may move: torch, other engines, packed ones."""

    scorer: Scorer

    @property
    def tolerance(self) -> float:
        artifact = self.scorer.artifact
        if artifact.manifest is not None and artifact.manifest.tolerances.is_bit_equal_on_wire:
            return 0.0
        return 5e-6 if artifact.engine.kind is EngineKind.TORCH else 1e-6

    @cached_property
    def records(self) -> SearchStrategy[Record]:
        """Records of the artifact's own categories, and of such as it has never seen."""
        artifact = self.scorer.artifact
        return st.fixed_dictionaries({f.name: _cells(artifact, f) for f in artifact.schema.fields})

    def sent(self, records: list[Record], content_type: str) -> Predictions:
        """Scores of records that came as a request body."""
        schema = self.scorer.schema
        names = schema.names() if content_type != "text/csv" else schema.csv_columns or schema.names()
        table = Table(names=names, rows=[tuple(record[name] for name in names) for record in records])
        body = encode_table(table, content_type)
        return self.scorer.score_records(schema.bind(decode_request(body, content_type)))

    def alone(self, records: list[Record]) -> Predictions:
        """Scores of each record by itself, as a dict of Python values."""
        single = [self.scorer.score(record) for record in records]
        return Predictions(
            raw=np.concatenate([one.raw for one in single]),
            calibrated=np.concatenate([one.calibrated for one in single]),
        )

    def assert_equal(self, found: Predictions, right: Predictions, order: list[int]) -> None:
        for ours, theirs in ((found.raw, right.raw[order]), (found.calibrated, right.calibrated[order])):
            assert np.abs(ours.astype(np.float64) - theirs).max() <= self.tolerance


def _cells(artifact: Artifact, field: Field) -> SearchStrategy[Cell]:
    if field.kind is Kind.NUMERIC:
        return st.none() | st.floats(-1e6, 1e6, width=32)
    if field.kind is Kind.CATEGORICAL:
        table = artifact.risk_tables.get(field.name)
        known = sorted(table.bins) if table else []
        return st.none() | st.sampled_from([*known, "a category that nobody knows", "NA", "10.0", "007"])
    text = next(text for text in artifact.texts if text.field == field.name)
    mark = "[customer]: {}" if "cs_chat_splitter" in text.steps else "[bom] {} [eom]"
    words = st.sampled_from(["refund", "never", "thanks!", "x", "ünïcödé", "<b>42</b>"])
    said = st.lists(words, max_size=40).map(" ".join)
    messages = st.lists(said.map(mark.format), max_size=6)
    return st.none() | st.just("outside of every message") | messages.map("\n".join).filter(bool)


@pytest.fixture(scope="module")
def subjects(suite: Suite, packed: Callable[[Case], Path]) -> Callable[[str, str], Subject]:
    """Loads a kind as training left it, or packed, once."""
    loaded: dict[tuple[str, str], Subject] = {}

    def subject(kind: str, form: str) -> Subject:
        if (kind, form) not in loaded:
            case = suite.one_of_each_kind()[kind]
            path = packed(case) if form == "packed" else case.artifact
            scorer = load(path, on_damage=OnDamage.WARN, tokenizers=suite.root, threads=1)
            loaded[kind, form] = Subject(scorer)
        return loaded[kind, form]

    return subject


@pytest.fixture(
    scope="module",
    params=[*((kind, "as trained") for kind in KINDS), *((kind, "packed") for kind in PACKED_KINDS)],
    ids=lambda param: f"{param[0]}, {param[1]}",
)
def subject(request: pytest.FixtureRequest, subjects: Callable[[str, str], Subject]) -> Subject:
    return subjects(*request.param)


@pytest.mark.parametrize("size", SIZES)
def test_a_record_scores_as_if_alone_in_any_batch_place_and_content_type(subject: Subject, size: int) -> None:
    @few
    @given(
        pool=st.lists(subject.records, min_size=1, max_size=5),
        types=st.permutations(REQUEST_TYPES),
        seed=st.integers(0, 2**16),
    )
    def holds(pool: list[Record], types: list[str], seed: int) -> None:
        right = subject.alone(pool)
        for content_type in types[: 1 if size == 256 else 4]:
            order = np.random.default_rng(seed).integers(len(pool), size=size).tolist()
            found = subject.sent([pool[index] for index in order], content_type)
            subject.assert_equal(found, right, order)

    holds()


def test_the_handler_scores_to_the_last_bit_as_the_scorer_does(subject: Subject) -> None:
    model = handler.ModelData(handler.Model(subject.scorer))

    @few
    @given(records=st.lists(subject.records, min_size=1, max_size=5))
    def holds(records: list[Record]) -> None:
        body = encode_table(Table.of_records(records), "application/x-ndjson")
        right = subject.sent(records, "application/x-ndjson")
        found = handler.predict_fn(handler.input_fn(body, "application/x-ndjson"), model)
        assert found["raw_predictions"].tobytes() == right.raw.tobytes()
        assert found["calibrated_predictions"].tobytes() == right.calibrated.tobytes()

    holds()


EMPTY = {"application/json": b"[]", "application/x-ndjson": b"\n\n", "text/csv": b"\n\n"}


@pytest.mark.parametrize("content_type", EMPTY)
def test_a_batch_of_no_record_is_refused_in_words(subject: Subject, content_type: str) -> None:
    with pytest.raises(BadInput, match=r"expected .*record.*, found .*; "):
        subject.scorer.schema.bind(decode_request(EMPTY[content_type], content_type))


def test_a_list_of_no_record_is_refused_in_words(subject: Subject) -> None:
    with pytest.raises(BadInput, match=r"expected .*record.*, found .*; "):
        subject.scorer.score([])


@pytest.mark.parametrize("kind", PACKED_KINDS)
def test_the_packed_artifact_scores_what_training_left(
    kind: str, subjects: Callable[[str, str], Subject]
) -> None:
    trained, packed = subjects(kind, "as trained"), subjects(kind, "packed")

    @few
    @given(records=st.lists(trained.records, min_size=40, max_size=40))
    def holds(records: list[Record]) -> None:
        left, right = (subject.scorer.score(records).raw for subject in (trained, packed))
        difference = np.abs(left.astype(np.float64) - right).max(axis=1)
        assert difference.max() <= 1e-4
        assert np.quantile(difference, 0.999) <= 1e-5

    holds()


@pytest.mark.parametrize("kind", PACKED_KINDS)
def test_a_packed_artifact_scores_its_golden_records_as_it_says(
    kind: str, subjects: Callable[[str, str], Subject]
) -> None:
    subject = subjects(kind, "packed")
    golden = subject.scorer.artifact.golden
    assert golden is not None
    assert golden.packed is not None

    found = subject.scorer.score_records(subject.scorer.schema.bind(golden.table()))

    subject.assert_equal(found, golden.packed, [*range(len(golden))])


def _members(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path


def _as_tar_gz(folder: Path, output: Path) -> Path:
    with tarfile.open(output, "w:gz", compresslevel=1) as archive:
        archive.add(folder, arcname=".")
    return output


def _as_zip(folder: Path, output: Path) -> Path:
    with zipfile.ZipFile(output, "w") as archive:
        for name, path in _members(folder):
            archive.write(path, name)
    return output


def _bytes(folder: Path) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in _members(folder)}


@pytest.mark.parametrize("kind", KINDS)
def test_every_layout_scores_alike_and_stays_as_it_is(
    kind: str, suite: Suite, subjects: Callable[[str, str], Subject], tmp_path: Path
) -> None:
    folder, trained = suite.one_of_each_kind()[kind].artifact, subjects(kind, "as trained")
    before = _bytes(folder)
    layouts = [_as_tar_gz(folder, tmp_path / "model.tar.gz"), _as_zip(folder, tmp_path / "model.zip")]
    held = [path.read_bytes() for path in layouts]
    loaded = [load(p, on_damage=OnDamage.WARN, tokenizers=suite.root, threads=1) for p in layouts]

    @few
    @given(records=st.lists(trained.records, min_size=3, max_size=3))
    def holds(records: list[Record]) -> None:
        right = trained.scorer.score(records)
        for scorer in loaded:
            assert scorer.score(records).raw.tobytes() == right.raw.tobytes()

    holds()
    assert _bytes(folder) == before
    assert [path.read_bytes() for path in layouts] == held
    assert sorted(tmp_path.iterdir()) == sorted(layouts)


@pytest.mark.parametrize("kind", PACKED_KINDS)
def test_a_packed_artifact_with_any_one_byte_changed_is_refused_in_words(
    kind: str, suite: Suite, packed: Callable[[Case], Path], tmp_path: Path
) -> None:
    with tarfile.open(packed(suite.one_of_each_kind()[kind])) as archive:
        archive.extractall(tmp_path, filter="data")
    names = sorted(name for name, _ in _members(tmp_path) if name != "manifest.json")

    @settings(few, max_examples=6)
    @given(name=st.sampled_from(names), place=st.floats(0, 1, exclude_max=True), other=st.integers(1, 255))
    def holds(name: str, place: float, other: int) -> None:
        content = (tmp_path / name).read_bytes()
        at = int(place * len(content))
        (tmp_path / name).write_bytes(content[:at] + bytes([content[at] ^ other]) + content[at + 1 :])
        try:
            with pytest.raises(ServableError, match=name.rpartition("/")[2]):
                load(tmp_path)
        finally:
            (tmp_path / name).write_bytes(content)

    holds()
