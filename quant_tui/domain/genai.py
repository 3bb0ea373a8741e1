"""GenAI domain: chats, prompts, generated strategies, retrieval documents."""

from __future__ import annotations

from pydantic import Field

from quant_tui.domain.base import Document, Entity, Stamped, UtcDatetime, utc_now
from quant_tui.domain.vocabulary import DocumentType


class ChatSession(Stamped):
    """A conversation. ``session_id`` is unique."""

    session_id: str
    user_id: str
    conversation_history: list[Document] = Field(default_factory=list)
    context: Document = Field(default_factory=dict)
    is_active: bool = True


class PromptTemplate(Stamped):
    """A prompt with variables."""

    name: str
    description: str = ""
    template: str
    variables: Document = Field(default_factory=dict)
    tags: list[str] = Field(default_factory=list)
    user_id: str


class GeneratedStrategy(Entity):
    """A strategy that a language model wrote: text, checked, never executed as code."""

    name: str
    description: str = ""
    code: str
    parameters: Document = Field(default_factory=dict)
    prompt: str = ""
    model_used: str = ""
    user_id: str
    created_at: UtcDatetime = Field(default_factory=utc_now)


class RAGDocument(Entity):
    """A text that can be retrieved. ``document_id`` is unique and ChromaDB's id."""

    document_id: str
    document_type: DocumentType
    user_id: str
    content: str
    metadata: Document = Field(default_factory=dict)
    embeddings: list[float] = Field(default_factory=list)
    created_at: UtcDatetime = Field(default_factory=utc_now)
