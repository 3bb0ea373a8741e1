"""What runs now, and what ended last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from quant_tui.ui.screens.dashboard.content import Cause, Lines, Place, Source
from quant_tui.ui.screens.jobs import COLUMNS, row_of
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table_model import Column, Row

if TYPE_CHECKING:
    from quant_tui.services.composition import Services

SHOWN = 50
PLACES = tuple(
    at for at, column in enumerate(COLUMNS) if column.title in ("Status", "Job", "Elapsed")
)


class RecentJobs(Source):
    """Jobs of this run of the program, the newest first."""

    empty: ClassVar[Notice] = Notice("No jobs yet")
    columns: ClassVar[tuple[Column, ...]] = tuple(COLUMNS[at] for at in PLACES)
    wakes_on: ClassVar[frozenset[Cause]] = frozenset({"jobs"})

    async def load(self, services: Services, settings: Mapping[str, str]) -> Lines | None:
        """Look at the jobs."""
        jobs = services.jobs.jobs[:SHOWN]
        if not jobs:
            return None
        running = sum(not job.status.is_final for job in jobs)
        rows = [row_of(job) for job in jobs]
        return Lines(
            f"Jobs · {running} running" if running else "Jobs",
            [Row(row.key, [row.values[at] for at in PLACES]) for row in rows],
        )

    def place_of(self, key: str, settings: Mapping[str, str]) -> Place:
        """Lead to the jobs."""
        return Place("jobs", key)
