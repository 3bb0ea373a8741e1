"""What a language model may call: how a tool is described, what it gives, what it proposes.

Nothing here knows a store. A tool that reads gives a :class:`ToolResult`; one that costs or
changes something gives a :class:`Proposal`, which does nothing until its user approves it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

from pydantic import BaseModel, ConfigDict

from quant_tui.domain.base import Document

LONGEST_TEXT = 20_000
"""Characters of one argument: a rule document fits, a library does not."""


class Permission(StrEnum):
    """What calling a tool does."""

    READ = "read"
    """It reads what belongs to the user; free."""
    COST = "cost"
    """It starts a job."""
    WRITE = "write"
    """It creates or changes something."""


class Consent(StrEnum):
    """What a user has decided about a tool."""

    ALLOW = "allow"
    ASK = "ask"
    NEVER = "never"


class ToolArguments(BaseModel):
    """Base of the arguments of a tool: what is not named is refused, no text is endless."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        str_strip_whitespace=True,
        str_max_length=LONGEST_TEXT,
        protected_namespaces=(),
    )


@dataclass(frozen=True, slots=True)
class Citation:
    """An object of the user's that an answer rests on.

    Attributes
    ----------
    kind
        ``backtest``, ``strategy``, ``study``, ``model``, ``portfolio``, ``watchlist``,
        ``symbol``, ``document`` …
    """

    kind: str
    id: str
    title: str


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """How a tool is described, to people by its title and to a model by the rest."""

    name: str
    title: str
    description: str
    arguments: type[BaseModel]
    permission: Permission

    def schema(self) -> Document:
        """Return the function schema of the Chat Completions API, which is not to be changed.

        It is short, for it goes with every question: bounds that a model seldom hits are
        left out, and checked when the tool is called.
        """
        return {
            "type": "function",
            "function": {
                "name": self.name,
                "description": self.description,
                "parameters": _parameters(self.arguments),
            },
        }


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool gave.

    Attributes
    ----------
    text
        For the model; what comes from stores is delimited in it.
    data
        The same as JSON, with the figures in full.
    citations
        Every stored object that it came from.
    error
        Why there is nothing; empty when all went well.
    runs_on
        Whether what was started has not ended yet.
    """

    text: str
    data: Document = field(default_factory=dict)
    citations: tuple[Citation, ...] = ()
    error: str = ""
    runs_on: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a tool would do, waiting for its user.

    Attributes
    ----------
    change
        The exact change as a diff: lines that begin with ``+``, ``-`` or a blank.
    state
        Marks the objects that it was worked out from; in another state it has lapsed.
    """

    id: str
    tool: str
    title: str
    change: str
    permission: Permission
    arguments: Document = field(default_factory=dict)
    state: str = ""


@cache
def _parameters(arguments: type[BaseModel]) -> Document:
    whole = arguments.model_json_schema()
    whole.pop("description", None)  # the docstring, which is for readers of the code
    return _plain(whole, whole.get("$defs", {}))


_LEFT_OUT = frozenset(
    {"title", "$defs", "format", "maxLength", "minLength", "maxItems", "maxProperties",
     "minProperties", "propertyNames"}
)  # fmt: skip
"""What a model need not be told."""


def _plain(schema: Document, definitions: Document) -> Document:
    """Return a schema that small servers understand: no titles, references or nulls."""
    if reference := schema.get("$ref"):
        target = definitions[str(reference).rpartition("/")[2]]
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        return _plain({**target, **beside}, definitions)
    plain: Document = {}
    for key, value in schema.items():
        if key in _LEFT_OUT or (key == "additionalProperties" and value is False):
            continue
        if key == "anyOf":
            known = [one for one in value if one.get("type") != "null"]
            # a value of any plain type is anything
            plain |= _plain(known[0], definitions) if len(known) == 1 else {}
        elif key == "properties":
            plain[key] = {name: _plain(one, definitions) for name, one in value.items()}
        elif isinstance(value, dict) and key in ("items", "additionalProperties"):
            plain[key] = _plain(value, definitions)
        elif key != "default" or value not in (None, "", []):
            plain[key] = value
    return plain
