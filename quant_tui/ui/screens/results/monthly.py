"""The table of monthly returns: signs carry the meaning, colour its strength."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content

from quant_tui.domain.base import Document
from quant_tui.ui import format as fmt
from quant_tui.ui.widgets.page import heading

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LABEL = 5
_STRONG = 0.08
"""A month's return that gets the full colour."""


def monthly_lines(table: Document, width: int) -> list[Content]:
    """Write years down, months across, the year's compounded return last.

    Parameters
    ----------
    table
        ``{year: {month: return}}``, keys as numbers or text.
    width
        Cells of a line; cells get a decimal more where there is room.
    """
    cell = max(5, min(9, (width - _LABEL - 2) // 13))
    decimals = 2 if cell >= 8 else 1
    heading = "".join(month.rjust(cell) for month in MONTHS) + "  " + "Year".rjust(cell)
    lines = [Content.styled(" " * _LABEL + heading, "bold $text-muted")]
    for year in sorted(table, key=int):
        months = {int(month): value for month, value in table[year].items() if value is not None}
        total = _compounded(months)
        parts: list[Content] = [Content.styled(str(year).ljust(_LABEL), "bold")]
        parts += [_cell(months.get(month), cell, decimals) for month in range(1, 13)]
        parts += [Content("  "), _cell(total, cell, decimals, strong=3 * _STRONG)]
        lines.append(Content("").join(parts))
    return lines


def summary_line(table: Document) -> Content:
    """Write how many months rose, and the average one."""
    returns = [v for months in table.values() for v in months.values() if v is not None]
    if not returns:
        return Content.styled("No whole month to show.", "$text-muted")
    risen = sum(value > 0 for value in returns)
    fallen = sum(value < 0 for value in returns)
    average = sum(returns) / len(returns)
    return Content.assemble(
        ("▲ ", "$up"), f"{risen} months up   ",
        ("▼ ", "$down"), f"{fallen} down   ",
        (f"· {len(returns) - risen - fallen} unchanged   ", "$text-muted"),
        f"average {fmt.change(average)} a month   ",
        ("percent", "$text-muted"),
    )  # fmt: skip


def drawdown_lines(drawdowns: Sequence[Document], width: int) -> list[Content]:
    """Write the deepest drawdowns: how deep, from when, until when, how long."""
    if not drawdowns:
        return []
    titles = (
        f"{'Depth':>8}  {'Peak':<10}  {'Valley':<10}  {'Recovered':<10}  {'Bars':>6} {'Days':>6}"
    )
    lines = [
        Content(""),
        heading("Deepest drawdowns", width),
        Content.styled(titles, "bold $text-muted"),
    ]
    for one in drawdowns:
        days = "  ".join(
            str(one.get(key) or "not yet")[:10].ljust(10)
            for key in ("peak_date", "valley_date", "recovery_date")
        )
        lines.append(
            Content.assemble(
                (fmt.percent(one.get("depth")).rjust(8), "$down"),
                f"  {days}  {fmt.integer(one.get('bars')):>6} {fmt.integer(one.get('days')):>6}",
            )
        )
    return lines


def _compounded(months: Mapping[int, float]) -> float | None:
    if not months:
        return None
    total = 1.0
    for value in months.values():
        total *= 1.0 + value
    return total - 1.0


def _cell(value: float | None, width: int, decimals: int, *, strong: float = _STRONG) -> Content:
    if value is None:
        return Content.styled("·".rjust(width), "$text-muted")
    number = value * 100
    text = fmt.signed(number, decimals)
    if len(text) > width - 1:
        text = fmt.signed(number, 0 if abs(number) >= 10 else 1)
    if len(text) > width - 1:
        text = fmt.signed(number, 0)
    text = text.rjust(width)
    if value == 0:
        return Content.styled(text, "$text-muted")
    depth = min(1.0, abs(value) / strong)
    colour = "up" if value > 0 else "down"
    if depth < 0.12:
        return Content.styled(text, f"${colour}")
    return Content.styled(text, f"on ${colour} {round(10 + 45 * depth)}%")
