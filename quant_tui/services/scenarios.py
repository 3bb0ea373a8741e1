"""Evaluation scenarios: fixed settings in which models are compared, and what came of it."""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from quant_tui.domain.base import Document
from quant_tui.domain.errors import Conflict, InvalidInput, NotFound
from quant_tui.domain.ml_platform import EvaluationScenario, MLModel
from quant_tui.services.names import checked_name
from quant_tui.services.scenario_definition import MOST_MODELS, ScenarioDefinition
from quant_tui.services.scenario_windows import KNOWN, Window

if TYPE_CHECKING:
    from quant_tui.domain.cancellation import CancelCheck
    from quant_tui.jobs.manager import Job, JobContext, JobManager
    from quant_tui.services.market_data import MarketDataService
    from quant_tui.services.models import ModelService
    from quant_tui.services.scenario_run import ScenarioRunner
    from quant_tui.storage.mongo.repositories import UserRepositories

OWN = "own"
"""Not a scenario: what stands for the dates that each model was judged on by its own split."""


class ScenarioService:
    """Evaluation scenarios of one user; one is meant by its id or its name."""

    def __init__(
        self,
        mine: UserRepositories,
        models: ModelService,
        runner: ScenarioRunner,
        market_data: MarketDataService,
        jobs: JobManager,
    ) -> None:
        self._scenarios = mine.evaluation_scenarios
        self._user_id = mine.user_id
        self._models = models
        self._runner = runner
        self._market_data = market_data
        self._jobs = jobs
        self._deleted: dict[str, EvaluationScenario] = {}

    # -- looking

    async def list(self) -> builtins.list[EvaluationScenario]:
        """Return the scenarios, the last changed first."""
        return await self._scenarios.list(sort=[("updated_at", -1)], limit=None)

    async def get(self, reference: str) -> EvaluationScenario:
        """Return a scenario.

        Raises
        ------
        NotFound
            There is none.
        """
        found = await self._scenarios.find(reference)
        if found is None:
            found = await self._scenarios.find_one({"name": reference.strip()})
        if found is None:
            raise NotFound(
                f"There is no scenario {reference!r}.", hint="See: quant-tui model scenario list"
            )
        return found

    async def find(self, scenario_id: str) -> EvaluationScenario | None:
        """Return a scenario by its id; None when there is none."""
        return await self._scenarios.find(scenario_id)

    async def gate(self) -> EvaluationScenario | None:
        """Return the scenario in which promotions are judged; None where there is none."""
        return await self._scenarios.find_one({"config.is_gate": True})

    async def windows(self, symbols: Sequence[str] = ()) -> builtins.list[Window]:
        """Return the windows that can be named; with symbols those that lie in their bars.

        Raises
        ------
        InvalidInput
            A symbol has no bars.
        """
        if not symbols:
            return [*KNOWN]
        from quant_tui.services.scenario_windows import windows_in

        await self._market_data.require(symbols, field="symbols")
        bars = await self._market_data.load_bars(symbols)
        return await asyncio.to_thread(windows_in, bars)

    # -- changing

    async def create(
        self,
        name: str,
        definition: ScenarioDefinition,
        *,
        description: str = "",
        models: Sequence[str] = (),
    ) -> EvaluationScenario:
        """Keep a scenario.

        Parameters
        ----------
        models
            References of models to run over it; they may be given later too.

        Raises
        ------
        InvalidInput, NotFound
            The name, a symbol or a model cannot be used.
        Conflict
            There is one of that name.
        """
        name = await self._free_name(name)
        await self._market_data.require(definition.symbols, field="symbols")
        chosen = await self._chosen(models)
        if definition.is_gate:
            await self._no_other_gate("")
        return await self._scenarios.create(
            EvaluationScenario(
                name=name,
                description=description.strip(),
                config=definition.to_document(),
                model_ids=[one.id for one in chosen],
                user_id=self._user_id,
            )
        )

    async def change(
        self,
        reference: str,
        *,
        name: str = "",
        definition: ScenarioDefinition | None = None,
        description: str | None = None,
        models: Sequence[str] | None = None,
    ) -> EvaluationScenario:
        """Change a scenario; results of another definition are dropped.

        Raises
        ------
        InvalidInput, NotFound, Conflict
            As :meth:`create`.
        """
        scenario = await self.get(reference)
        changes: Document = {}
        if name and name.strip() != scenario.name:
            changes["name"] = await self._free_name(name)
        if description is not None:
            changes["description"] = description.strip()
        if models is not None:
            changes["model_ids"] = [one.id for one in await self._chosen(models)]
        if definition is not None:
            await self._market_data.require(definition.symbols, field="symbols")
            changes["config"] = definition.to_document()
            if definition != ScenarioDefinition.from_document(scenario.config):
                changes["results"] = {}
            if definition.is_gate:
                await self._no_other_gate(scenario.id)
        return await self._scenarios.update(scenario.model_copy(update=changes))

    async def delete(self, reference: str) -> EvaluationScenario:
        """Delete a scenario with its results; :meth:`restore` brings it back."""
        scenario = await self.get(reference)
        await self._scenarios.delete(scenario.id)
        self._deleted[scenario.id] = scenario
        return scenario

    async def restore(self, scenario_id: str) -> EvaluationScenario:
        """Bring back a scenario deleted since the sign-in.

        Raises
        ------
        NotFound
            It was not deleted here.
        """
        scenario = self._deleted.pop(scenario_id, None)
        if scenario is None:
            raise NotFound("This scenario was not deleted here.")
        return await self._scenarios.create(scenario)

    # -- running

    async def start(self, reference: str, models: Sequence[str] = ()) -> Job[EvaluationScenario]:
        """Run models over a scenario as a job, whose ``target`` is its id.

        Parameters
        ----------
        models
            References of models, which the scenario keeps; without any those that it has.

        Raises
        ------
        InvalidInput, NotFound
            There are no models to run, or one of them cannot be asked.
        """
        scenario = await self.get(reference)
        chosen = await self._chosen(models or scenario.model_ids)
        if not chosen:
            raise InvalidInput(
                f"{scenario.name} has no models to compare.",
                field="models",
                hint="Name them: quant-tui model scenario run NAME --models signal,other@1.2.0",
            )
        definition = ScenarioDefinition.from_document(scenario.config)
        champion = next((one.id for one in chosen if "champion" in one.aliases), "")

        async def work(context: JobContext) -> EvaluationScenario:
            results = await self._runner.run(
                definition, chosen, champion, context.progress, context.cancel
            )
            ids = [one.id for one in chosen]
            return await self._keep(scenario.id, definition, ids, results)

        return self._jobs.start(
            "scenario", f"{scenario.name}, {len(chosen)} models", work, target=scenario.id
        )

    async def judge(
        self,
        scenario: EvaluationScenario,
        models: Sequence[MLModel],
        cancel: CancelCheck | None = None,
    ) -> Document:
        """Return the results of models in a scenario, without keeping them.

        The strategies are run at the middle cost alone.
        """
        definition = ScenarioDefinition.from_document(scenario.config)
        definition = replace(definition, costs=(definition.middle_cost,))
        return await self._runner.run(definition, models, models[-1].id, None, cancel, tests=False)

    async def _keep(
        self,
        scenario_id: str,
        definition: ScenarioDefinition,
        model_ids: builtins.list[str],
        results: Document,
    ) -> EvaluationScenario:
        scenario = await self._scenarios.get(scenario_id)
        if ScenarioDefinition.from_document(scenario.config) != definition:
            raise Conflict(
                f"{scenario.name} was changed while it ran.", hint="Run it again as it is now."
            )
        return await self._scenarios.update(
            scenario.model_copy(update={"results": results, "model_ids": model_ids})
        )

    async def _chosen(self, references: Sequence[str]) -> builtins.list[MLModel]:
        found: dict[str, MLModel] = {}
        for reference in references:
            if not reference.strip():
                continue
            model = await self._models.get(reference.strip())
            if not model.is_ready:
                raise InvalidInput(
                    f"{model.title} was not trained to the end ({model.status}).", field="models"
                )
            found[model.id] = model
        if len(found) > MOST_MODELS:
            raise InvalidInput(f"{MOST_MODELS} models at most, not {len(found)}.", field="models")
        return [*found.values()]

    async def _free_name(self, name: str) -> str:
        name = checked_name(name)
        if not name or name.casefold() == OWN:
            raise InvalidInput(f"A scenario needs a name, and not {OWN!r}.", field="name")
        if await self._scenarios.find_one({"name": name}) is not None:
            raise Conflict(f"There is a scenario {name} already.", hint="Choose another name.")
        return name

    async def _no_other_gate(self, scenario_id: str) -> None:
        for other in await self._scenarios.list(where={"config.is_gate": True}, limit=None):
            if other.id != scenario_id:
                config = other.config | {"is_gate": False}
                await self._scenarios.update(other.model_copy(update={"config": config}))
