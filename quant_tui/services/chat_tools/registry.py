"""Every tool there is: ours by theme, and those of installed packages.

A package adds tools through the entry-point group ``quant_tui.chat_tools``::

    [project.entry-points."quant_tui.chat_tools"]
    my_desk = "my_package.chat:tools"

where ``tools(context)`` gets a :class:`~quant_tui.services.chat_tools.context.ToolContext`
and returns tools, each a :class:`~quant_tui.services.chat_tools.tool.ReadingTool` or a
:class:`~quant_tui.services.chat_tools.tool.ChangingTool`. Whoever installs the package
trusts its code; a package whose tools cannot be used is left out and named in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.metadata import entry_points
from typing import cast

from quant_tui.services.chat_tools.context import ToolContext
from quant_tui.services.chat_tools.tool import Tool

ENTRY_POINTS = "quant_tui.chat_tools"
"""Entry-point group through which packages add tools."""

THEMES = (
    "strategies", "backtests", "studies", "models", "portfolios", "watchlists", "market_data",
    "indicators", "documents", "scenarios", "retrieval", "generated",
)  # fmt: skip
"""Modules of this package that each have ``tools(context)``."""

MakeTools = Callable[[ToolContext], Iterable[Tool]]

log = logging.getLogger(__name__)


def tools_of(context: ToolContext) -> dict[str, Tool]:
    """Return every tool by its name, in the order of the themes; no package replaces ours."""
    found: dict[str, Tool] = {}
    for theme in THEMES:
        make = cast("MakeTools", import_module(f"{__package__}.{theme}").tools)
        found |= {one.spec.name: one for one in make(context)}
    for point in entry_points(group=ENTRY_POINTS):
        try:
            theirs = {one.spec.name: one for one in cast("MakeTools", point.load())(context)}
        except Exception:
            log.exception("the chat tools of %s cannot be used", point.value)
            continue
        for name, tool in theirs.items():
            if name in found:
                log.error("the chat tool %s of %s has a name that is taken", name, point.value)
            else:
                found[name] = tool
    return found
