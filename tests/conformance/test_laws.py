"""Laws 1, 2, 3 and 7 on one artifact of every kind, in every layout, in batches of any size.

Records are made of the artifact's own categories. A record's score does not depend on where it was
computed, on its neighbours, its place, the batch or the content type that brought it.
"""

import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from drawn_records import SIZES, Drawn, Record, draws_of, without_empty_strings
from recorded_suite import Case, Suite, at_collection

from servable import handler
from servable.artifact import EngineKind, OnDamage
from servable.codecs import REQUEST_TYPES, decode_request, encode_table
from servable.errors import BadInput, ServableError
from servable.records import Predictions, Table
from servable.scorer import Scorer, load

pytestmark = [pytest.mark.conformance, pytest.mark.slow]

KINDS = at_collection(lambda suite: suite.one_of_each_kind())
PACKED_KINDS = [kind for kind in KINDS if "onnx" not in kind]
CHANGED_BYTES = 6


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A loaded artifact, and the records to send it: the same for every form of the artifact."""

    scorer: Scorer
    drawn: Drawn
    scored: dict[str, Predictions] = field(default_factory=dict, repr=False)

    @property
    def tolerance(self) -> float:
        """How far a record's scores may move: with torch, with other engines, with packed ones."""
        artifact = self.scorer.artifact
        if artifact.manifest is not None and artifact.manifest.tolerances.is_bit_equal_on_wire:
            return 0.0
        return 5e-6 if artifact.engine.kind is EngineKind.TORCH else 1e-6

    def types_of_a_batch(self, size: int) -> int:
        """All four for what is packed and for trees; a network as training left it takes too long."""
        artifact = self.scorer.artifact
        return 4 if size <= 2 or artifact.manifest is not None or not artifact.texts else 1

    def sent(self, table: Table) -> Predictions:
        """Scores of records that came as a request body."""
        return self.scorer.score_records(self.scorer.schema.bind(table))

    def alone(self, records: list[Record]) -> Predictions:
        """Scores of each record by itself, as a dict of Python values."""
        single = [self._one(record) for record in records]
        return Predictions(
            raw=np.concatenate([one.raw for one in single]),
            calibrated=np.concatenate([one.calibrated for one in single]),
        )

    def _one(self, record: Record) -> Predictions:
        key = repr(record)  # tells 0.0 and -0.0 apart, and 1 and 1.0
        if key not in self.scored:
            self.scored[key] = self.scorer.score(record)
        return self.scored[key]

    def assert_equal(self, found: Predictions, right: Predictions, order: list[int]) -> None:
        for ours, theirs in ((found.raw, right.raw[order]), (found.calibrated, right.calibrated[order])):
            assert np.abs(ours.astype(np.float64) - theirs).max() <= self.tolerance


@pytest.fixture(scope="module")
def subjects(suite: Suite, packed: Callable[[Case], Path]) -> Callable[[str, str], Subject]:
    """Loads a kind as training left it, or packed, once."""
    loaded: dict[tuple[str, str], Subject] = {}

    def subject(kind: str, form: str) -> Subject:
        if (kind, form) not in loaded:
            case = suite.one_of_each_kind()[kind]
            path = packed(case) if form == "packed" else case.artifact
            scorer = load(path, on_damage=OnDamage.WARN, tokenizers=suite.root, threads=1)
            drawn = (
                Drawn(kind, scorer.artifact) if form == "as trained" else subject(kind, "as trained").drawn
            )
            loaded[kind, form] = Subject(scorer=scorer, drawn=drawn)
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
    pool = subject.drawn.pool(size)
    as_rows = [without_empty_strings(record) for record in pool]

    for batch in subject.drawn.batches(size):
        for content_type in [*batch.arrived][: subject.types_of_a_batch(size)]:
            right = subject.alone(as_rows if content_type == "text/csv" else pool)
            subject.assert_equal(subject.sent(batch.arrived[content_type]), right, batch.order)


def test_the_handler_scores_to_the_last_bit_as_the_scorer_does(subject: Subject) -> None:
    model = handler.ModelData(handler.Model(subject.scorer))

    for batch, content_type in zip(subject.drawn.batches(17), [*REQUEST_TYPES, "text/csv"], strict=True):
        right = subject.sent(batch.arrived[content_type])
        found = handler.predict_fn(handler.input_fn(batch.bodies[content_type], content_type), model)
        assert found["raw_predictions"].tobytes() == right.raw.tobytes()
        assert found["calibrated_predictions"].tobytes() == right.calibrated.tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_the_records_of_every_artifact_are_its_own_and_mostly_hold_something(
    kind: str, subjects: Callable[[str, str], Subject]
) -> None:
    records = {other: subjects(other, "as trained").drawn.all for other in KINDS}
    others = {repr(record) for other in KINDS if other != kind for record in records[other]}
    cells = [cell for record in records[kind] for cell in record.values()]

    assert len({repr(record) for record in records[kind]} - others) > 0.5 * len(records[kind])
    assert 0 < cells.count(None) < 0.2 * len(cells)


EMPTY = {
    "application/json": b"[]",
    "application/x-ndjson": b"\n\n",
    "text/csv": b"\n\n",
    "application/x-parquet": encode_table(Table(names=("age", "plan"), rows=()), "application/x-parquet"),
}


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

    left, right = (subject.alone(trained.drawn.all).raw for subject in (trained, packed))

    difference = np.abs(left.astype(np.float64) - right).max(axis=1)
    assert difference.max() <= 1e-4
    assert np.quantile(difference, 0.999) <= 1e-5


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

    records = trained.drawn.pool(2)

    right = trained.scorer.score(records)

    assert [scorer.score(records).raw.tobytes() for scorer in loaded] == [right.raw.tobytes()] * 2
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

    draws = draws_of(kind, "changed bytes")

    for name in draws.choice(names, CHANGED_BYTES):
        content = (tmp_path / name).read_bytes()
        at = int(draws.integers(len(content)))
        changed = bytes([content[at] ^ int(draws.integers(1, 256))])
        (tmp_path / name).write_bytes(content[:at] + changed + content[at + 1 :])
        with pytest.raises(ServableError, match=name.rpartition("/")[2]):
            load(tmp_path)
        (tmp_path / name).write_bytes(content)
