"""What can be done with results: comparing, running again, and exporting them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.results import Compare

if TYPE_CHECKING:
    from textual.widgets import ContentSwitcher

    from quant_tui.domain.base import Document
    from quant_tui.services.backtest_report import BacktestReport, BacktestSummary
    from quant_tui.ui.workspaces import Workspace


async def compare(
    workspace: Workspace, pages: ContentSwitcher, backtest_ids: Sequence[str]
) -> Compare:
    """Fill the page that compares results; it is made at the first comparison."""
    comparison = await workspace.services.backtests.compare(backtest_ids)
    page = next(iter(pages.query_children(Compare)), None)
    if page is None:
        page = Compare(id="compare")
        await pages.mount(page)
    await page.show_document(comparison.to_document())
    return page


def finished(report: BacktestReport) -> tuple[str, str]:
    """Say how a run went: title and text of a message."""
    figures = report.result.performance if report.result else {}
    text = (
        f"{fmt.change(figures.get('total_return'), 1)}"
        f"  Sharpe {fmt.number(figures.get('sharpe_ratio'))}"
        f"  max drawdown {fmt.percent(figures.get('max_drawdown'), 1)}"
    )
    return f"✓ {report.backtest.name}", text


def verdict(before: BacktestReport, after: BacktestReport) -> tuple[str, str]:
    """Say whether a run found the same again, and if not, what may be why.

    Returns
    -------
    title, text
        Of a message; the text names what else of the fingerprint is not as before.
    """
    was, now = (one.to_document()["fingerprint"] for one in (before, after))
    other = [key.replace("_", " ") for key in was if key != "result" and was[key] != now.get(key)]
    if was.get("result") == now.get("result"):
        though = f", though not as before: {', '.join(other)}" if other else ""
        return f"✓ {after.backtest.name}: the same again", f"result hash {_short(now)}{though}"
    because = f"; not as before: {', '.join(other)}" if other else "; nothing else differs"
    text = f"result hash {_short(was)} before, {_short(now)} now{because}"
    return f"! {after.backtest.name}: another result", text


def _short(fingerprint: Document) -> str:
    return str(fingerprint.get("result"))[:12]


async def export(workspace: Workspace, chosen: BacktestSummary) -> None:
    """Ask for format and path, then write a result."""
    from quant_tui.ui.screens.results.export import KINDS, ExportDialog

    wanted = await workspace.app.push_screen_wait(ExportDialog(chosen.name, KINDS))
    if wanted is None:
        return

    async def write(overwrite: bool) -> list[Path]:
        return await workspace.services.backtests.export(
            chosen.id, wanted.path, file_format=wanted.file_format, overwrite=overwrite
        )

    if (paths := await workspace.write_file(write)) is None:
        return
    where = paths[0] if len(paths) == 1 else paths[0].parent
    plural = "s" * (len(paths) != 1)
    workspace.toast(f"{len(paths)} file{plural}: {where}", title="Exported")


async def make_portfolio(workspace: Workspace, chosen: BacktestSummary) -> None:
    """Make a portfolio of a run's fills and last weights, and open it; it can be undone."""
    services = workspace.services
    made = await services.portfolios.from_backtest(await services.backtests.show(chosen.id))

    async def undo() -> None:
        await services.portfolios.delete(made.id)
        workspace.switch_to("backtests")

    workspace.switch_to("portfolio", target=made.id)
    workspace.offer_undo(f"Portfolio {made.name} made", undo)
