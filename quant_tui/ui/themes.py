"""Themes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.app import App

    from quant_tui.config.locations import Locations


DEFAULTS: dict[str, str] = {
    "up": "#5fd787",
    "down": "#ff6f6f",
    "rule": "#30363d",
    "nav-active-foreground": "#0d1117",
    "nav-active-background": "#58a6ff",
    **{
        f"chart-{n}": c
        for n, c in enumerate(("#58a6ff", "#e3b341", "#bc8cff", "#39c5cf", "#ff7b72", "#8b949e"), 1)
    },
    "chart-grid": "#30363d",
    "chart-axis": "#8b949e",
}


class ThemeStore:
    """Themes of the program and of the person."""

    def __init__(self, locations: Locations) -> None:
        self._locations = locations


def use_first(app: App[None], store: ThemeStore, name: str) -> list[str]:
    """Use a theme before the first paint."""
    return []
