"""ML platform domain: features, models, experiments, deployments, evaluations."""

from __future__ import annotations

from pydantic import Field

from quant_tui.domain.base import Document, Entity, Stamped, UtcDatetime, utc_now
from quant_tui.domain.vocabulary import (
    DeploymentEnvironment,
    DeploymentStatus,
    FeatureType,
    FeatureVersionStatus,
    ModelStatus,
    ModelType,
)


class Feature(Stamped):
    """A named input of models. The field ``schema`` is ``schema_`` in Python.

    It stands for one of its versions, ``version``, and repeats what that one says. Beyond
    the data model: ``expression``, what is computed; ``pinned``, whether it stays with its
    version when another is made or promoted.
    """

    name: str
    description: str = ""
    feature_type: FeatureType
    expression: str
    schema_: Document = Field(default_factory=dict, alias="schema")
    version: str = "0.1.0"
    statistics: Document = Field(default_factory=dict)
    pinned: bool = False
    user_id: str


class FeatureVersion(Entity):
    """One version of a feature. The field ``schema`` is ``schema_`` in Python.

    Beyond the data model: ``feature_type``, ``expression`` and ``description``, so that a
    version says by itself what it is; ``note``, why it was made; ``promoted_at``, when it
    last went to production; ``user_id``, so that every query can carry its owner.
    """

    feature_id: str
    version: str
    feature_type: FeatureType
    expression: str
    description: str = ""
    schema_: Document = Field(default_factory=dict, alias="schema")
    statistics: Document = Field(default_factory=dict)
    status: FeatureVersionStatus = FeatureVersionStatus.DRAFT
    note: str = ""
    created_at: UtcDatetime = Field(default_factory=utc_now)
    promoted_at: UtcDatetime | None = None
    user_id: str


class MLModel(Stamped):
    """A trained model and where its artifact lies.

    It is registered by the one change that sets ``trained_at`` together with its artifact;
    until then, and without one, nothing can be done with it.

    Beyond the data model:

    - ``target``, ``split`` and ``features`` (``name@1.2.0`` each): what it foretells, how it
      was judged, what it sees; ``signature``: the same as inputs and output.
    - ``lineage``: symbols, interval and dates, fingerprint of the data, ids of the feature
      versions, seed, versions of the code, hash of the artifact, and ``known_until``, the
      last date it learned from.
    - ``baselines``: the figures of ``metrics`` for forecasts that take no model.
    - ``report``: parts of the split, loss curve, importance, charts; ``search``: the trials
      that chose its parameters.
    - ``aliases`` (champion, challenger), ``tags``, ``notes``, ``experiment_id``.
    - ``trained_at``, and ``error`` of one that failed.
    """

    name: str
    model_type: ModelType
    version: str = "0.1.0"
    parameters: Document = Field(default_factory=dict)
    metrics: Document = Field(default_factory=dict)
    status: ModelStatus = ModelStatus.TRAINING
    artifact_path: str = ""
    user_id: str
    target: Document = Field(default_factory=dict)
    split: Document = Field(default_factory=dict)
    features: list[str] = Field(default_factory=list)
    signature: Document = Field(default_factory=dict)
    lineage: Document = Field(default_factory=dict)
    baselines: Document = Field(default_factory=dict)
    report: Document = Field(default_factory=dict)
    search: Document = Field(default_factory=dict)
    aliases: list[str] = Field(default_factory=list)
    tags: list[str] = Field(default_factory=list)
    notes: str = ""
    experiment_id: str = ""
    trained_at: UtcDatetime | None = None
    error: str = ""

    @property
    def is_ready(self) -> bool:
        """Whether it was trained, so that it can be asked."""
        return self.trained_at is not None

    @property
    def title(self) -> str:
        """Its name and version, ``signal@1.2.0``."""
        return f"{self.name}@{self.version}"


class Experiment(Stamped):
    """A group of training runs. Beyond the data model: ``notes``."""

    name: str
    description: str = ""
    parameters: Document = Field(default_factory=dict)
    model_ids: list[str] = Field(default_factory=list)
    metrics: Document = Field(default_factory=dict)
    user_id: str
    notes: str = ""


class ModelDeployment(Entity):
    """A model put to use somewhere; the newest of a name and environment stands.

    ``config`` has who deployed it, why, the gates it passed or was let through, and how far
    what it sees and says has drifted (``drift``), as the last scoring found it. Beyond
    the data model: ``model_name`` and ``model_version``, so that history is read without the
    models; ``user_id``, so that every query can carry its owner.
    """

    model_id: str
    environment: DeploymentEnvironment
    status: DeploymentStatus = DeploymentStatus.DEPLOYED
    config: Document = Field(default_factory=dict)
    deployed_at: UtcDatetime = Field(default_factory=utc_now)
    updated_at: UtcDatetime = Field(default_factory=utc_now)
    model_name: str = ""
    model_version: str = ""
    user_id: str


class PredictionRecord(Entity):
    """What a deployed model foretold on one date, written down when its bars arrived; ours.

    A date is written down once for each model and environment: what was foretold stands, even
    when its bars are mended later. ``values`` are scores, one for each of ``symbols``; None
    where it had none. What came true is worked out from the bars when it is read.
    """

    model_id: str
    model_name: str
    model_version: str
    environment: DeploymentEnvironment
    interval: str = "1d"
    date: UtcDatetime
    symbols: list[str] = Field(default_factory=list)
    values: list[float | None] = Field(default_factory=list)
    made_at: UtcDatetime = Field(default_factory=utc_now)
    user_id: str


class EvaluationScenario(Stamped):
    """A fixed setting in which models are compared.

    ``config`` is its windows, symbols, costs, horizons and what models are ranked by;
    ``results`` what came of the last run.
    """

    name: str
    description: str = ""
    config: Document = Field(default_factory=dict)
    model_ids: list[str] = Field(default_factory=list)
    results: Document = Field(default_factory=dict)
    user_id: str
