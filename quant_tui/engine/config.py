"""How a backtest trades: capital, costs, fills and sizing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from quant_tui.domain.errors import InvalidInput

FILLS = ("next_open", "close")
SHARES = ("fractional", "whole")
SIZINGS = ("auto", "all_in", "fraction", "fixed_cash", "fixed_shares", "equal_weight")
FINALIZE = ("mark", "close", "last_open")
SIZE_AT = ("fill", "decision")
CASH_SHORT = ("cut", "reject")

_CHOICES = {
    "fill": FILLS,
    "shares": SHARES,
    "sizing": SIZINGS,
    "finalize": FINALIZE,
    "size_at": SIZE_AT,
    "cash_short": CASH_SHORT,
}


@dataclass(frozen=True, slots=True)
class BacktestConfig:
    """Everything beside bars and strategy that decides a backtest's numbers.

    Attributes
    ----------
    initial_capital
        Cash at the start, above zero.
    commission
        Fraction of every fill's value, 0 to 0.5.
    slippage
        Fraction by which every fill's price is worse than its reference, 0 to 0.5.
    fill
        ``next_open``: decided on a bar's close, filled at the symbol's next bar's open.
        ``close``: filled at the deciding bar's close.
    shares
        ``fractional``, or ``whole`` (quantities rounded down).
    sizing
        Size of an entry. ``all_in``: all cash. ``fraction``: ``sizing_value`` of the
        equity. ``fixed_cash``: that much money. ``fixed_shares``: that many. All but
        ``fixed_shares`` include the commission, so that the budget is not passed.
        ``equal_weight``: whenever the set of symbols in position changes, each of the
        k symbols is set to 1/k of the equity. ``auto``: the strategy's own sizing if it
        names one, otherwise ``all_in`` with one symbol and ``fraction`` 1/N with N.
        Strategies that give target weights use those.
    sizing_value
        Number that goes with ``fraction``, ``fixed_cash`` and ``fixed_shares``.
    size_at
        ``fill``: equity and price are those at the fill. ``decision``: the quantity is
        budget / the deciding bar's close, costs on top, as an order ticket has it.
    cash_short
        When an order costs more than the cash: ``cut`` it to what cash pays, or
        ``reject`` it. Either is counted. With ``size_at`` decision an order is also
        rejected that the cash would not pay for at the deciding bar's close.
    finalize
        ``mark``: open positions stay open, valued at the last close. ``close``: sold at
        the last bar's close. ``last_open``: sold at the last bar's open.
    delist_after
        A symbol whose bars end at least this many rows before the data do has stopped
        trading: its position is closed at its last close.
    annualization
        Periods a year for annual figures; None derives it from the dates.
    risk_free
        Annual risk-free rate, a fraction; enters Sharpe, alpha and beta.
    seed
        Seed of anything random; kept for the record, the simulation itself has none.
    """

    initial_capital: float = 100_000.0
    commission: float = 0.0
    slippage: float = 0.0
    fill: str = "next_open"
    shares: str = "fractional"
    sizing: str = "auto"
    sizing_value: float | None = None
    size_at: str = "fill"
    cash_short: str = "cut"
    finalize: str = "mark"
    delist_after: int = 1
    annualization: float | None = None
    risk_free: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Check every field, so that a config that exists can be used."""
        for name, choices in _CHOICES.items():
            value = getattr(self, name)
            if value not in choices:
                raise InvalidInput(
                    f"{name} must be one of {', '.join(choices)}, not {value!r}.", field=name
                )
        self._number("initial_capital", least=0.01, most=1e15)
        self._number("commission", least=0.0, most=0.5)
        self._number("slippage", least=0.0, most=0.5)
        self._number("risk_free", above=-1.0, most=1.0)
        if self.annualization is not None:
            self._number("annualization", above=0.0, most=1e8)
        self._whole("seed", least=0, most=2**63 - 1)
        self._whole("delist_after", least=1)
        self._check_sizing_value()

    def _check_sizing_value(self) -> None:
        if self.sizing in ("fraction", "fixed_cash", "fixed_shares"):
            if self.sizing_value is None:
                raise InvalidInput(
                    f"sizing {self.sizing} needs sizing_value.", field="sizing_value"
                )
            self._number("sizing_value", above=0.0, most=1.0 if self.sizing == "fraction" else 1e15)
        elif self.sizing_value is not None:
            raise InvalidInput(
                f"sizing {self.sizing} takes no sizing_value.",
                field="sizing_value",
                hint="Leave it out, or choose fraction, fixed_cash or fixed_shares.",
            )

    def _number(
        self,
        name: str,
        *,
        least: float = -math.inf,
        above: float = -math.inf,
        most: float = math.inf,
    ) -> None:
        value = getattr(self, name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidInput(f"{name} must be a number, not {value!r}.", field=name)
        number = float(value)
        if not math.isfinite(number) or number < least or number <= above or number > most:
            low = f"at least {least:g}" if math.isfinite(least) else f"above {above:g}"
            raise InvalidInput(f"{name} must be {low} and at most {most:g}.", field=name)
        object.__setattr__(self, name, number)

    def _whole(self, name: str, *, least: int, most: int = 2**31 - 1) -> None:
        value = getattr(self, name)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise InvalidInput(
                f"{name} must be a whole number, at least {least}, not {value!r}.", field=name
            )
        if value > most:
            raise InvalidInput(f"{name} must be at most {most}.", field=name)

    def resolve(
        self, *, symbols: int, annualization: float, sizing: tuple[str, float | None] | None = None
    ) -> BacktestConfig:
        """Fill in what depends on the bars and the strategy.

        Parameters
        ----------
        symbols
            Number of symbols traded.
        annualization
            Periods a year that the dates give.
        sizing
            The strategy's own sizing and its value, or None.
        """
        method, value = self.sizing, self.sizing_value
        if method == "auto":
            if sizing is not None:
                method, value = sizing
            elif symbols == 1:
                method = "all_in"
            else:
                method, value = "fraction", 1.0 / symbols
        return replace(
            self,
            sizing=method,
            sizing_value=value,
            annualization=self.annualization or annualization,
        )

    def to_document(self) -> dict[str, Any]:
        """Return every field, defaults filled in, ready for JSON."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> BacktestConfig:
        """Make a config from what ``to_document`` gave, or a part of it.

        Raises
        ------
        InvalidInput
            A key is unknown or a value cannot be used.
        """
        known = {field.name for field in fields(cls)}
        for name in document:
            if name not in known:
                raise InvalidInput(
                    f"{name} is not a field of the backtest configuration.",
                    field=str(name),
                    hint=f"Fields: {', '.join(sorted(known))}.",
                )
        return cls(**dict(document))
