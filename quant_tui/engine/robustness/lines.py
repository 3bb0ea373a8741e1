"""The lines of the trust card that need the run's own returns and trades alone.

Every threshold stands beside its reason. 95 % is what the papers, and the field, call
significant; 50 % of the deflated Sharpe ratio is where a result is just what luck would
have shown.
"""

from __future__ import annotations

import math

from quant_tui.domain.errors import InsufficientData
from quant_tui.engine.report import Report
from quant_tui.engine.robustness.bootstrap import BootstrapIntervals
from quant_tui.engine.robustness.card import TrustLine, Verdict
from quant_tui.engine.robustness.sharpe import (
    CONFIDENCE,
    SharpeMoments,
    expected_maximum_of_normals,
    minimum_backtest_years,
    minimum_track_record,
    probabilistic_sharpe,
)

PROBABLE = 0.80
"""Probabilistic Sharpe below which a result is bad: one in five strategies without any
return does as well, which nobody would bet on."""

LUCK = 0.50
"""Deflated Sharpe below which a result is bad: the best of as many tries without skill is
expected to do better."""

HALF_THE_RECORD = 0.5
"""Share of the minimum track record below which a result is bad: it would need more than
twice the data."""

ENOUGH_TRADES, FEW_TRADES = 30, 10
"""From 30 closed trades on, means are near normal (the field's rule of thumb); below ten,
one trade moves the win rate by more than ten points."""

TARGET_SHARPE = 1.0
"""Annual Sharpe ratio that luck must not be expected to reach (Notices of the AMS 61(5))."""

NO_SHARPE = "There is no Sharpe ratio: the equity did not move."


def verdict_of(value: float, good: float, doubtful: float) -> Verdict:
    """Return good from one threshold on, doubtful from the next, else bad."""
    if value >= good:
        return Verdict.GOOD
    return Verdict.DOUBTFUL if value >= doubtful else Verdict.BAD


def trials_line(trials: int, years: float) -> TrustLine:
    """Judge the number of trials by the minimum backtest length.

    Good when the data are as long as so many trials need for luck not to be expected to
    reach an annual Sharpe ratio of 1; doubtful from a quarter of that (luck reaches 2);
    bad below.
    """
    needed = minimum_backtest_years(trials, TARGET_SHARPE)
    luck = expected_maximum_of_normals(trials) / math.sqrt(years)
    if trials == 1:
        text = "The only trial so far: nothing was chosen among several."
        enough = "one trial needs no minimum"
    else:
        text = f"The best of {trials:,} trials: luck would show {luck:.2f} if none were alike."
        enough = f"need {needed:.1f}"
    return TrustLine(
        "trials",
        "Trials behind it",
        verdict_of(years, needed, needed / 4.0),
        float(trials),
        text,
        f"trial ledger, {years:.1f} years of data ({enough})",
    )


def probabilistic_line(moments: SharpeMoments | None) -> TrustLine:
    """Judge the probability that the true Sharpe ratio is above 0: 95 % good, 80 % doubtful."""
    value = None if moments is None else probabilistic_sharpe(moments)
    if moments is None or value is None:
        return _unknown("probabilistic_sharpe", "Probabilistic Sharpe", NO_SHARPE)
    return TrustLine(
        "probabilistic_sharpe",
        "Probabilistic Sharpe",
        verdict_of(value, CONFIDENCE, PROBABLE),
        value,
        f"The true Sharpe is above 0 with a probability of {_percent(value)}.",
        _moments(moments),
    )


