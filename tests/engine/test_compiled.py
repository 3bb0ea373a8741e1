from __future__ import annotations

import numpy as np
import pytest

from quant_tui.engine import compiled as compiling
from quant_tui.engine.compiled import INTERPRETED_SECONDS, INTERPRETED_STEPS, compiled
from quant_tui.engine.indicators import rolling


@compiled
def doubled(value: float) -> float:
    return value * 2.0


@compiled
def total_of_doubled(values: np.ndarray) -> float:
    total = 0.0
    for place in range(values.shape[0]):
        total += doubled(values[place])
    return total


def test_a_small_loop_runs_as_python_and_calls_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "_left", INTERPRETED_SECONDS)
    assert total_of_doubled.interpreted(np.array([1.0, 2.0, 3.0])) == 12.0
    assert total_of_doubled.sized(3)(np.array([1.0, 2.0, 3.0])) == 12.0
    assert total_of_doubled._compiled is None


def test_a_large_loop_runs_compiled_with_the_same_result() -> None:
    values = np.random.default_rng(7).normal(size=INTERPRETED_STEPS + 1)
    form = total_of_doubled.sized(len(values))
    assert form is total_of_doubled.compiled
    assert form(values) == total_of_doubled.interpreted(values)
    assert total_of_doubled.sized(3) is form


def test_small_calls_are_compiled_once_interpreting_took_as_long_as_the_compiler(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(compiling, "_left", INTERPRETED_SECONDS)

    @compiled
    def counted(steps: int) -> int:
        return steps

    form = counted.sized(INTERPRETED_STEPS)
    assert form(3) == 3
    assert 0.0 < compiling._left < INTERPRETED_SECONDS
    assert counted.sized(INTERPRETED_STEPS) is form
    monkeypatch.setattr(compiling, "_left", -1e-9)
    assert counted.sized(INTERPRETED_STEPS) is counted.compiled


def test_small_calls_are_compiled_where_the_compiler_is_in_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(compiling, "_left", INTERPRETED_SECONDS)

    @compiled
    def first(steps: int) -> int:
        return steps

    @compiled
    def second(steps: int) -> int:
        return steps

    assert second.sized(3)(3) == first(3) == 3
    assert second.sized(3) is second.compiled


def test_a_loop_is_run_small_by_the_form_in_numpy_that_it_was_given() -> None:
    @compiled
    def thrice(value: float) -> float:
        return value + value + value

    @thrice.plainly
    def tripled(value: float) -> float:
        return value * 3.0

    assert thrice.interpreted is tripled


@pytest.mark.parametrize("window", [1, 2, 7, 50])
def test_running_sums_give_the_bits_of_their_loop(window: int) -> None:
    values = np.random.default_rng(window).normal(100.0, 30.0, 50)
    loop, form = np.zeros(50), np.zeros(50)
    rolling._sums.compiled(values, window, float(window), loop)
    rolling._sums.interpreted(values, window, float(window), form)
    np.testing.assert_array_equal(form, loop)


def test_a_loop_that_makes_an_array_is_refused() -> None:
    @compiled
    def makes_room(size: int) -> float:
        room = np.zeros(size)
        return room[0]

    with pytest.raises(Exception, match="zeros"):
        makes_room(3)
