"""The list of strategies, and beside it one of them, a template to choose, or a form."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from quant_tui.domain.errors import NotFound
from quant_tui.services.chat_selection import Selection, of_strategy
from quant_tui.ui.modals.similar import open_similar
from quant_tui.ui.screens.strategies import actions
from quant_tui.ui.screens.strategies.backtests_ahead import BacktestsAhead
from quant_tui.ui.screens.strategies.form import StrategyForm
from quant_tui.ui.screens.strategies.listing import COLUMNS, empty, every_strategy, rows
from quant_tui.ui.screens.strategies.pages import StrategyPages
from quant_tui.ui.screens.strategies.templates import TemplatePicker
from quant_tui.ui.widgets.master_detail import MasterDetail
from quant_tui.ui.widgets.table import Table
from quant_tui.ui.workers import has_ended
from quant_tui.ui.workspaces import Workspace

if TYPE_CHECKING:
    from textual.worker import Worker

    from quant_tui.domain.trading import Strategy, StrategyTemplate
    from quant_tui.jobs.manager import Job
    from quant_tui.services.composition import Services

FRESH_SECONDS = 1.0
"""How old a list may be when its workspace comes to the front."""

_OF_THE_LIST = frozenset({"new", "write_new", "import", "show_archived"})
_OF_ONE = frozenset(
    {
        "run", "check", "optimise", "edit", "delete", "write", "versions", "duplicate", "archive",
        "export", "template", "similar",
    }
)  # fmt: skip


class Strategies(Workspace):
    """Strategies of the user."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", id="strategies.back", tooltip="Back, one step"),
        Binding("n", "new", "New", id="strategies.new", tooltip="New strategy from a template"),
        Binding("r", "run", "Run", id="strategies.run", tooltip="Backtest this strategy"),
        Binding("w", "write", "Write", id="strategies.write",
                tooltip="Write this strategy's rules in the editor"),
        Binding("O", "optimise", "Optimise", id="strategies.optimise",
                tooltip="New study of this strategy's parameters"),
        Binding("t", "check", "Checks", id="strategies.check",
                tooltip="Every check of this strategy, each with its figures"),
        Binding("e", "edit", "Edit", id="strategies.edit",
                tooltip="Change name, description, parameters, tags and notes"),
        Binding("v", "versions", "Versions", id="strategies.versions",
                tooltip="Every version: what it changed, what it gave; compare, bring back"),
        Binding("d", "delete", "Delete", id="strategies.delete",
                tooltip="Delete this strategy; its backtests stay"),
        Binding("D", "duplicate", "Duplicate", id="strategies.duplicate",
                tooltip="Make a copy of this strategy"),
        Binding("a", "archive", "Archive", id="strategies.archive",
                tooltip="Put this strategy into the archive, or bring it back"),
        Binding("A", "show_archived", "Archived", id="strategies.show_archived",
                tooltip="Show archived strategies too, or hide them"),
        Binding("x", "export", "Export", id="strategies.export",
                tooltip="Write this strategy to a file"),
        Binding("i", "import", "Import", id="strategies.import",
                tooltip="Make a strategy of a file"),
        Binding("M", "template", "Make template", id="strategies.template",
                tooltip="Save this strategy as a template of your own"),
        Binding("N,tilde", "similar", "Similar", id="strategies.similar", show=False,
                tooltip="Strategies that are most like this one"),
        Binding("W", "write_new", "Write new", id="strategies.write_new", show=False,
                tooltip="Write a new strategy from an empty text"),
        Binding("F", "app.functions", "Functions", id="strategies.functions", show=False,
                tooltip="What the rule language can call and name"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.table = Table(COLUMNS, empty=empty(0), id="strategies")
        self.pages = StrategyPages()
        self.detail = self.pages.detail
        self.picker = self.pages.picker
        self.split = MasterDetail(self.table, self.pages)
        self._strategies: dict[str, Strategy] = {}
        self._archived_shown = False
        self._backtests = BacktestsAhead()
        self._fetching: Worker[None] | None = None
        self._loaded_at = 0.0
        self._unsubscribe: Callable[[], None] | None = None

    def compose(self) -> ComposeResult:
        """Lay out list and detail."""
        yield self.split

    async def load(self, services: Services) -> None:
        """Fetch strategies and templates, and listen to the backtests that end."""
        if self._unsubscribe is None:
            self._unsubscribe = services.jobs.subscribe(self._job_changed)
        strategies = await every_strategy(services.strategies)
        templates, own = await services.templates.list(), await services.templates.own()
        self._strategies = {one.id: one for one in strategies}
        self.pages.forget()
        self._backtests.changed()
        self._list()
        self.picker.show_templates(templates, own)
        self._loaded_at = monotonic()
        self._show_chosen()
        self.refresh_bindings()

    def _list(self) -> None:
        found = self._strategies.values()
        shown = [one for one in found if one.is_active or self._archived_shown]
        self.table.empty = empty(len(found) - len(shown))
        self.table.set_rows(rows(shown))

    def shown(self) -> None:
        """Look again at the chosen strategy's backtests, and at what other instances made."""
        self._backtests.changed()
        self._show_chosen()
        if self.ready and monotonic() - self._loaded_at > FRESH_SECONDS:
            self.spawn(partial(self.load, self.services), group="list", exclusive=True)

    def on_unmount(self) -> None:
        """Stop listening."""
        if self._unsubscribe is not None:
            self._unsubscribe()

    def focus_first(self) -> None:
        """Give the keys to what is gone into: a template, a form, or else the list."""
        if self.pages.current == "picker":
            self.picker.table.focus()
        elif (form := self.pages.form) is not None:
            form.focus_first()
        elif self.split.narrow and self.split.detail_open:
            self.detail.focus()
        else:
            self.table.focus()

    async def jump(self, target: str) -> None:
        """Open a strategy, or with ``new`` the choice of a template.

        Raises
        ------
        NotFound
            The strategy is gone.
        """
        if target == "new":
            self.action_new()
            return
        if target not in self._strategies:
            await self.load(self.services)
        strategy = self._strategies.get(target)
        if strategy is None:
            raise NotFound("This strategy is not there any more: it was deleted.")
        if not strategy.is_active and not self._archived_shown:
            self.action_show_archived()
        if self.table.move_to(target):
            self._show_page("detail")
            self.split.open_detail(self.detail)

    @property
    def unsaved(self) -> str:
        """A form that was changed."""
        form = self.pages.form
        return "The strategy's form" if form is not None and form.form.changed else ""

    def selection(self) -> Selection | None:
        """Return what is chosen, for the chat beside."""
        return None if (chosen := self._chosen) is None else of_strategy(chosen)

    # -- what is chosen

    @property
    def _chosen(self) -> Strategy | None:
        return self._strategies.get(self.table.cursor_key)

    def on_table_row_highlighted(self, event: Table.RowHighlighted) -> None:
        """Show the strategy under the cursor."""
        event.stop()
        self._show_chosen()

    def on_table_row_opened(self, event: Table.RowOpened) -> None:
        """Go into the detail."""
        event.stop()
        self.split.open_detail(self.detail)

    def _job_changed(self, job: Job[object]) -> None:
        if job.kind == "backtest" and job.status.is_final and self.is_attached:
            self._backtests.changed()
            self._show_chosen()

    def _show_chosen(self) -> None:
        """Show what is known of the chosen strategy at once, and ask for what is not."""
        strategy = self._chosen
        if strategy is None or self.ready:
            self._write_detail(strategy)
        if strategy is not None and self.ready and has_ended(self._fetching):
            self._fetching = self.spawn(self._fetch_backtests, group="backtests")

    def _write_detail(self, strategy: Strategy | None) -> None:
        known = None if strategy is None else self._backtests.known(strategy.id)
        self.pages.show_strategy(strategy, known)

    async def _fetch_backtests(self) -> None:
        """Fetch the backtests of the chosen strategy, then of those around it."""
        while (wanted := self._backtests.next(self.table.keys_around())) is not None:
            differs = await self._backtests.fetch(wanted, self.services.backtests)
            strategy = self._chosen
            if differs and strategy is not None and strategy.id == wanted:
                self._write_detail(strategy)

    # -- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense now."""
        if action == "back":
            return self.pages.current == "picker" or self.detail.has_focus
        if action in _OF_THE_LIST:
            any_archived = any(not one.is_active for one in self._strategies.values())
            fits = any_archived or action != "show_archived"
            return fits and self.loaded and self.pages.current == "detail"
        if action in _OF_ONE:
            if not self.loaded or self.pages.current != "detail" or self._chosen is None:
                return False
            return self._chosen.is_active or action not in ("run", "optimise")
        return super().check_action(action, parameters)

    def action_new(self) -> None:
        """Choose a template."""
        self._show_page("picker")
        self.picker.table.grid.action_first()
        self.split.open_detail(self.picker.table)
        self.picker.table.focus()

    def action_run(self) -> None:
        """Open the form of a new run with this strategy."""
        if (strategy := self._chosen) is not None:
            self.switch_to("backtests", target=f"run:{strategy.id}")

    def action_check(self) -> None:
        """Open the checks of this strategy; they are made if there are none."""
        if (strategy := self._chosen) is not None:
            self.switch_to("checks", target=f"strategy:{strategy.id}")

    def action_similar(self) -> None:
        """Show what is like this strategy."""
        if (strategy := self._chosen) is not None:
            look = partial(open_similar, self, "strategy", strategy.id, strategy.name)
            self.spawn(look, group="similar", exclusive=True, keys_wait=True)

    def action_optimise(self) -> None:
        """Open the form of a new study of this strategy."""
        if (strategy := self._chosen) is not None:
            self.switch_to("optimise", target=f"study:{strategy.id}")

    def action_edit(self) -> None:
        """Open the form of this strategy."""
        if (strategy := self._chosen) is not None:
            self.spawn(partial(self._open_form, strategy), keys_wait=True)

    def action_write(self) -> None:
        """Open the rules of this strategy in the editor."""
        if (strategy := self._chosen) is not None:
            self.switch_to("editor", target=strategy.id)

    def action_write_new(self) -> None:
        """Open the editor with an empty text."""
        self.switch_to("editor", target="new")

    def action_versions(self) -> None:
        """Open the versions of this strategy."""
        if (strategy := self._chosen) is not None:
            self.switch_to("editor", target=f"versions:{strategy.id}")

    def action_back(self) -> None:
        """Go back one step: template to detail, detail to list."""
        if self.pages.current == "picker":
            self._leave_to_list()
        elif not self.split.close_detail():
            self.table.focus()

    def _leave_to_list(self) -> None:
        self._show_page("detail")
        self.split.close_detail()
        self.table.focus()

    def _show_page(self, page: str) -> None:
        self.pages.current = page
        self.refresh_bindings()

    # -- making and changing

    def on_template_picker_picked(self, event: TemplatePicker.Picked) -> None:
        """Open the form of a template."""
        event.stop()
        self.spawn(partial(self._open_form, event.template), keys_wait=True)

    async def _open_form(self, of: Strategy | StrategyTemplate) -> None:
        taken = [one.name for one in self._strategies.values() if one is not of]
        form = await self.pages.open_form(of, taken)
        self._show_page("strategy-form")
        self.split.open_detail(form.form.fields[0].control)
        form.focus_first()

    def on_strategy_form_left(self, event: StrategyForm.Left) -> None:
        """Go back to where the form was opened from."""
        event.stop()
        self.spawn(partial(self._leave_form, event.form), keys_wait=True)

    async def _leave_form(self, form: StrategyForm) -> None:
        if form.form.changed and not await self.confirm(
            "Leave without saving?", "What you typed is lost.", yes="Leave"
        ):
            return
        was_new = form.strategy is None
        await self.pages.close_form()
        if was_new:
            self.action_new()
        else:
            self._leave_to_list()

    def on_strategy_form_saved(self, event: StrategyForm.Saved) -> None:
        """Keep what the form holds."""
        event.stop()
        self.spawn(partial(self._save, event), group="save", exclusive=True, keys_wait=True)

    async def _save(self, event: StrategyForm.Saved) -> None:
        service, form, values = self.services.strategies, event.form, event.values
        if form.strategy is not None:
            kept = await service.update(form.strategy.model_copy(update=values))
        elif form.template is not None:
            kept = await service.create_from_template(form.template, values)
        else:
            return
        await self.pages.close_form()
        await self._load_and_choose(kept)
        self._leave_to_list()
        self.toast(f"{kept.name} saved  ·  r runs it")

    # -- a strategy as a whole

    async def _load_and_choose(self, strategy: Strategy | None) -> None:
        # A list that is on its way since before would come after this one, without the strategy.
        self.workers.cancel_group(self, "list")
        await self.load(self.services)
        if strategy is not None:
            self.table.move_to(strategy.id)

    async def _load_again(self) -> None:
        await self._load_and_choose(self._chosen)

    def action_delete(self) -> None:
        """Ask, then delete this strategy."""
        if (strategy := self._chosen) is not None:
            self.spawn(partial(self._delete, strategy), keys_wait=True)

    async def _delete(self, strategy: Strategy) -> None:
        if await actions.delete(self, strategy, self._load_again):
            await self.load(self.services)
            self._leave_to_list()

    def action_duplicate(self) -> None:
        """Make a copy of this strategy."""
        if (strategy := self._chosen) is not None:
            self.spawn(partial(self._duplicate, strategy), keys_wait=True)

    async def _duplicate(self, strategy: Strategy) -> None:
        await self._load_and_choose(await actions.duplicate(self, strategy))

    def action_archive(self) -> None:
        """Put this strategy into the archive, or bring it back."""
        if (strategy := self._chosen) is not None:
            self.spawn(partial(self._archive, strategy), keys_wait=True)

    async def _archive(self, strategy: Strategy) -> None:
        await actions.archive(self, strategy, self._load_again)
        await self.load(self.services)
        self._leave_to_list()

    def action_show_archived(self) -> None:
        """Show archived strategies too, or hide them."""
        self._archived_shown = not self._archived_shown
        self._list()
        self._show_chosen()
        self.refresh_bindings()
        count = sum(not one.is_active for one in self._strategies.values())
        shown = "shown" if self._archived_shown else "hidden"
        self.toast(f"{count} archived, {shown}" if count else "Nothing is archived")

    def action_export(self) -> None:
        """Write this strategy to a file."""
        if (strategy := self._chosen) is not None:
            self.spawn(partial(actions.export, self, strategy), keys_wait=True)

    def action_import(self) -> None:
        """Make a strategy of a file."""
        self.spawn(self._import, keys_wait=True)

    async def _import(self) -> None:
        if (made := await actions.import_file(self)) is not None:
            await self._load_and_choose(made)

    def action_template(self) -> None:
        """Save this strategy as a template of one's own."""
        if (strategy := self._chosen) is not None:
            self.spawn(partial(self._save_template, strategy), keys_wait=True)

    async def _save_template(self, strategy: Strategy) -> None:
        if await actions.save_as_template(self, strategy) is not None:
            await self._load_again()

    def on_template_picker_delete_asked(self, event: TemplatePicker.DeleteAsked) -> None:
        """Ask, then delete a template of one's own."""
        event.stop()
        delete = partial(actions.delete_template, self, event.template, self._load_again)
        self.spawn(delete, keys_wait=True)
