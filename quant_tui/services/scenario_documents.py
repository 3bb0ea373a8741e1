"""Evaluation scenarios as plain data, for JSON and tables."""

from __future__ import annotations

from quant_tui.domain.base import Document
from quant_tui.domain.ml_platform import EvaluationScenario


def scenario_summary(scenario: EvaluationScenario) -> Document:
    """Return what a list says of a scenario."""
    results, config = scenario.results, scenario.config
    best = results["models"][0] if results and results["models"][0]["rank"] == 1 else None
    return {
        "scenario_id": scenario.id,
        "name": scenario.name,
        "description": scenario.description,
        "windows": [one["name"] for one in config["windows"]],
        "symbols": config["symbols"],
        "is_gate": config["is_gate"],
        "ranked_by": config["ranked_by"],
        "models": len(scenario.model_ids),
        "best": best["model"] if best else None,
        "evaluated_at": results.get("evaluated_at"),
        "updated_at": scenario.updated_at,
    }


def scenario_document(scenario: EvaluationScenario) -> Document:
    """Return everything of a scenario; ``results`` is null until it was run."""
    return scenario_summary(scenario) | {
        "config": scenario.config,
        "model_ids": scenario.model_ids,
        "results": scenario.results or None,
        "created_at": scenario.created_at,
    }


def titles_of(results: Document) -> dict[str, str]:
    """Return the models of results by their ids: name and version."""
    return {one["model_id"]: one["model"] for one in results["models"]}


def verdict_of(test: Document, titles: dict[str, str]) -> str:
    """Return what a comparison came to, in words."""
    if test["better"]:
        return f"{titles[test['better']]} is better"
    if test["diebold_mariano"] is None:
        # what was kept before targets were told apart knows by the bootstrap
        same = test.get("same_target", test["bootstrap"] is not None)
        return "too few dates" if same else "targets differ: see the Sharpe ratios"
    return "no difference beyond chance"
