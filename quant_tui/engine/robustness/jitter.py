"""Whether a result stands when all parameters are a little off at once.

A result that lives at one point of the parameter space was found, not earned: near values
are the same idea, and what the future brings is nearer to their median than to their best.

Sources
-------
- Walton (2014), "Know Your System! Turning Data Mining from Bias to Benefit through System
  Parameter Permutation", NAAIM Wagner Award: judge by the median over near parameters.
- Pardo (2008), "The Evaluation and Optimization of Trading Strategies", 2nd ed., on the
  robustness of the optimisation space.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from quant_tui.engine.robustness.reruns import Reruns
from quant_tui.engine.robustness.stress import Outcome, stride, written
from quant_tui.engine.rules import ParameterSpec, ParameterValue, validate_parameters

JITTERS = 40
"""Sets of parameters that are run: the median of so many is within a fifth of a standard
deviation of the true one (√(π/2) / √40)."""

TRIES = 20
"""Draws for each set that is wanted; where the space is small, the same are drawn again."""


def jittered(
    specs: Mapping[str, ParameterSpec],
    params: Mapping[str, ParameterValue],
    random: np.random.Generator,
) -> dict[str, ParameterValue]:
    """Draw every number of a strategy evenly from within one neighbour's distance.

    See :func:`~quant_tui.engine.robustness.stress.neighbours` for that distance: about a
    tenth of the value. Integers are rounded, and numbers that go by a step stay on their
    grid; switches and choices stay.
    """
    drawn = dict(params)
    for name, spec in specs.items():
        value = params[name]
        if spec.kind not in ("int", "float") or isinstance(value, bool | str):
            continue
        moved = stride(spec, float(value)) * random.uniform(-1.0, 1.0)
        if spec.step:
            moved = spec.step * round(moved / spec.step)
        moved += value
        if spec.low is not None:
            moved = max(moved, spec.low)
        if spec.high is not None:
            moved = min(moved, spec.high)
        drawn[name] = round(moved) if spec.kind == "int" else float(moved)
    return drawn


def parameter_jitter(
    reruns: Reruns,
    count: int = JITTERS,
    *,
    seed: int = 0,
    told: Callable[[float], None] = lambda _: None,
) -> list[Outcome]:
    """Run with all numbers of the strategy moved at once, each set one time.

    Parameters
    ----------
    reruns
        What was run.
    count
        How many different sets, the run's own not among them; fewer where there are not
        so many, none without numbers. Sets that break a constraint are left out.
    seed
        The same seed draws the same sets.
    told
        Told the fraction done.
    """
    report = reruns.report
    specs, own = report.strategy.parameters, dict(report.params)
    random = np.random.default_rng(seed)
    sets: dict[tuple[ParameterValue, ...], dict[str, ParameterValue]] = {}
    for _ in range(count * TRIES):
        drawn = jittered(specs, own, random)
        if drawn == own or tuple(drawn.values()) in sets:
            continue
        if not validate_parameters(report.strategy, drawn):
            sets[tuple(drawn.values())] = drawn
        if len(sets) == count:
            break
    found = []
    for place, params in enumerate(sets.values()):
        told(place / len(sets))
        changed = [written(name, value) for name, value in params.items() if own[name] != value]
        found.append(Outcome.of(", ".join(changed), reruns.run(params=params)))
    return found
