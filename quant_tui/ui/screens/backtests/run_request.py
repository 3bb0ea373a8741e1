"""From what a person typed into the run form to a request, or to what is wrong with it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from quant_tui.domain.errors import InvalidInput
from quant_tui.services.names import checked_name

if TYPE_CHECKING:
    from quant_tui.engine import BacktestConfig
    from quant_tui.services.backtest_request import BacktestRequest

SIZED = ("fraction", "fixed_cash", "fixed_shares")
"""Sizings that need a number."""

_PERCENT = ("commission", "slippage")

_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")


def symbols_in(text: str) -> list[str]:
    """Return the symbols of a comma- or space-separated text, each once."""
    return list(dict.fromkeys(part for part in re.split(r"[,;\s]+", text) if part))


def read_request(
    values: Mapping[str, str], known: Mapping[str, tuple[date, date]]
) -> tuple[BacktestRequest | None, dict[str, str]]:
    """Read the form.

    Parameters
    ----------
    values
        Text of every field.
    known
        First and last date of every symbol with bars.

    Returns
    -------
    request, errors
        The request, None when anything is wrong; messages by field.
    """
    from quant_tui.services.backtest_request import BacktestRequest

    errors: dict[str, str] = {}
    symbols = symbols_in(values["symbols"])
    start = _date(values["start"], "start", errors)
    end = _date(values["end"], "end", errors)
    unknown = [one for one in symbols if one not in known]
    if not values["strategy"]:
        errors["strategy"] = "make one first: 3, then n"
    if not symbols:
        errors["symbols"] = "choose at least one"
    elif unknown:
        errors["symbols"] = f"no bars for {', '.join(unknown)}"
    elif start and end and not errors.keys() & {"start", "end"}:
        _check_period(symbols, known, start, end, errors)
    benchmark = values["benchmark"].strip()
    if benchmark and benchmark not in known:
        errors["benchmark"] = f"no bars for {benchmark}"
    name = ""
    try:
        name = checked_name(values["name"])
    except InvalidInput as error:
        errors["name"] = str(error)
    config = _config(values, errors)
    if errors or config is None:
        return None, errors
    request = BacktestRequest(
        symbols=tuple(symbols),
        strategy_id=values["strategy"],
        start=start,
        end=end,
        config=config,
        benchmark=benchmark,
        name=name,
    )
    return request, {}


def _date(text: str, field: str, errors: dict[str, str]) -> date | None:
    text = text.strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        errors[field] = "write it as 2016-03-31"
        return None


def _check_period(
    symbols: list[str],
    known: Mapping[str, tuple[date, date]],
    start: date,
    end: date,
    errors: dict[str, str],
) -> None:
    if start > end:
        errors["end"] = "is before the start"
        return
    outside = [one for one in symbols if known[one][1] < start or known[one][0] > end]
    if outside:
        first, last = known[outside[0]]
        errors["start"] = f"{outside[0]} has bars from {first} to {last}"


def _number(text: str, field: str, errors: dict[str, str]) -> float | None:
    text = text.strip().removesuffix("%").strip()
    if "," in text:
        if not _THOUSANDS.fullmatch(text):  # "0,1" is a tenth to some, and never a whole
            errors[field] = "commas only between thousands; decimals after a point"
            return None
        text = text.replace(",", "")
    try:
        number = float(text.replace("_", ""))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        errors[field] = "must be a number"
        return None
    return number


def _config(values: Mapping[str, str], errors: dict[str, str]) -> BacktestConfig | None:
    from quant_tui.engine import BacktestConfig

    numbers: dict[str, float] = {}
    for field in ("initial_capital", *_PERCENT):
        number = _number(values[field], field, errors)
        if number is not None:
            numbers[field] = number / 100 if field in _PERCENT else number
    sizing = values["sizing"]
    sizing_value = None
    if sizing in SIZED:
        sizing_value = _number(values["sizing_value"], "sizing_value", errors)
        if sizing_value is not None and sizing == "fraction":
            sizing_value /= 100
    if errors.keys() & {"initial_capital", *_PERCENT, "sizing_value"}:
        return None
    try:
        return BacktestConfig(
            initial_capital=numbers["initial_capital"],
            commission=numbers["commission"],
            slippage=numbers["slippage"],
            fill=values["fill"],
            shares=values["shares"],
            sizing=sizing,
            sizing_value=sizing_value,
        )
    except InvalidInput as error:
        field = error.field or "initial_capital"
        if field in _PERCENT:
            errors[field] = "must be from 0 to 50 %"
        elif field == "sizing_value" and sizing == "fraction":
            errors[field] = "must be above 0 and at most 100 %"
        else:
            errors[field] = error.message.removeprefix(f"{field} ").removesuffix(".")
        return None
