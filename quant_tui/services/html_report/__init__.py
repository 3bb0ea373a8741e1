"""A backtest as one HTML file that needs nothing else: no script, no request, light and dark."""

from quant_tui.services.html_report.page import render_html

__all__ = ["render_html"]
