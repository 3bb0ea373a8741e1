"""Trained models, and where each stands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, cast

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.dashboard.content import Cause, Lines, Place, Source
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table_model import Column, Row

if TYPE_CHECKING:
    from quant_tui.services.composition import Services

ROLES = {"training": "accent", "production": "up", "failed": "error"}
SHOWN = 50


def _role(value: object) -> str:
    text = str(value)
    return "warning" if text.startswith("⚠") else ROLES.get(text, "muted")


def _ago(value: object) -> str:
    return fmt.ago(cast("datetime", value))


class ModelStatus(Source):
    """The newest models with version and status, and ⚠ on those deployed that drift or are old."""

    empty: ClassVar[Notice] = Notice("No models yet", keys=(("6", "Models"),))
    columns: ClassVar[tuple[Column, ...]] = (
        Column("Status", 12, role=_role),
        Column("Model", 14, grow=1),
        Column("Type", 9, role=lambda _: "muted"),
        Column("Version", 8),
        Column("Changed", 10, "right", write=_ago, role=lambda _: "muted"),
    )
    wakes_on: ClassVar[frozenset[Cause]] = frozenset({"jobs"})

    async def load(self, services: Services, settings: Mapping[str, str]) -> Lines | None:
        """Fetch the newest."""
        models = await services.models.list(limit=SHOWN)
        if not models:
            return None
        warned = {one.deployment.model_id for one in await services.scoring.warnings()}
        rows = [
            Row(
                one.id,
                (
                    f"⚠ {one.status}" if one.id in warned else str(one.status),
                    one.name,
                    str(one.model_type),
                    one.version,
                    one.updated_at,
                ),
            )
            for one in models
        ]
        return Lines("Models", rows)

    def place_of(self, key: str, settings: Mapping[str, str]) -> Place:
        """Lead to the model."""
        return Place("models", key)
