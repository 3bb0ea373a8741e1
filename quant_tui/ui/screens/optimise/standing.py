"""What is truly going on with a study, said where there is nothing to show yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quant_tui.domain.vocabulary import RunStatus
from quant_tui.ui import format as fmt
from quant_tui.ui.widgets.message_panel import Notice

if TYPE_CHECKING:
    from quant_tui.ui.screens.optimise.view import StudyView

CARD = (
    "The trust card is made when the study has run to its end: how much of the best trial luck "
    "alone would show, what its neighbours keep, and what is left of it out of sample and over "
    "time."
)
NO_CARD = Notice("No trust card yet", CARD)
NO_SPLIT = Notice(
    "Nothing was kept out of the search",
    "With a split, every trial is looked at in bars that the search never saw too: the more the "
    "order of the trials differs there, the more of it was luck.",
    (("r", "Search again, with a split"),),
)
ONE_OBJECTIVE = Notice(
    "One objective, no front",
    "With two or more objectives, such as “sharpe_ratio; max_drawdown”, this is where the "
    "trials stand that no other beats in all of them.",
    (("r", "Search again, for several"),),
)
ONE_PARAMETER = Notice(
    "One parameter, no map",
    "A map has one parameter down and another across; the page Slice shows a single one.",
    (("r", "Search again, more of them"),),
)
GO_ON = (("p", "Go on"),)


def nothing_to_draw(view: StudyView) -> Notice:
    """Say why no trial can be drawn: none is done yet, or none of them may be chosen."""
    report, progress = view.report, view.progress
    made, study = len(report.trials), view.report.study
    if progress is not None and not made:
        text = "They come here by themselves as they are done."
        if progress.message:
            text = f"Now: {progress.message}. {text}"
        return Notice("The first trials are on their way …", text, kind="loading")
    if made:
        title = f"None of {fmt.integer(made)} trials may be chosen"
        if progress is not None and not progress.judging:
            title = f"None of the first {fmt.integer(made)} trials may be chosen"
        reasons = [one.reason for one in report.trials if one.reason]
        why = f"The last one: {reasons[-1]}." if reasons else ""
        return Notice(title, why.replace("..", "."), (("]", "The page Trials has them all"),))
    return _stopped(view) or Notice("No trial is done", f"{study.name} ended without one.", GO_ON)


def no_card(view: StudyView) -> Notice:
    """Say why there is no trust card: trials run, they are being judged, or it was stopped."""
    progress = view.progress
    if progress is None:
        stopped = _stopped(view)
        return NO_CARD if stopped is None else Notice(stopped.title, stopped.text or CARD,
                                                      stopped.keys, stopped.kind)  # fmt: skip
    if progress.judging:
        return Notice(
            "The trials are being judged …",
            f"Now: {progress.message}. The trust card comes here by itself.",
            kind="loading",
        )
    done, total = fmt.integer(progress.done), fmt.integer(progress.total)
    return Notice("Searching …", f"{done} of {total} trials are done. {CARD}",
                  kind="loading")  # fmt: skip


def _stopped(view: StudyView) -> Notice | None:
    """Say that a study stands still, or runs elsewhere; None of one that came to its end."""
    study, made = view.report.study, len(view.report.trials)
    done = f" after {fmt.integer(made)} trials" if made else " before its first trial"
    if study.status is RunStatus.FAILED:
        return Notice(f"The study failed{done}", study.error, GO_ON, kind="error")
    if study.status is RunStatus.RUNNING:
        return Notice(
            "It runs in another window", "Open it again to see what that has found since."
        )
    if study.status is RunStatus.COMPLETED:
        return None
    return Notice(f"Stopped{done}", "", GO_ON)
