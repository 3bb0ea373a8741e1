"""From a report and the trials behind it to the trust card."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from numpy.typing import ArrayLike

from quant_tui.domain.cancellation import raise_if_cancelled
from quant_tui.domain.errors import InsufficientData, InvalidInput
from quant_tui.engine.report import Report
from quant_tui.engine.robustness import lines, rerun_lines
from quant_tui.engine.robustness.bootstrap import BootstrapIntervals, bootstrap_intervals
from quant_tui.engine.robustness.card import TrustCard, TrustLine, unchecked_line
from quant_tui.engine.robustness.reruns import Reruns
from quant_tui.engine.robustness.sharpe import SharpeMoments, expected_maximum_sharpe

QUICK_BARS = 50_000
"""Bars of all symbols together up to which the strategy is run again for the card, and
dates up to which its returns are resampled: a third of a second on two cores."""

DRAWS, FEWEST_DRAWS = 500, 200
DRAWN_RETURNS = 4_000_000
"""Resampled returns after which fewer draws have to do."""

INDEPENDENT_TRIALS = 100
"""Of so many trials each counts as independent, whatever the variance of their Sharpes says."""

Progress = Callable[[float, str], None]

_COSTLY = (
    ("cost_stress", rerun_lines.cost_line),
    ("start_dates", rerun_lines.start_line),
    ("plateau", rerun_lines.plateau_line),
    ("look_ahead", rerun_lines.look_ahead_line),
    ("warm_up", rerun_lines.warm_up_line),
)


def assess(
    report: Report,
    *,
    trials: int = 1,
    trial_variance: float | None = None,
    costly: bool | None = None,
    inputs: Mapping[str, ArrayLike] | None = None,
    progress: Progress | None = None,
    cancel: Callable[[], bool] | None = None,
) -> TrustCard:
    """Return how far a report can be believed.

    Parameters
    ----------
    report
        Of the chosen run.
    trials
        How many trials are behind it, its own included: at least 1.
    trial_variance
        Variance of the trials' Sharpe ratios of one period; None where it is not known.
        See :func:`luck`.
    costly
        Whether to make the checks that run the strategy again; None makes them for up to
        :data:`QUICK_BARS` bars.
    inputs
        Series from outside that the run was given.
    progress
        Told how far it is.
    cancel
        Asked all along.

    Raises
    ------
    InvalidInput
        ``trials`` or ``trial_variance`` is out of range.
    Cancelled
        ``cancel`` said so.
    """
    if trials < 1:
        raise InvalidInput("trials must be at least 1.", field="trials")
    annualization = report.config.annualization or report.bars.periods_per_year
    returns = report.metrics.returns
    risk_free = (1.0 + report.config.risk_free) ** (1.0 / annualization) - 1.0
    moments = SharpeMoments.of(returns, risk_free)
    hurdle = luck(trials, trial_variance, len(returns))
    told = progress or (lambda _fraction, _message: None)
    told(0.0, "resampling the returns")
    made = [
        lines.trials_line(trials, len(returns) / annualization),
        lines.probabilistic_line(moments),
        lines.deflated_line(moments, trials, hurdle, annualization),
        lines.track_record_line(moments, annualization),
        _bootstrap_line(report, annualization, risk_free, costly, cancel),
        *_costly_lines(Reruns(report, inputs, cancel), costly, told),
        lines.trades_line(report),
    ]
    told(1.0, "done")
    return TrustCard.of(tuple(made), trials)


def luck(trials: int, variance: float | None, count: int) -> float:
    """Return the Sharpe ratio of one period that the best of the trials shows by luck.

    The expected maximum of the DSR paper, with the variance that the ledger found, but
    not below what up to a hundred independent trials without skill show on so many
    returns, whose Sharpe ratios vary by 1 / (T − 1). Trials on one series share its luck,
    so that theirs vary less than they may all be wrong by: without this floor, in 5 to 10
    of 100 random studies of a few tries the best would be called good. Of large searches
    most combinations are near copies of one another: beyond a hundred the floor stays.

    Parameters
    ----------
    trials
        At least 1.
    variance
        Of their Sharpe ratios of one period; None where it is not known.
    count
        T, the number of returns.
    """
    without_skill = 1.0 / max(count - 1, 1)
    floor = expected_maximum_sharpe(min(trials, INDEPENDENT_TRIALS), without_skill)
    found = expected_maximum_sharpe(trials, without_skill if variance is None else variance)
    return max(found, floor)


def _bootstrap_line(
    report: Report,
    annualization: float,
    risk_free: float,
    costly: bool | None,
    cancel: Callable[[], bool] | None,
) -> TrustLine:
    returns = report.metrics.returns
    if not (len(returns) <= QUICK_BARS if costly is None else costly):
        return unchecked_line("bootstrap", "Bootstrap intervals", len(returns))
    draws = min(DRAWS, max(FEWEST_DRAWS, DRAWN_RETURNS // len(returns)))
    try:
        found: BootstrapIntervals | InsufficientData = bootstrap_intervals(
            returns,
            annualization,
            risk_free=risk_free,
            draws=draws,
            seed=report.config.seed,
            cancel=cancel,
        )
    except InsufficientData as error:
        found = error
    return lines.bootstrap_line(found)


def _costly_lines(reruns: Reruns, costly: bool | None, told: Progress) -> list[TrustLine]:
    bars = int(reruns.report.bars.present.sum())
    if costly is None:
        costly = bars <= QUICK_BARS
    if not costly:
        return [unchecked_line(key, rerun_lines.TITLES[key], bars) for key, _ in _COSTLY]
    made = []
    for place, (key, line) in enumerate(_COSTLY):
        raise_if_cancelled(reruns.cancel)
        start = 0.2 + 0.8 * place / len(_COSTLY)
        message = f"checking {rerun_lines.TITLES[key].lower()}"

        def part(fraction: float, start: float = start, message: str = message) -> None:
            told(start + fraction * 0.8 / len(_COSTLY), message)

        made.append(line(reruns, part))
    return made
