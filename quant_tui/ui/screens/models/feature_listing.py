"""The list of features: its columns, its rows, and what is said of the one under the cursor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from textual.content import Content

from quant_tui.domain.vocabulary import FeatureType, FeatureVersionStatus
from quant_tui.services.features import looks_ahead
from quant_tui.ui import format as fmt
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table import Column, Row

if TYPE_CHECKING:
    from datetime import datetime

    from quant_tui.domain.base import Document
    from quant_tui.domain.ml_platform import FeatureVersion
    from quant_tui.services.feature_records import FeatureHistory

STATUS_MARKS = {
    FeatureVersionStatus.DRAFT: "○ draft",
    FeatureVersionStatus.PRODUCTION: "● production",
    FeatureVersionStatus.ARCHIVED: "◌ archived",
}
LEAKS = "✗ looks ahead"
_ROLES = {STATUS_MARKS[FeatureVersionStatus.PRODUCTION]: "accent", LEAKS: "error"}


def status_role(value: object) -> str:
    """Return the role of a written status."""
    return _ROLES.get(str(value).split("  ")[0], "muted")


def muted(_value: object) -> str:
    """Return the role of what is less important."""
    return "muted"


def figure(value: float | None) -> str:
    """Write a figure of any size in at most nine cells: ``0.0123``, ``1,234.5``, ``1.2e-07``."""
    if value is None:
        return fmt.NOTHING
    size = abs(value)
    if size and not 1e-4 <= size < 1e6:
        return f"{value:.2e}"
    decimals = 4 if size < 10 else 2 if size < 1000 else 1
    return fmt.number(value, decimals)


def _figure(value: object) -> str:
    return figure(value if isinstance(value, float | int) else None)


def _ago(value: object) -> str:
    return fmt.ago(cast("datetime", value))


COLUMNS = (
    Column("Name", 18, grow=1),
    Column("Version", 8),
    Column("Status", 13, role=status_role),
    Column("Rank IC", 8, "right", write=_figure, role=fmt.direction, first="descending"),
    Column("Mean", 9, "right", write=_figure, first="descending"),
    Column("Std", 9, "right", write=_figure, first="descending"),
    Column("Expression", 24, grow=3, role=muted),
    Column("Changed", 10, "right", write=_ago, role=muted, first="descending"),
)
EMPTY = Notice(
    "No features yet",
    "A feature is a named input of models: an expression of the rule language over prices and "
    "volume. Each change keeps a version; its card shows how it is spread, what it says of the "
    "returns that follow, whether it drifts, and whether it looks ahead.",
    (("n", "New feature"),),
    picture=(
        "close / sma(close, 20) - 1   ▁▂▅▇▅▂▁\n"
        "rsi(close, 14)               ▁▃▆▇▆▃▁\n"
        "volume / sma(volume, 20)     ▇▆▃▂▁▁▁"
    ),
)


def status_text(version: FeatureVersion, *, pinned: bool = False) -> str:
    """Write where a version stands, or that it can stand nowhere."""
    if looks_ahead(version):
        return LEAKS
    return STATUS_MARKS[version.status] + ("  pinned" if pinned else "")


def newest_run(version: FeatureVersion) -> Document | None:
    """Return the statistics of a version that were computed last; None without any."""
    runs = version.statistics.get("runs") or []
    return cast("Document", runs[0]) if runs else None


def row_of(history: FeatureHistory) -> Row:
    """Return the row of a feature."""
    feature, used = history.feature, history.used
    run = newest_run(used) or {}
    newer = f" +{len(history.newer)}" if history.newer else ""
    return Row(
        feature.id,
        (
            feature.name,
            used.version + newer,
            status_text(used),
            run.get("rank_ic"),
            run.get("mean"),
            run.get("std"),
            feature.expression,
            feature.updated_at,
        ),
        also=feature.description,
    )


def about_lines(history: FeatureHistory, width: int) -> Iterator[Content]:
    """Say what a feature is, in lines."""
    feature, used = history.feature, history.used
    yield Content.assemble((feature.name, "bold $accent"), "  ", (feature.expression, "bold"))
    if feature.description:
        yield Content(feature.description)
    yield from schema_lines(used)
    for one in history.versions:
        here = "▸ " if one.version == used.version else "  "
        pinned = feature.pinned and one.version == used.version
        other = "" if one.expression == feature.expression else f"  {one.expression}"
        yield Content.assemble(
            (here, "$accent"), (one.version.ljust(9), "bold"),
            status_text(one, pinned=pinned).ljust(22),
            (fmt.ago(one.created_at) + other, "$text-muted"),
        ).truncate(width, ellipsis=True)  # fmt: skip


def schema_lines(version: FeatureVersion) -> Iterator[Content]:
    """Say what the values of a version are."""
    schema = version.schema_
    kind = "true or false, as 1 and 0" if schema.get("kind") == "condition" else "a number"
    if version.feature_type is FeatureType.FUNCTION:
        kind += ", by a package's function"
    rows = [("values", f"{kind}, float64"), ("first after", f"{schema.get('warm_up', 0)} bars")]
    if schema.get("across_symbols"):
        rows.append(("compares", "the symbols with one another: it depends on which they are"))
    if schema.get("outside"):
        rows.append(("from outside", ", ".join(schema["outside"])))
    for title, text in rows:
        yield Content.assemble((title.ljust(13), "$text-muted"), text)
