"""What is found in the folder `calibration/` of a training output, in which order, and what is refused."""

import json
import pickle
from typing import Any

import numpy as np
import pytest

from servable.artifact import MemoryFiles, StoredCalibration, read_calibrations
from servable.calibration import Calibrator
from servable.errors import ServableError

LINE = [[0.0, 0.1], [1.0, 0.9]]
HALF = [[0.0, 0.0], [1.0, 0.5]]
MODELS = "calibration_models/calibration_model_class_"


def _read(
    classes: tuple[str, ...] = ("0", "1"), **contents: Any
) -> tuple[list[StoredCalibration], list[ServableError]]:
    """What is found among files whose names stand with `__` for `/` and without their ending `.json`."""
    members = {
        f"calibration/{name.replace('__', '/')}" + ("" if "." in name else ".json"): content
        if isinstance(content, bytes)
        else json.dumps(content).encode()
        for name, content in contents.items()
    }
    return read_calibrations(MemoryFiles(members), classes)


def test_every_kind_is_found_in_the_order_of_preference() -> None:
    found, broken = _read(
        beta={"a": 1, "b": 1, "c": 0},
        temperature={"temperature": 2},
        calibration_models__calibration_model_class_1=LINE,
        calibration_model=LINE,
        percentile_score=LINE,
    )

    assert broken == []
    assert [(stored.kind, stored.where) for stored in found] == [
        ("percentile", "calibration/percentile_score.json"),
        ("regular", "calibration/calibration_model.json"),
        ("regular_multiclass", "calibration/calibration_models"),
        ("temperature", "calibration/temperature.json"),
        ("beta", "calibration/beta.json"),
    ]
    assert all(Calibrator.of_stored(stored, classes=2).kind == stored.kind for stored in found)


def test_a_kind_that_is_broken_is_told_by_its_file_and_the_others_are_found() -> None:
    found, broken = _read(
        temperature=[2], calibration_model=LINE, **{"percentile_score.pkl": b"not a pickle", "beta": b"{"}
    )

    assert [stored.kind for stored in found] == ["regular"]
    assert [str(error).partition(",")[0].partition(":")[0] for error in broken] == [
        "calibration/percentile_score.pkl",
        "calibration/temperature.json",
        "calibration/beta.json",
    ]


def test_a_table_of_an_older_numpy_in_a_pickle_is_plain_pairs() -> None:
    table = [(np.float64(0), np.float64(0.25)), (np.float64(1), 0.75)]

    (stored,), broken = _read(**{"calibration_model.pkl": pickle.dumps(table)})

    assert broken == []
    assert stored.tables == {1: [[0.0, 0.25], [1.0, 0.75]]}


@pytest.mark.parametrize(
    ("classes", "files", "indices"),
    [
        (("0", "1", "2"), ("0", "1", "2"), [0, 1, 2]),
        (("1", "2", "3"), ("1", "2", "3"), [0, 1, 2]),
        (("1", "2", "3"), ("2", "3"), [1, 2]),
        (("1", "2", "3"), ("0", "1", "2"), [0, 1, 2]),
        (("red", "green", "blue"), ("blue", "red"), [0, 2]),
        (("red", "green", "blue"), ("0", "2"), [0, 2]),
        (("low", "1.5"), ("1.5",), [1]),
    ],
)
def test_tables_by_class_are_named_by_category_or_where_all_are_indices_by_index(
    classes: tuple[str, ...], files: tuple[str, ...], indices: list[int]
) -> None:
    found, broken = _read(
        classes, **{f"calibration_models__calibration_model_class_{name}.json": LINE for name in files}
    )

    assert broken == []
    assert sorted(found[0].tables) == indices


@pytest.mark.parametrize(
    ("classes", "files", "unknown"),
    [
        (("0", "1", "2"), ("0", "3"), '"3"'),
        (("1", "2", "3"), ("1", "2", "3", "4", "5"), '"4", "5"'),
        (("1", "2", "3"), ("0", "1", "2", "3"), '"0"'),
        (("red", "green"), ("red", "grey"), '"grey"'),
    ],
)
def test_a_table_of_a_class_that_does_not_exist_is_refused_by_its_name(
    classes: tuple[str, ...], files: tuple[str, ...], unknown: str
) -> None:
    found, broken = _read(
        classes, **{f"calibration_models__calibration_model_class_{name}.json": LINE for name in files}
    )

    assert found == []
    assert [str(error) for error in broken] == [
        f"calibration/calibration_models: expected tables of the classes {', '.join(classes)}, "
        f"found one of {unknown}; write the table again with the training that made it"
    ]


def test_one_broken_table_breaks_those_of_all_classes() -> None:
    found, broken = _read(
        calibration_models__calibration_model_class_0=LINE,
        **{"calibration_models__calibration_model_class_1.pkl": b"x"},
    )

    assert found == []
    assert [error.problems[0].where for error in broken] == [
        "calibration/calibration_models/calibration_model_class_1.pkl, byte 0"
    ]


def test_files_that_are_no_tables_are_passed_by() -> None:
    found, broken = _read(
        **{
            "calibration_models__calibration_model_class_1.json": LINE,
            "calibration_models__._calibration_model_class_1.json": b"system",
            "calibration_models__readme.txt": b"tables by class",
            "calibration_models__old__calibration_model_class_9.json": LINE,
            "metrics.json": b"[",
        }
    )

    assert broken == []
    assert [dict(stored.tables) for stored in found] == [{1: LINE}]
