"""The frame: switching, palette, help, quitting, errors, states, undo."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest
from textual.app import ComposeResult
from textual.dom import NoScreen
from textual.pilot import Pilot
from textual.widgets import Input

from quant_tui.domain.errors import InsufficientData, StoreUnavailable
from quant_tui.ui import commands
from quant_tui.ui.app import QuantApp
from quant_tui.ui.modals.confirm import Confirm
from quant_tui.ui.modals.form_dialog import FormDialog
from quant_tui.ui.modals.help import KeyHelp
from quant_tui.ui.modals.welcome import Welcome
from quant_tui.ui.widgets.form import Field, Form
from quant_tui.ui.widgets.table import Column, Row, Table
from quant_tui.ui.widgets.table_grid import TableGrid
from quant_tui.ui.workspaces import Workspace
from tests.ui.frame_host import Opener, make_app, make_user
from tests.ui.idle import arrived


async def until(pilot: Pilot[Any], true: Callable[[], object], seconds: float = 5.0) -> None:
    """Wait for something to become true, and until what came with it has the keys."""
    for _ in range(int(seconds / 0.01)):
        if true():
            await arrived(pilot.app)
            return
        await pilot.pause(0.01)
    raise AssertionError("never became true")


def text_of(app: QuantApp) -> str:
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())


async def opened(pilot: Pilot[Any]) -> QuantApp:
    app = pilot.app
    assert isinstance(app, QuantApp)
    await until(pilot, lambda: app.services is not None and "2026-02-27" in text_of(app))
    return app


@pytest.mark.parametrize(
    ("key", "code"), [("2", "watchlists"), ("5", "optimise"), ("8", "chat"), ("9", "jobs")]
)
async def test_digits_switch_and_come_back(tmp_path: Path, key: str, code: str) -> None:
    async with make_app(tmp_path).run_test(size=(120, 36)) as pilot:
        app = await opened(pilot)
        await pilot.press(key)
        assert app.front == code
        await pilot.press("1")
        assert app.front == "dashboard"
        assert app.focused is not None


async def test_workspace_keeps_its_state_and_focus(tmp_path: Path) -> None:
    async with make_app(tmp_path).run_test(size=(120, 36)) as pilot:
        app = await opened(pilot)
        services = app.services
        assert services is not None

        async def work(_context: object) -> None:
            return None

        for number in range(3):
            services.jobs.start("backtest", f"job {number}", work)
        await pilot.press("9")
        await pilot.press("j")
        jobs = app.query_one("#workspace-jobs")
        table = jobs.query_one(Table)
        at = table.cursor_key
        await pilot.press("2", "9")
        assert table.cursor_key == at
        assert isinstance(app.focused, TableGrid)


@pytest.mark.parametrize(("width", "label"), [(80, "9 Jobs"), (120, "2 Watchlists"), (60, "4")])
async def test_top_line_fits_the_width(tmp_path: Path, width: int, label: str) -> None:
    async with make_app(tmp_path).run_test(size=(width, 24)) as pilot:
        await pilot.pause()
        assert label in text_of(pilot.app).splitlines()[0]  # type: ignore[arg-type]


async def test_help_lists_keys_with_their_places_and_searches(tmp_path: Path) -> None:
    async with make_app(tmp_path).run_test(size=(120, 50)) as pilot:
        app = await opened(pilot)
        await pilot.press("9", "question_mark")
        assert isinstance(app.screen, KeyHelp)
        await pilot.pause()
        text = text_of(app)
        assert "go.strategies" in text
        assert "Everywhere" in text
        assert "Steady" not in text
        await pilot.press(*"chat")
        await pilot.pause()
        text = text_of(app)
        assert "go.chat" in text
        assert "go.models" not in text
        await pilot.press("escape")
        assert not isinstance(app.screen, KeyHelp)


async def test_palette_finds_actions_and_objects_with_any_letters(tmp_path: Path) -> None:
    async with make_app(tmp_path).run_test(size=(120, 36)) as pilot:
        app = await opened(pilot)
        await pilot.press("ctrl+p", *"jobs")
        await until(pilot, lambda: "view: Jobs" in text_of(app))
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.front == "jobs")
        await pilot.press("ctrl+p", *"golden")
        await until(pilot, lambda: "strategy: Golden [/cross] 골든" in text_of(app))


async def test_palette_finds_what_is_typed_before_it_has_read_the_objects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = asyncio.Event()
    found = commands.objects

    async def slow(*given: Any) -> list[commands.Command]:
        await read.wait()
        return await found(*given)

    monkeypatch.setattr(commands, "objects", slow)
    async with make_app(tmp_path).run_test(size=(120, 36)) as pilot:
        app = await opened(pilot)
        await pilot.press("ctrl+p", *"golden")
        assert "Golden" not in text_of(app)
        read.set()
        await until(pilot, lambda: "strategy: Golden [/cross] 골든" in text_of(app))


async def test_palette_offers_what_the_screen_below_can_do(tmp_path: Path) -> None:
    async with make_app(tmp_path).run_test(size=(120, 36)) as pilot:
        app = await opened(pilot)

        async def work(_context: object) -> None:
            await asyncio.sleep(60)

        assert app.services is not None
        app.services.jobs.start("backtest", "long", work)
        await pilot.press("9", "ctrl+p", *"jobs: stop")
        await until(pilot, lambda: "jobs: Stop" in text_of(app))


async def test_theme_from_the_palette_is_used_and_remembered(tmp_path: Path) -> None:
    async with make_app(tmp_path).run_test(size=(120, 36)) as pilot:
        app = await opened(pilot)
        await until(pilot, lambda: "amber" in app.available_themes)
        assert "textual-dark" not in app.available_themes
        await pilot.press("ctrl+p", *"theme: amber")
        await until(pilot, lambda: "Amber on black" in text_of(app))
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.theme == "amber")
    assert 'theme = "amber"' in (tmp_path / "config.toml").read_text()
    again = make_app(tmp_path)
    assert again.theme == "amber"


async def test_quitting_asks_only_while_a_job_runs(tmp_path: Path) -> None:
    opener = Opener(user=make_user())
    app = make_app(tmp_path, opener=opener)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)

        async def work(_context: object) -> None:
            await asyncio.sleep(60)

        assert app.services is not None
        job = app.services.jobs.start("backtest", "Golden cross", work)
        await pilot.press("q")
        assert isinstance(app.screen, Confirm)
        assert "Golden cross is still running" in text_of(app)
        await pilot.press("n")
        assert app.is_running
        job.task.cancel()  # type: ignore[union-attr]
        await until(pilot, lambda: not app.job_watch.active)
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
    assert opener.services is not None
    assert opener.services.closed


async def test_services_that_do_not_open_say_why_and_can_be_tried_again(tmp_path: Path) -> None:
    trouble = StoreUnavailable("mongod did not start.", hint="See its log.")
    opener = Opener(user=make_user(), failures=[trouble])
    app = make_app(tmp_path, opener=opener)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until(pilot, lambda: app.services_error is not None)
        await until(pilot, lambda: "mongod did not start" in text_of(app))
        app.open_services()
        await opened(pilot)


async def test_first_start_makes_an_account_and_loads_the_sample_data(tmp_path: Path) -> None:
    opener = Opener(user=None)
    app = make_app(tmp_path, opener=opener)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, Welcome))
        await pilot.press("enter")
        services = opener.services
        assert services is not None
        assert services.accounts.made == ["kim"]
        await pilot.pause()
        assert "Load the sample data" in text_of(app)
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, Welcome))
        assert services.sample_data.loaded == 1
        await until(pilot, lambda: "kim" in text_of(app).splitlines()[-2])


async def test_first_start_names_a_wrong_name_and_lets_one_start_empty(tmp_path: Path) -> None:
    opener = Opener(user=None)
    app = make_app(tmp_path, opener=opener)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, Welcome))
        app.screen.query_one(Input).value = "two words"
        await pilot.press("enter")
        await pilot.pause()
        assert "cannot be used" in text_of(app)
        await pilot.press("ctrl+p")  # the palette would lead away from the only welcome there is
        await pilot.pause()
        assert isinstance(app.screen, Welcome)
        app.screen.query_one(Input).value = "이수"
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("n")
        await until(pilot, lambda: not isinstance(app.screen, Welcome))
        assert opener.services is not None
        assert opener.services.accounts.made == ["이수"]
        assert opener.services.sample_data.loaded == 0


class Trying(Workspace):
    """A workspace whose every road can be made to fail."""

    BINDINGS: ClassVar[list[Any]] = [("b", "break", "Break")]
    failures: list[Exception]

    def compose(self) -> ComposeResult:
        self.table = Table([Column("x", 5, grow=1)])
        yield self.table

    async def load(self, services: object) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.table.set_rows([Row("1", ("loaded",))])

    def action_break(self) -> None:
        raise ZeroDivisionError("1/0 [/red]")

    def focus_first(self) -> None:
        self.table.focus()


async def show_trying(pilot: Pilot[Any], *failures: Exception) -> tuple[QuantApp, Trying]:
    app = await opened(pilot)
    made = Trying()
    made.failures = list(failures)
    await app.query_one("#body").mount(made)
    app.stack.built["chat"] = made
    await pilot.press("8")
    return app, made


async def test_failed_load_becomes_a_panel_with_a_retry(tmp_path: Path) -> None:
    async with make_app(tmp_path).run_test(size=(120, 36)) as pilot:
        app, _ = await show_trying(pilot, InsufficientData("Too few bars.", hint="Take more."))
        await until(pilot, lambda: "Too few bars" in text_of(app))
        assert "Not enough data" in text_of(app)
        await pilot.press("enter")
        await until(pilot, lambda: "loaded" in text_of(app))


@pytest.mark.expects_errors
async def test_defects_are_toasted_and_logged_and_the_app_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with make_app(tmp_path).run_test(size=(120, 36), notifications=True) as pilot:
        app, made = await show_trying(pilot)
        await until(pilot, lambda: "loaded" in text_of(app))

        async def fail() -> None:
            raise KeyError("[/bold] lost")

        made.spawn(fail)
        await until(pilot, lambda: "Unexpected error" in text_of(app))
        app.clear_notifications()
        await pilot.press("b")
        await until(pilot, lambda: "ZeroDivisionError: 1/0 [/red]" in text_of(app))
        await pilot.press("9")
        assert app.front == "jobs"
    traces = [r for r in caplog.records if r.exc_info and r.levelno == logging.ERROR]
    assert len(traces) == 2


async def test_work_that_comes_back_while_the_app_ends_is_no_error(tmp_path: Path) -> None:
    """What a workspace consists of goes before the workspace itself."""
    async with make_app(tmp_path).run_test(size=(120, 36), notifications=True) as pilot:
        _, made = await show_trying(pilot)
        missed: list[Exception] = []

        async def work() -> None:
            while made.table.is_attached:  # noqa: ASYNC110 -- nothing tells of it
                await asyncio.sleep(0)
            try:
                made.table.set_rows([])
                made.table.screen.set_focus(None)
            except NoScreen as error:
                missed.append(error)
                raise

        made.spawn(work)
    assert missed


async def test_a_part_goes_although_who_takes_it_away_is_cancelled(tmp_path: Path) -> None:
    """As the work that closes a form is when another form is opened at once."""
    async with make_app(tmp_path).run_test(size=(120, 36)) as pilot:
        _, made = await show_trying(pilot)

        async def replace(form: Form) -> None:
            await made.query(Form).remove()
            await made.mount(form)

        for _ in range(3):
            await replace(Form(Field("name", "Name"), id="form"))
            removing = made.spawn(partial(replace, Form(Field("name", "Name"), id="form")))
            for _step in range(3):
                await asyncio.sleep(0)
            removing.cancel()
            await replace(Form(Field("name", "Name"), id="form"))
        assert len(made.query(Form)) == 1


async def save_nothing(_values: dict[str, str]) -> None:
    """Save nothing."""


class Leaving(FormDialog[None]):
    """Taken away while it is built, as when the app is quit at that moment."""

    def compose(self) -> ComposeResult:
        self.app._prune(self)
        yield from super().compose()


async def test_a_dialog_that_is_taken_away_while_it_is_built_ends_nothing(tmp_path: Path) -> None:
    async with make_app(tmp_path).run_test(size=(120, 36)) as pilot:
        app = await opened(pilot)
        dialog = Leaving("Leaving", "", Field("name", "Name"), save=save_nothing)
        app.push_screen(dialog)
        await until(pilot, lambda: dialog.is_mounted and not dialog.is_running)
        assert app.is_running


async def test_job_calls_back_or_tells_with_a_toast(tmp_path: Path) -> None:
    async with make_app(tmp_path).run_test(size=(120, 36), notifications=True) as pilot:
        app, made = await show_trying(pilot)
        assert app.services is not None
        results: list[object] = []

        async def good(_context: object) -> int:
            return 42

        async def bad(_context: object) -> int:
            raise InsufficientData("Twelve bars only [/x].")

        made.follow(app.services.jobs.start("backtest", "good", good), on_done=results.append)
        await until(pilot, lambda: results == [42])
        made.follow(app.services.jobs.start("backtest", "bad", bad), on_done=results.append)
        await until(pilot, lambda: "bad: Twelve bars only [/x]." in text_of(app))
        await pilot.press("9")
        await until(pilot, lambda: "✗ failed" in text_of(app))
        assert "Not enough data" in text_of(app)


async def test_job_is_stopped_from_the_jobs_screen(tmp_path: Path) -> None:
    async with make_app(tmp_path).run_test(size=(120, 36)) as pilot:
        app = await opened(pilot)
        assert app.services is not None

        async def work(context: Any) -> None:
            while True:
                context.progress(0.3, "bar 30 of 100")
                context.cancel.raise_if_cancelled()
                await asyncio.sleep(0.01)

        job = app.services.jobs.start("backtest", "Golden cross", work)
        await pilot.press("9")
        await until(pilot, lambda: "bar 30 of 100" in text_of(app))
        await until(pilot, lambda: "30%" in text_of(app).splitlines()[-2])
        await pilot.press("ctrl+x")
        await until(pilot, lambda: job.status.is_final, 1.0)
        await until(pilot, lambda: "◼ stopped" in text_of(app))
        await until(pilot, lambda: "━" not in text_of(app).splitlines()[-2])


async def test_status_line_changes_under_two_dialogs(tmp_path: Path) -> None:
    async with make_app(tmp_path).run_test(size=(120, 36)) as pilot:
        app = await opened(pilot)
        line = app.status_keeper.line
        for _ in range(2):
            await app.push_screen(Confirm("Sure?", "Really."))
            await pilot.pause()
        line.show_user("someone else")
        await until(pilot, lambda: "someone else" in text_of(app))
        line.show_user("kim")
        await until(pilot, lambda: "someone else" not in text_of(app))


async def test_what_changes_while_the_status_line_asks_is_asked_for_again(tmp_path: Path) -> None:
    async with make_app(tmp_path).run_test(size=(120, 36)) as pilot:
        app = await opened(pilot)
        assert app.services is not None
        market: Any = app.services.market_data
        going, held = asyncio.Event(), asyncio.Event()
        last_session = market.last_session

        async def slow() -> date | None:
            found: date | None = await last_session()
            going.set()
            await held.wait()
            return found

        market.last_session = slow
        app.status_keeper.look()
        await going.wait()
        market.last = date(2026, 3, 2)
        app.status_keeper.look()
        held.set()
        await until(pilot, lambda: "data to 2026-03-02" in text_of(app))


async def test_undo_is_offered_and_takes_back_once(tmp_path: Path) -> None:
    async with make_app(tmp_path).run_test(size=(120, 36)) as pilot:
        app = await opened(pilot)
        undone: list[int] = []

        async def undo() -> None:
            undone.append(1)

        app.undo.offer("Strategy deleted", undo)
        await pilot.pause()
        assert "u Undo" in text_of(app)
        await pilot.press("u", "u")
        await pilot.pause()
        assert undone == [1]
        assert "u Undo" not in text_of(app)


async def test_detail_is_a_second_page_on_a_narrow_terminal(tmp_path: Path) -> None:
    async with make_app(tmp_path).run_test(size=(80, 24)) as pilot:
        app = await opened(pilot)
        assert app.services is not None

        async def bad(_context: object) -> int:
            raise InsufficientData("Twelve bars only.", hint="Choose an earlier start.")

        app.services.jobs.start("backtest", "Momentum", bad)
        await pilot.press("9")
        await until(pilot, lambda: "✗ failed" in text_of(app))
        assert "Choose an earlier" not in text_of(app)
        await pilot.press("enter")
        await until(pilot, lambda: "Choose an earlier" in text_of(app))
        await pilot.press("escape")
        await until(pilot, lambda: "Choose an earlier" not in text_of(app))
        await pilot.press("down")
        assert isinstance(app.focused, TableGrid)


async def test_mouse_works_on_the_top_line_and_the_footer(tmp_path: Path) -> None:
    async with make_app(tmp_path).run_test(size=(120, 36)) as pilot:
        app = await opened(pilot)
        line = text_of(app).splitlines()[0]
        await pilot.click("NavBar", offset=(line.index("5 Optimise") + 2, 0))
        await until(pilot, lambda: app.front == "optimise")
        footer = text_of(app).splitlines()[-1]
        await pilot.click("KeyFooter", offset=(footer.index("? help"), 0))
        await until(pilot, lambda: isinstance(app.screen, KeyHelp))
