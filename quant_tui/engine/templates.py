"""The built-in strategies, written in the rule language like anybody else's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Template:
    """A ready-made strategy.

    Attributes
    ----------
    strategy_type
        Its key.
    name, description, tags
        For people and lists.
    document
        The strategy in the rule language, as data.
    """

    strategy_type: str
    name: str
    description: str
    tags: tuple[str, ...]
    document: dict[str, Any]


def _template(
    strategy_type: str, name: str, description: str, tags: tuple[str, ...], **rules: Any
) -> Template:
    heading = {"name": name, "description": description, "strategy_type": strategy_type}
    return Template(
        strategy_type, name, description, tags, {**heading, "tags": list(tags), **rules}
    )


_ALL = (
    _template(
        "SMA_CROSSOVER",
        "SMA crossover",
        "Buys when the short moving average of the close crosses above the long one and sells"
        " when it crosses below: follows trends, pays for sideways markets.",
        ("trend", "moving average", "long only"),
        params={
            "short_window": {
                "int": [1, 1000],
                "default": 20,
                "step": 1,
                "description": "Bars of the short average.",
            },
            "long_window": {
                "int": [2, 2000],
                "default": 50,
                "step": 1,
                "description": "Bars of the long average; more than the short one's.",
            },
        },
        constraints=[
            {
                "rule": "short_window < long_window",
                "message": "short_window must be less than long_window",
            }
        ],
        let={"fast": "sma(close, short_window)", "slow": "sma(close, long_window)"},
        entry="cross_above(fast, slow)",
        exit="cross_below(fast, slow)",
    ),
    _template(
        "RSI_MEAN_REVERSION",
        "RSI mean reversion",
        "Buys when the relative strength index falls below the oversold level and sells when it"
        " rises above the overbought one: bets on a return after a fall.",
        ("mean reversion", "oscillator", "long only"),
        params={
            "rsi_period": {
                "int": [2, 500],
                "default": 14,
                "step": 1,
                "description": "Bars of the relative strength index.",
            },
            "oversold": {
                "float": [0, 100],
                "default": 30.0,
                "step": 1,
                "description": "Buys below this level, 0 to 100.",
            },
            "overbought": {
                "float": [0, 100],
                "default": 70.0,
                "step": 1,
                "description": "Sells above this level, 0 to 100.",
            },
        },
        constraints=[
            {"rule": "oversold < overbought", "message": "oversold must be less than overbought"}
        ],
        let={"strength": "rsi(close, rsi_period)"},
        entry="strength < oversold",
        exit="strength > overbought",
    ),
    _template(
        "MOMENTUM",
        "Cross-sectional momentum",
        "At each rebalance holds, in equal parts, the symbols that rose most over the lookback:"
        " bets that the strong stay strong. With one symbol it holds that symbol.",
        ("momentum", "cross-sectional", "rotation", "long only"),
        params={
            "lookback": {
                "int": [1, 2000],
                "default": 126,
                "step": 1,
                "description": "Bars over which the rise is measured.",
            },
            "top_n": {
                "int": [1, 500],
                "default": 3,
                "step": 1,
                "description": "How many symbols are held.",
            },
            "rebalance_on": {
                "choice": ["day_start", "week_start", "month_start", "quarter_start", "year_start"],
                "default": "month_start",
                "description": "On which bars the holdings are chosen anew.",
            },
        },
        let={"score": "roc(close, lookback)", "place": "rank(score)"},
        weight="equal_weight(place <= top_n)",
        rebalance="rebalance_on",
        rank="score",
    ),
    _template(
        "BUY_AND_HOLD",
        "Buy and hold",
        "Buys every symbol on its first bar and keeps it: the yardstick for every other strategy.",
        ("benchmark", "passive", "long only"),
        entry="bar_number == 1",
        exit="false",
    ),
)

TEMPLATES: dict[str, Template] = {template.strategy_type: template for template in _ALL}
"""Templates by type."""
