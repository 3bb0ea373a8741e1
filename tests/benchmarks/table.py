"""The table that a run of the benchmarks ends with."""

from __future__ import annotations

import datetime
import json
import os
import platform
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Table:
    """Rows as they were measured, in the order in which they ran."""

    rows: list[dict[str, object]] = field(default_factory=list)

    def add(
        self,
        row: str,
        contender: str,
        seconds: float,
        *,
        ratio: float | None = None,
        cpu: float | None = None,
        first: float | None = None,
        peak_bytes: float | None = None,
    ) -> None:
        """Add one contender; ``ratio`` is its time by ours."""
        self.rows.append({
            "row": row, "contender": contender, "seconds": seconds, "ratio": ratio,
            "cpu_seconds": cpu, "first_seconds": first, "peak_bytes": peak_bytes,
        })  # fmt: skip

    def lines(self) -> list[str]:
        """Return the table as text, a heading over each row's contenders."""
        out: list[str] = [_machine(), ""]
        heading = ""
        for one in self.rows:
            if one["row"] != heading:
                heading = str(one["row"])
                out += [
                    "",
                    heading,
                    f"  {'':34}{'best':>12}{'x ours':>9}{'cpu':>10}{'first':>10}{'peak':>9}",
                ]
            out.append(
                f"  {one['contender']:34}{_seconds(one['seconds'])}{_ratio(one['ratio'])}"
                f"{_seconds(one['cpu_seconds'], 10)}"
                f"{_seconds(one['first_seconds'], 10)}{_memory(one['peak_bytes'])}"
            )
        return out

    def write(self, path: Path) -> None:
        """Write what was measured, the machine and the date as JSON."""
        document = {
            "date": datetime.date.today().isoformat(), "machine": _machine(), "rows": self.rows,
        }  # fmt: skip
        path.write_text(json.dumps(document, indent=1) + "\n")


def _machine() -> str:
    cores = os.cpu_count()
    return f"Python {platform.python_version()}, {platform.machine()}, {cores} cores"


def _seconds(value: object, width: int = 12) -> str:
    if not isinstance(value, float):
        return " " * width
    if value < 0.1:
        return f"{value * 1e3:.2f} ms".rjust(width)
    return f"{value:.2f} s".rjust(width)


def _ratio(value: object) -> str:
    if not isinstance(value, float):
        return " " * 9
    return (f"{value:.1f}" if value < 100 else f"{value:,.0f}").rjust(9)


def _memory(value: object) -> str:
    return f"{value / 1e6:.0f} MB".rjust(9) if isinstance(value, int | float) else ""
