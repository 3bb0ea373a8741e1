"""Every check is made, each with the figures that its line was judged by."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quant_tui.domain.errors import Cancelled, InsufficientData, InvalidInput
from quant_tui.domain.tasks import never
from quant_tui.engine import BacktestConfig, Bars, parse_document, run_backtest
from quant_tui.engine.report import Report
from quant_tui.engine.robustness.assess import assess
from quant_tui.engine.robustness.card import Verdict
from quant_tui.engine.robustness.every_check import CHECKS, check_run
from quant_tui.engine.robustness.jitter import jittered, parameter_jitter
from quant_tui.engine.robustness.leave_one_out import leave_one_out, symbols_by_weight
from quant_tui.engine.robustness.reruns import Reruns, leave_out
from quant_tui.engine.robustness.stress import stride
from quant_tui.engine.rules import ParameterSpec, validate_parameters

Make = Callable[..., Bars]
PARAMS = {"short_window": 5, "long_window": 20}
CONFIG = BacktestConfig(commission=0.001)


def report_of(bars: Bars, strategy: str = "SMA_CROSSOVER", **changes: object) -> Report:
    params = PARAMS if strategy == "SMA_CROSSOVER" else None
    return run_backtest(bars, strategy, params, replace(CONFIG, **changes))  # type: ignore[arg-type]


# -- parameter jitter


def spec_of(kind: str, low: float | None, high: float | None, step: float | None) -> ParameterSpec:
    document = parse_document({
        "name": "x",
        "params": {
            "a": {kind: [low, high], "default": low, **({"step": step} if step else {})},
        },
        "entry": "close > a",
    })  # fmt: skip
    return document.parameters["a"]


@given(
    st.integers(2, 300),
    st.sampled_from([None, 1.0, 5.0]),
    st.integers(0, 2**32 - 1),
)
def test_a_jittered_integer_is_a_neighbour_at_most_away_and_within_bounds(
    value: int, step: float | None, seed: int
) -> None:
    spec = spec_of("int", 2, 300, step)
    drawn = jittered({"a": spec}, {"a": value}, np.random.default_rng(seed))["a"]
    assert isinstance(drawn, int)
    assert 2 <= drawn <= 300
    assert abs(drawn - value) <= max(stride(spec, value), 1)
    if step and 2 < drawn < 300:
        assert (drawn - value) % step == 0


@given(st.floats(-3.0, 3.0), st.integers(0, 2**32 - 1))
def test_a_jittered_number_is_a_tenth_away_at_most(value: float, seed: int) -> None:
    spec = spec_of("float", -3.0, 3.0, None)
    drawn = float(jittered({"a": spec}, {"a": value}, np.random.default_rng(seed))["a"])
    assert -3.0 <= drawn <= 3.0
    assert abs(drawn - value) <= stride(spec, value)


def test_switches_and_choices_are_left_alone() -> None:
    document = parse_document(
        "name: x\nparams: {a: {bool: true, default: true}, b: {int: [1, 9], default: 5}}\n"
        'entry: "close > b and a"\n'
    )
    random = np.random.default_rng(1)
    drawn = [jittered(document.parameters, {"a": True, "b": 5}, random) for _ in range(50)]
    assert {one["a"] for one in drawn} == {True}
    assert {one["b"] for one in drawn} == {4, 5, 6}


def test_jitter_runs_each_set_once_never_the_own_one_and_the_same_for_a_seed(
    random_bars: Make,
) -> None:
    reruns = Reruns(report_of(random_bars(5, 300, 1)))
    found = parameter_jitter(reruns, seed=3)
    # 4 to 6 by 18 to 22, but not 5 and 20: the long window moves by a tenth, the short by one
    assert len(found) == 3 * 5 - 1
    assert len({one.changed for one in found}) == len(found)
    assert found == parameter_jitter(reruns, seed=3)
    assert len(parameter_jitter(reruns, 4, seed=3)) == 4


def test_jitter_is_a_run_with_those_parameters_and_breaks_no_constraint(random_bars: Make) -> None:
    bars = random_bars(5, 300, 2)
    reruns = Reruns(run_backtest(bars, "SMA_CROSSOVER", {"short_window": 5, "long_window": 6}))
    for one in parameter_jitter(reruns):
        pairs = dict(part.split(" = ") for part in one.changed.split(", "))
        params = {"short_window": 5, "long_window": 6} | {
            name: int(value) for name, value in pairs.items()
        }
        assert not validate_parameters(reruns.report.strategy, params)
        wanted = run_backtest(bars, "SMA_CROSSOVER", params)
        assert one.sharpe == wanted.performance["sharpe_ratio"]
        assert one.max_drawdown == wanted.performance["max_drawdown"]
        assert one.trades == wanted.performance["total_trades"]


def test_a_strategy_without_numbers_has_nothing_to_jitter(random_bars: Make) -> None:
    report = report_of(random_bars(5, 300, 1), "BUY_AND_HOLD")
    assert parameter_jitter(Reruns(report)) == []
    check = check_run(report, ["jitter"]).check("jitter")
    assert (check.line.verdict, check.line.value, check.table) == (Verdict.UNKNOWN, None, None)
    assert check.line.text == "No number of the strategy to vary."


# -- leaving a symbol out


def test_leaving_a_symbol_out_is_the_run_of_the_others(random_bars: Make) -> None:
    bars = random_bars(5, 400, 3)
    report = report_of(bars)
    found = {one.changed: one for one in leave_one_out(Reruns(report))}
    assert set(found) == {f"without {symbol}" for symbol in bars.symbols}
    for column, symbol in enumerate(bars.symbols):
        others, _ = leave_out(bars, column, {})
        assert symbol not in others.symbols
        wanted = run_backtest(others, "SMA_CROSSOVER", PARAMS, report.config)
        assert found[f"without {symbol}"].sharpe == wanted.performance["sharpe_ratio"]


def test_what_a_symbol_earned_is_missing_without_it(random_bars: Make) -> None:
    # parts of fixed money on separate symbols: profits add up, so that each is the difference
    bars = random_bars(7, 400, 4)
    report = report_of(bars, sizing="fixed_cash", sizing_value=1_000.0)
    trips = report.round_trips
    for one in leave_one_out(Reruns(report)):
        column = bars.symbols.index(one.changed.removeprefix("without "))
        earned = float(trips.pnl[trips.symbol == column].sum())
        apart = report.performance["total_return"] - one.total_return  # type: ignore[operator]
        assert apart * 100_000.0 == pytest.approx(earned, abs=1e-6)


def test_the_symbols_that_moved_most_are_left_out_first_and_no_more_than_asked(
    random_bars: Make,
) -> None:
    report = report_of(random_bars(7, 400, 4))
    order = symbols_by_weight(Reruns(report))
    trips = report.round_trips
    moved = [abs(float(trips.pnl[trips.symbol == column].sum())) for column in order]
    assert moved == sorted(moved, reverse=True)
    assert len(leave_one_out(Reruns(report), 2)) == 2


def test_outside_series_lose_the_symbol_too(bars_of: Make) -> None:
    bars = bars_of(np.arange(1.0, 7.0).reshape(3, 2))
    part, inputs = leave_out(bars, 0, {"a": np.arange(3.0), "b": np.arange(6.0).reshape(3, 2)})
    assert part.symbols == bars.symbols[1:]
    assert np.asarray(inputs["a"]).tolist() == [0.0, 1.0, 2.0]
    assert np.asarray(inputs["b"]).tolist() == [[1.0], [3.0], [5.0]]
    with pytest.raises(InsufficientData, match="no other symbol"):
        leave_out(part, 0, {})


def test_one_symbol_alone_is_not_judged(random_bars: Make) -> None:
    check = check_run(report_of(random_bars(5, 300, 1)), ["leave_one_out"]).check("leave_one_out")
    assert (check.line.verdict, check.line.value, check.table) == (Verdict.UNKNOWN, None, None)
    assert check.line.text == "There is one symbol alone."


def test_a_result_of_one_symbol_among_many_is_bad(bars_of: Make) -> None:
    random = np.random.default_rng(2)
    steps = random.normal(0.0, 0.01, (500, 4))
    steps[:, 2] += 0.004
    steps[:, [0, 1, 3]] -= 0.0004
    bars = bars_of(100.0 * np.exp(np.cumsum(steps, axis=0)))
    line = check_run(report_of(bars, "BUY_AND_HOLD"), ["leave_one_out"]).checks[0].line
    assert line.verdict is Verdict.BAD
    assert f"without {bars.symbols[2]}" in line.text


# -- all of them


def test_every_check_brings_the_figures_of_its_line(random_bars: Make) -> None:
    report = report_of(random_bars(11, 600, 3))
    found = check_run(report, trials=3)
    assert [one.line.key for one in found.checks][: len(CHECKS)] == list(CHECKS)
    assert found.trials == 3
    for key in CHECKS:
        check = found.check(key)
        assert check.table is not None, key
        assert all(len(row) == len(check.table.columns) for row in check.table.rows)
        assert check.line.title == CHECKS[key]
    costs = found.check("cost_stress").table
    assert costs is not None
    assert [row[0] for row in costs.rows] == ["x0", "x1", "x2", "x4"]
    own = [report.performance[name] for name in
           ("sharpe_ratio", "total_return", "max_drawdown", "total_trades")]  # fmt: skip
    for key in ("cost_stress", "start_dates", "plateau", "jitter", "leave_one_out"):
        table = found.check(key).table
        assert table is not None
        assert list(table.rows[table.own or 0][1:5]) == own, key
    json.dumps(found.to_document(), allow_nan=False)


def test_the_card_of_every_check_says_what_the_quick_card_says_of_the_same_lines(
    random_bars: Make,
) -> None:
    report = report_of(random_bars(11, 600, 2))
    full = {one.line.key: one.line for one in check_run(report, trials=5).checks}
    for line in assess(report, trials=5).lines:
        assert full[line.key] == line


def test_only_what_is_asked_for_is_made_in_the_one_order(random_bars: Make) -> None:
    report = report_of(random_bars(11, 400, 1))
    found = check_run(report, ["start_dates", "look_ahead", "start_dates"])
    assert [one.line.key for one in found.checks] == ["look_ahead", "start_dates"]
    assert "2 of 8 checks made" in found.summary
    with pytest.raises(InvalidInput, match="no check 'luck'") as caught:
        check_run(report, ["luck"])
    assert caught.value.field == "only"
    assert caught.value.hint is not None
    assert "look_ahead" in caught.value.hint


def test_a_flat_equity_has_no_sharpe_in_any_table_and_says_why(random_bars: Make) -> None:
    bars = random_bars(3, 300, 1)
    never = run_backtest(bars, parse_document('name: x\nentry: "close < 0"\n'), None, CONFIG)
    table = check_run(never, ["cost_stress"]).check("cost_stress").table
    assert table is not None
    assert table.columns[-1].key == "why_not"
    for row in table.rows:
        assert row[1] is None
        assert row[-1] == "the equity did not move"


def test_cancelling_ends_between_the_runs(random_bars: Make) -> None:
    asked = 0

    def cancel() -> bool:
        nonlocal asked
        asked += 1
        return asked > 30

    with pytest.raises(Cancelled):
        check_run(report_of(random_bars(3, 400, 2)), cancel=cancel)
    assert asked == 31


def test_checks_made_elsewhere_find_the_same(
    random_bars: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Data, names and what is found go through what a process or a cluster puts them through."""

    def elsewhere(task, data, parts, *, progress=None, cancel=None):
        sent = pickle.dumps((task, data))
        return [
            pickle.loads(pickle.dumps(pickle.loads(sent)[0](pickle.loads(sent)[1], part, never)))
            for part in parts
        ]

    report = report_of(random_bars(11, 600, 3))
    here = check_run(report, trials=3)
    assert check_run(report, trials=3, run=not_called) == here, "too short to be worth it"
    monkeypatch.setattr("quant_tui.engine.robustness.every_check.LONG_BARS", 0)
    assert check_run(report, trials=3, run=elsewhere) == here


def not_called(*_: object, **__: object) -> list[object]:
    raise AssertionError


def test_progress_goes_from_nothing_to_done_and_never_back(random_bars: Make) -> None:
    told: list[tuple[float, str]] = []
    check_run(report_of(random_bars(3, 300, 2)), progress=lambda at, what: told.append((at, what)))
    fractions = [at for at, _ in told]
    assert (fractions[0], fractions[-1]) == (0.0, 1.0)
    assert fractions == sorted(fractions)
    assert {what for _, what in told} == {f"checking {one.lower()}" for one in CHECKS.values()} | {
        "done"
    }


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), symbols=st.integers(1, 3))
def test_any_run_can_be_checked_and_written_down(seed: int, symbols: int) -> None:
    random = np.random.default_rng(seed)
    close = 50.0 * np.exp(np.cumsum(random.normal(0, 0.02, (120, symbols)), axis=0))
    dates = np.datetime64("2020-01-01") + np.arange(120)
    names = [f"S{place}" for place in range(symbols)]
    bars = Bars(names, dates, close, close, close, close)
    document = check_run(report_of(bars)).to_document()
    json.dumps(document, allow_nan=False)
    for line in document["lines"]:
        assert line["value"] is not None or line["text"].endswith(".")
