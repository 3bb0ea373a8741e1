"""Forms: checked as typed, messages beside the field, keys alone suffice."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Input

from quant_tui.ui import themes
from quant_tui.ui.widgets.choice import Choice
from quant_tui.ui.widgets.form import Field, Form

CHOICES = (("next_open", "next open"), ("close", "this close"), ("vwap", "average"))


def check(values: dict[str, str]) -> dict[str, str]:
    return {} if values["fast"].isdigit() else {"fast": "is a whole number [/x]"}


class Host(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.submitted: list[dict[str, str]] = []
        self.abandoned = 0

    def compose(self) -> ComposeResult:
        self.form = Form(
            Field("name", "Name", "Golden cross", help_text="anything"),
            Field("fast", "Fast", "20", help_text="bars, 2 to 200"),
            Field("fill", "Fill at", "close", choices=CHOICES),
            check=check,
        )
        yield self.form

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return themes.DEFAULTS

    def on_mount(self) -> None:
        self.form.fields[0].control.focus()

    def on_form_submitted(self, event: Form.Submitted) -> None:
        self.submitted.append(event.values)

    def on_form_abandoned(self, event: Form.Abandoned) -> None:
        self.abandoned += 1

    def text(self) -> str:
        return "\n".join(strip.text for strip in self.screen._compositor.render_strips())


async def test_message_stands_beside_the_field_and_nothing_is_sent() -> None:
    app = Host()
    async with app.run_test(size=(100, 12)) as pilot:
        await pilot.press("down", "end", "x")
        await pilot.pause()
        line = next(one for one in app.text().splitlines() if "20x" in one)
        assert "✗ is a whole number [/x]" in line
        await pilot.press("ctrl+s")
        assert app.submitted == []
        assert isinstance(app.focused, Input)
        await pilot.press("backspace", "ctrl+s")
        assert app.submitted == [{"name": "Golden cross", "fast": "20", "fill": "close"}]
        assert "bars, 2 to 200" in app.text()


async def test_enter_goes_on_and_saves_from_the_last_field() -> None:
    app = Host()
    async with app.run_test(size=(100, 12)) as pilot:
        await pilot.press("enter", "enter", "right", "enter")
        await pilot.pause()
        assert app.submitted == [{"name": "Golden cross", "fast": "20", "fill": "vwap"}]


async def test_choices_turn_both_ways_and_by_letter() -> None:
    app = Host()
    async with app.run_test(size=(100, 12)) as pilot:
        await pilot.press("down", "down")
        choice = app.focused
        assert isinstance(choice, Choice)
        await pilot.press("left")
        assert choice.value == "next_open"
        await pilot.press("a")
        assert choice.value == "vwap"
        await pilot.press("space")
        assert choice.value == "next_open"


async def test_untouched_fields_are_not_blamed_before_saving() -> None:
    app = Host()
    async with app.run_test(size=(100, 12)) as pilot:
        app.form.check = lambda _values: {"fast": "is wrong", "fill": "is wrong"}
        await pilot.press("x")
        await pilot.pause()
        assert "is wrong" not in app.text()
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert app.text().count("is wrong") == 2
        assert app.form.field("fast").control.has_focus


async def test_escape_leaves_and_replaced_fields_start_afresh() -> None:
    app = Host()
    async with app.run_test(size=(100, 12)) as pilot:
        await pilot.press("x")
        assert app.form.changed
        app.form.check = None
        await app.form.replace_fields(Field("period", "Period", "14"))
        assert app.form.values == {"period": "14"}
        assert not app.form.changed
        app.form.fields[0].control.focus()
        await pilot.press("escape")
        assert app.abandoned == 1
