"""Whether a feature looks ahead: it is computed again on bars that end earlier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quant_tui.domain.base import Document, utc_now
from quant_tui.domain.cancellation import CancelCheck, raise_if_cancelled
from quant_tui.domain.errors import InsufficientData
from quant_tui.ml.features.leakage import Leak, compare, cut_rows

if TYPE_CHECKING:
    from quant_tui.engine import Bars
    from quant_tui.services.feature_definitions import FeatureDefinition
    from quant_tui.services.feature_values import FeatureValues, Report


@dataclass(frozen=True, slots=True)
class LeakReport:
    """What the leakage check found.

    Attributes
    ----------
    symbols, cuts
        How many symbols, and ends of the bars, were tried.
    compared, changed
        Values, and how many of them change when later bars are taken away.
    first
        The first that does; None when none does.
    """

    symbols: int
    cuts: int
    compared: int
    changed: int
    first: Leak | None

    @property
    def leaks(self) -> bool:
        """Whether the feature looks ahead."""
        return self.changed > 0

    def to_document(self) -> Document:
        """Return it as it is kept with the version."""
        first = self.first
        return {
            "leaks": self.leaks,
            "symbols": self.symbols,
            "cuts": self.cuts,
            "compared": self.compared,
            "changed": self.changed,
            "first": None
            if first is None
            else {
                "symbol": first.symbol,
                "date": str(first.date),
                "cut": str(first.cut),
                "whole": first.whole,
                "truncated": first.truncated,
            },
            "checked_at": utc_now(),
        }


async def find_leaks(
    values: FeatureValues,
    definition: FeatureDefinition,
    bars: Bars,
    progress: Report,
    cancel: CancelCheck | None,
) -> LeakReport:
    """Compute a feature on all bars and on bars that end earlier, and compare.

    Raises
    ------
    InsufficientData
        There is no value to compare.
    StrategyError, InvalidInput
        It cannot be computed.
    """
    whole = await values.evaluate(definition, bars, cancel=cancel)
    cuts = cut_rows(bars.close, definition.warm_up)
    compared = changed = 0
    first: Leak | None = None
    for at, rows in enumerate(cuts):
        raise_if_cancelled(cancel)
        progress(at / len(cuts), f"leakage check {at + 1} of {len(cuts)}")
        head = bars.head(rows)
        again = await values.evaluate(definition, head, cancel=cancel)
        found = compare(bars.symbols, bars.dates, whole, head.symbols, again)
        compared += found.compared
        changed += found.changed
        first = first or found.first
    if not compared:
        raise InsufficientData(
            f"{len(bars)} bars give no value that a leakage check could compare.",
            hint="Widen the dates, or choose symbols with more bars.",
        )
    return LeakReport(len(bars.symbols), len(cuts), compared, changed, first)
