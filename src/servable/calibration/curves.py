"""Calibrators of one to three parameters: temperature scaling and beta calibration.

Both are computed on logarithms, so that no score is too small or too near to one.

Sources: C. Guo, G. Pleiss, Y. Sun, K. Weinberger, On Calibration of Modern Neural Networks (ICML 2017);
M. Kull, T. Silva Filho, P. Flach, Beta calibration (AISTATS 2017).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from servable.errors import Damaged, Problem, shown
from servable.records import FloatArray

_LARGEST = 1e6
"""Of any parameter: what a fit that has gone wrong gives is far larger."""


@dataclass(frozen=True, slots=True)
class Temperature:
    """Probabilities as if their logits had been divided by a number: above 1 they become less certain.

    Attributes:
        temperature: above 0.
    """

    temperature: float

    @classmethod
    def of_parameters(cls, parameters: Mapping[str, object], *, where: str) -> Self:
        """The checked calibrator of `{"temperature": T}`.

        Raises:
            Damaged: `calibration.parameters`.
        """
        (temperature,) = _numbers(parameters, ("temperature",), where)
        if temperature < 1 / _LARGEST:
            expected = f'"temperature", a number of at least {1 / _LARGEST:g}'
            raise Damaged(_problem(where, expected, shown(temperature)))
        return cls(temperature)

    def parameters(self) -> dict[str, float]:
        """The form in which it is stored."""
        return asdict(self)

    def apply(self, raw: FloatArray) -> NDArray[np.float64]:
        """`[n, classes]`: each p ** (1 / T), divided by its row's sum."""
        powers = _log(raw) / self.temperature
        with np.errstate(invalid="ignore"):  # a row of zeros has no most probable class
            relative = np.exp(powers - powers.max(axis=1, keepdims=True))
        probabilities: NDArray[np.float64] = relative / relative.sum(axis=1, keepdims=True)
        return probabilities


@dataclass(frozen=True, slots=True)
class Beta:
    """Class 1 as 1 / (1 + 1 / (e^c s^a / (1 - s)^b)), class 0 as the rest.

    The ends are what the formula tends to: 0 at s = 0 unless a is 0, 1 at s = 1 unless b is 0.

    Attributes:
        a, b: not negative, so that the curve never falls.
        c: the log odds at the curve's middle.
    """

    a: float
    b: float
    c: float

    @classmethod
    def of_parameters(cls, parameters: Mapping[str, object], *, where: str) -> Self:
        """The checked calibrator of `{"a": a, "b": b, "c": c}`.

        Raises:
            Damaged: `calibration.parameters`.
        """
        a, b, c = _numbers(parameters, ("a", "b", "c"), where)
        for name, value in (("a", a), ("b", b)):
            if value < 0:
                raise Damaged(_problem(where, f'"{name}", a number that is not negative', shown(value)))
        return cls(a, b, c)

    def parameters(self) -> dict[str, float]:
        """The form in which it is stored."""
        return asdict(self)

    def apply(self, raw: FloatArray) -> NDArray[np.float64]:
        """`[n, 2]` calibrated probabilities of `[n, 2]` raw ones."""
        positive = np.ascontiguousarray(raw[:, 1], dtype=np.float64)
        odds = np.full_like(positive, self.c)
        if self.a > 0:  # zero times the infinite logarithm of an end is no number
            odds += self.a * _log(positive)
        if self.b > 0:
            odds -= self.b * _log(1 - positive)
        calibrated = _share(odds)
        return np.column_stack([1 - calibrated, calibrated])


def _share(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / (1 + e^-x), exact at both infinities."""
    smaller = np.exp(-np.abs(odds))
    shares: NDArray[np.float64] = np.where(odds < 0, smaller, 1) / (1 + smaller)
    return shares


def _log(probabilities: FloatArray) -> NDArray[np.float64]:
    """Natural logarithms, minus infinity for 0 and for what rounding has made less than it."""
    with np.errstate(divide="ignore"):
        logarithms: NDArray[np.float64] = np.log(np.maximum(probabilities, np.zeros(1)))
    return logarithms


def _numbers(parameters: Mapping[str, object], names: tuple[str, ...], where: str) -> tuple[float, ...]:
    if set(parameters) != set(names):
        expected = f"the {'keys' if len(names) > 1 else 'key'} {', '.join(names)} and no other"
        raise Damaged(_problem(where, expected, shown(sorted(parameters))))
    for name in names:
        value = parameters[name]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (is_number and -_LARGEST <= value <= _LARGEST):  # type: ignore[operator]  # tested before it
            expected = f'"{name}", a number of at most {_LARGEST:g}'
            raise Damaged(_problem(where, expected, shown(value)))
    return tuple(float(parameters[name]) for name in names)  # type: ignore[arg-type]  # tested above


def _problem(where: str, expected: str, found: str) -> Problem:
    return Problem(
        code="calibration.parameters",
        where=where,
        expected=expected,
        found=found,
        fix="fit the calibrator again",
    )
