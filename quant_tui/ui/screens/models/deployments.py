"""The deployments part: what stands where, and how it came to stand there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from quant_tui.services.deployment_gates import OPEN, gate_mark
from quant_tui.services.model_documents import state_of_deployment
from quant_tui.ui import format as fmt
from quant_tui.ui.screens.models.feature_listing import muted
from quant_tui.ui.screens.models.model_listing import TITLE, fact
from quant_tui.ui.screens.models.parts import ModelsPart
from quant_tui.ui.screens.models.promotion import roll_back
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.page import Page
from quant_tui.ui.widgets.table import Column, Row, Table

if TYPE_CHECKING:
    from datetime import datetime

    from quant_tui.domain.ml_platform import ModelDeployment
    from quant_tui.services.scoring import ModelWarning, Scored
    from quant_tui.ui.screens.models.workspace import Models

STATES = {
    "deployed": "● stands", "superseded": "◌ superseded", "rollback": "↺ rolled back",
}  # fmt: skip
STANDS, TAKEN_BACK = STATES["deployed"], STATES["rollback"]
WARNED = {"drift": "⚠ drift", "expired": "⚠ expired", "failed": "✗ failed"}
_ROLES = {STANDS: "accent", TAKEN_BACK: "warning"}


def _role(value: object) -> str:
    return _ROLES.get(str(value), "muted")


def _watch_role(value: object) -> str:
    return "error" if value == WARNED["failed"] else "warning"


def _moment(value: object) -> str:
    return fmt.moment(cast("datetime", value))


COLUMNS = (
    Column("Deployed", 16, write=_moment, first="descending"),
    Column("Model", 14, grow=1),
    Column("Version", 7),
    Column("Where", 7),
    Column("Status", 13, role=_role),
    Column("Watch", 9, role=_watch_role),
    Column("By", 12, role=muted),
    Column("Why", 20, grow=3, role=muted),
)
EMPTY = Notice(
    "Nothing is deployed",
    "A model in prod answers strategies; every change is kept here with who made it and why, so "
    "that it can be said what stood on any day, and put back with one key.",
    (("{", "To the models"),),
)


class DeploymentsPart(ModelsPart):
    """Deployments of the user, the newest first."""

    SCOPED_CSS = False
    DEFAULT_CSS = """
    DeploymentsPart {
        & > #deployment-table { height: 1fr; }
        & > #deployment-about { height: 9; border-top: solid $rule; padding-left: 1; }
    }
    .-short DeploymentsPart > #deployment-about { height: 6; }
    """
    BINDING_GROUP_TITLE = "Deployments"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "score", "Ask now", id="deployments.score",
                tooltip="Ask what stands about the newest bars, as happens when bars arrive"),
        Binding("A", "roll_back", "Roll back", id="deployments.roll_back",
                tooltip="Put the version back that stood there before"),
    ]  # fmt: skip

    def __init__(self, place: Models, *, id: str) -> None:  # noqa: A002 -- Textual's name
        super().__init__(place, id=id)
        self.table = Table(COLUMNS, empty=EMPTY, id="deployment-table")
        self.about = Page(id="deployment-about")
        self._deployments: dict[str, ModelDeployment] = {}
        self._standing: frozenset[str] = frozenset()
        self._warnings: list[ModelWarning] = []

    def compose(self) -> ComposeResult:
        """Lay out the list and what is said of a row."""
        yield self.table
        yield self.about

    async def load(self) -> None:
        """Fetch the history."""
        found = await self.services.deployments.list()
        standing = await self.services.deployments.standing()
        self._deployments = {one.id: one for one in found}
        self._standing = frozenset(one.id for one in standing)
        self._warnings = await self.services.scoring.warnings()
        self.table.set_rows(self._row(one) for one in found)
        self.about.display = bool(found)
        self._show_about()

    def focus_first(self) -> None:
        """Give the keys to the list."""
        self.table.focus()

    async def jump(self, target: str) -> None:
        """Go to a deployment."""
        self.table.move_to(target)

    async def owns(self, target: str) -> bool:
        """Return whether it is the id of a deployment."""
        return any(one.id == target for one in await self.services.deployments.list())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to roll back what stands."""
        if action in ("roll_back", "score"):
            return self.table.cursor_key in self._deployments
        return super().check_action(action, parameters)

    def on_table_row_highlighted(self, event: Table.RowHighlighted) -> None:
        """Say more about the row."""
        event.stop()
        self._show_about()
        self.refresh_bindings()

    def on_table_row_opened(self, event: Table.RowOpened) -> None:
        """Open the model."""
        event.stop()
        if (chosen := self._deployments.get(event.key)) is not None:
            self.place.visit(f"models:{chosen.model_id}")

    def action_roll_back(self) -> None:
        """Put back what stood before in the place of the row."""
        if (chosen := self._deployments.get(self.table.cursor_key)) is not None:
            self.place.spawn(partial(self._roll_back, chosen), keys_wait=True)

    async def _roll_back(self, chosen: ModelDeployment) -> None:
        made = await roll_back(self.place, chosen.model_name, str(chosen.environment))
        if made is not None:
            await self.load()
            self.table.move_to(made.id)

    def action_score(self) -> None:
        """Ask what stands about the newest bars."""
        self.place.spawn(self._score)

    async def _score(self) -> None:
        async def done(scored: Scored) -> None:
            await self.load()
            count = len(scored.records)
            self.place.toast(f"{count} new dates were asked about." if count else "No new dates.")

        self.place.follow(self.services.scoring.start(), on_done=done)

    def _row(self, one: ModelDeployment) -> Row:
        return Row(
            one.id,
            (
                one.deployed_at,
                one.model_name,
                one.model_version,
                str(one.environment),
                STATES[state_of_deployment(one, stands=one.id in self._standing)],
                self._watched(one),
                one.config.get("deployed_by", ""),
                one.config.get("reason", ""),
            ),
        )

    def _watched(self, one: ModelDeployment) -> str:
        """Return the first of what there is to know of it."""
        return next(
            (WARNED[each.kind] for each in self._warnings if each.deployment.id == one.id), ""
        )

    def _show_about(self) -> None:
        chosen = self._deployments.get(self.table.cursor_key)
        if chosen is None:
            self.about.show(None)
        else:
            found = [one.text for one in self._warnings if one.deployment.id == chosen.id]
            self.about.show(lambda width: list(_about(chosen, found, width)))


def _about(one: ModelDeployment, warnings: Sequence[str], width: int) -> Iterator[Content]:
    before = one.config.get("replaced")
    instead = f", in the place of {before}" if before else ", the first there"
    yield Content.assemble(
        (f"{one.model_name}@{one.model_version}", "bold $accent"),
        f"  to {one.environment}{instead}",
    )
    for text in warnings:
        yield Content.styled(f"⚠ {text}", "$text-warning").truncate(width, ellipsis=True)
    yield fact("when", f"{fmt.moment(one.deployed_at)}, by {one.config.get('deployed_by', '')}")
    if reason := one.config.get("reason"):
        yield fact("why", reason).truncate(width, ellipsis=True)
    for gate in one.config.get("gates", []):
        mark = gate_mark(gate)
        style = "$text-success" if mark == OPEN else "$text-warning"
        forced = "" if gate["passed"] else "  forced"
        yield Content.assemble(
            (f"{mark} {gate['name']}".ljust(TITLE), style),
            gate["reason"],
            (forced, "$text-warning"),
        ).truncate(width, ellipsis=True)
