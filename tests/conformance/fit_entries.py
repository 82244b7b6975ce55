"""Recorded fits of risk tables and imputation values, and what the fitted values answer."""

import ast
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from function_entries import Entry

from servable.preprocess import Average, Preprocessor, RiskTable, fit_imputation, fit_risk_table
from servable.records import Cell, Table
from servable.schema import PANDAS_NULLS, Field, Kind, Schema

_ROUNDING = 1e-15
_SINGLE_PRECISION = 1e-6
_NO_LABEL = -1

_NUMPY_SCALAR = re.compile(r"np\.\w+\((.*)\)")


def fit_entries(content: Mapping[str, Any]) -> Iterator[Entry]:
    """Every fit, and every lookup in what was fitted."""
    for fit in content["risk_tables"]:
        yield from _risk_entries(fit)
    for fit in content["imputation"]:
        path = f"imputation/{fit['name']}/{fit['strategy']}"
        value = partial(fit_imputation, _numbers(fit["x"]), average=Average(fit["strategy"]))
        yield Entry(path=f"{path}/value", stored=fit["value"], ours=value, tolerance=_ROUNDING)
        for cell, answer in fit["process"].items():
            yield Entry(
                path=f"{path}/process/{cell}",
                stored=_number(answer),
                ours=partial(_imputed, value(), _cell(cell)),
                tolerance=_SINGLE_PRECISION,
                facts={"value": fit["value"]},
            )


def _risk_entries(fit: Mapping[str, Any]) -> Iterator[Entry]:
    """A table of the rows that have a label."""
    rows = [(cell, label) for cell, label in zip(fit["x"], fit["y"], strict=True) if label != _NO_LABEL]
    column = _column(Kind.CATEGORICAL, [cell for cell, _ in rows])
    labels = [label for _, label in rows]
    table = fit_risk_table(
        column,
        np.array(labels, dtype=np.float64),
        smooth_factor=fit["smooth_factor"],
        count_threshold=fit["count_threshold"],
    )
    names = ["nan" if name is None else name for name in column]
    facts = {**fit, "rows": list(zip(names, labels, strict=True))}
    group = "with missing cells" if None in column.tolist() else "complete"
    path = f"risk_tables/{group}/{fit['name']}/{fit['smooth_factor']}/{fit['count_threshold']}"
    right = fit["result"]
    kinds = {f"{type(value).__module__}.{type(value).__name__}" for value in table.bins.values()}
    for part, stored, ours in (
        ("bins", right["bins"], dict(table.bins)),
        ("default_bin", right["default_bin"], table.default),
        ("bin_value_type", [right["bin_value_type"]], list(kinds)),
    ):
        yield Entry(
            path=f"{path}/{part}",
            stored=stored,
            ours=partial(_itself, ours),
            tolerance=_ROUNDING,
            facts=facts,
        )
    for cell, value in right["lookups"].items():
        yield Entry(
            path=f"{path}/lookups/{cell}",
            stored=value,
            ours=partial(_risk, table, _cell(cell)),
            tolerance=_ROUNDING,
            facts={**facts, "cell": _cell(cell)},
        )


def _schema(kind: Kind) -> Schema:
    return Schema(fields=(Field("x", kind),), classes=("0", "1"), null_spellings=PANDAS_NULLS)


def _column(kind: Kind, cells: Sequence[Cell]) -> Any:
    """Cells as a request or a table brings them."""
    present = [None if isinstance(cell, float) and math.isnan(cell) else cell for cell in cells]
    return _schema(kind).bind(Table(names=("x",), rows=[(cell,) for cell in present])).columns["x"]


def _risk(table: RiskTable, cell: Cell) -> float:
    return table.apply(_column(Kind.CATEGORICAL, [cell]))[0]


def _imputed(value: float, cell: Cell) -> float:
    preprocessor = Preprocessor(features=("x",), risk_tables={}, imputation={"x": value})
    records = _schema(Kind.NUMERIC).bind(Table(names=("x",), rows=[(cell,)]))
    return float(preprocessor.apply(records).tabular[0, 0])


def _numbers(cells: Sequence[Cell]) -> Any:
    return np.array([math.nan if cell is None else cell for cell in cells], dtype=np.float64)


def _cell(written: str) -> Cell:
    """A cell as it was written down; NaN of a data frame is a missing value."""
    if written == "nan":
        return None
    match = _NUMPY_SCALAR.fullmatch(written)
    cell: Cell = ast.literal_eval(match[1] if match else written)
    return cell


def _number(answer: object) -> object:
    """What a model would make of an answer: a string that is a number is one, and so is a truth value."""
    if isinstance(answer, str):
        try:
            return float(answer)
        except ValueError:
            return answer
    return float(answer) if isinstance(answer, int | float) else answer


def _itself(value: object) -> object:
    return value
