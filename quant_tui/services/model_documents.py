"""Models, deployments and predictions as plain data, for JSON and tables."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from quant_tui.domain.base import Document
from quant_tui.domain.ml_platform import MLModel, ModelDeployment
from quant_tui.domain.vocabulary import DeploymentStatus
from quant_tui.ml.targets import Target
from quant_tui.services.predictions import Predictions


def summary_document(model: MLModel) -> Document:
    """Return what a list says of a model."""
    return {
        "model_id": model.id,
        "name": model.name,
        "version": model.version,
        "model_type": str(model.model_type),
        "status": str(model.status),
        "is_trained": model.is_ready,
        "target": Target.from_document(model.target).title if model.target else "",
        "metrics": model.metrics,
        "aliases": model.aliases,
        "tags": model.tags,
        "trained_at": model.trained_at,
        "updated_at": model.updated_at,
        "error": model.error,
    }


def model_document(model: MLModel, artifact_place: str) -> Document:
    """Return everything of a model.

    Parameters
    ----------
    artifact_place
        Where its artifact lies, in full.
    """
    return summary_document(model) | {
        "parameters": model.parameters,
        "baselines": model.baselines,
        "target": model.target,
        "split": model.split,
        "features": model.features,
        "signature": model.signature,
        "lineage": model.lineage,
        "report": model.report,
        "search": model.search or None,
        "artifact_path": artifact_place,
        "notes": model.notes,
        "experiment_id": model.experiment_id or None,
        "created_at": model.created_at,
    }


def deployment_document(deployment: ModelDeployment, *, stands: bool) -> Document:
    """Return a deployment: what, where, when, by whom, why.

    Parameters
    ----------
    stands
        Whether it is what stands there now.
    """
    return {
        "deployment_id": deployment.id,
        "model_id": deployment.model_id,
        "name": deployment.model_name,
        "version": deployment.model_version,
        "environment": str(deployment.environment),
        "status": state_of_deployment(deployment, stands=stands),
        "deployed_at": deployment.deployed_at,
        "deployed_by": deployment.config.get("deployed_by", ""),
        "reason": deployment.config.get("reason", ""),
        "replaced": deployment.config.get("replaced"),
        "forced": deployment.config.get("forced", False),
        "scenario": deployment.config.get("scenario"),
        "gates": deployment.config.get("gates", []),
    }


def state_of_deployment(deployment: ModelDeployment, *, stands: bool) -> str:
    """Return ``deployed`` of what stands; of the others ``superseded`` or ``rollback``."""
    if stands or deployment.status is DeploymentStatus.ROLLBACK:
        return str(deployment.status)
    return "superseded"


def predictions_document(found: Predictions) -> Document:
    """Return predictions: dates, and by symbol a figure or null for each."""
    daily = (found.dates == found.dates.astype("datetime64[D]")).all()
    unit: Literal["D", "s"] = "D" if daily else "s"
    return {
        "model_id": found.model.id,
        "name": found.model.name,
        "version": found.model.version,
        "target": Target.from_document(found.model.target).title,
        "known_until": found.model.lineage["known_until"],
        "in_sample_left_out": found.left_out,
        "date": np.datetime_as_string(found.dates, unit=unit).tolist(),
        "predictions": {
            symbol: [None if math.isnan(value) else value for value in column]
            for symbol, column in zip(found.symbols, found.values.T.tolist(), strict=True)
        },
    }
