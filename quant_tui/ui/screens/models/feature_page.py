"""A feature on pages: what it is, its card, its versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol, cast

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget

from quant_tui.ui.screens.models.feature_listing import status_text
from quant_tui.ui.screens.models.feature_parts import (
    CardView,
    NeighboursPart,
    OverviewPart,
    part_of,
)
from quant_tui.ui.screens.models.feature_versions import VersionsPart
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.paged import PagedView

if TYPE_CHECKING:
    from quant_tui.domain.ml_platform import FeatureVersion
    from quant_tui.services.feature_cards import FeatureCard
    from quant_tui.services.feature_records import FeatureHistory

WORKING = Notice("Working out its card …", kind="loading")


class FeatureCardPart(Protocol):
    """A page of a feature."""

    async def show_view(self, view: CardView) -> None:
        """Show a feature."""

    def focus_first(self) -> None:
        """Give the keys to what the page is about."""


class FeaturePage(PagedView):
    """What a feature is, its card, and its versions."""

    BINDING_GROUP_TITLE = "Feature"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right_square_bracket", "turn(1)", "Next page", id="feature.next",
                key_display="[ ]", tooltip="Next page of the feature"),
        Binding("left_square_bracket", "turn(-1)", "Previous page", id="feature.previous",
                show=False, tooltip="Previous page of the feature"),
    ]  # fmt: skip
    page_titles = (
        ("overview", "Overview"),
        ("values", "Values"),
        ("course", "Over time"),
        ("information", "IC"),
        ("neighbours", "Correlation"),
        ("drift", "Drift"),
        ("leakage", "Leakage"),
        ("versions", "Versions"),
    )

    noun = "feature"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.history: FeatureHistory | None = None
        self.card: FeatureCard | None = None
        self.notice = WORKING

    async def show_history(
        self, history: FeatureHistory, card: FeatureCard | None, notice: Notice = WORKING
    ) -> None:
        """Show a feature, with its card or what stands in its place."""
        self.history, self.card, self.notice = history, card, notice
        self.stale_pages()
        self.write_head()
        await self.refill()
        self.refresh_bindings()

    def show_progress(self, text: str) -> None:
        """Say in the heading how far the card is."""
        if self.card is None and text != self.notice.title:
            self.notice = Notice(text, kind="loading")
            self.write_head()

    @property
    def chosen_version(self) -> FeatureVersion | None:
        """The version under the cursor of the versions' page, None on any other page."""
        part = self.page("versions")
        if self.page_name == "versions" and isinstance(part, VersionsPart):
            return part.chosen
        return None

    # -- pages

    @property
    def filled(self) -> bool:
        """Whether there is a feature."""
        return self.history is not None

    async def fill_page(self, page: Widget) -> None:
        """Show the feature on a page."""
        if self.history is not None:
            view = CardView(self.history, self.card, self.notice)
            await cast("FeatureCardPart", page).show_view(view)

    def build_page(self, name: str) -> Widget:
        """Make a page."""
        if name == "overview":
            return OverviewPart(id=name)
        if name == "neighbours":
            return NeighboursPart(id=name)
        if name == "versions":
            return VersionsPart(id=name)
        return part_of(name)

    def write_head(self) -> None:
        """Write what the feature is, on which bars its card is, and the pages."""
        history = self.history
        if history is None:
            self.head.update("")
            return
        width, used = max(20, self.size.width), history.used
        name = Content.assemble(
            (history.feature.name, "bold $accent"), f"  {used.version}",
            (f"  {status_text(used, pinned=history.feature.pinned)}", "$text-muted"),
        )  # fmt: skip
        known = Content.styled(self._about_bars(), "$text-muted")
        known = known.truncate(max(8, width - name.cell_length - 2), ellipsis=True)
        gap = " " * max(2, width - name.cell_length - known.cell_length)
        lines = [Content.assemble(name, gap, known), self.page_tabs(width)]
        self.head.update(Content("\n").join(lines), layout=False)

    def _about_bars(self) -> str:
        card = self.card
        if card is None:
            return self.notice.title
        count = str(len(card.symbols))
        if card.available > len(card.symbols):
            count += f" of {card.available:,}"
        return f"{count} symbols, {card.first[:10]} to {card.last[:10]}"
