"""Workspaces that are still empty: what will be there, and which key helps now."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from quant_tui.ui.widgets.message_panel import MessagePanel, Notice
from quant_tui.ui.workspaces import Workspace

STRATEGIES = ("3", "Strategies: make one from a template")
BACKTESTS = ("4", "Backtests: run one and read it")
KEYS = ("?", "All keys that work here")
PALETTE = ("ctrl+p", "Find any action by its name")


class ToCome(Workspace):
    """A workspace that says what it will be for."""

    needs_services = False
    notice: ClassVar[Notice]

    def compose(self) -> ComposeResult:
        """Show the text."""
        yield MessagePanel(self.notice)


class Dashboard(ToCome):
    """The home screen."""

    BINDING_GROUP_TITLE = "Dashboard"
    notice = Notice(
        "Dashboard",
        "The first look of the day: what each strategy did since you left, which drawdowns "
        "deepened, which runs finished overnight, which symbols moved.\n\n"
        "It fills as you work. Two steps from here to a result:",
        (STRATEGIES, BACKTESTS, KEYS, PALETTE),
        picture=(
            "                                          ▂▄▆▅▇█\n"
            "                          ▁▃▅▆▅▄▅▇▆▅▇██▇▇███████\n"
            "            ▁▂▃▅▄▃▂▄▅▆▅▆▇███████████████████████\n"
            "  ▁▂▁▂▃▄▃▅▆▇████████████████████████████████████"
        ),
    )


class Watchlists(ToCome):
    """Symbols at hand."""

    BINDING_GROUP_TITLE = "Watchlists"
    notice = Notice(
        "Watchlists",
        "Lists of symbols, each with last close, change, volume and a sparkline: to keep an eye "
        "on a universe, and to hand it to a backtest with one key.\n\n"
        "For now, symbols come in by import and are chosen where a backtest is made:",
        (BACKTESTS, PALETTE),
        picture=(
            "━━━━━━━━━━━  ▁▂▃▂▄▅▄▆▇  ━━━━━  ▲ ━━━━\n"
            "━━━━━━━━     ▇▆▅▆▄▃▄▂▁  ━━━━━  ▼ ━━━━\n"
            "━━━━━━━━━━   ▂▃▂▃▄▃▄▅▆  ━━━━━  ▲ ━━━━"
        ),
    )


class Optimise(ToCome):
    """Parameter search."""

    BINDING_GROUP_TITLE = "Optimise"
    notice = Notice(
        "Optimise",
        "Search a strategy's parameters: grid, random and Bayesian studies over walk-forward "
        "splits, their history, how much each parameter matters, and how likely it is that the "
        "best trial was luck.\n\nFor now, change parameters by hand and compare the runs:",
        (STRATEGIES, BACKTESTS),
        picture=(
            "· ·  ·   ·   ∙ ∙ ∙ ●  ∙\n"
            "·   ·  ∙  ∙ ● ∙●●● ∙  · \n"
            "·  · ∙   ∙ ●●∙●●●∙∙  ·\n"
            "   ·   ·  ∙  ∙ ∙ ·   ·  ·"
        ),
    )


class Models(ToCome):
    """Machine learning."""

    BINDING_GROUP_TITLE = "Models"
    notice = Notice(
        "Models",
        "Feature sets, trained models with their experiments and calibration, and the one that "
        "is deployed: each tied to the data and the code that made it.\n\n"
        "Signals come from rules for now:",
        (STRATEGIES, BACKTESTS),
        picture=(
            "○━━━┳━━━○━━━┳━━━○\n"
            "○━━━╋━━━○━━━╋━━━●\n"
            "○━━━┻━━━○━━━┻━━━○"
        ),
    )  # fmt: skip


class Portfolio(ToCome):
    """Portfolios."""

    BINDING_GROUP_TITLE = "Portfolio"
    notice = Notice(
        "Portfolio",
        "Weights across strategies and symbols: what each adds to the risk, how they move "
        "together, the efficient frontier, and what rebalancing would trade.\n\n"
        "A backtest over several symbols already holds a portfolio:",
        (BACKTESTS, PALETTE),
        picture=(
            "████████████████▓▓▓▓▓▓▓▓▓▓▒▒▒▒▒▒▒░░░░\n"
            "██████████▓▓▓▓▓▓▓▓▓▒▒▒▒▒▒▒▒▒▒▒░░░░░░░\n"
            "█████████████▓▓▓▓▓▓▒▒▒▒▒▒▒▒▒▒▒▒▒▒░░░░"
        ),
    )


class Chat(ToCome):
    """The assistant."""

    BINDING_GROUP_TITLE = "Chat"
    notice = Notice(
        "Chat",
        "Ask about what is on the screen. Have a strategy written as rules, and checked before "
        "it is kept. Have a result explained with its own figures.\n\n"
        "It will speak to a language model of your choice, and only once you have set one up.",
        (STRATEGIES, PALETTE),
        picture=(
            "╭──────────────────────╮\n"
            "│ ▬▬▬▬▬ ▬▬▬ ▬▬▬▬▬▬ ▬▬  │\n"
            "╰─╮────────────────────╯\n"
            "        ╭────────────────╮\n"
            "        │ ▬▬▬▬ ▬▬▬▬▬▬ ▬▬ │\n"
            "        ╰──────────────╭─╯"
        ),
    )
