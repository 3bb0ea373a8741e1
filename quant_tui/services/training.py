"""Training as a job: from features to a model that is registered in one step."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from quant_tui.domain.base import Document, utc_now
from quant_tui.domain.errors import ArtifactDamaged, Cancelled, Conflict, InvalidInput, QuantError
from quant_tui.domain.ml_platform import MLModel
from quant_tui.domain.vocabulary import FeatureType, ModelStatus, ModelType
from quant_tui.services.feature_cards import FeatureCards, FeatureScope
from quant_tui.services.starter_features import STARTERS
from quant_tui.services.training_request import (
    PreparedTraining,
    TrainingRequest,
    prepare_training,
    signature_of,
)
from quant_tui.storage.artifacts.store import ORPHAN_SECONDS
from quant_tui.storage.locks import FileLock, make_private_folder

if TYPE_CHECKING:
    from quant_tui.jobs.manager import Job, JobContext, JobManager
    from quant_tui.ml.models.protocol import LossCurve
    from quant_tui.ml.panel import Panel
    from quant_tui.ml.training import Trained
    from quant_tui.services.experiments import ExperimentService
    from quant_tui.services.feature_values import FeaturePanel
    from quant_tui.services.features import FeatureService
    from quant_tui.services.models import ModelService
    from quant_tui.storage.artifacts.store import Artifact, ArtifactStore

LOADED, SEARCHED = 0.1, 0.6
"""Shares of the whole that loading the features, and a search, take."""

CHECKED_PLACES = 1000
"""Forecasts that are compared with those of the model that is read back."""


@dataclass(slots=True)
class TrainingProgress:
    """How far a training is.

    Attributes
    ----------
    curve
        Losses of the model that is learning now.
    """

    fraction: float = 0.0
    message: str = "waiting"
    curve: LossCurve | None = None


class TrainingService:
    """Trainings of one user.

    Parameters
    ----------
    folder
        Where lock files of running trainings are.
    """

    def __init__(
        self,
        *,
        models: ModelService,
        features: FeatureService,
        cards: FeatureCards,
        experiments: ExperimentService,
        artifacts: ArtifactStore,
        jobs: JobManager,
        folder: Path,
    ) -> None:
        self._models = models
        self._features = features
        self._cards = cards
        self._experiments = experiments
        self._artifacts = artifacts
        self._jobs = jobs
        self._folder = folder
        self._progress: dict[str, TrainingProgress] = {}

    def progress(self, model_id: str) -> TrainingProgress | None:
        """Return how far a training that runs here is; None when it does not."""
        return self._progress.get(model_id)

    async def validate(self, request: TrainingRequest) -> dict[str, str]:
        """Return what is wrong with a request: field to message, empty when all is well."""
        try:
            prepared = prepare_training(request)
            for name in prepared.features:
                await self._features.version(name)
        except InvalidInput as error:
            return {error.field or "name": str(error)}
        except QuantError as error:
            return {"features": str(error)}
        return {}

    async def start(self, request: TrainingRequest) -> Job[MLModel]:
        """Train a model as a job, whose ``target`` is the model's id.

        Features are the versions that their names mean now.

        Raises
        ------
        InvalidInput, NotFound
            The request cannot be run; nothing is kept then.
        """
        prepared = prepare_training(request)
        names = prepared.features or await self._usual_features()
        versions = [await self._features.version(name) for name in names]
        features = [
            f"{name.partition('@')[0]}@{one.version}"
            for name, one in zip(names, versions, strict=True)
        ]
        prepared = replace(prepared, features=tuple(features))
        experiment = await self._experiments.named(request.experiment)
        planned = MLModel(
            id=self._models.new_id(),
            name=prepared.name,
            model_type=ModelType(prepared.kind.name),
            parameters=dict(prepared.plan.parameters),
            user_id=self._models.user_id,
            target=prepared.plan.target.to_document(),
            split=prepared.plan.split.to_document(),
            features=features,
            signature=signature_of(features, prepared.plan.target),
            tags=list(request.tags),
            notes=request.notes.strip(),
            experiment_id=experiment.id if experiment else "",
            lineage={
                "symbols": list(prepared.symbols),
                "interval": request.interval,
                "start": request.start.isoformat() if request.start else None,
                "end": request.end.isoformat() if request.end else None,
                "seed": request.seed,
                "threads": request.threads,
                "class_weight": request.class_weight,
                "patience": request.patience,
                "feature_version_ids": [one.id for one in versions],
                "code_version": code_versions(prepared.kind.package),
            },
        )
        # Before it is registered: who finds it in training and nobody at it takes it for one
        # whose process was killed, also while it waits for its turn.
        held = await asyncio.to_thread(self._hold, planned.id)
        try:
            model = await self._models.register(planned)
        except BaseException:
            held.close()
            raise
        self._progress[model.id] = TrainingProgress()

        async def work(context: JobContext) -> MLModel:
            with held:
                return await self._run(model, prepared, context)

        async def abandoned() -> None:
            with held:
                await self._models.give_up(model.id, ModelStatus.CANCELLED)

        return self._jobs.start(
            "training", f"{model.title}, {prepared.kind.name}", work,
            target=model.id, abandoned=abandoned,
        )  # fmt: skip

    async def recover(self) -> None:
        """Mark what killed processes were training as failed, and sweep what they left."""
        died, lives = 0, False
        for model in await self._models.unfinished():
            if model.id in self._progress or await asyncio.to_thread(self._is_running, model.id):
                lives = True
                continue
            now = await self._models.find(model.id)
            if now is None or now.is_ready or now.status is not ModelStatus.TRAINING:
                continue  # it has ended since it was read
            died += 1
            await self._models.give_up(
                model.id, ModelStatus.FAILED, "The program ended while the model was training."
            )
            self._lock(model.id).unlink(missing_ok=True)
        if died:
            kept = await self._models.artifact_paths()
            age = ORPHAN_SECONDS if lives else 0.0
            await asyncio.to_thread(self._artifacts.sweep, kept, age)

    async def _usual_features(self) -> tuple[str, ...]:
        """Return the names of all features; the starters where there is none."""
        if not await self._features.list():
            for name, (expression, description) in STARTERS.items():
                try:
                    await self._features.create(name, expression, description=description)
                except Conflict:  # another instance was as quick
                    continue
        return tuple(one.name for one in await self._features.list())

    async def _run(
        self, model: MLModel, prepared: PreparedTraining, context: JobContext
    ) -> MLModel:
        def told(fraction: float, message: str, curve: LossCurve | None = None) -> None:
            self._progress[model.id] = TrainingProgress(fraction, message, curve)
            context.progress(fraction, message)

        try:
            return await self._trained(model, prepared, context, told)
        except (Cancelled, asyncio.CancelledError):
            await asyncio.shield(self._models.give_up(model.id, ModelStatus.CANCELLED))
            raise
        except Exception as error:
            await self._models.give_up(model.id, ModelStatus.FAILED, str(error))
            raise

    async def _trained(
        self,
        model: MLModel,
        prepared: PreparedTraining,
        context: JobContext,
        told: Callable[..., None],
    ) -> MLModel:
        request = prepared.request
        await self._check_functions(prepared, context, told)
        found = await self._features.panel(
            prepared.features,
            prepared.symbols,
            request.interval,
            request.start,
            request.end,
            progress=lambda done, message: told(LOADED * done, message),
            cancel=context.cancel,
        )
        done = await context.run_in_thread(self._learn, prepared, found, context, told)
        context.cancel.raise_if_cancelled()
        changes = done.document | {
            "lineage": model.lineage | done.lineage | {"data_fingerprint": found.fingerprint},
            "trained_at": utc_now(),
        }
        return await self._models.change(model.id, changes)

    async def _check_functions(
        self, prepared: PreparedTraining, context: JobContext, told: Callable[..., None]
    ) -> None:
        """Check for leakage what packages compute; expressions cannot look ahead.

        What is found is kept with the versions, and one that leaks is refused afterwards.
        """
        request = prepared.request
        scope = FeatureScope(prepared.symbols, request.interval, request.start, request.end)
        for name in prepared.features:
            one = await self._features.version(name)
            if one.feature_type is FeatureType.FUNCTION:

                def report(_done: float, message: str, name: str = name) -> None:
                    told(0.0, f"{name}: {message}")

                await self._cards.check(name, scope, progress=report, cancel=context.cancel)

    def _learn(
        self,
        prepared: PreparedTraining,
        found: FeaturePanel,
        context: JobContext,
        told: Callable[..., None],
    ) -> _Learned:
        """Search, train, keep the artifact, and read it back."""
        from quant_tui.ml.panel import Panel
        from quant_tui.ml.training import train
        from quant_tui.services.model_artifacts import to_files

        panel = Panel(found.symbols, found.index, found.columns, found.values, found.close)
        plan, begun, account = prepared.plan, LOADED, {}
        if prepared.request.search is not None:
            from quant_tui.services.model_search import search

            def searching(fraction: float, message: str, curve: LossCurve) -> None:
                told(LOADED + (SEARCHED - LOADED) * fraction, message, curve)

            outcome = search(
                panel, prepared.kind, plan, prepared.request.search, searching, context.cancel
            )
            plan = replace(plan, parameters=outcome.parameters)
            begun, account = SEARCHED, outcome.document

        def training(fraction: float, message: str, curve: LossCurve) -> None:
            told(begun + (0.97 - begun) * fraction, message, curve)

        trained = train(panel, prepared.kind, plan, progress=training, cancel=context.cancel)
        told(0.97, "keeping the model")
        context.cancel.raise_if_cancelled()
        artifact = self._artifacts.put(to_files(prepared.kind.name, trained, panel))
        self._read_back(prepared.kind.name, artifact, trained, panel)
        return _learned(trained, panel, artifact, dict(plan.parameters), account)

    def _read_back(self, kind: str, artifact: Artifact, trained: Trained, panel: Panel) -> None:
        import numpy as np

        from quant_tui.services.model_artifacts import from_files

        loaded = from_files(kind, self._artifacts.get(artifact.path, artifact.content_hash))
        rows, columns = (places[-CHECKED_PLACES:] for places in np.nonzero(panel.known))
        kept = loaded.model.predict(panel, rows, columns)
        if not np.array_equal(kept, trained.model.predict(panel, rows, columns), equal_nan=True):
            raise ArtifactDamaged(
                "The model forecasts something else after it was kept.", hint="Train it again."
            )

    def _hold(self, model_id: str) -> contextlib.ExitStack:
        """Lock a training, until what this returns is closed."""
        folder = make_private_folder(self._folder)
        with contextlib.ExitStack() as held:
            held.callback(self._progress.pop, model_id, None)
            held.callback(self._lock(model_id).unlink, missing_ok=True)
            held.enter_context(FileLock(folder / self._lock(model_id).name)).try_exclusive()
            return held.pop_all()

    def _lock(self, model_id: str) -> Path:
        return self._folder / f"{model_id}.lock"

    def _is_running(self, model_id: str) -> bool:
        path = self._lock(model_id)
        if not path.exists():
            return False
        with FileLock(path) as lock:
            return not lock.try_exclusive()


@dataclass(frozen=True, slots=True)
class _Learned:
    """What training changes in the entity."""

    document: Document
    lineage: Document


def _learned(
    trained: Trained, panel: Panel, artifact: Artifact, parameters: Document, account: Document
) -> _Learned:
    import numpy as np

    days = np.datetime_as_string(panel.dates, unit="D").tolist()
    folds = [
        {
            "train": [days[one.first_train], days[one.last_train]],
            "test": [days[one.first_test], days[one.last_test]],
            "samples": one.samples,
            "tested": one.tested,
            "rounds": one.rounds,
            "metrics": one.figures,
        }
        for one in trained.folds
    ]
    information = trained.charts["information"]
    charts = trained.charts | {
        "information": {**information, "date": [days[row] for row in information.pop("row")]}
    }
    importance = trained.importance
    report = {
        "folds": folds,
        "curve": {
            "name": trained.curve.name,
            "train": list(trained.curve.train),
            "validation": list(trained.curve.validation),
            "best": trained.curve.best,
        },
        "importance": None
        if importance is None
        else dict(zip(panel.columns, importance.tolist(), strict=True)),
        "samples": trained.samples,
        **charts,
    }
    document = {
        "parameters": parameters,
        "metrics": trained.figures,
        "baselines": trained.baselines,
        "report": report,
        "search": account,
        "artifact_path": artifact.path,
    }
    lineage = {
        "artifact_hash": artifact.content_hash,
        "artifact_bytes": artifact.size,
        "first_date": days[0],
        "last_date": days[-1],
        "known_until": days[trained.known_until],
        "is_tradable": trained.is_tradable,
        "tested": [days[trained.folds[0].first_test], days[trained.folds[-1].last_test]],
    }
    return _Learned(document, lineage)


def code_versions(package: str) -> dict[str, str]:
    """Return the versions of the program and of a model's library."""
    found = {}
    for name in ("quant-tui", package):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found
