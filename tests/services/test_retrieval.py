"""Retrieval over real stores with the real encoder: found, kept up, isolated, mended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from quant_tui.domain.base import utc_now
from quant_tui.domain.errors import Cancelled, InvalidInput, NotFound, StoreUnavailable
from quant_tui.domain.market_data import NewsData
from quant_tui.domain.trading import Backtest, BacktestResult
from quant_tui.domain.vocabulary import RunStatus
from quant_tui.genai.embedding import OfflineEmbedder, Vectors
from quant_tui.services import retrieval as module
from quant_tui.services.composition import Services
from quant_tui.services.retrieval import RetrievalService
from quant_tui.services.retrieval_glossary import kinds_named
from quant_tui.services.retrieval_index import RetrievalIndex
from quant_tui.services.retrieval_indexing import Indexing
from quant_tui.services.retrieval_sources import RetrievalSources
from quant_tui.storage.chroma.store import ChromaStore
from tests.accounts import sign_up


class Counting:
    """The offline encoder, counting what it is given."""

    dimensions = 512
    batch = 4

    def __init__(self, inner: OfflineEmbedder, name: str = "") -> None:
        self.inner = inner
        self.name = name or inner.name
        self.texts: list[str] = []

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        self.texts += texts
        return self.inner.embed_documents(texts)

    def embed_query(self, text: str) -> Vectors:
        return self.inner.embed_query(text)


@pytest.fixture
async def counted(services: Services, encoder: OfflineEmbedder) -> AsyncIterator[Counting]:
    """Give the signed-in user's retrieval an encoder that counts."""
    counting = Counting(encoder)
    services.retrieval.stop()
    services.mine.retrieval = with_encoder(services, counting)
    yield counting
    services.retrieval.stop()


def with_encoder(services: Services, encoder: Counting) -> RetrievalService:
    """Return a retrieval of the signed-in user, as another process would have it."""
    assert services.user is not None
    mine = services.stores.repositories.for_user(services.user.id)
    sources = RetrievalSources(mine, services.stores.repositories.news)
    store = ChromaStore(services.settings.locations.chroma)
    return RetrievalService(
        documents=mine.rag_documents,
        indexing=Indexing(mine.user_id, sources, mine.rag_documents, encoder),
        index=RetrievalIndex(store, mine.rag_documents, encoder),
        embedder=encoder,
        jobs=services.jobs,
    )


async def kept_backtest(services: Services, name: str, kind: str, total: float) -> str:
    """Keep a backtest that has ended, without running it."""
    assert services.user is not None
    mine = services.stores.repositories.for_user(services.user.id)
    strategy = {"name": kind.title(), "strategy_type": kind}
    made = await mine.backtests.create(
        Backtest(
            name=name,
            config={"symbols": ["SPX"], "strategy": strategy},
            status=RunStatus.COMPLETED,
            user_id=mine.user_id,
        )
    )
    await mine.results.create(
        BacktestResult(
            backtest_id=made.id,
            execution_id=f"run of {name}",
            performance={"total_return": total, "sharpe_ratio": total * 2},
            user_id=mine.user_id,
        )
    )
    return made.id


async def test_the_first_search_looks_what_there_is(services: Services, counted: Counting) -> None:
    await kept_backtest(services, "Bad years", "MOMENTUM", -0.4)
    (found,) = await services.retrieval.search("Which of my backtests lost money?")
    assert found.title == "Bad years"
    assert found.excerpt.endswith("return -40.0% · Sharpe -0.80"), "one language, and no synonyms"


@pytest.mark.parametrize(
    ("question", "kinds"),
    [
        ("Which of my backtests held up in 2008?", ("backtest",)),
        ("한국어로 내 전략을 알려줘", ("strategy",)),
        ("strategies and models", ("strategy", "model")),
        ("what lost money?", ()),
    ],
)
def test_a_question_names_what_it_is_about(question: str, kinds: tuple[str, ...]) -> None:
    assert kinds_named(question) == kinds


