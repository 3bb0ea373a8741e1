"""Fetching market data from a provider: the form, what it would take, what it did."""

from quant_tui.ui.screens.data_fetch.fetch_form import FetchForm

__all__ = ["FetchForm"]
