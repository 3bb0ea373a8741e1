"""The status line: who, how the stores are, what runs, how old the data are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from textual import events
from textual.content import Content
from textual.style import Style
from textual.widget import Widget

from quant_tui.ui import format as fmt

if TYPE_CHECKING:
    from quant_tui.jobs.manager import Job


@dataclass(frozen=True, slots=True)
class HealthMark:
    """Health of one store: ``ok`` is None while it is not set up or not looked at."""

    name: str
    ok: bool | None
    detail: str = ""


BADGE = "bold $badge-foreground on $badge-background"

STORES = ("MongoDB", "DuckDB", "ChromaDB", "LLM")


class StatusLine(Widget):
    """One line; each fact carries a word or a sign besides its colour."""

    DEFAULT_CSS = """
    StatusLine {
        height: 1;
        width: 1fr;
        padding: 0 1;
        background: $surface;
        color: $text-muted;
        text-wrap: nowrap;
        text-overflow: clip;
    }
    """

    def __init__(self) -> None:
        super().__init__(id="status")
        self.user = ""
        self.marks: tuple[HealthMark, ...] = tuple(HealthMark(name, None) for name in STORES)
        self.opening = True
        self.last_session: date | None = None
        self.stale = False
        self.jobs: list[Job[object]] = []

    def show_user(self, user: str) -> None:
        """Name who is signed in."""
        if user != self.user:
            self.user = user
            self.refresh()

    def show_health(self, marks: Sequence[HealthMark]) -> None:
        """Put the marks of the stores."""
        if tuple(marks) != self.marks or self.opening:
            self.opening = False
            self.marks = tuple(marks)
            self.refresh()

    def show_data(self, last_session: date | None, stale: bool) -> None:
        """Say how new the data in view are."""
        if (last_session, stale) != (self.last_session, self.stale):
            self.last_session, self.stale = last_session, stale
            self.refresh()

    def show_jobs(self, jobs: list[Job[object]]) -> None:
        """Put the running jobs, the oldest first."""
        if jobs or self.jobs:
            self.jobs = jobs
            self.refresh()

    async def on_click(self, event: events.Click) -> None:
        """Go to what was clicked: the jobs, or the account."""
        if code := event.style.meta.get("workspace"):
            await self.run_action(f"app.go_to('{code}')")

    def render(self) -> Content:
        """Draw the line; names give way to initials where the room is short."""
        width = self.size.width
        right = self._data(short=width < 100)
        for short in (width < 100, True):
            left = Content("  ").join(part for part in (self._user(), self._health(short)) if part)
            room = width - left.cell_length - right.cell_length - 4
            jobs = self._jobs(room)
            if jobs.cell_length <= room:
                break
        gap = width - left.cell_length - jobs.cell_length - right.cell_length
        before = 2 if jobs else 0
        return Content.assemble(
            left, " " * before, jobs, " " * max(1, gap - before), right
        ).truncate(width)

    def _user(self) -> Content:
        click = Style.from_meta({"workspace": "account"})
        return Content.styled(self.user, "$foreground").stylize(click) if self.user else Content("")

    def _health(self, short: bool) -> Content:
        parts: list[Content] = []
        for mark in self.marks:
            if mark.ok:
                sign, style = "✓", "$text-success"
            elif mark.ok is None:
                sign, style = ("◌" if self.opening else "–"), "$text-muted"
            else:
                sign, style = "✗", "bold $text-error"
            name = mark.name[0] if short else f"{mark.name} "
            parts.append(Content.assemble(name, (sign, style)))
        return Content(" " if short else "  ").join(parts)

    def _jobs(self, room: int) -> Content:
        if not self.jobs or room < 14:
            return Content("")
        job = self.jobs[0]
        more = f" +{len(self.jobs) - 1}" if len(self.jobs) > 1 else ""
        eta = job.eta_seconds
        figures = f" {job.progress * 100:3.0f}%" + (f" {fmt.duration(eta)}" if eta else "") + more
        bar_width = 8 if room < 50 else 14
        name_room = min(36, room - bar_width - len(figures) - 3)
        name = Content(job.title).truncate(max(0, name_room), ellipsis=True)
        click = Style.from_meta({"workspace": "jobs"})
        return Content.assemble(
            ("▸ ", "$text-accent"), name.stylize("$foreground") if name_room > 3 else "", " ",
            (fmt.bar(job.progress, bar_width), "$text-accent"), (figures, "$foreground"),
        ).stylize(click)  # fmt: skip

    def _data(self, short: bool) -> Content:
        if self.last_session is None:
            return Content("") if self.opening else Content("no data")
        look = "bold reverse" if self.app.native_ansi_color else BADGE
        badge = Content.styled(" STALE ", look) if self.stale else ""
        word = "" if short else "data to "
        return Content.assemble(f"{word}{fmt.day(self.last_session)}", " " if badge else "", badge)
