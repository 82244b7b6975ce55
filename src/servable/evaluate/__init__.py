"""What a model does: evaluated, explained, compared with another, watched for drift."""

from servable.evaluate.diff import Diff, DiffSettings, diff
from servable.evaluate.diff_lines import diff_lines
from servable.evaluate.diff_movers import Cells
from servable.evaluate.diff_side import Side, open_side
from servable.evaluate.diff_verdict import DiffVerdict
from servable.evaluate.drift import drift, drift_of, profile_to_compare
from servable.evaluate.drift_found import Drift, DriftVerdict
from servable.evaluate.drift_lines import drift_lines
from servable.evaluate.evaluation import Evaluation
from servable.evaluate.evaluation_lines import evaluation_lines
from servable.evaluate.evaluation_run import evaluate
from servable.evaluate.evaluation_settings import EvaluationSettings
from servable.evaluate.explain import OtherModel, RecordReport, TableReport, explain
from servable.evaluate.explain_lines import explanation_lines
from servable.evaluate.explain_record import Place, given_of_json, read_given

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
