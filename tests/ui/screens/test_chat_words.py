"""What is shown of a conversation, and the small languages of its fields."""

from __future__ import annotations

import pytest

from quant_tui.domain.errors import InvalidInput
from quant_tui.domain.genai import ChatMessage
from quant_tui.domain.vocabulary import MessageRole, RunStatus
from quant_tui.jobs.manager import Job
from quant_tui.services.chat_selection import of_symbols, selection
from quant_tui.ui.beside import LEAST_LEFT, columns_of
from quant_tui.ui.screens.chat.hints import Hint, common_start, fitting
from quant_tui.ui.screens.chat.prompt_lines import read_variables, write_variables
from quant_tui.ui.screens.chat.proposal import DOES, ProposalCard, difference
from quant_tui.ui.screens.chat.reading import Cited, Figure, Turn, marked, turn
from quant_tui.ui.screens.chat.started import standing
from quant_tui.ui.screens.chat.transcript import MOST_SHOWN, first_of

BACKTEST = Cited("backtest", "b 1", "Golden cross")


def figure(text: str, number: str, source: Cited | None = None) -> Figure:
    at = text.rindex(number)
    return Figure(at, at + len(number), source is not None, source)


def test_figures_lead_to_their_run_and_those_from_nowhere_are_marked() -> None:
    text = "Sharpe 0.84 한 번, not 7.5; `7.5` and [9](x) stay"
    found = [
        figure(text, "0.84", BACKTEST),
        Figure(text.index("7.5"), text.index("7.5") + 3, matched=False),
        figure(text, "7.5"),
        figure(text, "9"),
    ]
    assert marked(text, found) == (
        "Sharpe [0.84](quant:backtest/b%201) 한 번, not 7.5[?]; `7.5`[?] and [9](x)[?] stay"
    )
    two = "`7.5 and 9`"
    assert marked(two, [figure(two, "7.5"), figure(two, "9")]) == f"{two}[?]"


def test_an_unfinished_code_block_is_left_alone() -> None:
    text = "```yaml\nstop: 7.5"
    assert marked(text, [figure(text, "7.5")]) == text


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        ("backtest", ("backtests", "x")),
        ("model", ("models", "models:x")),
        ("feature", ("models", "features:x")),
        ("scenario", ("models", "scenarios:x")),
        ("generated", ("chat", "generated:x")),
        ("document", None),
    ],
)
def test_cited_objects_open_where_they_are_shown(kind: str, place: object) -> None:
    assert Cited(kind, "x", "X").place == place


def test_a_difference_says_with_signs_what_colours_say() -> None:
    lines = [one.plain for one in difference("+ fast: 10\n- fast: 20\n  slow: 50\n-8 is text")]
    assert lines == ["+ fast: 10", "- fast: 20", "  slow: 50", "- 8 is text"]


@pytest.mark.parametrize(
    ("permission", "does"),
    [("read", "reads only"), ("cost", "starts a job"), ("write", "changes what is stored")],
)
def test_a_card_says_what_approving_does(permission: str, does: str) -> None:
    kept = {"id": "1", "title": "List", "change": "", "permission": permission}
    call = {"name": "list", "state": "pending", "proposal": kept}
    card = turn(ChatMessage(role=MessageRole.ASSISTANT, tool_calls=[call])).calls[0].proposal
    assert card is not None
    assert DOES[card.does] == does


def test_a_card_says_how_what_it_started_stands() -> None:
    call = {"name": "run_study", "state": "started", "citations": [{"kind": "study", "id": "s1"}],
            "proposal": {"id": "p"}}  # fmt: skip
    message = ChatMessage(role=MessageRole.ASSISTANT, content="", tool_calls=[call])
    proposed = turn(message).calls[0].proposal
    assert proposed is not None
    card = ProposalCard(proposed)
    job: Job[object] = Job(1, "study", "Study", "s1", RunStatus.RUNNING, 0.45)
    said = [standing(job)]
    for status, error in (("completed", None), ("failed", InvalidInput("no bars")),
                          ("cancelled", None), ("pending", None)):  # fmt: skip
        job.status, job.error = RunStatus(status), error
        said.append(standing(job))
    assert said == ["45% done", "it has ended", "it failed: no bars", "it was cancelled",
                    "it waits for its turn"]  # fmt: skip
    assert card.proposed.started == Cited("study", "s1", "s1")


def test_of_a_long_conversation_only_the_end_is_laid_out_at_once() -> None:
    long = [Turn(str(at), "user", "x" * 8_000) for at in range(20)]
    assert first_of(long, 20) == 17
    assert first_of(long, 17) == 14
    assert first_of(long[:2], 2) == 0
    assert first_of([Turn("1", "user", "?"), Turn("2", "assistant", "y" * 300_000)], 2) == 0
    assert first_of([Turn(str(at), "user", "short") for at in range(100)], 100) == 100 - MOST_SHOWN


def test_commands_on_offer() -> None:
    known = [Hint("/compare A B", ""), Hint("/compute X", ""), Hint("/find WORDS", "")]
    assert [one.insert for one in fitting("/comp", known)] == ["/compare A B", "/compute X"]
    assert fitting("/find rsi", known) == known[2:]
    assert not fitting("find", known)
    assert common_start(["/compare", "/compute"]) == "/comp"


def test_variables_are_written_as_they_are_read() -> None:
    text = "period: integer 2 to 200 = 14\nside: choice long, short = long\nmore: text"
    read = read_variables(text, {"period": {"title": "기간"}})
    assert read["period"] == {
        "type": "integer", "title": "기간", "low": 2.0, "high": 200.0, "default": 14,
    }  # fmt: skip
    assert write_variables(read) == text
    assert read_variables("period:integer 2 to 200=14\nside: choice long,short =long", {}) == {
        "period": {"type": "integer", "low": 2.0, "high": 200.0, "default": 14},
        "side": {"type": "choice", "choices": ["long", "short"], "default": "long"},
    }
    with pytest.raises(InvalidInput, match="Line 2"):
        read_variables("a: text\nperiod 14", {})
    with pytest.raises(InvalidInput, match="Line 1"):
        read_variables("a: integer 2 to many", {})


@pytest.mark.parametrize(
    "about",
    [
        {"type": "integer", "low": 2.0, "default": 20},
        {"type": "number", "high": 12345678.0, "default": 1e7},
        {"type": "number", "low": -1e-7, "high": 1e300},
        {"type": "choice", "choices": ["a trader, young", "x=1"], "default": "x=1"},
        {"type": "choice", "choices": ["one, only"]},
        {"type": "text", "default": ""},
        {"type": "text", "default": ' two\nlines = "3"'},
        {"type": "text", "default": '"said"'},
    ],
)
def test_no_variable_is_lost_in_its_line(about: dict[str, object]) -> None:
    assert read_variables(write_variables({"a": about}), {}) == {"a": about}


@pytest.mark.parametrize("width", [80, 100, 115, 116, 120, 160, 200, 300])
def test_the_chat_beside_leaves_room_or_takes_all(width: int) -> None:
    taken = columns_of(width)
    assert taken == width or width - taken >= LEAST_LEFT
    assert (taken == width) == (width < 116)


def test_what_is_sent_is_short_and_says_what_was_cut() -> None:
    one = selection("strategy", "s1", "RSI", [("rules", "\n".join("abc" * 30)), ("none", None)])
    assert one.text.splitlines()[:3] == ["strategy: RSI", "id: s1", "rules:"]
    assert one.text.splitlines()[-1].endswith("more lines")
    assert of_symbols(["A", "B"]).title == "2 symbols"
