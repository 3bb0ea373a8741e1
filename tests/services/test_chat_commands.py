"""Slash commands over real stores, without any language model."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import date

import pytest

from quant_tui.domain.errors import InvalidInput
from quant_tui.genai.client import ChatClient
from quant_tui.genai.endpoint import Completion, Piece, TextPiece, Usage
from quant_tui.services.backtest_request import BacktestRequest
from quant_tui.services.chat_command_words import (
    COMMANDS,
    is_command,
    range_of,
    read_line,
    symbols_of,
    value_of,
)
from quant_tui.services.chat_events import (
    AnswerEnded,
    AnswerFailed,
    AnswerText,
    ChatEvent,
    ProposalMade,
)
from quant_tui.services.chat_examples import example_of
from quant_tui.services.chat_selection import Selection
from quant_tui.services.composition import Services
from quant_tui.services.conversation import shown

RULES = """\
name: RSI 되돌림
params: {window: {int: [2, 50], default: 14}}
entry: "rsi(close, window) < 35"
exit: "rsi(close, window) > 55"
"""


async def test_commands_do_what_tools_do(
    stocked: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = stocked.chat
    key = (await chat.create()).session_id

    async def say(line: str, selection: Selection | None = None) -> str:
        said = ""
        async for event in chat.ask(key, line, selection=selection):
            if isinstance(event, AnswerText):
                said += event.delta
            elif isinstance(event, AnswerFailed):
                said += f"{event.cause} {event.hint}"
            elif isinstance(event, ProposalMade):
                waiting.append(event.proposal.id)
            elif isinstance(event, AnswerEnded):
                assert event.message.model == ""
        return said

    waiting: list[str] = []
    listed = await say("/help")
    assert all(one.text in listed for one in COMMANDS)
    assert "short_window=20" in await say("/help backtest")
    assert "There is nothing of yours yet" in await say("/help compare")
    assert "Did you mean /backtest" in await say("/bactest SPX")
    assert "needs a strategy and symbols" in await say("/backtest SMA_CROSSOVER")
    assert "Built-in types are SMA_CROSSOVER" in await say("/backtest NOPE SPX")
    assert "2010-01-04" in await say("/data SPX") or "SPX" in await say("/data")
    await say("/backtest sma-crossover SPX short_window=10 start=2017-01-01 name=quick")
    assert await stocked.backtests.list() == [], "it waits for its user"
    done = [one async for one in chat.decide(key, waiting.pop(), True)]
    told = "".join(one.delta for one in done if isinstance(one, AnswerText))
    (made,) = await stocked.backtests.list()
    assert made.name == "quick"
    assert "**Sharpe ratio**" in told
    assert "short\\_window = 10" in told
    assert shown(await chat.get(key))[-1].citations[0]["id"] == made.id
    await say("/backtest BUY_AND_HOLD SPX start=2017-01-01")
    left = [one async for one in chat.decide(key, waiting.pop(), False)]
    assert "Left as it was." in "".join(one.delta for one in left if isinstance(one, AnswerText))
    assert len(await stocked.backtests.list()) == 1
    assert "**quick**" in await say("/backtests")
    assert "**Max drawdown**" in await say("/explain QUICK")
    beside = Selection("backtest", made.id, "quick", "…")
    assert "**Max drawdown**" in await say("/explain", beside)
    assert "There is no backtest" in await say("/compare quick nowhere")
    monkeypatch.setattr("quant_tui.services.chat_commands.MOST_LISTED", 1)
    newer = await stocked.backtests.start(BacktestRequest(
        symbols=("SPX",), strategy_type="BUY_AND_HOLD", name="quick=y", start=date(2017, 1, 1),
    ))  # fmt: skip
    await newer.wait()
    assert "**Max drawdown**" in await say(f"/explain\n{made.id}"), "also when it is not the newest"
    assert "- 2: quick=y" in await say(f'/compare {made.id} "quick=y"')
    assert "moving average" in (await say("/rules exponential moving")).lower()
    monkeypatch.undo()
    several = await say(f"/compare qui {made.id}")
    assert several == (
        'Several fit \'qui\'. Write the backtest whole, in quotation marks: "quick=y" · "quick"'
    )
    example = (await say("/help compare")).rpartition("As `")[2].rstrip("`")
    assert example == '/compare "quick=y" "quick"'
    assert "- 2: quick" in await say(example)
    twins = [await stocked.strategies.create("Twin", "MACD") for _ in range(2)]
    for line in ("/explain Twin", "/backtest Twin SPX"):
        said = await say(line)
        assert "2 strategies are called 'Twin'. Write the id of one" in said
        assert twins[0].id in said
    assert "Several fit 'qui'" in await say("/explain qui")
    log = await stocked.toolbox.log()
    assert {"run_backtest", "show_backtest", "list_backtests"} <= {one.tool for one in log}


async def test_a_strategy_is_written_told_and_proposed(
    stocked: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["```python\nimport os\n```", f"```yaml\n{RULES}```", "No.", "No.", "No."])

    async def stream(*_: object) -> AsyncGenerator[Piece, None]:
        yield TextPiece(next(answers))
        yield Completion(usage=Usage(1_000, 500))

    monkeypatch.setattr(ChatClient, "stream", stream)
    chat = stocked.chat
    key = (await chat.create()).session_id

    async def say(line: str) -> list[ChatEvent]:
        return [event async for event in chat.ask(key, line)]

    (failed,) = [one for one in await say("/generate x") if isinstance(one, AnswerFailed)]
    assert "quant-tui chat endpoint" in failed.hint
    await stocked.chat_endpoints.keep(
        "default", {"base_url": "http://127.0.0.1:9/v1", "model": "tiny", "key": "none",
                    "price_input": "1", "price_output": "2"}
    )  # fmt: skip
    events = await say("/generate RSI 전략 만들어줘")
    told = [one.delta for one in events if isinstance(one, AnswerText)]
    assert told[:2] == ["- asking the model, round 1 of 3\n", "- asking the model, round 2 of 3\n"]
    assert "**Benchmark return**" in told[-2]
    (proposed,) = [one.proposal for one in events if isinstance(one, ProposalMade)]
    assert "+ name: RSI 되돌림" in proposed.change
    (made,) = await stocked.generation.list()
    assert (made.session_id, made.model_used, made.status) == (key, "tiny", "checked")
    message = shown(await chat.get(key))[-1]
    assert (message.tokens["input"], message.tokens["output"]) == (2_000, 1_000), "two rounds"
    assert message.cost == pytest.approx(0.004)
    assert message.citations[0] == {"kind": "generated", "id": made.id, "title": made.name}
    async for _ in chat.decide(key, proposed.id, True):
        pass
    assert [one.name for one in await stocked.strategies.list()] == ["RSI 되돌림"]
    events = await say("/generate x")
    assert "the answer holds no rule document" in "".join(
        one.delta for one in events if isinstance(one, AnswerText)
    )
    assert not [one for one in events if isinstance(one, ProposalMade)]


def test_lines_are_read_as_they_are_meant() -> None:
    line = read_line('/Optimize "My own" A,B trials=5 name="two words"')
    assert (line.command.name, line.words) == ("optimise", ("My own", "A,B"))
    assert line.pairs == {"trials": "5", "name": "two words"}
    odd = read_line("/backtest\nx=y SPX short=1")
    assert (odd.words, odd.pairs) == (("x=y", "SPX"), {"short": "1"})
    assert read_line("/compare a=b c").words == ("a=b", "c")
    assert read_line("/find what's new").words == ("what's", "new")
    assert symbols_of("A,B C") == ["A", "B", "C"]
    assert [value_of(one) for one in ("5", "0.5", "true", "close")] == [5, 0.5, True, "close"]
    assert range_of("int:5:50:5") == {"kind": "int", "low": 5, "high": 50, "step": 5}
    assert range_of("cat:a|2") == {"kind": "cat", "choices": ["a", 2]}
    assert range_of("2015-01-01") is None
    assert is_command(" /help")
    assert not is_command("/ 5 is what?")
    assert not is_command("1/2")
    with pytest.raises(InvalidInput, match="quotation mark"):
        read_line('/explain "open')


async def test_examples_name_symbols_and_not_companies() -> None:
    async def named(kind: str, count: int) -> list[tuple[str, str]]:
        return [("가온항공우주 Gaon Aerospace", "GAON.SYN")]

    examples = [
        await example_of(one, named) for one in COMMANDS if one.name in ("backtest", "data")
    ]
    assert len(examples) == 2
    assert all(" GAON.SYN" in one and "Aerospace" not in one for one in examples)
