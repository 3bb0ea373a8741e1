"""A finding and its bars, and a fix that was made, as lines of text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from quant_tui.services.quality_findings import CHECKS, FIXES
from quant_tui.ui import format as fmt
from quant_tui.ui.widgets.page import heading

if TYPE_CHECKING:
    from quant_tui.services.data_quality import QuestionedBar
    from quant_tui.services.quality_findings import QualityFinding
    from quant_tui.storage.duck.fixes import RecordedFix

ORIGINS = {
    "chosen": "you chose it",
    "exchange": "the company's exchange",
    "name": "by the symbol's form",
    "inferred": "its dates match best",
    "assumed": "nothing says otherwise",
}
FIX_TITLES = {
    "adjust_split": "adjusted for a split",
    "take_other": "other source taken",
    "drop": "bars dropped",
    "closure": "known closure",
    "fill": "filled",
    "ignore": "ignored",
}
PRICE_WIDTH = 11


def finding_lines(
    finding: QualityFinding,
    calendar: tuple[str, str] | None,
    bars: Sequence[QuestionedBar] | None,
    width: int,
) -> list[Content]:
    """Write what was found, what can be done, and the bars concerned.

    Parameters
    ----------
    calendar
        Code and origin of the symbol's calendar.
    bars
        None while they are on their way.
    """
    check = CHECKS[finding.check]
    sign = ("✗ ", "$text-error") if check.serious else ("! ", "$text-warning")
    lines = [
        Content.assemble(sign, (finding.symbol, "bold $accent"), "  ", (check.title, "bold")),
        *Content(finding.text).wrap(width),
    ]
    if calendar is not None:
        code, origin = calendar
        lines.append(
            Content.assemble(("calendar  ", "$text-muted"), code, (f"  {ORIGINS[origin]}",
                             "$text-muted"))
        )  # fmt: skip
    lines += [Content(""), heading("What can be done", width)]
    for kind in check.fixes:
        lines += Content.assemble(("· ", "$text-muted"), FIXES[kind]).wrap(width)
    key = "bold $footer-key-foreground"
    lines += [
        Content.assemble(("e", key), "  choose one: it is recorded, and can be undone"),
        Content(""),
        heading("Bars", width),
    ]
    if bars is None:
        return [*lines, Content.styled("◌ Loading …", "$text-muted")]
    return [*lines, *_bar_lines(bars, finding, width)]


def _bar_lines(bars: Sequence[QuestionedBar], finding: QualityFinding, width: int) -> list[Content]:
    names = ("open", "high", "low", "close")
    wide = width >= 10 + 5 * PRICE_WIDTH + 12
    head = "date".ljust(10) + "".join(
        name.rjust(PRICE_WIDTH) for name in (("before", *names, "volume") if wide else ("before",
        "close", "volume"))
    )  # fmt: skip
    lines = [Content.styled(head, "bold")]
    for one in bars:
        if one.prices is None:
            lines.append(
                Content.assemble(fmt.day(one.date).ljust(10), ("   no bar", "$text-muted"))
            )
            continue
        shown = [one.before, *(one.prices if wide else one.prices[3:])]
        text = "".join(fmt.number(value).rjust(PRICE_WIDTH) for value in shown)
        lines.append(
            Content(
                f"{fmt.day(one.date).ljust(10)}{text}{fmt.integer(one.volume).rjust(PRICE_WIDTH)}"
                + (f"  {one.source}" if wide else "")
            )
        )
        if one.other is not None:
            other = "".join(
                fmt.number(value).rjust(PRICE_WIDTH)
                for value in (one.other if wide else one.other[3:])
            )
            lines.append(
                Content.styled(
                    f"{'':{10 + PRICE_WIDTH}}{other}{'':{PRICE_WIDTH}}  {one.other_source}",
                    "$text-warning",
                )
            )
    if finding.count > len(finding.dates):
        more = finding.count - len(finding.dates)
        lines.append(Content.styled(f"… {fmt.integer(more)} more", "$text-muted"))
    return lines


def fix_lines(fix: RecordedFix, width: int) -> list[Content]:
    """Write who fixed what, when, how and why."""

    def fact(name: str, value: str) -> list[Content]:
        return Content.assemble((name.ljust(10), "$text-muted"), value).wrap(width)

    state = "in force"
    if fix.undone_at is not None:
        state = f"undone {fmt.moment(fix.undone_at)} by {fix.undone_by}"
    lines = [
        Content.assemble((fix.symbol, "bold $accent"), "  ", (FIX_TITLES[fix.kind], "bold")),
        *fact("for", CHECKS[fix.check].title),
        *fact("what", fix.detail or FIXES[fix.kind]),
        *fact("dates", f"{fmt.day(fix.first)} to {fmt.day(fix.last)}"),
        *fact("bars", fmt.integer(fix.bars)),
        *fact("made", f"{fmt.moment(fix.made_at)} by {fix.made_by}"),
        *fact("why", fix.reason or fmt.NOTHING),
        *fact("state", state),
    ]
    if fix.undone_at is None:
        key = ("d", "bold $footer-key-foreground")
        lines += [Content(""), Content.assemble(key, "  undo it: the bars are as they were")]
    return lines
