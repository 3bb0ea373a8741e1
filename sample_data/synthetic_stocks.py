"""A dozen invented stocks, generated from a seed, with what makes real price data awkward.

The prices are those of no real company. One thing is real: the common market factor is
the daily return of the S&P 500, so that beta, correlation and a benchmark mean something.
Sector and company factors are GARCH(1, 1) with Student-t innovations (Bollerslev 1987),
which gives clustered volatility and fat tails. A day's high and low are drawn from the
exact distribution of the extremes of a Brownian bridge between its open and its close.

Raw prices are whole cents, raw volumes round lots. Stored bars are adjusted for splits and
dividends; `raw_bars` walks the corporate actions backwards to the traded prices again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

SEED = 20100104
FIRST_SESSION = "2010-01-04"
LAST_SESSION = "2018-12-31"
ADJUSTED_DECIMALS = 6
"""Enough to get whole cents back after the largest cumulative split (14 for 1)."""

_SECTORS = {
    "Technology": 0.10,
    "Health Care": 0.09,
    "Consumer Staples": 0.06,
    "Consumer Discretionary": 0.09,
    "Utilities": 0.07,
    "Energy": 0.15,
    "Financials": 0.11,
    "Industrials": 0.08,
}
"""Annual volatility of each sector's own factor."""


@dataclass(frozen=True)
class Stock:
    """How one invented stock behaves.

    Attributes
    ----------
    alpha, volatility
        Annual drift beyond the market's share, and annual volatility of its own factor.
    beta, sector_beta
        Loadings on the market factor and on its sector's factor.
    price
        Close on the first session, in the currency of account.
    turnover
        Typical value traded a day.
    dividend_yield
        Annual; paid in four parts; 0 for none.
    dividends_until
        Last date on which a dividend can fall.
    splits
        Ex-date to ratio: 2.0 is two new shares for one old, 0.1 one new for ten old.
    listed, delisted
        First and last session traded; None for the ends of the period.
    halt
        First and last session without trading.
    halt_return
        Log return that the halt's news adds to the first session after it.
    missing
        Number of single sessions that its feed has lost.
    """

    symbol: str
    name: str
    sector: str
    industry: str
    alpha: float
    volatility: float
    beta: float
    price: float
    turnover: float
    sector_beta: float = 1.0
    dividend_yield: float = 0.0
    dividends_until: str = LAST_SESSION
    splits: dict[str, float] = field(default_factory=dict)
    listed: str | None = None
    delisted: str | None = None
    halt: tuple[str, str] | None = None
    halt_return: float = 0.0
    missing: int = 0


STOCKS: tuple[Stock, ...] = (
    Stock("NARU.SYN", "나루반도체 Naru Semiconductor", "Technology", "Semiconductors",
          0.16, 0.26, 1.25, 84.0, 3.1e8,
          splits={"2012-06-11": 2.0, "2017-08-28": 7.0}),
    Stock("QUILL.SYN", "Quillmark Software", "Technology", "Application Software",
          0.07, 0.24, 1.15, 31.5, 9.0e7, splits={"2014-03-17": 1.5}),
    Stock("BYEOL.SYN", "별무리게임즈 Byeolmuri Games", "Technology", "Entertainment Software",
          0.10, 0.38, 1.30, 24.0, 6.0e7, listed="2014-05-15"),
    Stock("DORAN.SYN", "도란식품 Doran Foods", "Consumer Staples", "Packaged Foods",
          0.00, 0.14, 0.55, 58.0, 7.0e7, dividend_yield=0.028),
    Stock("ASHBY.SYN", "Ashbyford Power", "Utilities", "Electric Utilities",
          0.02, 0.12, 0.40, 37.0, 5.5e7, dividend_yield=0.042),
    Stock("CINDR.SYN", "Cinderpeak Energy", "Energy", "Oil and Gas Production",
          -0.12, 0.22, 1.10, 66.0, 1.6e8,
          dividend_yield=0.030, dividends_until="2015-06-30"),
    Stock("TARN.SYN", "Tarnwater Bank", "Financials", "Regional Banks",
          0.01, 0.17, 1.20, 22.5, 8.0e7, dividend_yield=0.022),
    Stock("LOOM.SYN", "Loomcastle Apparel", "Consumer Discretionary", "Apparel",
          0.03, 0.24, 1.05, 43.0, 4.0e7, dividend_yield=0.012, missing=18),
    Stock("VESSL.SYN", "Vesselgate Shipping", "Industrials", "Marine Shipping",
          -0.32, 0.36, 1.30, 12.0, 2.2e7, splits={"2016-02-08": 0.1}),
    Stock("MOSSY.SYN", "Mossybrook Therapeutics", "Health Care", "Biotechnology",
          0.04, 0.40, 0.90, 18.0, 3.5e7,
          halt=("2013-03-04", "2013-04-12"), halt_return=-0.38),
    Stock("FABEL.SYN", "Fabelhaus Stores", "Consumer Discretionary", "Department Stores",
          -0.55, 0.34, 1.10, 27.0, 3.0e7,
          dividend_yield=0.020, dividends_until="2012-12-31", delisted="2016-09-16"),
    Stock("GAON.SYN", "가온항공우주 Gaon Aerospace", "Industrials", "Aerospace",
          0.05, 0.19, 1.00, 71.0, 1.1e8, dividend_yield=0.015, splits={"2015-05-04": 2.0}),
)  # fmt: skip


