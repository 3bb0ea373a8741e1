"""Choosing a fix and saying why; choosing where a symbol trades."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from quant_tui.services.quality_findings import CHECKS, FIXES, QualityFinding
from quant_tui.ui.modals.dialog import Dialog
from quant_tui.ui.widgets.form import Field, Form

SHORT = {
    "adjust_split": "adjust for the split",
    "take_other": "take the other source",
    "drop": "drop the bars",
    "closure": "known closure",
    "fill": "fill with the close before",
    "ignore": "ignore",
}


@dataclass(frozen=True, slots=True)
class ChosenFix:
    """What a person decided."""

    kind: str
    reason: str


class FixDialog(Dialog[ChosenFix | None]):
    """Asks which fix, and why.

    Parameters
    ----------
    findings
        At least one, all of one check.
    """

    DEFAULT_CSS = """
    FixDialog Field > .label { width: 8; }
    FixDialog Field > .note { width: 0; display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Cancel", id="quality.leave_fix", tooltip="Change nothing"),
    ]

    def __init__(self, findings: Sequence[QualityFinding]) -> None:
        super().__init__()
        first = findings[0]
        check = CHECKS[first.check]
        self._about = first.text if len(findings) == 1 else f"{len(findings)} findings"
        self._title = f"{first.symbol}  {check.title}" if len(findings) == 1 else check.title
        self.form = Form(
            Field("kind", "Fix", check.fixes[0],
                  choices=[(kind, SHORT[kind]) for kind in check.fixes]),
            Field("reason", "Why", "", placeholder="kept with the fix"),
        )  # fmt: skip
        self._effect = Static(Content(FIXES[check.fixes[0]] + "."), classes="hint")

    def compose(self) -> ComposeResult:
        """Lay out what it is about, the choices, what the chosen one does."""
        with Vertical(classes="dialog") as box:
            box.border_title = self._title
            box.border_subtitle = "ctrl+s does it · escape leaves it"
            yield Static(Content(self._about))
            yield Static("")
            yield self.form
            yield Static("")
            yield self._effect

    def on_mount(self) -> None:
        """Give the keys to the choice."""
        self.call_after_refresh(lambda: self.form.field("kind").control.focus())

    def on_form_changed(self, event: Form.Changed) -> None:
        """Say what the chosen fix does."""
        event.stop()
        self._effect.update(Content(FIXES[self.form.values["kind"]] + "."))

    def on_form_submitted(self, event: Form.Submitted) -> None:
        """Close with the choice."""
        event.stop()
        self.dismiss(ChosenFix(event.values["kind"], event.values["reason"].strip()))

    def on_form_abandoned(self, event: Form.Abandoned) -> None:
        """Close without one."""
        event.stop()
        self.dismiss(None)

    def action_leave(self) -> None:
        """Close without one."""
        self.dismiss(None)


class CalendarDialog(Dialog[str]):
    """Asks for the calendar of a symbol; "" when it is to stay.

    Parameters
    ----------
    symbol
        Whose.
    code
        Its present one.
    """

    DEFAULT_CSS = """
    CalendarDialog Field > .label { width: 10; }
    CalendarDialog Field > .note { width: 0; display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Cancel", id="quality.leave_calendar",
                tooltip="Leave the calendar as it is"),
    ]  # fmt: skip

    def __init__(self, symbol: str, code: str) -> None:
        super().__init__()
        self._symbol = symbol
        self.form = Form(Field("code", "Calendar", code))

    def compose(self) -> ComposeResult:
        """Lay out the field and what can be written."""
        with Vertical(classes="dialog") as box:
            box.border_title = f"Where {self._symbol} trades"
            box.border_subtitle = "ctrl+s keeps it · escape leaves it"
            yield self.form
            yield Static("")
            yield Static(
                Content(
                    "A market identifier (XNYS New York, XKRX Seoul, XTKS Tokyo, XLON London, "
                    "XHKG Hong Kong, XETR Frankfurt …), an exchange's name, or 24/7."
                ),
                classes="hint",
            )

    def on_mount(self) -> None:
        """Give the keys to the field."""
        self.call_after_refresh(lambda: self.form.field("code").control.focus())

    def on_form_submitted(self, event: Form.Submitted) -> None:
        """Close with the code."""
        event.stop()
        self.dismiss(event.values["code"].strip())

    def on_form_abandoned(self, event: Form.Abandoned) -> None:
        """Close without one."""
        event.stop()
        self.dismiss("")

    def action_leave(self) -> None:
        """Close without one."""
        self.dismiss("")
