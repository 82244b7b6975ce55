"""Calibration under the documentation's names: what is loaded, in which order, and how it is applied."""

import logging
import math
import pickle
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from example_artifacts import write_calibration
from hypothesis import given
from hypothesis import strategies as st

from servable.calibration import Calibrator, CalibratorKind, LookupTable
from servable.handler import (
    _interpolate_score,
    apply_calibration,
    apply_percentile_calibration,
    apply_regular_binary_calibration,
    apply_regular_multiclass_calibration,
    load_calibration_model,
)
from servable.records import FloatArray

LINE = [(0.0, 0.1), (1.0, 0.9)]
HALF = [(0.0, 0.0), (1.0, 0.5)]
NOTHING = [(0.0, 0.0), (1.0, 0.0)]
PERCENTILES = [(0.0, 0.0), (0.5, 0.65), (0.9, 0.95), (1.0, 1.0)]
OF_CLASS = "calibration_models/calibration_model_class_"


def _folder(folder: Path, **contents: Any) -> Path:
    for name, content in contents.items():
        write_calibration(folder, name.replace("__", "/"), content)
    return folder


def test_the_first_kind_of_the_documented_order_is_loaded(tmp_path: Path) -> None:
    assert load_calibration_model(tmp_path) is None
    for name, content, found in (
        ("beta.json", {"a": 1, "b": 2, "c": 0.5}, {"type": "beta", "data": {"a": 1.0, "b": 2.0, "c": 0.5}}),
        (
            "temperature.json",
            {"temperature": 1.5},
            {"type": "temperature", "data": {"temperature": 1.5}},
        ),
        (f"{OF_CLASS}1.pkl", HALF, {"type": "regular_multiclass", "data": {"1": HALF}}),
        ("calibration_model.pkl", LINE, {"type": "regular", "data": LINE}),
        ("percentile_score.pkl", PERCENTILES, {"type": "percentile", "data": PERCENTILES}),
    ):
        write_calibration(tmp_path, name, content)

        assert load_calibration_model(tmp_path) == found
        assert load_calibration_model(str(tmp_path)) == found


@pytest.mark.parametrize("broken", [b"not a pickle", pickle.dumps([(0.0, 0.0)]), pickle.dumps({"x": 1})])
def test_a_broken_kind_is_logged_and_the_next_one_is_loaded(
    broken: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _folder(tmp_path, **{"percentile_score.pkl": broken, "calibration_model.pkl": LINE})

    found = load_calibration_model(tmp_path)

    assert found == {"type": "regular", "data": LINE}
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "calibration/percentile_score.pkl" in caplog.text


def test_a_kind_for_two_classes_gives_way_to_one_for_more_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "hyperparameters.json").write_text('{"multiclass_categories": [1, 2, 3]}')
    _folder(tmp_path, **{"percentile_score.pkl": PERCENTILES})
    alone = load_calibration_model(tmp_path)
    _folder(tmp_path, **{"temperature.json": {"temperature": 2}})

    found = load_calibration_model(tmp_path)

    assert alone == {"type": "percentile", "data": PERCENTILES}
    assert found == {"type": "temperature", "data": {"temperature": 2.0}}
    assert [record.getMessage() for record in caplog.records] == [
        "the calibrator of kind percentile is one for two classes and has no effect on 3"
    ] * 2


def test_nothing_is_loaded_where_every_kind_is_broken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _folder(tmp_path, **{"percentile_score.pkl": b"x", "temperature.json": {"temperature": -1}})

    assert load_calibration_model(tmp_path) is None
    assert len(caplog.records) == 2


@pytest.mark.parametrize(
    ("settings", "files", "keys"),
    [
        ('{"multiclass_categories": ["red", "green", "blue"]}', ["green", "red"], {"1", "0"}),
        ('{"multiclass_categories": [1, 2, 3]}', ["1", "2", "3"], {"0", "1", "2"}),
        ('{"multiclass_categories": [1, 2, 3]}', ["0", "1", "2"], {"0", "1", "2"}),
        ("{", ["0", "2", "10"], {"0", "2", "10"}),
        (None, ["0", "2", "10"], {"0", "2", "10"}),
        (None, ["red", "green"], {"red", "green"}),
    ],
)
def test_tables_by_class_stand_under_the_index_of_their_class_where_it_is_known(
    settings: str | None, files: list[str], keys: set[str], tmp_path: Path
) -> None:
    if settings is not None:
        (tmp_path / "hyperparameters.json").write_text(settings)
    tables = {name: [(0.0, 0.0), (1.0, place / 10 + 0.1)] for place, name in enumerate(files)}
    for name, table in tables.items():
        write_calibration(tmp_path, f"{OF_CLASS}{name}.pkl", table)

    found = load_calibration_model(tmp_path)

    assert found is not None
    assert found["data"].keys() == keys
    assert sorted(found["data"].values()) == sorted(tables.values())


