"""What stands beside the text: a guide for the empty page, and the function under the cursor."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING

from textual.content import Content

from quant_tui.services.rule_reference import language_reference
from quant_tui.ui.screens.editor.completion import KEYS
from quant_tui.ui.screens.strategies import rules_text
from quant_tui.ui.widgets.page import Page, heading

if TYPE_CHECKING:
    from quant_tui.engine.rules import Entry, StrategyDocument

EXAMPLE = """\
name: My first strategy
params:
  window: {int: [5, 200], default: 50}
entry: close > sma(close, window)
exit: close < sma(close, window)
"""


@lru_cache(maxsize=1)
def _entries() -> dict[str, Entry]:
    return {one.name: one for one in language_reference()}


class HelpPage(Page):
    """The word under the cursor, or else how a strategy is written."""

    def explain(self, word: str, document: StrategyDocument | None) -> None:
        """Explain a word of the language, a key or a parameter; the guide when it is none."""
        self.show(partial(_lines, word, document))


def _lines(word: str, document: StrategyDocument | None, width: int) -> list[Content]:
    entry = _entries().get(word)
    if entry is not None:
        lines = [
            *Content.styled(entry.signature, "bold $accent").wrap(width),
            Content(""),
            *Content(entry.help).wrap(width),
            Content(""),
            *Content.styled(f"Gives a {entry.result}: {entry.units}", "$text-muted").wrap(width),
        ]
        return [*lines, *_arguments(entry, width)]
    if document is not None and word in document.parameters:
        spec = document.parameters[word]
        return [
            Content.styled(word, "bold $accent"),
            Content(""),
            *Content(spec.description or "A parameter of this strategy.").wrap(width),
            Content(""),
            Content.styled(f"{spec.kind} · {rules_text.range_of(spec)}", "$text-muted"),
            Content.styled(f"default {rules_text.write(spec.default)}", "$text-muted"),
        ]
    if word in KEYS:
        return [
            Content.styled(word, "bold $accent"),
            Content(""),
            *Content(KEYS[word]).wrap(width),
            Content(""),
            *_guide(width),
        ]
    return _guide(width)


def _arguments(entry: Entry, width: int) -> list[Content]:
    if not entry.arguments:
        return []
    lines = [Content(""), heading("Arguments", width)]
    for one in entry.arguments:
        text = f"{one['name']}  {one['kind']}"
        if "low" in one:
            text += f"  {one['low']:g} – {one['high']:g}"
        if "default" in one:
            text += f"  = {one['default']}"
        lines += Content(text).wrap(width)
        if "choices" in one:
            lines += Content.styled(", ".join(one["choices"]), "$text-muted").wrap(width)
    return lines


def _guide(width: int) -> list[Content]:
    key = "bold $footer-key-foreground"
    lines = [
        heading("How a strategy is written", width),
        *Content(
            "Say when to get in and when to get out. What is true at a bar's close is "
            "traded at the next bar."
        ).wrap(width),
        Content(""),
    ]
    lines += [
        Content.assemble((label, "bold $chart-3"), ":", rules_text.expression(rest, ("window",)))
        if rest
        else Content.styled(f"{label}:", "bold $chart-3")
        for label, _, rest in (line.partition(":") for line in EXAMPLE.splitlines())
    ]
    lines += [Content(""), heading("Keys of the document", width)]
    lines += [
        Content.assemble((f"{name:<14}", "bold"), (about, "$text-muted")).truncate(
            width, ellipsis=True
        )
        for name, about in KEYS.items()
    ]
    lines += [Content(""), heading("Writing", width)]
    for name, about in (
        ("ctrl+space", "what could stand here"), ("tab", "take it"),
        ("ctrl+s", "save as a new version"), ("ctrl+r", "save and backtest"),
        ("ctrl+z ctrl+y", "undo, redo"), ("ctrl+f", "search"),
        ("ctrl+o", "your own $EDITOR"), ("ctrl+n", "tidy the text"),
        ("ctrl+g", "next page: parameters, versions …"),
        ("ctrl+t", "symbol of the preview"), ("escape", "back; unsaved text is kept"),
    ):  # fmt: skip
        lines.append(Content.assemble((f"{name:<14}", key), (about, "$text-muted")))
    return lines
