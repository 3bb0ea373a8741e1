"""Series that come from outside the bars, named in quotes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn

from quant_tui.engine.rules.kinds import Kind
from quant_tui.engine.rules.library.spec import Argument, FunctionSpec, no_lookback

_GIVE = "or give it to the run as one of its inputs"


def functions() -> Iterator[FunctionSpec]:
    """Yield the specs."""
    name: Argument = ("name", Kind.NAME)
    table: tuple[tuple[str, tuple[Argument, ...], str, str, str], ...] = (
        ("macro", (name,), "of the series",
         'Macroeconomic figure such as macro("CPI"), the last one released by the date.',
         f"Fetch it: quant-tui data fetch --kind economic, {_GIVE}."),
        ("fundamental", (name,), "of the figure",
         'Company figure such as fundamental("pe_ratio"), as reported by the date.',
         f"Fetch it: quant-tui data fetch --kind company, {_GIVE}."),
        ("news_sentiment", (), "-1 to 1",
         "Mean sentiment of the news on the symbol published by the date.",
         f"Fetch it: quant-tui data fetch --kind news, {_GIVE}."),
        ("model", (name,), "of the model's target",
         'Prediction of a trained model, as model("name@alias"), made by the date.',
         f"Train and promote a model of that name and alias, {_GIVE}."),
    )  # fmt: skip
    for call, arguments, units, text, missing in table:
        yield FunctionSpec(
            call, arguments, Kind.SERIES, units, text, "From outside the bars", no_lookback,
            _given_elsewhere, missing=missing,
        )  # fmt: skip


def _given_elsewhere(*_arguments: object) -> NoReturn:
    raise AssertionError("the interpreter reads these from its inputs")
