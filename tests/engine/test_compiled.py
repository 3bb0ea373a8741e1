from __future__ import annotations

import numpy as np

from quant_tui.engine.compiled import INTERPRETED_STEPS, RECURRING_STEPS, compiled


@compiled
def doubled(value: float) -> float:
    return value * 2.0


@compiled
def total_of_doubled(values: np.ndarray) -> float:
    total = 0.0
    for place in range(values.shape[0]):
        total += doubled(values[place])
    return total


def test_a_small_loop_runs_as_python_and_calls_python() -> None:
    form = total_of_doubled.sized(3)
    assert form is total_of_doubled.interpreted
    assert form(np.array([1.0, 2.0, 3.0])) == 12.0


def test_a_large_loop_runs_compiled_with_the_same_result() -> None:
    values = np.random.default_rng(7).normal(size=INTERPRETED_STEPS + 1)
    form = total_of_doubled.sized(len(values))
    assert form is total_of_doubled.compiled
    assert form(values) == total_of_doubled.interpreted(values)
    assert total_of_doubled.sized(3) is form


def test_small_calls_that_come_again_and_again_are_compiled() -> None:
    @compiled
    def counted(steps: int) -> int:
        return steps

    assert counted.sized(INTERPRETED_STEPS) is counted.interpreted
    for _ in range(RECURRING_STEPS // INTERPRETED_STEPS):
        form = counted.sized(INTERPRETED_STEPS)
    assert form is counted.compiled
