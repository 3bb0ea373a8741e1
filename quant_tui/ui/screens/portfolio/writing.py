"""How the cells of the portfolio tables are written."""

from __future__ import annotations

from datetime import date
from typing import cast

from quant_tui.ui import format as fmt

SPARK = 12
"""Cells of a sparkline."""


def muted(_value: object) -> str:
    """Give the role of what is beside the point."""
    return "muted"


def money(value: object) -> str:
    """Write money with two decimals."""
    return fmt.number(cast("float | None", value))


def gain(value: object) -> str:
    """Write money won or lost, with its sign."""
    return fmt.signed(cast("float | None", value))


def shares(value: object) -> str:
    """Write shares with the decimals they have, at most four."""
    if not isinstance(value, float | int) or not value:
        return fmt.NOTHING
    text = fmt.number(value, 4)
    return text.rstrip("0").rstrip(".")


def price(value: object) -> str:
    """Write a price."""
    return fmt.number(cast("float | None", value))


def weight(value: object) -> str:
    """Write a share of the value."""
    return fmt.percent(cast("float | None", value), 1)


def change(value: object) -> str:
    """Write a return with its arrow."""
    return fmt.change(cast("float | None", value))


def day(value: object) -> str:
    """Write a date."""
    return fmt.day(cast("date | None", value))


def some(value: object) -> str:
    """Write money, and nothing for none."""
    return "" if not value else money(value)


def spark(value: object) -> str:
    """Draw last prices."""
    return fmt.sparkline(value, SPARK) if isinstance(value, tuple) else ""


def spark_role(value: object) -> str:
    """Give the direction of last prices."""
    return fmt.direction(value[-1] - value[0]) if isinstance(value, tuple) and value else ""
