"""What a study comes to: the suggested choice beside the best trial, and how far to trust it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.optimise.curves import BEST, SUGGESTED
from quant_tui.ui.screens.optimise.standing import NO_CARD, no_card, nothing_to_draw
from quant_tui.ui.screens.optimise.view import value_of, write_metric, write_params
from quant_tui.ui.screens.results.trust_card import TrustCard

if TYPE_CHECKING:
    from textual import events

    from quant_tui.services.study_report import StudyTrial
    from quant_tui.ui.screens.optimise.view import StudyView

FIGURES = (("Sharpe", "sharpe_ratio", 8), ("Return", "total_return", 9),
           ("Max DD", "max_drawdown", 8), ("Trades", "total_trades", 7))  # fmt: skip

NOTES = 4
"""Lines of notes that are shown; ``e`` shows them all."""


class StudyTrust(TrustCard):
    """The trust card of a study; its checks are part of the study."""

    def __init__(self) -> None:
        super().__init__()
        self.table.empty = NO_CARD

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 -- Textual's signature
        """Offer no checks."""
        return action != "check"


class OverviewPart(Vertical):
    """The two choices, the reason, and the trust card."""

    DEFAULT_CSS = """
    OverviewPart {
        height: 1fr;
        & > #choices { height: auto; margin-bottom: 1; }
        & #trust-about { height: 4; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.choices = Static("", id="choices", markup=False)
        self.card = StudyTrust()
        self._view: StudyView | None = None

    def compose(self) -> ComposeResult:
        """Lay out the choices and the card."""
        yield self.choices
        yield self.card

    def focus_first(self) -> None:
        """Give the keys to the lines of the card."""
        self.card.focus_first()

    async def show_view(self, view: StudyView) -> None:
        """Show a study."""
        self.put(view)

    def put(self, view: StudyView) -> None:
        """Write what a study comes to, or what is being done."""
        self._view = view
        trust = view.report.trust
        self.card.table.empty = no_card(view)
        self.card.show_card({} if trust is None else trust.to_document())
        self._write()

    def on_resize(self, event: events.Resize) -> None:
        """Write for the new width."""
        del event
        self._write()

    def _write(self) -> None:
        if self._view is not None:
            width = max(20, self.size.width)
            self.choices.update(Content("\n").join(choice_lines(self._view, width)))


def choice_lines(view: StudyView, width: int) -> list[Content]:
    """Write the suggested trial and the best with their figures, and the reason."""
    report = view.report
    if report.best is None or report.suggested is None:
        said = nothing_to_draw(view)
        text = f"{said.title}  {said.text}" if report.trials else said.title
        return list(Content.styled(text, "$text-muted").wrap(width))
    named = {title: name for title, name, _ in FIGURES}
    rule_width = max(8, min(14, len(view.goal.title) + 1))
    shown_goal = view.goal.rule not in named.values()
    head = " " * 15 + (view.goal.title[:rule_width].rjust(rule_width) if shown_goal else "")
    head += "".join(title.rjust(room) for title, _, room in FIGURES) + "  Sharpe out"
    lines = [Content.styled(head, "bold $text-muted")]
    same = report.best.number == report.suggested.number
    rows = [(SUGGESTED, "suggested", report.suggested)]
    if not same:
        rows.append((BEST, "best value", report.best))
    for mark, title, trial in rows:
        value = view.goal.write(value_of(trial)).rjust(rule_width) if shown_goal else ""
        figures = "".join(
            write_metric(name, trial.metrics.get(name)).rjust(room) for _, name, room in FIGURES
        )
        out = fmt.number((trial.out_of_sample or {}).get("sharpe_ratio")).rjust(12)
        style = "bold $accent" if mark == SUGGESTED else ""
        lines.append(Content.assemble((f"{mark} {title:<11}  ", style), value, figures, out))
        lines.append(Content.styled(f"  {_trial_text(trial)}", "$text-muted"))
    why = Content.assemble(("Why  ", "bold"), report.suggestion_reason)
    lines += why.wrap(width)
    if report.study.applied:
        lines.append(Content.styled("✓ applied to the strategy; A takes it back", "$text-success"))
    if report.study.notes:
        lines += notes_lines(report.study.notes, width)
    return [line.truncate(width, ellipsis=True) for line in lines]


def notes_lines(notes: str, width: int) -> list[Content]:
    """Write notes as they were typed, at most :data:`NOTES` lines of them."""
    room = width - 7
    wrapped = [
        row for line in notes.splitlines() for row in (Content(line).wrap(room) or [Content("")])
    ]
    shown = wrapped[:NOTES]
    if len(wrapped) > NOTES:
        shown[-1] = Content.assemble(shown[-1].truncate(room - 2), " …")
    heads = [("Notes  ", "bold"), *[("       ", "")] * (len(shown) - 1)]
    return [Content.assemble(head, row) for head, row in zip(heads, shown, strict=True)]


def _trial_text(trial: StudyTrial) -> str:
    return f"trial {fmt.integer(trial.number)}: {write_params(trial.params)}"