def test_what_a_packed_model_holds_is_loaded_by_its_manifest(packed_trees: Path, trees_output: Path) -> None:
    assert load_calibration_model(packed_trees) == load_calibration_model(trees_output) is not None


def _documented(score: float, table: Sequence[tuple[float, float]]) -> tuple[float, float, float]:
    """The documentation's loop: its answer, and the ends of the segment that answers."""
    if score <= table[0][0]:
        return table[0][1], table[0][1], table[0][1]
    if score >= table[-1][0]:
        return table[-1][1], table[-1][1], table[-1][1]
    for (x1, y1), (x2, y2) in pairwise(table):
        if x1 <= score <= x2:
            return (y1 if x2 == x1 else y1 + (y2 - y1) * (score - x1) / (x2 - x1)), y1, y2
    return table[-1][1], table[-1][1], table[-1][1]


coarse = st.integers(0, 8).map(lambda eighths: eighths / 8)
units = st.floats(0, 1) | coarse
any_table = st.lists(st.tuples(units, units), min_size=1, max_size=7)


@given(table=any_table, scores=st.lists(units | st.floats(-2, 3), max_size=6))
def test_any_list_of_pairs_is_interpolated_as_the_documentation_does_in_whatever_order(
    table: list[tuple[float, float]], scores: list[float]
) -> None:
    beside = [math.nextafter(x, towards) for x, _ in table for towards in (-9, 9)]
    for score in [*scores, *(x for x, _ in table), *beside, math.inf, -math.inf]:
        answer, one, other = _documented(score, table)

        assert _interpolate_score(score, table) == min(max(answer, min(one, other)), max(one, other))


@given(table=any_table, scores=st.lists(units, min_size=1, max_size=9))
def test_arrays_are_calibrated_as_their_scores_are_one_by_one(
    table: list[tuple[float, float]], scores: list[float]
) -> None:
    positive = np.array(scores)
    both = np.column_stack([1 - positive, positive])
    right = [_interpolate_score(score, table) for score in scores]

    for function in (apply_percentile_calibration, apply_regular_binary_calibration):
        found = function(both, table)

        assert found[:, 1].tolist() == right
        assert found[:, 0].tolist() == [1 - score for score in right]
        assert function(positive, table).tolist() == right
        assert function(positive[:, None], table).ravel().tolist() == right


def test_the_functions_are_those_that_a_loaded_model_calibrates_with() -> None:
    draws = np.random.default_rng(4)
    raw = draws.dirichlet(np.ones(3), 50).astype(np.float32)
    tables = {"0": LINE, "2": HALF}
    loaded = Calibrator(
        kind=CalibratorKind.MULTICLASS,
        tables={int(name): LookupTable(*np.array(table).T.copy()) for name, table in tables.items()},
    )

    found = apply_regular_multiclass_calibration(raw, tables)

    assert found.tobytes() == loaded.apply(raw).tobytes()
    assert found.dtype == np.float32
    calibrator = {"type": "regular_multiclass", "data": tables}
    assert apply_calibration(raw, calibrator, is_multiclass=True).tobytes() == found.tobytes()


def test_a_name_that_is_no_class_index_has_no_effect_and_a_row_of_zeros_stays_raw() -> None:
    raw = np.array([[0.25, 0.25, 0.5], [1.0, 0.0, 0.0]])

    assert apply_regular_multiclass_calibration(raw, {"red": HALF, "7": HALF}).tolist() == raw.tolist()
    everywhere = dict.fromkeys(("0", "1", "2"), NOTHING)
    assert apply_regular_multiclass_calibration(raw, everywhere).tolist() == raw.tolist()
    assert apply_regular_multiclass_calibration(raw, {"0": NOTHING}).tolist() == [
        [0, 1 / 3, 2 / 3],
        [1, 0, 0],
    ]


