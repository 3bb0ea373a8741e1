"""Telling of deployed models that drift, grow old or cannot be asked, wherever one is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quant_tui.services.scoring import ModelWarning, WarningFeed
    from quant_tui.ui.app import QuantApp


class ModelToasts:
    """Shows a message for each new warning; ``o`` goes to the deployment.

    Parameters
    ----------
    app
        Where messages go.
    """

    def __init__(self, app: QuantApp) -> None:
        self._app = app

    def attach(self, feed: WarningFeed) -> None:
        """Listen from now on."""
        feed.subscribe(self._told)

    def _told(self, warnings: Sequence[ModelWarning]) -> None:
        for one in warnings:
            deployment = one.deployment
            self._app.jumps.offer(
                f"{deployment.model_name}@{deployment.environment}: {one.text}",
                "models",
                f"deployments:{deployment.id}",
                title=f"Model · {one.kind}",
            )
