"""Strategies that a language model writes: checked, tried, and kept when their user agrees."""

from __future__ import annotations

import builtins
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date

from quant_tui.domain.base import Document
from quant_tui.domain.errors import Conflict, InvalidInput, QuantError, StrategyError
from quant_tui.domain.genai import GeneratedStrategy
from quant_tui.domain.trading import Strategy
from quant_tui.domain.vocabulary import GenerationStatus
from quant_tui.engine.rules import StrategyDocument, parse_document
from quant_tui.genai.generation import Message, extract, instructions, repair
from quant_tui.services.backtest_request import BacktestRequest
from quant_tui.services.backtests import BacktestService
from quant_tui.services.generation_language import language
from quant_tui.services.generation_preview import GenerationPreviews, Preview, PreviewRun
from quant_tui.services.names import checked_name
from quant_tui.services.strategies import StrategyService
from quant_tui.storage.mongo.repositories import UserRepositories

ROUNDS = 3
"""Answers that are asked for at most."""

LONGEST_REQUEST = 20_000
KEPT_ANSWER = 20_000
"""Characters of each answer that are kept."""

Complete = Callable[[list[Message]], Awaitable[str]]
"""Asks a model: messages in, its whole answer out."""

Told = Callable[[str], None]
"""Is told what is being done, in a few words."""


@dataclass(frozen=True, slots=True)
class _Written:
    """What the rounds came to."""

    document: StrategyDocument | None
    text: str
    rounds: list[Document]
    preview: Preview | None


