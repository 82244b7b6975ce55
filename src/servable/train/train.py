"""From a table to a training output: split, fit, calibrate, keep golden records, measure.

The training rows pass through the same `bind` and the same `Preprocessor` as requests will, and the
figures are taken through the same `Scorer`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from servable.artifact import (
    GoldenSet,
    MemoryFiles,
    Profile,
    ProfileSource,
    atomic_directory,
    calibration_files,
    derive_records,
    read_files,
    require_vacant,
)
from servable.calibration import fit_default, stored_calibration
from servable.engines import usable_cores
from servable.metrics import Comparison, ScoreReport, Standing, compare, report
from servable.preprocess import Preprocessor, RiskTable, fit_imputation, fit_risk_table
from servable.profile import Rows as ProfiledRows
from servable.profile import profile_of
from servable.progress import Progress, silent, told
from servable.records import FloatArray, ObjectArray
from servable.schema import Kind
from servable.scorer import Scorer, scorer_of
from servable.train.columns import TableSettings
from servable.train.family import Examples, Family, Say
from servable.train.leaks import find_warnings
from servable.train.output import facts_file, output_files, plain
from servable.train.split import SPLIT_RULE, Part
from servable.train.table import Rows, TrainingTable, read_training_table
from servable.training_rows import TrainingRows

if TYPE_CHECKING:
    from servable.train.baseline import Baseline

GOLDEN_RECORDS = 200
DERIVED_TEXTS = 11
"""One record for each kind of text: empty, long, with markup, in other scripts."""


class FitBaseline(Protocol):
    """Fits a plain model of texts and numbers; `servable.train.baseline.fit_baseline` is one."""

    def __call__(
        self, texts: Sequence[str], features: NDArray[np.float32], labels: NDArray[np.int64], *, seed: int
    ) -> "Baseline":
        """A model of these rows."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineResult:
    """What a plain model of the same rows is worth, and how the trained one compares with it."""

    scores: ScoreReport
    comparison: Comparison
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingResult:
    """What was trained, and what it is worth on the test rows."""

    output: Path
    rows: Mapping[str, int]
    model: str
    calibration_method: str
    raw: ScoreReport
    calibrated: ScoreReport
    baseline: BaselineResult | None
    warnings: tuple[str, ...]

    def summary_lines(self) -> list[str]:
        """What a person wants to know, the output first."""
        sizes = ", ".join(f"{part} {rows:,}" for part, rows in self.rows.items())
        lines = [
            f"{self.output} ({self.model}; rows: {sizes})",
            f"on {self.raw.rows:,} test rows, {self.raw.positives:,} of class 1 (95 % bootstrap intervals):",
            _figures("raw", self.raw),
            _figures(f"calibrated ({self.calibration_method})", self.calibrated),
        ]
        if self.baseline is not None:
            lines.append(_figures("baseline (tf-idf and logistic regression)", self.baseline.scores))
            lines.append(f"  {self.baseline.comparison.sentence()}")
        return lines


def train(
    table_path: Path,
    output: Path,
    *,
    columns: TableSettings,
    settings: Family,
    name: str | None = None,
    say: Say = lambda _: None,
    progress: Progress = silent,
) -> TrainingResult:
    """Trains a classifier of two classes and writes its training output.

    Args:
        table_path: .csv with a header, .ndjson, .json or .parquet.
        output: the folder to write, vacant.
        columns: how the table's columns are used.
        settings: the family of models, with its settings.
        name: of the model.  [default: that of the table]
        say: told what should be known before the work is done: warnings, how long it will take.
        progress: told how far it is.

    Raises:
        NotFound, BadInput: for a table that cannot be read or used; nothing is written then.
        Unavailable: if the disk refuses, or a package is not installed.
    """
    require_vacant(output)
    with told(progress, "read the table"):
        table = read_training_table(table_path, columns, seed=settings.seed)
    settings.require_fields(table.labelled.schema)
    fit_baseline = _baseline_fit(table)  # looked for now, rather than after hours of training
    warnings = find_warnings(
        table.records,
        table.labelled.schema,
        table.labelled.labels,
        table.parts,
        group_column=columns.group_column,
    )
    for sentence in warnings:
        say(f"warning: {sentence}")
    preprocessor = _fit_preprocessor(table, settings)
    model = settings.fit(
        _examples(table, preprocessor, Part.TRAIN),
        _examples(table, preprocessor, Part.VALID),
        table.labelled.schema,
        say=say,
        progress=progress,
    )
    files = output_files(
        schema=table.labelled.schema,
        model=model,
        risk_tables=preprocessor.risk_tables,
        imputation=preprocessor.imputation,
        hyperparameters={
            "pipeline_name": name or table.name,
            "pipeline_version": "1",
            "model_objective": "binary_classification",
            "model_class": settings.model_class,
            "smooth_factor": columns.smooth_factor,
            "count_threshold": columns.count_threshold,
            "split_rule": SPLIT_RULE,
            **_text_recipe(columns),
        },
    )
    result = _finish(
        table=table,
        output=output,
        files=files,
        settings=settings,
        preprocessor=preprocessor,
        model=model.summary,
        warnings=warnings,
        fit_baseline=fit_baseline,
        say=say,
        progress=progress,
    )
    model.discard()
    return result


