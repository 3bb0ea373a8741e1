"""The models part: the list, the form that trains, and the page of a model, one at a time."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from quant_tui.domain.errors import NotFound, QuantError
from quant_tui.services.chat_selection import Selection, of_model
from quant_tui.services.features import leaking_inputs
from quant_tui.services.run_defaults import likeliest_symbols
from quant_tui.ui import format as fmt
from quant_tui.ui.screens.models.list_part import ListPart
from quant_tui.ui.screens.models.model_listing import COLUMNS, EMPTY, about_lines, row_of
from quant_tui.ui.screens.models.model_page import ModelPage
from quant_tui.ui.screens.models.notes import model_dialog
from quant_tui.ui.screens.models.part_form import PartForm
from quant_tui.ui.screens.models.promotion import promotion_dialog, roll_back
from quant_tui.ui.screens.models.training_form import TrainingChoices, TrainingForm
from quant_tui.ui.screens.models.training_text import request_of
from quant_tui.ui.widgets.table import Table

if TYPE_CHECKING:
    from quant_tui.domain.ml_platform import MLModel
    from quant_tui.services.models import ModelService
    from quant_tui.ui.commands import Command
    from quant_tui.ui.screens.models.workspace import Models

_OF_ONE = frozenset({"again", "delete", "describe"})
"""Actions on the chosen model."""


class ModelsList(ListPart):
    """Models of the user."""

    BINDING_GROUP_TITLE = "Models"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "Train", id="models.new", tooltip="Train a model"),
        Binding("e", "again", "Train again", id="models.again",
                tooltip="Train again, beginning with the settings of this model"),
        Binding("ctrl+x", "cancel", "Stop", id="models.cancel",
                tooltip="Stop the training of this model; nothing of it is registered"),
        Binding("a", "promote", "Promote", id="models.promote",
                tooltip="Put this model into dev, staging or prod"),
        Binding("A", "roll_back", "Roll back", id="models.roll_back",
                tooltip="Put the version back into prod that stood there before"),
        Binding("E", "describe", "Notes", id="models.describe",
                tooltip="Notes and tags; make it champion or challenger, or archive it"),
        Binding("d", "delete", "Delete", id="models.delete", tooltip="Delete this model"),
        Binding("escape", "back", "Back", id="models.back", tooltip="Back to the list"),
    ]  # fmt: skip

    form_is = "The training's form"

    def __init__(self, place: Models, *, id: str) -> None:  # noqa: A002 -- Textual's name
        self.one = ModelPage(lambda: self.services, id="model")
        super().__init__(place, Table(COLUMNS, empty=EMPTY, id="model-table"), self.one, id=id)
        self._models: dict[str, MLModel] = {}
        self._looking_ahead: frozenset[str] = frozenset()

    async def load(self) -> None:
        """Fetch the list."""
        found = await self._service.list()
        self._looking_ahead = await self.services.features.looking_ahead()
        self._models = {one.id: one for one in found}
        self.set_rows(row_of(one) for one in found)
        if self.on_page and self.one.model is not None:
            await self._show_one(self.one.model.id)
        self.refresh_bindings()

    async def owns(self, target: str) -> bool:
        """Return whether it is the id of a model."""
        return await self._service.find(target) is not None

    @property
    def _service(self) -> ModelService:
        return self.services.models

    @property
    def _chosen(self) -> MLModel | None:
        if self.on_page:
            return self.one.model
        return self._models.get(self.table.cursor_key)

    def selection(self) -> Selection | None:
        """Return what is chosen, for the chat beside."""
        return None if (chosen := self._chosen) is None else of_model(chosen)

    # -- the list

    def about_lines(self, width: int) -> Iterable[Content]:
        """Say more about the chosen model."""
        chosen = self._models.get(self.table.cursor_key)
        return about_lines(chosen, self._leaking(chosen), width) if chosen is not None else ()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense now."""
        chosen = self._chosen if self.open_form is None else None
        if action in ("promote", "roll_back"):
            return chosen is not None and chosen.is_ready
        if action == "cancel":
            return chosen is not None and self.services.training.progress(chosen.id) is not None
        if action in _OF_ONE:
            return chosen is not None
        return super().check_action(action, parameters)

    def commands(self) -> Iterable[Command]:
        """Offer the pages of the model that is open."""
        return self.one.commands() if self.on_page else ()

    async def open_row(self, key: str) -> None:
        """Show a model."""
        if key not in self._models:
            raise NotFound("This model was deleted.")
        await self._show_one(key)
        if self.one.model is not None and self.one.model.id == key:
            self.show_page()

    async def _show_one(self, model_id: str) -> None:
        model = await self._service.find(model_id)
        if model is None:
            await self.to_list()
        else:
            await self.one.show_model(model, self._leaking(model))

    def _leaking(self, model: MLModel) -> list[str]:
        return leaking_inputs(model, self._looking_ahead)

    # -- training

    def action_new(self) -> None:
        """Open the form."""
        self.place.spawn(partial(self._open_form, None), keys_wait=True)

    def action_again(self) -> None:
        """Open the form with the settings of the chosen model."""
        self.place.spawn(partial(self._open_form, self._chosen), keys_wait=True)

    async def _open_form(self, before: MLModel | None) -> None:
        await self.show_form(TrainingForm(before, await self._choices(before)))

    async def _choices(self, before: MLModel | None) -> TrainingChoices:
        services = self.services
        experiments = await services.experiments.list()
        last = await services.backtests.list(limit=1)
        of = before.experiment_id if before is not None else ""
        there = {one.symbol: one for one in await services.market_data.symbols()}
        return TrainingChoices(
            proposed=likeliest_symbols(tuple(there.values()), last),
            symbols=tuple(there),
            features=tuple(one.name for one in await services.features.list()),
            experiments=tuple(one.name for one in experiments),
            experiment=next((one.name for one in experiments if one.id == of), ""),
        )

    async def submit(self, form: PartForm, values: dict[str, str]) -> None:
        """Begin to train."""
        request = request_of(values)
        try:
            await self.services.market_data.require(request.symbols, field="symbols")
            job = await self.services.training.start(request)
        except QuantError as error:
            form.refuse(error)
            return
        await self.to_list()
        await self.load()
        self.table.move_to(job.target)

        async def done(model: MLModel) -> None:
            await self.load()
            self.place.toast(f"{model.title} is trained.")

        def failed(_error: BaseException) -> None:
            self.place.spawn(self.load, group="load")

        self.place.follow(job, on_done=done, on_failed=failed)

    def action_cancel(self) -> None:
        """Stop the training of the chosen model."""
        if (chosen := self._chosen) is not None:
            for job in self.services.jobs.active:
                if job.kind == "training" and job.target == chosen.id:
                    job.cancel()

    def jobs_changed(self) -> None:
        """Show how far trainings are."""
        for model in self._models.values():
            progress = self.services.training.progress(model.id)
            if progress is None:
                continue
            row = list(row_of(model).values)
            row[3] = f"… {fmt.percent(progress.fraction, 0)}"
            self.table.put_row(model.id, row)

    # -- putting to use

    def action_promote(self) -> None:
        """Ask where the chosen model is to go."""
        if (chosen := self._chosen) is not None:
            self.place.spawn(partial(self._promote, chosen), keys_wait=True)

    async def _promote(self, chosen: MLModel) -> None:
        deployments = self.services.deployments
        gates = await deployments.gates(chosen.id, "prod")
        scenarios = await self.services.scenarios.list()
        made = await self.place.host.push_screen_wait(
            promotion_dialog(chosen, gates, deployments, scenarios)
        )
        if made is not None:
            await self.load()
            self.place.toast(f"{chosen.title} is in {made.environment}.")

    def action_roll_back(self) -> None:
        """Put back into prod what stood there before."""
        if (chosen := self._chosen) is not None:
            self.place.spawn(partial(self._roll_back, chosen.name), keys_wait=True)

    async def _roll_back(self, name: str) -> None:
        if await roll_back(self.place, name, "prod") is not None:
            await self.load()

    # -- notes

    def action_describe(self) -> None:
        """Ask what is to be said of the chosen model."""
        if (chosen := self._chosen) is not None:
            self.place.spawn(partial(self._describe, chosen), keys_wait=True)

    async def _describe(self, chosen: MLModel) -> None:
        if await self.place.host.push_screen_wait(model_dialog(chosen, self._service)):
            await self.load()

    # -- deleting

    def action_delete(self) -> None:
        """Delete the chosen model."""
        if (chosen := self._chosen) is not None:
            self.place.spawn(partial(self._delete, chosen), keys_wait=True)

    async def _delete(self, chosen: MLModel) -> None:
        if not await self.place.confirm(
            f"Delete “{chosen.title}”?", "Its artifact goes with it.", yes="Delete"
        ):
            return
        await self._service.delete(chosen.id)
        await self.to_list()
        await self.load()
        self.place.offer_undo(f"{chosen.title} deleted", partial(self._restore, chosen.id))

    async def _restore(self, model_id: str) -> None:
        await self._service.restore(model_id)
        await self.load()
        self.table.move_to(model_id)
