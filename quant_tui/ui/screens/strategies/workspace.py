"""The list of strategies, and beside it one of them, a template to choose, or a form."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import ContentSwitcher

from quant_tui.domain.errors import QuantError
from quant_tui.ui import format as fmt
from quant_tui.ui.screens.strategies import rules_text
from quant_tui.ui.screens.strategies.backtests_ahead import BacktestsAhead
from quant_tui.ui.screens.strategies.detail import StrategyDetail
from quant_tui.ui.screens.strategies.form import StrategyForm
from quant_tui.ui.screens.strategies.templates import TemplatePicker
from quant_tui.ui.widgets.master_detail import MasterDetail
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table import Column, Row, Table
from quant_tui.ui.workspaces import Workspace

if TYPE_CHECKING:
    from textual.worker import Worker

    from quant_tui.domain.trading import Strategy, StrategyTemplate
    from quant_tui.engine.rules import StrategyDocument
    from quant_tui.jobs.manager import Job
    from quant_tui.services.composition import Services
    from quant_tui.services.strategies import StrategyService

PAGE = 1000
"""Strategies that are fetched at a time."""

FRESH_SECONDS = 1.0
"""How old a list may be when its workspace comes to the front."""


def _muted(_value: object) -> str:
    return "muted"


COLUMNS = (
    Column("Name", 16, grow=3),
    Column("Type", 18, role=_muted),
    Column("Parameters", 10, sort=None, grow=1),
    Column("Updated", 10, "right", write=lambda v: fmt.ago(v), role=_muted, first="descending"),  # type: ignore[arg-type]  # the column holds times
)  # fmt: skip

EMPTY = Notice(
    "No strategies yet",
    "A strategy is a set of rules with parameters of your choosing. Start from a template: "
    "moving averages, mean reversion, momentum, or simply buy and hold.",
    (("n", "New strategy from a template"),),
)


class Strategies(Workspace):
    """Strategies of the user."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "New", id="strategies.new", tooltip="New strategy from a template"),
        Binding("r", "run", "Run", id="strategies.run", tooltip="Backtest this strategy"),
        Binding("e", "edit", "Edit", id="strategies.edit",
                tooltip="Change name, description and parameters"),
        Binding("d", "delete", "Delete", id="strategies.delete",
                tooltip="Delete this strategy; its backtests stay"),
        Binding("f", "app.functions", "Functions", id="strategies.functions", show=False,
                tooltip="What the rule language can call and name"),
        Binding("escape", "back", "Back", id="strategies.back", tooltip="Back, one step"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.table = Table(COLUMNS, empty=EMPTY, id="strategies")
        self.detail = StrategyDetail(id="detail")
        self.picker = TemplatePicker(id="picker")
        self.pages = ContentSwitcher(self.detail, self.picker, initial="detail")
        self.split = MasterDetail(self.table, self.pages)
        self._strategies: dict[str, Strategy] = {}
        self._templates: list[StrategyTemplate] = []
        self._documents: dict[str, StrategyDocument] = {}
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
        strategies = await _all(services.strategies)
        self._templates = await services.strategies.templates()
        self._strategies = {one.id: one for one in strategies}
        self._documents.clear()
        self._backtests.changed()
        self.table.set_rows(
            Row(
                one.id,
                (one.name, one.strategy_type, rules_text.short(one.parameters), one.updated_at),
            )
            for one in strategies
        )
        self.picker.show_templates(self._templates, services.strategies)
        self._loaded_at = monotonic()
        self._show_chosen()
        self.refresh_bindings()

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
        elif (form := self._form) is not None:
            form.focus_first()
        elif self.split.narrow and self.split.detail_open:
            self.detail.focus()
        else:
            self.table.focus()

    async def jump(self, target: str) -> None:
        """Open a strategy, or with ``new`` the choice of a template."""
        if target == "new":
            self.action_new()
            return
        if target not in self._strategies:
            await self.load(self.services)
        if self.table.move_to(target):
            self._show_page("detail")
            self.split.open_detail(self.detail)

    @property
    def unsaved(self) -> str:
        """A form that was changed."""
        form = self._form
        return "The strategy's form" if form is not None and form.form.changed else ""

    # -- what is chosen

    @property
    def _chosen(self) -> Strategy | None:
        return self._strategies.get(self.table.cursor_key)

    @property
    def _form(self) -> StrategyForm | None:
        return next(iter(self.query(StrategyForm)), None)

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
        self.pages.set_class(strategy is None, "-nothing")
        if strategy is None:
            self.detail.show(None)
        elif self.ready:
            self._write_detail(strategy)
            if self._fetching is None or self._fetching.is_finished:
                self._fetching = self.spawn(self._fetch_backtests, group="backtests")

    def _write_detail(self, strategy: Strategy) -> None:
        try:
            document = self._document_of(strategy)
        except QuantError as error:
            self.detail.show_broken(strategy, error)
        else:
            self.detail.show_strategy(strategy, document, self._backtests.known(strategy.id))

    def _document_of(self, strategy: Strategy) -> StrategyDocument:
        rules = strategy.id if strategy.document else strategy.strategy_type
        found = self._documents.get(rules)
        if found is None:
            found = self._documents[rules] = self.services.strategies.document_of(strategy)
        return found

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
        if action in ("new", "run", "edit", "delete"):
            if not self.loaded or self.pages.current == "strategy-form":
                return False
            if action == "new":
                return self.pages.current == "detail"
            return self._chosen is not None and self.pages.current == "detail"
        return super().check_action(action, parameters)

    def action_new(self) -> None:
        """Choose a template."""
        self._show_page("picker")
        self.split.open_detail(self.picker.table)
        self.picker.table.focus()

    def action_run(self) -> None:
        """Open the form of a new run with this strategy."""
        if (strategy := self._chosen) is not None:
            self.switch_to("backtests", target=f"run:{strategy.id}")

    def action_edit(self) -> None:
        """Open the form of this strategy."""
        if (strategy := self._chosen) is not None:
            self.spawn(partial(self._open_form, strategy=strategy), keys_wait=True)

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
        self.spawn(partial(self._open_form, template=event.template), keys_wait=True)

    async def _open_form(
        self, *, strategy: Strategy | None = None, template: StrategyTemplate | None = None
    ) -> None:
        service = self.services.strategies
        taken = {one.name for one in self._strategies.values() if one is not strategy}
        if strategy is not None:
            document, kind = service.document_of(strategy), strategy.strategy_type
        elif template is not None:
            kind = template.strategy_type
            document = service.document_of_type(kind)
        else:
            return
        form = StrategyForm(
            document,
            partial(service.validate_document, document),
            strategy=strategy,
            kind=kind,
            name=_free_name(template.name, taken) if template else "",
            taken=frozenset(taken),
        )
        await self._close_form()
        await self.pages.mount(form)
        self._show_page("strategy-form")
        self.split.open_detail(form.form.fields[0].control)
        form.focus_first()

    async def _close_form(self) -> None:
        if (form := self._form) is not None:
            self.pages.current = "detail"
            await form.remove()

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
        await self._close_form()
        if was_new:
            self.action_new()
        else:
            self._leave_to_list()

    def on_strategy_form_saved(self, event: StrategyForm.Saved) -> None:
        """Keep what the form holds."""
        event.stop()
        self.spawn(partial(self._save, event), group="save", exclusive=True, keys_wait=True)

    async def _save(self, event: StrategyForm.Saved) -> None:
        service = self.services.strategies
        if event.form.strategy is None:
            kept = await service.create(
                event.name, event.form.kind, event.parameters, event.description
            )
        else:
            changed = event.form.strategy.model_copy(
                update={
                    "name": event.name,
                    "description": event.description,
                    "parameters": event.parameters,
                }
            )
            kept = await service.update(changed)
        await self._close_form()
        await self.load(self.services)
        self.table.move_to(kept.id)
        self._leave_to_list()
        self.toast(f"{kept.name} saved  ·  r runs it")

    # -- deleting

    def action_delete(self) -> None:
        """Ask, then delete this strategy."""
        if (strategy := self._chosen) is not None:
            self.spawn(partial(self._delete, strategy), keys_wait=True)

    async def _delete(self, strategy: Strategy) -> None:
        if not await self.confirm(
            f"Delete “{strategy.name}”?",
            "Its backtests stay, with the rules that they ran.",
            yes="Delete",
        ):
            return
        deleted = await self.services.strategies.delete(strategy.id)
        await self.load(self.services)
        self._leave_to_list()
        self.offer_undo(f"{strategy.name} deleted", partial(self._restore, deleted))

    async def _restore(self, strategy: Strategy) -> None:
        await self.services.strategies.restore(strategy)
        await self.load(self.services)
        self.table.move_to(strategy.id)


async def _all(service: StrategyService) -> list[Strategy]:
    """Return every strategy, a page at a time, so that keys are answered in between."""
    found: dict[str, Strategy] = {}
    skip, more = 0, True
    while more:
        page = await service.list(skip=skip, limit=PAGE)
        found |= {one.id: one for one in page}
        skip += PAGE
        more = len(page) == PAGE
    return list(found.values())


def _free_name(name: str, taken: set[str]) -> str:
    """Return a name that nobody has yet: the name, or the name with a number."""
    if name not in taken:
        return name
    number = 2
    while f"{name} {number}" in taken:
        number += 1
    return f"{name} {number}"
