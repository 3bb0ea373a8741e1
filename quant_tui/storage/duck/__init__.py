"""Bars, indicators and corporate actions in one DuckDB file shared by several processes."""
