"""What the scenario commands print."""

from __future__ import annotations

from quant_tui.cli.model_output import figure
from quant_tui.cli.output import percent, print_json, print_table, ratio
from quant_tui.cli.plain import plain
from quant_tui.domain.base import Document
from quant_tui.services.scenario_documents import titles_of, verdict_of


def print_scenarios(found: list[Document], *, as_json: bool) -> None:
    """Print a list of scenarios."""
    if as_json:
        print_json(found)
        return
    print_table(
        ("id", "scenario", "windows", "symbols", "models", "best", "evaluated"),
        [
            (
                one["scenario_id"],
                one["name"] + (" (gate)" if one["is_gate"] else ""),
                _some(one["windows"]),
                _some(one["symbols"]),
                one["models"],
                one["best"] or "–",
                one["evaluated_at"].strftime("%Y-%m-%d %H:%M") if one["evaluated_at"] else "–",
            )
            for one in found
        ],
        "No scenarios yet. Make one with: quant-tui model scenario create NAME --symbols SPX"
        ' --window "Financial crisis"',
    )


def print_scenario(document: Document, *, as_json: bool) -> None:
    """Print a scenario: what it is, and what came of it."""
    if as_json:
        print_json(document)
        return
    config, results = document["config"], document["results"]
    gate = ", promotions are judged in it" if document["is_gate"] else ""
    print(plain(f"{document['name']}  {document['scenario_id']}{gate}"))
    if document["description"]:
        print(plain(document["description"]))
    print(f"On {_some(document['symbols'], 12)}, ranked by {document['ranked_by']}")
    for one in config["windows"]:
        print(plain(f"  {one['name']}: {one['start']} to {one['end']}"))
    if results is None:
        print("\nNot run yet. Run it with: quant-tui model scenario run NAME --models A,B")
        return
    print_table(
        ("rank", "model", "type", config["ranked_by"], "windows"),
        [
            (
                one["rank"] or "–",
                one["model"],
                one["model_type"],
                figure(one["value"]),
                f"{one['windows']} of {len(results['windows'])}",
            )
            for one in results["models"]
        ],
        "",
    )
    for window in results["windows"]:
        _print_window(window)
    for one in results["missing"]:
        print(plain(f"\n{one['window']['name']}: {one['error']}"))
    _print_tests(results)


def _print_window(window: Document) -> None:
    about = window["window"]
    head = f"{about['name']}, {about['start']} to {about['end']}, {window['bars']} bars"
    print(plain(f"\n{head}"))
    rows: list[tuple[object, ...]] = []
    for one in window["models"]:
        figures, costs = one["metrics"], one["strategy"]
        rows.append(
            (
                one["rank"] or "–",
                one["model"],
                one["state"] if one["state"] != "partly in sample"
                else f"partly in sample ({one['forecasts']} of {one['places']} bars out of it)",
                *(figure(figures.get(name)) for name in ("skill", "rmse", "auc", "rank_ic")),
                *(ratio(cost["sharpe_ratio"]) for cost in costs[:1] + costs[1:][-1:]),
            )
        )  # fmt: skip
        if one["error"]:
            rows[-1] = (*rows[-1][:2], f"failed: {one['error']}", *rows[-1][3:])
    for name in ("zero", "last", "mean"):
        for one in window["models"][:1]:
            if one["baselines"]:
                found = one["baselines"][name]
                figures = (found.get(each) for each in ("skill", "rmse", "auc", "rank_ic"))
                rows.append(("", f"  {name}", "takes no model", *map(figure, figures)))
    held = window["buy_and_hold"]
    blank = ("–",) * 4
    rows.append(
        ("", "  buy and hold", f"total {percent(held[0]['total_return'])}", *blank,
         *(ratio(cost["sharpe_ratio"]) for cost in held[:1] + held[1:][-1:]))
    )  # fmt: skip
    costs = [f"Sharpe at {one['cost']:g}" for one in held[:1] + held[1:][-1:]]
    columns = ("rank", "model", "forecasts", "skill", "rmse", "auc", "rank ic", *costs)
    print_table(columns, [(*row, *("–",) * (len(columns) - len(row))) for row in rows], "")


def _print_tests(results: Document) -> None:
    titles = titles_of(results)
    rows = [
        (
            one["window"],
            titles[one["challenger"]],
            figure((one["diebold_mariano"] or {}).get("statistic")),
            figure((one["diebold_mariano"] or {}).get("p_value")),
            figure((one["bootstrap"] or {}).get("p_value")),
            figure((one["sharpe"] or {}).get("difference")),
            figure((one["sharpe"] or {}).get("p_value")),
            verdict_of(one, titles),
        )
        for one in results["tests"]
    ]
    if rows:
        print(f"\n{titles[results['champion']]} against each challenger on the same dates")
        print_table(
            ("window", "challenger", "DM", "p", "bootstrap p", "Sharpe diff.", "p ", "so"),
            rows,
            "",
        )


def _some(names: list[str], most: int = 3) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
