"""Every check of a run, however long they take, each with the figures behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import ArrayLike

from quant_tui.domain.cancellation import CancelCheck, raise_if_cancelled
from quant_tui.domain.errors import InvalidInput
from quant_tui.domain.tasks import RunTasks, never
from quant_tui.engine.report import Report
from quant_tui.engine.robustness import lines
from quant_tui.engine.robustness.assess import BOOTSTRAP, Assessed
from quant_tui.engine.robustness.card import TrustCard, Verdict
from quant_tui.engine.robustness.check import Check
from quant_tui.engine.robustness.rerun_checks import RERUN_CHECKS, TITLES
from quant_tui.engine.robustness.reruns import Reruns

Progress = Callable[[float, str], None]

CHECKS: dict[str, str] = {
    "look_ahead": TITLES["look_ahead"],
    "warm_up": TITLES["warm_up"],
    "cost_stress": TITLES["cost_stress"],
    "start_dates": TITLES["start_dates"],
    "plateau": TITLES["plateau"],
    "jitter": TITLES["jitter"],
    "leave_one_out": TITLES["leave_one_out"],
    "bootstrap": BOOTSTRAP,
}
"""What can be checked: name → title, in the order in which it is done and shown."""

RUNS = 80
"""About as many times do all checks run the strategy again."""

LONG_BARS = 1 << 23
"""Bars over symbols and runs from which checks are worth handing out: two seconds of work."""


@dataclass(frozen=True, slots=True)
class CheckedRun:
    """What the checks of a run found.

    Attributes
    ----------
    verdict, summary
        Of the trust card when every check was made; otherwise the worst of those made.
    trials
        How many trials are behind the run, its own included.
    checks
        Each with its figures.
    """

    verdict: Verdict
    summary: str
    trials: int
    checks: tuple[Check, ...]

    def check(self, key: str) -> Check:
        """Return one of them."""
        return next(one for one in self.checks if one.line.key == key)

    def to_document(self) -> dict[str, Any]:
        """Return it as JSON holds it: a trust card with ``table`` in its lines."""
        return {
            "verdict": str(self.verdict),
            "summary": self.summary,
            "trials": self.trials,
            "lines": [one.to_document() for one in self.checks],
        }


@dataclass(frozen=True, slots=True)
class CheckData:
    """What every check of a run needs; sent once to whoever makes some of them.

    Attributes
    ----------
    report, trials, trial_variance, inputs
        As :func:`check_run` takes them.
    """

    report: Report
    trials: int = 1
    trial_variance: float | None = None
    inputs: Mapping[str, ArrayLike] | None = None

    @property
    def assessed(self) -> Assessed:
        """The report with what its lines are worked out from."""
        return Assessed.of(self.report, self.trials, self.trial_variance)


def one_check(
    data: CheckData,
    name: str,
    cancel: CancelCheck,
    told: Callable[[float], None] = lambda _fraction: None,
) -> Check:
    """Make one check: a task that runs anywhere."""
    if name == "bootstrap":
        return data.assessed.bootstrap(cancel)
    return RERUN_CHECKS[name](Reruns(data.report, data.inputs, cancel), told)


def checked_names(only: Sequence[str]) -> tuple[str, ...]:
    """Return the checks that are asked for, each once and in their order; all for none.

    Raises
    ------
    InvalidInput
        There is no such check.
    """
    unknown = [one for one in only if one not in CHECKS]
    if unknown:
        raise InvalidInput(
            f"There is no check {unknown[0]!r}.",
            field="only",
            hint=f"Checks: {', '.join(CHECKS)}.",
        )
    return tuple(one for one in CHECKS if not only or one in only)


def check_run(
    report: Report,
    only: Sequence[str] = (),
    *,
    trials: int = 1,
    trial_variance: float | None = None,
    inputs: Mapping[str, ArrayLike] | None = None,
    progress: Progress | None = None,
    cancel: CancelCheck | None = None,
    run: RunTasks | None = None,
) -> CheckedRun:
    """Make the checks of a run.

    Parameters
    ----------
    report
        Of the run.
    only
        Names of :data:`CHECKS`; all of them, with the lines of the trust card about luck
        and length of record, when empty.
    trials, trial_variance, inputs
        As :func:`~quant_tui.engine.robustness.assess.assess` takes them.
    progress
        Told how far it is.
    cancel
        Asked all along.
    run
        Makes the checks elsewhere, each a task, where they take long; that does not change
        what they find. None makes all here.

    Raises
    ------
    InvalidInput
        There is no such check, or a number is out of range.
    Cancelled
        ``cancel`` said so.
    """
    names = checked_names(only)
    data = CheckData(report, trials, trial_variance, inputs)
    assessed = data.assessed
    told = progress or (lambda _fraction, _message: None)
    if run is not None and len(names) > 1 and report.bars.close.size * RUNS >= LONG_BARS:
        made = run(one_check, data, names, progress=told, cancel=cancel)
    else:
        made = _in_turn(data, names, told, cancel)
    told(1.0, "done")
    if len(names) < len(CHECKS):
        return _partly(made, trials)
    luck = [Check(line) for line in (*assessed.statistics(), lines.trades_line(report))]
    every = (*made, *luck)
    card = TrustCard.of(tuple(one.line for one in every), trials)
    return CheckedRun(card.verdict, card.summary, trials, every)


def _in_turn(
    data: CheckData, names: Sequence[str], told: Progress, cancel: CancelCheck | None
) -> list[Check]:
    """Make checks one after another, with how far each is."""
    made = []
    for place, name in enumerate(names):
        raise_if_cancelled(cancel)
        message = f"checking {CHECKS[name].lower()}"

        def part(fraction: float, place: int = place, message: str = message) -> None:
            told((place + fraction) / len(names), message)

        part(0.0)
        made.append(one_check(data, name, cancel or never, part))
    return made


_WORST_FIRST = (Verdict.BAD, Verdict.DOUBTFUL, Verdict.UNKNOWN, Verdict.GOOD)


def _partly(made: Sequence[Check], trials: int) -> CheckedRun:
    worst = min((one.line for one in made), key=lambda line: _WORST_FIRST.index(line.verdict))
    count = f"{len(made)} of {len(CHECKS)} checks made"
    if worst.verdict is Verdict.GOOD:
        return CheckedRun(Verdict.GOOD, f"{count}, all good.", trials, tuple(made))
    return CheckedRun(worst.verdict, f"{worst.text} {count}.", trials, tuple(made))
