"""Loading the sample data that ship with the program."""

from __future__ import annotations

from dataclasses import dataclass

from quant_tui.jobs.manager import JobContext
from quant_tui.services.market_data import MarketDataService
from quant_tui.services.stores import Stores


@dataclass(frozen=True, slots=True)
class SampleReport:
    """What was loaded."""

    symbols: int
    bars: int
    companies: int
    economic_values: int
    seconds: float


class SampleDataService:
    """The figures in ``sample_data/``; see PROVENANCE.md there."""

    def __init__(self, stores: Stores, market_data: MarketDataService) -> None:
        self._stores = stores
        self._market_data = market_data

    async def load(self, context: JobContext | None = None) -> SampleReport:
        """Load all sample data; what is there already stays as it is."""
        raise NotImplementedError
