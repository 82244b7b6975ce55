"""Conversion parity: at golden records and at every split, and what happens when it fails."""

from pathlib import Path

import numpy as np
import pytest
import xgboost

import servable
from servable.artifact import Conversion, Tolerances
from servable.pack import DEFAULT_TOLERANCES, pack
from servable.pack.comparison import at_every_split, blocks, differences, p999, within
from servable.pack.trees import split_thresholds
from servable.records import FloatArray, ModelInputs

NONE = Tolerances(raw_p999=0.0, raw_max=0.0, reason="test")
RECORD = {"age": 39, "income": 40_000.0, "region": "north", "code": 10}


class _Recorder:
    """An engine that keeps what it was asked and answers a constant."""

    classes = 2

    def __init__(self, answer: float = 0.5) -> None:
        self.rows: list[FloatArray] = []
        self._answer = answer

    def run(self, inputs: ModelInputs) -> FloatArray:
        self.rows.append(inputs.tabular)
        return np.full((len(inputs), 2), self._answer, dtype=np.float32)


def _splits_of_the_dump(model: bytes) -> set[tuple[int, float]]:
    """Feature and threshold of every split, read from the text form of the trees."""
    booster = xgboost.Booster(model_file=bytearray(model))
    booster.feature_names = None
    frame = booster.trees_to_dataframe()
    inner = frame[frame["Feature"] != "Leaf"]
    return {
        (int(feature.removeprefix("f")), float(np.float32(split)))
        for feature, split in zip(inner["Feature"], inner["Split"], strict=True)
    }


def test_the_thresholds_are_those_of_every_split_in_the_booster(training_output: Path) -> None:
    model = (training_output / "xgboost_model.bst").read_bytes()

    features, thresholds = split_thresholds(model, where="model")

    found = set(zip(features.tolist(), thresholds.tolist(), strict=True))
    assert len(found) == len(features) > 20
    assert found == _splits_of_the_dump(model)


def test_each_threshold_is_asked_with_both_its_neighbours_and_each_feature_missing() -> None:
    base = np.array([[1, 2, 3], [4, 5, 6]], dtype=np.float32)
    thresholds = np.array([0.1, -7.0], dtype=np.float32)

    rows = at_every_split(base, np.array([2, 0]), thresholds)

    assert rows.dtype == np.float32
    assert rows.shape == (3 * 2 + 3, 3)
    for block, feature, threshold in ((rows[:3], 2, thresholds[0]), (rows[3:6], 0, thresholds[1])):
        below, above = (
            np.nextafter(threshold, np.float32(-np.inf)),
            np.nextafter(threshold, np.float32(np.inf)),
        )
        assert sorted(block[:, feature].tolist()) == [float(below), float(threshold), float(above)]
        others = np.delete(block, feature, axis=1).tolist()
        assert all(row in np.delete(base, feature, axis=1).tolist() for row in others)
    assert np.isnan(rows[6:]).tolist() == np.eye(3, dtype=bool).tolist()


def test_the_comparison_asks_both_engines_for_every_record() -> None:
    rows = np.arange(3 * 9002, dtype=np.float32).reshape(9002, 3)
    packed, reference = _Recorder(0.5), _Recorder(0.25)

    found = differences(packed, reference, blocks(rows))

    for engine in (packed, reference):
        assert np.concatenate(engine.rows).tobytes() == rows.tobytes()
    assert found.tolist() == [0.25] * 9002


def test_one_record_in_a_thousand_may_exceed_the_first_tolerance() -> None:
    found = np.array([0.0] * 1999 + [1.0] * 2)

    assert p999(found) == 0.0
    assert p999(found[2:]) == 1.0


def test_a_difference_that_is_not_a_number_is_outside_every_tolerance() -> None:
    found = differences(_Recorder(np.nan), _Recorder(), blocks(np.zeros((2, 3), dtype=np.float32)))

    conversion = Conversion(golden_records=2, max_difference=float(found.max()), p999_difference=p999(found))
    assert not within(conversion, Tolerances(raw_p999=1.0, raw_max=1.0, reason="test"))


