"""The trial ledger: counted once, added up right, one user's own, and there in an old store."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from quant_tui.domain.errors import InvalidInput
from quant_tui.domain.trading import Strategy, StrategyTrials
from quant_tui.storage.mongo.migrations import MIGRATIONS_IN_ORDER, migrate
from quant_tui.storage.mongo.repositories import Repositories, UserRepositories
from quant_tui.storage.mongo.schema import MIGRATIONS
from quant_tui.storage.mongo.store import MetadataStore
from quant_tui.storage.mongo.trials import TrialCount
from tests.storage.mongo.samples import OTHER, USER


def entry(
    fingerprint: str, *sharpes: float, key: str = "rules", user: str = USER
) -> StrategyTrials:
    return StrategyTrials(
        user_id=user,
        strategy_key=key,
        fingerprint=fingerprint,
        trials=max(len(sharpes), 1),
        sharpe_count=len(sharpes),
        sharpe_sum=sum(sharpes),
        sharpe_squares=sum(one * one for one in sharpes),
    )


async def test_runs_and_searches_add_up(mine: UserRepositories) -> None:
    sharpes = np.random.default_rng(1).normal(0.4, 0.3, 1000).tolist()
    await mine.trials.record(entry("a", sharpes[0]))
    await mine.trials.record(entry("b", *sharpes[1:]))
    await mine.trials.record(entry("never traded"))
    await mine.trials.record(entry("a", 9.9, key="another strategy"))
    found = await mine.trials.count_of("rules")
    assert found.trials == 1001
    assert found.variance == pytest.approx(np.var(sharpes, ddof=1), rel=1e-9)


async def test_the_same_counts_once_also_when_tried_by_many_at_once(mine: UserRepositories) -> None:
    await asyncio.gather(*(mine.trials.record(entry("a", 0.5)) for _ in range(20)))
    await asyncio.gather(*(mine.trials.record(entry(f"b{n}", 0.1 * n)) for n in range(20)))
    assert (await mine.trials.count_of("rules")).trials == 21


async def test_an_entry_counts_the_same_before_and_after_it_is_recorded(
    mine: UserRepositories,
) -> None:
    await mine.trials.record(entry("a", 0.5))
    new = entry("b", 0.7)
    before = await mine.trials.count_with(new)
    await mine.trials.record(new)
    assert before == await mine.trials.count_with(new) == await mine.trials.count_of("rules")
    assert before.variance == pytest.approx(0.02)


async def test_nothing_tried_is_no_variance(mine: UserRepositories) -> None:
    assert await mine.trials.count_of("rules") == TrialCount(0, None)
    assert await mine.trials.count_with(entry("a", 0.5)) == TrialCount(1, None)


async def test_another_user_has_a_ledger_of_their_own(
    mine: UserRepositories, theirs: UserRepositories
) -> None:
    await mine.trials.record(entry("a", 0.5))
    await theirs.trials.record(entry("a", 0.5, user=OTHER))
    assert (await mine.trials.count_of("rules")).trials == 1
    with pytest.raises(InvalidInput, match="another user"):
        await mine.trials.record(entry("b", user=OTHER))


async def test_more_sharpes_than_trials_are_refused(mine: UserRepositories) -> None:
    wrong = entry("a", 0.5).model_copy(update={"sharpe_count": 2})
    with pytest.raises(InvalidInput, match="More Sharpe"):
        await mine.trials.record(wrong)


async def test_what_was_tried_stays_tried_when_the_strategy_goes(mine: UserRepositories) -> None:
    strategy = await mine.strategies.create(
        Strategy(name="SMA", strategy_type="SMA_CROSSOVER", user_id=USER)
    )
    await mine.trials.record(entry("a", 0.5, key=strategy.id))
    await mine.strategies.delete(strategy.id)
    await mine.strategies.create(strategy)
    assert (await mine.trials.count_of(strategy.id)).trials == 1


async def test_a_store_from_before_the_ledger_gets_one(empty_store: MetadataStore) -> None:
    await migrate(empty_store, MIGRATIONS_IN_ORDER[:1])
    # As the first version left it: without the collection.
    await empty_store.database.drop_collection("strategy_trials")
    mine = Repositories(empty_store).for_user(USER)
    kept = await mine.strategies.create(
        Strategy(name="SMA", strategy_type="SMA_CROSSOVER", user_id=USER)
    )
    assert "trial ledger" in await migrate(empty_store)
    indexes = await empty_store.collection("strategy_trials").index_information()
    assert any(one.get("unique") for name, one in indexes.items() if name != "_id_")
    await mine.trials.record(entry("a", 0.5))
    assert (await mine.trials.count_of("rules")).trials == 1
    assert await mine.strategies.get(kept.id) == kept
    applied = await empty_store.collection(MIGRATIONS).count_documents({})
    assert applied == len(MIGRATIONS_IN_ORDER)
