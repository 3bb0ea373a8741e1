"""From a report and the trials behind it to the trust card."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from numpy.typing import ArrayLike

from quant_tui.domain.cancellation import raise_if_cancelled
from quant_tui.domain.errors import InsufficientData, InvalidInput
from quant_tui.engine.report import Report
from quant_tui.engine.robustness import lines
from quant_tui.engine.robustness.bootstrap import BootstrapIntervals, bootstrap_intervals
from quant_tui.engine.robustness.card import TrustCard, TrustLine, unchecked_line
from quant_tui.engine.robustness.check import Check, CheckTable, intervals_table
from quant_tui.engine.robustness.rerun_checks import RERUN_CHECKS, TITLES
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

_COSTLY = ("cost_stress", "start_dates", "plateau", "look_ahead", "warm_up")
"""Checks that run the strategy again and that every card has."""

_INTERVALS = ("sharpe_ratio", "cagr", "max_drawdown")

BOOTSTRAP = "Bootstrap intervals"


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
    run = Assessed.of(report, trials, trial_variance)
    told = progress or (lambda _fraction, _message: None)
    told(0.0, "resampling the returns")
    made = [
        *run.statistics(),
        _bootstrap_line(run, costly, cancel),
        *_costly_lines(Reruns(report, inputs, cancel), costly, told),
        lines.trades_line(report),
    ]
    told(1.0, "done")
    return TrustCard.of(tuple(made), trials)


@dataclass(frozen=True, slots=True)
class Assessed:
    """A report with what its lines are worked out from.

    Attributes
    ----------
    report, trials
        As :func:`assess` takes them.
    moments
        Of the returns; None when the equity did not move.
    hurdle
        The Sharpe ratio of one period that luck shows.
    annualization, risk_free
        Periods a year, and the risk-free return of one.
    """

    report: Report
    trials: int
    moments: SharpeMoments | None
    hurdle: float
    annualization: float
    risk_free: float

    @classmethod
    def of(cls, report: Report, trials: int, trial_variance: float | None) -> Assessed:
        """Work them out.

        Raises
        ------
        InvalidInput
            ``trials`` or ``trial_variance`` is out of range.
        """
        if trials < 1:
            raise InvalidInput("trials must be at least 1.", field="trials")
        annualization = report.config.annualization or report.bars.periods_per_year
        returns = report.metrics.returns
        risk_free = (1.0 + report.config.risk_free) ** (1.0 / annualization) - 1.0
        moments = SharpeMoments.of(returns, risk_free)
        hurdle = luck(trials, trial_variance, len(returns))
        return cls(report, trials, moments, hurdle, annualization, risk_free)

    def statistics(self) -> list[TrustLine]:
        """Return the lines about luck and length of record."""
        count = len(self.report.metrics.returns)
        return [
            lines.trials_line(self.trials, count / self.annualization),
            lines.probabilistic_line(self.moments),
            lines.deflated_line(self.moments, self.trials, self.hurdle, self.annualization),
            lines.track_record_line(self.moments, self.annualization),
        ]

    def bootstrap(self, cancel: Callable[[], bool] | None) -> Check:
        """Resample the returns, fewer times where there are many of them."""
        returns = self.report.metrics.returns
        draws = min(DRAWS, max(FEWEST_DRAWS, DRAWN_RETURNS // max(len(returns), 1)))
        try:
            found = bootstrap_intervals(
                returns,
                self.annualization,
                risk_free=self.risk_free,
                draws=draws,
                seed=self.report.config.seed,
                cancel=cancel,
            )
        except InsufficientData as error:
            return Check(lines.bootstrap_line(error))
        return Check(lines.bootstrap_line(found), self._intervals(found))

    def _intervals(self, found: BootstrapIntervals) -> CheckTable:
        own = self.report.performance
        outside = (1.0 - found.confidence) / 2.0
        sharpe, cagr, fall = found.sharpe, found.cagr, found.max_drawdown
        return intervals_table(
            [
                ("the run itself", *(own[name] for name in _INTERVALS)),
                (f"{outside:.1%} are below", sharpe.low, cagr.low, fall.low),
                ("median", sharpe.middle, cagr.middle, fall.middle),
                (f"{outside:.1%} are above", sharpe.high, cagr.high, fall.high),
            ]
        )


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
    run: Assessed, costly: bool | None, cancel: Callable[[], bool] | None
) -> TrustLine:
    count = len(run.report.metrics.returns)
    if not (count <= QUICK_BARS if costly is None else costly):
        return unchecked_line("bootstrap", BOOTSTRAP, count)
    return run.bootstrap(cancel).line


def _costly_lines(reruns: Reruns, costly: bool | None, told: Progress) -> list[TrustLine]:
    bars = int(reruns.report.bars.present.sum())
    if costly is None:
        costly = bars <= QUICK_BARS
    if not costly:
        return [unchecked_line(key, TITLES[key], bars) for key in _COSTLY]
    made = []
    for place, key in enumerate(_COSTLY):
        raise_if_cancelled(reruns.cancel)
        start = 0.2 + 0.8 * place / len(_COSTLY)
        message = f"checking {TITLES[key].lower()}"

        def part(fraction: float, start: float = start, message: str = message) -> None:
            told(start + fraction * 0.8 / len(_COSTLY), message)

        made.append(RERUN_CHECKS[key](reruns, part).line)
    return made
