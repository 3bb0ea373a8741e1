"""What the commands of deployments print."""

from __future__ import annotations

from quant_tui.cli.model_output import figure
from quant_tui.cli.output import print_json, print_table
from quant_tui.domain.base import Document
from quant_tui.services.deployment_gates import gate_mark

SHOWN_PREDICTIONS = 20


def print_deployment(document: Document, *, as_json: bool) -> None:
    """Print what was just deployed."""
    if as_json:
        print_json(document)
        return
    before = f", in the place of {document['replaced']}" if document["replaced"] else ""
    print(f"{document['name']}@{document['version']} is in {document['environment']}{before}.")
    for gate in document["gates"]:
        print(f"  {gate_mark(gate)} {gate['name']}: {gate['reason']}")


def print_history(found: list[Document], *, as_json: bool) -> None:
    """Print deployments."""
    if as_json:
        print_json(found)
        return
    print_table(
        ("deployed", "model", "version", "environment", "status", "by", "why"),
        [
            (
                one["deployed_at"].strftime("%Y-%m-%d %H:%M"),
                one["name"],
                one["version"],
                one["environment"],
                one["status"] + (" (forced)" if one["forced"] else ""),
                one["deployed_by"],
                one["reason"],
            )
            for one in found
        ],
        "Nothing is deployed. Promote a model with: quant-tui model promote NAME",
    )


def print_scored(document: Document, *, as_json: bool) -> None:
    """Print what deployed models said of new dates, and what there is to know of them."""
    if as_json:
        print_json(document)
        return
    print_table(
        ("date", "model", "environment", "predictions"),
        [
            (
                one["date"].strftime("%Y-%m-%d"),
                one["model"],
                one["environment"],
                ", ".join(f"{name} {figure(value)}" for name, value in one["predictions"].items()),
            )
            for one in document["dates"]
        ],
        "There are no dates that were not asked about before.",
    )
    print_warnings(document["warnings"])


def print_warnings(warnings: list[Document]) -> None:
    """Print what there is to know of deployed models."""
    for one in warnings:
        print(f"! {one['model']} in {one['environment']}, {one['kind']}: {one['text']}")


def print_log(document: Document, *, as_json: bool) -> None:
    """Print the newest predictions of a deployed model beside what came."""
    if as_json:
        print_json(document)
        return
    print_table(
        ("date", "symbol", "version", "environment", "foretold", "came", "written down"),
        [
            (
                one["date"].strftime("%Y-%m-%d"),
                one["symbol"],
                one["version"],
                one["environment"],
                figure(one["value"]),
                "not yet" if one["came"] is None else figure(one["came"]),
                one["made_at"].strftime("%Y-%m-%d %H:%M"),
            )
            for one in document["predictions"][:SHOWN_PREDICTIONS]
        ],
        f"{document['name']} has said nothing while it was deployed."
        " Ask it with: quant-tui model score",
    )
    if document["predictions"]:
        print(
            f"{document['count']:,} predictions, {document['known']:,} known: RMSE"
            f" {figure(document['rmse'])}, correlation {figure(document['correlation'])}"
        )


def print_drift(document: Document, *, as_json: bool) -> None:
    """Print how far a model's features and forecasts have moved."""
    if as_json:
        print_json(document)
        return
    trained, recent = document["trained"], document["recent"]
    print(
        f"{document['name']}@{document['version']}: {recent[0]} to {recent[1]} beside"
        f" {trained[0]} to {trained[1]}, which it learned from: {document['verdict']}"
    )
    print_table(
        ("what", "moved", "PSI", "KS", "p", "values then", "now"),
        [
            (
                one["name"],
                one["verdict"],
                *(figure(one[name]) for name in ("psi", "ks", "p_value")),
                one["first"],
                one["second"],
            )
            for one in document["lines"]
        ],
        "",
    )
