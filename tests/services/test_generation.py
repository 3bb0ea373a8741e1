"""Strategies that a model writes, with scripted answers, real stores and the real engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from quant_tui.domain.errors import Conflict, InvalidInput, LanguageModelError, StrategyError
from quant_tui.domain.vocabulary import GenerationStatus
from quant_tui.engine.rules import parse_document, reference
from quant_tui.genai.generation import Message, extract, instructions
from quant_tui.genai.tools import Proposal, ToolResult
from quant_tui.services.composition import Services
from quant_tui.services.generation_language import language
from quant_tui.services.generation_model import EndpointModel

RULES = """\
name: RSI 되돌림
description: RSI가 낮을 때 산다
params: {window: {int: [2, 50], default: 14}}
entry: "rsi(close, window) < 35"
exit: "rsi(close, window) > 55"
"""
MISSPELT = RULES.replace("rsi(close, window) < 35", "rsy(close, window) < 35")
SILENT = RULES.replace("< 35", "< 0 - 1")
PART = "params: {x: 1}\n"
PYTHON = "import os\nos.system('touch /tmp/owned')\nprint(1)\n"


class Script:
    """Answers in turn, and remembers what was asked."""

    def __init__(self, *answers: str) -> None:
        self._answers: Iterator[str] = iter(answers)
        self.asked: list[list[Message]] = []

    async def __call__(self, messages: list[Message]) -> str:
        self.asked.append(messages)
        return next(self._answers)


def fenced(text: str, name: str = "yaml") -> str:
    return f"Here it is.\n```{name}\n{text}```\nGood luck!"


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (fenced(RULES), "RSI 되돌림"),
        (fenced(RULES, ""), "RSI 되돌림"),
        (fenced('{"name": "J", "entry": "close > 1", "exit": "close < 1"}\n', "json"), "J"),
        (f"물론입니다!\n\n{RULES}\n이 전략은 매수만 합니다.", "RSI 되돌림"),
        ('Sure:\n{"name": "J", "entry": "close > 1", "exit": "close < 1"} Done.', "J"),
        (f"<think>```yaml\nentry: x\n```</think>{fenced(RULES)}", "RSI 되돌림"),
        (f"{fenced(PYTHON, 'python')}\nor\n{fenced(RULES)}", "RSI 되돌림"),
        (f"{fenced(PART)}\n{fenced(RULES)}", "RSI 되돌림"),
        (f"~~~yaml\r\n{RULES}", "RSI 되돌림"),
    ],
)
def test_the_rules_are_found_in_an_answer(answer: str, name: str) -> None:
    assert parse_document(extract(answer).text).name == name


def test_code_is_never_rules() -> None:
    for answer in (fenced(PYTHON, "python"), fenced(PYTHON, ""), fenced(PYTHON), PYTHON):
        found = extract(answer)
        assert (found.text, found.has_python) == ("", True)
        assert "never run" in found.problem
    assert "no rule document" in extract("I cannot help with that.").problem
    assert "no rule document" in extract("").problem
    with pytest.raises(StrategyError):
        parse_document("entry: __import__('os').system('x')\nexit: close > 1")


def test_the_model_is_told_the_language_as_it_is() -> None:
    told = instructions(language())
    for one in reference():
        assert one.name in told or one.group == "From outside the bars", one.name
    assert len(told) < 16_000
    for example in language().examples:
        parse_document(example)


async def test_from_a_request_to_a_strategy(stocked: Services) -> None:
    services, generation = stocked, stocked.generation
    script = Script(fenced(PYTHON, "python"), fenced(MISSPELT), fenced(RULES))
    made = await generation.generate(
        "RSI 전략 만들어줘", complete=script, model="tiny", symbols=("SPX",), session_id="s1"
    )
    assert (made.status, made.name, made.model_used) == ("checked", "RSI 되돌림", "tiny")
    assert [len(one["findings"]) for one in made.rounds] == [1, 1, 0]
    assert "never run" in script.asked[1][-1]["content"]
    assert "did you mean rsi" in script.asked[2][-1]["content"].lower()
    assert made.code == RULES
    assert made.parameters == {"window": 14}
    verdicts = {one["key"]: one["verdict"] for one in made.validation}
    assert verdicts["rules"] == verdicts["look_ahead"] == verdicts["trades"] == "good"
    assert {"warm_up", "benchmark"} <= set(verdicts)
    figures = made.preview["figures"]
    assert figures["total_trades"] > 0
    assert figures["benchmark_return"] is not None
    assert await services.strategies.list() == []
    assert await services.backtests.list() == []

    strategy = await generation.approve(made.id, name="Mine")
    kept = await generation.get(made.id)
    assert (strategy.name, strategy.parameters) == ("Mine", {"window": 14})
    assert (kept.status, kept.strategy_id) == ("approved", strategy.id)
    report = await services.jobs.jobs[0].wait()
    assert report is not None
    backtest = await services.backtests.show(kept.backtest_id)
    assert backtest.backtest.strategy_id == strategy.id
    assert backtest.result is not None
    assert backtest.result.performance["total_return"] == figures["total_return"]
    mine = services.stores.repositories.for_user(strategy.user_id)
    assert (await mine.trials.count_of(strategy.id)).trials == 1
    with pytest.raises(Conflict, match="approved already"):
        await generation.approve(made.id)
    with pytest.raises(Conflict, match="approved already"):
        await generation.reject(made.id)


async def test_without_a_model_it_is_said_how_to_have_one(services: Services) -> None:
    with pytest.raises(LanguageModelError, match="quant-tui chat endpoint"):
        EndpointModel(services.chat.endpoints, services.chat.endpoints.get())


async def test_what_cannot_be_used_is_kept_as_failed(stocked: Services) -> None:
    generation = stocked.generation
    given = await generation.generate("x", complete=Script("No.", "No!", ""), symbols=("SPX",))
    assert (given.status, len(given.rounds), given.code) == ("failed", 3, "")
    with pytest.raises(InvalidInput, match="cannot be used"):
        await generation.approve(given.id)
    with pytest.raises(InvalidInput, match="Say what"):
        await generation.generate("  ", complete=Script())
    with pytest.raises(InvalidInput, match="No bars for NOPE"):
        await generation.generate("x", complete=Script(), symbols=("NOPE",))

    async def gone(messages: list[Message]) -> str:
        if len(messages) > 2:
            raise LanguageModelError("The server is gone.")
        return fenced(MISSPELT)

    told: list[str] = []
    broken = await generation.generate("x", complete=gone, symbols=("SPX",), told=told.append)
    assert (broken.status, broken.code, len(broken.rounds)) == ("failed", MISSPELT, 2)
    assert "The server is gone." in broken.rounds[1]["findings"][0]["text"]
    assert "what came before is kept" in told[-1]
    await generation.delete(broken.id)

    silent = Script(fenced(SILENT), "Sorry.", fenced(MISSPELT))
    quiet = await generation.generate("x", complete=silent, symbols=("SPX",), benchmark="SPX")
    assert (quiet.status, quiet.code) == ("checked", SILENT)
    assert "never trades" in silent.asked[1][-1]["content"]
    assert {one["key"]: one["verdict"] for one in quiet.validation}["trades"] == "bad"
    assert (await generation.reject(quiet.id)).status is GenerationStatus.REJECTED
    with pytest.raises(Conflict, match="rejected already"):
        await generation.approve(quiet.id)
    assert [one.id for one in await generation.list(status=GenerationStatus.FAILED)] == [given.id]
    gone = await generation.delete(given.id)
    assert [one.id for one in await generation.list()] == [quiet.id]
    await generation.restore(gone)
    assert len(await generation.list("x")) == 2
    assert await stocked.strategies.list() == []


async def test_a_conversation_tries_a_strategy_and_then_proposes_it(stocked: Services) -> None:
    box = stocked.toolbox
    wrong = await box.call("try_strategy", {"text": MISSPELT})
    assert isinstance(wrong, ToolResult)
    assert "rsi" in wrong.error
    given = {"text": RULES, "request": "RSI 전략", "symbols": ["SPX"]}
    proposal = await box.call("try_strategy", given, session_id="s7")
    assert isinstance(proposal, Proposal)
    assert await stocked.generation.list() == []
    tried = await box.approve(proposal)
    assert tried.error == ""
    (made,) = await stocked.generation.list()
    assert (made.session_id, made.request, len(made.rounds)) == ("s7", "RSI 전략", 1)
    assert tried.data["preview"]["figures"]["total_trades"] > 0
    approval = await box.call("approve_generated", {"generated_id": made.id})
    assert isinstance(approval, Proposal)
    assert "+ name: RSI 되돌림" in approval.change
    assert "  Preview, Total return: " in approval.change
    assert "  Preview on SPX, " in approval.change
    twin = await stocked.strategies.save_text(RULES, {})
    twice = await box.call("approve_generated", {"generated_id": made.id})
    assert isinstance(twice, Proposal)
    assert "There is a strategy of this name already" in twice.change
    await stocked.strategies.delete(twin.id)
    assert (await box.approve(approval)).error == ""
    (strategy,) = await stocked.strategies.list()
    assert (await stocked.generation.get(made.id)).strategy_id == strategy.id
    again = await box.call("approve_generated", {"generated_id": made.id})
    assert isinstance(again, ToolResult)
    assert "approved already" in again.error
