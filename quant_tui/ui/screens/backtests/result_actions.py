"""What can be done with results: comparing and exporting them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from quant_tui.ui.screens.results import Compare

if TYPE_CHECKING:
    from textual.widgets import ContentSwitcher

    from quant_tui.services.backtest_report import BacktestSummary
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


async def export(workspace: Workspace, chosen: BacktestSummary) -> None:
    """Ask for format and path, then write a result."""
    from quant_tui.ui.screens.results.export import ExportDialog

    wanted = await workspace.app.push_screen_wait(ExportDialog(chosen.name))
    if wanted is None:
        return
    paths = await workspace.services.backtests.export(
        chosen.id, wanted.path, file_format=wanted.file_format
    )
    where = paths[0] if len(paths) == 1 else paths[0].parent
    plural = "s" * (len(paths) != 1)
    workspace.toast(f"{len(paths)} file{plural}: {where}", title="Exported")