@dataclass(frozen=True)
class SyntheticData:
    """What the generator made.

    Attributes
    ----------
    bars
        Adjusted bars: symbol, date, open_price … close_price, volume; sorted by both keys.
    raw
        The same rows as traded: prices in whole cents, volumes in round lots.
    actions
        symbol, date, split_ratio (1 for none), dividend (per share of that day, 0 for none).
    events
        Listings, delistings, halts and lost sessions, as the manifest lists them.
    """

    bars: pd.DataFrame
    raw: pd.DataFrame
    actions: pd.DataFrame
    events: list[dict[str, object]]


def garch_returns(
    random: np.random.RandomState, count: int, volatility: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw daily log returns with clustered volatility and fat tails.

    Parameters
    ----------
    random
        The seeded generator.
    count
        Number of days.
    volatility
        Annual volatility to return to, for example 0.25.

    Returns
    -------
    tuple
        Returns with sample mean exactly 0, and each day's conditional standard deviation;
        both of shape (count,).
    """
    shock_weight, memory, degrees = 0.07, 0.91, 6.0
    long_run = volatility**2 / 252
    innovations = random.standard_t(degrees, count) / math.sqrt(degrees / (degrees - 2))
    variance = long_run
    returns = np.empty(count)
    deviation = np.empty(count)
    for day in range(count):
        deviation[day] = math.sqrt(variance)
        # No day moves more than six deviations: one wild draw would shape the whole path.
        returns[day] = deviation[day] * min(max(innovations[day], -6.0), 6.0)
        variance = (
            (1 - shock_weight - memory) * long_run
            + shock_weight * returns[day] ** 2
            + memory * variance
        )
    return returns - returns.mean(), deviation


def generate(sessions: pd.DatetimeIndex, market: NDArray[np.float64]) -> SyntheticData:
    """Generate every stock.

    Parameters
    ----------
    sessions
        Trading sessions, sorted, of length T.
    market
        Daily log returns of the market factor, shape (T,); the first is not used.

    Returns
    -------
    SyntheticData
        The same for the same input on every machine: `RandomState` promises a frozen
        stream, which numpy's newer generators do not.
    """
    random = np.random.RandomState(SEED)
    sector_returns = {
        sector: garch_returns(random, len(sessions), volatility)[0]
        for sector, volatility in _SECTORS.items()
    }
    raw, actions, events = [], [], []
    for stock in STOCKS:
        own, deviation = garch_returns(random, len(sessions), stock.volatility)
        total = (
            stock.alpha / 252
            + stock.beta * market
            + stock.sector_beta * sector_returns[stock.sector]
            + own
        )
        traded, found = _traded_sessions(random, stock, sessions)
        events += found
        stock_raw, stock_actions = _simulate(random, stock, sessions, total, deviation, traded)
        raw.append(stock_raw)
        actions.append(stock_actions)
    raw_table = pd.concat(raw).sort_values(["symbol", "date"], ignore_index=True)
    action_table = pd.concat(actions).sort_values(["symbol", "date"], ignore_index=True)
    return SyntheticData(
        bars=adjusted_bars(raw_table, action_table),
        raw=raw_table,
        actions=action_table,
        events=events,
    )


def _traded_sessions(
    random: np.random.RandomState, stock: Stock, sessions: pd.DatetimeIndex
) -> tuple[NDArray[np.bool_], list[dict[str, object]]]:
    """Which sessions have a bar, and the events that say why others have none."""
    traded = np.ones(len(sessions), dtype=bool)
    events: list[dict[str, object]] = []
    if stock.listed is not None:
        traded &= np.asarray(sessions >= pd.Timestamp(stock.listed))
        events.append({"symbol": stock.symbol, "kind": "listing", "date": stock.listed})
    if stock.delisted is not None:
        traded &= np.asarray(sessions <= pd.Timestamp(stock.delisted))
        events.append({"symbol": stock.symbol, "kind": "delisting", "date": stock.delisted})
    if stock.halt is not None:
        start, end = (pd.Timestamp(day) for day in stock.halt)
        halted = np.asarray((sessions >= start) & (sessions <= end))
        traded &= ~halted
        events.append(
            {
                "symbol": stock.symbol,
                "kind": "halt",
                "start": stock.halt[0],
                "end": stock.halt[1],
                "sessions": int(halted.sum()),
            }
        )
    if stock.missing:
        # Never at either end, where a lost session could not be told from a listing.
        lost = np.sort(random.permutation(np.arange(20, len(sessions) - 20))[: stock.missing])
        traded[lost] = False
        events.append(
            {
                "symbol": stock.symbol,
                "kind": "missing",
                "dates": [sessions[day].date().isoformat() for day in lost],
            }
        )
    return traded, events


def _dividend_days(stock: Stock, sessions: pd.DatetimeIndex) -> set[int]:
    """Positions of the ex-dates: the tenth session of February, May, August, November."""
    if stock.dividend_yield == 0:
        return set()
    positions = pd.Series(np.arange(len(sessions)), index=sessions)
    payable = positions[sessions <= pd.Timestamp(stock.dividends_until)]
    months = payable.groupby([payable.index.year, payable.index.month])
    return {int(days.iloc[9]) for (_, month), days in months if month in (2, 5, 8, 11)}


def _simulate(
    random: np.random.RandomState,
    stock: Stock,
    sessions: pd.DatetimeIndex,
    returns: NDArray[np.float64],
    deviation: NDArray[np.float64],
    traded: NDArray[np.bool_],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Turn total returns into traded bars and the corporate actions between them."""
    count = len(sessions)
    overnight_noise = random.standard_normal(count)
    high_draw, low_draw = 1 - random.random_sample(count), 1 - random.random_sample(count)
    volume_noise = random.standard_normal(count)
    dividend_days = _dividend_days(stock, sessions)
    splits = {pd.Timestamp(day): ratio for day, ratio in stock.splits.items()}
    bars: list[tuple[object, ...]] = []
    actions: list[tuple[object, ...]] = []
    close, busy, pending = stock.price, 0.0, 0.0
    halt_end = pd.Timestamp(stock.halt[1]) if stock.halt is not None else None
    for day, session in enumerate(sessions):
        busy = 0.7 * busy + 0.25 * volume_noise[day]
        if not bars and not traded[day]:
            continue  # not listed yet
        pending += float(returns[day]) if bars else 0.0
        if not traded[day]:
            continue  # news of a halt or a lost session arrives with the next bar
        if halt_end is not None and session > halt_end:
            pending += stock.halt_return
            halt_end = None
        previous = close
        ratio = splits.get(session, 1.0)
        dividend = round(stock.dividend_yield / 4 * close, 2) if day in dividend_days else 0.0
        if bars and (ratio != 1.0 or dividend > 0):
            actions.append((stock.symbol, session, ratio, dividend))
            previous = (previous - dividend) / ratio
        spread = float(deviation[day]) + 0.006
        gap = 0.35 * pending + 0.30 * spread * float(overnight_noise[day])
        move = pending - gap
        opened, close = previous * math.exp(gap), previous * math.exp(pending)
        scale = 2 * (0.75 * spread) ** 2
        top = 0.5 * (move + math.sqrt(move**2 - scale * math.log(high_draw[day])))
        bottom = 0.5 * (move - math.sqrt(move**2 - scale * math.log(low_draw[day])))
        prices = [round(max(price, 0.01), 2) for price in
                  (opened, opened * math.exp(top), opened * math.exp(bottom), close)]  # fmt: skip
        activity = math.exp(busy + 9.0 * min(abs(pending), 0.15) - 0.1)
        lots = max(1, round(stock.turnover * activity / close / 100))
        bars.append(
            (stock.symbol, session, prices[0], max(prices), min(prices), prices[3], lots * 100)
        )
        pending = 0.0
    names = ["symbol", "date", "open_price", "high_price", "low_price", "close_price", "volume"]
    return (
        pd.DataFrame(bars, columns=names),
        pd.DataFrame(actions, columns=["symbol", "date", "split_ratio", "dividend"]),
    )


_PRICES = ["open_price", "high_price", "low_price", "close_price"]


def adjusted_bars(raw: pd.DataFrame, actions: pd.DataFrame) -> pd.DataFrame:
    """Adjust traded bars backwards for splits and dividends.

    A split of ratio s on an ex-date divides every earlier price by s and multiplies every
    earlier volume by it. A dividend d multiplies every earlier price by 1 - d / c, with c
    the traded close of the session before (CRSP's and Yahoo's definition).
    """
    adjusted = []
    for symbol, bars in raw.groupby("symbol", sort=False):
        price_factor, volume_factor = np.ones(len(bars)), np.ones(len(bars))
        dates = bars["date"].to_numpy()
        for action in actions[actions["symbol"] == symbol].itertuples():
            before = dates < np.datetime64(action.date)
            last_close = float(bars["close_price"].to_numpy()[before][-1])
            price_factor[before] *= (1 - action.dividend / last_close) / action.split_ratio
            volume_factor[before] *= action.split_ratio
        changed = bars.copy()
        for name in _PRICES:
            changed[name] = (bars[name] * price_factor).round(ADJUSTED_DECIMALS)
        changed["volume"] = (bars["volume"] * volume_factor).round().astype("int64")
        adjusted.append(changed)
    return pd.concat(adjusted, ignore_index=True)


def raw_bars(adjusted: pd.DataFrame, actions: pd.DataFrame) -> pd.DataFrame:
    """Recover the traded bars: the inverse of `adjusted_bars`, to the cent and the share.

    Works backwards from the last bar, where adjusted and traded prices are the same. At an
    ex-date the traded close of the session before is its close so far, times the split
    ratio, plus the dividend; that gives the factor for everything earlier.
    """
    recovered = []
    for symbol, bars in adjusted.groupby("symbol", sort=False):
        changed = bars.reset_index(drop=True)
        dates = changed["date"].to_numpy()
        own = actions[actions["symbol"] == symbol].sort_values("date", ascending=False)
        price_factor, volume_factor = np.ones(len(bars)), np.ones(len(bars))
        for action in own.itertuples():
            before = dates < np.datetime64(action.date)
            last = int(before.sum()) - 1
            unadjusted = float(changed["close_price"].iloc[last]) * price_factor[last]
            last_close = round(unadjusted * action.split_ratio + action.dividend, 2)
            price_factor[before] *= action.split_ratio / (1 - action.dividend / last_close)
            volume_factor[before] /= action.split_ratio
        for name in _PRICES:
            changed[name] = (changed[name] * price_factor).round(2)
        changed["volume"] = (changed["volume"] * volume_factor).round().astype("int64")
        recovered.append(changed)
    return pd.concat(recovered, ignore_index=True)
