"""Jobs: what runs and what ran, with everything there is to know about a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from quant_tui.domain.vocabulary import RunStatus
from quant_tui.ui import format as fmt
from quant_tui.ui.widgets.master_detail import MasterDetail
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.page import Page
from quant_tui.ui.widgets.table import Column, Row, Table
from quant_tui.ui.workspaces import Workspace

if TYPE_CHECKING:
    from quant_tui.jobs.manager import Job

SIGNS = {
    "pending": "· pending",
    "running": "▸ running",
    "completed": "✓ done",
    "failed": "✗ failed",
    "cancelled": "◼ stopped",
}
ROLES = {"running": "accent", "completed": "up", "failed": "error", "cancelled": "muted"}
PLACES = {"backtest": "backtests", "check": "checks", "import": "backtests",
          "optimisation": "optimise", "training": "models", "feature": "models"}  # fmt: skip
"""Workspace in which a kind of job's result is looked at."""

BAR_WIDTH = 10


def _sign(value: object) -> str:
    return SIGNS.get(str(value), str(value))


def _role(value: object) -> str:
    return ROLES.get(str(value), "")


def _bar(value: object) -> str:
    fraction = float(value) if isinstance(value, int | float) else 0.0
    return f"{fmt.bar(fraction, BAR_WIDTH)}{fraction * 100:4.0f}%"


def _seconds(value: object) -> str:
    return fmt.duration(value if isinstance(value, int | float) else None)


COLUMNS = (
    Column("Status", 10, write=_sign, role=_role),
    Column("Job", 18, grow=1),
    Column("Progress", BAR_WIDTH + 5, write=_bar, sort=None),
    Column("Elapsed", 7, "right", write=_seconds, first="descending"),
    Column("Left", 7, "right", write=_seconds, first="descending"),
    Column("Kind", 10, role=lambda _: "muted"),
)


def row_of(job: Job[object]) -> Row:
    """Return a job's line of the table."""
    return Row(
        str(job.id),
        (str(job.status), job.title, job.progress, job.elapsed, job.eta_seconds, job.kind),
    )


class Jobs(Workspace):
    """The workspace of jobs."""

    BINDING_GROUP_TITLE = "Jobs"
    needs_services = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+x", "cancel", "Stop", id="jobs.cancel",
                tooltip="Stop the job; it ends within a second"),
        Binding("o", "result", "Go to result", id="jobs.result",
                tooltip="Go to what the job made"),
        Binding("escape", "back", "Back", id="jobs.back", show=False, tooltip="Back to the list"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._offered: tuple[bool | None, ...] = ()

    def compose(self) -> ComposeResult:
        """Lay out list and detail."""
        self.table = Table(
            COLUMNS,
            id="job-list",
            empty=Notice(
                "No jobs yet",
                "Anything that takes longer than a blink runs here, beside your work: backtests, "
                "imports, studies. Each shows how far it is and can be stopped, and a failed one "
                "keeps its full story.",
                (("4", "Backtests: start one"),),
            ),
        )
        self.detail = Page(id="job-detail")
        yield MasterDetail(self.table, self.detail)

    def focus_first(self) -> None:
        """Give the keys to the list."""
        self.table.focus()

    def shown(self) -> None:
        """Look at the jobs."""
        self.jobs_changed()

    def jobs_changed(self) -> None:
        """Bring the table up to date, repainting only what differs."""
        jobs = self.host.job_watch.jobs
        if [str(job.id) for job in jobs] != [row.key for row in self.table.model.rows]:
            self.table.set_rows(row_of(job) for job in jobs)
        else:
            for job in jobs:
                row = row_of(job)
                if row != self.table.model.find(row.key):
                    self.table.put_row(row.key, row.values)
        self._show_detail()
        self._offer_keys()

    async def jump(self, target: str) -> None:
        """Put the cursor on a job."""
        self.table.move_to(target)

    @property
    def job(self) -> Job[object] | None:
        """The job under the cursor."""
        key = self.table.cursor_key
        return next((job for job in self.host.job_watch.jobs if str(job.id) == key), None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what the job under the cursor allows."""
        if not self.is_mounted:
            return False
        job = self.job
        if action == "cancel":
            return job is not None and not job.status.is_final
        if action == "result":
            return job is not None and self._place(job) != ""
        if action == "back":
            return self.query_one(MasterDetail).detail_open
        return super().check_action(action, parameters)

    def on_table_row_highlighted(self, event: Table.RowHighlighted) -> None:
        """Show the job's detail."""
        event.stop()
        self._show_detail()
        self._offer_keys()

    def _offer_keys(self) -> None:
        """Look again which keys work, where that depends on the row."""
        offered = tuple(self.check_action(action, ()) for action in ("cancel", "result", "back"))
        if offered != self._offered:
            self._offered = offered
            self.refresh_bindings()

    def on_table_row_opened(self, event: Table.RowOpened) -> None:
        """Go to the result; where there is none, to the detail."""
        event.stop()
        if (job := self.job) is not None and self._place(job):
            self.action_result()
        else:
            self.query_one(MasterDetail).open_detail()

    def action_result(self) -> None:
        """Go to what the job made."""
        if (job := self.job) is not None and (place := self._place(job)):
            self.switch_to(place, target=job.target)

    def action_cancel(self) -> None:
        """Stop the job."""
        if (job := self.job) is not None:
            job.cancel()
            self.toast(f"Stopping {job.title} …")

    def action_back(self) -> None:
        """Go back to the list."""
        self.query_one(MasterDetail).close_detail()

    @staticmethod
    def _place(job: Job[object]) -> str:
        done = job.status is RunStatus.COMPLETED and job.target
        return PLACES.get(job.kind, "") if done else ""

    def _show_detail(self) -> None:
        job = self.job
        self.detail.show(None if job is None else lambda _width: detail_of(job))


def detail_of(job: Job[object]) -> list[Content]:
    """Write everything there is to know about a job."""
    status = str(job.status)
    style = {"failed": "$text-error", "completed": "$up", "running": "$text-accent"}
    lines = [
        Content.styled(job.title, "bold"),
        Content.styled(SIGNS.get(status, status), style.get(status, "$text-muted")),
        Content(""),
        _fact("Kind", job.kind),
        _fact("Started", fmt.moment(job.created_at)),
        _fact("Elapsed", fmt.duration(job.elapsed)),
    ]
    if not job.status.is_final:
        lines.append(_fact("Progress", f"{fmt.bar(job.progress, 20)} {job.progress * 100:.0f}%"))
        lines.append(_fact("Left", fmt.duration(job.eta_seconds)))
    if job.message and job.error is None:
        lines.append(_fact("Doing" if not job.status.is_final else "Last", job.message))
    if job.error is not None:
        lines += [
            Content(""),
            Content.styled(job.error.title, "bold $text-error"),
            Content(job.error.message),
        ]
        if job.error.hint:
            lines += [Content(""), Content(job.error.hint)]
    if job.detail:
        lines += [Content(""), Content.styled("Details", "bold $text-muted"),
                  Content.styled(job.detail.rstrip(), "$text-muted")]  # fmt: skip
    return lines


def _fact(name: str, value: str) -> Content:
    return Content.assemble((name.ljust(10), "$text-muted"), value)
