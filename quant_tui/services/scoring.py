"""Deployed models asked as bars arrive: what they say is written down, and how far it drifts."""

from __future__ import annotations

import builtins
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from quant_tui.domain.base import Document, utc_now
from quant_tui.domain.errors import Conflict, InsufficientData, QuantError
from quant_tui.domain.ml_platform import MLModel, ModelDeployment, PredictionRecord
from quant_tui.services.features import leaking_inputs
from quant_tui.services.feeds import Feed
from quant_tui.services.gathered_arrivals import Arrived, GatheredArrivals

if TYPE_CHECKING:
    from quant_tui.jobs.manager import Job, JobContext, JobManager
    from quant_tui.services.arrivals import Arrivals, BarsArrived
    from quant_tui.services.deployments import DeploymentService
    from quant_tui.services.features import FeatureService
    from quant_tui.services.model_drift import DriftService, ModelDrift
    from quant_tui.services.models import ModelService
    from quant_tui.services.predictions import Predictions, PredictionService
    from quant_tui.storage.mongo.repositories import UserRepositories

GATHER_SECONDS = 1.0
"""How long word of new bars is gathered before models are asked."""

MOST_DATES = 250
"""Newest dates that are written down at once, when many bars arrive together."""

log = logging.getLogger(__name__)

LastSession = Callable[[MLModel], Awaitable[date | None]]


@dataclass(frozen=True, slots=True)
class ModelWarning:
    """Something to know of a model that stands somewhere.

    Attributes
    ----------
    kind
        ``leak``, ``drift``, ``expired`` or ``failed``.
    text
        What was found.
    """

    deployment: ModelDeployment
    kind: str
    text: str

    def to_document(self) -> Document:
        """Return it as plain data."""
        one = self.deployment
        return {
            "model": f"{one.model_name}@{one.model_version}",
            "environment": str(one.environment),
            "kind": self.kind,
            "text": self.text,
        }


@dataclass(frozen=True, slots=True)
class Scored:
    """What a scoring did.

    Attributes
    ----------
    records
        Dates written down.
    warnings
        Those that are new.
    """

    records: tuple[PredictionRecord, ...]
    warnings: tuple[ModelWarning, ...]


class WarningFeed(Feed[Sequence[ModelWarning]]):
    """Who wants to hear of new warnings about deployed models."""


