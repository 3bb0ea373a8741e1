"""Slash commands: the tools of the chat, called by a person, without a language model."""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable, Sequence

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput, NotFound
from quant_tui.domain.genai import ChatMessage
from quant_tui.domain.vocabulary import GenerationStatus
from quant_tui.genai.tools import Citation, Proposal, ToolResult
from quant_tui.services.chat_command_words import (
    NONE_YET,
    CommandLine,
    CommandWord,
    command_named,
    help_of,
    help_text,
    range_of,
    read_line,
    symbols_of,
    value_of,
)
from quant_tui.services.chat_draft import Draft
from quant_tui.services.chat_examples import example_of
from quant_tui.services.chat_generate import WritesStrategy, write_strategy
from quant_tui.services.chat_markdown import escaped, markdown_of
from quant_tui.services.chat_tool_use import Tools

_LISTS = {
    "strategies": "list_strategies",
    "backtests": "list_backtests",
    "studies": "list_studies",
    "models": "list_models",
    "watchlists": "list_watchlists",
}
_SHOWN: dict[str, tuple[str, str, str, str]] = {
    # kind: tool that lists, key of an id in its rows, tool that shows, name of its argument
    "backtest": ("list_backtests", "backtest_id", "show_backtest", "backtest_id"),
    "strategy": ("list_strategies", "strategy_id", "show_strategy", "strategy_id"),
    "study": ("list_studies", "study_id", "show_study", "study_id"),
    "model": ("list_models", "model_id", "show_model", "reference"),
    "portfolio": ("list_portfolios", "portfolio_id", "show_portfolio", "portfolio_id"),
}
_PLURALS = {
    "backtest": "backtests", "strategy": "strategies", "study": "studies", "model": "models",
    "portfolio": "portfolios",
}  # fmt: skip
MOST_LISTED = 100
"""Objects of a name that are looked at."""

_ID = re.compile(r"[0-9a-f]{24}")
_RUN_WORDS = {"capital": "initial_capital", "strategy": "strategy_id"}
_RUN_NUMBERS = ("initial_capital", "commission", "slippage", "trials", "seed")
_RUN_TEXTS = (
    "start", "end", "fill", "shares", "benchmark", "name", "objective", "direction", "sampler",
)  # fmt: skip


