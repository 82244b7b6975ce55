"""What a model does: evaluated, explained, compared with another, watched for drift."""

from servable.evaluate.diff.diff import Diff, DiffSettings, diff
from servable.evaluate.diff.lines import diff_lines
from servable.evaluate.diff.movers import Cells
from servable.evaluate.diff.side import Side, open_side
from servable.evaluate.diff.verdict import DiffVerdict
from servable.evaluate.drift.drift import drift, drift_of, profile_to_compare
from servable.evaluate.drift.found import Drift, DriftVerdict
from servable.evaluate.drift.lines import drift_lines
from servable.evaluate.evaluation.evaluation import Evaluation
from servable.evaluate.evaluation.lines import evaluation_lines
from servable.evaluate.evaluation.run import evaluate
from servable.evaluate.evaluation.settings import EvaluationSettings
from servable.evaluate.explain.explain import OtherModel, RecordReport, TableReport, explain
from servable.evaluate.explain.lines import explanation_lines
from servable.evaluate.explain.record import Place, given_of_json, read_given

__all__ = [
    "Cells",
    "Diff",
    "DiffSettings",
    "DiffVerdict",
    "Drift",
    "DriftVerdict",
    "Evaluation",
    "EvaluationSettings",
    "OtherModel",
    "Place",
    "RecordReport",
    "Side",
    "TableReport",
    "diff",
    "diff_lines",
    "drift",
    "drift_lines",
    "drift_of",
    "evaluate",
    "evaluation_lines",
    "explain",
    "explanation_lines",
    "given_of_json",
    "open_side",
    "profile_to_compare",
    "read_given",
]
