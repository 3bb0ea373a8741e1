"""Everything about one strategy, on one page that scrolls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from quant_tui.domain.base import Document
from quant_tui.ui import format as fmt
from quant_tui.ui.screens.strategies import rules_text
from quant_tui.ui.status_words import status_text
from quant_tui.ui.widgets.table_grid import fit

if TYPE_CHECKING:
    from quant_tui.domain.trading import Strategy
    from quant_tui.engine.rules import ParameterSpec
    from quant_tui.services.backtest_report import BacktestSummary

SHOWN_BACKTESTS = 12


class Page(VerticalScroll, can_focus=True):
    """Text that scrolls with the arrows and with ``j`` and ``k``."""

    DEFAULT_CSS = """
    Page { height: 1fr; scrollbar-size-vertical: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Down", id="page.down", show=False, tooltip="Scroll down"),
        Binding("k", "scroll_up", "Up", id="page.up", show=False, tooltip="Scroll up"),
        Binding("g", "scroll_home", "First", id="page.first", show=False, tooltip="To the top"),
        Binding("G", "scroll_end", "Last", id="page.last", show=False, tooltip="To the end"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.text = Static("", markup=False)
        self.lines: list[Content] = []

    def compose(self) -> ComposeResult:
        """Lay out the text."""
        yield self.text

    def show_lines(self, lines: Sequence[Content]) -> None:
        """Put other lines; nothing is repainted when they are the same."""
        if list(lines) != self.lines:
            self.lines = list(lines)
            self.text.update(Content("\n").join(self.lines))

    @property
    def text_width(self) -> int:
        """Cells that a line may take."""
        return max(20, self.size.width - 2)


class StrategyDetail(Page):
    """Description, parameters, rules and backtests of a strategy."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self._head: list[Content] = []
        self._backtests: list[Content] = []

    def show_strategy(
        self, strategy: Strategy, specs: Mapping[str, ParameterSpec], document: Document
    ) -> None:
        """Show a strategy; its backtests come by :meth:`show_backtests`."""
        kind = strategy.strategy_type
        head = [
            Content.styled(strategy.name, "bold $accent"),
            Content.styled(f"{kind} · updated {fmt.ago(strategy.updated_at)}", "$text-muted"),
        ]
        head += about(
            strategy.description or str(document.get("description") or ""),
            specs,
            strategy.parameters,
            document,
            self.text_width,
        )
        self._head = head
        self._backtests = []
        self._put()

    def show_backtests(self, summaries: Sequence[BacktestSummary]) -> None:
        """List the strategy's backtests, the newest first."""
        lines = [Content(""), heading(f"Backtests ({len(summaries)})", self.text_width)]
        if not summaries:
            lines.append(
                Content.assemble("None yet.  ", ("r", "bold $footer-key-foreground"), " runs one.")
            )
        for one in summaries[:SHOWN_BACKTESTS]:
            lines.append(_backtest_line(one, self.text_width))
        if len(summaries) > SHOWN_BACKTESTS:
            rest = len(summaries) - SHOWN_BACKTESTS
            lines.append(Content.styled(f"… {rest} more under 4 Backtests", "$text-muted"))
        self._backtests = lines
        self._put()

    def show_template(
        self,
        name: str,
        kind: str,
        description: str,
        specs: Mapping[str, ParameterSpec],
        document: Document,
    ) -> None:
        """Show a template."""
        defaults = {key: spec.default for key, spec in specs.items()}
        self._head = [
            Content.styled(name, "bold $accent"),
            Content.styled(kind, "$text-muted"),
            *about(description, specs, defaults, document, self.text_width),
        ]
        self._backtests = []
        self._put()

    def _put(self) -> None:
        self.show_lines([*self._head, *self._backtests])


def about(
    description: str,
    specs: Mapping[str, ParameterSpec],
    values: Mapping[str, object],
    document: Document,
    width: int,
) -> list[Content]:
    """Write description, parameters and rules."""
    lines: list[Content] = []
    if description:
        lines += [Content(""), *Content(" ".join(description.split())).wrap(min(width, 90))]
    lines += [Content(""), heading("Parameters", width)]
    lines += [line.truncate(width, ellipsis=True) for line in rules_text.parameters(values, specs)]
    lines += rules_text.constraints(document)
    lines += [Content(""), heading("Rules", width), *rules_text.rules(document, width)]
    return lines


def heading(text: str, width: int) -> Content:
    """Write a section's heading with a line after it."""
    line = "─" * max(0, min(width, 90) - len(text) - 1)
    return Content.assemble((text, "bold $text-muted"), " ", (line, "$rule"))


def _backtest_line(one: BacktestSummary, width: int) -> Content:
    status = status_text(one.status)
    period = f"{fmt.day(one.start)[:7]} … {fmt.day(one.end)[:7]}" if one.start else ""
    figures = (
        (fmt.change(one.total_return, 1).rjust(11), _role(one.total_return)),
        (fmt.number(one.sharpe_ratio).rjust(7), ""),
        (fmt.percent(one.max_drawdown, 1).rjust(8), ""),
    )
    room = width - 3 - 11 - 7 - 8 - (21 if width > 70 else 0)
    return Content.assemble(
        status.mark,
        " ",
        fit(", ".join(one.symbols), max(8, room), "left"),
        (f"  {period:<19}" if width > 70 else "", "$text-muted"),
        *figures,
    )


def _role(value: float | None) -> str:
    direction = fmt.direction(value)
    return f"${direction}" if direction else ""
