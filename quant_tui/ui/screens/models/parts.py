"""The parts of the workspace, and what a part is.

To add one, write a class in a module of this folder and name it in :data:`PARTS`; it is
imported and built at its first visit::

    class ExperimentsPart(ModelsPart):
        BINDING_GROUP_TITLE = "Experiments"
        BINDINGS = [Binding("n", "new", "New", id="experiments.new", tooltip="…")]

        def compose(self) -> ComposeResult:
            yield self.table

        async def load(self) -> None:
            # When the part first comes to the front, and every time it comes back: a
            # loading panel stands in the first time, an error becomes a panel with a retry.
            self.table.set_rows(row_of(one) for one in await self.services....list())

        def focus_first(self) -> None: self.table.focus()
        async def jump(self, target: str) -> None: ...     # an id; the palette, a toast

``self.place`` is the workspace: ``spawn``, ``follow``, ``confirm``, ``toast``,
``offer_undo`` and ``switch_to`` are its (see :mod:`quant_tui.ui.workspaces`). Another
screen opens an object with ``switch_to("models", target=f"experiments:{id}")``; a target
without a part's name goes to the part that claims it, see :meth:`ModelsPart.owns`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from textual.containers import Vertical

from quant_tui.ui.reporting import describe, leaves
from quant_tui.ui.widgets.message_panel import MessagePanel, Notice

if TYPE_CHECKING:
    from quant_tui.services.chat_selection import Selection
    from quant_tui.services.composition import Services
    from quant_tui.ui.commands import Command
    from quant_tui.ui.screens.models.workspace import Models

_HERE = "quant_tui.ui.screens.models"


class PartEntry(NamedTuple):
    """Name, title, and where a part is: ``module:Class``."""

    name: str
    title: str
    factory: str


PARTS: tuple[PartEntry, ...] = (
    PartEntry("features", "Features", f"{_HERE}.features:FeaturesPart"),
    PartEntry("experiments", "Experiments", f"{_HERE}.experiments:ExperimentsPart"),
    PartEntry("models", "Models", f"{_HERE}.registry:ModelsList"),
    PartEntry("deployments", "Deployments", f"{_HERE}.deployments:DeploymentsPart"),
    PartEntry("scenarios", "Scenarios", f"{_HERE}.scenarios:ScenariosPart"),
)
"""In the order of the work: features, experiments, models, deployments, scenarios."""


class ModelsPart(Vertical):
    """Base of every part; the module's docstring says how to write one."""

    DEFAULT_CSS = """
    ModelsPart {
        height: 1fr;
        & > .part-notice { display: none; }
        &.-notice > * { display: none; }
        &.-notice > .part-notice { display: block; }
    }
    """

    def __init__(self, place: Models, *, id: str) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.place = place
        self.loaded = False
        self.notice_panel = MessagePanel()
        self.notice_panel.add_class("part-notice")

    # -- for subclasses to fill in

    async def load(self) -> None:
        """Fetch what the part shows."""

    def focus_first(self) -> None:
        """Give the keys to what a person wants first."""

    async def jump(self, target: str) -> None:
        """Open the object with this id."""

    async def owns(self, target: str) -> bool:  # noqa: ARG002 -- for subclasses
        """Return whether an id is one of this part's objects."""
        return False

    def selection(self) -> Selection | None:
        """Return what is chosen, for the chat beside."""
        return None

    def jobs_changed(self) -> None:
        """Look at the jobs again; as of a workspace."""

    def commands(self) -> Iterable[Command]:
        """Offer actions to the palette, once the part is built."""
        return ()

    @property
    def unsaved(self) -> str:
        """What would be lost by quitting; "" when nothing."""
        return ""

    # -- for subclasses to use

    @property
    def services(self) -> Services:
        """The services."""
        return self.place.services

    # -- for the workspace to call

    async def on_mount(self) -> None:
        """Add the panel that stands in while there is nothing else to show."""
        await self.mount(self.notice_panel)

    async def fill(self) -> None:
        """Load, with a panel in place of the content until that has worked once."""
        if not self.loaded:
            self._show_notice(Notice("Loading …", kind="loading"))
        try:
            await self.load()
        except Exception as error:
            if leaves(self):
                raise
            title, text = describe(error)
            self._show_notice(Notice(title, text, kind="error"), again=True)
            return
        self.loaded = True
        had_focus = self.notice_panel.has_focus
        self.remove_class("-notice")
        if had_focus:
            self.focus_first()

    def take_focus(self) -> None:
        """Give the keys to the content, or to the panel in its place."""
        if self.has_class("-notice"):
            self.notice_panel.focus()
        else:
            self.focus_first()

    def _show_notice(self, notice: Notice, *, again: bool = False) -> None:
        had_focus = self.has_focus_within
        retry = (lambda: self.place.spawn(self.fill, group="load")) if again else None
        self.notice_panel.show(notice, retry=retry)
        self.add_class("-notice")
        if had_focus:
            self.notice_panel.focus(scroll_visible=False)
