"""Rules on the newest bars: the same values as the engine over all bars."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from quant_tui.domain.errors import Cancelled, StrategyError
from quant_tui.engine.rules.kinds import Kind
from quant_tui.engine.rules.single import parse_single
from quant_tui.services import rule_values
from quant_tui.services.composition import Services
from quant_tui.services.rule_values import ByRule, check_rule, rule_problem
from quant_tui.storage.duck.records import ImportBatch

RULES = (
    "close / rolling_max(high, 252) - 1",
    "rsi(close, 14) < 30",
    "ema(close, 50) > sma(close, 50) and volume > 0",
    "rank(roc(close, 60))",
    "cumsum(volume)",
    "macd_histogram(close, 12, 26, 9)",
    "100",
    "atr(14) / close",
)


def test_what_a_rule_is() -> None:
    """Kind, warm-up and the bars it rests on are known before it runs."""
    window = parse_single("close/rolling_max(high,252)  - 1")
    assert window.text == "close / rolling_max(high, 252) - 1"
    assert (window.kind, window.bars_needed, window.across) == (Kind.SERIES, 312, False)
    assert parse_single("rsi(close, 14) < 30").is_condition
    assert parse_single("rsi(close, 14)").bars_needed == 1_000
    assert parse_single("ema(close, 200)").bars_needed == 200 * 19 + 180
    assert parse_single("bars_since(close > 1)").bars_needed is None
    assert parse_single("cumsum(volume)").bars_needed is None
    assert parse_single("rank(close) < 3").across
    assert parse_single('macro("CPI")').outside == ('macro("CPI")',)


@pytest.mark.parametrize(
    ("text", "condition", "says"),
    [
        ("", False, "the expression is empty"),
        ("rsi(close, 14)", True, "must be a condition, this is a series"),
        ("rsi(close)  <", False, "cannot be read here"),
        ("smaa(close, 5) > 1", True, "did you mean sma?"),
        ("sma(close, 0)", False, "must be a whole number from 1"),
        ("close.open", False, "attributes do not exist here"),
        ('macro("CPI") > 2', True, "needs figures from outside the bars"),
    ],
)
def test_what_is_wrong_is_said_for_its_field(text: str, condition: bool, says: str) -> None:
    """A short message, with the column where there is one."""
    assert says in rule_problem(text, condition=condition)
    with pytest.raises(StrategyError):
        check_rule(text, condition=condition)


def test_a_right_rule_has_no_problem() -> None:
    """Nothing is said of it."""
    assert rule_problem("close > 1", condition=True) == ""


@pytest.mark.parametrize("chunk", [100, 3])
async def test_values_are_those_of_the_engine_over_all_bars(
    stocked: Services, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    """However symbols are cut into chunks and bars cut off, the numbers are the engine's."""
    monkeypatch.setattr(rule_values, "CHUNK", chunk)
    symbols = [one.symbol for one in await stocked.market_data.symbols()]
    rules = [check_rule(text) for text in RULES]
    found = await stocked.rule_values.evaluate(rules, symbols, newest=3)
    bars = await stocked.market_data.load_bars(symbols)
    for rule, by_symbol in zip(rules, found, strict=True):
        values = rule.evaluate(bars)
        for column, symbol in enumerate(symbols):
            count = int(bars.present[:, column].sum())
            expected = values[count - 3 : count, column]
            newest = by_symbol[symbol]
            assert newest.dates[-1] == bars.dates[bars.present[:, column]][-1].item()
            got = [np.nan if one is None else float(one) for one in newest.values]
            np.testing.assert_allclose(got, expected, rtol=1e-7, atol=1e-9)
            if rule.is_condition:
                assert isinstance(newest.last, bool)


async def test_days_made_of_intraday_bars_stand_beside_stored_ones(services: Services) -> None:
    """A rule across symbols sees both kinds on one calendar, from the bars it needs on."""
    days = np.datetime64("2026-03-02", "D") + np.arange(4)
    hours = (days[:, None] + np.array([10, 11], "timedelta64[h]")).ravel().astype("datetime64[us]")
    close = np.array([1.0, 2.0, 3.0, 4.0])
    for symbol, interval, dates, closes in (
        ("DAILY", "1d", days, 10.0 - close),
        ("HOURLY", "1h", hours, np.column_stack([close + 100, close]).ravel()),
    ):
        prices = dict.fromkeys(("open", "high", "low", "close"), closes)
        columns = {"symbol": [symbol] * len(dates), "date": dates, **prices, "volume": closes}
        services.stores.bars.upsert(pa.table(columns), ImportBatch("test", interval=interval))
    rules = [check_rule(text) for text in ("sma(close, 2)", "high", "volume", "rank(close)")]
    average, high, volume, rank = await services.rule_values.evaluate(
        rules, ["HOURLY", "DAILY"], newest=2
    )
    assert average["HOURLY"].values == (2.5, 3.5)
    assert average["HOURLY"].dates == average["DAILY"].dates == (date(2026, 3, 4), date(2026, 3, 5))
    assert high["HOURLY"].values == (103.0, 104.0)
    assert volume["HOURLY"].values == (106.0, 108.0)
    assert rank["HOURLY"].values == (2.0, 2.0)
    assert rank["DAILY"].values == (1.0, 1.0)


async def test_what_is_not_defined_says_why(stocked: Services) -> None:
    """Too few bars, no bars at all, and figures that do not exist."""
    rules = [check_rule("sma(close, 90000)"), check_rule("log(close - close)")]
    long, nothing = await stocked.rule_values.evaluate(rules, ["SPX", "NOBODY"])
    assert long["SPX"].last is None
    assert long["SPX"].why.startswith("needs 90000 bars, there are ")
    assert nothing["SPX"].why == "not defined on the last bar"
    assert nothing["NOBODY"].why == "no daily bars of NOBODY"


async def test_a_job_tells_of_every_chunk_and_can_be_cancelled(
    stocked: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chunks come in as they are done; a cancelled job stops before the next."""
    monkeypatch.setattr(rule_values, "CHUNK", 4)
    symbols = [one.symbol for one in await stocked.market_data.symbols()]
    told: list[ByRule] = []
    job = stocked.rule_values.start("Columns", [check_rule("close")], symbols, found=told.append)
    everything = await job.wait()
    assert len(told) >= 3
    assert set(everything[0]) == set(symbols) == {one for part in told for one in part[0]}
    cancelled = stocked.rule_values.start(
        "Columns", [check_rule("close")], symbols, found=lambda _: cancelled.cancel()
    )
    with pytest.raises(Cancelled):
        await cancelled.wait()