def test_a_threshold_that_moved_by_one_unit_is_found(training_output: Path) -> None:
    model = (training_output / "xgboost_model.bst").read_bytes()
    reference = servable.load(training_output).engine
    features, thresholds = split_thresholds(model, where="model")

    class Moved:
        """The booster, had every threshold been one float32 lower."""

        classes = 2

        def run(self, inputs: ModelInputs) -> FloatArray:
            return reference.run(ModelInputs(tabular=np.nextafter(inputs.tabular, np.float32(np.inf))))

    golden = np.zeros((1, 4), dtype=np.float32)
    found = differences(Moved(), reference, blocks(at_every_split(golden, features, thresholds)))

    assert found.max() > DEFAULT_TOLERANCES.raw_max


def test_the_graph_agrees_with_the_booster_and_the_manifest_says_how_well(packed_artifact: Path) -> None:
    manifest = servable.load(packed_artifact).artifact.manifest

    assert manifest is not None
    assert manifest.conversion is not None
    assert manifest.conversion.golden_records > 20
    assert manifest.conversion.threshold_records > 60
    assert manifest.conversion.max_difference <= 1e-6
    assert manifest.tolerances == DEFAULT_TOLERANCES


def test_a_booster_beyond_its_tolerance_is_packed_in_its_own_format_and_scores(
    training_output: Path, tmp_path: Path
) -> None:
    impossible = Tolerances(raw_p999=-1.0, raw_max=-1.0, reason="nothing is within it")

    result = pack(training_output, tmp_path / "model.tar.gz", tolerances=impossible)

    scorer = servable.load(result.output)
    assert scorer.artifact.engine.kind == "xgboost"
    assert "xgboost_model.ubj" in scorer.artifact.files
    assert "trees.onnx" not in scorer.artifact.files
    assert b"with the extra `trees`" in scorer.artifact.files.read("code/requirements.txt")
    assert scorer.score(RECORD).raw.tolist() == servable.load(training_output).score(RECORD).raw.tolist()
    assert result.manifest.tolerances == impossible
    assert result.summary_lines()[2] == (
        "the graph differs by more than the tolerance: serving needs the extra `trees`"
    )


def test_without_tolerance_the_engine_is_the_graph_only_if_it_is_bit_equal(
    training_output: Path, tmp_path: Path
) -> None:
    result = pack(training_output, tmp_path / "model.tar.gz", tolerances=NONE)

    kind = "onnx-trees" if result.converted.max_difference == 0 else "xgboost"
    assert servable.load(result.output).artifact.engine.kind == kind


def test_the_packed_answers_are_the_packed_engines_own(packed_artifact: Path, training_output: Path) -> None:
    packed, native = servable.load(packed_artifact), servable.load(training_output)
    golden = packed.artifact.golden
    assert golden is not None
    assert golden.packed is not None
    records = packed.schema.bind(golden.table())

    assert golden.packed.raw.tobytes() == packed.score_records(records).raw.tobytes()
    assert golden.packed.calibrated.tobytes() == packed.score_records(records).calibrated.tobytes()
    assert golden.reference.raw.tobytes() == native.score_records(records).raw.tobytes()
    assert golden.expected is golden.packed


@pytest.mark.conformance
def test_an_output_without_golden_records_gets_derived_ones(shared_dir: Path, tmp_path: Path) -> None:
    result = pack(
        shared_dir / "conformance" / "cases" / "x03_xgb_binary_regular" / "artifact", tmp_path / "m.tar.gz"
    )

    golden = servable.load(result.output).artifact.golden
    assert golden is not None
    assert (golden.source, golden.derived, len(golden)) == ("schema", 50 + 2 + 7, 50 + 2 + 7)
    assert result.summary_lines()[-1] == "golden records: 59, all derived from the schema"
