"""Ways from a recorded request to scores."""

import os
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import numpy as np
from recorded_suite import Scores, Steps

from servable import handler
from servable.artifact import TOKENIZER_PATH_VARIABLE, OnDamage
from servable.codecs import Answer, decode_answer, decode_request, encode_answer
from servable.preprocess.text import TextPipeline
from servable.records import Records, TextInputs
from servable.scorer import Scorer, load


class Opened(Protocol):
    """A loaded artifact."""

    def answer(self, body: bytes, content_type: str) -> Scores:
        """Scores of every class, as they come back over the wire."""
        ...

    def steps(self, body: bytes, content_type: str) -> Steps:
        """What the model is given."""
        ...


class Road(Protocol):
    """Loads artifacts."""

    def open(self, artifact: Path) -> Opened | Exception:
        """The loaded artifact, or why it does not load."""
        ...


@dataclass(frozen=True)
class OpenedHandler:
    """`input_fn`, `predict_fn`, `output_fn`."""

    model: handler.ModelData

    def answer(self, body: bytes, content_type: str) -> Scores:
        """Scores of the CSV answer, which has every class; the JSON answer must say the same."""
        output = handler.predict_fn(handler.input_fn(body, content_type), self.model)
        in_full = _read(*handler.output_fn(output, "text/csv"))
        in_json = _read(*handler.output_fn(output, "application/json"))
        column = slice(1, 2) if in_json.raw.shape[1] == 1 else slice(None)  # of two classes, class 1 alone
        for all_classes, named in (
            (in_full.raw, in_json.raw),
            (in_full.calibrated, in_json.calibrated),
        ):
            assert np.array_equal(all_classes[:, column], named), "the JSON answer has other scores"
        labels = tuple(f"class-{index}" for index in in_full.raw.argmax(axis=1))
        assert in_full.labels == in_json.labels == labels, "a label is not that of the highest raw score"
        return Scores(raw=in_full.raw, calibrated=in_full.calibrated)

    def steps(self, body: bytes, content_type: str) -> Steps:
        scorer = self.model["model"].scorer
        return steps_of(scorer, scorer.schema.bind(handler.input_fn(body, content_type)))


@dataclass(frozen=True)
class ThroughHandler:
    """The inference handler's four functions, which look for a tokenizer where the environment says."""

    tokenizers: Path

    def open(self, artifact: Path) -> OpenedHandler | Exception:
        before = os.environ.get(TOKENIZER_PATH_VARIABLE)
        os.environ[TOKENIZER_PATH_VARIABLE] = str(self.tokenizers)
        try:
            return OpenedHandler(handler.model_fn(artifact))
        except Exception as error:  # whatever it is, the replay reports it
            return error
        finally:
            del os.environ[TOKENIZER_PATH_VARIABLE]
            if before is not None:
                os.environ[TOKENIZER_PATH_VARIABLE] = before


@dataclass(frozen=True)
class OpenedScorer:
    """Decode, bind, score, encode."""

    scorer: Scorer

    def answer(self, body: bytes, content_type: str) -> Scores:
        predictions = self.scorer.score_records(self._records(body, content_type))
        answer = decode_answer(*encode_answer(predictions, "text/csv"))
        return Scores(raw=answer.raw, calibrated=answer.calibrated)

    def steps(self, body: bytes, content_type: str) -> Steps:
        return steps_of(self.scorer, self._records(body, content_type))

    def _records(self, body: bytes, content_type: str) -> Records:
        return self.scorer.schema.bind(decode_request(body, content_type))


@dataclass(frozen=True)
class ThroughScorer:
    """The scorer of the Python API; damaged artifacts are loaded the lenient way, as the handler does."""

    tokenizers: Path | None = None

    def open(self, artifact: Path) -> OpenedScorer | Exception:
        try:
            return OpenedScorer(load(artifact, on_damage=OnDamage.WARN, tokenizers=self.tokenizers))
        except Exception as error:  # whatever it is, the replay reports it
            return error


def _read(body: str, content_type: str) -> Answer:
    return decode_answer(body.encode(), content_type)


def steps_of(scorer: Scorer, records: Records) -> Steps:
    """Chunks, token ids and numbers that the model of a scorer reads."""
    inputs = scorer.preprocessor.apply(records)
    readers = scorer.preprocessor.texts
    return Steps(
        chunks={
            name: reader.chunks(records.columns[name])
            for name, reader in readers.items()
            if isinstance(reader, TextPipeline)
        },
        ids={name: _by_record(text) for name, text in inputs.texts.items()},
        features=scorer.artifact.features,
        tabular=inputs.tabular,
    )


def _by_record(text: TextInputs) -> list[list[list[int]]]:
    """Token ids by record and chunk."""
    tokens = [ids.tolist() for ids in text.token_ids]
    return [tokens[first:end] for first, end in pairwise(text.chunk_offsets.tolist())]
