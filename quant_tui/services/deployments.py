"""Deployments: which version of a model stands where, since when, by whom and why.

Nothing is ever changed but the mark of what was rolled back: the newest deployment of a name
in an environment stands, and what stood on any date is the newest before it.
"""

from __future__ import annotations

import builtins
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from quant_tui.domain.base import Document, utc_now
from quant_tui.domain.errors import Conflict, InvalidInput, NotFound, QuantError
from quant_tui.domain.ml_platform import EvaluationScenario, MLModel, ModelDeployment
from quant_tui.domain.vocabulary import DeploymentEnvironment, DeploymentStatus, ModelStatus
from quant_tui.ml.metrics import DIRECTION
from quant_tui.ml.targets import Target
from quant_tui.services.deployment_gates import (
    NEVER_FORCED,
    Gate,
    GateClosed,
    beats_baselines,
    fresh,
    honest_inputs,
    no_worse,
    no_worse_in_scenario,
    same_signature,
)
from quant_tui.services.model_names import Reference
from quant_tui.services.scenarios import OWN
from quant_tui.services.training_request import usual_metric

if TYPE_CHECKING:
    from quant_tui.services.features import FeatureService
    from quant_tui.services.models import ModelService
    from quant_tui.services.scenarios import ScenarioService
    from quant_tui.storage.mongo.repositories import UserRepositories
    from quant_tui.storage.mongo.store import Session

TRIES = 5
"""How often a deployment is tried again when somebody else changed a model."""

LastSession = Callable[[MLModel], Awaitable[date | None]]


