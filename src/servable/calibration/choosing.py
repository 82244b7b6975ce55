"""Choosing the method of calibration by cross-validated log-loss."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.calibration.fit import WHERE, Fit, fit_of, fitted_of
from servable.calibration.fitted import Candidate, ChosenCalibrator
from servable.calibration.method import ENOUGH_RARE, ENOUGH_ROWS, Method, is_enough, rarest
from servable.calibration.rows import several, usable
from servable.errors import BadInput, Problem
from servable.metrics import negative_log
from servable.records import FloatArray

FOLDS: Final = 5
_IN_ORDER: Final = (Method.NONE, Method.TEMPERATURE, Method.PLATT, Method.BETA, Method.ISOTONIC)
"""From the smallest to the largest, so that the smaller wins a tie."""


def choose_calibrator(
    raw: FloatArray,
    labels: NDArray[np.int64],
    *,
    seed: int,
    folds: int = FOLDS,
    where: str = WHERE,
    names: Sequence[str] = (),
) -> ChosenCalibrator:
    """The calibrator that gains most on rows that it was not fitted on, or none.

    The methods none, (of more than two classes) temperature, platt, beta and isotonic are looked at in
    this order, and one replaces the choice so far only if its mean gain in log-loss per row is more than
    one standard error of the paired gains of the rows. So a calibrated model keeps its scores.

    Beta calibration is left out below 500 rows or 100 of the rarest class, and isotonic below 1,000 or 100.
    The standard error of few rows is itself unsure, and a larger method may win by luck: with all of
    them, 350 rows of an over-confident naive Bayes chose calibrators whose log-loss on other rows
    varied by 0.008 from draw to draw, and was 0.003 higher in the mean, than with Platt's alone (0.002);
    from 700 rows it made no difference. Nor is a method compared whose tables would be flat.

    The folds are random, not balanced by class: in balanced ones the share of a class that a calibrator
    has learnt is always right, and what it costs to be wrong about it on other rows is not seen. Of 920
    choices for regressions of two, three and five classes on 200 to 2,000 rows, those of balanced folds
    were worse than no calibrator by more than a standard error 20 times, those of random ones 8 times.

    Args:
        raw: `[n, classes]` raw probabilities.
        labels: `[n]` class indices.
        seed: of the folds.
        folds: how many, at least two.
        where: what the rows are, for errors.
        names: of the classes, for errors and notes.  [default: their indices]

    Raises:
        BadInput: `calibration.scores`, `calibration.labels`, `calibration.rows` for fewer than the
            20 rows that the smallest method needs, `calibration.classes` for rows that lack a class,
            `calibration.folds` for fewer than two.
    """
    _require_folds(folds)
    raw, labels = usable(raw, labels, method=Method.PLATT, where=where, names=names)
    classes = raw.shape[1]
    notes = dict(_too_few(labels, classes=classes))
    tried = [method for method in _methods(classes) if method not in notes]
    fits = {method: fit_of(raw, labels, method=method) for method in tried}
    notes |= {method: _flat_note(method, fit, names) for method, fit in fits.items() if fit.flat}
    fold = _folds(len(labels), folds, seed=seed)
    losses = {
        method: _losses_of_rest(raw, labels, fold, method=method) for method in fits if method not in notes
    }
    candidates = tuple(_compared(losses))
    choice = next((found for found in reversed(candidates) if found.is_better), candidates[0])
    return ChosenCalibrator(
        fitted=fitted_of(fits[choice.method], labels, method=choice.method, classes=classes, names=names),
        candidates=candidates,
        notes=tuple(notes[method] for method in _methods(classes) if method in notes),
        sentence=_sentence(choice, candidates, rows=len(labels), folds=folds),
    )


def _require_folds(folds: int) -> None:
    if folds < 2:
        raise BadInput(
            Problem(
                code="calibration.folds",
                where="cross-validation",
                expected="at least two folds, to judge each on a fit of the others",
                found=f"{folds}",
                fix="choose another number",
            )
        )


def _methods(classes: int) -> list[Method]:
    """Those that are looked at; of two classes temperature is Platt's method without its intercept."""
    return [method for method in _IN_ORDER if classes > 2 or method is not Method.TEMPERATURE]


