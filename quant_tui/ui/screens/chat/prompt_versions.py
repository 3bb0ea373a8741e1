"""Versions of a prompt: when each was made, what it changed, and any two compared."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from quant_tui.ui import format as fmt
from quant_tui.ui.screens.chat.prompt_lines import write_variables
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table import Column, Row
from quant_tui.ui.widgets.versions_view import VersionsView

if TYPE_CHECKING:
    from quant_tui.domain.genai import PromptTemplate

COLUMNS = (
    Column("No.", 4, "right"),
    Column("Changed", 10, "right", role=lambda _: "muted"),
    Column("Name", 16, grow=1),
)
EMPTY = Notice("No versions yet", "Each change of a prompt keeps one.")


class PromptVersions(VersionsView["PromptTemplate"]):
    """The versions of one prompt, the present one first."""

    def __init__(self) -> None:
        super().__init__(COLUMNS, EMPTY, id="prompt-versions")

    def number_of(self, version: PromptTemplate) -> int:
        """Return its number."""
        return version.version

    def row_of(self, version: PromptTemplate) -> Row:
        """Return its line."""
        number = str(version.version)
        return Row(number, (number, fmt.ago(version.updated_at), version.name))

    def about(self, version: PromptTemplate) -> Sequence[Content]:
        """Return when it was made."""
        return [Content.styled(f"{fmt.day(version.updated_at)} · {version.name}", "$text-muted")]

    def text_of(self, version: PromptTemplate) -> Sequence[str]:
        """Return everything that a version keeps, line by line."""
        head = {
            "name": version.name,
            "for": version.description,
            "tags": ", ".join(version.tags),
            "language": version.language,
        }
        lines = [f"{key}: {value}" for key, value in head.items() if value]
        variables = write_variables(version.variables).splitlines()
        return [
            *lines,
            "",
            *version.template.splitlines(),
            *(["", *variables] if variables else []),
        ]

    def difference(self, older: PromptTemplate, newer: PromptTemplate) -> Sequence[str]:
        """Return what changed."""
        before, after = self.text_of(older), self.text_of(newer)
        return list(difflib.unified_diff(before, after, lineterm="", n=2))[2:]
