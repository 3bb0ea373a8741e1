"""How the stores are: short for the status line, long for ``doctor``."""

from __future__ import annotations

import asyncio
import platform
from dataclasses import dataclass
from importlib.metadata import version

from quant_tui.config.settings import Settings
from quant_tui.domain.base import Document
from quant_tui.domain.errors import QuantError
from quant_tui.services.stores import Stores

SHOWN_PACKAGES = (
    "textual",
    "pymongo",
    "duckdb",
    "chromadb",
    "pandas",
    "optuna",
    "lightgbm",
    "openai",
)


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """Health of one store.

    ``ok`` is None when the store is not set up, which is no fault.
    """

    name: str
    ok: bool | None
    detail: str


class HealthService:
    """Asks each store whether it works."""

    def __init__(self, settings: Settings, stores: Stores) -> None:
        self._settings = settings
        self._stores = stores

    async def check(self, *, chroma: bool = False) -> list[StoreHealth]:
        """Return the health of MongoDB, DuckDB, ChromaDB and the language model.

        Parameters
        ----------
        chroma
            Also probe ChromaDB, which takes a second; otherwise it is reported as not
            yet looked at.
        """
        raise NotImplementedError

    async def doctor(self) -> Document:
        """Return versions, health, paths, keys found, data freshness and disk use."""
        raise NotImplementedError
