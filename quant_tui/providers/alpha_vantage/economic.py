"""REAL_GDP, CPI, TREASURY_YIELD and the other economic series, with their units."""

from __future__ import annotations

from datetime import UTC, datetime

from quant_tui.domain.errors import ProviderError
from quant_tui.domain.market_data import EconomicIndicator
from quant_tui.providers.alpha_vantage.answers import TITLE, day, number, rows_of

MATURITIES = {
    "3M": "3month",
    "2Y": "2year",
    "5Y": "5year",
    "7Y": "7year",
    "10Y": "10year",
    "30Y": "30year",
}

SERIES: dict[str, dict[str, str]] = {
    "REAL_GDP": {"function": "REAL_GDP", "interval": "quarterly"},
    "REAL_GDP_PER_CAPITA": {"function": "REAL_GDP_PER_CAPITA"},
    "CPI": {"function": "CPI", "interval": "monthly"},
    "INFLATION": {"function": "INFLATION"},
    "UNEMPLOYMENT": {"function": "UNEMPLOYMENT"},
    "NONFARM_PAYROLL": {"function": "NONFARM_PAYROLL"},
    "FEDERAL_FUNDS_RATE": {"function": "FEDERAL_FUNDS_RATE", "interval": "daily"},
    **{
        f"TREASURY_YIELD_{name}": {
            "function": "TREASURY_YIELD",
            "interval": "daily",
            "maturity": maturity,
        }
        for name, maturity in MATURITIES.items()
    },
    "RETAIL_SALES": {"function": "RETAIL_SALES"},
    "DURABLES": {"function": "DURABLES"},
}
"""Parameters of the query by the name of the series, as ``EconomicIndicator`` has it."""


def values(answer: dict[str, object], series: str, source: str) -> list[EconomicIndicator]:
    """Return the values of an answer, the oldest first; days without one are left out.

    Raises
    ------
    ProviderError
        The answer has no values, or one cannot be read.
    """
    unit = str(answer.get("unit") or "")
    found: list[EconomicIndicator] = []
    for row in rows_of(answer, "data"):
        when = day(row.get("date"), f"a date of {series}")
        value = number(row.get("value"), f"{series} on {when}")
        if when is None or value is None:
            continue
        found.append(
            EconomicIndicator(
                indicator_type=series,
                date=datetime(when.year, when.month, when.day, tzinfo=UTC),
                value=value,
                unit=unit,
                source=source,
            )
        )
    if not found:
        raise ProviderError(f"{TITLE} gave no values of {series}.")
    found.sort(key=lambda one: one.date)
    return found
