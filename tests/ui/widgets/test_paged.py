"""Pages: filled when they come to the front, and once more by what came meanwhile."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest
from textual.app import App, ComposeResult
from textual.widget import Widget
from textual.widgets import Static

from quant_tui.ui.widgets.paged import PagedView


class Said(Static, can_focus=True):
    """A page that says what it was filled with."""

    said = ""

    def focus_first(self) -> None:
        self.focus()


class Report(PagedView):
    page_titles = (("one", "One"), ("two", "Two"))

    def __init__(self) -> None:
        super().__init__()
        self.shown = "first"
        self.held: asyncio.Event | None = None
        self.filling = asyncio.Event()

    def build_page(self, name: str) -> Widget:
        return Said(id=name)

    async def fill_page(self, page: Widget) -> None:
        shown, held = self.shown, self.held
        if page.id == "two" and held is not None:
            self.filling.set()
            await held.wait()
        cast("Said", page).said = shown

    def said(self, name: str) -> str:
        return cast("Said", self.page(name)).said


class Host(App[None]):
    def compose(self) -> ComposeResult:
        self.report = Report()
        yield self.report


async def test_a_page_that_was_on_its_way_shows_what_came_meanwhile() -> None:
    app = Host()
    async with app.run_test():
        report = app.report
        await report.show_pages()
        held = report.held = asyncio.Event()
        turning = asyncio.create_task(report.action_page("two"))
        await report.filling.wait()
        report.shown, report.held = "second", None
        await report.show_pages()
        assert report.said("one") == "second"
        held.set()
        await turning
        assert report.page_name == "two"
        assert report.said("two") == "second"


async def test_a_page_that_was_not_filled_to_the_end_is_filled_at_the_next_visit() -> None:
    app = Host()
    async with app.run_test():
        report = app.report
        await report.show_pages()
        report.held = asyncio.Event()
        turning = asyncio.create_task(report.action_page("two"))
        await report.filling.wait()
        turning.cancel()
        with pytest.raises(asyncio.CancelledError):
            await turning
        report.held = None
        await report.action_page("two")
        assert report.said("two") == "first"


async def test_of_two_fillings_of_a_page_the_newer_one_stays() -> None:
    app = Host()
    async with app.run_test():
        report = app.report
        await report.show_pages()
        held = report.held = asyncio.Event()
        turning = asyncio.create_task(report.action_page("two"))
        await report.filling.wait()
        report.pages.current = "two"
        report.shown, report.held = "second", None
        showing = asyncio.create_task(report.show_pages())
        await asyncio.sleep(0)
        held.set()
        await asyncio.gather(turning, showing)
        assert report.said("two") == "second"
