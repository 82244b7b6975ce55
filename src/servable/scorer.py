"""Scorer: preprocessor, engine and calibrator of one artifact. There is no second way to a score."""

import logging
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from servable.artifact import (
    Artifact,
    EngineKind,
    OnDamage,
    StoredText,
    TokenizerSearch,
    read_artifact,
)
from servable.calibration import CalibrationEvents, Calibrator, calibrate_or_keep, chosen
from servable.engines import Device, Engine, open_engine
from servable.errors import BadInput, Damaged, Problem, ServableError
from servable.preprocess import Preprocessor, RiskTable, TextReader
from servable.records import FloatArray, Predictions, Records, Table
from servable.schema import Schema

_logger = logging.getLogger("servable.scorer")

_ROUNDING = 1e-6
"""A probability may leave 0 to 1 by this much."""

_TREES_BATCH_ROWS = 256
_NETWORK_BATCH_ROWS = 16  # a text of 64 tokens fills a core: beyond that, a batch gains nothing


@dataclass(frozen=True, kw_only=True)
class Scorer:
    """Scores records with the preprocessing and the calibration of training.

    Attributes:
        artifact: what it was made from.
        preprocessor: records to model inputs.
        engine: model inputs to raw scores.
        calibrator: raw scores to calibrated ones, or None.
        degradations: what was passed over because damage was tolerated, and calibrators that have no
            effect on so many classes; one sentence each.
        threads: inside one operation of the engine.
        device: where the engine was asked to compute.
        calibration_events: how often raw scores stood in for calibrated ones.
    """

    artifact: Artifact
    preprocessor: Preprocessor
    engine: Engine
    calibrator: Calibrator | None
    degradations: tuple[str, ...]
    threads: int = 1
    device: Device = Device.AUTO
    calibration_events: CalibrationEvents = field(default_factory=CalibrationEvents, compare=False)

    @property
    def schema(self) -> Schema:
        """What a record must hold."""
        return self.artifact.schema

    @property
    def is_cheap(self) -> bool:
        """Whether a small batch takes less time than handing it to another thread: packed trees."""
        return self.artifact.engine.kind is EngineKind.ONNX_TREES

    @property
    def batch_rows(self) -> int:
        """How many records are worth scoring at once: more would only keep others waiting."""
        return _NETWORK_BATCH_ROWS if self.artifact.texts else _TREES_BATCH_ROWS

    def score(
        self, records: "Records | Mapping[str, Any] | Sequence[Mapping[str, Any]] | Any"
    ) -> Predictions:
        """Raw and calibrated scores of one record (a dict), of several (a list of dicts or a DataFrame).

        Raises:
            BadInput: naming record and field, if a record does not fit the schema.
        """
        return self.score_records(
            records if isinstance(records, Records) else self.schema.bind(to_table(records))
        )

    def score_records(self, records: Records) -> Predictions:
        """Raw and calibrated scores of bound records.

        Raises:
            ServableError: `score.not-finite` or `score.not-probability`, naming the first record whose
                scores are NaN or infinite, or outside of 0 to 1.
        """
        raw = self.engine.run(self.preprocessor.apply(records))
        least = np.minimum.reduce(raw, axis=None, initial=0.0)
        most = np.maximum.reduce(raw, axis=None, initial=1.0)
        if not (least >= -_ROUNDING and most <= 1 + _ROUNDING):  # so that NaN, which both pass on, fails
            raise _no_probability(raw)
        calibrated = raw if self.calibrator is None else self._calibrated(self.calibrator, raw)
        return Predictions(raw=raw, calibrated=calibrated, ids=records.ids)

    def score_rows(self, records: Records, rows: NDArray[np.int64], *, file: str) -> Predictions:
        """The same of rows of a file.

        Args:
            records: of the rows.
            rows: `[n]` their numbers in the file.
            file: its name.

        Raises:
            ServableError: the same, naming file and row.
        """
        try:
            return self.score_records(records)
        except ServableError as error:
            where = f"{file}, record {rows[self._first_failure(records)]}"
            raise type(error)([replace(problem, where=where) for problem in error.problems]) from error

    def _first_failure(self, records: Records) -> int:
        """The place of the first of some records that cannot be scored, by halves; one of them cannot."""
        low, high = 0, len(records)
        while high - low > 1:
            middle = (low + high) // 2
            try:
                self.score_records(records.take(np.arange(low, middle)))
            except ServableError:
                high = middle
            else:
                low = middle
        return low

    def _calibrated(self, calibrator: Calibrator, raw: FloatArray) -> FloatArray:
        """Calibrated scores; raw ones, counted and logged, where the calibrator fails (decision 0011)."""
        found = calibrate_or_keep(calibrator, raw)
        self.calibration_events.add(found)
        if found.failure is not None:
            # the message of an exception may quote a record
            _logger.warning(
                "calibration failed on %d of %d records with %s: their raw scores are answered",
                found.failed,
                len(raw),
                type(found.failure).__name__,
            )
        return found.scores


