"""Results of tools as Markdown, for people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from quant_tui.genai.tools import ToolResult
from quant_tui.services.backtest_figures import FIGURES

MOST_ROWS = 100
MOST_COLUMNS = 9
LONGEST_CELL = 60
"""Characters; rows with longer ones are lists, which wrap."""

_TITLES = {
    "change_fraction": "Change %",
    "volume_ratio": "Volume / average",
    "place": "Place in the year's range",
    "from_sma_50": "From SMA 50",
    "from_sma_200": "From SMA 200",
    "rsi": "RSI 14",
}
_SHARES = frozenset({"depth", "risen", "return", "place", "from_sma_50", "from_sma_200"})
"""Figures of tools that are fractions, beside those that :data:`FIGURES` names."""

NOTHING = "–"
WHOLE_FROM = 1e6
"""Volumes and the like have no decimals from here."""

_BY_KEY = {one.key: one for one in FIGURES}
_ASIDE = ("figure", "user_id", "document_id")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_BREAKING = re.compile(r"([\\`*_\[\]<>|])")
_ESCAPED = re.compile(r"\\([\\`*_\[\]<>|])")


def markdown_of(result: ToolResult, *, notes: bool = False) -> str:
    """Return a result as a table, or as a list of its facts.

    Parameters
    ----------
    notes
        Whether it is said what each figure means.
    """
    if result.error:
        return f"✗ {escaped(result.error)}"
    rows = result.data.get("rows")
    if isinstance(rows, list):
        found = [one for one in rows if isinstance(one, Mapping)]
        beside = {k: v for k, v in result.data.items() if k not in ("rows", "total")}
        head = "\n".join(_facts(beside, notes=False))
        return f"{head}\n\n{_table(found)}".strip() if head else _table(found)
    return "\n".join(_facts(result.data, notes=notes)) or "Done."


def escaped(text: str) -> str:
    """Return a text as Markdown that shows it as it is, on one line."""
    return _BREAKING.sub(r"\\\1", " ".join(text.split()))


def unescaped(markdown: str) -> str:
    """Return what :func:`escaped` was given, for a terminal that shows Markdown as it stands."""
    return _ESCAPED.sub(r"\1", markdown)


def _facts(data: Mapping[str, object], *, notes: bool) -> Iterator[str]:
    for key, value in data.items():
        if value in (None, "", [], {}) or key in _ASIDE:
            continue
        figure = _BY_KEY.get(key)
        if isinstance(value, Mapping):
            inner = ", ".join(f"{escaped(str(k))} = {_cell(str(k), v)}" for k, v in value.items())
            yield f"- **{_title(key)}**: {inner}"
        elif isinstance(value, list):
            yield f"- **{_title(key)}**:"
            yield from (f"  - {_cell('', one)}" for one in value[:MOST_ROWS])
        elif isinstance(value, str) and "\n" in value:
            fence = "`" * (max((len(one) for one in re.findall("`+", value)), default=2) + 1)
            yield f"- **{_title(key)}**:\n\n{fence}\n{value}\n{fence}\n"
        else:
            note = f" *({figure.note})*" if notes and figure is not None and figure.note else ""
            yield f"- **{_title(key)}**: {_cell(key, value)}{note}"


def _table(rows: Sequence[Mapping[str, object]]) -> str:
    if not rows:
        return "Nothing was found."
    filled = [
        key
        for key in rows[0]
        if key not in ("user_id", "document_id")
        and any(one.get(key) not in (None, "", [], {}) for one in rows)
    ]
    # what a person reads first; the id by which a thing is called again stands last
    named = [key for key in filled if not key.endswith("_id")]
    identifying = [key for key in filled if key.endswith("_id")]
    shown = rows[:MOST_ROWS]
    cells = [{key: _row_cell(key, row) for key in filled} for row in shown]
    longest = max((len(cell) for row in cells for cell in row.values()), default=0)
    if longest > LONGEST_CELL or (len(shown) == 1 and len(named) >= MOST_COLUMNS):
        lines = list(_listed(cells, [*named, *identifying]))
        left_out: list[str] = []
    else:
        columns = [*named[: MOST_COLUMNS - 1], *identifying]
        left_out = named[MOST_COLUMNS - 1 :]
        lines = [
            f"| {' | '.join(_title(one) for one in columns)} |",
            f"|{'|'.join('---' for _ in columns)}|",
            *(f"| {' | '.join(row[key] for key in columns)} |" for row in cells),
        ]
    if left_out:
        lines.append(f"\nNot shown: {', '.join(_title(one).lower() for one in left_out)}.")
    if len(rows) > MOST_ROWS:
        lines.append(f"\n{len(rows) - MOST_ROWS} more rows are not shown.")
    return "\n".join(lines)


def _row_cell(key: str, row: Mapping[str, object]) -> str:
    figure = str(row.get("figure", ""))
    return _title(figure) if key == "figure" else _cell(figure or key, row.get(key))


def _listed(rows: Sequence[Mapping[str, str]], columns: Sequence[str]) -> Iterator[str]:
    """Write rows below one another, whole: the first column names a row."""
    name, *others = columns
    for row in rows:
        yield f"- **{row[name]}**"
        yield from (f"  - {_title(key)}: {row[key]}" for key in others if row[key] != NOTHING)


def _title(key: str) -> str:
    figure = _BY_KEY.get(key)
    if figure is not None:
        words = figure.title
        if sum(one.title == words for one in FIGURES) > 1:
            words = f"{words}, {figure.note}"
    else:
        words = _TITLES.get(key, key.replace("_", " "))
    return escaped(words[:1].upper() + words[1:])


def _cell(key: str, value: object) -> str:
    """Write a value as people read it; a figure by its unit."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        figure = _BY_KEY.get(key)
        unit = figure.unit if figure is not None else ""
        if unit == "percent" or key in _SHARES or key.endswith(("_return", "_fraction")):
            return f"{value * 100:+.2f} %"
        if abs(value) >= WHOLE_FROM and value == int(value):
            return f"{value:,.0f}"
        if isinstance(value, int) or unit == "count":
            return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.0f}"
        return f"{value:,.2f}" if abs(value) >= 100 or unit == "money" else f"{value:.4g}"
    if isinstance(value, str) and _MOMENT.match(value):
        return value[:16].replace("T", " ")
    if isinstance(value, Mapping):
        return ", ".join(f"{escaped(str(one))} {_cell(str(one), v)}" for one, v in value.items())
    if isinstance(value, list):
        return ", ".join(_cell("", one) for one in value)
    return escaped(str(value))
