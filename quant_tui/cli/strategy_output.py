"""How the checks of a strategy are printed for people."""

from __future__ import annotations

from quant_tui.cli.output import print_table
from quant_tui.domain.base import Document

_MARKS = {"good": "✓", "doubtful": "!", "bad": "✗"}
_NOTHING = "–"


def print_card(card: Document, *, figures: bool) -> None:
    """Print the verdicts of a card, and with ``figures`` what each was judged by."""
    lines: list[Document] = card["lines"]
    print(f"{_verdict(card)}: {card['summary']}")
    print_table(
        ("verdict", "check", "what it says", "rests on"),
        [(_verdict(one), one["title"], one["text"], one["rests_on"]) for one in lines],
        "Nothing was checked.",
    )
    for line in lines if figures else ():
        table = line.get("table")
        if table:
            print(f"{line['title']}, {_verdict(line)}")
            columns = table["columns"]
            print_table(
                [str(one["title"]) for one in columns],
                [
                    [
                        _written(value, column["unit"])
                        for value, column in zip(row, columns, strict=True)
                    ]
                    for row in table["rows"]
                ],
                "",
            )


def _verdict(one: Document) -> str:
    return f"{_MARKS.get(one['verdict'], '?')} {one['verdict']}"


def _written(value: float | str | None, unit: str) -> str:
    if value is None:
        return _NOTHING
    if isinstance(value, str):
        return value
    if unit == "share":
        return f"{value:.1%}"
    return f"{value:,.0f}" if unit == "count" else f"{value:,.2f}"
