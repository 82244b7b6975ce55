"""XGBoost artifacts, requests and answers of an implementation that is not ours."""

import sys
from pathlib import Path

import pytest
from conformance_replay import Recorded, Refusal, Tally, recorded_requests, replay, request_files

import servable
from servable.pack import pack

pytestmark = pytest.mark.conformance

CASES = {
    "x01_xgb_binary": 101,
    "x02_xgb_binary_percentile": 15,
    "x03_xgb_binary_regular": 15,
    "x04_xgb_multiclass": 15,
    "x05_xgb_multiclass_tables": 15,
    "x06_xgb_multiclass_percentile": 15,
}


@pytest.fixture(scope="module")
def conformance(shared_dir: Path) -> Path:
    return shared_dir / "conformance"


def _require_whole(tally: Tally, conformance: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\n{tally.line()}")
    case = tally.case.partition(" ")[0]
    assert tally.failures == []
    assert tally.sent == request_files(conformance, case)
    assert tally.stored + tally.expected == CASES[case]


@pytest.mark.parametrize("case", CASES)
def test_a_training_output_gives_the_right_answer_to_every_recorded_request(
    case: str, conformance: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scorer = servable.load(conformance / "cases" / case / "artifact", on_damage="warn")

    tally = replay(scorer, recorded_requests(conformance, case), case)

    _require_whole(tally, conformance, capsys)


@pytest.mark.parametrize("case", CASES)
def test_a_packed_artifact_gives_the_right_answer_to_every_recorded_request(
    case: str, conformance: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packed = pack(conformance / "cases" / case / "artifact", tmp_path / "model.tar.gz")
    scorer = servable.load(packed.output)

    tally = replay(scorer, recorded_requests(conformance, case), f"{case} packed")

    assert scorer.artifact.engine.kind == "onnx-trees"
    _require_whole(tally, conformance, capsys)


def test_a_replay_reports_a_score_that_is_wrong(conformance: Path) -> None:
    case = "x02_xgb_binary_percentile"
    scorer = servable.load(conformance / "cases" / "x03_xgb_binary_regular" / "artifact")

    tally = replay(scorer, recorded_requests(conformance, case), case)

    assert len(tally.failures) == CASES[case]


def test_a_replay_reports_a_refusal_that_does_not_come_or_names_another_place(conformance: Path) -> None:
    case = "x02_xgb_binary_percentile"
    scorer = servable.load(conformance / "cases" / case / "artifact")
    good = next(recorded_requests(conformance, case))
    unrefused = Recorded(
        key="a", content_type=good.content_type, body=good.body, source="stored", outcome=Refusal()
    )
    elsewhere = Recorded(
        key="b", content_type=good.content_type, body=b"{}", source="expected", outcome=Refusal(record=1)
    )

    tally = replay(scorer, iter([unrefused, elsewhere]), case)

    assert [failure.partition(":")[0] for failure in tally.failures] == ["a (stored)", "b (expected)"]
