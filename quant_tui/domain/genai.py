"""GenAI domain: chats, prompts, generated strategies, retrieval documents."""

from __future__ import annotations

from pydantic import Field

from quant_tui.domain.base import Document, Entity, Stamped, UtcDatetime, utc_now
from quant_tui.domain.vocabulary import DocumentType, GenerationStatus, MessageRole, MessageStatus


class ChatMessage(Entity):
    """One message of a conversation, as ``conversation_history`` holds it.

    ``role``, ``content`` and ``timestamp`` are the data model's; the others are ours.

    Attributes
    ----------
    parent
        The message that it follows, "" for a first one. Messages with the same parent are
        the branches of a conversation.
    saved_at
        When an answer that is being written was last stored.
    model, profile
        What answered, and the endpoint that it was asked at; "" without one.
    tokens
        ``input``, ``output``, and ``estimated`` where the endpoint did not count them.
    cost
        Of this answer by the endpoint's prices; None where it has none.
    selection
        Of a question: what of the workspace beside is sent with it, ``kind``, ``id``,
        ``title`` and ``text``.
    tool_calls
        Each with ``id``, ``name``, ``arguments``, ``at`` (the length of the text before it),
        ``state``, ``text``, ``error``, ``citations``, ``figures`` and ``periods`` of its
        result, and ``proposal`` where it waits or waited for the user.
    citations
        Objects that the answer rests on: ``kind``, ``id`` and ``title``.
    figures
        Numbers of the text, ``start``, ``end``, ``matched`` and ``citation``.
    notes
        What the reader is told beside the text: what was left out, and warnings.
    error
        ``title``, ``cause`` and ``hint`` of what went wrong.
    """

    role: MessageRole
    content: str = ""
    timestamp: UtcDatetime = Field(default_factory=utc_now)
    parent: str = ""
    status: MessageStatus = MessageStatus.DONE
    saved_at: UtcDatetime | None = None
    model: str = ""
    profile: str = ""
    tokens: Document = Field(default_factory=dict)
    cost: float | None = None
    selection: Document = Field(default_factory=dict)
    tool_calls: list[Document] = Field(default_factory=list)
    citations: list[Document] = Field(default_factory=list)
    figures: list[Document] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)
    error: Document = Field(default_factory=dict)


class ChatSession(Stamped):
    """A conversation. ``session_id`` is unique.

    ``context`` has ``leaf``, the id of the last message of the branch that is shown. A
    deleted one is not ``is_active`` and goes for good some time after ``deleted_at``.
    ``title``, ``pinned`` and ``deleted_at`` are ours.
    """

    session_id: str
    user_id: str
    title: str = ""
    pinned: bool = False
    conversation_history: list[Document] = Field(default_factory=list)
    context: Document = Field(default_factory=dict)
    is_active: bool = True
    deleted_at: UtcDatetime | None = None


class PromptTemplate(Stamped):
    """A prompt with variables.

    ``variables`` holds by name what each may be: ``type`` (text, integer, number, date,
    choice, symbols), ``title``, ``default``, ``choices``, ``low``, ``high``. Beyond the data
    model: ``language``, as ``en`` or ``ko``; ``version``, counted from 1; ``versions``, what
    it was before, the newest first.
    """

    name: str
    description: str = ""
    template: str
    variables: Document = Field(default_factory=dict)
    tags: list[str] = Field(default_factory=list)
    user_id: str
    language: str = ""
    version: int = Field(default=1, ge=1)
    versions: list[Document] = Field(default_factory=list)


class GeneratedStrategy(Stamped):
    """A strategy that a language model wrote: text, checked, never executed as code.

    Beyond the data model: ``request``, what was asked for (``prompt`` is all that was
    sent); ``status``; ``rounds``, each answer with what the checks found in it;
    ``validation``, the checks of the last one; ``preview``, figures of a backtest that is
    not kept, against its benchmark; the objects that it came from and became.
    """

    name: str
    description: str = ""
    code: str
    parameters: Document = Field(default_factory=dict)
    prompt: str = ""
    model_used: str = ""
    user_id: str
    request: str = ""
    status: GenerationStatus = GenerationStatus.CHECKED
    rounds: list[Document] = Field(default_factory=list)
    validation: list[Document] = Field(default_factory=list)
    preview: Document = Field(default_factory=dict)
    prompt_template_id: str = ""
    session_id: str = ""
    strategy_id: str = ""
    backtest_id: str = ""


class RAGDocument(Stamped):
    """A text that can be retrieved. ``document_id`` is unique and ChromaDB's id.

    Beyond the data model: ``kind`` and ``object_id``, what it is about (a model, a study and
    a news item are of no ``document_type`` of their own), and ``part``, 0 for the description
    of the object and more for its notes; ``title``; ``strategy_type``; ``content_hash`` and
    ``embedder``, the encoder that ``embeddings`` are of; ``source_at``, when the object was
    last changed as the text was made; ``updated_at``, when this was.
    """

    document_id: str
    document_type: DocumentType
    user_id: str
    content: str
    metadata: Document = Field(default_factory=dict)
    embeddings: list[float] = Field(default_factory=list)
    kind: str
    object_id: str
    part: int = 0
    title: str = ""
    strategy_type: str = ""
    content_hash: str = ""
    embedder: str = ""
    source_at: UtcDatetime | None = None


class ToolPermissions(Stamped):
    """What a user has decided about the chat's tools. Beyond the data model; one a user.

    ``choices`` holds ``allow``, ``ask`` or ``never`` by the tool's name; tools that it does
    not name are as they come.
    """

    user_id: str
    choices: Document = Field(default_factory=dict)


class ToolCall(Entity):
    """One line of the log of tool calls. Beyond the data model; the newest are kept.

    Attributes
    ----------
    arguments
        As they were given, cut where they are long.
    outcome
        ``answered``, ``proposed``, ``approved``, ``rejected``, ``refused`` or ``failed``.
    detail
        Why it failed or was refused; what was proposed.
    characters
        Length of what the model was given.
    """

    user_id: str
    session_id: str = ""
    tool: str
    arguments: Document = Field(default_factory=dict)
    outcome: str
    detail: str = ""
    characters: int = Field(default=0, ge=0)
    seconds: float = Field(default=0.0, ge=0.0)
    called_at: UtcDatetime = Field(default_factory=utc_now)