RAW = np.array([[0.4, 0.6], [0.9, 0.1]], np.float32)
THREE = np.array([[0.2, 0.3, 0.5]])


@pytest.mark.parametrize(
    ("calibrator", "right"),
    [
        ({"type": "percentile", "data": PERCENTILES}, [0.725, 0.13]),
        ({"type": "regular", "data": HALF}, [0.3, 0.05]),
        ({"type": "regular_multiclass", "data": {"1": HALF}}, [0.3 / 0.7, 0.05 / 0.95]),
        ({"type": "temperature", "data": {"temperature": 2.0}}, [0.550510, 0.25]),
        ({"type": "beta", "data": {"a": 1, "b": 1, "c": 0}}, [0.6, 0.1]),
    ],
)
def test_every_kind_is_applied_to_two_classes(calibrator: dict[str, Any], right: list[float]) -> None:
    found = apply_calibration(RAW, calibrator, is_multiclass=False)

    assert found.dtype == np.float32
    np.testing.assert_allclose(found[:, 1], right, atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(apply_calibration(RAW[:, 1], calibrator, False), right, atol=1e-6)


def test_no_calibrator_gives_the_raw_scores_back() -> None:
    assert apply_calibration(RAW, None, is_multiclass=False) is RAW


@pytest.mark.parametrize(
    ("scores", "calibrator", "is_multiclass", "words"),
    [
        (RAW, {"type": "isotonic", "data": LINE}, False, "unknown calibrator type 'isotonic'"),
        (RAW, {}, False, "unknown calibrator type 'None'"),
        (RAW, {"type": "percentile", "data": LINE}, True, "not supported for more than two classes"),
        (RAW, {"type": "regular", "data": LINE}, True, "not supported for more than two classes"),
        (THREE, {"type": "percentile", "data": LINE}, False, "not supported for more than two classes"),
        (THREE, {"type": "beta", "data": {}}, False, "not supported for more than two classes"),
        (RAW, {"type": "regular", "data": []}, False, "expected a list of pairs of finite numbers"),
        (RAW, {"type": "regular", "data": {"0.0": 0.0}}, False, "expected a list of pairs"),
        (RAW, {"type": "regular", "data": [(0, math.inf)]}, False, "expected a list of pairs"),
        (RAW, {"type": "regular", "data": [(0, 0), (1,)]}, False, "expected a list of pairs"),
        (RAW, {"type": "regular"}, False, "expected a list of pairs"),
        (RAW, {"type": "regular_multiclass", "data": LINE}, False, 'expected a dict under "data"'),
        (RAW, {"type": "temperature", "data": {"temperature": 0}}, False, '"temperature"'),
        (np.array([["a"]]), {"type": "regular", "data": LINE}, False, "expected an array of probabilities"),
    ],
)
def test_raw_scores_and_a_warning_are_the_answer_where_there_is_no_way_to_calibrated_ones(
    scores: FloatArray,
    calibrator: dict[str, Any],
    is_multiclass: bool,
    words: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, logger="servable.handler"):
        found = apply_calibration(scores, calibrator, is_multiclass)

    assert found is scores
    (record,) = caplog.records
    assert words in record.getMessage()
    assert record.getMessage().endswith("raw scores are answered")


def test_a_score_that_is_no_number_stays_none_and_its_neighbours_are_calibrated() -> None:
    raw = np.array([[0.4, 0.6], [math.nan, math.nan]])

    for kind in ("percentile", "regular"):
        found = apply_calibration(raw, {"type": kind, "data": HALF}, is_multiclass=False)

        assert found[0].tolist() == [0.7, 0.3]
        assert np.isnan(found[1]).all()
    assert math.isnan(_interpolate_score(math.nan, HALF))


@pytest.mark.parametrize("table", [[], {"0.0": 0.0}, None, [(0.0, "x")], [(0.0, math.nan)]])
def test_a_list_without_a_pair_of_numbers_is_refused_by_the_functions_that_take_it(table: Any) -> None:
    with pytest.raises(ValueError, match=r"^lookup table: expected a list of pairs of finite numbers"):
        _interpolate_score(0.5, table)
    with pytest.raises(ValueError, match=r"^lookup table: expected a list of pairs of finite numbers"):
        apply_regular_binary_calibration(RAW, table)
