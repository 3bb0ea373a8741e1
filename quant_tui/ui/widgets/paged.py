"""Turning pages: names in one line, and under them one page, built and filled when visited.

Example
-------
::

    class Report(PagedView):
        page_titles = (("overview", "Overview"), ("trades", "Trades"))
        noun = "report"                   # "report: Trades" in the palette

        def build_page(self, name: str) -> Widget: ...
        async def fill_page(self, page: Widget) -> None: await page.show_report(self.report)
        def write_head(self) -> None: self.head.update(... self.page_tabs(width) ...)

``self.stale_pages()`` says that what the pages show has changed; a page is filled anew when
it is next in front. Bindings to ``turn(1)`` and ``turn(-1)`` are the widget's own. A widget
that has no heading of two lines mixes in :class:`Paged`, after its own class, whose styles
are kept, calls ``start_pages()`` and yields ``self.pages``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Protocol, cast

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.style import Style
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Static

from quant_tui.ui.commands import Command
from quant_tui.ui.widgets.message_panel import MessagePanel, Notice

if TYPE_CHECKING:
    from textual.worker import Worker

ROOMY = 90
"""Columns above which the names of the pages stand apart."""


class TakesKeys(Protocol):
    """What every page can do."""

    def focus_first(self) -> None:
        """Give the keys to what the page is about."""


class Paged(Widget):
    """Mixed into a widget that shows one of several pages; the module says how."""

    page_titles: ClassVar[Sequence[tuple[str, str]]] = ()
    """Name and title of every page, in order."""

    pages: ContentSwitcher

    # -- for the widget to fill in

    def build_page(self, name: str) -> Widget:
        """Make a page, whose id is its name; called once, at the first visit."""
        raise NotImplementedError

    async def fill_page(self, page: Widget) -> None:
        """Put into a page what there is to show."""

    def write_head(self) -> None:
        """Write what stands over the pages."""

    @property
    def filled(self) -> bool:
        """Whether there is anything to show on the pages."""
        return True

    # -- for the widget to use

    def start_pages(self) -> None:
        """Make the switcher; the first page is in front."""
        self.pages = ContentSwitcher(initial=self.page_titles[0][0])
        self._stale: set[str] = set()
        self._filling: dict[str, asyncio.Lock] = {}

    @property
    def page_name(self) -> str:
        """Name of the page in front."""
        return self.pages.current or self.page_titles[0][0]

    def page(self, name: str) -> Widget | None:
        """Return a page that was visited."""
        return next(iter(self.pages.query_children(f"#{name}")), None)

    def stale_pages(self, *names: str) -> None:
        """Have pages filled anew when they come to the front; without names, all of them."""
        self._stale |= set(names) or {name for name, _ in self.page_titles}

    async def refill(self) -> None:
        """Fill the page in front if what it shows has changed."""
        await self._fill(self.page_name)

    def focus_page(self) -> None:
        """Give the keys to what the page in front is about."""
        if (page := self.page(self.page_name)) is not None:
            cast("TakesKeys", page).focus_first()

    def page_tabs(self, width: int) -> Content:
        """Write the names of the pages, the one in front marked; each can be clicked."""
        needed = sum(len(title) + 2 for _, title in self.page_titles)
        if needed > width:  # one space between them, and brackets around the one in front
            return Content(" ").join(
                self._tab(name, title, tight=True) for name, title in self.page_titles
            )
        gap = "  " if width > ROOMY else ""
        return Content(gap).join(self._tab(name, title) for name, title in self.page_titles)

    def page_commands(self, noun: str, about: str) -> Iterator[Command]:
        """Offer the pages to the palette as ``noun: title``."""
        for name, title in self.page_titles:
            yield Command(f"{noun}: {title}", about, partial(self.open_page, name))

    def open_page(self, name: str) -> None:
        """Go to a page beside what is going on."""
        _going: Worker[None] = self.run_worker(
            self.action_page(name), group="open", exit_on_error=False
        )

    # -- what keys and clicks do

    async def action_turn(self, steps: int) -> None:
        """Go to the next or previous page; it goes round."""
        names = [name for name, _ in self.page_titles]
        await self.action_page(names[(names.index(self.page_name) + steps) % len(names)])

    async def on_click(self, event: events.Click) -> None:
        """Go to the page whose name was clicked."""
        name = event.style.meta.get("page")
        if name in dict(self.page_titles):  # pages may stand in pages
            event.stop()
            await self.action_page(str(name))

    async def action_page(self, name: str) -> None:
        """Go to a page."""
        with self.app.batch_update():
            await self._fill(name)
            self.pages.current = name
            await self._fill(name)  # what came meanwhile was put on the page that was in front
            self.write_head()
            self.focus_page()
        self.refresh_bindings()

    async def _fill(self, name: str) -> None:
        if name not in self._stale:
            return
        # one after the other: of two at once, the older could be the last to put something in
        async with self._filling.setdefault(name, asyncio.Lock()):
            if not self.filled or name not in self._stale:
                return
            self._stale.discard(name)
            try:
                page = self.page(name)
                if page is None:
                    page = self.build_page(name)
                    await self.pages.mount(page)
                await self.fill_page(page)
            except BaseException:  # cancelled too: it is filled when it is next in front
                self._stale.add(name)
                raise

    def _tab(self, name: str, title: str, *, tight: bool = False) -> Content:
        active = name == self.page_name
        style = "bold $accent" if active else "$text-muted"
        apart = "" if tight else " "
        shown = f"[{title}]" if active else f"{apart}{title}{apart}"
        return Content.styled(shown, style).stylize(Style.from_meta({"page": name}))


class PagedView(Vertical, Paged):
    """A heading of two lines, the second the page names, and the pages or a notice."""

    DEFAULT_CSS = """
    PagedView {
        height: 1fr;
        & > .page-head { height: 2; }
        & > ContentSwitcher { height: 1fr; }
        & > MessagePanel { display: none; }
        &.-message > MessagePanel { display: block; }
        &.-message > ContentSwitcher { display: none; }
    }
    """
    noun: ClassVar[str] = ""
    """What is shown, as the palette says it: "study"."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.head = Static("", classes="page-head", markup=False)
        self.panel = MessagePanel()
        self.start_pages()

    def compose(self) -> ComposeResult:
        """Lay out heading, pages, and the panel that stands in for them."""
        yield self.head
        with self.pages:
            yield self.build_page(self.page_titles[0][0])
        yield self.panel

    def focus_first(self) -> None:
        """Give the keys to what the page is about."""
        if self.has_class("-message"):
            self.panel.focus()
        else:
            self.focus_page()

    def show_first_page(self) -> None:
        """Begin with the first page, as what is shown becomes another."""
        self.pages.current = self.page_titles[0][0]

    def show_notice(self, notice: Notice, retry: Callable[[], object] | None = None) -> None:
        """Say something in place of the pages: that they are on their way, or why not."""
        self.panel.show(notice, retry=retry)
        self.add_class("-message")
        self.panel.focus(scroll_visible=False)

    def show_loading(self) -> None:
        """Say that the pages are on their way."""
        self.show_notice(Notice("Loading …", kind="loading"))

    def show_error(self, title: str, text: str, retry: Callable[[], object]) -> None:
        """Say why there is nothing to show."""
        self.show_notice(Notice(title, text, kind="error"), retry)

    async def show_pages(self, *, focus: bool = False) -> None:
        """Show the pages, filled anew; they take the keys where the notice had them.

        Parameters
        ----------
        focus
            Whether they take the keys in any case.
        """
        had_focus = focus or self.panel.has_focus
        self.remove_class("-message")
        self.stale_pages()
        self.write_head()
        await self.refill()
        if (had_focus or not self.has_focus_within) and self.display:
            self.focus_first()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 -- Textual's signature
        """Offer the pages when there is something on them."""
        return not self.has_class("-message")

    def on_resize(self) -> None:
        """Write the heading for the new width."""
        self.write_head()

    def commands(self) -> Iterator[Command]:
        """Offer the pages to the palette."""
        if self.filled and not self.has_class("-message"):
            yield from self.page_commands(self.noun, f"A page of this {self.noun}")