class ScoringService:
    """Scores one user's deployed models.

    Parameters
    ----------
    last_session
        Last date of the bars of a model's symbols, at its interval.
    expire_days
        Days of bars after those that a model learned from or was judged on, until it has
        expired; 0 for never.
    """

    def __init__(
        self,
        mine: UserRepositories,
        models: ModelService,
        deployments: DeploymentService,
        features: FeatureService,
        predictions: PredictionService,
        drift: DriftService,
        jobs: JobManager,
        feed: WarningFeed,
        last_session: LastSession,
        expire_days: int,
    ) -> None:
        self._records = mine.prediction_records
        self._deployed = mine.deployments
        self._user_id = mine.user_id
        self._models = models
        self._deployments = deployments
        self._features = features
        self._predictions = predictions
        self._drift = drift
        self._jobs = jobs
        self._feed = feed
        self._last_session = last_session
        self._expire_days = expire_days
        self._arrivals = GatheredArrivals(self._start_if_any, GATHER_SECONDS)
        self._begun: builtins.list[Job[Scored]] = []
        self._failed: dict[str, str] = {}
        self._told: set[tuple[str, str]] = set()

    # -- as bars arrive

    def listen(self, arrivals: Arrivals, *missed: BarsArrived) -> None:
        """Score from now on whenever bars of a deployed model arrive."""
        self._arrivals.listen(arrivals, *missed)

    def stop(self) -> None:
        """Do not listen any more."""
        self._arrivals.stop()

    async def _start_if_any(self, arrived: Arrived) -> None:
        """Begin a job where a deployed model is about one of the symbols."""
        try:
            wanted = [
                deployment
                for deployment, model in await self._standing()
                if arrived.get(model.lineage["interval"], set()) & set(model.lineage["symbols"])
            ]
        except QuantError:
            log.exception("the deployed models could not be looked at")
            return
        if wanted:
            begun = [one for one in self._begun if not one.status.is_final]
            self._begun = [*begun, self.start([one.id for one in wanted])]

    async def finish(self) -> builtins.list[PredictionRecord]:
        """Score at once what is waited for, and return what was written down when it is done.

        For a program that ends now; nothing is asked when no bars have arrived.
        """
        await self._arrivals.flush()
        begun, self._begun = self._begun, []
        return [record for one in begun for record in (await one.wait()).records]

    # -- scoring

    def start(self, deployment_ids: Sequence[str] | None = None) -> Job[Scored]:
        """Ask deployed models about the newest bars as a job.

        Parameters
        ----------
        deployment_ids
            Those that are asked; None for all that stand.
        """

        async def work(context: JobContext) -> Scored:
            return await self._score(deployment_ids, context)

        return self._jobs.start("scoring", "Predictions of deployed models", work)

    async def _score(self, only: Sequence[str] | None, context: JobContext) -> Scored:
        made: builtins.list[PredictionRecord] = []
        standing = [one for one in await self._standing() if only is None or one[0].id in only]
        for at, (deployment, model) in enumerate(standing):
            context.cancel.raise_if_cancelled()
            context.progress(at / len(standing), f"{model.title} in {deployment.environment}")
            try:
                made += await self._write_down(deployment, model)
                self._failed.pop(deployment.id, None)
                context.cancel.raise_if_cancelled()
                await self._look_for_drift(deployment)
            except QuantError as error:
                self._failed[deployment.id] = str(error)
        fresh = [
            one
            for one in await self.warnings()
            if (only is None or one.deployment.id in only) and self._is_new(one)
        ]
        if fresh:
            self._feed.publish(fresh)
        return Scored(tuple(made), tuple(fresh))

    async def _write_down(
        self, deployment: ModelDeployment, model: MLModel
    ) -> builtins.list[PredictionRecord]:
        """Write down what a model says of the dates after the last that it was asked about.

        The first time, of the newest alone: what it would have said before it was deployed is
        hindsight.
        """
        last = await self._records.list(
            where={"model_id": model.id, "environment": str(deployment.environment)},
            sort=[("date", -1)],
            limit=1,
        )
        symbols = list(model.lineage["symbols"])
        newest = await self._last_session(model)
        start = last[0].date.date() if last else newest
        if start is None:
            return []
        said = await self._predictions.predict(model.id, symbols, start=start)
        known = last[0].date if last else None
        made = []
        for one in records_of(said, deployment, model, self._user_id)[
            -MOST_DATES if last else -1 :
        ]:
            if known is not None and one.date <= known:
                continue
            try:
                made.append(await self._records.create(one))
            except Conflict:  # another instance was as quick
                continue
        return made

    async def _look_for_drift(self, deployment: ModelDeployment) -> None:
        try:
            found = await self._drift.of(deployment.model_id)
        except InsufficientData:
            return
        drift = {
            "checked_at": utc_now(),
            "verdict": found.verdict,
            "worst": found.worst.name,
            "psi": found.worst.difference.psi,
            "recent": list(found.recent),
        }
        current = await self._deployed.find(deployment.id)
        if current is not None:
            config = current.config | {"drift": drift}
            await self._deployed.update(current.model_copy(update={"config": config}))

    def _is_new(self, warning: ModelWarning) -> bool:
        """Return whether it was not told of since the sign-in."""
        key = (warning.deployment.id, warning.kind)
        new = key not in self._told
        self._told.add(key)
        return new

    # -- looking

    async def warnings(self) -> builtins.list[ModelWarning]:
        """Return what there is to know of the models that stand somewhere.

        Drift is that of the last scoring; age is counted on the bars that there are now.
        """
        found: builtins.list[ModelWarning] = []
        standing = await self._standing()
        looking_ahead = await self._features.looking_ahead() if standing else frozenset()
        for deployment, model in standing:
            if leaking := leaking_inputs(model, looking_ahead):
                text = f"{', '.join(leaking)} looks ahead: what it was judged by is not true"
                found.append(ModelWarning(deployment, "leak", text))
            if deployment.id in self._failed:
                found.append(ModelWarning(deployment, "failed", self._failed[deployment.id]))
            drift = deployment.config.get("drift") or {}
            if drift.get("verdict") == "much":
                text = f"{drift['worst']} drifted since it was trained: PSI {drift['psi']:.2f}"
                found.append(ModelWarning(deployment, "drift", text))
            text = await self._expired(model)
            if text:
                found.append(ModelWarning(deployment, "expired", text))
        return found

    async def log(
        self, name: str, *, environment: str = "", limit: int = 1000
    ) -> builtins.list[PredictionRecord]:
        """Return what the versions of a name foretold while deployed, the newest date first.

        Raises
        ------
        NotFound
            There is no model of that name.
        """
        found = await self._models.get(name)
        where: Document = {"model_name": found.name}
        if environment:
            where["environment"] = environment
        return await self._records.list(
            where=where, sort=[("date", -1), ("made_at", -1)], limit=limit
        )

    async def drift(self, reference: str) -> ModelDrift:
        """Return how far a model's features and forecasts have moved; see ``DriftService``."""
        return await self._drift.of(reference)

    async def _standing(self) -> builtins.list[tuple[ModelDeployment, MLModel]]:
        found = []
        for one in await self._deployments.standing():
            model = await self._models.find(one.model_id)
            if model is not None and model.is_ready:
                found.append((one, model))
        return found

    async def _expired(self, model: MLModel) -> str:
        if not self._expire_days:
            return ""
        newest = await self._last_session(model)
        last = date.fromisoformat(str(model.lineage["last_date"])[:10])
        if newest is None or newest - last <= timedelta(days=self._expire_days):
            return ""
        return f"its data end on {last}, {(newest - last).days:,} days before the newest bars"


def records_of(
    said: Predictions, deployment: ModelDeployment, model: MLModel, user_id: str
) -> list[PredictionRecord]:
    """Return what is written down of predictions: a record for each date with one."""
    moments = said.dates.astype("datetime64[us]").tolist()
    return [
        PredictionRecord(
            model_id=model.id,
            model_name=model.name,
            model_version=model.version,
            environment=deployment.environment,
            interval=str(model.lineage["interval"]),
            date=_utc(moment),
            symbols=list(said.symbols),
            values=[None if np.isnan(value) else value for value in row],
            user_id=user_id,
        )
        for moment, row in zip(moments, said.values.tolist(), strict=True)
        if not np.isnan(row).all()
    ]


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)
