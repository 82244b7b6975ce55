"""What a network of texts tells of itself, as training leaves it and packed."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import servable
from fixtures_models import Model
from servable.inspection import describe, description_lines, warnings

WITHOUT_CHUNKER = ["html_normalizer", "emoji_remover", "text_normalizer", "tokenizer"]


@pytest.fixture(scope="module")
def of_characters(text_model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The text model's training output with steps that lack the chunker."""
    folder = tmp_path_factory.mktemp("characters") / "trained"
    shutil.copytree(text_model.trained, folder)
    file = folder / "hyperparameters.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"text_processing_steps": WITHOUT_CHUNKER}))
    return folder


def test_the_training_output_of_a_network_is_described(text_model: Model) -> None:
    described = describe(servable.load(text_model.trained))

    assert (described["layout"], described["family"]) == ("training output", "bimodal_bert")
    assert described["engine"] == {
        "kind": "torch",
        "file": "model.pth",
        "encoders": {},
        "intra_op_threads": 1,
    }
    assert described["text_join"] == {"field": "text", "columns": ("title", "review"), "separator": " "}
    assert described["fields"][2] == {
        "name": "text",
        "kind": "text",
        "steps": ["html_normalizer", "text_normalizer", "dialogue_chunker", "tokenizer"],
        "max_tokens": 48,
        "max_chunks": 5,
    }
    assert (described["conversion"], described["degradations"], described["warnings"]) == (None, [], [])


def test_the_description_of_a_pack_is_that_of_its_training_but_for_what_packing_adds(
    text_model: Model,
) -> None:
    trained, packed = (
        description_lines(describe(servable.load(path))) for path in (text_model.trained, text_model.archive)
    )

    added = [line.split()[0] for line in packed if line not in trained]
    assert added == ["reviews", "digest", "engine", "conversion", "data"]


def test_steps_whose_faults_are_kept_are_warned_of(of_characters: Path) -> None:
    scorer = servable.load(of_characters)

    assert warnings(scorer) == [
        'field "text": emoji_remover also removes Chinese, Japanese and Korean characters, '
        "as it did in training",
        'field "text": without dialogue_chunker every character is a chunk of its own, as it was in training',
    ]


def test_without_a_chunker_a_text_is_scored_by_its_characters_in_any_company(of_characters: Path) -> None:
    scorer = servable.load(of_characters)
    records = [{"age": 1, "division": "NA", "text": text} for text in ("abcab", "", "a\U0001f60d中", "a")]

    found = scorer.score(records).raw

    alone = np.concatenate([scorer.score(record).raw for record in records])
    assert np.abs(found - alone).max() <= 5e-6
    assert np.abs(found[2] - found[3]).max() <= 5e-6
    assert len(np.unique(np.round(found[:3, 1], 4))) == 3


def test_a_data_frame_of_texts_is_scored_as_its_records_are(text_model: Model) -> None:
    pandas = pytest.importorskip("pandas")
    scorer = servable.load(text_model.archive)
    records = [{"age": 40, "division": "NA", "text": "soft"}, {"age": None, "division": None, "text": None}]

    expected = scorer.score(records).raw.tolist()

    assert scorer.score(pandas.DataFrame(records)).raw.tolist() == expected
    assert scorer.score(pandas.DataFrame(records).convert_dtypes()).raw.tolist() == expected
