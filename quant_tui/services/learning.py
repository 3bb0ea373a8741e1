"""The ML platform of one user, put together: features, models, and what is done with them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import date

from quant_tui.config.settings import Settings
from quant_tui.domain.ml_platform import MLModel
from quant_tui.domain.user import User
from quant_tui.jobs.manager import JobManager
from quant_tui.services.deployments import DeploymentService
from quant_tui.services.experiments import ExperimentService
from quant_tui.services.feature_cards import FeatureCards
from quant_tui.services.feature_values import FeatureValues
from quant_tui.services.features import FeatureService
from quant_tui.services.market_data import MarketDataService
from quant_tui.services.model_drift import DriftService
from quant_tui.services.models import ModelService
from quant_tui.services.outside_series import OutsideSeriesService
from quant_tui.services.prediction_log import PredictionLogs
from quant_tui.services.predictions import PredictionService
from quant_tui.services.scenario_run import ScenarioRunner
from quant_tui.services.scenarios import ScenarioService
from quant_tui.services.scoring import ScoringService, WarningFeed
from quant_tui.services.stores import Stores
from quant_tui.services.training import TrainingService
from quant_tui.storage.artifacts.store import ArtifactStore


@dataclass(frozen=True)
class Learning:
    """Services of the ML platform for one user."""

    features: FeatureService
    feature_cards: FeatureCards
    models: ModelService
    experiments: ExperimentService
    training: TrainingService
    predictions: PredictionService
    deployments: DeploymentService
    scenarios: ScenarioService
    scoring: ScoringService
    prediction_logs: PredictionLogs


def learning_of(
    user: User,
    settings: Settings,
    stores: Stores,
    jobs: JobManager,
    market_data: MarketDataService,
    warnings: WarningFeed,
) -> Learning:
    """Return the services of a user."""
    mine = stores.repositories.for_user(user.id)
    # Features are what models are made of, so they ask no models.
    outside = OutsideSeriesService(stores.repositories)
    values = FeatureValues(stores.bars, stores.feature_values, outside, jobs)
    features = FeatureService(mine, values)
    folder = settings.locations.models
    artifacts = ArtifactStore(folder, user.id, settings.models.artifacts)
    models, experiments = ModelService(mine, artifacts), ExperimentService(mine)
    predictions = PredictionService(models, features)
    runner = ScenarioRunner(market_data, predictions, jobs)
    scenarios = ScenarioService(mine, models, runner, market_data, jobs)

    def last_session(model: MLModel) -> Awaitable[date | None]:
        lineage = model.lineage
        return asyncio.to_thread(stores.bars.last_session, lineage["symbols"], lineage["interval"])

    deployments = DeploymentService(mine, models, features, scenarios, user.username, last_session)
    cards = FeatureCards(features, values, stores.bars, jobs)
    scoring = ScoringService(
        mine=mine,
        models=models,
        deployments=deployments,
        features=features,
        predictions=predictions,
        drift=DriftService(models, features, predictions),
        jobs=jobs,
        feed=warnings,
        last_session=last_session,
        expire_days=settings.models.expire_days,
    )
    return Learning(
        features=features,
        feature_cards=cards,
        models=models,
        experiments=experiments,
        training=TrainingService(
            models=models,
            features=features,
            cards=cards,
            experiments=experiments,
            artifacts=artifacts,
            jobs=jobs,
            folder=folder / user.id,
        ),
        predictions=predictions,
        deployments=deployments,
        scenarios=scenarios,
        scoring=scoring,
        prediction_logs=PredictionLogs(scoring, models, values),
    )
