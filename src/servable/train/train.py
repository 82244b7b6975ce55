"""From a table to a training output: split, fit, calibrate, keep golden records, measure.

The training rows pass through the same `bind` and the same `Preprocessor` as requests will, and the
figures are taken through the same `Scorer`.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from servable.artifact import (
    GoldenSet,
    MemoryFiles,
    atomic_directory,
    derive_records,
    read_files,
    require_vacant,
)
from servable.calibration import fit_lookup_table
from servable.codecs import read_table
from servable.errors import BadInput, Problem
from servable.preprocess import Preprocessor, RiskTable, fit_imputation, fit_risk_table
from servable.records import ObjectArray, Records, Table
from servable.schema import Kind
from servable.scorer import Scorer, scorer_of
from servable.train.columns import LabelledTable, read_columns
from servable.train.metrics import ScoreReport, report
from servable.train.output import calibration_files, facts_file, output_files, plain
from servable.train.split import SPLIT_RULE, Part, positions, split
from servable.train.xgboost_family import Rows, XGBoostSettings, fit_booster

GOLDEN_RECORDS = 200
Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingResult:
    """What was trained, and what it is worth on the test rows."""

    output: Path
    rows: Mapping[str, int]
    trees: int
    calibration_method: str
    raw: ScoreReport
    calibrated: ScoreReport

    def summary_lines(self) -> list[str]:
        """What a person wants to know, the output first."""
        sizes = ", ".join(f"{part} {rows:,}" for part, rows in self.rows.items())
        lines = [
            f"{self.output} ({self.trees} trees; rows: {sizes})",
            f"on {self.raw.rows:,} test rows, {self.raw.positives:,} of class 1 (95 % bootstrap intervals):",
        ]
        for name, scores in (("raw", self.raw), (f"calibrated ({self.calibration_method})", self.calibrated)):
            figures = (scores.auc, scores.log_loss, scores.calibration_error)
            auc, loss, error = (f"{f.value:.4f} [{f.low:.4f}, {f.high:.4f}]" for f in figures)
            bound = f"{scores.calibration_error_null:.4f}"
            lines.append(
                f"  {name}: AUC {auc}, log-loss {loss}, calibration error {error} (15 bins; null {bound})"
            )
        return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSettings:
    """How the columns of a training table are to be used; see `read_columns`."""

    label: str
    id_column: str | None = None
    categorical: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    smooth_factor: float = 0.01
    count_threshold: int = 5


def train(
    table_path: Path,
    output: Path,
    *,
    columns: TableSettings,
    settings: XGBoostSettings,
    name: str | None = None,
    progress: Progress = lambda *_: None,
) -> TrainingResult:
    """Trains an XGBoost classifier of two classes and writes its training output.

    Raises:
        NotFound, BadInput: for a table that cannot be read or used; nothing is written then.
    """
    require_vacant(output)
    progress("read the table", 0, 1)
    labelled, records = _read(table_path, columns)
    places = positions(_keys(records, table_path))
    parts = split(places)
    _require_both_classes(parts, labelled.labels)
    preprocessor = _fit_preprocessor(labelled, records, parts[Part.TRAIN], columns)
    features = preprocessor.apply(records).tabular
    booster = fit_booster(
        Rows(features[parts[Part.TRAIN]], labelled.labels[parts[Part.TRAIN]]),
        Rows(features[parts[Part.VALID]], labelled.labels[parts[Part.VALID]]),
        settings,
        lambda done, total: progress("fit trees", done, total),
    )
    files = output_files(
        schema=labelled.schema,
        model=booster.model,
        risk_tables=preprocessor.risk_tables,
        imputation=preprocessor.imputation,
        hyperparameters={
            "pipeline_name": name or table_path.name.partition(".")[0],
            "pipeline_version": "1",
            "model_objective": "binary_classification",
            "model_class": "xgboost",
            "smooth_factor": columns.smooth_factor,
            "count_threshold": columns.count_threshold,
            "split_rule": SPLIT_RULE,
            **settings.to_plain(),
        },
    )
    progress("calibrate", 0, 1)
    calib, test = parts[Part.CALIB], parts[Part.TEST]
    uncalibrated = _scorer(files).score_records(_take(records, calib))
    fitted = fit_lookup_table(uncalibrated.raw[:, 1], labelled.labels[calib].astype(np.float64))
    files |= calibration_files(fitted)
    scorer = _scorer(files)
    progress("measure on the test rows", 0, 1)
    predictions = scorer.score_records(_take(records, test))
    golden = _golden(scorer, labelled.table, test[np.argsort(places[test], kind="stable")])
    raw, calibrated = (
        report(scores[:, 1], labelled.labels[test], seed=settings.seed)
        for scores in (predictions.raw, predictions.calibrated)
    )
    sizes = {part.value: len(parts[part]) for part in Part}
    files |= golden.to_files() | facts_file(
        {
            "data": _data_facts(table_path, labelled),
            "split": {"rule": SPLIT_RULE, "key": columns.id_column or "row number", "rows": sizes},
            "calibration": {
                "method": fitted.method,
                "rows": fitted.rows,
                "knots": len(fitted.table.x),
                "knot_error": fitted.knot_error,
            },
            "derived_golden_records": golden.derived,
            "test": {"raw": plain(raw), "calibrated": plain(calibrated)},
        }
    )
    _write(output, files)
    return TrainingResult(
        output=output,
        rows=sizes,
        trees=booster.trees,
        calibration_method=fitted.method,
        raw=raw,
        calibrated=calibrated,
    )


def _read(path: Path, columns: TableSettings) -> tuple[LabelledTable, Records]:
    table = read_table(path)
    try:
        labelled = read_columns(
            table,
            label=columns.label,
            id_column=columns.id_column,
            categorical=columns.categorical,
            drop=columns.drop,
        )
        return labelled, labelled.schema.bind(labelled.table)
    except BadInput as error:
        raise error.inside(path.name) from error


def _keys(records: Records, path: Path) -> Sequence[object]:
    """Keys of the split: the ids, which then must all be there, or the row numbers."""
    if records.ids is None:
        return range(len(records))
    if None in records.ids:
        raise BadInput(
            Problem(
                code="train.id",
                where=f"{path.name}, record {records.ids.index(None)}",
                expected="an id, which decides what the row is for",
                found="none",
                fix="write one in every row, or leave `--id` out",
            )
        )
    return records.ids


def _fit_preprocessor(
    labelled: LabelledTable, records: Records, rows: NDArray[np.int64], columns: TableSettings
) -> Preprocessor:
    """Tables fitted on the training rows, and on nothing else."""
    schema = labelled.schema
    labels = labelled.labels[rows].astype(np.float64)

    def risk(name: str) -> RiskTable:
        categories: ObjectArray = records.columns[name][rows]
        return fit_risk_table(
            categories, labels, smooth_factor=columns.smooth_factor, count_threshold=columns.count_threshold
        )

    return Preprocessor(
        features=schema.names(),
        risk_tables={name: risk(name) for name in schema.names(Kind.CATEGORICAL)},
        imputation={name: fit_imputation(records.columns[name][rows]) for name in schema.names(Kind.NUMERIC)},
    )


def _golden(scorer: Scorer, table: Table, rows: NDArray[np.int64]) -> GoldenSet:
    """The first test rows by their place in the split, and records derived from the schema."""
    schema, names = scorer.schema, table.names or ()
    wanted = [name for name in names if name != schema.label_name]
    kept = [names.index(name) for name in wanted if name in (*schema.names(), schema.id_name)]
    real = [{names[at]: table.rows[row][at] for at in kept} for row in rows[:GOLDEN_RECORDS].tolist()]
    artifact = scorer.artifact
    derived = derive_records(schema, artifact.risk_tables, artifact.imputation, typical=0)
    requests = [*real, *derived]
    return GoldenSet(
        requests=tuple(map(msgspec.json.encode, requests)),
        reference=scorer.score(requests),
        packed=None,
        source="train",
        derived=len(derived),
    )


def _scorer(files: Mapping[str, bytes]) -> Scorer:
    return scorer_of(read_files(MemoryFiles(files)))


def _take(records: Records, rows: NDArray[np.int64]) -> Records:
    return Records(columns={name: column[rows] for name, column in records.columns.items()}, n=len(rows))


def _require_both_classes(parts: Mapping[Part, NDArray[np.int64]], labels: NDArray[np.int64]) -> None:
    for part, rows in parts.items():
        if len(set(labels[rows].tolist())) < 2:
            raise BadInput(
                Problem(
                    code="train.rows",
                    where=f"{part} split",
                    expected="rows of both classes",
                    found=f"{len(rows)} rows of fewer",
                    fix="train on a larger table",
                )
            )


def _data_facts(path: Path, labelled: LabelledTable) -> dict[str, Any]:
    return {
        "name": path.name.partition(".")[0],
        "rows": len(labelled.table),
        "rows_without_label": labelled.unlabelled,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "label": labelled.schema.label_name,
        "classes": list(labelled.schema.classes),
    }


def _write(output: Path, files: Mapping[str, bytes]) -> None:
    with atomic_directory(output) as folder:
        for name, data in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
