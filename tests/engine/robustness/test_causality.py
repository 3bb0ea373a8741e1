"""A rule that looks ahead is found, and so is one whose figures do not settle; others are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from quant_tui.domain.errors import Cancelled, InsufficientData
from quant_tui.engine import TEMPLATES, Bars, parse_document
from quant_tui.engine.robustness.causality import look_ahead, warm_up_check
from quant_tui.engine.rules.functions import FUNCTIONS
from tests.engine.robustness.studies import WITHOUT_INPUTS

Make = Callable[..., Bars]


def peeking(monkeypatch: pytest.MonkeyPatch, evaluate: Callable[..., np.ndarray]) -> None:
    """Let ``sma`` be something else for a test."""
    monkeypatch.setitem(FUNCTIONS, "sma", replace(FUNCTIONS["sma"], evaluate=evaluate))


def ahead(frame: object, values: np.ndarray, window: int) -> np.ndarray:
    shifted = np.full_like(values, np.nan)
    shifted[:-window] = values[window:]
    return shifted


def centred(frame: object, values: np.ndarray, window: int) -> np.ndarray:
    return values - values.mean(axis=0)


@pytest.mark.parametrize("strategy", WITHOUT_INPUTS)
def test_no_template_looks_ahead(strategy: str, random_bars: Make) -> None:
    document = parse_document(TEMPLATES[strategy].document)
    params = document.default_parameters()
    for gaps in (False, True):
        bars = random_bars(3, 400, 3, gaps=gaps)
        found = look_ahead(bars, document, params)
        assert (found.changed, found.row, found.what) == (0, None, "")
        assert found.cuts > 10


@pytest.mark.parametrize("evaluate", [ahead, centred])
def test_looking_ahead_is_found_at_every_cut_though_no_signal_fires_there(
    evaluate: Callable[..., np.ndarray], monkeypatch: pytest.MonkeyPatch, random_bars: Make
) -> None:
    peeking(monkeypatch, evaluate)
    # The entry is almost never true: the figures behind it tell.
    document = parse_document('name: x\nentry: "sma(close, 1) > 10 * close"\nexit: "close < 0"\n')
    found = look_ahead(random_bars(1, 300, 2), document, {})
    assert found.changed == found.cuts
    assert found.row == 1
    assert found.what in ("entry", "sma(close, 1)")


def test_looking_ahead_in_a_weight_is_found(
    monkeypatch: pytest.MonkeyPatch, random_bars: Make
) -> None:
    peeking(monkeypatch, centred)
    document = parse_document('name: x\nweight: "0.001 * sma(close, 5)"\n')
    assert look_ahead(random_bars(1, 100, 2), document, {}).changed > 10


def test_series_from_outside_are_cut_with_the_bars(random_bars: Make) -> None:
    bars = random_bars(1, 200, 2)
    document = parse_document("name: x\nentry: 'macro(\"CPI\") > 0'\nexit: 'macro(\"CPI\") < 0'\n")
    values = np.sin(np.arange(200.0))
    for series in (values, np.column_stack((values, values))):
        inputs = {'macro("CPI")': series}
        assert look_ahead(bars, document, {}, inputs=inputs).changed == 0
        assert warm_up_check(bars, document, {}, 0, inputs=inputs).changed == 0


def test_windows_settle_within_their_warm_up(random_bars: Make) -> None:
    document = parse_document(TEMPLATES["SMA_CROSSOVER"].document)
    params = {"short_window": 5, "long_window": 20}
    for gaps in (False, True):
        bars = random_bars(2, 500, 3, gaps=gaps)
        found = warm_up_check(bars, document, params, document.warm_up(params))
        assert found.decisions > 20
        assert found.changed == 0


def test_what_never_settles_is_found(monkeypatch: pytest.MonkeyPatch, random_bars: Make) -> None:
    def mean_so_far(frame: object, values: np.ndarray, window: int) -> np.ndarray:
        return np.cumsum(values, axis=0) / np.arange(1, len(values) + 1)[:, None]

    peeking(monkeypatch, mean_so_far)
    text = 'name: x\nentry: "close > sma(close, 5)"\nexit: "close < sma(close, 5)"\n'
    document = parse_document(text)
    bars = random_bars(4, 400, 2)
    found = warm_up_check(bars, document, {}, document.warm_up())
    assert found.changed / found.decisions > 0.05
    assert found.what == "sma(close, 5)"
    assert found.deviation > 0.001
    assert look_ahead(bars, document, {}).changed == 0, "it does not look ahead for that"


def test_too_few_bars_are_told(bars_of: Make) -> None:
    document = parse_document('name: x\nentry: "close > sma(close, 5)"\n')
    with pytest.raises(InsufficientData, match="three bars"):
        look_ahead(bars_of([1.0, 2.0]), document, {})
    with pytest.raises(InsufficientData, match="later beginning"):
        warm_up_check(bars_of(np.arange(1.0, 8.0)), document, {}, 6)
    for check in (
        lambda: look_ahead(bars_of(np.arange(1.0, 90.0)), document, {}, cancel=lambda: True),
        lambda: warm_up_check(bars_of(np.arange(1.0, 90.0)), document, {}, 4, cancel=lambda: True),
    ):
        with pytest.raises(Cancelled):
            check()
