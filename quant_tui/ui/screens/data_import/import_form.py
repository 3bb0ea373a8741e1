"""The form of an import: the file, how to read it, which column is which."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Static

from quant_tui.ui.reporting import describe, leaves, report
from quant_tui.ui.screens.data_import.import_text import inspection_lines, matches_lines
from quant_tui.ui.screens.data_import.paths import PathSuggester, matches
from quant_tui.ui.widgets.choice import Choice
from quant_tui.ui.widgets.form import Field, Form
from quant_tui.ui.widgets.page import Page

if TYPE_CHECKING:
    from textual.worker import Worker

    from quant_tui.providers.files import FileInspection
    from quant_tui.services.market_data import ImportRequest, MarketDataService

MAPPED = (
    ("date", "Date"),
    ("time", "Time"),
    ("symbol", "Symbol column"),
    ("open", "Open"),
    ("high", "High"),
    ("low", "Low"),
    ("close", "Close"),
    ("adjusted_close", "Adjusted close"),
    ("volume", "Volume"),
)
MAP = "map."
ENCODINGS = (
    ("", "recognised"),
    ("utf-8", "UTF-8"),
    ("cp949", "Korean cp949"),
    ("utf-16", "UTF-16"),
    ("latin-1", "Latin-1"),
)
DATE_FORMATS = (("", "recognised"), ("dmy", "day first"), ("mdy", "month first"))
ADJUSTMENTS = (
    ("", "not known"),
    ("none", "nothing"),
    ("splits", "splits"),
    ("splits_dividends", "splits and dividends"),
)
REST_SECONDS = 0.25
UNREADABLE = "unreadable"
"""Beside the path there is room for one word; the page beside the form says why."""


class ImportFields(Form):
    """The fields; saving is called importing here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "submit", "Import", id="import.start", tooltip="Import as a job"),
    ]