def _too_few(labels: NDArray[np.int64], *, classes: int) -> Iterator[tuple[Method, str]]:
    rows, rare = len(labels), rarest(labels, classes=classes)
    for method in _methods(classes):
        if not is_enough(method, rows=rows, rare=rare):
            yield (
                method,
                f"{method} was left out: it is worth trying from {ENOUGH_ROWS[method]:,} rows with "
                f"{ENOUGH_RARE} of the rarest class, and there are {rows:,} with {rare:,}",
            )


def _flat_note(method: Method, fit: Fit, names: Sequence[str]) -> str:
    return (
        f"{method} was left out: it would answer all scores of {several(fit.flat, names)} alike, for they "
        "are all equal or rank the wrong way"
    )


def _folds(rows: int, folds: int, *, seed: int) -> NDArray[np.int64]:
    """`[n]` the fold of each row: the rows in random order, dealt out in turn."""
    fold = np.empty(rows, dtype=np.int64)
    fold[np.random.default_rng(seed).permutation(rows)] = np.arange(rows) % folds
    return fold


def _losses_of_rest(
    raw: FloatArray, labels: NDArray[np.int64], fold: NDArray[np.int64], *, method: Method
) -> FloatArray:
    """`[n]` log-loss of each row under a calibrator fitted on the other folds."""
    if method is Method.NONE:
        return _losses(raw, labels)
    losses = np.empty(len(labels))
    for index in np.unique(fold):
        own = fold == index
        calibrator = fit_of(raw[~own], labels[~own], method=method).calibrator
        if calibrator is not None:
            losses[own] = _losses(calibrator.apply(raw[own]), labels[own])
    return losses


def _losses(probabilities: FloatArray, labels: NDArray[np.int64]) -> FloatArray:
    return negative_log(probabilities[np.arange(len(labels)), labels])


def _compared(losses: Mapping[Method, FloatArray]) -> Iterator[Candidate]:
    """Each method against the choice so far."""
    choice = next(iter(losses))
    for method, own in losses.items():
        gains = losses[choice] - own
        candidate = Candidate(
            method=method,
            log_loss=float(own.mean()),
            against=choice,
            gain=float(gains.mean()),
            standard_error=float(gains.std(ddof=1) / np.sqrt(len(gains))),
        )
        choice = method if candidate.is_better else choice
        yield candidate


def _sentence(choice: Candidate, candidates: tuple[Candidate, ...], *, rows: int, folds: int) -> str:
    how = f"in {folds}-fold cross-validation on {rows:,} rows"
    none, *others = candidates
    if not others:
        return "the raw scores are kept: no method could be tried"
    best = min(others, key=lambda candidate: candidate.log_loss)
    if choice is none and best.gain <= 0:
        return (
            f"the raw scores are kept: {how} no method has a lower log-loss than their "
            f"{none.log_loss:.4f} (the best, {best.method}, {best.log_loss:.4f})"
        )
    if choice is none:
        return (
            f"the raw scores are kept: {how} no method lowers their log-loss of {none.log_loss:.4f} by more "
            f"than one standard error (the best, {best.method}, by {best.gain:.4f} with a standard error of "
            f"{best.standard_error:.4f})"
        )
    over = "" if choice.against is Method.NONE else f" than {choice.against}, the choice before it,"
    return (
        f"{choice.method} is chosen: {how} its log-loss is {choice.log_loss:.4f}, against "
        f"{none.log_loss:.4f} of the raw scores; it is lower{over} by {choice.gain:.4f} per row, with a "
        f"standard error of {choice.standard_error:.4f}"
    )
