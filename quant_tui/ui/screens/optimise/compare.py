"""Two to six studies beside each other: their figures, and the lines of all their trials."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.optimise.view import StudyView, value_of, write_params
from quant_tui.ui.screens.results.trust_card import verdict_of
from quant_tui.ui.widgets.chart import Chart
from quant_tui.ui.widgets.table import Column, Row, Table

if TYPE_CHECKING:
    from quant_tui.services.study_report import StudyReport

FEWEST, MOST = 2, 6
"""How many studies can be compared."""


class CompareStudies(Vertical):
    """A column a study, and under it the share of the trials up to each value."""

    DEFAULT_CSS = """
    CompareStudies {
        height: 1fr;
        & > #compare-head { height: 1; }
        & > Table { height: 2fr; }
        & > Chart { height: 1fr; min-height: 7; border-top: solid $rule; }
    }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.head = Static("", id="compare-head", markup=False)
        self.table = Table((Column("Figure", 14),), openable=False)
        self.chart = Chart()

    def compose(self) -> ComposeResult:
        """Lay out heading, figures and lines."""
        yield self.head
        yield self.table
        yield self.chart

    def focus_first(self) -> None:
        """Give the keys to the figures."""
        self.table.focus()

    async def show_reports(self, reports: Sequence[StudyReport]) -> None:
        """Show studies beside each other."""
        from quant_tui.ui.screens.optimise.curves import edf_chart

        views = [StudyView(one) for one in reports]
        letters = [chr(ord("A") + at) for at in range(len(views))]
        title = Content.assemble(
            (f"Comparison of {len(views)} studies", "bold $accent"),
            ("  lines: share of the trials up to each value; further right is better",
             "$text-muted"),
        )  # fmt: skip
        self.head.update(title)
        columns = [Column("Figure", 14, sort=None)]
        columns += [Column(letter, 14, grow=1, sort=None) for letter in letters]
        self.table.set_columns(columns, comparison_rows(views))
        named = {view.report.study.name: view for view in views}
        if len(named) < len(views):
            named = {f"{letter} {view.report.study.name}": view
                     for letter, view in zip(letters, views, strict=True)}  # fmt: skip
        alike = {view.goal.rule for view in views}
        data = await asyncio.to_thread(edf_chart, named) if len(alike) == 1 else None
        self.chart.display = data is not None
        self.chart.show(data)

    def on_table_row_highlighted(self, event: Table.RowHighlighted) -> None:
        """Keep to oneself where the cursor is."""
        event.stop()


def comparison_rows(views: Sequence[StudyView]) -> list[Row]:
    """Return a row a figure, with a text a study."""

    def config(view: StudyView, key: str) -> str:
        value = view.report.study.config.get(key)
        return ", ".join(value) if isinstance(value, list) else str(value or "all there is")

    def metric(view: StudyView, name: str, *, out: bool) -> float | None:
        trial = view.report.suggested
        if trial is None:
            return None
        figures = trial.out_of_sample if out else trial.metrics
        return (figures or {}).get(name)

    def trust(view: StudyView) -> str:
        card = view.report.trust
        return fmt.NOTHING if card is None else verdict_of(str(card.verdict)).text

    written = (
        ("Study", [view.report.study.name for view in views]),
        ("Trust", [trust(view) for view in views]),
        ("Looks for", [", ".join(goal.title for goal in view.goals) for view in views]),
        ("Best", [view.goal.write(value_of(view.report.best)) for view in views]),
        ("Suggested", [view.goal.write(value_of(view.report.suggested)) for view in views]),
        ("  Sharpe in", [fmt.number(metric(one, "sharpe_ratio", out=False)) for one in views]),
        ("  Sharpe out", [fmt.number(metric(one, "sharpe_ratio", out=True)) for one in views]),
        ("  Max DD", [fmt.percent(metric(one, "max_drawdown", out=False), 1) for one in views]),
        ("  Parameters", [
            write_params(view.report.suggested.params) if view.report.suggested else fmt.NOTHING
            for view in views
        ]),
        ("Trials", [fmt.integer(len(view.report.trials)) for view in views]),
        ("Sampler", [view.report.study.sampler for view in views]),
        ("Seed", [str(view.report.study.seed) for view in views]),
        ("Symbols", [config(view, "symbols") for view in views]),
        ("From", [config(view, "start_date") for view in views]),
        ("To", [config(view, "end_date") for view in views]),
        ("Notes", [" ".join(view.report.study.notes.split()) for view in views]),
    )  # fmt: skip
    return [Row(title, (title, *texts)) for title, texts in written]