class DeploymentService:
    """Deployments of one user's models.

    Parameters
    ----------
    who
        Name of the user, for the history.
    last_session
        Last date of the bars of a model's symbols, at its interval.
    now
        The present time.
    """

    def __init__(
        self,
        mine: UserRepositories,
        models: ModelService,
        features: FeatureService,
        scenarios: ScenarioService,
        who: str,
        last_session: LastSession,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._mine = mine
        self._deployments = mine.deployments
        self._models = models
        self._features = features
        self._scenarios = scenarios
        self._who = who
        self._last_session = last_session
        self._now = now

    async def list(
        self, name: str = "", environment: str = "", *, limit: int = 1000
    ) -> builtins.list[ModelDeployment]:
        """Return deployments, the newest first."""
        where: Document = {}
        if name:
            where["model_name"] = name
        if environment:
            where["environment"] = str(_environment(environment))
        return await self._deployments.list(
            where=where, sort=[("deployed_at", -1), ("id", -1)], limit=limit
        )

    async def standing(self) -> builtins.list[ModelDeployment]:
        """Return what stands now: one deployment for each name and environment."""
        found: dict[tuple[str, str], ModelDeployment] = {}
        for one in await self.list():
            found.setdefault((one.model_name, str(one.environment)), one)
        return sorted(found.values(), key=lambda one: (one.model_name, str(one.environment)))

    async def on(self, name: str, environment: str, day: date) -> ModelDeployment | None:
        """Return what stood at the end of a day (UTC); None when nothing did."""
        for one in await self.list(name, environment):
            if one.deployed_at.date() <= day:
                return one
        return None

    async def gates(
        self, reference: str, environment: str, metric: str = "", scenario: str = ""
    ) -> tuple[Gate, ...]:
        """Return what a promotion would have to pass.

        Parameters
        ----------
        metric
            Figure that may not be worse than that of the version that stands there, on the
            dates that each was judged on; empty for the usual one of the target.
        scenario
            Where the two are compared instead, or, where none stands there, the model with
            what takes none; empty for the scenario that is for it, where there is one; ``own``
            for none.
        """
        model = await self._models.get(reference)
        place = _environment(environment)
        target = Target.from_document(model.target) if model.target else Target()
        metric = metric or usual_metric(target)
        if metric not in DIRECTION:
            raise InvalidInput(
                f"There is no figure {metric!r}.",
                field="metric",
                hint=f"There are {', '.join(DIRECTION)}.",
            )
        if not model.is_ready:
            return (Gate("trained", False, f"it was not trained to the end ({model.status})"),)
        try:
            await self._models.load(model)
        except QuantError as error:
            return (Gate("artifact", False, str(error)),)
        found = [
            Gate("trained", True, "it was trained"),
            Gate("artifact", True, "it is whole"),
            honest_inputs(model, await self._features.looking_ahead()),
        ]
        champion = await self._standing(model.name, place)
        if champion is not None and champion.id == model.id:
            champion = None
        judged_in = await self._scenario(scenario)
        if judged_in is not None:
            found.append(await no_worse_in_scenario(model, champion, judged_in, self._scenarios))
        else:
            found.append(beats_baselines(model, metric))
            if champion is not None:
                found.append(no_worse(model, champion, metric))
        if champion is not None:
            found.append(same_signature(model, champion))
        if place is not DeploymentEnvironment.DEV:
            found.append(fresh(model, await self._last_session(model)))
        return tuple(found)

    async def promote(
        self,
        reference: str,
        environment: str = "prod",
        *,
        reason: str = "",
        metric: str = "",
        scenario: str = "",
        force: bool = False,
    ) -> ModelDeployment:
        """Put a model into an environment.

        In prod it becomes the champion, and the version before it is archived; in staging it
        becomes the challenger.

        Parameters
        ----------
        reason
            Why; needed to force.
        metric, scenario
            See :meth:`gates`.
        force
            Whether gates that are closed are passed all the same. One that was not trained,
            whose artifact cannot be read, or that is fed by a look ahead, cannot be.

        Raises
        ------
        GateClosed
            A gate is closed.
        InvalidInput
            It stands there already, or there is no reason to force.
        """
        model = await self._models.get(reference)
        place = _environment(environment)
        gates = await self.gates(model.id, environment, metric, scenario)
        closed = {one.name for one in gates if not one.passed}
        if closed and (not force or closed & NEVER_FORCED):
            raise GateClosed(model, gates)
        if force and not reason.strip():
            raise InvalidInput("Say why it is forced.", field="reason")
        before = await self._standing(model.name, place)
        if before is not None and before.id == model.id:
            raise InvalidInput(f"{model.title} is in {place} already.", field="model")
        judged_in = await self._scenario(scenario)
        config: Document = {
            "reason": reason.strip(),
            "gates": [one.to_document() for one in gates],
            "forced": bool(force and closed),
            "metric": metric or usual_metric(Target.from_document(model.target)),
            "scenario": None if judged_in is None else judged_in.name,
        }
        return await self._deploy(model, place, before, config)

    async def roll_back(
        self, name: str, environment: str = "prod", *, reason: str = ""
    ) -> ModelDeployment:
        """Put the version back that stood before the one that stands now.

        Rolling back again goes further back; what was rolled back counts again once it is
        promoted again.

        Raises
        ------
        NotFound
            Nothing stands there, or nothing stood before.
        ArtifactDamaged
            The artifact of the one before cannot be read.
        """
        place = _environment(environment)
        standing, model = await self._to_put_back(name, environment)
        current = await self._models.get(standing.model_id)
        await self._models.load(model)
        taken_back = standing.model_copy(update={"status": DeploymentStatus.ROLLBACK})
        config: Document = {
            "reason": reason.strip() or f"rolled back from {standing.model_version}",
            "rolled_back": standing.id,
            "gates": [],
            "forced": False,
        }
        return await self._deploy(model, place, current, config, taken_back)

    async def before(self, name: str, environment: str = "prod") -> MLModel:
        """Return the model that :meth:`roll_back` puts back.

        Raises
        ------
        NotFound
            Nothing stands there, or nothing stood before.
        """
        _, model = await self._to_put_back(name, environment)
        return model

    async def _to_put_back(self, name: str, environment: str) -> tuple[ModelDeployment, MLModel]:
        """Return what stands, and the model that stood before it."""
        name = Reference.parse(name).name
        history = await self.list(name, environment)
        if not history:
            raise NotFound(f"No version of {name} is in {environment}.")
        for one in reversed(_stood(history)):
            model = await self._models.find(one.model_id)
            if one.model_id != history[0].model_id and model is not None and model.is_ready:
                return history[0], model
        raise NotFound(
            f"No other version of {name} stood in {environment} before.",
            hint="Promote one instead.",
        )

    async def recover(self) -> None:
        """Bring models in line with what stands in prod, where a kill came in between.

        Only a store without transactions can leave them apart.
        """
        if self._mine.has_transactions:
            return
        for one in await self.standing():
            if one.environment is not DeploymentEnvironment.PROD:
                continue
            versions = await self._models.versions(one.model_name)
            wrong = [
                model
                for model in versions
                if (model.status is ModelStatus.PRODUCTION) != (model.id == one.model_id)
            ]
            for model in wrong:
                if model.id == one.model_id:
                    await self._models.change(model.id, {"status": ModelStatus.PRODUCTION})
                    await self._models.set_alias(model.id, "champion")
                elif model.status is ModelStatus.PRODUCTION:
                    await self._models.change(model.id, {"status": await self._without_prod(model)})

    async def _deploy(
        self,
        model: MLModel,
        place: DeploymentEnvironment,
        before: MLModel | None,
        config: Document,
        taken_back: ModelDeployment | None = None,
    ) -> ModelDeployment:
        """Keep a deployment with what it changes in models, all of it or nothing."""
        now = self._now()
        planned = ModelDeployment(
            model_id=model.id,
            environment=place,
            config=config
            | {"deployed_by": self._who, "replaced": None if before is None else before.version},
            deployed_at=now,
            updated_at=now,
            model_name=model.name,
            model_version=model.version,
            user_id=self._mine.user_id,
        )
        for _ in range(TRIES):
            changed = await self._changed(model, place, before)

            async def write(
                session: Session | None, changed: builtins.list[MLModel] = changed
            ) -> ModelDeployment:
                if taken_back is not None:
                    await self._deployments.update(taken_back, session=session)
                made = await self._deployments.create(planned, session=session)
                for one in changed:
                    await self._mine.ml_models.update(one, session=session)
                return made

            try:
                return await self._mine.in_transaction(write)
            except Conflict:  # a model was changed meanwhile: what it says now
                continue
        raise Conflict("The models are being changed elsewhere.", hint="Try again.")

    async def _changed(
        self, model: MLModel, place: DeploymentEnvironment, before: MLModel | None
    ) -> builtins.list[MLModel]:
        """Return the models that a deployment changes, as they are to be."""
        if place is DeploymentEnvironment.DEV:
            return []
        prod = place is DeploymentEnvironment.PROD
        alias = "champion" if prod else "challenger"
        found: builtins.list[MLModel] = []
        for one in await self._models.versions(model.name):
            changes: Document = {}
            if one.id == model.id:
                changes["aliases"] = sorted({*one.aliases, alias})
                if prod:
                    changes["status"] = ModelStatus.PRODUCTION
            else:
                if alias in one.aliases:
                    changes["aliases"] = [other for other in one.aliases if other != alias]
                if prod and before is not None and one.id == before.id:
                    changes["status"] = await self._without_prod(one)
            if changes:
                found.append(one.model_copy(update=changes))
        return found

    async def _without_prod(self, model: MLModel) -> ModelStatus:
        """Return the status of a model that leaves prod: it may still stand elsewhere."""
        others = [one for one in DeploymentEnvironment if one is not DeploymentEnvironment.PROD]
        standing = [await self._standing(model.name, one) for one in others]
        elsewhere = any(one is not None and one.id == model.id for one in standing)
        return ModelStatus.TRAINING if elsewhere else ModelStatus.ARCHIVED

    async def _scenario(self, reference: str) -> EvaluationScenario | None:
        if reference.strip() == OWN:
            return None
        if reference.strip():
            return await self._scenarios.get(reference)
        return await self._scenarios.gate()

    async def _standing(self, name: str, place: DeploymentEnvironment) -> MLModel | None:
        try:
            return await self._models.get(f"{name}@{place}")
        except NotFound:
            return None


def _stood(history: Sequence[ModelDeployment]) -> list[ModelDeployment]:
    """Return what stood, the oldest first, without what was rolled back."""
    stood: list[ModelDeployment] = []
    for one in reversed(history):
        if "rolled_back" not in one.config:
            stood.append(one)
            continue
        while stood and stood[-1].model_id != one.model_id:
            stood.pop()
    return stood


def _environment(name: str) -> DeploymentEnvironment:
    try:
        return DeploymentEnvironment(name)
    except ValueError:
        raise InvalidInput(
            f"There is no environment {name!r}.",
            field="environment",
            hint=f"There are {', '.join(DeploymentEnvironment)}.",
        ) from None
