"""What became of a calibration, for people: lines of text."""

import shlex
from collections.abc import Iterator, Sequence

from servable.calibration import Candidate, Method
from servable.train.calibrate.calibrate import CalibrationResult
from servable.train.calibrate.rows import RowsOfTable
from servable.train.split import Part


def calibration_lines(result: CalibrationResult) -> list[str]:
    """What a person wants to know, the copy first."""
    return [
        f"{result.output}{f' ({result.digest})' if result.digest else ''}",
        _fitted(result),
        f"why: {result.choice}",
        *_candidates(result.candidates),
        _replaced(result),
        *(f"note: {sentence}" for sentence in _notes(result)),
        *_next(result),
    ]


def _fitted(result: CalibrationResult) -> str:
    fitted, where = result.fitted, result.rows.where
    if fitted.method is Method.NONE:
        return f"no calibrator: its calibrated scores are the raw ones ({fitted.rows:,} rows of {where})"
    knots = f"{'' if len(fitted.tables) == 1 else 'at most '}{fitted.knots} knots"
    table = f", {knots}, within {fitted.knot_error:.4f} of what was fitted"
    return f"{fitted.method}, fitted on {fitted.rows:,} rows of {where}{table if fitted.knots else ''}"


def _candidates(candidates: Sequence[Candidate]) -> Iterator[str]:
    if not candidates:
        return
    yield "on these rows, by cross-validation (none: before, the raw scores):"
    width = max(len(candidate.method) for candidate in candidates)
    for candidate in candidates:
        line = f"  {candidate.method:<{width}}  log-loss {candidate.log_loss:.4f}"
        if candidate.against is not candidate.method:
            gain, error = candidate.gain, candidate.standard_error
            line += f", gain over {candidate.against} {gain:+.4f} (standard error {error:.4f})"
        yield line


def _replaced(result: CalibrationResult) -> str:
    if not result.replaced:
        return "replaced: nothing, there was no calibrator"
    shadows = any("percentile" in name for name in result.replaced)
    said = " (a percentile table would go before any other)" if shadows else ""
    return f"replaced: {', '.join(result.replaced)}{said}"


def _notes(result: CalibrationResult) -> Iterator[str]:
    yield from result.notes
    if result.unlabelled:
        yield f"left out because their label is missing: {result.unlabelled:,} rows"
    if result.used is None:
        yield "whether training used these rows could not be checked, because the file holds scores alone"
    else:
        yield result.used.sentence()


def _next(result: CalibrationResult) -> Iterator[str]:
    """The command that shows what it is worth."""
    rows = result.rows
    is_split = isinstance(rows, RowsOfTable) and rows.part not in (None, Part.TEST)
    table = [str(rows.path), "--part", Part.TEST.value] if is_split else ["TABLE"]
    command = ["servable", "evaluate", str(result.output), *table, "--against", str(result.path)]
    what = "" if is_split else ", on a TABLE that neither training nor calibration has seen"
    yield f"before and after on other rows: {shlex.join(command)}{what}"