async def test_objects_are_found_kept_up_and_forgotten(
    services: Services, counted: Counting
) -> None:
    rsi = await services.strategies.create("Dip buyer", "RSI_MEAN_REVERSION")
    sma = await services.strategies.create("Trend", "SMA_CROSSOVER", description="이동평균 추세")
    lost = await kept_backtest(services, "Bad years", "MOMENTUM", -0.4)
    retrieval = services.retrieval
    assert await retrieval.catch_up() == 3
    assert await retrieval.catch_up() == 0
    for opened in (False, True):  # from MongoDB's vectors, then from the index
        found = await retrieval.search("과매도에서 사는 전략")
        assert (found[0].kind, found[0].object_id) == ("strategy", rsi.id)
        assert "oversold" in found[0].excerpt
        assert 0.3 < found[0].score <= 1
        found = await retrieval.search("손실이 난 백테스트")
        assert (found[0].object_id, found[0].title) == (lost, "Bad years")
        found = await retrieval.search("buys", types=["strategy"], strategy_type="SMA_CROSSOVER")
        assert [one.object_id for one in found] == [sma.id], opened
        assert [one.object_id for one in await retrieval.similar("strategy", rsi.id)] == [sma.id]
        await retrieval.settle()
    assert (await retrieval.state()).to_document() == {
        "ok": True, "objects": {"strategy": 2, "backtest": 1}, "embedder": counted.name,
        "waiting": 0, "problem": "",
    }  # fmt: skip

    counted.texts.clear()
    await services.strategies.update(rsi.model_copy(update={"notes": "삼성전자에서만 잘 된다."}))
    assert await retrieval.catch_up() == 1
    assert counted.texts == ["Dip buyer: 삼성전자에서만 잘 된다."], "the rest was known"
    found = await retrieval.search("Samsung")
    assert (found[0].object_id, found[0].excerpt) == (rsi.id, counted.texts[0])

    deleted = await services.strategies.delete(rsi.id)
    await retrieval.catch_up()
    assert rsi.id not in [one.object_id for one in await retrieval.search("oversold")]
    await services.strategies.restore(deleted)
    await retrieval.catch_up()
    assert (await retrieval.search("oversold"))[0].object_id == rsi.id

    with pytest.raises(InvalidInput, match="no kind 'fund'"):
        await retrieval.search("x", types=["fund"])
    with pytest.raises(InvalidInput, match="what to look for"):
        await retrieval.search("  ")
    with pytest.raises(NotFound, match="nothing to compare"):
        await retrieval.similar("strategy", lost)


async def test_the_same_text_is_embedded_once_in_batches_and_anew_by_another_encoder(
    services: Services, counted: Counting
) -> None:
    now = utc_now()
    await services.news.keep(
        [
            NewsData(symbol="SPX", title=f"Fed holds {at % 3}", url=f"u{at}", published_at=now)
            for at in range(230)
        ]
    )
    done: list[tuple[int, int]] = []
    assert await services.retrieval.catch_up(lambda one, of: done.append((one, of))) == 230
    assert done == [(100, 230), (200, 230), (230, 230)]
    assert len(counted.texts) == 4, "three titles, and one day"

    counted.texts.clear()
    job = services.retrieval.reindex()
    assert await job.wait() == 230
    assert counted.texts == []
    job = services.retrieval.reindex()
    job.cancel()
    with pytest.raises(Cancelled):
        await job.wait()
    other = Counting(counted.inner, "another encoder")
    changed = with_encoder(services, other)
    assert await changed.catch_up() == 230
    assert len(other.texts) == 4
    await changed.settle()
    assert len(await changed.search("rates", limit=100)) == 100
    assert changed.problem == ""
    changed.stop()


async def test_an_object_that_cannot_be_read_keeps_no_other_back(
    services: Services, counted: Counting
) -> None:
    bad = await services.strategies.create("Damaged", "MACD")
    good = await services.strategies.create("Whole", "MACD")
    stored = services.stores.metadata.database["strategies"]
    await stored.update_one(
        {"name": bad.name}, {"$set": {"tags": 7}}, bypass_document_validation=True
    )
    assert await services.retrieval.catch_up() == 2
    assert [one.object_id for one in await services.retrieval.search("MACD")] == [good.id]