def _text_recipe(columns: TableSettings) -> dict[str, object]:
    """How the text field was made, for whoever reads the same table again."""
    join = columns.text_join
    return {} if join is None else {"text_columns": list(join.columns), "text_separator": join.separator}


def _finish(
    *,
    table: TrainingTable,
    output: Path,
    files: dict[str, bytes],
    settings: Family,
    preprocessor: Preprocessor,
    model: str,
    warnings: tuple[str, ...],
    fit_baseline: FitBaseline | None,
    say: Say,
    progress: Progress,
) -> TrainingResult:
    """What needs a model that scores: calibration, figures, golden records; then everything is written."""
    classes = table.labelled.schema.classes
    with told(progress, "calibrate"):
        uncalibrated = _scorer(files).score_records(table.records.take(table.parts[Part.CALIB]))
        labels = table.labels_of(Part.CALIB)
        fitted = fit_default(uncalibrated.raw, labels, where="calibration split", names=classes)
    for sentence in fitted.warnings:
        say(f"warning: {sentence}")
    warnings = (*warnings, *fitted.warnings)
    files = files | calibration_files(stored_calibration(fitted.calibrator), classes)
    scorer = _scorer(files)
    with told(progress, "measure on the test rows"):
        test, labels = table.parts[Part.TEST], table.labels_of(Part.TEST)
        predictions = scorer.score_records(table.records.take(test))
        raw, calibrated = (
            report(scores[:, 1], labels, seed=settings.seed)
            for scores in (predictions.raw, predictions.calibrated)
        )
    baseline = None
    if fit_baseline is not None:
        with told(progress, "fit the baseline"):
            baseline = _baseline(
                table, preprocessor, predictions.calibrated[:, 1], seed=settings.seed, fit=fit_baseline
            )
    with told(progress, "keep golden records"):
        golden = _golden(scorer, table)
    held_out = {Part.CALIB: uncalibrated.raw, Part.TEST: predictions.raw}
    profile = _profile(scorer, table, held_out, progress=progress)
    facts = table.facts() | {
        "calibration": {
            "method": fitted.method,
            "rows": fitted.rows,
            "knots": fitted.knots,
            "knot_error": fitted.knot_error,
        },
        "derived_golden_records": golden.derived,
        "test": {"raw": plain(raw), "calibrated": plain(calibrated)}
        | ({} if baseline is None else {"baseline": plain(baseline)}),
        "warnings": list(warnings),
    }
    kept = golden.to_files() | _known_rows(table).to_files() | profile.to_files()
    _write(output, files | kept | facts_file(facts))
    return TrainingResult(
        output=output,
        rows=table.sizes(),
        model=model,
        calibration_method=fitted.method,
        raw=raw,
        calibrated=calibrated,
        baseline=baseline,
        warnings=warnings,
    )


def _figures(name: str, scores: ScoreReport) -> str:
    figures = (scores.auc, scores.log_loss, scores.calibration_error)
    auc, loss, error = (figure.text() for figure in figures)
    bound = f"{scores.calibration_error_null:.4f}"
    return f"  {name}: AUC {auc}, log-loss {loss}, calibration error {error} (15 bins; null {bound})"


def _fit_preprocessor(table: TrainingTable, settings: Family) -> Preprocessor:
    """Tables fitted on the training rows, and on nothing else."""
    schema, columns = table.labelled.schema, table.settings
    rows, labels = table.parts[Part.TRAIN], table.labels_of(Part.TRAIN).astype(np.float64)

    def risk(name: str) -> RiskTable:
        categories: ObjectArray = table.records.columns[name][rows]
        return fit_risk_table(
            categories, labels, smooth_factor=columns.smooth_factor, count_threshold=columns.count_threshold
        )

    return Preprocessor(
        features=schema.names(Kind.NUMERIC, Kind.CATEGORICAL),
        risk_tables={name: risk(name) for name in schema.names(Kind.CATEGORICAL)},
        imputation={
            name: fit_imputation(table.records.columns[name][rows]) for name in schema.names(Kind.NUMERIC)
        },
        missing=settings.missing,
        texts=settings.readers(schema),
    )


