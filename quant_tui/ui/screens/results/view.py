"""What the pages of a result are filled from, and what a page is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from quant_tui.domain.base import Document
    from quant_tui.domain.trading import BacktestResult
    from quant_tui.services.backtest_report import BacktestReport
    from quant_tui.services.result_series import ResultSeries


@dataclass(frozen=True, slots=True)
class ResultView:
    """A result that is shown.

    Attributes
    ----------
    report
        The backtest with its execution.
    result
        The report's result.
    series
        Its curves as arrays; None when it has none.
    card
        Its trust card as JSON has it, the fullest there is; empty when it has none.
    """

    report: BacktestReport
    result: BacktestResult
    series: ResultSeries | None
    card: Document

    @property
    def benchmark(self) -> str:
        """Symbol that it is compared with; "" for none."""
        return str(self.report.backtest.config.get("benchmark") or "")

    @property
    def undefined(self) -> Document:
        """Figure → why it does not exist."""
        return dict(self.result.details.get("undefined") or {})


class ResultPart(Protocol):
    """A page of a result; what is slow to compute, it computes in a thread."""

    async def show_view(self, view: ResultView) -> None:
        """Show a result."""

    def focus_first(self) -> None:
        """Give the keys to what the page is about."""
