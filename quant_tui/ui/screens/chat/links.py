"""Where the links of an answer lead: to objects of the user's own, and nowhere else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote

from quant_tui.domain.errors import NotFound
from quant_tui.ui.reporting import toast
from quant_tui.ui.screens.chat.reading import PLACES, SCHEME, Cited

if TYPE_CHECKING:
    from quant_tui.services.composition import Services
    from quant_tui.ui.app import QuantApp


def go_to(host: QuantApp, cited: Cited) -> None:
    """Open an object that was cited, on its screen."""
    if (place := cited.place) is None:
        toast(host, f"{cited.title}: this has no screen of its own.")
        return
    if host.beside.fills:
        host.beside.close()
    host.go_to(place[0], target=place[1])


async def is_there(services: Services, cited: Cited) -> bool:
    """Return whether an object still is where it was cited from."""
    look: dict[str, Callable[[str], Awaitable[object]]] = {
        "strategy": services.strategies.get,
        "backtest": services.backtests.show,
        "study": services.studies.get,
        "model": services.models.get,
        "portfolio": services.portfolios.get,
        "watchlist": services.watchlists.get,
        "scenario": services.scenarios.get,
        "generated": services.generation.get,
    }
    if cited.kind not in look:
        return True
    try:
        await look[cited.kind](cited.id)
    except NotFound:
        return False
    return True


async def go_if_there(host: QuantApp, services: Services, cited: Cited) -> bool:
    """Open an object; of one that was deleted it is said, and nothing is left."""
    if not await is_there(services, cited):
        toast(host, f"{cited.title} has been deleted.", severity="warning")
        return False
    go_to(host, cited)
    return True


def cited_by(host: QuantApp, address: str) -> Cited | None:
    """Return the object of ours that an address means; another is copied, never opened."""
    scheme, _, rest = address.partition(":")
    kind, _, key = rest.strip("/").partition("/")
    if scheme == SCHEME and kind in PLACES:
        return Cited(kind, unquote(key), f"This {kind}")
    host.copy_to_clipboard(address)
    toast(host, address, title="Address copied; it is not opened from here")
    return None