async def test_changes_are_heard_in_the_background(
    services: Services, counted: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_LOOK_SECONDS", 0.0)
    monkeypatch.setattr(module, "SETTLE_SECONDS", 0.01)
    services.retrieval.begin(services.stores.metadata.writes)
    made = await services.strategies.create("Heard", "MOMENTUM")

    async def until(count: int) -> None:
        async with asyncio.timeout(60):
            while (await services.retrieval.state()).counts.get("strategy", 0) != count:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    await until(1)
    await services.strategies.delete(made.id)
    await until(0)


async def test_nothing_of_another_user_is_found(services: Services, counted: Counting) -> None:
    mine = await services.strategies.create("Geheim", "RSI_MEAN_REVERSION", description="secret")
    await services.retrieval.catch_up()
    await services.retrieval.settle()
    await sign_up(services, "other")
    services.retrieval.stop()
    theirs = with_encoder(services, counted)
    assert await theirs.catch_up() == 0
    for _ in range(2):
        assert await theirs.search("secret strategy Geheim", limit=100) == []
        await theirs.settle()
    with pytest.raises(NotFound):
        await theirs.similar("strategy", mine.id)
    await services.strategies.create("Mine", "RSI_MEAN_REVERSION")
    await theirs.catch_up()
    assert [one.title for one in await theirs.search("Geheim secret strategy")] == ["Mine"]
    await theirs.reindex().wait()  # throws away what is theirs alone
    held = await asyncio.to_thread(
        lambda: sum(_counts(services.settings.locations.chroma).values())
    )
    assert held == 4
    theirs.stop()


def _counts(path: Path) -> dict[str, int]:
    store = ChromaStore(path)
    with store.opened(writing=False) as client:
        counts = {
            name: client.get_collection(name, embedding_function=None).count()
            for name in ("user_strategies", "user_backtests", "market_insights")
        }
    store.close()
    return counts


async def test_a_damaged_index_is_filled_again_and_one_that_cannot_be_used_is_done_without(
    services: Services, counted: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await services.strategies.create("Survivor", "MACD")
    await services.retrieval.catch_up()
    await services.retrieval.settle()
    services.retrieval.stop()
    path = services.settings.locations.chroma
    await asyncio.to_thread(services.retrieval._index._store.close)  # which a thread is at
    (path / "chroma.sqlite3").write_bytes(b"damaged" * 3000)

    again = with_encoder(services, counted)
    assert (await again.search("MACD signal"))[0].object_id == made.id
    await again.settle()
    assert again.problem == ""
    assert _counts(path)["user_strategies"] == 2
    assert path.with_name("chroma.damaged").is_dir()
    assert (await again.search("MACD signal"))[0].object_id == made.id
    again.stop()

    def locked(self: ChromaStore, *, writing: bool) -> None:
        raise StoreUnavailable("The index is in use by another process.")

    monkeypatch.setattr(ChromaStore, "opened", locked)
    without = with_encoder(services, counted)
    await without.settle()
    assert (await without.search("MACD signal"))[0].object_id == made.id
    assert without.problem == "The index is in use by another process."
    services.mine.retrieval = without
    chroma = next(one for one in await services.health.check() if one.name == "ChromaDB")
    assert (chroma.ok, chroma.detail) == (False, without.problem)


async def test_vectors_are_of_length_one_and_an_empty_text_has_one(
    encoder: OfflineEmbedder,
) -> None:
    vectors = encoder.embed_documents(["RSI", "", "과매도"])
    assert vectors.shape == (3, 512)
    assert np.isfinite(vectors).all()
    assert encoder.embed_documents([]).shape == (0, 512)
    assert np.linalg.norm(vectors[[0, 2]], axis=1) == pytest.approx([1, 1], abs=1e-5)
