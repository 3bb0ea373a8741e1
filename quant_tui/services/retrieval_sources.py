"""Where the objects are whose texts are indexed: when each changed, and what it says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from quant_tui.domain.base import Document
from quant_tui.domain.errors import QuantError
from quant_tui.domain.trading import Backtest, OptimizationStudy, Strategy
from quant_tui.domain.vocabulary import ModelStatus, RunStatus
from quant_tui.services.retrieval_texts import (
    ObjectText,
    backtest_text,
    experiment_text,
    model_text,
    news_text,
    strategy_text,
    study_text,
)
from quant_tui.services.strategy_rules import rules_of
from quant_tui.storage.mongo.queries import NewsRepository
from quant_tui.storage.mongo.repositories import UserRepositories

T = TypeVar("T")

PIECE = 10
"""Texts that are made at a time: some milliseconds."""

MOST_NEWS = 2000
"""News that are indexed, the newest."""

KIND_OF_COLLECTION = {
    "strategies": "strategy",
    "backtests": "backtest",
    "optimization_studies": "study",
    "ml_models": "model",
    "experiments": "experiment",
    "news": "news",
}


class RetrievalSources:
    """The objects of one user, and the news, as texts."""

    def __init__(self, mine: UserRepositories, news: NewsRepository) -> None:
        self._mine = mine
        self._news = news

    async def stamps(self) -> dict[tuple[str, str], datetime]:
        """Return when each object was last changed, by kind and id."""
        mine = self._mine
        found = {
            "strategy": await mine.strategies.stamps(),
            "backtest": await mine.backtests.stamps(),
            "study": await mine.studies.stamps(),
            "model": await mine.ml_models.stamps(),
            "experiment": await mine.experiments.stamps(),
            "news": await self._news.stamps("published_at", limit=MOST_NEWS),
        }
        return {(kind, one): at for kind, part in found.items() for one, at in part.items()}

    async def texts(self, kind: str, object_ids: Sequence[str]) -> list[ObjectText]:
        """Return the texts of objects; those that are gone, or still being made, are left out."""
        mine = self._mine
        where = {"id": {"$in": [*object_ids]}}
        match kind:
            case "strategy":
                return await _each(await mine.strategies.list(where=where, limit=None), _strategy)
            case "backtest":
                return await self._backtests(where)
            case "study":
                studies = await mine.studies.list(where=where, limit=None)
                return await _each([one for one in studies if _has_ended(one)], study_text)
            case "model":
                models = await mine.ml_models.list(where=where, limit=None)
                known = [
                    one for one in models if one.is_ready or one.status is not ModelStatus.TRAINING
                ]
                return await _each(known, model_text)
            case "experiment":
                experiments = await mine.experiments.list(where=where, limit=None)
                return await _each(experiments, experiment_text)
            case "news":
                return await _each(await self._news.list(where=where, limit=None), news_text)
            case _:
                return []

    async def _backtests(self, where: Document) -> list[ObjectText]:
        found = await self._mine.backtests.list(where=where, limit=None)
        ended = [one for one in found if one.status.is_final]
        failed = [one.id for one in ended if one.status is RunStatus.FAILED]
        performances = await self._mine.results.last_performances([one.id for one in ended])
        errors = await self._mine.executions.last_errors(failed)

        def text(one: Backtest) -> ObjectText:
            done = one.status is RunStatus.COMPLETED
            return backtest_text(
                one, performances.get(one.id) if done else None, errors.get(one.id, "")
            )

        return await _each(ended, text)


async def _each(objects: Sequence[T], make: Callable[[T], ObjectText]) -> list[ObjectText]:
    """Return the text of each; between a few of them other things get their turn."""
    made: list[ObjectText] = []
    for start in range(0, len(objects), PIECE):
        made += [make(one) for one in objects[start : start + PIECE]]
        await asyncio.sleep(0)
    return made


def _has_ended(study: OptimizationStudy) -> bool:
    return study.status is not RunStatus.RUNNING and bool(study.done_trials or study.error)


def _strategy(strategy: Strategy) -> ObjectText:
    try:
        return strategy_text(strategy, rules_of(strategy).to_document())
    except QuantError:  # of a type that this version does not know: the rest still says much
        return strategy_text(strategy, strategy.document)
