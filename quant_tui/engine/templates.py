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


def _whole(low: int, high: int, default: int, description: str) -> dict[str, Any]:
    """Return a parameter that counts something."""
    return {"int": [low, high], "default": default, "step": 1, "description": description}


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
        "EMA_CROSSOVER",
        "EMA crossover",
        "Buys when the short exponential average of the close crosses above the long one and"
        " sells when it crosses below: turns sooner than simple averages, and more often in vain.",
        ("trend", "moving average", "long only"),
        params={
            "short_window": _whole(1, 1000, 12, "Bars of the short average."),
            "long_window": _whole(2, 2000, 26, "Bars of the long average; more than the short's."),
        },
        constraints=[
            {
                "rule": "short_window < long_window",
                "message": "short_window must be less than long_window",
            }
        ],
        let={"fast": "ema(close, short_window)", "slow": "ema(close, long_window)"},
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
        "MACD",
        "MACD crossover",
        "Buys when the MACD line crosses above its signal line and sells when it crosses below:"
        " follows the change of a trend rather than its level.",
        ("trend", "momentum", "long only"),
        params={
            "fast_period": _whole(1, 500, 12, "Bars of the fast average."),
            "slow_period": _whole(2, 1000, 26, "Bars of the slow average; more than the fast's."),
            "signal_period": _whole(1, 500, 9, "Bars of the signal line."),
        },
        constraints=[
            {
                "rule": "fast_period < slow_period",
                "message": "fast_period must be less than slow_period",
            }
        ],
        let={
            "line": "macd(close, fast_period, slow_period)",
            "signal": "macd_signal(close, fast_period, slow_period, signal_period)",
        },
        entry="cross_above(line, signal)",
        exit="cross_below(line, signal)",
    ),
    _template(
        "BOLLINGER_REVERSION",
        "Bollinger reversion",
        "Buys when the close falls below the lower Bollinger band and sells when it is back above"
        " the middle one: bets on a return to the mean.",
        ("mean reversion", "volatility", "long only"),
        params={
            "window": _whole(2, 1000, 20, "Bars of the average and the deviation."),
            "deviations": {
                "float": [0.1, 10],
                "default": 2.0,
                "step": 0.1,
                "description": "Standard deviations between the middle and the lower band.",
            },
        },
        entry='close < bollinger_lower(close, window, deviations, "sma")',
        exit="close > sma(close, window)",
    ),
    _template(
        "DONCHIAN_BREAKOUT",
        "Donchian breakout",
        "Buys when the close breaks the highest high of the bars before it and sells when it"
        " breaks the lowest low of fewer bars: the classic channel of the trend followers.",
        ("trend", "breakout", "long only"),
        params={
            "entry_window": _whole(1, 1000, 20, "Bars whose highest high must be broken."),
            "exit_window": _whole(1, 1000, 10, "Bars whose lowest low ends the trade."),
        },
        entry="close > lag(rolling_max(high, entry_window), 1)",
        exit="close < lag(rolling_min(low, exit_window), 1)",
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
        "VOLATILITY_TARGET",
        "Volatility target",
        "Holds every symbol in equal parts, each part made smaller while its volatility is above"
        " the target: keeps the risk even through quiet and wild times.",
        ("risk", "volatility", "long only"),
        params={
            "target": {
                "float": [0.01, 2],
                "default": 0.15,
                "step": 0.01,
                "description": "Annual volatility aimed at, a fraction.",
            },
            "window": _whole(2, 1000, 20, "Bars over which the volatility is measured."),
            "periods_per_year": _whole(1, 1_000_000, 252, "Bars of a year."),
            "rebalance_on": {
                "choice": ["day_start", "week_start", "month_start", "quarter_start", "year_start"],
                "default": "week_start",
                "description": "On which bars the weights are set anew.",
            },
        },
        let={"volatility": "stddev(rocp(close, 1), window) * sqrt(periods_per_year)"},
        weight="equal_weight(volatility > 0) * min(1, target / volatility)",
        rebalance="rebalance_on",
    ),
    _template(
        "BUY_AND_HOLD",
        "Buy and hold",
        "Buys every symbol on its first bar and keeps it: the yardstick for every other strategy.",
        ("benchmark", "passive", "long only"),
        entry="bar_number == 1",
        exit="false",
    ),
    _template(
        "ML_SIGNAL",
        "Machine-learning signal",
        "Buys while the prediction of the model that is in production is above one threshold and"
        " sells once it is below the other. Needs a trained model named signal.",
        ("machine learning", "long only"),
        params={
            "buy_above": {
                "float": [-1000, 1000],
                "default": 0.0,
                "step": 0.001,
                "description": "Buys above this prediction, in units of the model's target.",
            },
            "sell_below": {
                "float": [-1000, 1000],
                "default": 0.0,
                "step": 0.001,
                "description": "Sells below this prediction; at most the other threshold.",
            },
        },
        constraints=[
            {
                "rule": "sell_below <= buy_above",
                "message": "sell_below must be at most buy_above",
            }
        ],
        let={"prediction": 'model("signal@prod")'},
        entry="prediction > buy_above",
        exit="prediction < sell_below",
    ),
)

TEMPLATES: dict[str, Template] = {template.strategy_type: template for template in _ALL}
"""Templates by type."""
