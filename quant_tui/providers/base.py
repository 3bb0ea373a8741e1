"""What every source of market data says about itself, and the registry of sources."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import Protocol, cast

from quant_tui.domain.errors import NotFound

ENTRY_POINTS = "quant_tui.providers"
"""Entry-point group through which other packages add a source."""

BUILT_IN = {"file": "quant_tui.providers.files:FileProvider"}


class Provider(Protocol):
    """A source of market data.

    Attributes
    ----------
    name
        As in commands and in the source column.
    title
        As shown to people.
    capabilities
        Kinds of data that it gives: ``bars``, ``company``, ``news``, ``economic``.
    """

    name: str
    title: str
    capabilities: frozenset[str]


def provider_names() -> tuple[str, ...]:
    """Return the names of all sources, without importing any of them."""
    return tuple(sorted({*BUILT_IN, *(point.name for point in entry_points(group=ENTRY_POINTS))}))


def get_provider(name: str) -> type[Provider]:
    """Return a source's class, importing it.

    Raises
    ------
    NotFound
        When no source has this name.
    """
    if name in BUILT_IN:
        module, _, attribute = BUILT_IN[name].partition(":")
        return cast("type[Provider]", getattr(import_module(module), attribute))
    for point in entry_points(group=ENTRY_POINTS, name=name):
        return cast("type[Provider]", point.load())
    raise NotFound(
        f"There is no market-data provider {name!r}.",
        hint=f"Choose one of {', '.join(provider_names())}.",
    )
