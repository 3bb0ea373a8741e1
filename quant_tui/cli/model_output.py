"""What the model commands print."""

from __future__ import annotations

from collections.abc import Mapping

from quant_tui.cli.output import print_json, print_table
from quant_tui.domain.base import Document

SHOWN_PREDICTIONS = 10
RUN_FIGURES = ("rmse", "auc", "log_loss", "rank_ic")
"""Figures of runs side by side; one model, and the JSON, have all."""
FIGURES = ("rmse", "mae", "r2", "auc", "log_loss", "accuracy", "ic", "icir", "rank_ic", "rank_icir",
           "calibration_error")  # fmt: skip


def print_model(document: Document, *, as_json: bool) -> None:
    """Print a model for people, or everything as JSON."""
    if as_json:
        print_json(document)
        return
    lineage, target = document["lineage"], document["target"]
    aliases = f", {', '.join(document['aliases'])}" if document["aliases"] else ""
    print(f"{document['name']}@{document['version']}  {document['model_id']}")
    print(f"{document['model_type']}, {state_of(document)}{aliases}")
    print(
        f"Foretells {target['kind']} over {target['horizon']} bars of"
        f" {', '.join(lineage['symbols'][:8])}{' …' if len(lineage['symbols']) > 8 else ''}"
        f" from {', '.join(document['features'])}"
    )
    if document["error"]:
        print(document["error"])
    if not document["is_trained"]:
        return
    tested = lineage["tested"]
    print(
        f"\nOut of sample, {tested[0]} to {tested[1]} ({document['split']['kind']}),"
        " beside forecasts that take no model:"
    )
    names = [name for name in FIGURES if name in document["metrics"]]
    rows = [("model", document["metrics"]), *document["baselines"].items()]
    print_table(
        ("", *names),
        [(name, *(figure(found.get(one)) for one in names)) for name, found in rows],
        "",
    )
    importance = document["report"]["importance"]
    if importance:
        ordered = sorted(importance.items(), key=lambda one: -one[1])
        print(f"Importance: {', '.join(f'{name} {share:.0%}' for name, share in ordered[:10])}")
    print(f"Parameters: {_line(document['parameters'])}")
    if document["search"]:
        search = document["search"]
        print(f"Chosen by {len(search['trials'])} trials for {search['metric']}.")
    print(
        f"Learned until {lineage['known_until']}, seed {lineage['seed']},"
        f" data {lineage['data_fingerprint'][:12]}, artifact {lineage['artifact_hash'][:12]}"
    )
    print(document["artifact_path"])


def print_models(found: list[Document], *, as_json: bool) -> None:
    """Print a list of models."""
    if as_json:
        print_json(found)
        return
    print_table(
        ("id", "model", "version", "type", "state", "target", "rmse", "auc", "rank ic", "aliases"),
        [
            (
                one["model_id"],
                one["name"],
                one["version"],
                one["model_type"],
                state_of(one),
                one["target"],
                *(figure(one["metrics"].get(name)) for name in ("rmse", "auc", "rank_ic")),
                ", ".join(one["aliases"]),
            )
            for one in found
        ],
        "No models yet. Train one with: quant-tui model train --type lightgbm --symbols SPX",
    )


def print_predictions(document: Document, *, as_json: bool) -> None:
    """Print the last predictions."""
    if as_json:
        print_json(document)
        return
    print(
        f"{document['name']}@{document['version']} foretells {document['target']}; it learned"
        f" until {document['known_until']}, {document['in_sample_left_out']:,} in-sample figures"
        " are left out."
    )
    symbols = list(document["predictions"])
    rows = list(zip(document["date"], *document["predictions"].values(), strict=True))
    print_table(
        ("date", *symbols),
        [(day, *(figure(one) for one in values)) for day, *values in rows[-SHOWN_PREDICTIONS:]],
        "No dates.",
    )


def print_runs(document: Document, *, as_json: bool) -> None:
    """Print the runs of an experiment: what differs, and the figures."""
    if as_json:
        print_json(document)
        return
    runs = document["runs"]
    names = [
        one
        for one in document["differing"]
        if one != "type" and all(one in run["run"] for run in runs)
    ]
    rest = len(document["differing"]) - len(names) - 1
    metrics = [one for one in RUN_FIGURES if any(one in run["metrics"] for run in runs)]
    print_table(
        ("model", "type", *names, *metrics),
        [
            (
                f"{one['name']}@{one['version']}",
                one["model_type"],
                *(one["run"].get(name) for name in names),
                *(figure(one["metrics"].get(name)) for name in metrics),
            )
            for one in runs
        ],
        "No runs.",
    )
    if rest > 0:
        print(f"{rest} more parameters are of some types alone: see --json, or model show.")


def state_of(document: Document) -> str:
    """Return a model's status in a word that tells a trained one from one that trains."""
    if document["status"] == "training" and document["is_trained"]:
        return "trained"
    return str(document["status"])


def figure(value: float | None) -> str:
    """Write a figure with four decimals."""
    return "–" if value is None else f"{value:.4f}"


def _line(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
