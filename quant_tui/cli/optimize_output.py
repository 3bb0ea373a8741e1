"""What the optimize commands print."""

from __future__ import annotations

from quant_tui.cli.output import percent, print_json, print_table, ratio
from quant_tui.domain.base import Document

SHOWN_TRIALS = 10


def print_study(document: Document, *, as_json: bool, trials: int = SHOWN_TRIALS) -> None:
    """Print a study for people, or everything as JSON."""
    if as_json:
        print_json(document)
        return
    print(
        f"{document['name']}  {document['study_id']}\n{document['status']},"
        f" {document['done_trials']:,} of {document['n_trials']:,} trials,"
        f" {document['sampler']}, seed {document['seed']}"
    )
    if document["error"]:
        print(document["error"])
    trust = document["trust"]
    if trust is not None:
        print(f"\nTrust: {trust['verdict']}. {trust['summary']}")
        print_table(
            ("check", "verdict", "what it found"),
            [(one["title"], one["verdict"], one["text"]) for one in trust["lines"]],
            "",
        )
    chosen = [
        (label, document[key])
        for label, key in (("best", "best"), ("suggested", "suggested"))
        if document[key] is not None
    ]
    _print_trials(chosen, "No trial may be chosen.")
    print(document["suggestion_reason"])
    if document["importance"]:
        shares = (f"{name} {share:.0%}" for name, share in document["importance"].items())
        print(f"\nImportance: {', '.join(shares)}")
    usable = [one for one in document["trials"] if one["feasible"]]
    if trials and len(usable) > 1:
        sign = -1.0 if document["objectives"][0]["direction"] == "maximize" else 1.0
        usable.sort(key=lambda one: sign * one["values"][0])
        print(f"\nThe first {min(trials, len(usable))} of {len(usable):,} that may be chosen:")
        _print_trials([("", one) for one in usable[:trials]], "")


def print_studies(found: list[Document], *, as_json: bool) -> None:
    """Print a list of studies."""
    if as_json:
        print_json(found)
        return
    print_table(
        ("id", "name", "status", "trials", "sampler", "best", "trust", "made"),
        [
            (
                one["study_id"],
                one["name"],
                one["status"],
                f"{one['done_trials']}/{one['n_trials']}",
                one["sampler"],
                ratio(one["best_value"]),
                one["verdict"],
                one["created_at"][:16].replace("T", " "),
            )
            for one in found
        ],
        "No studies yet. Run one with: quant-tui optimize run --strategy SMA_CROSSOVER"
        " --symbols SPX",
    )


def _print_trials(rows: list[tuple[str, Document]], empty: str) -> None:
    if not rows:
        print(empty)
        return
    names = list(rows[0][1]["params"])
    has_out = rows[0][1]["out_of_sample"] is not None
    columns = ["", "trial", *names, "value", "return", "sharpe", "max drawdown", "trades"]
    if has_out:
        columns.append("sharpe out of sample")
    table = []
    for label, one in rows:
        metrics = one["metrics"]
        values = one["values"]
        row: list[object] = [
            label,
            one["number"],
            *(one["params"][name] for name in names),
            "–" if values is None else ", ".join(f"{value:.3f}" for value in values),
            percent(metrics["total_return"]),
            ratio(metrics["sharpe_ratio"]),
            percent(metrics["max_drawdown"]),
            int(metrics["total_trades"] or 0),
        ]
        if has_out:
            row.append(ratio(one["out_of_sample"]["sharpe_ratio"]))
        table.append(row)
    print_table(columns, table, empty)
