"""The figures can be traded on, and each awkwardness that is promised is really there."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

PRICES = ["open_price", "high_price", "low_price", "close_price"]
SPLITS = {
    ("NARU.SYN", "2012-06-11"): 2.0,
    ("NARU.SYN", "2017-08-28"): 7.0,
    ("QUILL.SYN", "2014-03-17"): 1.5,
    ("VESSL.SYN", "2016-02-08"): 0.1,
    ("GAON.SYN", "2015-05-04"): 2.0,
}


@pytest.fixture(scope="module")
def sessions(bars: pd.DataFrame) -> pd.DatetimeIndex:
    """Sessions of the real index in the period of the synthetic stocks."""
    days = pd.DatetimeIndex(bars.loc[bars["symbol"] == "SPX", "date"])
    return days[days >= "2010-01-04"]


def of(bars: pd.DataFrame, symbol: str) -> pd.DataFrame:
    return bars[bars["symbol"] == symbol].reset_index(drop=True)


def test_bars_are_sorted_and_unique(bars: pd.DataFrame) -> None:
    assert not bars.duplicated(["symbol", "date"]).any()
    ordered = bars.sort_values(["symbol", "date"], ignore_index=True)
    pd.testing.assert_frame_equal(bars, ordered)


def test_prices_are_positive_finite_and_in_order(bars: pd.DataFrame) -> None:
    assert np.isfinite(bars[PRICES]).all().all()
    assert (bars[PRICES] > 0).all().all()
    assert (
        bars["high_price"] >= bars[["open_price", "close_price", "low_price"]].max(axis=1)
    ).all()
    assert (bars["low_price"] <= bars[["open_price", "close_price"]].min(axis=1)).all()
    assert (bars["volume"] >= 0).all()
    assert (bars.loc[bars["source"] == "synthetic", "volume"] > 0).all()


def test_sources_and_marks(bars: pd.DataFrame, manifest: dict[str, Any]) -> None:
    invented = bars["symbol"].str.endswith(".SYN")
    assert set(bars.loc[invented, "source"]) == {"synthetic"}
    assert set(bars.loc[invented, "adjustment"]) == {"splits and dividends"}
    assert set(bars.loc[~invented, "symbol"]) == {"SPX", "IXIC"}
    assert set(bars.loc[~invented, "source"]) == {"arch"}
    assert set(bars.loc[~invented, "adjustment"]) == {"none"}
    assert bars.loc[invented, "symbol"].nunique() == 12
    assert {s for s, entry in manifest["symbols"].items() if entry["synthetic"]} == set(
        bars.loc[invented, "symbol"]
    )


def test_real_figures_are_those_of_the_package(bars: pd.DataFrame) -> None:
    from arch.data import nasdaq, sp500

    for symbol, table in (("SPX", sp500.load()), ("IXIC", nasdaq.load())):
        shipped = of(bars, symbol)
        assert (pd.DatetimeIndex(shipped["date"]) == table.index).all()
        for ours, theirs in zip(PRICES, ["Open", "High", "Low", "Close"], strict=True):
            assert (shipped[ours].to_numpy() == table[theirs].to_numpy()).all()
        assert (shipped["volume"].to_numpy() == table["Volume"].to_numpy()).all()


def test_sessions_are_the_index_ones(bars: pd.DataFrame, sessions: pd.DatetimeIndex) -> None:
    invented = bars[bars["source"] == "synthetic"]
    assert set(invented["date"]) == set(sessions)
    full = set(invented.groupby("symbol").size()[lambda rows: rows == len(sessions)].index)
    assert full == set(invented["symbol"]) - {
        "BYEOL.SYN",
        "FABEL.SYN",
        "LOOM.SYN",
        "MOSSY.SYN",
    }


def test_halt(bars: pd.DataFrame, sessions: pd.DatetimeIndex, manifest: dict[str, Any]) -> None:
    (halt,) = (event for event in manifest["events"] if event["kind"] == "halt")
    stock = of(bars, halt["symbol"])
    absent = sessions.difference(pd.DatetimeIndex(stock["date"]))
    assert len(absent) == halt["sessions"] == 29
    assert absent.min() == pd.Timestamp(halt["start"])
    assert absent.max() == pd.Timestamp(halt["end"])
    after = stock.index[stock["date"] > absent.max()][0]
    assert stock["close_price"][after] < 0.75 * stock["close_price"][after - 1]


def test_listing_and_delisting(bars: pd.DataFrame, manifest: dict[str, Any]) -> None:
    dates = {event["kind"]: event for event in manifest["events"] if "date" in event}
    assert set(dates) == {"listing", "delisting"}
    listed = of(bars, dates["listing"]["symbol"])
    assert listed["date"].iloc[0] == pd.Timestamp(dates["listing"]["date"])
    gone = of(bars, dates["delisting"]["symbol"])
    assert gone["date"].iloc[-1] == pd.Timestamp(dates["delisting"]["date"])
    assert gone["close_price"].iloc[-1] < 0.1 * gone["close_price"].iloc[0]


def test_missing_sessions(
    bars: pd.DataFrame, sessions: pd.DatetimeIndex, manifest: dict[str, Any]
) -> None:
    (event,) = (event for event in manifest["events"] if event["kind"] == "missing")
    absent = sessions.difference(pd.DatetimeIndex(of(bars, event["symbol"])["date"]))
    assert list(absent) == [pd.Timestamp(day) for day in event["dates"]]
    positions = sessions.get_indexer(absent)
    assert len(absent) == 18
    assert (np.diff(positions) > 1).all(), "single sessions, not a halt"


def test_splits_are_there_and_adjusted_for(
    bars: pd.DataFrame, actions: pd.DataFrame, synthetic: ModuleType
) -> None:
    found = actions[actions["split_ratio"] != 1.0]
    assert {
        (row.symbol, row.date.date().isoformat()): row.split_ratio for row in found.itertuples()
    } == SPLITS
    raw = synthetic.raw_bars(bars[bars["source"] == "synthetic"], actions)
    for (symbol, day), ratio in SPLITS.items():
        stock, traded = of(bars, symbol), of(raw, symbol)
        at = int(stock.index[stock["date"] == day][0])
        adjusted_move = stock["close_price"][at] / stock["close_price"][at - 1]
        traded_move = traded["close_price"][at] / traded["close_price"][at - 1]
        assert 0.8 < adjusted_move < 1.25, "no jump is left in the adjusted prices"
        assert traded_move * ratio == pytest.approx(adjusted_move, rel=0.01)


def test_dividends_are_quarterly_and_plausible(bars: pd.DataFrame, actions: pd.DataFrame) -> None:
    paid = actions[actions["dividend"] > 0]
    assert set(paid["symbol"]) == {
        "ASHBY.SYN", "CINDR.SYN", "DORAN.SYN", "FABEL.SYN", "GAON.SYN", "LOOM.SYN", "TARN.SYN",
    }  # fmt: skip
    assert set(paid["date"].dt.month) == {2, 5, 8, 11}
    assert paid.groupby("symbol")["date"].max()["CINDR.SYN"] < pd.Timestamp("2015-07-01")
    assert (actions["dividend"] >= 0).all()
    assert not actions.duplicated(["symbol", "date"]).any()
    known = set(zip(bars["symbol"], bars["date"], strict=True))
    assert set(zip(actions["symbol"], actions["date"], strict=True)) <= known


def test_traded_prices_come_back_to_the_cent(
    bars: pd.DataFrame, actions: pd.DataFrame, make_sample_data: ModuleType, synthetic: ModuleType
) -> None:
    traded = make_sample_data.synthetic_data().raw
    recovered = synthetic.raw_bars(bars[bars["source"] == "synthetic"], actions)
    assert (recovered[PRICES].to_numpy() == traded[PRICES].to_numpy()).all()
    assert (recovered["volume"].to_numpy() == traded["volume"].to_numpy()).all()
    cents = traded[PRICES].to_numpy() * 100
    assert np.abs(cents - cents.round()).max() < 1e-6
    assert (traded["volume"] % 100 == 0).all()


def test_adjusted_return_over_a_dividend_is_the_total_return(
    bars: pd.DataFrame, actions: pd.DataFrame, synthetic: ModuleType
) -> None:
    stock = of(bars, "ASHBY.SYN")
    traded = of(synthetic.raw_bars(bars[bars["source"] == "synthetic"], actions), "ASHBY.SYN")
    for action in actions[actions["symbol"] == "ASHBY.SYN"].itertuples():
        at = int(stock.index[stock["date"] == action.date][0])
        before = traded["close_price"][at - 1]
        # CRSP's adjustment: the price return measured against the close without the dividend.
        expected = traded["close_price"][at] / (before - action.dividend)
        assert stock["close_price"][at] / stock["close_price"][at - 1] == pytest.approx(
            expected, rel=1e-6
        )


def test_synthetic_returns_look_like_those_of_stocks(bars: pd.DataFrame) -> None:
    closes = bars.pivot_table(index="date", columns="symbol", values="close_price")["2010-01-04":]
    returns = np.log(closes).diff()
    market = returns["SPX"]
    for symbol in (name for name in closes if name.endswith(".SYN")):
        own = returns[symbol].dropna()
        assert 0.10 < own.std() * 252**0.5 < 0.60, symbol
        assert own.kurt() > 1, f"{symbol}: fat tails"
        assert own.abs().autocorr(1) > 0.02, f"{symbol}: clustered volatility"
        assert 0.2 < own.corr(market) < 0.9, symbol


def test_economic_series(economic: pd.DataFrame) -> None:
    assert not economic.duplicated(["indicator_type", "date"]).any()
    assert np.isfinite(economic["value"]).all()
    assert (economic["unit"].str.len() > 0).all()
    assert set(economic["source"]) == {"arch", "statsmodels"}
    assert economic.equals(economic.sort_values(["indicator_type", "date"], ignore_index=True))
    quarterly = economic[economic["indicator_type"] == "REAL_GDP"]
    assert quarterly["date"].dt.is_quarter_end.all()
    # The first figure of the package's own file.
    assert quarterly["value"].iloc[0] == 2710.349


def test_companies(companies: list[dict[str, Any]], bars: pd.DataFrame) -> None:
    by_symbol = {company["symbol"]: company for company in companies}
    assert set(by_symbol) == set(bars["symbol"])
    assert sum(any("가" <= letter <= "힣" for letter in c["name"]) for c in companies) >= 3
    for symbol, company in by_symbol.items():
        assert company["synthetic"] == symbol.endswith(".SYN")
        assert company["sector"]
        assert company["industry"]
        if company["synthetic"]:
            assert company["name"].endswith("(fictional)")
            assert company["financials"]["market_capitalization"] > 0
