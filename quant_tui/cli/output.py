"""What commands print: one JSON document, or tables and progress for people."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, TypeVar

from quant_tui.cli.plain import plain
from quant_tui.domain.base import Document
from quant_tui.jobs.manager import Job, JobManager

T = TypeVar("T")

BAR_WIDTH = 30
REDRAW_SECONDS = 0.1

WRITTEN_NUMBER = re.compile(r"[+-]?\d{1,3}(,\d{3})*(\.\d+)?( ?%)?")
"""A number as the tables have it: ``1,234.50``, ``-3``, ``+1.25 %``."""


def print_json(document: object) -> None:
    """Print one JSON document on stdout; nothing else goes there."""
    # Where stdout cannot write every letter, JSON's own escapes can.
    narrow = "utf" not in (sys.stdout.encoding or "").lower()
    print(json.dumps(document, ensure_ascii=narrow, indent=2, allow_nan=False, default=_plain))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], empty: str) -> None:
    """Print rows under headings, numbers to the right, or say ``empty``."""
    if not rows:
        print(empty)
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for place, column in enumerate(columns):
        values = [row[place] for row in rows if row[place] not in (None, "–")]
        numeric = bool(values) and all(map(_is_number, values))
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = 200
    console.print(table)


def print_deleted(gone: Document, *, as_json: bool, called: str = "") -> None:
    """Print what is deleted, by its name or as it is ``called``."""
    if as_json:
        print_json(gone)
    else:
        print(plain(f"{called or gone['name']} is deleted."))


def percent(value: float | None) -> str:
    """Format a fraction as a percentage with a sign and two decimals."""
    return "–" if value is None else f"{value * 100:+.2f} %"


def share(value: float | None) -> str:
    """Format a fraction of something as a percentage, with a sign only below zero."""
    return "–" if value is None else f"{value * 100:.2f} %"


def ratio(value: float | None) -> str:
    """Format a ratio with two decimals."""
    return "–" if value is None else f"{value:.2f}"


class ProgressLine:
    """A job's progress on stderr, on a terminal only. Call it with the job."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._last = 0.0
        self._width = 0

    def __call__(self, job: Job[Any]) -> None:
        """Redraw, at most ten times a second; wipe the line at the end."""
        if not self._shown:
            return
        now = time.monotonic()
        if job.status.is_final:
            sys.stderr.write("\r" + " " * self._width + "\r")
        elif now - self._last >= REDRAW_SECONDS:
            self._last = now
            done = round(job.progress * BAR_WIDTH)
            line = f"{'█' * done}{'░' * (BAR_WIDTH - done)} {job.progress:4.0%} {job.message}"[:78]
            sys.stderr.write("\r" + line.ljust(self._width))
            self._width = len(line)
        sys.stderr.flush()


async def finished(jobs: JobManager, job: Job[T]) -> T:
    """Wait for a job, showing its progress, and return its result.

    It is cancelled where the wait is, as by ctrl+c.

    Raises
    ------
    QuantError
        What the job failed with.
    """
    jobs.subscribe(ProgressLine())
    try:
        return await job.wait()
    finally:
        if not job.status.is_final:
            job.cancel()


def _is_number(value: object) -> bool:
    if isinstance(value, str):
        return WRITTEN_NUMBER.fullmatch(value) is not None
    return isinstance(value, int | float)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.2f}"
    return plain(str(value).replace("\n", " "))


def _plain(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")
