"""What a strategy asks for from outside the bars: found, fetched from the stores, aligned."""

from __future__ import annotations

import ast
import asyncio
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quant_tui.domain.base import Document
from quant_tui.domain.errors import StrategyError
from quant_tui.domain.ml_platform import MLModel
from quant_tui.engine import Bars
from quant_tui.engine.rules import FUNCTIONS, StrategyDocument
from quant_tui.engine.rules.expression import canonical_text
from quant_tui.services import point_in_time
from quant_tui.storage.mongo.repositories import Repositories

if TYPE_CHECKING:
    from quant_tui.services.predictions import PredictionService

Floats = NDArray[np.float64]

MOST_NAMES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class OutsideSeries:
    """Series for a run.

    Attributes
    ----------
    inputs
        By canonical call, (T,) or (T, N), as ``run_backtest`` takes them.
    sources
        What each is made of, for the result's details.
    """

    inputs: dict[str, Floats] = field(default_factory=dict)
    sources: tuple[Document, ...] = ()

    @property
    def content_hash(self) -> str:
        """SHA-256 of all figures; empty without any."""
        return hash_of(self.inputs)


def hash_of(inputs: Mapping[str, Floats]) -> str:
    """Return the SHA-256 of calls and figures, little-endian float64; empty without any."""
    if not inputs:
        return ""
    digest = hashlib.sha256()
    for call in sorted(inputs):
        values = np.ascontiguousarray(inputs[call], dtype="<f8")
        digest.update(f"{call}\0{values.shape}\0".encode())
        # every NaN alike
        digest.update(np.where(np.isnan(values), np.nan, values).tobytes())
    return digest.hexdigest()


def outside_calls(document: StrategyDocument) -> dict[str, tuple[str, str]]:
    """Return what a strategy asks for: canonical call → function and the name in quotes."""
    return calls_in((*document.lets.values(), *document.rules.values()))


def calls_in(trees: Iterable[ast.expr]) -> dict[str, tuple[str, str]]:
    """Return what expressions ask for, as :func:`outside_calls`."""
    found: dict[str, tuple[str, str]] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if FUNCTIONS[node.func.id].external:
                first = node.args[0] if node.args else None
                name = str(first.value) if isinstance(first, ast.Constant) else ""
                found[canonical_text(node)] = (node.func.id, name)
    return found


class OutsideSeriesService:
    """Gives runs the series that their strategies ask for.

    Parameters
    ----------
    repositories
        What belongs to all users of the store.
    predictions
        Gives those of one user's models; None where models are not asked, as for features,
        which models are made of.
    """

    def __init__(
        self,
        repositories: Repositories,
        predictions: Callable[[], PredictionService] | None = None,
    ) -> None:
        self._economic = repositories.economic_indicators
        self._news = repositories.news
        self._companies = repositories.companies
        self._predictions = predictions

    async def of(self, document: StrategyDocument, bars: Bars) -> OutsideSeries:
        """Return the series that a strategy asks for, on the dates of the bars.

        What is not in the stores is left out, and the run says what to fetch.

        Raises
        ------
        StrategyError
            No company has the figure that is asked for.
        """
        return await self.of_calls(outside_calls(document), bars)

    async def models(self, document: StrategyDocument) -> dict[str, MLModel]:
        """Return the models that a strategy asks, by canonical call, as they stand now.

        Raises
        ------
        NotFound
            One is not there.
        """
        if self._predictions is None:
            return {}
        return {
            call: await self._predictions().model(name)
            for call, (function, name) in outside_calls(document).items()
            if function == "model"
        }

    async def of_calls(self, calls: Mapping[str, tuple[str, str]], bars: Bars) -> OutsideSeries:
        """Return the series of some calls, as :meth:`of`; see :func:`calls_in`."""
        inputs: dict[str, Floats] = {}
        sources: list[Document] = []
        for call, (function, name) in calls.items():
            found = None
            if function == "macro":
                found = await self._macro(name, bars)
            elif function == "news_sentiment":
                found = await self._sentiment(bars)
            elif function == "fundamental":
                found = await self._fundamental(name, bars)
            elif function == "model" and self._predictions is not None:
                found = await self._predictions().series(name, bars)
            if found is not None:
                inputs[call], source = found
                sources.append({"call": call, **source})
        return OutsideSeries(inputs, tuple(sources))

    async def _macro(self, name: str, bars: Bars) -> tuple[Floats, Document] | None:
        figures = await self._economic.figures(name)
        if not figures:
            return None
        # One source alone: two may date their periods differently.
        source = max(figures, key=lambda one: (figures[one][0][-1], len(figures[one][0]), one))
        times, values = figures[source]
        dates = np.array([when.date() for when in times], "datetime64[D]")
        aligned = point_in_time.macro(name, dates, np.array(values), bars.dates)
        known = point_in_time.released(name, dates)
        lag = int((known[-1] - dates[-1]).astype(int))
        return aligned, {"source": source, "values": len(values), "known_after_days": lag}

    async def _sentiment(self, bars: Bars) -> tuple[Floats, Document] | None:
        scores = await self._news.scores(list(bars.symbols))
        if not scores:
            return None
        columns = []
        for symbol in bars.symbols:
            times, values = scores.get(symbol, ([], []))
            published = np.array([when.replace(tzinfo=None) for when in times], "datetime64[us]")
            columns.append(
                point_in_time.news_sentiment(published, np.array(values, np.float64), bars.dates)
            )
        items = sum(len(values) for _, values in scores.values())
        return np.column_stack(columns), {"values": items, "days": point_in_time.NEWS_DAYS}

    async def _fundamental(self, name: str, bars: Bars) -> tuple[Floats, Document] | None:
        companies = await self._companies.list(
            where={"symbol": {"$in": list(bars.symbols)}}, limit=None
        )
        reporting = {
            one.symbol: one.financials for one in companies if "quarterly" in one.financials
        }
        if not reporting:
            return None

        def align() -> Floats:
            columns = [
                point_in_time.fundamental(
                    name, reporting.get(symbol, {}), bars.dates, bars.close[:, place]
                )
                for place, symbol in enumerate(bars.symbols)
            ]
            return np.column_stack(columns)

        values = await asyncio.to_thread(align)
        if np.isnan(values).all():
            names = point_in_time.fundamental_names(list(reporting.values()))
            if not names or any(name.endswith(one) for one in names):
                # It exists, but nothing had been reported by the last bar.
                return values, {"values": 0}
            shown = ", ".join(names[:MOST_NAMES_SHOWN])
            raise StrategyError(
                f'No company has a figure fundamental("{name}").',
                hint=f"There are {shown}{' …' if len(names) > MOST_NAMES_SHOWN else ''}; "
                "ttm_ before one sums four quarters, annual_ takes the year's.",
            )
        return values, {"companies": len(reporting)}
