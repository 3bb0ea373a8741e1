"""TA-Lib's functions in the rule language, made from its table."""

from __future__ import annotations

from collections.abc import Iterator

from quant_tui.engine.arrays import FloatArray
from quant_tui.engine.indicators.talib_calls import PRICES, TalibFunction, call, talib_functions
from quant_tui.engine.indicators.talib_lookback import AVERAGES
from quant_tui.engine.rules import limits
from quant_tui.engine.rules.frame import Frame
from quant_tui.engine.rules.kinds import Kind
from quant_tui.engine.rules.library.spec import Evaluate, FunctionSpec
from quant_tui.engine.rules.library.talib_words import PARAMETERS, WORDS

_GROUPS = {
    "Overlap Studies": "Averages and bands",
    "Momentum Indicators": "Momentum",
    "Volume Indicators": "Volume",
    "Volatility Indicators": "Volatility",
    "Price Transform": "Price transforms",
    "Cycle Indicators": "Cycles",
    "Statistic Functions": "Statistics",
    "Math Operators": "Statistics",
    "Pattern Recognition": "Candle patterns",
}
_STEP_A_BAR = frozenset({"AVGDEV", "CCI", "FRACTAL", "IMI", "PERCENTILE", "PERCENTRANK", "VHF"})
"""Functions that look at the whole window again on every bar, and cannot be stopped."""

_LONGEST_THEN = 2_000.0
"""Their longest window: a million bars take seconds, not minutes."""

_KINDS = {"int": Kind.WINDOW, "real": Kind.NUMBER, "average": Kind.AVERAGE}
_NAMES = {number: name for name, number in AVERAGES.items()}


def functions() -> Iterator[FunctionSpec]:
    """Yield a spec for each output of each function that TA-Lib computes for the language."""
    table = talib_functions()
    for name, theirs, output, units, text in WORDS:
        entry = table[theirs]
        source = f"TA-Lib {theirs}"
        if len(entry.outputs) > 1:
            source += f", {entry.outputs[output]}"
        yield _spec(name, entry, output, units, _sentence(entry.title, text, source))
    for theirs, entry in table.items():
        if entry.group == "Pattern Recognition":
            units = "100 bullish, -100 bearish, 0 none"
            title = f"{entry.title}: a candle pattern that ends on the bar (TA-Lib {theirs})."
            yield _spec("cdl_" + theirs.removeprefix("CDL").lower(), entry, 0, units, title)


def _sentence(title: str, text: str, source: str) -> str:
    """Join what is said of a function, with its author and its name in TA-Lib at the end."""
    joined = f"{title} {text}" if text.startswith("(") else f"{title}: {text}"
    if joined.endswith(")"):
        return f"{joined[:-1]}; {source})."
    return f"{joined} ({source})."


def _spec(name: str, entry: TalibFunction, output: int, units: str, text: str) -> FunctionSpec:
    series = [(PARAMETERS.get(one, one), Kind.SERIES) for one in entry.inputs if one not in PRICES]
    given = [
        (PARAMETERS.get(one, one), _KINDS[kind], default, low, high)
        for one, kind, default, low, high in entry.parameters
    ]
    return FunctionSpec(
        name=name,
        arguments=(*series, *((label, kind) for label, kind, *_ in given)),
        result=Kind.SERIES,
        units=units,
        help=text,
        group=_GROUPS[entry.group],
        lookback=entry.lookback,
        evaluate=_evaluation(entry, output),
        defaults=tuple(
            _NAMES[int(default)] if kind is Kind.AVERAGE else default
            for _, kind, default, *_ in given
        ),
        bounds={
            label: _bounds(entry, kind, low, high)
            for label, kind, _, low, high in given
            if kind is not Kind.AVERAGE
        },
        refuses=_refuse_mavp if entry.name == "MAVP" else _refuse_nothing,
    )


def _bounds(
    entry: TalibFunction, kind: Kind, low: float | None, high: float | None
) -> tuple[float, float]:
    least = -limits.NUMBER if low is None else low
    most = limits.NUMBER if high is None else high
    if kind is Kind.WINDOW and entry.name in _STEP_A_BAR:
        most = _LONGEST_THEN
    return least, most


def _refuse_nothing(*_counts: int | str) -> str:
    return ""


def _refuse_mavp(shortest: int, longest: int, _average: str) -> str:
    return "shortest at most longest" if shortest > longest else ""


def _evaluation(entry: TalibFunction, output: int) -> Evaluate:
    own = [one for one in entry.inputs if one not in PRICES]

    def evaluate(frame: Frame, *arguments: FloatArray | float | str) -> FloatArray:
        given = dict(zip(own, arguments, strict=False))
        series = [given[one] if one in given else frame.field(one) for one in entry.inputs]
        values = arguments[len(own) :]
        return call(entry.name, output, series, values)  # type: ignore[arg-type]  # by kind

    return evaluate
