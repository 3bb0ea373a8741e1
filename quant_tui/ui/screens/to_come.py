"""Workspaces that are still empty: what will be there, and which key helps now."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from quant_tui.ui.widgets.message_panel import MessagePanel, Notice
from quant_tui.ui.workspaces import Workspace


class ToCome(Workspace):
    """A workspace that says what it will be for."""

    needs_services = False
    notice: ClassVar[Notice]

    def compose(self) -> ComposeResult:
        """Show the text."""
        yield MessagePanel(self.notice)


class Dashboard(ToCome):
    """The home screen."""

    notice = Notice(
        "Dashboard",
        "Your first look of the day: how each strategy did since you left, the drawdowns that "
        "deepened, the runs that finished overnight, the symbols that moved.\n\n"
        "It fills as you work. Two steps from here to a result:",
        (("3", "Strategies: make one from a template"), ("4", "Backtests: run it and read it"),
         ("?", "All keys"), ("ctrl+p", "Find any action by name")),
    )  # fmt: skip


class Watchlists(ToCome):
    """Symbols at hand."""

    notice = Notice(
        "Watchlists",
        "Lists of symbols with last close, change, volume and a sparkline each, for keeping an "
        "eye on a universe and for handing it to a backtest in one key.\n\n"
        "Prices come in by import for now.",
        (("4", "Backtests: run one on any stored symbols"), ("ctrl+p", "data: import a file")),
    )


class Optimise(ToCome):
    """Parameter search."""

    notice = Notice(
        "Optimise",
        "Search a strategy's parameters: grid, random and Bayesian studies with walk-forward "
        "splits, their history, the importance of each parameter, and how sure one can be that "
        "the best trial is not luck.\n\nUntil then, change parameters by hand and compare runs:",
        (("3", "Strategies: edit parameters"), ("4", "Backtests: mark runs and compare")),
    )


class Models(ToCome):
    """Machine learning."""

    notice = Notice(
        "Models",
        "Feature sets, trained models, their experiments and calibration, and the one that is "
        "deployed: each tied to the data and the code that made it.",
        (("3", "Strategies"), ("4", "Backtests")),
    )


class Portfolio(ToCome):
    """Portfolios."""

    notice = Notice(
        "Portfolio",
        "Weights across strategies and symbols: risk contributions, correlations, the efficient "
        "frontier, and what rebalancing would trade.\n\n"
        "A backtest over several symbols already sizes a portfolio:",
        (("4", "Backtests: run one on several symbols"),),
    )


class Chat(ToCome):
    """The assistant."""

    notice = Notice(
        "Chat",
        "Ask about what is on the screen, have a strategy written as rules and checked before it "
        "is kept, have a result explained with its own figures.\n\n"
        "It will use a language model of your choice, and only when you have set one up.",
        (("3", "Strategies"), ("ctrl+p", "Find any action by name")),
    )