def deflated_line(
    moments: SharpeMoments | None, trials: int, luck: float, annualization: float
) -> TrustLine:
    """Judge the same against the best of so many tries: 95 % good, 50 % doubtful.

    Parameters
    ----------
    luck
        Sharpe ratio of one period that luck alone is expected to show.
    """
    value = None if moments is None else probabilistic_sharpe(moments, luck)
    if moments is None or value is None:
        return _unknown("deflated_sharpe", "Deflated Sharpe", NO_SHARPE)
    shown = luck * math.sqrt(annualization)
    against = "0" if trials == 1 else f"the {shown:.2f} that luck would show"
    return TrustLine(
        "deflated_sharpe",
        "Deflated Sharpe",
        verdict_of(value, CONFIDENCE, LUCK),
        value,
        f"The true Sharpe is above {against} with a probability of {_percent(value)}.",
        f"{trials:,} trial{'s' if trials > 1 else ''}, {_moments(moments)}",
    )


def track_record_line(moments: SharpeMoments | None, annualization: float) -> TrustLine:
    """Judge the length of the record by the length that a Sharpe above 0 needs at 95 %."""
    key, title = "minimum_track_record", "Minimum track record"
    if moments is None:
        return _unknown(key, title, NO_SHARPE)
    needed = minimum_track_record(moments)
    if needed is None:
        text = "No length of record would do: the Sharpe is not above 0."
        return TrustLine(key, title, Verdict.BAD, None, text, _moments(moments))
    years, had = needed / annualization, moments.count / annualization
    return TrustLine(
        key,
        title,
        verdict_of(moments.count / needed, 1.0, HALF_THE_RECORD),
        years,
        f"{_years(years)} are needed to believe a Sharpe above 0; there are {_years(had)}.",
        _moments(moments),
    )


def bootstrap_line(intervals: BootstrapIntervals | InsufficientData) -> TrustLine:
    """Judge the Sharpe ratio of resampled days.

    Good when the whole interval is above 0; doubtful when at least 80 % of the resamples
    are; else bad.
    """
    key, title = "bootstrap", "Bootstrap intervals"
    if isinstance(intervals, InsufficientData):
        return _unknown(key, title, intervals.message)
    sharpe, cagr, fall = intervals.sharpe, intervals.cagr, intervals.max_drawdown
    verdict = Verdict.GOOD if sharpe.low > 0.0 else verdict_of(intervals.positive, 1.01, PROBABLE)
    return TrustLine(
        key,
        title,
        verdict,
        sharpe.low,
        f"In {_percent(intervals.confidence)} of resamples: Sharpe {sharpe.low:.2f} to"
        f" {sharpe.high:.2f}, CAGR {_percent(cagr.low)} to {_percent(cagr.high)},"
        f" worst fall {_percent(fall.low)} to {_percent(fall.high)}.",
        f"{intervals.draws} stationary resamples, blocks of {intervals.block_length:.1f} bars",
    )


def trades_line(report: Report) -> TrustLine:
    """Judge the number of closed round trips: 30 good, 10 doubtful."""
    closed = int((~report.round_trips.open).sum())
    verdict = verdict_of(closed, ENOUGH_TRADES, FEW_TRADES)
    few = "" if verdict is Verdict.GOOD else f"; {ENOUGH_TRADES} are needed to judge"
    noun = "trade" if closed == 1 else "trades"
    return TrustLine(
        "trades",
        "Number of trades",
        verdict,
        float(closed),
        f"{closed:,} closed {noun}{few}.",
        "round trips of the run",
    )


def _unknown(key: str, title: str, text: str) -> TrustLine:
    return TrustLine(key, title, Verdict.UNKNOWN, None, text, "the run's returns")


def _moments(moments: SharpeMoments) -> str:
    return f"{moments.count:,} returns, skew {moments.skew:.2f}, kurtosis {moments.kurtosis:.1f}"


def _percent(value: float) -> str:
    """Return a share as text; never 100 % or 0 % of what is only near it."""
    digits = 1 if abs(value) < 0.1 or 0.99 < value < 1.0 else 0
    return f"{value * 100.0:.{digits}f} %"


def _years(years: float) -> str:
    return f"{years:.1f} years" if years < 1000.0 else "over 1,000 years"