class CommandAnswer:
    """The answer to one command.

    Parameters
    ----------
    writes
        Has a model write a strategy; None where none can.
    """

    def __init__(self, tools: Tools, session_id: str, writes: WritesStrategy | None = None) -> None:
        self._tools = tools
        self._session_id = session_id
        self._writes = writes

    async def write(self, draft: Draft, question: ChatMessage) -> None:
        """Do what the command says and write down what came of it.

        Raises
        ------
        InvalidInput
            It cannot be read, or something is missing.
        """
        line = read_line(question.content)
        name = line.command.name
        if name == "help":
            await self._help(draft, line)
        elif name in _LISTS:
            given: Document = {"search": line.rest} if name != "watchlists" else {}
            draft.write(markdown_of(await self._call(draft, _LISTS[name], given)))
        elif name == "explain":
            await self._explain(draft, line, question)
        else:
            actions: dict[str, Callable[[Draft, CommandLine], Awaitable[None]]] = {
                "backtest": self._backtest,
                "optimise": self._optimise,
                "generate": self._generate,
                "compare": self._compare,
                "find": self._find,
                "data": self._data,
                "portfolio": self._portfolio,
                "rules": self._rules,
            }
            await actions[name](draft, line)

    async def _help(self, draft: Draft, line: CommandLine) -> None:
        if not line.words:
            draft.write(help_text())
            return
        command = command_named(line.words[0])
        draft.write(help_of(command, await self._example(draft, command)))

    async def _example(self, draft: Draft, command: CommandWord) -> str:
        async def named(kind: str, count: int) -> Sequence[tuple[str, str]]:
            tool, key, _, _ = _SHOWN.get(kind, ("list_symbols", "symbol", "", ""))
            given: Document = {} if kind == "portfolio" else {"limit": count}
            rows = _rows(await self._call(draft, tool, given, kind=kind))[:count]
            return [(str(one.get("name") or one.get(key)), str(one.get(key))) for one in rows]

        return await example_of(command, named)

    async def _missing(self, draft: Draft, line: CommandLine, what: str) -> InvalidInput:
        example = await self._example(draft, line.command)
        return InvalidInput(
            f"/{line.command.name} needs {what}.",
            field="text",
            hint=f"As {example}" if example else NONE_YET,
        )

    async def _backtest(self, draft: Draft, line: CommandLine) -> None:
        await self._propose(draft, "run_backtest", await self._run(draft, line))

    async def _optimise(self, draft: Draft, line: CommandLine) -> None:
        await self._propose(draft, "run_study", await self._run(draft, line))

    async def _generate(self, draft: Draft, line: CommandLine) -> None:
        if not line.rest:
            raise await self._missing(draft, line, "what the strategy is to do")
        if self._writes is None:
            raise InvalidInput("Strategies cannot be generated here.", field="text")
        made = await write_strategy(draft, self._writes, line.rest)
        draft.cite((Citation("generated", made.id, made.name),))
        if made.status is not GenerationStatus.FAILED:
            await self._propose(draft, "approve_generated", {"generated_id": made.id})

    async def _run(self, draft: Draft, line: CommandLine) -> Document:
        if len(line.words) < 2:
            raise await self._missing(draft, line, "a strategy and symbols")
        given: Document = {"symbols": symbols_of(" ".join(line.words[1:])), "parameters": {}}
        for key, text in line.pairs.items():
            name = _RUN_WORDS.get(key, key)
            if name in _RUN_NUMBERS:
                given[name] = value_of(text)
            elif name in _RUN_TEXTS:
                given[name] = text
            elif (searched := range_of(text)) is not None:
                given.setdefault("ranges", {})[key] = searched
            else:
                given["parameters"][key] = value_of(text)
        return given | await self._strategy(draft, line.words[0])

    async def _strategy(self, draft: Draft, wanted: str) -> Document:
        """Return how a run names a strategy: a built-in type, or one of the user's own."""
        templates = await self._call(draft, "list_strategy_templates", {})
        types = [str(one.get("strategy_type", "")) for one in _rows(templates)]
        for one in types:
            if one and one.casefold() == wanted.casefold().replace("-", "_"):
                return {"strategy_type": one}
        try:
            return {"strategy_id": (await self._named(draft, "strategy", wanted))[0]}
        except NotFound as error:
            known = ", ".join(dict.fromkeys(one for one in types if one))
            raise InvalidInput(
                error.message,
                field="strategy",
                hint=f"{error.hint} Built-in types are {known}.".strip(),
            ) from None

    async def _compare(self, draft: Draft, line: CommandLine) -> None:
        if len(line.words) < 2:
            raise await self._missing(draft, line, "at least two backtests")
        ids = [(await self._named(draft, "backtest", one))[0] for one in line.words]
        draft.write(
            markdown_of(await self._call(draft, "compare_backtests", {"backtest_ids": ids}))
        )

    async def _find(self, draft: Draft, line: CommandLine) -> None:
        if not line.rest:
            raise await self._missing(draft, line, "words")
        draft.write(markdown_of(await self._call(draft, "find", {"text": line.rest})))

    async def _data(self, draft: Draft, line: CommandLine) -> None:
        symbols = symbols_of(line.rest)
        if not symbols:
            draft.write(markdown_of(await self._call(draft, "list_symbols", {})))
            return
        draft.write(markdown_of(await self._call(draft, "quotes", {"symbols": symbols})))
        if len(symbols) == 1:
            found = await self._call(draft, "price_statistics", {"symbol": symbols[0]})
            if not found.error:
                draft.write(f"\n\n{markdown_of(found)}")

    async def _portfolio(self, draft: Draft, line: CommandLine) -> None:
        if line.rest:
            await self._show(draft, "portfolio", " ".join(line.words))
        else:
            draft.write(markdown_of(await self._call(draft, "list_portfolios", {})))

    async def _rules(self, draft: Draft, line: CommandLine) -> None:
        draft.write(markdown_of(await self._call(draft, "rule_language", {"words": line.rest})))

    async def _explain(self, draft: Draft, line: CommandLine, question: ChatMessage) -> None:
        chosen = question.selection
        if not line.words:
            if chosen.get("kind") not in _SHOWN:
                raise await self._missing(draft, line, "a name")
            kind = str(chosen["kind"])
            _, _, tool, argument = _SHOWN[kind]
            result = await self._call(draft, tool, {argument: str(chosen["id"])})
            draft.write(markdown_of(result, notes=True))
            return
        wanted = " ".join(line.words)
        near: list[NotFound] = []
        for kind in ("backtest", "strategy", "study", "model"):
            try:
                await self._show(draft, kind, wanted)
            except NotFound as error:
                near += [error] if error.hint else []
            else:
                return
        if near:
            raise near[0]
        raise NotFound(
            f"There is no backtest, strategy, study or model {wanted!r}.",
            hint="/find looks for words and meaning.",
        )

    async def _show(self, draft: Draft, kind: str, wanted: str) -> None:
        found, name = await self._named(draft, kind, wanted)
        _, _, tool, argument = _SHOWN[kind]
        result = await self._call(draft, tool, {argument: found})
        draft.write(f"### {escaped(name)}\n\n{markdown_of(result, notes=True)}")

    async def _named(self, draft: Draft, kind: str, wanted: str) -> tuple[str, str]:
        """Return id and name of the object of a kind that has a name or an id.

        Raises
        ------
        NotFound
            There is none, or the words fit more than one; the hint names some.
        InvalidInput
            More than one has this very name.
        """
        is_reference = kind == "model" and "@" in wanted
        if is_reference or _ID.fullmatch(wanted):
            known = await self._of_id(draft, kind, wanted)
            if known is not None:
                return known
        tool, key, _, _ = _SHOWN[kind]
        given: Document = {"search": wanted, "limit": MOST_LISTED}
        if kind == "portfolio":
            del given["limit"]  # that tool lists all
        rows = _rows(await self._call(draft, tool, given, kind=kind))
        exact = [one for one in rows if str(one.get("name", "")).casefold() == wanted.casefold()]
        if len(exact) > 1:
            ids = " · ".join(str(one.get(key) or one.get("id")) for one in exact[:5])
            raise InvalidInput(
                f"{len(exact)} {_PLURALS[kind]} are called {wanted!r}.",
                field=kind,
                hint=f"Write the id of one, the newest first: {ids}",
            )
        if exact or len(rows) == 1:
            one = (exact or rows)[0]
            return str(one.get(key) or one.get("id")), str(one.get("name", wanted))
        if not rows:
            raise NotFound(f"There is no {kind} {wanted!r}.")
        names = " · ".join(f'"{one.get("name", "")}"' for one in rows[:5])
        raise NotFound(
            f"Several fit {wanted!r}.", hint=f"Write the {kind} whole, in quotation marks: {names}"
        )

    async def _of_id(self, draft: Draft, kind: str, wanted: str) -> tuple[str, str] | None:
        """Return id and name of the object with an id, however many there are."""
        _, _, tool, argument = _SHOWN[kind]
        try:
            found = await self._call(draft, tool, {argument: wanted}, kind=kind)
        except InvalidInput:
            return None
        return wanted, str(found.data.get("name") or wanted)

    async def _call(
        self, draft: Draft, tool: str, given: Document, *, kind: str = ""
    ) -> ToolResult:
        """Call a tool that reads; a look-up, which has a ``kind``, is not written down.

        Raises
        ------
        InvalidInput
            The tool says what is wrong.
        """
        result = await self._tools.call(tool, given, session_id=self._session_id)
        if isinstance(result, Proposal):  # its user wants to be asked
            self._wait(draft, tool, given, result)
            return ToolResult("", {"waits": result.title})
        if result.error:
            raise InvalidInput(result.error, field="text")
        if not kind and tool != "list_strategy_templates":
            draft.answered(draft.called(uuid.uuid4().hex, tool, given), result)
        return result

    async def _propose(self, draft: Draft, tool: str, given: Document) -> None:
        result = await self._tools.call(tool, given, session_id=self._session_id)
        if isinstance(result, Proposal):
            draft.write(f"{escaped(result.title)}.\n")
            self._wait(draft, tool, given, result)
            return
        if result.error:
            raise InvalidInput(result.error, field="text")
        draft.answered(draft.called(uuid.uuid4().hex, tool, given), result)
        draft.write(markdown_of(result, notes=True))

    def _wait(self, draft: Draft, tool: str, given: Document, proposal: Proposal) -> None:
        draft.proposed(draft.called(uuid.uuid4().hex, tool, given), proposal)


def _rows(result: ToolResult) -> Sequence[Document]:
    rows = result.data.get("rows")
    return [one for one in rows if isinstance(one, dict)] if isinstance(rows, list) else []
