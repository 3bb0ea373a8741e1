"""Spaces: values, draws, conditions, constraints and what cannot be searched."""

from __future__ import annotations

import numpy as np
import pytest

from quant_tui.domain.errors import InvalidInput
from quant_tui.engine.optimization.space import (
    ParameterRange,
    SearchSpace,
    constrained,
    usual_ranges,
    with_values,
)
from quant_tui.engine.rules import parse_document

RULES = parse_document(
    """
name: averages
params:
  short: {int: [2, 400], default: 20}
  long: {int: [3, 500], default: 50}
  stop: {float: [0.01, 0.5], default: 0.1}
  stopped: {bool: false}
  style: {choice: [1, 2, 3], default: 1}
constraints: ["short < long"]
entry: "cross_above(sma(close, short), sma(close, long)) and style < 9 and (stopped or true)"
exit: "cross_below(sma(close, short), sma(close, long) * (1 + stop))"
"""
)


@pytest.mark.parametrize(
    ("given", "values"),
    [
        (ParameterRange("int", 5, 20, 5), [5, 10, 15, 20]),
        (ParameterRange("int", 5, 8), [5, 6, 7, 8]),
        (ParameterRange("float", 0.1, 0.4, 0.1), [0.1, 0.2, 0.3, 0.4]),
        (ParameterRange("cat", choices=(True, False)), [True, False]),
        (ParameterRange("float", 1.0, 1.0), [1.0]),
    ],
)
def test_values_of_a_grid(given: ParameterRange, values: list[object]) -> None:
    assert given.values() == values
    assert ParameterRange.from_document(given.to_document()) == given


def test_a_logarithmic_range_is_even_in_its_logarithm() -> None:
    steps = np.diff(np.log(np.array(ParameterRange("float", 0.01, 1.0, log=True).values())))
    assert np.ptp(steps) < 1e-12
    assert ParameterRange("int", 1, 512, log=True).values()[0] == 1


@pytest.mark.parametrize(
    "given",
    [
        ParameterRange("int", 3, 17, 7),
        ParameterRange("int", 1, 100, log=True),
        ParameterRange("float", 0.02, 0.3),
        ParameterRange("float", 0.02, 0.3, log=True),
        ParameterRange("float", 0.1, 0.5, 0.1),
        ParameterRange("cat", choices=(1, 2, 3)),
    ],
)
def test_draws_stay_in_the_range_and_reach_both_ends(given: ParameterRange) -> None:
    drawn = [given.draw(share) for share in np.linspace(0.0, 1.0, 2_001)[:-1].tolist()]
    places = [given.place(one) for one in drawn]
    assert 0.0 <= min(places) <= 0.01
    assert 0.99 <= max(places) <= 1.0
    if given.kind == "cat" or given.step is not None:
        assert set(drawn) == set(given.values())


def test_a_grid_leaves_out_what_breaks_a_constraint() -> None:
    ranges = {"short": ParameterRange("int", 10, 30, 10), "long": ParameterRange("int", 20, 30, 10)}
    found = SearchSpace(RULES, ranges).grid()
    assert [(one["short"], one["long"]) for one in found] == [(10, 20), (10, 30), (20, 30)]
    tighter = constrained(RULES, ("short * 2 <= long",))
    found = SearchSpace(tighter, ranges).grid()
    assert [(one["short"], one["long"]) for one in found] == [(10, 20), (10, 30)]
    with pytest.raises(InvalidInput, match="No combination fulfils"):
        SearchSpace(constrained(RULES, ("short > long",)), ranges).grid()


def test_a_conditional_parameter_stays_at_its_own_value_otherwise() -> None:
    ranges = {
        "stop": ParameterRange("float", 0.1, 0.3, 0.1, when=("stopped", (True,))),
        "stopped": ParameterRange("cat", choices=(False, True)),
    }
    space = SearchSpace(with_values(RULES, {"stop": 0.25}), ranges)
    assert space.names == ("stopped", "stop")
    assert [tuple(one.values()) for one in space.grid()] == [
        (False, 0.25),
        (True, 0.1),
        (True, 0.2),
        (True, 0.3),
    ]
    assert space.settled({"stopped": False, "stop": 0.3}) == {"stopped": False, "stop": 0.25}


def test_candidates_are_drawn_with_a_seed_where_the_grid_is_too_large() -> None:
    ranges = {"short": ParameterRange("int", 2, 200), "long": ParameterRange("int", 3, 300)}
    space = SearchSpace(RULES, ranges)
    found = space.candidates(50, 3)
    assert len(found) == 50
    assert found == space.candidates(50, 3) != space.candidates(50, 4)
    assert all(one["short"] < one["long"] for one in found)
    small = SearchSpace(RULES, {"short": ParameterRange("int", 2, 5)})
    assert small.candidates(50, 3) == small.grid()


def test_usual_ranges_surround_the_parameters() -> None:
    found = usual_ranges(RULES)
    assert (found["short"].low, found["short"].high) == (5, 80)
    assert (found["long"].low, found["long"].high) == (13, 200)
    assert (found["stop"].low, found["stop"].high) == (0.025, 0.4)
    assert found["stopped"].choices == (False, True)
    SearchSpace(RULES, found)


@pytest.mark.parametrize("text", ["short <", "shrt < long", "short + long", "close > short"])
def test_a_constraint_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        constrained(RULES, (text,))
    assert raised.value.field == "constraints"


@pytest.mark.parametrize(
    ("ranges", "field", "said"),
    [
        ({}, "space", "Nothing is searched"),
        ({"shrt": ParameterRange("int", 2, 5)}, "shrt", "not a parameter"),
        ({"short": ParameterRange("int", 1, 5)}, "short", "from 2 to 400"),
        ({"short": ParameterRange("int", 9, 5)}, "short", "above its high"),
        ({"short": ParameterRange("float", 2, 5)}, "short", "whole number"),
        ({"short": ParameterRange("int", 2, 5, 0.5)}, "short", "whole number"),
        ({"short": ParameterRange("int", 2, 5, -1)}, "short", "above zero"),
        ({"stop": ParameterRange("float", 0.1, 0.2, 0.1, log=True)}, "stop", "no step"),
        ({"style": ParameterRange("int", 1, 3)}, "style", "cat:1|2|3"),
        ({"style": ParameterRange("cat", choices=(1, 7))}, "style", "must be one of"),
        ({"style": ParameterRange("cat")}, "style", "at least one choice"),
        (
            {"stop": ParameterRange("float", 0.1, 0.2, when=("stopped", (True,)))},
            "stop",
            "stopped is not searched",
        ),
        (
            {
                "stop": ParameterRange("float", 0.1, 0.2, when=("style", (9,))),
                "style": ParameterRange("cat", choices=(1, 2)),
            },
            "stop",
            "never has",
        ),
        (
            {
                "short": ParameterRange("int", 2, 3, when=("long", (4,))),
                "long": ParameterRange("int", 4, 5, when=("short", (2,))),
            },
            "short",
            "depends on itself",
        ),
    ],
)
def test_what_cannot_be_searched_names_its_parameter(
    ranges: dict[str, ParameterRange], field: str, said: str
) -> None:
    with pytest.raises(InvalidInput, match=said.replace("|", r"\|")) as raised:
        SearchSpace(RULES, ranges)
    assert raised.value.field == field


def test_a_grid_that_is_too_large_is_refused_before_it_is_made() -> None:
    ranges = {"short": ParameterRange("int", 2, 400), "long": ParameterRange("int", 3, 500)}
    with pytest.raises(InvalidInput, match="combinations, more than 100,000"):
        SearchSpace(RULES, ranges).grid()
