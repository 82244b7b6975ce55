"""Recorded calls of the handler's calibration functions and of its `output_fn`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from function_entries import REFUSED, Entry, stored

from servable import handler

_LAST_PLACE = 4e-16
_SINGLE_PRECISION = 1e-6


def calibration_entries(content: Mapping[str, Any]) -> Iterator[Entry]:
    """Interpolation of every score in every table, and the calibration of arrays."""
    for recorded in content["binary"]:
        yield from _scalar_entries(recorded, content["inputs"])
        yield from _array_entries(recorded, content["inputs"])
    for recorded in content["multiclass"]:
        calibrator = {"type": "regular_multiclass", "data": recorded["tables"]}
        yield from _rows(
            f"multiclass/{_joined(recorded['name'])}",
            calibrator,
            _array(recorded["raw"]),
            recorded["calibrated"]["values"],
        )
    raw = _array(content["multiclass"][0]["raw"])
    table = content["binary"][0]["points"]
    for name, right in content["mixed"].items():
        calibrator = {"type": name.partition("_on_")[0], "data": table}
        yield from _rows(f"mixed/{name}", calibrator, raw, right["values"])


def _scalar_entries(recorded: Mapping[str, Any], inputs: Sequence[float]) -> Iterator[Entry]:
    for score, right in zip(inputs, recorded["scalar"], strict=True):
        yield Entry(
            path=f"binary/{recorded['table']}/scalar/{score}",
            stored=stored(right),
            ours=partial(handler._interpolate_score, score, recorded["points"]),
            tolerance=_LAST_PLACE,
            facts={"is a table": stored(right) is not REFUSED},
        )


def _array_entries(recorded: Mapping[str, Any], inputs: Sequence[float]) -> Iterator[Entry]:
    """Scores of class 1 in one column, and of both classes in two."""
    calibrator = {"type": "regular", "data": recorded["points"]}
    scores = np.array(inputs, dtype=np.float32)
    both = np.column_stack([1 - scores, scores])
    for kind, array in (("binary_float32", both), ("binary_1d_float32", scores)):
        found = partial(handler.apply_calibration, array, calibrator, False)
        right = recorded[kind]["values"]
        for index, score in enumerate(inputs):
            yield Entry(
                path=f"binary/{recorded['table']}/{kind}/{score}",
                stored=right[index],
                ours=partial(_row, found, index),
                tolerance=_SINGLE_PRECISION,
                facts={
                    "columns": array[:1].size,
                    "of two columns": recorded["binary_float32"]["values"][index],
                    "points": recorded["points"],
                    "score": float(scores[index]),
                },
            )


def _rows(
    path: str, calibrator: Mapping[str, Any], raw: Any, right: Sequence[Sequence[float]]
) -> Iterator[Entry]:
    found = partial(handler.apply_calibration, raw, calibrator, True)
    for index, row in enumerate(right):
        yield Entry(
            path=f"{path}/{index}",
            stored=row,
            ours=partial(_row, found, index),
            tolerance=_SINGLE_PRECISION,
            facts={"raw": raw[index].tolist()},
        )


def output_entries(content: Mapping[str, Any]) -> Iterator[Entry]:
    """Every array in every answer type, as either version of the other implementation wrote it."""
    for case in content["cases"]:
        output, group = _prediction_output(case), _group(case)
        for era in ("head", "seed_era"):
            for accept, answer in case.get(era, {}).items():
                yield Entry(
                    path=f"{group}/{case['name']}/{era}/{accept}",
                    stored=REFUSED if isinstance(answer, dict) else parsed(*answer),
                    ours=partial(_written, output, accept),
                    facts={
                        "raw": _listed(case, "raw"),
                        "calibrated": _listed(case, "calibrated"),
                        "is CSV": accept.lower().startswith("text/csv"),
                    },
                )


def _group(case: Mapping[str, Any]) -> str:
    if "raw" not in case:
        return "returned"
    values = np.array(case["raw"]["values"])
    if not np.isfinite(values).all():
        return "not finite"
    return "scores of class 1" if values.ndim == 1 or values.shape[1] == 1 else "scores"


def _prediction_output(case: Mapping[str, Any]) -> object:
    if "raw" not in case:
        found = case["returned"]
        return np.array(found) if case["name"].endswith("array") else found
    return {
        "raw_predictions": _array(case["raw"]),
        "calibrated_predictions": _array(case["calibrated"]),
    }


def _written(output: object, accept: str) -> object:
    return parsed(*handler.output_fn(output, accept))


def parsed(body: str, content_type: str) -> object:
    """An answer with its numbers as numbers: rows of a CSV, objects of JSON."""
    if content_type == "text/csv":
        return [[_number(cell) for cell in line.split(",")] for line in body.splitlines()]
    content = json.loads(body)
    if "predictions" not in content:
        return REFUSED
    return [{key: _number(value) for key, value in one.items()} for one in content["predictions"]]


def _number(text: str) -> float | str:
    """A score at its own precision, to which its decimals read back (decision 0012)."""
    try:
        return float(np.float32(text))
    except ValueError:
        return text


def _row(found: Any, index: int) -> object:
    return found()[index].tolist()


def _array(recorded: Mapping[str, Any]) -> Any:
    return np.array(recorded["values"], dtype=recorded["dtype"])


def _listed(case: Mapping[str, Any], key: str) -> list[Any]:
    """`[n, classes]`; one column is class 1 of two."""
    values = _array(case[key]) if key in case else np.empty((0, 2))
    if values.ndim == 1 or values.shape[1] == 1:
        values = np.column_stack([1 - values.ravel(), values.ravel()])
    found: list[Any] = values.tolist()
    return found


def _joined(name: object) -> str:
    return "+".join(map(str, name)) if isinstance(name, list) else str(name)
