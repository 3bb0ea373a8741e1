"""Who stands behind a symbol: facts, figures, and statements over their periods."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from quant_tui.services.financials import Figure, Financials, Statement, read_financials
from quant_tui.ui import format as fmt
from quant_tui.ui.widgets.page import Page, heading
from quant_tui.ui.widgets.table_grid import fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quant_tui.domain.market_data import Company
    from quant_tui.services.financials import Kind
    from quant_tui.ui.screens.symbol.view import SymbolView

NAME_WIDTH, FIGURE_WIDTH, GROWTH_WIDTH = 28, 11, 11
FACT_WIDTH = 46
LONG_TEXT = 24
"""Characters from which a text has lines of its own."""


class CompanyPage(Vertical):
    """Everything that is known of a company, as text that scrolls."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.page = Page(widest=160, id="facts")

    def compose(self) -> ComposeResult:
        """Lay out the text."""
        yield self.page

    def focus_first(self) -> None:
        """Give the keys to the text."""
        self.page.focus()

    async def show_view(self, view: SymbolView) -> None:
        """Show the company of a symbol."""
        company = view.profile.company
        if company is None:
            text = f"Nothing is known of the company behind {view.symbol}."
            hint = "Fetch it with: quant-tui data fetch SYMBOL --kind company"
            lines = [Content(text), Content.styled(hint, "$text-muted")]
            self.page.show(lambda _width: lines)
            return
        financials = read_financials(
            company.financials, as_of=view.as_of, known_since=company.updated_at
        )
        self.page.show(partial(company_lines, company, financials))


def company_lines(company: Company, financials: Financials, width: int) -> list[Content]:
    """Write name, sector and industry, then figures by group, then statements."""
    lines = [Content.styled(company.name, "bold")]
    place = " · ".join(part for part in (company.sector, company.industry) if part)
    lines.append(Content.styled(place or "sector not known", "$text-muted"))
    for title, figures in financials.groups:
        lines += [Content(""), heading(title or "Figures", width), *_figures(figures, width)]
    for statement in financials.statements:
        lines += [Content(""), heading(statement.title, width), *_statement(statement, width)]
    if not financials.groups and not financials.statements and not financials.hidden:
        lines += [Content(""), Content.styled("No financials are stored.", "$text-muted")]
    if financials.hidden:
        note = "What was not known yet is hidden: reports by their date of publication, or 90 " \
            "days after their period; figures without a date when stored later."  # fmt: skip
        lines += [Content(""), Content.styled(note, "$text-muted")]
    return lines


def _figures(figures: Sequence[Figure], width: int) -> list[Content]:
    columns = max(1, width // FACT_WIDTH)
    short = [one for one in figures if len(_written(one)) <= LONG_TEXT]
    rows = -(-len(short) // columns)
    lines = [
        Content("").join(_fact(short[at]) for at in range(row, len(short), rows))
        for row in range(rows)
    ]
    for one in figures:
        if len(text := _written(one)) > LONG_TEXT:
            name = (fit(one.name, NAME_WIDTH - 2, "left") + "  ", "$text-muted")
            lines += Content.assemble(name, text).wrap(width)
    return lines


def _fact(one: Figure) -> Content:
    name = fit(one.name, NAME_WIDTH - 6, "left") + "  "
    return Content.assemble(
        (name, "$text-muted"), fit(_written(one), FACT_WIDTH - NAME_WIDTH + 4, "left")
    )


def _written(one: Figure) -> str:
    if one.value is None:
        return fmt.NOTHING
    return one.value if isinstance(one.value, str) else amount(one.value, one.kind)


def amount(value: float | None, kind: Kind) -> str:
    """Write an amount short, a fraction in per cent, a count or ratio as it is."""
    if value is None:
        return fmt.NOTHING
    if kind == "fraction":
        return fmt.percent(value)
    if abs(value) >= 100_000:
        return fmt.compact(value)
    return f"{value:.0f}" if value == int(value) else fmt.number(value)


def _statement(statement: Statement, width: int) -> list[Content]:
    several = len(statement.periods) > 1
    room = width - NAME_WIDTH - (GROWTH_WIDTH if several else 0)
    shown = max(1, min(len(statement.periods), room // FIGURE_WIDTH))
    titles = fit("", NAME_WIDTH, "left") + "".join(
        fit(period, FIGURE_WIDTH, "right") for period in statement.periods[-shown:]
    )
    lines = [Content.styled(titles + ("Growth".rjust(GROWTH_WIDTH) * several), "bold $text-muted")]
    for row in statement.rows:
        figures = "".join(
            fit(amount(value, row.kind), FIGURE_WIDTH, "right") for value in row.figures[-shown:]
        )
        role = {"up": "$up", "down": "$down"}.get(fmt.direction(row.growth), "$text-muted")
        growth = fmt.change(row.growth, 1).rjust(GROWTH_WIDTH) if several else ""
        name = fit(row.name, NAME_WIDTH, "left")
        lines.append(Content.assemble((name, "$text-muted"), figures, (growth, role)))
    if shown < len(statement.periods):
        earlier = f"{len(statement.periods) - shown} earlier periods need a wider screen"
        lines.append(Content.styled(earlier, "$text-muted"))
    return lines
