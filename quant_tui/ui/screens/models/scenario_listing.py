"""Scenarios as rows and lines: the list, what one is, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

from rich.cells import set_cell_size
from textual.content import Content

from quant_tui.domain.base import Document
from quant_tui.services.scenario_documents import scenario_summary, titles_of, verdict_of
from quant_tui.services.scenario_judging import FAILED, RANKED
from quant_tui.ui import format as fmt
from quant_tui.ui.screens.models.feature_listing import figure, muted
from quant_tui.ui.screens.models.model_listing import fact
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table import Column, Row

if TYPE_CHECKING:
    from datetime import datetime

    from quant_tui.domain.ml_platform import EvaluationScenario

EMPTY = Notice(
    "No scenarios yet",
    "A scenario is a fixed setting in which models are compared: crises and calm times, symbols, "
    "costs. Only forecasts count that the models made out of sample; they are laid beside "
    "forecasts that take no model, tested for chance, and traded.",
    (("n", "New scenario"),),
)

RANK, STATE, CELL = 4, 17, 10
"""Cells of a rank, of what the forecasts are, and of a figure."""

TRADED = (
    ("Sharpe ratio", "sharpe_ratio"),
    ("Total return", "total_return"),
    ("Largest drawdown", "max_drawdown"),
    ("Trades", "total_trades"),
)
"""Figures of a strategy, as they are headed."""

BASELINES = {"zero": "zero", "last": "last value", "mean": "running mean"}


def _ago(value: object) -> str:
    return fmt.ago(cast("datetime", value)) if value else "not run"


COLUMNS = (
    Column("Scenario", 18, grow=2),
    Column("Windows", 20, grow=2, role=muted),
    Column("Symbols", 14, grow=1, role=muted),
    Column("Models", 6, "right"),
    Column("Best", 16, grow=1, role=lambda _value: "accent"),
    Column("Run", 10, "right", write=_ago, role=muted),
)


def row_of(scenario: EvaluationScenario) -> Row:
    """Return the row of a scenario."""
    found = scenario_summary(scenario)
    return Row(
        scenario.id,
        (
            scenario.name + (" ◆" if found["is_gate"] else ""),
            some(found["windows"], 2),
            some(found["symbols"]),
            found["models"],
            found["best"] or "",
            found["evaluated_at"],
        ),
        also=" ".join(found["windows"]),
    )


def about_lines(scenario: EvaluationScenario, width: int) -> Iterator[Content]:
    """Say what a scenario is, and who is best in it."""
    config = scenario.config
    gate = "  ◆ promotions are judged in it" if config["is_gate"] else ""
    yield Content.assemble((scenario.name, "bold $accent"), (gate, "$text-muted"))
    if scenario.description:
        yield Content(scenario.description).truncate(width, ellipsis=True)
    costs = ", ".join(fmt.percent(one) for one in config["costs"])
    for title, text in (
        ("on", some(config["symbols"], 8)),
        ("windows", ", ".join(one["name"] for one in config["windows"])),
        ("costs", costs),
        ("horizons", ", ".join(str(one) for one in config["horizons"]) + " bars"),
    ):
        yield fact(title, text).truncate(width, ellipsis=True)
    results = scenario.results
    if not results:
        yield fact("result", "not run yet")
        return
    ranked = [one for one in results["models"] if one["rank"] is not None]
    shown = ", ".join(f"{one['rank']} {one['model']}" for one in ranked)
    yield fact("ranked", shown or "none is out of sample in every window").truncate(
        width, ellipsis=True
    )


def result_lines(scenario: EvaluationScenario, width: int) -> Iterator[Content]:
    """Say what came of a scenario: over all windows, then in each."""
    yield from about_lines(scenario, width)
    results, config = scenario.results, scenario.config
    if not results:
        return
    name = max(12, min(30, width - RANK - STATE - 4 * CELL))
    judged = len(results["windows"])
    yield from _section(f"All windows, by {config['ranked_by'].replace('_', ' ')}")
    for one in results["models"]:
        yield Content.assemble(
            _rank(one["rank"]),
            (set_cell_size(one["model"], name), "bold" if one["rank"] == 1 else ""),
            (f"ranked in {one['windows']} of {judged}".ljust(STATE), "$text-muted"),
            figure(one["value"]).rjust(CELL),
        )
    for window in results["windows"]:
        yield from _window_lines(window, results["definition"], name)
    for one in results["missing"]:
        yield from _section(one["window"]["name"])
        yield Content.styled(one["error"], "$text-warning").truncate(width, ellipsis=True)
    yield Content("")
    yield fact("fingerprint", results["fingerprint"][:16])
    yield fact("run", fmt.moment(results["evaluated_at"]))


def comparison_lines(scenario: EvaluationScenario, width: int) -> Iterator[Content]:
    """Say whether the champion and each challenger differ by more than chance."""
    results = scenario.results
    titles = titles_of(results)
    yield Content.assemble(
        (titles[results["champion"]], "bold $accent"), " against each other model, on the dates"
    )
    yield Content("on which both are out of sample.")
    if not results["tests"]:
        yield Content("")
        yield Content("No other model is out of sample in the same window.")
        return
    name = max(12, min(24, (width - 6 * 9) // 2))
    yield from _section("Squared errors and Sharpe ratios")
    titles_line = ("DM", "p", "boot. p", "Sharpe Δ", "p")
    yield Content.styled(
        "".ljust(2 * name) + "".join(one.rjust(9) for one in titles_line), "$text-muted"
    )
    for one in results["tests"]:
        loss, drawn = one["diebold_mariano"] or {}, one["bootstrap"] or {}
        sharpe = one["sharpe"] or {}
        figures = (loss.get("statistic"), loss.get("p_value"), drawn.get("p_value"),
                   sharpe.get("difference"), sharpe.get("p_value"))  # fmt: skip
        yield Content.assemble(
            (set_cell_size(one["window"], name - 1) + " ", "$text-muted"),
            set_cell_size(titles[one["challenger"]], name),
            "".join(figure(value).rjust(9) for value in figures),
        )
        verdict = verdict_of(one, titles)
        yield Content.styled("  " + verdict, "bold" if one["better"] else "$text-muted")
    yield Content("")
    for text in (
        "DM: Diebold and Mariano's statistic of the difference of squared errors, corrected for",
        "small samples (Harvey, Leybourne and Newbold 1997); below 0 the champion is better.",
        "boot. p: of the same difference by the stationary bootstrap. Sharpe Δ: the champion's",
        "less the challenger's, traded at the middle cost, with p by the same bootstrap.",
    ):
        yield Content.styled(text, "$text-muted")


def cost_lines(window: Document, width: int) -> Iterator[Content]:
    """Say what trading the forecasts gives at each cost, beside holding."""
    held = window["buy_and_hold"]
    name = max(12, min(30, width - CELL * len(held)))
    about = window["window"]
    yield Content.styled(f"{about['name']}, {about['start']} to {about['end']}", "bold")
    for title, key in TRADED:
        yield Content("")
        heads = "".join(fmt.percent(one["cost"]).rjust(CELL) for one in held)
        yield Content.styled(set_cell_size(title, name) + heads, "$text-muted")
        for label, costs in (*((one["model"], one["strategy"]) for one in window["models"]),
                             ("holding", held)):  # fmt: skip
            texts = "".join(_traded(key, one[key]).rjust(CELL) for one in costs)
            yield Content(set_cell_size(label, name) + (texts or "no trades".rjust(CELL)))


def some(names: Sequence[str], most: int = 3) -> str:
    """Name the first of many."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def _window_lines(window: Document, definition: Document, name: int) -> Iterator[Content]:
    about, costs = window["window"], definition["costs"]
    middle = costs[len(costs) // 2]
    title = f"{about['name']}, {about['start']} to {about['end']}"
    yield from _section(f"{title}, Sharpe ratios at {fmt.percent(middle)}")
    last = "auc" if any(one["metrics"].get("auc") for one in window["models"]) else "rmse"
    heads = ("skill", "rank IC", last.upper(), "Sharpe")
    yield Content.styled(
        "".ljust(RANK + name + STATE) + "".join(one.rjust(CELL) for one in heads), "$text-muted"
    )
    for one in window["models"]:
        figures = [one["metrics"].get(key) for key in ("skill", "rank_ic", last)]
        figures.append(_at(one["strategy"], middle))
        state = one["state"]
        yield Content.assemble(
            _rank(one["rank"]),
            (set_cell_size(one["model"], name), "bold" if one["rank"] == 1 else ""),
            (state.ljust(STATE), "$text-muted" if state == RANKED else "$text-warning"),
            "".join(figure(value).rjust(CELL) for value in figures),
        )
        if state == FAILED:
            yield Content.styled(" " * RANK + one["error"], "$text-error")
    judged = [one for one in window["models"] if one["baselines"]]
    for key, title in BASELINES.items():
        if judged:
            found = judged[0]["baselines"][key]
            texts = "".join(figure(found.get(each)).rjust(CELL) for each in
                            ("skill", "rank_ic", last))  # fmt: skip
            line = "".ljust(RANK) + title.ljust(name) + "no model".ljust(STATE) + texts
            yield Content.styled(line, "$text-muted")
    line = "".ljust(RANK) + "holding".ljust(name + STATE + 3 * CELL)
    held = figure(_at(window["buy_and_hold"], middle)).rjust(CELL)
    yield Content.styled(line + held, "$text-muted")


def _at(costs: Sequence[Document], cost: float) -> float | None:
    return next((one["sharpe_ratio"] for one in costs if one["cost"] == cost), None)


def _traded(key: str, value: float | None) -> str:
    if key == "total_trades":
        return fmt.integer(value)
    return fmt.number(value) if key == "sharpe_ratio" else fmt.percent(value, 1)


def _rank(rank: int | None) -> Content:
    shown = fmt.NOTHING if rank is None else str(rank)
    return Content.styled(shown.ljust(RANK), "bold $accent" if rank == 1 else "$text-muted")


def _section(title: str) -> Iterator[Content]:
    yield Content("")
    yield Content.styled(title, "bold")