def load(
    path: Path | str,
    *,
    on_damage: OnDamage | str = OnDamage.REFUSE,
    tokenizers: Path | str | None = None,
    threads: int | None = None,
    device: Device | str = Device.AUTO,
    allow_download: bool = False,
    columns: Path | str | None = None,
) -> Scorer:
    """A scorer of the artifact in a folder or an archive, packed or as training left it.

    While it opens an ONNX graph, the memory that this process may take is bounded (Linux, decision 0026).

    Args:
        path: folder, .tar.gz, .tar or .zip; or the file of a booster.
        on_damage: "refuse" a missing or broken file, or "warn" and go on without it.
        tokenizers: where to look for the tokenizer of a training output that has none: a folder with
            `tokenizer.json` and `config.json`, or with such folders by name.  [default: the folder that
            the environment variable SERVABLE_TOKENIZER_PATH names]
        threads: inside one operation of a network.  [default: as the artifact was compared on]
        device: "cpu", "cuda", or "auto" for a GPU where the engine can use one.
        allow_download: whether a tokenizer that is neither in the artifact nor on this machine may be
            fetched from the Hugging Face hub; that needs the extra `train`.
        columns: a list of the columns of a booster that stands alone, one name a line.  [default: the
            booster's own names]
    """
    policy = OnDamage(on_damage)
    search = TokenizerSearch.of(os.environ, folder=tokenizers, allow_download=allow_download)
    listed = None if columns is None else Path(columns)
    artifact = read_artifact(path, on_damage=policy, tokenizers=search, columns=listed)
    scorer = scorer_of(artifact, on_damage=policy, threads=threads, device=Device(device))
    if scorer.calibrator is None:
        _logger.info("%s: no calibrator, so its calibrated scores are the raw ones", artifact.name)
    return scorer


def scorer_of(
    artifact: Artifact,
    *,
    on_damage: OnDamage = OnDamage.REFUSE,
    threads: int | None = None,
    device: Device = Device.AUTO,
) -> Scorer:
    """A scorer of an artifact that has been read."""
    engine = open_engine(artifact, threads=threads, device=device)
    _require_equal("features", len(artifact.features), engine.features)
    _require_equal("classes", len(artifact.schema.classes), engine.classes)
    calibrator, problems = _calibrator(artifact, on_damage)
    return Scorer(
        artifact=artifact,
        preprocessor=preprocessor_of(artifact),
        engine=engine,
        calibrator=calibrator,
        degradations=tuple(dict.fromkeys(artifact.degradations + problems)),  # packing wrote some down
        threads=(threads if artifact.texts else None) or artifact.engine.intra_op_threads,
        device=device,
    )


def preprocessor_of(artifact: Artifact) -> Preprocessor:
    """What turns records into the inputs of an artifact's model."""
    return Preprocessor(
        features=artifact.features,
        risk_tables={
            name: RiskTable(table.bins, table.default_bin) for name, table in artifact.risk_tables.items()
        },
        imputation=artifact.imputation,
        missing=0.0 if artifact.texts else math.nan,
        texts={text.field: text_reader_of(text) for text in artifact.texts},
    )


