"""The public Python way to a score of a network of texts."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import servable
from fixtures_models import Model

WITHOUT_CHUNKER = ["html_normalizer", "emoji_remover", "text_normalizer", "tokenizer"]


@pytest.fixture(scope="module")
def of_characters(text_model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The text model's training output with steps that lack the chunker."""
    folder = tmp_path_factory.mktemp("characters") / "trained"
    shutil.copytree(text_model.trained, folder)
    file = folder / "hyperparameters.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"text_processing_steps": WITHOUT_CHUNKER}))
    return folder


def test_without_a_chunker_a_text_is_scored_by_its_characters_in_any_company(of_characters: Path) -> None:
    scorer = servable.load(of_characters)
    records = [{"age": 1, "division": "NA", "text": text} for text in ("abcab", "", "a\U0001f60d中", "a")]

    found = scorer.score(records).raw

    alone = np.concatenate([scorer.score(record).raw for record in records])
    assert np.abs(found - alone).max() <= 5e-6
    assert np.abs(found[2] - found[3]).max() <= 5e-6
    assert np.diff(np.sort(found[:3, 1])).min() > 1e-5  # three texts, three scores


def test_a_data_frame_of_texts_is_scored_as_its_records_are(text_model: Model) -> None:
    pandas = pytest.importorskip("pandas")
    scorer = servable.load(text_model.archive)
    records = [{"age": 40, "division": "NA", "text": "soft"}, {"age": None, "division": None, "text": None}]

    expected = scorer.score(records).raw.tolist()

    assert scorer.score(pandas.DataFrame(records)).raw.tolist() == expected
    assert scorer.score(pandas.DataFrame(records).convert_dtypes()).raw.tolist() == expected
