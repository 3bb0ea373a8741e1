"""Versions of a strategy: when, why, what they gave, what each changed, and any two compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.strategies import rules_text
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table import Column, Row
from quant_tui.ui.widgets.versions_view import VersionsView

if TYPE_CHECKING:
    from quant_tui.domain.trading import StrategyVersion
    from quant_tui.services.backtest_report import BacktestSummary

    Results = Mapping[int, Sequence[BacktestSummary]]


def _muted(_value: object) -> str:
    return "muted"


COLUMNS = (
    Column("No.", 3, "right"),
    Column("When", 8, "right", role=_muted),
    Column("Why", 12, grow=2),
    Column("Runs", 4, "right"),
    Column("Return", 8, "right"),
    Column("Sharpe", 6, "right"),
)
EMPTY = Notice("No versions yet", "Each save keeps one: ctrl+s in the text.")


class VersionsPane(VersionsView["StrategyVersion"]):
    """The versions, with the backtests of each."""

    def __init__(self) -> None:
        super().__init__(COLUMNS, EMPTY, id="versions")
        self._results: Results = {}

    def show_versions(self, versions: Sequence[StrategyVersion], results: Results) -> None:
        """Show versions, the newest first, with the backtests of each."""
        self._results = results
        self.put(versions)

    def number_of(self, version: StrategyVersion) -> int:
        """Return its number."""
        return version.number

    def row_of(self, version: StrategyVersion) -> Row:
        """Return its line."""
        runs = self._results.get(version.number, ())
        reason = f"{version.reason} {version.note}".strip()
        return Row(
            str(version.number),
            (str(version.number), fmt.ago(version.created_at), reason, str(len(runs) or "–"),
             *_newest(runs)),
        )  # fmt: skip

    def about(self, version: StrategyVersion) -> Sequence[Content]:
        """Return when and why, and the values of the parameters."""
        said = f"{fmt.day(version.created_at)} · {version.reason} {version.note}".strip()
        lines = [Content.styled(said, "$text-muted")]
        if version.parameters:
            lines.append(Content(f"parameters  {rules_text.short(version.parameters)}"))
        return lines

    def text_of(self, version: StrategyVersion) -> Sequence[str]:
        """Return the rules."""
        from quant_tui.services.strategy_versions import rules_text as text_of

        return text_of(version).splitlines()

    def difference(self, older: StrategyVersion, newer: StrategyVersion) -> Sequence[str]:
        """Return what changed."""
        from quant_tui.services.strategy_versions import difference

        return difference(older, newer)[2:]


def _newest(results: Sequence[BacktestSummary]) -> tuple[str, str]:
    if not results:
        return "–", "–"
    return fmt.change(results[0].total_return, 1), fmt.number(results[0].sharpe_ratio)
