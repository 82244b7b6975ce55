"""Text networks of the family `bimodal_bert`: every recorded request of an implementation that is not ours.

Damaged artifacts among them are loaded the lenient way, as the handler does.
"""

import json
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from conformance_replay import Scores, recorded_requests, replay, request_files

from servable.artifact import OnDamage
from servable.codecs import decode_request
from servable.pack import pack
from servable.preprocess.text import TextPipeline
from servable.records import TextInputs
from servable.scorer import load

pytestmark = [pytest.mark.conformance, pytest.mark.slow]

ON_TORCH = (
    "t02_text_only",
    "t04_bimodal_bert",
    "t05_bimodal_bert_regular_ignored",
    "t11_bimodal_multiclass",
    "t12_bimodal_multiclass_calibrated",
    "t19_bimodal_cats_ignored",
    "t20_bimodal_bare",
    "t21_cs_format",
    "t22_no_chunker",
    "t23_unlimited_chunks",
    "t27_roberta_encoder",
)
ON_ITS_OWN_GRAPH = (
    "t03_text_only_onnx_percentile",
    "t06_bimodal_bert_onnx_regular",
    "t07_bimodal_bert_onnx_percentile",
    "t14_bimodal_multiclass_onnx_partial",
    "t25_onnx_corrupt_percentile",
    "t26_step_table",
    "t29_renamed_keys_onnx",
)
EVERY_ANSWER_IS_TAGGED = ("t05_bimodal_bert_regular_ignored", "t22_no_chunker", "t29_renamed_keys_onnx")
CASES = (*ON_TORCH, *ON_ITS_OWN_GRAPH)


@pytest.fixture(scope="module")
def conformance(shared_dir: Path) -> Path:
    return shared_dir / "conformance"


@pytest.mark.parametrize("case", CASES)
def test_every_recorded_request_gets_its_recorded_answer(
    case: str, conformance: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    artifact = conformance / "cases" / case / "artifact"
    scorer = load(artifact, on_damage=OnDamage.WARN, tokenizers=conformance)

    tally = replay(scorer, recorded_requests(conformance, case), case)

    with capsys.disabled():
        sys.stdout.write(tally.line())
    assert tally.sent == request_files(conformance, case)
    assert not tally.failures, "\n".join(tally.failures)


@pytest.mark.parametrize(
    "case", ["t02_text_only", "t04_bimodal_bert", "t06_bimodal_bert_onnx_regular", "t27_roberta_encoder"]
)
def test_a_packed_network_gives_the_same_answers(
    case: str, conformance: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    artifact = conformance / "cases" / case / "artifact"
    packed = pack(artifact, tmp_path / "model.tar.gz", tokenizers=conformance)

    tally = replay(load(packed.output), recorded_requests(conformance, case), case)

    with capsys.disabled():
        sys.stdout.write(f"packed {tally.line()}")
    assert not tally.failures, "\n".join(tally.failures)


@pytest.mark.parametrize("case", CASES)
def test_tokens_chunks_and_numbers_are_the_recorded_ones(
    case: str, conformance: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    artifact = conformance / "cases" / case / "artifact"
    scorer = load(artifact, on_damage=OnDamage.WARN, tokenizers=conformance)
    stored = json.loads((conformance / "cases" / case / "answers.json").read_text(encoding="utf-8"))
    tags = json.loads((conformance / "deviations.json").read_text(encoding="utf-8"))
    tagged = {key for kind in ("cases", "kept") for key in tags[kind].get(case, {})}
    compared = 0

    for request in recorded_requests(conformance, case):
        if request.key in tagged or not isinstance(request.outcome, Scores):
            continue
        records = scorer.schema.bind(decode_request(request.body, request.content_type))
        inputs, steps = scorer.preprocessor.apply(records), stored[request.key]["intermediate"]
        for name, text in inputs.texts.items():
            reader = scorer.preprocessor.texts[name]
            assert isinstance(reader, TextPipeline)
            chunks = reader.chunks(records.columns[name])
            assert chunks == steps["tokenizer_input"][name], request.key
            # an empty list is a chunk that exists only as padding of the batch
            wanted = [[ids for ids in row if ids] for row in steps["text"][name]["ids"]]
            assert _by_record(text) == wanted, request.key
        if scorer.artifact.features:
            assert tuple(steps["tabular"]["order"]) == scorer.artifact.features
            columns = np.array(steps["tabular"]["columns"], dtype=np.float32)
            np.testing.assert_array_equal(inputs.tabular.T, columns, err_msg=request.key)
        compared += 1

    with capsys.disabled():
        sys.stdout.write(f"{case}: tokens, chunks and numbers of {compared} requests equal\n")
    assert (compared == 0) == (case in EVERY_ANSWER_IS_TAGGED)


def _by_record(text: TextInputs) -> list[list[list[int]]]:
    """Token ids by record and chunk."""
    tokens = [ids.tolist() for ids in text.token_ids]
    offsets = text.chunk_offsets.tolist()
    return [tokens[first:end] for first, end in pairwise(offsets)]