def text_reader_of(text: StoredText) -> TextReader:
    """What turns the texts of one field into tokens."""
    from servable.preprocess.text import TextPipeline, TextSettings  # noqa: PLC0415  # tokenizers

    settings = TextSettings(steps=text.steps, max_tokens=text.max_tokens, max_chunks=text.max_chunks)
    steps_where = f'field "{text.field}", text steps'
    return TextPipeline(settings, text.tokenizer, where=text.where, steps_where=steps_where)


def _require_equal(what: str, listed: int, found: int) -> None:
    if listed != found:
        raise Damaged(
            Problem(
                code=f"artifact.{what}",
                where="model file",
                expected=f"{listed} {what}, as the artifact lists",
                found=str(found),
                fix="use the files of one and the same training run",
            )
        )


def _no_probability(raw: FloatArray) -> ServableError:
    """The error of the first record whose scores are not all probabilities."""
    is_probability = ((raw >= -_ROUNDING) & (raw <= 1 + _ROUNDING)).all(axis=1)  # false for NaN
    first = int(np.flatnonzero(~is_probability)[0])
    is_finite = bool(np.isfinite(raw[first]).all())
    return ServableError(
        Problem(
            code="score.not-probability" if is_finite else "score.not-finite",
            where=f"record {first}",
            expected="probabilities from the model" if is_finite else "a finite score from the model",
            found=", ".join(f"{score:g}" for score in raw[first].tolist())
            if is_finite
            else "NaN or infinity",
            fix="look at this record with `servable predict`, and at the model",
        )
    )


def _calibrator(artifact: Artifact, on_damage: OnDamage) -> tuple[Calibrator | None, tuple[str, ...]]:
    """The calibrator that is used, and a sentence for each that is broken or has no effect."""
    classes = len(artifact.schema.classes)
    sound: list[Calibrator] = []
    problems: list[str] = []
    for stored in artifact.calibrations:
        try:
            sound.append(Calibrator.of_stored(stored, classes=classes))
        except Damaged as error:
            if on_damage is OnDamage.REFUSE:
                raise
            _logger.warning("%s", error)
            problems.append(str(error))
    choice = chosen(sound, classes=classes)
    for sentence in choice.without_effect:
        _logger.warning("%s: %s", artifact.name, sentence)
    return choice.calibrator, (*problems, *choice.without_effect)


def to_table(records: object) -> Table:
    """A table of Python values: a dict, a sequence of dicts, or a DataFrame, known by its shape.

    NaN, which Python users write for a missing value, is missing here.
    """
    if isinstance(records, Mapping):
        records = [records]
    if hasattr(records, "to_dict") and hasattr(records, "columns"):
        records = records.to_dict(orient="records")
    if not isinstance(records, Sequence) or not all(isinstance(record, Mapping) for record in records):
        raise BadInput(
            Problem(
                code="request.type",
                where="records",
                expected="a dict, a list of dicts or a DataFrame",
                found=f"a value of type {type(records).__name__}",
                fix="pass one dict per record",
            )
        )
    return Table.of_records([_cells(record, number) for number, record in enumerate(records)])


def _cells(record: Mapping[Any, Any], number: int) -> dict[str, object]:
    """A record's cells by name, as plain Python."""
    cells = {str(name): _plain(value) for name, value in record.items()}
    for name, cell in cells.items():
        if isinstance(cell, str) and not _is_utf_8(cell):
            raise BadInput(
                Problem(
                    code="request.type",
                    where=f'record {number}, field "{name}"',
                    expected="a string that UTF-8 can hold",
                    found="one with half of a surrogate pair",
                    fix="decode the bytes that it came from as UTF-8",
                )
            )
    return cells


def _is_utf_8(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _plain(value: Any) -> object:
    """A cell as plain Python; NumPy scalars by their `item`, NaN and pandas' own nulls as None."""
    if isinstance(value, np.generic):
        value = value.item()
    is_missing = type(value).__name__ in {"NAType", "NaTType"} or (
        isinstance(value, float) and math.isnan(value)
    )
    return None if is_missing else value