def _examples(table: TrainingTable, preprocessor: Preprocessor, part: Part) -> Examples:
    return Examples(preprocessor.apply(table.records.take(table.parts[part])), table.labels_of(part))


def _baseline_fit(table: TrainingTable) -> FitBaseline | None:
    """How a plain text model is fitted; None without a text field."""
    if not table.labelled.schema.names(Kind.TEXT):
        return None
    from servable.train.baseline import fit_baseline  # noqa: PLC0415  # scikit-learn

    return fit_baseline


def _baseline(
    table: TrainingTable, preprocessor: Preprocessor, model: FloatArray, *, seed: int, fit: FitBaseline
) -> BaselineResult:
    """A plain text model of the same rows, looked at beside the trained one."""
    (text,) = table.labelled.schema.names(Kind.TEXT)
    plain_preprocessor = replace(preprocessor, texts={})

    def inputs(part: Part) -> tuple[list[str], NDArray[np.float32]]:
        records = table.records.take(table.parts[part])
        return table.texts_of(part, text), plain_preprocessor.apply(records).tabular

    baseline = fit(*inputs(Part.TRAIN), table.labels_of(Part.TRAIN), seed=seed)
    scores, labels = baseline.scores(*inputs(Part.TEST))[:, 1], table.labels_of(Part.TEST)
    comparison = compare(model, scores, labels, seed=seed)
    return BaselineResult(
        scores=report(scores, labels, seed=seed), comparison=comparison, standing=comparison.standing
    )


def _golden(scorer: Scorer, table: TrainingTable) -> GoldenSet:
    """The first test rows by their place in the split, and records derived from the schema."""
    schema, cells = scorer.schema, table.labelled.table
    names, test = cells.names or (), table.parts[Part.TEST]
    rows: Rows = test[np.argsort(table.places[test], kind="stable")][:GOLDEN_RECORDS]
    wanted = [name for name in names if name != schema.label_name]
    kept = [names.index(name) for name in wanted if name in (*schema.names(), schema.id_name)]
    real = [{names[at]: cells.rows[row][at] for at in kept} for row in rows.tolist()]
    artifact = scorer.artifact
    typical = DERIVED_TEXTS if schema.names(Kind.TEXT) else 0
    derived = derive_records(schema, artifact.risk_tables, artifact.imputation, typical=typical)
    requests = [*real, *derived]
    return GoldenSet(
        requests=tuple(map(msgspec.json.encode, requests)),
        reference=scorer.score(requests),
        packed=None,
        source="train",
        derived=len(derived),
    )


def _profile(
    scorer: Scorer, table: TrainingTable, raw: Mapping[Part, FloatArray], *, progress: Progress
) -> Profile:
    """What all rows look like, and what the model makes of those that nothing was fitted on.

    Args:
        scorer: of the model.
        table: with all its labelled rows, also where a sample was fitted on.
        raw: scores of the held-out rows, by part.
        progress: told how far it is.
    """
    labels = table.labelled.labels
    fitted = np.setdiff1d(np.arange(len(labels)), np.concatenate([table.parts[part] for part in raw]))
    rows = [ProfiledRows(records=table.records.take(fitted), labels=labels[fitted], is_fitted=True)]
    rows += [
        ProfiledRows(records=table.records.take(table.parts[part]), labels=table.labels_of(part), raw=scores)
        for part, scores in raw.items()
    ]
    return profile_of(scorer, rows, source=ProfileSource.TRAIN, progress=progress)


def _known_rows(table: TrainingTable) -> TrainingRows:
    """What the output remembers of the rows that its training used."""
    used, held_out = table.rows_of(Part.TRAIN, Part.VALID), table.rows_of(Part.CALIB, Part.TEST)
    return TrainingRows.of(used, held_out)


def _scorer(files: Mapping[str, bytes]) -> Scorer:
    """What scores with the files of an output; a network on all cores that there are."""
    return scorer_of(read_files(MemoryFiles(files)), threads=usable_cores())


def _write(output: Path, files: Mapping[str, bytes]) -> None:
    with atomic_directory(output) as folder:
        for name, data in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
