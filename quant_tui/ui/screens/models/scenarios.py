"""The scenarios part: the list, the form, and what came of a scenario, one at a time."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from quant_tui.domain.errors import NotFound, QuantError
from quant_tui.services.scenario_definition import ScenarioDefinition
from quant_tui.services.scenario_windows import KNOWN, Window
from quant_tui.ui import format as fmt
from quant_tui.ui.screens.models.list_part import ListPart
from quant_tui.ui.screens.models.part_form import PartForm
from quant_tui.ui.screens.models.scenario_form import (
    ScenarioForm,
    definition_of,
    names_of,
    values_of,
)
from quant_tui.ui.screens.models.scenario_listing import COLUMNS, EMPTY, about_lines, row_of
from quant_tui.ui.screens.models.scenario_page import ScenarioPage
from quant_tui.ui.widgets.table import Table

if TYPE_CHECKING:
    from quant_tui.domain.ml_platform import EvaluationScenario, MLModel
    from quant_tui.jobs.manager import Job
    from quant_tui.services.scenarios import ScenarioService
    from quant_tui.ui.commands import Command
    from quant_tui.ui.screens.models.workspace import Models

_OF_ONE = frozenset({"edit", "delete", "run"})
"""Actions on the chosen scenario."""

PROPOSED = 3
"""Windows that a new scenario begins with."""


class ScenariosPart(ListPart):
    """Evaluation scenarios of the user."""

    BINDING_GROUP_TITLE = "Scenarios"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "New", id="scenarios.new", tooltip="New scenario"),
        Binding("r", "run", "Run", id="scenarios.run",
                tooltip="Run the models over this scenario"),
        Binding("e", "edit", "Edit", id="scenarios.edit", tooltip="Change this scenario"),
        Binding("d", "delete", "Delete", id="scenarios.delete",
                tooltip="Delete this scenario with what came of it"),
        Binding("escape", "back", "Back", id="scenarios.back", tooltip="Back to the list"),
    ]  # fmt: skip
    form_is = "The scenario's form"

    def __init__(self, place: Models, *, id: str) -> None:  # noqa: A002 -- Textual's name
        self.one = ScenarioPage(id="scenario")
        super().__init__(place, Table(COLUMNS, empty=EMPTY, id="scenario-table"), self.one, id=id)
        self._scenarios: dict[str, EvaluationScenario] = {}
        self._jobs: dict[str, Job[EvaluationScenario]] = {}

    async def load(self) -> None:
        """Fetch the list."""
        found = await self._service.list()
        self._scenarios = {one.id: one for one in found}
        self.set_rows(row_of(one) for one in found)
        if self.on_page and self.one.scenario is not None:
            await self._show_one(self.one.scenario.id)
        self.refresh_bindings()

    async def owns(self, target: str) -> bool:
        """Return whether it is the id of a scenario."""
        return await self._service.find(target) is not None

    @property
    def _service(self) -> ScenarioService:
        return self.services.scenarios

    @property
    def _chosen(self) -> EvaluationScenario | None:
        if self.on_page:
            return self.one.scenario
        return self._scenarios.get(self.table.cursor_key)

    def about_lines(self, width: int) -> Iterable[Content]:
        """Say more about the chosen scenario."""
        chosen = self._scenarios.get(self.table.cursor_key)
        return about_lines(chosen, width) if chosen is not None else ()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense now."""
        if action in _OF_ONE:
            return self.open_form is None and self._chosen is not None
        return super().check_action(action, parameters)

    def commands(self) -> Iterable[Command]:
        """Offer the pages of the scenario that is open."""
        return self.one.commands() if self.on_page else ()

    async def open_row(self, key: str) -> None:
        """Show a scenario."""
        if key not in self._scenarios:
            raise NotFound("This scenario was deleted.")
        self.show_page()
        await self._show_one(key, focus=True)

    async def _show_one(self, scenario_id: str, *, focus: bool = False) -> None:
        scenario = self._scenarios.get(scenario_id)
        if scenario is None:
            await self.to_list()
        else:
            await self.one.show_scenario(scenario, focus=focus)

    # -- running

    def action_run(self) -> None:
        """Run the models over the chosen scenario."""
        if (chosen := self._chosen) is not None:
            self.place.spawn(partial(self._run, chosen), keys_wait=True)

    async def _run(self, chosen: EvaluationScenario) -> None:
        before = self._jobs.get(chosen.id)
        if before is not None and not before.status.is_final:
            return
        job = await self._service.start(chosen.id)
        self._jobs[chosen.id] = job

        async def done(scenario: EvaluationScenario) -> None:
            self.one.show_progress("")
            await self.load()
            self.place.toast(f"{scenario.name} was run.")

        def failed(_error: BaseException) -> None:
            self.one.show_progress("")
            self.place.spawn(self.load, group="load")

        self.place.follow(job, on_done=done, on_failed=failed)

    def jobs_changed(self) -> None:
        """Show how far runs are."""
        for scenario_id, job in self._jobs.items():
            scenario = self._scenarios.get(scenario_id)
            if scenario is None or job.status.is_final:
                continue
            said = f"… {fmt.percent(job.progress, 0)}"
            row = row_of(scenario)
            self.table.put_row(scenario_id, (*row.values[:4], said, row.values[5]))
            if self.on_page and self.one.scenario is scenario:
                self.one.show_progress(f"{said} {job.message}")

    # -- the form

    def action_new(self) -> None:
        """Open the form of a new scenario."""
        self.place.spawn(partial(self._open_form, None), keys_wait=True)

    def action_edit(self) -> None:
        """Open the form of the chosen scenario."""
        if (chosen := self._chosen) is not None:
            self.place.spawn(partial(self._open_form, chosen), keys_wait=True)

    async def _open_form(self, scenario: EvaluationScenario | None) -> None:
        models = await self.services.models.list()
        if scenario is not None:
            definition = ScenarioDefinition.from_document(scenario.config)
            titles = {one.id: one.title for one in models}
            values = values_of(
                definition,
                name=scenario.name,
                description=scenario.description,
                models=[titles[one] for one in scenario.model_ids if one in titles],
            )
            symbols = definition.symbols
        else:
            values, symbols = _proposal([one for one in models if one.is_ready])
        known = await self._service.windows(symbols) if symbols else [*KNOWN]
        if scenario is None:
            values["windows"] = ", ".join(one.name for one in _later(known, models))
        await self.show_form(ScenarioForm(scenario, values, [*known, *KNOWN]))

    async def submit(self, form: PartForm, values: dict[str, str]) -> None:
        """Keep the scenario."""
        if not isinstance(form, ScenarioForm):
            return
        try:
            definition = definition_of(values, form.known)
            models = names_of(values["models"])
            if form.scenario is None:
                kept = await self._service.create(
                    values["name"], definition, description=values["description"], models=models
                )
            else:
                kept = await self._service.change(
                    form.scenario.id, name=values["name"], definition=definition,
                    description=values["description"], models=models,
                )  # fmt: skip
        except QuantError as error:
            form.refuse(error)
            return
        await self.load()
        await self.to_list()
        self.table.move_to(kept.id)

    # -- deleting

    def action_delete(self) -> None:
        """Delete the chosen scenario."""
        if (chosen := self._chosen) is not None:
            self.place.spawn(partial(self._delete, chosen), keys_wait=True)

    async def _delete(self, chosen: EvaluationScenario) -> None:
        if not await self.place.confirm(
            f"Delete “{chosen.name}”?", "What came of it goes too.", yes="Delete"
        ):
            return
        await self._service.delete(chosen.id)
        await self.to_list()
        await self.load()
        self.place.offer_undo(f"{chosen.name} deleted", partial(self._restore, chosen.id))

    async def _restore(self, scenario_id: str) -> None:
        await self._service.restore(scenario_id)
        await self.load()
        self.table.move_to(scenario_id)


def _proposal(models: list[MLModel]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return what a new scenario begins with: the last models, on their symbols."""
    symbols = tuple(models[0].lineage["symbols"]) if models else ()
    same = [one for one in models if tuple(one.lineage["symbols"]) == symbols]
    values = {
        "name": "", "description": "", "symbols": ", ".join(symbols), "windows": "",
        "models": ", ".join(one.title for one in same[:4]), "costs": "0, 0.05, 0.1, 0.2",
        "horizons": "1, 5, 21", "ranked_by": "skill", "is_gate": "no", "seed": "0",
    }  # fmt: skip
    return values, symbols


def _later(known: list[Window], models: list[MLModel]) -> list[Window]:
    """Return windows that a new scenario begins with: the last ones that models did not see."""
    ready = [one for one in models if one.is_ready]
    tested = ready[0].lineage["tested"][0] if ready else ""
    named = [one for one in known if one in KNOWN]
    unseen = [one for one in named if one.start.isoformat() >= tested]
    return (unseen or named)[-PROPOSED:]
