"""Scores packed artifacts where nothing but the core of the package is installed; prints what it found.

Run as `python core_install.py EXPECTATIONS`, a JSON file of cases: the archive, and requests with the right
scores. Ends with exit code 1 if one differs by more than 1e-5.
"""

import base64
import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

import servable
from servable.codecs import decode_request

TOLERANCE = 1e-5
HEAVY = ("torch", "lightning", "transformers", "xgboost", "lightgbm", "onnx", "pandas", "sklearn", "scipy")


def _differences(scorer: servable.Scorer, requests: list[dict[str, Any]]) -> list[float]:
    """Of each request, the largest of raw and calibrated scores."""
    found = []
    for request in requests:
        table = decode_request(base64.b64decode(request["body"]), request["content_type"])
        scores = scorer.score_records(scorer.schema.bind(table))
        pairs = ((scores.raw, request["raw"]), (scores.calibrated, request["calibrated"]))
        found.append(max(_distance(side, np.array(right)) for side, right in pairs))
    return found


def _distance(found: np.ndarray[Any, Any], right: np.ndarray[Any, Any]) -> float:
    """Where the right scores are those of class 1 alone, to these."""
    side = found[:, 1] if right.ndim == 1 else found
    return float(np.abs(side - right).max()) if side.shape == right.shape else np.inf


def _golden_difference(scorer: servable.Scorer) -> float:
    golden = scorer.artifact.golden
    if golden is None:
        return np.inf
    scores = scorer.score_records(scorer.schema.bind(golden.table()))
    return max(
        float(np.abs(scores.raw - golden.expected.raw).max()),
        float(np.abs(scores.calibrated - golden.expected.calibrated).max()),
    )


def main(expectations: Path) -> int:
    """0 if every score is right."""
    lines, worst = [], 0.0
    for case in json.loads(expectations.read_text()):
        scorer = servable.load(case["archive"])
        differences, golden = _differences(scorer, case["requests"]), _golden_difference(scorer)
        worst = max(worst, golden, *differences)
        lines.append(
            f"{case['name']} ({scorer.artifact.family}, {scorer.artifact.engine.kind}): {len(differences)} "
            f"recorded requests within {max(differences):.1g}, golden records within {golden:.1g}"
        )
    heavy = [name for name in HEAVY if find_spec(name) is not None]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.write(f"installed beside the core: {', '.join(heavy) or 'nothing'}\n")
    return int(worst > TOLERANCE or bool(heavy))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
