"""Several models run over a scenario: forecasts fetched, judged, traded, tested and ranked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from quant_tui.domain.base import Document, utc_now
from quant_tui.domain.cancellation import CancelCheck, raise_if_cancelled
from quant_tui.domain.errors import Cancelled, InsufficientData, QuantError
from quant_tui.domain.ml_platform import MLModel
from quant_tui.services.result_hash import document_hash
from quant_tui.services.scenario_definition import ScenarioDefinition
from quant_tui.services.scenario_windows import Window

if TYPE_CHECKING:
    from quant_tui.engine import Bars
    from quant_tui.jobs.manager import JobManager
    from quant_tui.services.market_data import MarketDataService
    from quant_tui.services.predictions import PredictionService
    from quant_tui.services.scenario_judging import Entrant, JudgedScenarioWindow

INTERVAL = "1d"
"""Of the bars of scenarios: windows are days."""

WINDOWS_SHARE = 0.9
"""Share of the whole that the windows take; the rest are the tests."""

Progress = Callable[[float, str], None]


class ScenarioRunner:
    """Runs models of one user over scenarios."""

    def __init__(
        self, market_data: MarketDataService, predictions: PredictionService, jobs: JobManager
    ) -> None:
        self._market_data = market_data
        self._predictions = predictions
        self._jobs = jobs

    async def run(
        self,
        definition: ScenarioDefinition,
        models: Sequence[MLModel],
        champion: str,
        progress: Progress | None,
        cancel: CancelCheck | None,
        *,
        tests: bool = True,
    ) -> Document:
        """Return what came of models in every window.

        Parameters
        ----------
        champion
            Id of the model that the others are compared with; empty for the best of them.
        tests
            Whether to compare at all.

        Raises
        ------
        InsufficientData
            No window has bars.
        Cancelled
            ``cancel`` said so.
        """
        steps = len(definition.windows) * (len(models) + 1)
        judged: list[JudgedScenarioWindow] = []
        missing: list[Document] = []
        done = 0

        def told(message: str) -> None:
            raise_if_cancelled(cancel)
            if progress is not None:
                progress(WINDOWS_SHARE * done / steps, message)

        for window in definition.windows:
            told(f"{window.name}: bars")
            try:
                history = await self._history(window, definition.symbols)
            except InsufficientData as error:
                missing.append({"window": window.to_document(), "error": str(error)})
                done += len(models) + 1
                continue
            entrants = []
            for model in models:
                told(f"{window.name}: {model.title}")
                entrants.append(await self._entrant(model, window, history))
                done += 1
            judged.append(
                await self._jobs.run_in_thread(
                    _judged, window, history, entrants, definition, cancel
                )
            )
            done += 1
        if not judged:
            raise InsufficientData(missing[0]["error"])
        return await self._jobs.run_in_thread(
            _results, definition, models, champion, judged, missing, tests, cancel
        )

    async def _history(self, window: Window, symbols: Sequence[str]) -> Bars:
        """Return the bars up to a window's end of the symbols that have some in it."""
        from quant_tui.services.scenario_judging import first_row

        traded = [
            one.symbol
            for one in await self._market_data.symbols()
            if one.interval == INTERVAL and one.symbol in symbols
            and one.first < window.end and one.last > window.start
        ]  # fmt: skip
        if not traded:
            raise InsufficientData(
                f"{window.name} has no bars of {', '.join(symbols[:5])}.",
                hint="Choose other symbols or another window.",
            )
        order = [one for one in symbols if one in traded]
        history = await self._market_data.load_bars(order, None, window.end)
        first_row(history, window)
        return history

    async def _entrant(self, model: MLModel, window: Window, history: Bars) -> Entrant:
        import numpy as np

        from quant_tui.services.scenario_judging import Entrant, first_row

        dates = history.dates[first_row(history, window) :]
        nothing = np.full((len(dates), len(history.symbols)), np.nan)
        if model.lineage.get("interval") != INTERVAL:
            return Entrant(model, nothing, error="It was trained on other than daily bars.")
        try:
            found = await self._predictions.predict(
                model.id, history.symbols, start=window.start, end=window.end
            )
        except (Cancelled, asyncio.CancelledError):
            raise
        except QuantError as error:
            return Entrant(model, nothing, error=str(error))
        return Entrant(model, found.on_dates(dates), found.left_out)


def _judged(
    window: Window,
    history: Bars,
    entrants: Sequence[Entrant],
    definition: ScenarioDefinition,
    cancel: CancelCheck | None,
) -> JudgedScenarioWindow:
    from quant_tui.services.scenario_judging import judge_window

    return judge_window(window, history, entrants, definition, lambda: raise_if_cancelled(cancel))


def _results(
    definition: ScenarioDefinition,
    models: Sequence[MLModel],
    champion: str,
    judged: Sequence[JudgedScenarioWindow],
    missing: list[Document],
    tests: bool,
    cancel: CancelCheck | None,
) -> Document:
    from quant_tui.services.scenario_tests import compare_models

    summaries = _summaries(definition, models, judged)
    first = champion or next((one["model_id"] for one in summaries), models[0].id)
    compared = []
    if tests:
        compared = compare_models(
            judged, first, definition.seed, judged[0].bars.periods_per_year,
            lambda: raise_if_cancelled(cancel),
        )  # fmt: skip
    found: Document = {
        "definition": definition.to_document(),
        "champion": first,
        "models": summaries,
        "windows": [
            one.to_document(definition.ranked_by, definition.middle_cost) for one in judged
        ],
        "missing": missing,
        "tests": compared,
    }
    return found | {"fingerprint": document_hash(found), "evaluated_at": utc_now()}


def _summaries(
    definition: ScenarioDefinition,
    models: Sequence[MLModel],
    judged: Sequence[JudgedScenarioWindow],
) -> list[Document]:
    """Return each model over all windows, the ranked ones first.

    One is ranked that is out of sample in every window; its value is the mean over them. A
    window in which no model has the figure, as one of a few days, is left out of the means.
    """
    from quant_tui.services.scenario_judging import rank_value, ranks_of

    figures: list[dict[str, float | None]] = [
        {
            one.model.id: rank_value(one.document, definition.ranked_by, definition.middle_cost)
            for one in window.models
            if one.is_ranked
        }
        for window in judged
    ]
    deciding = [one for one in figures if any(value is not None for value in one.values())]
    values: dict[str, float | None] = {}
    counts: dict[str, int] = {}
    for model in models:
        counts[model.id] = sum(model.id in one for one in figures)
        own = [one[model.id] for one in deciding if model.id in one]
        known = [one for one in own if one is not None]
        values[model.id] = sum(known) / len(known) if known and len(known) == len(own) else None
    whole = {name: value for name, value in values.items() if counts[name] == len(judged)}
    ranks = ranks_of(whole)
    made = [
        {
            "model_id": one.id,
            "model": one.title,
            "model_type": str(one.model_type),
            "artifact_hash": one.lineage.get("artifact_hash"),
            "windows": counts[one.id],
            "value": values[one.id],
            "rank": ranks.get(one.id),
        }
        for one in models
    ]
    return sorted(made, key=lambda one: (one["rank"] is None, one["rank"] or 0))
