"""How many threads serve best is measured, on engines that tell the time themselves."""

from pathlib import Path

import numpy as np
import pytest

from servable.engines import choose_threads, usable_cores
from servable.records import FloatArray, ModelInputs

INPUTS = ModelInputs(tabular=np.zeros((1, 0), dtype=np.float32))


class Machine:
    """A clock that engines move on by the time that a run takes, the first run of each by a second more."""

    def __init__(self, seconds: dict[int, float]) -> None:
        self.now = 0.0
        self.opened: list[int] = []
        self._seconds = seconds

    def clock(self) -> float:
        return self.now

    def open_engine(self, threads: int) -> "Engine":
        self.opened.append(threads)
        return Engine(self, self._seconds[threads])

    def measured(self, *, cores: int, budget_s: float = 0.3) -> tuple[int, dict[int, float]]:
        choice = choose_threads(self.open_engine, INPUTS, cores=cores, budget_s=budget_s, clock=self.clock)
        return choice.threads, dict(choice.milliseconds)


class Engine:
    features, classes = 0, 2

    def __init__(self, machine: Machine, seconds: float) -> None:
        self._machine = machine
        self._seconds = seconds
        self.runs = 0

    def run(self, _: ModelInputs) -> FloatArray:
        self._machine.now += self._seconds + (1.0 if self.runs == 0 else 0.0)
        self.runs += 1
        return np.full((1, 2), 0.5, dtype=np.float32)


@pytest.mark.parametrize(
    ("one", "four", "chosen"),
    [(0.020, 0.010, 4), (0.020, 0.0179, 4), (0.020, 0.0185, 1), (0.020, 0.020, 1), (0.020, 0.080, 1)],
)
def test_more_threads_are_taken_where_they_save_a_tenth(one: float, four: float, chosen: int) -> None:
    threads, milliseconds = Machine({1: one, 4: four}).measured(cores=4)

    assert chosen == threads
    assert milliseconds == pytest.approx({1: 1e3 * one, 4: 1e3 * four})


def test_on_one_core_nothing_is_opened() -> None:
    machine = Machine({})

    assert machine.measured(cores=1) == (1, {})
    assert machine.opened == []


def test_the_measuring_ends_with_its_budget_and_measures_a_slow_engine_once() -> None:
    quick, slow = Machine({1: 0.01, 2: 0.01}), Machine({1: 3.0, 2: 3.0})

    quick.measured(cores=2, budget_s=0.3)
    slow.measured(cores=2, budget_s=0.3)

    assert quick.now == pytest.approx(2 + 0.02 + 0.3, abs=0.03)
    assert slow.now == pytest.approx(2 + 6.0 + 6.0)


@pytest.mark.parametrize(
    ("content", "most"),
    [("max 100000\n", 10**6), ("100000 100000\n", 1), ("50000 100000\n", 1), ("250000 100000\n", 2)],
)
def test_the_quota_of_a_container_bounds_the_cores(tmp_path: Path, content: str, most: int) -> None:
    limit = tmp_path / "cpu.max"
    limit.write_text(content)
    unlimited = usable_cores(tmp_path / "absent")

    assert usable_cores(limit) == min(unlimited, most)
    assert unlimited >= 1
