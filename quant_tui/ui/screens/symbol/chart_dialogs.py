"""What a chart asks for: its indicators, and a date to go to."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from quant_tui.services.indicators import problem_of
from quant_tui.ui.modals.dialog import Dialog
from quant_tui.ui.widgets.form import Check, Field, Form

T = TypeVar("T")

LINES = 8
"""Lines of indicators."""


class _FormDialog(Dialog[T | None]):
    """A form that gives what was entered, None when it was left."""

    DEFAULT_CSS = """
    _FormDialog > .dialog { width: 100; }
    _FormDialog Field > .label { width: 8; }
    _FormDialog Field > Input { width: 4fr; }
    _FormDialog Field > .note { width: 3fr; }
    _FormDialog .hint { margin-top: 1; }
    """

    def __init__(self, title: str, fields: Sequence[Field], check: Check, hint: str) -> None:
        super().__init__()
        self._title, self._hint = title, hint
        self.form = Form(*fields, check=check)

    def compose(self) -> ComposeResult:
        """Lay out the form and how it is used."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = self._title
            yield self.form
            yield Static(self._hint, classes="hint", markup=False)

    def on_mount(self) -> None:
        """Begin with the first field."""
        self.form.fields[0].control.focus()

    def on_form_abandoned(self, event: Form.Abandoned) -> None:
        """Give nothing."""
        event.stop()
        self.dismiss(None)


class IndicatorDialog(_FormDialog[tuple[str, ...]]):
    """The indicators of a chart, a line each; those of one line share a panel."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+f", "app.functions", "Functions", id="indicators.functions", priority=True,
                tooltip="What can be written, searchable"),
    ]  # fmt: skip

    def __init__(self, lines: Sequence[str]) -> None:
        given = [*lines, *[""] * LINES][: max(LINES, len(lines))]
        fields = [
            Field(f"line{at}", f"Line {at + 1}", text,
                  placeholder="sma(close, 50)" if at == 0 else "")
            for at, text in enumerate(given)
        ]  # fmt: skip
        super().__init__(
            "Indicators", fields, _problems,
            "As in the rules of a strategy. Prices are drawn over the bars, all else in a panel of "
            "its own, several with commas between in one; conditions are marked ◆.\n"
            "ctrl+s takes them  ·  ctrl+f functions  ·  escape leaves",
        )  # fmt: skip

    def on_form_submitted(self, event: Form.Submitted) -> None:
        """Give the lines."""
        event.stop()
        self.dismiss(tuple(text.strip() for text in event.values.values() if text.strip()))


def _problems(values: dict[str, str]) -> dict[str, str]:
    return {key: problem for key, text in values.items() if (problem := problem_of(text))}


class DateDialog(_FormDialog[datetime]):
    """A date to go to."""

    def __init__(self) -> None:
        field = Field("date", "Date", placeholder="2020-03-16", help_text="or 2020-03, or 2020")
        super().__init__(
            "Go to date", [field], _date_problem,
            "enter goes to the last bar at or before it · escape leaves",
        )  # fmt: skip

    def on_form_submitted(self, event: Form.Submitted) -> None:
        """Give the end of the day."""
        event.stop()
        self.dismiss(read_date(event.values["date"]))


def _date_problem(values: dict[str, str]) -> dict[str, str]:
    if read_date(values["date"]) is None:
        return {"date": "is a date as 2020-03-16, a month as 2020-03, or a year"}
    return {}


def read_date(text: str) -> datetime | None:
    """Return the last moment of a day, month or year; None for what is none."""
    parts = text.strip().replace("/", "-").split("-")
    if not 1 <= len(parts) <= 3 or not all(part.isdigit() for part in parts) or len(parts[0]) != 4:
        return None
    year = int(parts[0])
    month = int(parts[1]) if len(parts) > 1 else 12
    try:
        day = int(parts[2]) if len(parts) > 2 else calendar.monthrange(year, month)[1]
        return datetime(year, month, day, 23, 59, 59, 999_999, tzinfo=UTC)
    except (ValueError, calendar.IllegalMonthError):
        return None
