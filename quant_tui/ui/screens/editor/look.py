"""What is known of a text once it was read: the document, or what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from quant_tui.domain.errors import Finding, QuantError, StrategyError
from quant_tui.engine.rules import StrategyDocument, parse_document
from quant_tui.ui.screens.editor.places import Mistake, locate


@dataclass(frozen=True, slots=True)
class Look:
    """One reading of a text.

    Attributes
    ----------
    text
        What was read.
    document
        None when something is wrong.
    mistakes
        Where and what.
    parameters
        Name to description.
    """

    text: str
    document: StrategyDocument | None = None
    mistakes: tuple[Mistake, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)


def look_at(text: str) -> Look:
    """Read a text; nothing is wrong with an empty one, it is only not a strategy yet."""
    if not text.strip():
        return Look(text)
    try:
        document = parse_document(text)
    except StrategyError as error:
        return Look(text, mistakes=tuple(locate(text, error.findings)))
    except QuantError as error:
        finding = Finding("document", 0, error.message)
        return Look(text, mistakes=tuple(locate(text, (finding,))))
    described = {
        name: spec.description or "parameter" for name, spec in document.parameters.items()
    }
    return Look(text, document, (), described)
