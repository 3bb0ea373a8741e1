"""A table of figures in which what does not exist is None, with the reason beside it."""

from __future__ import annotations

import math

Figure = float | int | None
"""A metric: a finite number, or None when it does not exist."""


class Figures:
    """Metrics by name, and why some are undefined."""

    def __init__(self) -> None:
        self.values: dict[str, Figure] = {}
        self.undefined: dict[str, str] = {}

    def put(self, name: str, value: float | int | None, reason: str = "not a number") -> None:
        """Set a metric; None and what is not finite become None with ``reason``."""
        if value is not None and math.isfinite(value):
            self.values[name] = int(value) if isinstance(value, int) else float(value)
            return
        self.values[name] = None
        self.undefined[name] = reason

    def number(self, name: str) -> float | None:
        """Return a metric that was set before."""
        value = self.values[name]
        return None if value is None else float(value)
