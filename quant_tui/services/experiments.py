"""Experiments: training runs that belong together, and what differs between them."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quant_tui.domain.base import Document
from quant_tui.domain.errors import Conflict, InvalidInput, NotFound
from quant_tui.domain.ml_platform import Experiment, MLModel
from quant_tui.services.models import LONG
from quant_tui.services.names import checked_name

if TYPE_CHECKING:
    from quant_tui.storage.mongo.repositories import UserRepositories


@dataclass(frozen=True, slots=True)
class ExperimentRuns:
    """An experiment with its runs.

    Attributes
    ----------
    models
        The newest first.
    parameters
        Names of all parameters of the runs; ``differing`` those whose values differ.
    metrics
        Names of all figures.
    """

    experiment: Experiment
    models: tuple[MLModel, ...]
    parameters: tuple[str, ...]
    differing: frozenset[str]
    metrics: tuple[str, ...]


class ExperimentService:
    """Experiments of one user; a model says which one it belongs to."""

    def __init__(self, mine: UserRepositories) -> None:
        self._experiments = mine.experiments
        self._models = mine.ml_models
        self._user_id = mine.user_id

    async def list(self) -> builtins.list[Experiment]:
        """Return experiments, the newest first."""
        return await self._experiments.list(sort=[("created_at", -1)], limit=None)

    async def get(self, reference: str) -> Experiment:
        """Return an experiment by id or name.

        Raises
        ------
        NotFound
            There is none.
        """
        found = await self._experiments.find(reference)
        if found is None:
            found = await self._experiments.find_one({"name": reference.strip()})
        if found is None:
            raise NotFound(f"There is no experiment {reference!r}.")
        return found

    async def named(self, name: str, description: str = "") -> Experiment | None:
        """Return the experiment of a name, made where there is none; None for no name."""
        name = checked_name(name, title="experiment")
        if not name:
            return None
        found = await self._experiments.find_one({"name": name})
        if found is not None:
            return found
        return await self._experiments.create(
            Experiment(name=name, description=description.strip(), user_id=self._user_id)
        )

    async def runs(self, reference: str = "") -> ExperimentRuns:
        """Return the runs of an experiment; of every model where none is named."""
        if reference:
            experiment = await self.get(reference)
            where: Document = {"experiment_id": experiment.id}
        else:
            experiment = Experiment(name="All models", user_id=self._user_id)
            where = {}
        models = await self._models.list(
            where=where, sort=[("created_at", -1)], limit=None, without=LONG
        )
        values: dict[str, set[str]] = {}
        for model in models:
            for name, value in run_parameters(model).items():
                values.setdefault(name, set()).add(str(value))
        metrics = dict.fromkeys(name for model in models for name in model.metrics)
        count = len(models)
        return ExperimentRuns(
            experiment.model_copy(update={"model_ids": [one.id for one in models]}),
            tuple(models),
            tuple(values),
            frozenset(
                name
                for name, found in values.items()
                if len(found) > 1 or sum(name in run_parameters(one) for one in models) < count
            ),
            tuple(metrics),
        )

    async def describe(
        self, reference: str, *, name: str = "", notes: str | None = None
    ) -> Experiment:
        """Give an experiment another name or notes.

        Raises
        ------
        Conflict
            Another has the name.
        """
        experiment = await self.get(reference)
        changes: Document = {}
        if name := checked_name(name, title="experiment"):
            other = await self._experiments.find_one({"name": name})
            if other is not None and other.id != experiment.id:
                raise Conflict(f"There is an experiment {name} already.")
            changes["name"] = name
        if notes is not None:
            changes["notes"] = notes.strip()
        return await self._experiments.update(experiment.model_copy(update=changes))

    async def delete(self, reference: str) -> Experiment:
        """Delete an experiment without runs.

        Raises
        ------
        InvalidInput
            Models belong to it.
        """
        experiment = await self.get(reference)
        if await self._models.count({"experiment_id": experiment.id}):
            raise InvalidInput(f"{experiment.name} has models.", hint="Delete them first.")
        await self._experiments.delete(experiment.id)
        return experiment


def run_parameters(model: MLModel) -> Document:
    """Return everything that was chosen for a run: type, target, split, features, parameters."""
    return {
        "type": str(model.model_type),
        "target": f"{model.target.get('kind', '')}:{model.target.get('horizon', '')}",
        "split": str(model.split.get("kind", "")),
        "features": len(model.features),
        "seed": model.lineage.get("seed"),
        **model.parameters,
    }
