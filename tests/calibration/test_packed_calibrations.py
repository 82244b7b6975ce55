"""A calibrator of every kind survives packing, and a manifest that contradicts itself is refused."""

import json
from typing import Any

import msgspec
import numpy as np
import pytest

from servable.artifact import (
    MANIFEST,
    MemoryFiles,
    file_entries,
    packed_calibration,
    pretty_json,
    read_archive,
    read_files,
)
from servable.calibration import (
    Beta,
    Calibrator,
    CalibratorKind,
    LookupTable,
    Temperature,
    stored_calibration,
)
from servable.errors import Damaged
from servable.pack import pack
from servable.scorer import Scorer, scorer_of
from strategies import loan_rows, train_loans

LINE = LookupTable(np.array([0.0, 0.5, 1.0]), np.array([0.1, 0.45, 0.9]))
FLAT = LookupTable(np.array([0.0, 1.0]), np.array([1 / 3, 1 / 3]))
CALIBRATORS = [
    Calibrator(kind=CalibratorKind.PERCENTILE, tables={1: LINE}),
    Calibrator(kind=CalibratorKind.BINARY, tables={1: LINE}),
    Calibrator(kind=CalibratorKind.MULTICLASS, tables={0: FLAT, 1: LINE}),
    Calibrator(kind=CalibratorKind.MULTICLASS, tables={0: LINE}),
    Calibrator(kind=CalibratorKind.TEMPERATURE, curve=Temperature(1 / 3)),
    Calibrator(kind=CalibratorKind.BETA, curve=Beta(0.1, 1 / 3, -2.5)),
]


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a packed booster, but for its calibrator."""
    folder = tmp_path_factory.mktemp("loans")
    packed = read_archive(pack(train_loans(folder), folder / "model.tar.gz").output)
    return {name: data for name, data in packed.items() if not name.startswith("calibration/")}


def _scorer(members: dict[str, bytes], files: dict[str, bytes], entry: Any) -> Scorer:
    """What scores with this calibrator in the place of the packed one."""
    manifest = json.loads(members[MANIFEST])
    others = {name: data for name, data in members.items() if name != MANIFEST} | files
    manifest["calibrator"] = entry
    manifest["files"] = msgspec.to_builtins(file_entries(others))
    return scorer_of(read_files(MemoryFiles(others | {MANIFEST: pretty_json(manifest)})))


@pytest.mark.parametrize("calibrator", CALIBRATORS, ids=lambda calibrator: calibrator.kind)
def test_a_packed_calibrator_gives_the_scores_that_it_gave_before(
    calibrator: Calibrator, members: dict[str, bytes]
) -> None:
    entry, files = packed_calibration(stored_calibration(calibrator))

    scorer = _scorer(members, files, msgspec.to_builtins(entry))

    found = scorer.score(loan_rows(20, seed=5))
    assert scorer.calibrator is not None
    assert scorer.calibrator.kind is calibrator.kind
    assert found.calibrated.tobytes() == calibrator.apply(found.raw).tobytes()
    assert sorted(files) == sorted(name for name in scorer.artifact.files.names() if "calibration/" in name)


def test_nothing_is_written_where_there_is_no_calibrator(members: dict[str, bytes]) -> None:
    assert packed_calibration(None) == (None, {})
    assert _scorer(members, {}, None).calibrator is None


FILES = {
    "calibration/temperature.json": b'{"temperature": 2}',
    "calibration/calibration_model.json": b"[[0, 0], [1, 1]]",
}
TABLE, CURVE = "calibration/calibration_model.json", "calibration/temperature.json"


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (
            {"kind": "temperature", "tables": {}},
            "calibrator.parameters: expected a file of parameters, found none",
        ),
        (
            {"kind": "regular", "tables": {"1": TABLE}, "parameters": CURVE},
            f"calibrator.parameters: expected tables and no parameters, found {CURVE}",
        ),
        (
            {"kind": "temperature", "tables": {"1": TABLE}, "parameters": CURVE},
            "calibrator.tables: expected no table, found 1",
        ),
        ({"kind": "regular", "tables": {}}, "calibrator.tables: expected tables by class index, found none"),
        (
            {"kind": "regular_multiclass", "tables": {"0": TABLE, "2": TABLE}},
            "calibrator.tables: expected tables by class index, found 0, 2",
        ),
        (
            {"kind": "percentile", "tables": {"0": TABLE}},
            "calibrator.tables: expected tables by class index, found 0",
        ),
        ({"kind": "beta", "parameters": CURVE}, f"{CURVE}: expected the keys a, b, c and no other"),
        ({"kind": "temperature", "parameters": TABLE}, f"{TABLE}: expected an object with string keys"),
        ({"kind": "temperature", "parameters": "calibration/no.json"}, "calibration/no.json: expected the"),
    ],
)
def test_a_manifest_that_contradicts_its_calibrator_is_refused(
    entry: dict[str, Any], sentence: str, members: dict[str, bytes]
) -> None:
    with pytest.raises(Damaged) as caught:
        _scorer(members, FILES, entry)

    assert sentence in str(caught.value)
