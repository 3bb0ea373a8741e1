"""Everything about one strategy, on one page that scrolls."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from textual.content import Content

from quant_tui.domain.base import Document
from quant_tui.domain.errors import QuantError
from quant_tui.domain.trading import OwnTemplate
from quant_tui.ui import format as fmt
from quant_tui.ui.screens.strategies import rules_text
from quant_tui.ui.screens.strategies.backtests_ahead import BacktestsOf
from quant_tui.ui.status_words import status_text
from quant_tui.ui.widgets.page import Page, heading
from quant_tui.ui.widgets.table_grid import fit

if TYPE_CHECKING:
    from quant_tui.domain.trading import Strategy, StrategyTemplate
    from quant_tui.engine.rules import StrategyDocument
    from quant_tui.services.backtest_report import BacktestSummary


class StrategyDetail(Page):
    """Description, parameters, rules and backtests of a strategy, or of a template."""

    def show_strategy(
        self,
        strategy: Strategy,
        document: StrategyDocument,
        backtests: BacktestsOf | None,
    ) -> None:
        """Show a strategy with its backtests, the newest first; None are not known yet."""
        self.show(partial(_strategy_lines, strategy, document, backtests))

    def show_broken(self, strategy: Strategy, error: QuantError) -> None:
        """Show what is wrong with a strategy that cannot be read."""
        self.show(partial(_broken_lines, strategy, error))

    def show_template(self, template: StrategyTemplate, document: StrategyDocument) -> None:
        """Show a template."""
        self.show(partial(_template_lines, template, document))


def _strategy_lines(
    strategy: Strategy,
    document: StrategyDocument,
    backtests: BacktestsOf | None,
    width: int,
) -> list[Content]:
    subtitle = f"{strategy.strategy_type} · updated {fmt.ago(strategy.updated_at)}"
    if not strategy.is_active:
        subtitle += " · archived"
    description = strategy.description or document.description
    lines = [
        Content.styled(strategy.name, "bold $accent"),
        Content.styled(subtitle, "$text-muted"),
    ]
    if strategy.tags:
        tags = Content.assemble(("tags  ", "$text-muted"), ", ".join(strategy.tags))
        lines += tags.wrap(width)
    lines += _about(description, strategy.parameters, document, width)
    if strategy.notes:
        lines += [Content(""), heading("Notes", width), *Content(strategy.notes).wrap(width)]
    return [*lines, *_backtest_lines(backtests, width)]


def _broken_lines(strategy: Strategy, error: QuantError, width: int) -> list[Content]:
    return [
        Content.styled(strategy.name, "bold $accent"),
        Content(""),
        *Content.styled(f"✗ {error.message}", "$text-error").wrap(width),
    ]


def _template_lines(
    template: StrategyTemplate, document: StrategyDocument, width: int
) -> list[Content]:
    defaults = {key: spec.default for key, spec in document.parameters.items()}
    used = f"used {template.usage_count:,} times" if template.usage_count else "not used yet"
    whose = "of your own · " if isinstance(template, OwnTemplate) else ""
    return [
        Content.styled(template.name, "bold $accent"),
        Content.styled(f"{whose}{used}".replace(" 1 times", " once"), "$text-muted"),
        *_about(template.description, defaults, document, width),
    ]


def _about(
    description: str, values: Mapping[str, object], document: StrategyDocument, width: int
) -> list[Content]:
    lines: list[Content] = []
    plain: Document = document.to_document()
    if description:
        lines += [Content(""), *Content(" ".join(description.split())).wrap(width)]
    lines += [Content(""), heading("Parameters", width)]
    lines += [
        line.truncate(width, ellipsis=True)
        for line in rules_text.parameters(values, document.parameters)
    ]
    lines += rules_text.constraints(plain)
    return [*lines, Content(""), heading("Rules", width), *rules_text.rules(plain, width)]


def _backtest_lines(backtests: BacktestsOf | None, width: int) -> list[Content]:
    if backtests is None:
        loading = Content.styled("Loading …", "$text-muted")
        return [Content(""), heading("Backtests", width), loading]
    lines = [Content(""), heading(f"Backtests ({backtests.total})", width)]
    if not backtests.newest:
        key = ("r", "bold $footer-key-foreground")
        return [*lines, Content.assemble("None yet.  ", key, " runs one.")]
    figures = 11 + 7 + 8
    period = 21 if width > 70 else 0
    room = max(8, width - 2 - figures - period)
    titles = f"{'Symbols':<{room + 2}}{'  Period' if period else '':<{period}}"
    titles += f"{'Return':>11}{'Sharpe':>7}{'Max DD':>8}"
    lines.append(Content.styled(titles, "$text-muted"))
    lines += [_backtest_line(one, room, period) for one in backtests.newest]
    if rest := backtests.total - len(backtests.newest):
        lines.append(Content.styled(f"… {rest} more under 4 Backtests", "$text-muted"))
    return lines


def _backtest_line(one: BacktestSummary, room: int, period: int) -> Content:
    when = f"  {fmt.day(one.start)[:7]} … {fmt.day(one.end)[:7]}" if one.start else ""
    direction = fmt.direction(one.total_return)
    return Content.assemble(
        status_text(one.status).mark,
        " ",
        fit(", ".join(one.symbols), room, "left"),
        (f"{when:<{period}}" if period else "", "$text-muted"),
        (fmt.change(one.total_return, 1).rjust(11), f"${direction}" if direction else ""),
        fmt.number(one.sharpe_ratio).rjust(7),
        fmt.percent(one.max_drawdown, 1).rjust(8),
    )
