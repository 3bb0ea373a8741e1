"""What a deployed model said beside what came true, and how far it drifted, as lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.cells import set_cell_size
from textual.content import Content

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.models.feature_listing import figure

if TYPE_CHECKING:
    from quant_tui.services.model_drift import ModelDrift
    from quant_tui.services.prediction_log import PredictionLog

SHOWN = 500
"""Predictions that are listed."""

STYLES = {"much": "$text-error", "some": "$text-warning", "stable": "$text-success"}
MARKS = {"much": "▲ much", "some": "△ some", "stable": "  stable", "unknown": "? unknown"}


def log_lines(found: PredictionLog, width: int) -> Iterator[Content]:  # noqa: ARG001 -- as all pages
    """List what was said, the newest first, beside what came true."""
    if not found.lines:
        yield Content("Nothing was written down yet.")
        yield Content.styled(
            "Once it stands in dev, staging or prod it is asked whenever bars arrive; r among the"
            " deployments asks at once.",
            "$text-muted",
        )
        return
    yield Content.assemble(
        (f"{len(found.lines):,} predictions, {found.known:,} known", "bold"),
        f"   RMSE {figure(found.rmse)}   correlation {figure(found.correlation)}",
    )
    yield Content("")
    heads = ("foretold".rjust(12), "came".rjust(12), "  written down")
    line = "date".ljust(12) + "symbol".ljust(12) + "where".ljust(9) + "".join(heads)
    yield Content.styled(line, "$text-muted")
    for one in found.lines[:SHOWN]:
        came = "not yet" if one.came is None else figure(one.came)
        yield Content.assemble(
            fmt.day(one.record.date).ljust(12),
            set_cell_size(one.symbol, 12),
            (str(one.record.environment).ljust(9), "$text-muted"),
            figure(one.value).rjust(12),
            (came.rjust(12), "$text-muted" if one.came is None else ""),
            (f"  {fmt.moment(one.record.made_at)}", "$text-muted"),
        )
    if len(found.lines) > SHOWN:
        yield Content.styled(f"and {len(found.lines) - SHOWN:,} older ones", "$text-muted")


def drift_lines(found: ModelDrift, width: int) -> Iterator[Content]:  # noqa: ARG001 -- as all pages
    """Say how far features and forecasts have moved since the model was trained."""
    yield Content.assemble(
        (f"{found.recent[0]} to {found.recent[1]}", "bold"),
        f" beside {found.trained[0]} to {found.trained[1]}, which it learned from",
    )
    yield Content("")
    room = min(30, max(len(one.name) for one in found.lines) + 2)
    heads = "".join(one.rjust(9) for one in ("PSI", "KS", "p"))
    yield Content.styled(" " * room + "moved".ljust(10) + heads, "$text-muted")
    for one in found.lines:
        difference = one.difference
        texts = (difference.psi, difference.ks, difference.p_value)
        yield Content.assemble(
            set_cell_size(one.name, room),
            (MARKS[one.verdict].ljust(10), STYLES.get(one.verdict, "$text-muted")),
            "".join(figure(value).rjust(9) for value in texts),
        )
    yield Content("")
    yield Content.styled(
        "PSI below 0.1: little has changed; above 0.25: much (Siddiqi 2006).", "$text-muted"
    )
