"""The signed-in user's dashboard: one entity with all layouts."""

from __future__ import annotations

from quant_tui.domain.errors import Conflict
from quant_tui.domain.user import Dashboard
from quant_tui.services.dashboard_layout import (
    DashboardState,
    first_state,
    from_documents,
    to_documents,
)
from quant_tui.storage.mongo.repositories import UserRepositories


class DashboardService:
    """Keeps layouts; who never changed one has the first state and nothing stored."""

    def __init__(self, mine: UserRepositories) -> None:
        self._user_id = mine.user_id
        self._dashboards = mine.dashboards

    async def load(self) -> DashboardState:
        """Return the layouts."""
        kept = await self._dashboards.find_one({})
        return first_state() if kept is None else from_documents(kept.layout, kept.widgets)

    async def save(self, state: DashboardState) -> None:
        """Keep the layouts; of two instances that change them, the later one wins.

        A layout is arranged by hand and seen at once, so nobody is asked to do it again
        because another window was open.
        """
        layout, widgets = to_documents(state)
        for last in (False, True):
            try:
                kept = await self._dashboards.find_one({})
                if kept is None:
                    await self._dashboards.create(
                        Dashboard(user_id=self._user_id, layout=layout, widgets=widgets)
                    )
                else:
                    await self._dashboards.update(
                        kept.model_copy(update={"layout": layout, "widgets": widgets})
                    )
            except Conflict:
                if last:
                    raise
            else:
                return
