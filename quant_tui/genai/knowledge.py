"""What a model may have known already: backtests over years that it was trained on.

A model that has read the news of a period does not judge a backtest of that period
out of sample (Lopez-Lira, Tang and Zhu 2025, "The Memorization Problem", arXiv:2504.14765).
"""

from __future__ import annotations

from calendar import IllegalMonthError, monthrange
from collections.abc import Mapping
from datetime import date

from quant_tui.domain.base import Document

_BEGINS = ("start_date", "start")
_ENDS = ("end_date", "end")


def periods_in(data: Mapping[str, object], title: str) -> list[Document]:
    """Return the periods that a tool's result says a backtest ran over.

    Returns
    -------
    list of documents
        ``title``, ``start`` and ``end``, dates as ISO text.
    """
    parts: list[Mapping[str, object]] = [data]
    rows = data.get("rows")
    if isinstance(rows, list):
        parts += [one for one in rows if isinstance(one, Mapping)]
    found: list[Document] = []
    for part in parts:
        start, end = _day(part, _BEGINS), _day(part, _ENDS)
        if "backtest_id" in part and start is not None and end is not None:
            name = part.get("name")
            found.append(
                {
                    "title": name if isinstance(name, str) and name else title,
                    "start": start.isoformat(),
                    "end": end.isoformat(),
                }
            )
    return found


def cutoff_day(written: str) -> date | None:
    """Return the last day that a model may know of, by ``2025-06`` or ``2025-06-15``."""
    try:
        if len(written) == len("2025-06"):
            year, month = int(written[:4]), int(written[5:])
            return date(year, month, monthrange(year, month)[1])
        return date.fromisoformat(written)
    except (ValueError, IllegalMonthError):
        return None


def cutoff_note(periods: list[Document], cutoff: str, model: str) -> str:
    """Return the warning about backtests over what a model may know; "" when there is none."""
    last = cutoff_day(cutoff)
    if last is None:
        return ""
    inside = [one for one in periods if date.fromisoformat(str(one["start"])) <= last]
    if not inside:
        return ""
    names = ", ".join(dict.fromkeys(str(one["title"]) for one in inside[:3]))
    more = f" and {len(inside) - 3} more" if len(inside) > 3 else ""
    whole = all(date.fromisoformat(str(one["end"])) <= last for one in inside)
    reach = "lies" if whole else "begins"
    return (
        f"The period of {names}{more} {reach} before the knowledge of {model} ends ({cutoff}): it "
        "may know what happened then, so what it says of these results is not out of sample."
    )


def _day(part: Mapping[str, object], names: tuple[str, ...]) -> date | None:
    for name in names:
        value = part.get(name)
        if isinstance(value, str):
            try:
                return date.fromisoformat(value[:10])
            except ValueError:
                continue
    return None
