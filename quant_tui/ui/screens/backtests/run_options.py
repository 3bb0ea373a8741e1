"""How a backtest trades, as fields of a form: one table that writes them and reads them back."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput
from quant_tui.ui import format as fmt

if TYPE_CHECKING:
    from quant_tui.engine import BacktestConfig

NO_YES = (("no", "no"), ("yes", "yes"))
SIZING_HELP = {
    "auto": "the strategy's own, else 1/N",
    "all_in": "all cash into each entry",
    "equal_weight": "1/k to each of k held",
    "fraction": "percent of the equity an entry",
    "fixed_cash": "money an entry",
    "fixed_shares": "shares an entry",
    "volatility_target": "percent a year, by window",
}
"""What the size beside each sizing is."""

_PERCENT_SIZINGS = ("fraction", "volatility_target")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")
_LIMIT = re.compile(r"-?\d+(\.\d+)?")
_SHORTER = (
    (r", not \S+$", ""),
    (r"at least (\S+) and at most", r"from \1 to"),
    (r"must be above (\S+) and at most", r"above \1, at most"),
    (r"must be a whole number, at least", "a whole number from"),
)
"""How the engine's words are made to fit beside a field on 80 columns."""


@dataclass(frozen=True, slots=True)
class Option:
    """A field of :class:`~quant_tui.engine.BacktestConfig` in the form.

    Attributes
    ----------
    key
        Name of the config's field.
    unit
        How people write it: ``percent`` for a fraction, ``number``, ``whole``, ``size``
        for what the sizing decides, ``choice``, or ``switch`` for true and false.
    optional
        Whether it may be left empty, for None.
    """

    key: str
    label: str
    unit: Literal["percent", "number", "whole", "size", "choice", "switch"]
    help_text: str = ""
    choices: tuple[tuple[str, str], ...] | None = None
    optional: bool = False

    def write(self, config: Document) -> str:
        """Write the config's value as a person would."""
        value = config[self.key]
        if value is None:
            return ""
        if self.unit == "choice":
            return str(value)
        if self.unit == "switch":
            return "yes" if value else "no"
        if self.in_percent(config["sizing"]):
            return _decimal(value, 100)
        if value >= 1000 and value == int(value) and self.unit == "number":
            return fmt.number(value, 0)
        return _decimal(value, 1) if isinstance(value, float) else str(value)

    def in_percent(self, sizing: object) -> bool:
        """Return whether people write it in percent, with this sizing."""
        return self.unit == "percent" or (self.unit == "size" and sizing in _PERCENT_SIZINGS)


BASIC: tuple[Option, ...] = (
    Option("initial_capital", "Capital", "number", "cash at the start"),
    Option("commission", "Commission %", "percent", "of every fill's value"),
    Option("slippage", "Slippage %", "percent", "against every fill"),
    Option("fill", "Fill at", "choice", "decided on a bar's close",
           (("next_open", "next bar's open"), ("close", "same bar's close"))),
    Option("shares", "Shares", "choice", "",
           (("fractional", "fractional"), ("whole", "whole shares"))),
    Option("sizing", "Sizing", "choice", "",
           (("auto", "automatic"), ("all_in", "all in"), ("equal_weight", "equal weight"),
            ("fraction", "% of equity"), ("fixed_cash", "fixed cash"),
            ("fixed_shares", "fixed shares"), ("volatility_target", "volatility %"))),
    Option("sizing_value", "Size", "size", optional=True),
)  # fmt: skip
"""Those that most runs are about."""

MORE: tuple[Option, ...] = (
    Option("commission_per_share", "Per share", "number", "money on top of commission"),
    Option("commission_minimum", "Least a fill", "number", "money, at the least"),
    Option("slippage_model", "Slippage by", "choice", "what the slippage above is",
           (("fraction", "fixed %"), ("spread", "half of spread"),
            ("volume_share", "volume share"))),
    Option("volume_impact", "Impact %", "percent", "of a bar's whole volume"),
    Option("participation_cap", "Volume cap %", "percent", "of a bar; empty: none",
           optional=True),
    Option("borrow_rate", "Borrow %", "percent", "a year, shorts and debt"),
    Option("cash_rate", "Cash %", "percent", "a year, on idle cash"),
    Option("allow_short", "Sell short", "switch", "if the rules do", NO_YES),
    Option("max_leverage", "Leverage", "number", "most, times the equity"),
    Option("sizing_window", "Window", "whole", "bars, for volatility %"),
    Option("intrabar", "In one bar", "choice", "stop and target touched",
           (("pessimistic", "stop first"), ("optimistic", "target first"))),
    Option("finalize", "At the end", "choice", "what is still held",
           (("mark", "stays open"), ("close", "sold, last close"),
            ("last_open", "sold, last open"))),
    Option("seed", "Seed", "whole", "kept with the result"),
)  # fmt: skip
"""The rest."""

