"""The features part: the list, the form, and the card of a feature, one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from quant_tui.domain.errors import Cancelled, NotFound, QuantError
from quant_tui.domain.vocabulary import FeatureType
from quant_tui.services.feature_cards import FeatureScope
from quant_tui.ui import format as fmt
from quant_tui.ui.reporting import describe
from quant_tui.ui.screens.models import feature_actions
from quant_tui.ui.screens.models.feature_form import FeatureForm
from quant_tui.ui.screens.models.feature_listing import COLUMNS, EMPTY, about_lines, row_of
from quant_tui.ui.screens.models.feature_page import WORKING, FeaturePage
from quant_tui.ui.screens.models.feature_versions import VersionsPart
from quant_tui.ui.screens.models.list_part import ListPart
from quant_tui.ui.screens.models.part_form import PartForm
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table import Table

if TYPE_CHECKING:
    from quant_tui.domain.ml_platform import FeatureVersion
    from quant_tui.jobs.manager import Job
    from quant_tui.services.arrivals import BarsArrived
    from quant_tui.services.feature_cards import FeatureCard
    from quant_tui.services.feature_records import FeatureHistory
    from quant_tui.services.features import FeatureService
    from quant_tui.ui.commands import Command
    from quant_tui.ui.screens.models.workspace import Models

TO_WORK_OUT = Notice("Not worked out yet", keys=(("r", "Work it out"), ("w", "Choose the bars")))

_OF_ONE = frozenset({"edit", "delete", "promote", "roll_back", "check"})
"""Actions on the chosen feature."""

_OF_CARD = frozenset({"run", "bars"})
"""Actions on the feature that is open."""


class FeaturesPart(ListPart):
    """Features of the user."""

    BINDING_GROUP_TITLE = "Features"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "New", id="features.new", tooltip="New feature"),
        Binding("e", "edit", "Edit", id="features.edit",
                tooltip="Change this feature; it becomes its next version"),
        Binding("a", "promote", "To production", id="features.promote",
                tooltip="Put the newest draft, or the version under the cursor, into production"),
        Binding("A", "roll_back", "Roll back", id="features.roll_back",
                tooltip="Put the version back into production that was there before"),
        Binding("r", "run", "Work out", id="features.run",
                tooltip="Work out the card of this feature anew"),
        Binding("w", "bars", "Bars", id="features.bars",
                tooltip="Choose the symbols and dates that the card is about"),
        Binding("t", "check", "Leakage", id="features.check",
                tooltip="Check whether this feature looks ahead"),
        Binding("d", "delete", "Delete", id="features.delete",
                tooltip="Delete this feature with its versions"),
        Binding("F", "app.functions", "Functions", id="features.functions", show=False,
                tooltip="What the rule language can call and name"),
        Binding("escape", "back", "Back", id="features.back", tooltip="Back to the list"),
    ]  # fmt: skip

    form_is = "The feature's form"

    def __init__(self, place: Models, *, id: str) -> None:  # noqa: A002 -- Textual's name
        self.one = FeaturePage(id="feature")
        super().__init__(place, Table(COLUMNS, empty=EMPTY, id="feature-table"), self.one, id=id)
        self.scope = FeatureScope()
        self._histories: dict[str, FeatureHistory] = {}
        self._cards: dict[tuple[str, FeatureScope], FeatureCard] = {}
        self._job: Job[FeatureCard] | None = None
        self._stop_listening: Callable[[], None] | None = None

    async def load(self) -> None:
        """Fetch the list."""
        if self._stop_listening is None:
            self._stop_listening = self.services.arrivals.subscribe(self._bars_arrived)
        found = await self._service.histories()
        self._histories = {one.feature.id: one for one in found}
        self.set_rows(row_of(one) for one in found)
        if self.on_page and self.one.history is not None:
            await self._show_one(self.one.history.feature.id)
        self.refresh_bindings()

    def _bars_arrived(self, _arrived: BarsArrived) -> None:
        """Forget cards of bars that were there before."""
        self._cards.clear()

    def on_unmount(self) -> None:
        """Stop listening for bars."""
        if self._stop_listening is not None:
            self._stop_listening()
            self._stop_listening = None

    async def owns(self, target: str) -> bool:
        """Return whether it is the id of a feature."""
        return any(one.id == target for one in await self._service.list())

    @property
    def _service(self) -> FeatureService:
        return self.services.features

    @property
    def _chosen(self) -> FeatureHistory | None:
        if self.on_page:
            return self.one.history
        return self._histories.get(self.table.cursor_key)

    @property
    def chosen_version(self) -> FeatureVersion | None:
        """The version under the cursor on the page of versions, None elsewhere."""
        return self.one.chosen_version if self.on_page else None

    def about_lines(self, width: int) -> Iterable[Content]:
        """Say more about the chosen feature."""
        chosen = self._histories.get(self.table.cursor_key)
        return about_lines(chosen, width) if chosen is not None else ()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense now."""
        if action in _OF_ONE:
            return self.open_form is None and self._chosen is not None
        if action in _OF_CARD:
            return self.on_page
        return super().check_action(action, parameters)

    def commands(self) -> Iterable[Command]:
        """Offer the pages of the feature that is open."""
        return self.one.commands() if self.on_page else ()

    # -- one feature

    async def open_row(self, key: str) -> None:
        """Show a feature, and work out its card."""
        if key not in self._histories:
            raise NotFound("This feature was deleted.")
        self.one.show_first_page()
        await self._show_one(key)
        self.show_page()
        if self.one.card is None:
            await self._work_out()

    async def _show_one(self, feature_id: str) -> None:
        history = self._histories.get(feature_id)
        if history is None:
            await self.to_list()
            return
        card = self._cards.get((history.used.id, self.scope))
        notice = WORKING if self._works else TO_WORK_OUT
        await self.one.show_history(history, card, notice)

    @property
    def _works(self) -> bool:
        return self._job is not None and not self._job.status.is_final

    def action_run(self) -> None:
        """Work out the card anew."""
        self.place.spawn(self._work_out)

    async def _work_out(self) -> None:
        history = self.one.history
        if history is None:
            return
        if self._job is not None:
            self._job.cancel()
        version, scope = history.used, self.scope
        reference = f"{history.feature.id}@{version.version}"
        self._job = await self.services.feature_cards.start(reference, scope)
        await self.one.show_history(history, None)

        async def done(card: FeatureCard) -> None:
            self._cards[version.id, scope] = card
            await self.load()

        async def failed(error: BaseException) -> None:
            title, text = describe(error)
            if isinstance(error, Cancelled):
                title, text = "Not worked out", "r works it out."
            if self.one.history is not None and self.one.history.used.id == version.id:
                notice = Notice(title, text, (("r", "Try again"), ("w", "Other bars")), "error")
                await self.one.show_history(self.one.history, None, notice)

        self.place.follow(
            self._job,
            on_done=done,
            on_failed=lambda error: self._tell(partial(failed, error)),
        )

    def _tell(self, work: Callable[[], Awaitable[None]]) -> None:
        self.place.spawn(work, group="card")

    def jobs_changed(self) -> None:
        """Show how far the card is."""
        if self.on_page and self._job is not None and self._works:
            done = fmt.percent(self._job.progress, 0)
            self.one.show_progress(f"Working out its card … {done} {self._job.message}")

    def action_bars(self) -> None:
        """Ask which bars the card is to be about."""
        self.place.spawn(self._ask_bars, keys_wait=True)

    async def _ask_bars(self) -> None:
        from quant_tui.ui.screens.models.feature_scope import scope_dialog

        wanted = await self.place.host.push_screen_wait(
            scope_dialog(self.scope, self.services.market_data)
        )
        if wanted is not None and self.one.history is not None:
            self.scope = wanted
            await self._show_one(self.one.history.feature.id)
            if self.one.card is None:
                await self._work_out()

    async def on_versions_part_pin_asked(self, event: VersionsPart.PinAsked) -> None:
        """Pin a version, or let it go."""
        event.stop()
        if (chosen := self._chosen) is not None:
            self.place.spawn(
                partial(feature_actions.pin, self, chosen, event.version), keys_wait=True
            )

    # -- the form

    def action_new(self) -> None:
        """Open the form of a new feature."""
        self.place.spawn(partial(self._open_form, None), keys_wait=True)

    def action_edit(self) -> None:
        """Open the form of the chosen feature."""
        if (chosen := self._chosen) is not None:
            self.place.spawn(partial(self._open_form, chosen), keys_wait=True)

    async def _open_form(self, history: FeatureHistory | None) -> None:
        from quant_tui.ml.features.functions import function_names

        taken = [one.feature.name for one in self._histories.values() if one is not history]
        form = FeatureForm(
            history.feature if history else None,
            history.versions[0] if history else None,
            await asyncio.to_thread(function_names),
            taken,
        )
        await self.show_form(form)

    async def submit(self, form: PartForm, values: dict[str, str]) -> None:
        """Keep the feature."""
        if not isinstance(form, FeatureForm):
            return
        kind = FeatureType(values.get("feature_type", FeatureType.EXPRESSION))
        try:
            if form.feature is None:
                kept = await self._service.create(
                    values["name"], values["expression"],
                    description=values["description"], feature_type=kind,
                )  # fmt: skip
            else:
                kept = await self._service.edit(
                    form.feature.id, name=values["name"], expression=values["expression"],
                    description=values["description"], feature_type=kind,
                )  # fmt: skip
        except QuantError as error:
            form.refuse(error)
            return
        await self.load()
        await self.to_list()
        self.table.move_to(kept.id)
        newest = self._histories[kept.id].versions[0]
        self.place.toast(f"{kept.name} {newest.version} is kept as a {newest.status}.")

    # -- production

    def action_promote(self) -> None:
        """Put the newest draft into production."""
        if (chosen := self._chosen) is not None:
            self.place.spawn(partial(feature_actions.promote, self, chosen), keys_wait=True)

    def action_roll_back(self) -> None:
        """Put the version before back into production."""
        if (chosen := self._chosen) is not None:
            self.place.spawn(partial(feature_actions.roll_back, self, chosen), keys_wait=True)

    # -- the leakage check

    def action_check(self) -> None:
        """Check the chosen feature for leakage."""
        if (chosen := self._chosen) is not None:
            self.place.spawn(partial(feature_actions.check, self, chosen))

    # -- deleting

    def action_delete(self) -> None:
        """Delete the chosen feature."""
        if (chosen := self._chosen) is not None:
            self.place.spawn(partial(feature_actions.delete, self, chosen), keys_wait=True)