class GenerationService:
    """Generated strategies of one user."""

    def __init__(
        self,
        *,
        repositories: UserRepositories,
        strategies: StrategyService,
        backtests: BacktestService,
        previews: GenerationPreviews,
    ) -> None:
        self._generated = repositories.generated_strategies
        self._trials = repositories.trials
        self._user_id = repositories.user_id
        self._strategies = strategies
        self._backtests = backtests
        self._previews = previews

    async def generate(
        self,
        request: str,
        *,
        complete: Complete,
        model: str = "",
        symbols: Sequence[str] = (),
        benchmark: str = "",
        start: date | None = None,
        end: date | None = None,
        session_id: str = "",
        prompt_template_id: str = "",
        told: Told | None = None,
    ) -> GeneratedStrategy:
        """Have a model write a strategy, check it, try it, and keep what came of it.

        What the checks find goes back to the model, up to three rounds in all. The
        preview is a backtest as a job, against the benchmark; nothing of it is kept among
        the user's backtests. An attempt whose rules cannot be used is kept too, as failed.
        Where the model cannot be asked again, what it answered before is kept.

        Parameters
        ----------
        request
            What is wanted, in any language.
        complete
            Asks the model.
        symbols, benchmark, start, end
            What to preview on; without, what a new backtest would begin with.
        told
            Hears what is being done.

        Raises
        ------
        InvalidInput
            The request is empty or too long, or a symbol has no bars.
        QuantError
            What ``complete`` raises in the first round; nothing is kept then.
        """
        wanted = request.strip()
        if not wanted:
            raise InvalidInput("Say what the strategy is to do.", field="request")
        if len(wanted) > LONGEST_REQUEST:
            raise InvalidInput(
                f"The request is longer than {LONGEST_REQUEST:,} characters.", field="request"
            )
        run = await self._previews.choose(symbols, benchmark, start, end)
        messages = [
            {"role": "system", "content": instructions(language())},
            {"role": "user", "content": wanted},
        ]
        prompt = "\n\n".join(one["content"] for one in messages)
        written = await self._write(messages, complete, run, told or (lambda _text: None))
        return await self._keep(
            written, wanted, prompt, model,
            session_id=session_id, prompt_template_id=prompt_template_id,
        )  # fmt: skip

    async def _keep(
        self,
        written: _Written,
        wanted: str,
        prompt: str,
        model: str,
        *,
        session_id: str,
        prompt_template_id: str,
    ) -> GeneratedStrategy:
        document, preview = written.document, written.preview
        return await self._generated.create(
            GeneratedStrategy(
                name=document.name if document else checked_name(wanted[:60]) or "Unnamed",
                description=document.description if document else "",
                code=written.text,
                parameters=document.default_parameters() if document else {},
                prompt=prompt,
                model_used=model,
                user_id=self._user_id,
                request=wanted,
                status=GenerationStatus.CHECKED if document else GenerationStatus.FAILED,
                rounds=written.rounds,
                validation=list(preview.validation) if preview else [],
                preview=preview.document if preview else {},
                prompt_template_id=prompt_template_id,
                session_id=session_id,
            )
        )

    async def keep(
        self,
        text: str,
        *,
        request: str = "",
        model: str = "",
        symbols: Sequence[str] = (),
        benchmark: str = "",
        session_id: str = "",
    ) -> GeneratedStrategy:
        """Check, try and keep rules that a model wrote in a conversation, in one round.

        Parameters
        ----------
        text
            The rule document.
        request
            What was asked for.

        Raises
        ------
        StrategyError
            With every finding, for the model to mend; nothing is kept then.
        InvalidInput
            A symbol has no bars.
        """
        parse_document(text)

        async def written(_messages: builtins.list[Message]) -> str:
            return f"```yaml\n{text}\n```"

        run = await self._previews.choose(symbols, benchmark, None, None)
        found = await self._write([], written, run, lambda _text: None, rounds=1)
        return await self._keep(found, request or "In a conversation.", "", model,
                                session_id=session_id, prompt_template_id="")  # fmt: skip

    # -- what there is

    async def list(
        self, search: str = "", *, status: GenerationStatus | None = None, limit: int = 100
    ) -> builtins.list[GeneratedStrategy]:
        """Return generated strategies, the newest first.

        Parameters
        ----------
        search
            Part of a name, description or request, in any case.
        """
        where: Document = {} if status is None else {"status": str(status)}
        if search:
            pattern = {"$regex": re.escape(search), "$options": "i"}
            where["$or"] = [{key: pattern} for key in ("name", "description", "request")]
        return await self._generated.list(where=where, sort=[("created_at", -1)], limit=limit)

    async def get(self, generated_id: str) -> GeneratedStrategy:
        """Return one.

        Raises
        ------
        NotFound
            The user has none with that id.
        """
        return await self._generated.get(generated_id)

    # -- deciding

    async def require_open(self, generated_id: str) -> GeneratedStrategy:
        """Return one that can be approved. Raises as :meth:`approve` does."""
        generated = await self._generated.get(generated_id)
        _require_open(generated)
        return generated

    async def approve(
        self, generated_id: str, *, name: str = "", keep_backtest: bool = True
    ) -> Strategy:
        """Make a strategy of it, linked both ways; its trials count for that strategy.

        Parameters
        ----------
        name
            What the strategy is called; the model's own name without.
        keep_backtest
            Whether the preview is run once more as a backtest of the user's, as a job.

        Raises
        ------
        NotFound
            The user has none with that id.
        Conflict
            It is a strategy already, was rejected, or is being decided elsewhere.
        InvalidInput
            Its rules cannot be used.
        """
        generated = await self.require_open(generated_id)
        document = parse_document(generated.code)
        # Claims it first: of two that approve at once, one gets a conflict.
        claimed = await self._decide(generated, GenerationStatus.APPROVED)
        try:
            strategy = await self._strategies.save_text(generated.code, {})
            if called := checked_name(name):
                renamed = strategy.model_copy(update={"name": called})
                strategy = await self._strategies.update(renamed)
        except QuantError:
            await self._decide(claimed, GenerationStatus.CHECKED)
            raise
        await self._trials.carry_over(document.hash, strategy.id)
        linked = {"strategy_id": strategy.id}
        run = PreviewRun.from_document(generated.preview)
        if keep_backtest and run is not None:
            linked["backtest_id"] = await self._run(strategy, run)
        await self._generated.update(claimed.model_copy(update=linked))
        return strategy

    async def reject(self, generated_id: str) -> GeneratedStrategy:
        """Say that it is not wanted; it stays to be read.

        Raises
        ------
        NotFound, Conflict
            There is none, or it was decided already.
        """
        generated = await self._generated.get(generated_id)
        if generated.status not in (GenerationStatus.CHECKED, GenerationStatus.FAILED):
            raise Conflict(f"{generated.name} is {generated.status} already.")
        return await self._decide(generated, GenerationStatus.REJECTED)

    async def delete(self, generated_id: str) -> GeneratedStrategy:
        """Delete it and return it for :meth:`restore`; a strategy made of it stays."""
        generated = await self._generated.get(generated_id)
        await self._generated.delete(generated_id)
        return generated

    async def restore(self, generated: GeneratedStrategy) -> GeneratedStrategy:
        """Bring back a deleted one under its old id."""
        return await self._generated.create(generated)

    # -- inside

    async def _write(
        self,
        messages: builtins.list[Message],
        complete: Complete,
        run: PreviewRun,
        told: Told,
        rounds: int = ROUNDS,
    ) -> _Written:
        best = _Written(None, "", [], None)
        made: builtins.list[Document] = []
        for number in range(1, rounds + 1):
            told(f"asking the model, round {number} of {rounds}")
            try:
                answer = await complete(list(messages))
            except QuantError as error:
                if not made:
                    raise
                told(f"round {number} failed, what came before is kept: {error}")
                made.append({"answer": "", "findings": [_finding("model", 0, str(error), "")]})
                break
            extraction = extract(answer)
            document, findings = _checked(extraction.text, extraction.problem)
            preview = None
            if document is not None:
                told("trying it on stored bars")
                preview = await self._previews.run(document, run)
                findings = list(preview.findings)
                if extraction.has_python:
                    preview = preview.noted_python()
            made.append({"answer": answer[:KEPT_ANSWER], "findings": findings})
            text = extraction.text
            if document is not None or best.document is None:
                best = _Written(document, text, made, preview)
            if not findings:
                break
            messages += [
                {"role": "assistant", "content": answer[:KEPT_ANSWER]},
                {"role": "user", "content": repair([one["text"] for one in findings])},
            ]
        return best

    async def _run(self, strategy: Strategy, run: PreviewRun) -> str:
        """Start the preview as a backtest of the user's; an id, empty when it cannot be run."""
        request = BacktestRequest(
            symbols=run.symbols,
            strategy_id=strategy.id,
            start=run.start,
            end=run.end,
            benchmark=run.benchmark,
        )
        try:
            return (await self._backtests.start(request)).target
        except QuantError:
            return ""  # its bars are gone meanwhile; the strategy is there all the same

    async def _decide(
        self, generated: GeneratedStrategy, status: GenerationStatus
    ) -> GeneratedStrategy:
        return await self._generated.update(generated.model_copy(update={"status": status}))


def _require_open(generated: GeneratedStrategy) -> None:
    if generated.status is GenerationStatus.FAILED:
        raise InvalidInput(
            f"The rules of {generated.name} cannot be used.",
            field="generated",
            hint="Ask for it again.",
        )
    if generated.status is not GenerationStatus.CHECKED:
        raise Conflict(f"{generated.name} is {generated.status} already.")


def _checked(text: str, problem: str) -> tuple[StrategyDocument | None, list[Document]]:
    if not text:
        return None, [_finding("document", 0, problem, "write a YAML document")]
    try:
        return parse_document(text), []
    except StrategyError as error:
        return None, [
            _finding(one.place, one.column, one.message, one.suggestion) for one in error.findings
        ] or [_finding("document", 0, str(error), "")]


def _finding(place: str, column: int, message: str, suggestion: str) -> Document:
    at = f"{place}:{column}" if column else place
    text = f"{at}: {message}" + (f" ({suggestion})" if suggestion else "")
    return {
        "place": place,
        "column": column,
        "message": message,
        "suggestion": suggestion,
        "text": text,
    }
