"""Retrieval put together as the settings say."""

from __future__ import annotations

import asyncio

from quant_tui.config.chat import NO_KEY
from quant_tui.config.retrieval import RetrievalSettings
from quant_tui.config.settings import Settings
from quant_tui.genai.embedding import Embedder, OfflineEmbedder
from quant_tui.genai.embedding_endpoint import EndpointEmbedder
from quant_tui.jobs.manager import JobManager
from quant_tui.services.retrieval import RetrievalService
from quant_tui.services.retrieval_index import RetrievalIndex
from quant_tui.services.retrieval_indexing import Indexing
from quant_tui.services.retrieval_sources import RetrievalSources
from quant_tui.services.secrets import SecretService
from quant_tui.services.stores import Stores
from quant_tui.storage.chroma.server import ChromaServer
from quant_tui.storage.chroma.store import ChromaStore
from quant_tui.storage.mongo.repositories import UserRepositories


def retrieval_of(
    mine: UserRepositories,
    settings: Settings,
    stores: Stores,
    secrets: SecretService,
    jobs: JobManager,
) -> RetrievalService:
    """Return the retrieval of a user; call it on the event loop."""
    documents, embedder = mine.rag_documents, embedder_of(settings.retrieval, secrets)
    sources = RetrievalSources(mine, stores.repositories.news)
    address = settings.retrieval.chroma
    store = ChromaServer(address) if address else ChromaStore(settings.locations.chroma)
    return RetrievalService(
        documents=documents,
        indexing=Indexing(mine.user_id, sources, documents, embedder),
        index=RetrievalIndex(store, documents, embedder),
        embedder=embedder,
        jobs=jobs,
    )


def embedder_of(settings: RetrievalSettings, secrets: SecretService) -> Embedder:
    """Return the encoder that is set; call it on the event loop."""
    if settings.embedder == "offline":
        return OfflineEmbedder()
    loop = asyncio.get_running_loop()

    def key() -> str:
        if settings.key == NO_KEY:
            return ""
        return asyncio.run_coroutine_threadsafe(secrets.get(settings.key), loop).result() or ""

    return EndpointEmbedder(settings.address, settings.model, key, key_name=settings.key)