class ImportForm(Vertical):
    """Path and reading options on the left, what the file holds on the right.

    Parameters
    ----------
    service
        Looks into files.
    """

    # the rules for narrow terminals begin with a class of the screen
    SCOPED_CSS = False
    DEFAULT_CSS = """
    ImportForm {
        height: 1fr;
        & > .heading { height: 2; color: $accent; text-style: bold; }
        & > #import-body { height: 1fr; }
        & ImportFields { width: 1fr; height: 1fr; }
        & Field > .label { width: 15; }
        & Field > .note { width: 2fr; }
        & #field-path > Input { width: 1fr; }
        & #field-path > .note { width: 16; }
        & Page { width: 1fr; height: 1fr; border-left: vkey $rule; padding-left: 1; }
    }
    .-narrow ImportForm {
        & > .heading { height: 1; }
        & > #import-body { layout: vertical; }
        & ImportFields { height: auto; max-height: 9; }
        & Page { border: none; padding: 0; margin-top: 1; }
    }
    """

    class Started(Message):
        """The file is to be imported."""

        def __init__(self, request: ImportRequest) -> None:
            super().__init__()
            self.request = request

    class Left(Message):
        """Left without importing."""

    def __init__(self, service: MarketDataService) -> None:
        super().__init__(id="import")
        self._service = service
        self._resting: Timer | None = None
        self._inspected = ""
        self._missing: tuple[str, ...] = ()
        self._unreadable = ""
        """Path of the file that could not be read."""
        self._suggested = ""
        """Symbol that came from a file's name, not from the person."""
        path = Field("path", "File", "", help_text="→ completes")
        if isinstance(path.control, Input):
            path.control.suggester = PathSuggester()
        self.form = ImportFields(
            path,
            Field("symbol", "Symbol", "", help_text="if it is only one"),
            Field("source", "Source", "file", help_text="whose figures"),
            Field("timezone", "Time zone", "", help_text="Asia/Seoul"),
            Field("date_format", "Dates", "", choices=DATE_FORMATS),
            Field("adjustment", "Adjusted for", "", choices=ADJUSTMENTS),
            Field("encoding", "Encoding", "", choices=ENCODINGS),
            *(Field(MAP + key, title, "", choices=[("", "–")]) for key, title in MAPPED),
            check=self._check,
        )
        self.page = Page(id="import-page")

    def compose(self) -> ComposeResult:
        """Lay out fields and findings."""
        yield Static(
            Content.assemble(
                "Import a file  ", ("bars by symbol and date", "$text-muted not bold")
            ),
            classes="heading",
        )
        with Horizontal(id="import-body"):
            yield self.form
            yield self.page

    def on_mount(self) -> None:
        """List the files here."""
        self._look_soon()

    def focus_first(self) -> None:
        """Give the keys to the path."""
        self.form.field("path").control.focus()

    # -- looking into the file

    def on_form_changed(self, event: Form.Changed) -> None:
        """Look again, once the typing rests."""
        event.stop()
        self._look_soon()

    def _look_soon(self) -> None:
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(REST_SECONDS, self._look)

    def _look(self) -> None:
        _looking: Worker[None] = self.run_worker(
            self._inspect, group="inspect", exclusive=True, exit_on_error=False
        )

    async def _inspect(self) -> None:
        text = self.form.field("path").value.strip()
        if not await asyncio.to_thread(_is_file, text):
            self._missing, self._inspected = (), ""
            found = await asyncio.to_thread(matches, text)
            self.page.show(partial(matches_lines, found))
            return
        try:
            inspection = await self._service.inspect(self._request(self.form.values))
        except Exception as error:  # noqa: BLE001 -- shown, and logged when it is ours
            if leaves(self):
                report(self, error)
                return
            title, message = describe(error)
            self._unreadable = text
            self.form.field("path").set_error(UNREADABLE)
            lines = [Content.styled(f"✗ {title}", "bold $text-error"), Content("")]
            self.page.show(lambda width: [*lines, *Content(message).wrap(width)])
            return
        if leaves(self):
            return
        self._unreadable = ""
        self.form.field("path").set_error("")
        self._missing = tuple(inspection.missing)
        self._fill(inspection, text)
        self.page.show(partial(inspection_lines, inspection))

    def _fill(self, found: FileInspection, text: str) -> None:
        """Offer the file's columns for ours; recognised ones are chosen for a new file."""
        if text == self._inspected:
            return
        self._inspected = text
        choices = [("", "–"), *((str(one), str(one)) for one in found.columns)]
        for key, _ in MAPPED:
            control = self.form.field(MAP + key).control
            if isinstance(control, Choice):
                control.set_choices(choices, str(found.mapping.get(key, "")))
        symbol = self.form.field("symbol")
        if symbol.value in ("", self._suggested):
            alone = len(found.symbols) == 1 and "symbol" not in found.mapping
            self._suggested = symbol.value = found.symbols[0] if alone else ""

    # -- sending it on

    def _request(self, values: dict[str, str]) -> ImportRequest:
        from quant_tui.providers.options import ReadOptions
        from quant_tui.services.market_data import ImportRequest

        text = values["path"].strip()
        symbol = values["symbol"].strip()
        if text != self._inspected and symbol == self._suggested:
            symbol = ""  # the name of the file before
        mapping = {
            key: values[MAP + key]
            for key, _ in MAPPED
            if values[MAP + key] and text == self._inspected
        }
        return ImportRequest(
            path=Path(text).expanduser(),
            options=ReadOptions(
                mapping=mapping,
                symbol=symbol,
                encoding=values["encoding"],
                date_format=values["date_format"],
                timezone=values["timezone"].strip(),
            ),
            source=values["source"].strip() or "file",
            adjustment=values["adjustment"],
        )

    def _check(self, values: dict[str, str]) -> dict[str, str]:
        text = values["path"].strip()
        if not text:
            return {"path": "which file?"}
        if not _is_file(text):
            return {"path": "no such file"}
        if text == self._unreadable:
            return {"path": UNREADABLE}
        return {
            MAP + key: "choose the column"
            for key in self._missing
            if MAP + key in values and not values[MAP + key]
        }

    def on_key(self, event: events.Key) -> None:
        """Let ``enter`` take the suggestion while the path is not a file's yet."""
        control = self.form.field("path").control
        if event.key != "enter" or not control.has_focus or not isinstance(control, Input):
            return
        if control._suggestion and control._suggestion != control.value:
            event.stop()
            event.prevent_default()
            control.action_cursor_right()

    def on_form_submitted(self, event: Form.Submitted) -> None:
        """Send the request on."""
        event.stop()
        self.post_message(self.Started(self._request(event.values)))

    def on_form_abandoned(self, event: Form.Abandoned) -> None:
        """Leave."""
        event.stop()
        self.post_message(self.Left())


def _is_file(text: str) -> bool:
    return bool(text) and Path(text).expanduser().is_file()
