"""From what a person typed into the run form to a request, or to what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput
from quant_tui.services.names import checked_name
from quant_tui.ui.screens.backtests.run_options import read_options

if TYPE_CHECKING:
    from quant_tui.services.backtest_request import BacktestRequest


def symbols_in(text: str) -> list[str]:
    """Return the symbols of a comma- or space-separated text, each once."""
    return list(dict.fromkeys(part for part in re.split(r"[,;\s]+", text) if part))


def read_request(
    values: Mapping[str, str], known: Mapping[str, tuple[date, date]], beside: Document
) -> tuple[BacktestRequest | None, dict[str, str]]:
    """Read the form.

    Parameters
    ----------
    values
        Text of every field.
    known
        First and last date of every symbol with bars.
    beside
        Settings that the form has no field for.

    Returns
    -------
    request, errors
        The request, None when anything is wrong; messages by field.
    """
    from quant_tui.services.backtest_request import BacktestRequest

    errors: dict[str, str] = {}
    symbols = symbols_in(values["symbols"])
    start = read_date(values["start"], "start", errors)
    end = read_date(values["end"], "end", errors)
    unknown = [one for one in symbols if one not in known]
    if not values["strategy"]:
        errors["strategy"] = "make one first: 3, then n"
    if not symbols:
        errors["symbols"] = "choose at least one"
    elif unknown:
        errors["symbols"] = f"no bars for {', '.join(unknown)}"
    elif start and end and not errors.keys() & {"start", "end"}:
        check_period(symbols, known, start, end, errors)
    benchmark = values["benchmark"].strip()
    if benchmark and benchmark not in known:
        errors["benchmark"] = f"no bars for {benchmark}"
    name = ""
    try:
        name = checked_name(values["name"])
    except InvalidInput as error:
        errors["name"] = str(error)
    config, wrong = read_options(values, beside)
    errors |= wrong
    warm_up = values["warm_up"] == "before"
    if warm_up and not start and "start" not in errors:
        errors["warm_up"] = "needs a date in From"
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
        warm_up=warm_up,
    )
    return request, {}


def read_date(text: str, field: str, errors: dict[str, str]) -> date | None:
    """Read a date; None for an empty text, and for one that gets a message in ``errors``."""
    text = text.strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        errors[field] = "write it as 2016-03-31"
        return None


def check_period(
    symbols: list[str],
    known: Mapping[str, tuple[date, date]],
    start: date,
    end: date,
    errors: dict[str, str],
) -> None:
    """Put a message into ``errors`` where a period is none, or a symbol has no bars in it."""
    if start > end:
        errors["end"] = "is before the start"
        return
    outside = [one for one in symbols if known[one][1] < start or known[one][0] > end]
    if outside:
        first, last = known[outside[0]]
        errors["start"] = f"{outside[0]} has bars from {first} to {last}"
