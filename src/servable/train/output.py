"""The files of a training output, by name: the layout of the inference handler's documentation."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from servable.artifact import TRAINING, field_lists, format_feature_columns, pretty_json, twin_files
from servable.preprocess import RiskTable
from servable.schema import Schema
from servable.train.family import FittedModel


def output_files(
    *,
    schema: Schema,
    model: FittedModel,
    risk_tables: Mapping[str, RiskTable],
    imputation: Mapping[str, float],
    hyperparameters: Mapping[str, Any],
) -> dict[str, bytes]:
    """Everything but calibration, golden records and facts, which need a model that scores."""
    risk = {
        name: {"bins": dict(table.bins), "default_bin": table.default} for name, table in risk_tables.items()
    }
    configuration = field_lists(schema) | dict(hyperparameters) | dict(model.hyperparameters)
    tables = {"imputation_dict": dict(imputation), "risk_tables": risk}
    return {
        **model.files,
        **model.copies(configuration | tables),
        "feature_columns.txt": format_feature_columns(schema.names()),
        "hyperparameters.json": pretty_json(configuration),
        **twin_files("risk_table_map", risk),
        **twin_files("impute_dict", dict(imputation)),
    }


def facts_file(facts: Mapping[str, Any]) -> dict[str, bytes]:
    """What training found out: data, split, figures on the test rows."""
    return {TRAINING: pretty_json(dict(facts))}


def plain(value: Any) -> Any:
    """A dataclass of numbers as JSON values."""
    return asdict(value)
