"""ML platform domain: features, models, experiments, deployments, evaluations."""

from __future__ import annotations

from pydantic import Field

from quant_tui.domain.base import Document, Entity, Stamped, UtcDatetime, utc_now
from quant_tui.domain.vocabulary import (
    DeploymentEnvironment,
    DeploymentStatus,
    FeatureVersionStatus,
    ModelStatus,
    ModelType,
)


class Feature(Stamped):
    """A named input of models. The field ``schema`` is ``schema_`` in Python."""

    name: str
    description: str = ""
    feature_type: str
    schema_: Document = Field(default_factory=dict, alias="schema")
    version: str = "0.1.0"
    statistics: Document = Field(default_factory=dict)
    user_id: str


class FeatureVersion(Entity):
    """One version of a feature. The field ``schema`` is ``schema_`` in Python.

    Beyond the data model: ``user_id``, so that every query can carry its owner.
    """

    feature_id: str
    version: str
    schema_: Document = Field(default_factory=dict, alias="schema")
    statistics: Document = Field(default_factory=dict)
    status: FeatureVersionStatus = FeatureVersionStatus.DRAFT
    created_at: UtcDatetime = Field(default_factory=utc_now)
    user_id: str


class MLModel(Stamped):
    """A trained model and where its artifact lies."""

    name: str
    model_type: ModelType
    version: str = "0.1.0"
    parameters: Document = Field(default_factory=dict)
    metrics: Document = Field(default_factory=dict)
    status: ModelStatus = ModelStatus.TRAINING
    artifact_path: str = ""
    user_id: str


class Experiment(Stamped):
    """A group of training runs."""

    name: str
    description: str = ""
    parameters: Document = Field(default_factory=dict)
    model_ids: list[str] = Field(default_factory=list)
    metrics: Document = Field(default_factory=dict)
    user_id: str


class ModelDeployment(Entity):
    """A model put to use somewhere.

    Beyond the data model: ``user_id``, so that every query can carry its owner.
    """

    model_id: str
    environment: DeploymentEnvironment
    status: DeploymentStatus = DeploymentStatus.DEPLOYED
    config: Document = Field(default_factory=dict)
    deployed_at: UtcDatetime = Field(default_factory=utc_now)
    updated_at: UtcDatetime = Field(default_factory=utc_now)
    user_id: str


class EvaluationScenario(Stamped):
    """A fixed setting in which models are compared."""

    name: str
    description: str = ""
    config: Document = Field(default_factory=dict)
    model_ids: list[str] = Field(default_factory=list)
    results: Document = Field(default_factory=dict)
    user_id: str
