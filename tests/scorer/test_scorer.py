"""The public Python way to a score, and what it refuses."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import servable
from servable.errors import BadInput, Damaged, ServableError
from servable.records import FloatArray, ModelInputs
from servable.scorer import Scorer

RECORD = {"age": 39, "income": 40_000.0, "region": "north", "code": 10}


@pytest.fixture(scope="module")
def scorer(packed_artifact: Path) -> Scorer:
    return servable.load(packed_artifact)


class _Stub:
    """An engine that answers what it is told."""

    classes = 2

    def __init__(self, *scores: float) -> None:
        self._scores = scores

    def run(self, inputs: ModelInputs) -> FloatArray:
        positive = np.array([self._scores[index % len(self._scores)] for index in range(len(inputs))])
        return np.column_stack([np.where(np.isfinite(positive), 1 - positive, 0), positive])


def test_a_dict_a_list_a_data_frame_and_records_have_one_score(scorer: Scorer) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame([RECORD, RECORD | {"age": None, "region": None}])

    of_list = scorer.score([RECORD, RECORD | {"age": None, "region": None}])

    assert scorer.score(RECORD).raw.tolist() == of_list.raw[:1].tolist()
    assert scorer.score(frame).raw.tolist() == of_list.raw.tolist()
    assert scorer.score(frame.convert_dtypes()).raw.tolist() == of_list.raw.tolist()


@pytest.mark.parametrize("missing", [None, math.nan, np.nan, np.float32("nan")])
def test_nan_in_python_values_is_a_missing_value(scorer: Scorer, missing: object) -> None:
    found = scorer.score(RECORD | {"age": missing, "region": missing})

    assert found.raw.tolist() == scorer.score(RECORD | {"age": None, "region": None}).raw.tolist()


@pytest.mark.parametrize("code", [np.int64(10), np.float32(10), np.str_("10"), "10.0"])
def test_numpy_scalars_are_plain_values(scorer: Scorer, code: object) -> None:
    assert scorer.score(RECORD | {"code": code}).raw.tolist() == scorer.score(RECORD).raw.tolist()


@pytest.mark.parametrize(("records", "kind"), [("abc", "str"), (7, "int"), ([7], "list"), (None, "NoneType")])
def test_values_that_are_no_records_are_refused(scorer: Scorer, records: object, kind: str) -> None:
    with pytest.raises(BadInput) as caught:
        scorer.score(records)

    assert caught.value.code == "request.type"
    assert str(caught.value) == (
        f"records: expected a dict, a list of dicts or a DataFrame, found a value of type {kind}; "
        "pass one dict per record"
    )


def test_no_record_is_refused(scorer: Scorer) -> None:
    with pytest.raises(BadInput) as caught:
        scorer.score([])

    assert str(caught.value) == "request: expected at least one record, found none; send one"


@pytest.mark.parametrize("field", ["age", "region"])
def test_an_array_in_a_cell_is_refused_with_its_field(scorer: Scorer, field: str) -> None:
    with pytest.raises(BadInput) as caught:
        scorer.score(RECORD | {field: np.array([1, 2])})

    assert str(caught.value).startswith(f'record 0, field "{field}": expected ')


def test_ids_come_back_beside_the_scores(scorer: Scorer) -> None:
    assert scorer.score([RECORD | {"id": "a"}, RECORD | {"id": 7}]).ids == ("a", 7)
    assert scorer.score(RECORD).ids is None


@pytest.mark.parametrize("score", [math.nan, math.inf])
def test_a_score_that_is_not_finite_fails_and_names_its_record(scorer: Scorer, score: float) -> None:
    broken = replace(scorer, engine=_Stub(0.5, 0.25, score))

    with pytest.raises(ServableError) as caught:
        broken.score([RECORD] * 3)

    assert not isinstance(caught.value, BadInput)
    assert caught.value.code == "score.not-finite"
    assert str(caught.value) == (
        "record 2: expected a finite score from the model, found NaN or infinity; "
        "look at this record with `servable predict`, and at the model"
    )
    assert len(broken.score([RECORD] * 2)) == 2


def test_the_label_follows_the_raw_scores_and_ties_go_to_the_lower_class(scorer: Scorer) -> None:
    assert replace(scorer, engine=_Stub(0.5)).score(RECORD).label.tolist() == [0]
    assert replace(scorer, engine=_Stub(0.51)).score(RECORD).label.tolist() == [1]


def test_a_broken_policy_is_refused(packed_artifact: Path) -> None:
    with pytest.raises(ValueError, match="ignore"):
        servable.load(packed_artifact, on_damage="ignore")


def test_a_model_of_another_number_of_classes_is_refused(shared_dir: Path, tmp_path: Path) -> None:
    source = shared_dir / "conformance" / "cases" / "x01_xgb_binary" / "artifact"
    other = shared_dir / "conformance" / "cases" / "x04_xgb_multiclass" / "artifact"
    for file in source.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "xgboost_model.bst").write_bytes((other / "xgboost_model.bst").read_bytes())

    with pytest.raises(Damaged) as caught:
        servable.load(tmp_path)

    assert str(caught.value) == (
        "model file: expected 2 classes, as the artifact lists, found 3; "
        "use the files of one and the same training run"
    )
