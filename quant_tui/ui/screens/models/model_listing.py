"""The list of models: its columns, its rows, and what is said of the one under the cursor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from textual.content import Content

from quant_tui.domain.vocabulary import ModelStatus
from quant_tui.ml.metrics import METRIC_TITLES
from quant_tui.ui import format as fmt
from quant_tui.ui.screens.models.feature_listing import figure, muted
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table import Column, Row

if TYPE_CHECKING:
    from datetime import datetime

    from quant_tui.domain.ml_platform import MLModel

TRAINED = "○ trained"
STATUS_MARKS = {
    ModelStatus.TRAINING: "… training",
    ModelStatus.PRODUCTION: "● production",
    ModelStatus.ARCHIVED: "◌ archived",
    ModelStatus.FAILED: "✗ failed",
    ModelStatus.CANCELLED: "✗ cancelled",
}
_ROLES = {"● production": "accent", "✗ failed": "error", "… training": "warning"}

MARKS = {"champion": "♔ champion", "challenger": "⚔ challenger"}

FIGURES = ("rank_ic", "rmse", "auc", "log_loss")
"""Figures of the list."""

TITLE = 15
"""Cells of a line's title."""

CELL, NARROW_TITLE = 12, 7
"""Cells of a figure, and of a title beside more figures than there is room for."""

EMPTY = Notice(
    "No models yet",
    "A model learns from features what a symbol will do next: its return, direction, volatility "
    "or place among others. It is judged on dates that it did not learn from, beside forecasts "
    "that take no model; once in production, a strategy asks it by its name.",
    (("n", "Train a model"),),
    picture='entry: model("signal@prod") > 0.002\nexit:  model("signal@prod") < 0',
)


def status_text(model: MLModel) -> str:
    """Write where a model stands."""
    if model.status is ModelStatus.TRAINING and model.is_ready:
        return TRAINED
    return STATUS_MARKS[model.status]


def target_text(model: MLModel) -> str:
    """Write what it foretells: ``return, 5 bars``."""
    return f"{model.target.get('kind', '')}, {model.target.get('horizon', 0)} bars"


def _role(value: object) -> str:
    return _ROLES.get(str(value), "muted")


def _figure(value: object) -> str:
    return figure(value if isinstance(value, float | int) else None)


def _ago(value: object) -> str:
    return fmt.ago(cast("datetime", value))


COLUMNS = (
    Column("Name", 16, grow=1),
    Column("Version", 8),
    Column("Type", 9, role=muted),
    Column("Status", 13, role=_role),
    Column("Rank IC", 8, "right", write=_figure, role=fmt.direction, first="descending"),
    Column("RMSE", 8, "right", write=_figure),
    Column("AUC", 8, "right", write=_figure, first="descending"),
    Column("Log-loss", 8, "right", write=_figure),
    Column("Target", 20, grow=1, role=muted),
    Column("Alias", 12),
    Column("Changed", 10, "right", write=_ago, role=muted, first="descending"),
)


def row_of(model: MLModel) -> Row:
    """Return the row of a model."""
    return Row(
        model.id,
        (
            model.name,
            model.version,
            str(model.model_type),
            status_text(model),
            *(model.metrics.get(one) for one in FIGURES),
            target_text(model),
            ", ".join(model.aliases),
            model.updated_at,
        ),
        also=" ".join((*model.tags, *model.features)),
    )


def about_lines(model: MLModel, leaking: Sequence[str], width: int) -> Iterator[Content]:
    """Say what a model is, in lines.

    Parameters
    ----------
    leaking
        Its features that look ahead.
    """
    aliases = "".join(f"  {MARKS[one]}" for one in model.aliases)
    yield Content.assemble(
        (model.title, "bold $accent"), f"  {model.model_type}, {status_text(model)}", aliases
    )
    if model.error:
        yield Content.styled(model.error, "$text-error")
    if leaking:
        text = f"✗ {', '.join(leaking)} looks ahead: its figures are not true"
        yield Content.styled(text, "$text-error").truncate(width, ellipsis=True)
    symbols = model.lineage.get("symbols", [])
    shown = ", ".join(symbols[:6]) + (f" and {len(symbols) - 6} more" if len(symbols) > 6 else "")
    yield fact("foretells", f"{target_text(model)}, of {shown}").truncate(width, ellipsis=True)
    yield fact("from", ", ".join(model.features)).truncate(width, ellipsis=True)
    if model.is_ready:
        yield from figure_lines(model, width)
    if model.tags or model.notes:
        yield fact("notes", "  ".join((*(f"#{tag}" for tag in model.tags), model.notes)))


def fact(title: str, text: str) -> Content:
    """Write a line with a title."""
    return Content.assemble((title.ljust(TITLE), "$text-muted"), text)


def figure_lines(model: MLModel, width: int) -> Iterator[Content]:
    """Write a model's figures over those of forecasts that take no model."""
    names = [name for name, value in model.metrics.items() if value is not None]
    first = TITLE if TITLE + CELL * len(names) <= width else NARROW_TITLE
    cell = max(8, min(CELL, (width - first) // max(1, len(names))))
    titles = "".join(METRIC_TITLES.get(name, name)[: cell - 1].rjust(cell) for name in names)
    yield Content.styled("".ljust(first) + titles, "$text-muted")
    rows: list[tuple[str, Mapping[str, float | None]]] = [("model", model.metrics)]
    for title, found in (*rows, *model.baselines.items()):
        texts = "".join(figure(found.get(name)).rjust(cell) for name in names)
        style = "bold" if title == "model" else ""
        yield Content.assemble((title.ljust(first), "$text-muted"), (texts, style))