_OPTIONS = {one.key: one for one in (*BASIC, *MORE)}


def written(settings: Document, commission: float) -> dict[str, str]:
    """Write every option.

    Parameters
    ----------
    settings
        Config of an earlier backtest, or a part of it; empty for the defaults.
    commission
        The default one, a fraction.
    """
    from quant_tui.engine import BacktestConfig

    config = {**BacktestConfig(commission=commission).to_document(), **settings}
    return {one.key: one.write(config) for one in _OPTIONS.values()}


def beside_form(settings: Document) -> Document:
    """Return the settings of an earlier backtest that the form has no field for."""
    from quant_tui.engine import BacktestConfig

    names = {one.name for one in fields(BacktestConfig)} - _OPTIONS.keys()
    return {name: settings[name] for name in names & settings.keys()}


def read_options(
    values: Mapping[str, str], beside: Document
) -> tuple[BacktestConfig | None, dict[str, str]]:
    """Read every option back.

    Parameters
    ----------
    values
        Text of every field.
    beside
        Settings that go along, as :func:`beside_form` gives them.

    Returns
    -------
    config, errors
        The config, None when anything is wrong; messages by field.
    """
    from quant_tui.engine import BacktestConfig

    errors: dict[str, str] = {}
    read: dict[str, object] = dict(beside)
    for option in _OPTIONS.values():
        try:
            read[option.key] = _read(option, values)
        except ValueError as error:
            errors[option.key] = str(error)
    usable = {key: value for key, value in read.items() if key not in errors}
    while True:  # each refusal names one field; without it, the next one is found
        try:
            config = BacktestConfig.from_document(usable)
        except InvalidInput as error:
            field = error.field or "initial_capital"
            if field in errors or field not in usable:
                break  # it is wrong only because of another one
            errors[field] = _said(field, error, values)
            del usable[field]
        else:
            return (None if errors else config), errors
    return None, errors


def _read(option: Option, values: Mapping[str, str]) -> object:
    """Read one option; a ``ValueError`` says what is wrong with it."""
    text = values[option.key]
    if option.unit == "choice":
        return text
    if option.unit == "switch":
        return text == "yes"
    if option.optional and not text.strip():
        return None
    if option.unit == "whole":
        return _whole(text)
    return _number(text, 100 if option.in_percent(values["sizing"]) else 1)


def _decimal(value: float, scale: int) -> str:
    """Write a number times ``scale`` so that reading it back gives the very same number."""
    return f"{(Decimal(repr(value)) * scale).normalize():f}"


def _number(text: str, scale: int) -> float:
    """Read a number and divide it by ``scale``, in decimals as it was written."""
    text = text.strip().removesuffix("%").strip()
    if "," in text:
        if not _THOUSANDS.fullmatch(text):  # "0,1" is a tenth to some, and never a whole
            raise ValueError("commas only between thousands; decimals after a point")
        text = text.replace(",", "")
    try:
        number = float(Decimal(text) / scale)
    except (ArithmeticError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError("must be a number")
    return number


def _whole(text: str) -> int:
    try:
        return int(text.strip().replace(",", ""))
    except ValueError:
        raise ValueError("must be a whole number") from None


def _said(field: str, error: InvalidInput, values: Mapping[str, str]) -> str:
    """Say beside a field what the engine says of it, in the field's own unit."""
    from quant_tui.engine.config import NUMBERED_SIZINGS

    sizing = values["sizing"]
    if field == "volume_impact" and values["slippage_model"] != "volume_share":
        return "only by volume share"
    if field == "sizing_value":
        if sizing not in NUMBERED_SIZINGS:
            return "this sizing takes none"
        if not values[field].strip():
            return "must be a number"
    text = error.message.removeprefix(f"{field} ").removesuffix(".")
    for wordy, short in _SHORTER:
        text = re.sub(wordy, short, text)
    if _OPTIONS[field].in_percent(sizing):
        return _LIMIT.sub(lambda limit: f"{float(limit[0]) * 100:g}", text) + " %"
    return text
