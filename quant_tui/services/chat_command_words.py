"""The slash commands: what each is called, takes and does, and how a line is read."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from difflib import get_close_matches

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class CommandWord:
    """One command.

    Attributes
    ----------
    usage
        What follows its name.
    about
        What it does, in a line.
    example
        A whole line, which works on the data that the program brings.
    pairs
        Whether ``name=value`` after its first word is a setting; elsewhere it is a word.
    """

    name: str
    usage: str
    about: str
    example: str
    pairs: bool = False

    @property
    def text(self) -> str:
        """The command with what follows it."""
        return f"/{self.name} {self.usage}".strip()


COMMANDS: tuple[CommandWord, ...] = (
    CommandWord("help", "[COMMAND]", "Say what the commands do.", "/help backtest"),
    CommandWord(
        "backtest",
        "STRATEGY SYMBOLS [start=… end=… capital=… name=value…]",
        "Run a backtest of a strategy of yours, by name, or of a built-in type.",
        "/backtest SMA_CROSSOVER SPX start=2015-01-01 short_window=20",
        pairs=True,
    ),
    CommandWord(
        "optimise",
        "STRATEGY SYMBOLS [trials=… objective=… start=… end=… name=int:5:50 …]",
        "Search the parameters of a strategy.",
        "/optimise RSI_MEAN_REVERSION SPX trials=50",
        pairs=True,
    ),
    CommandWord(
        "generate",
        "WISH",
        "Have the language model write a strategy, checked and tried before you approve it.",
        "/generate RSI 전략 만들어줘",
    ),
    CommandWord(
        "explain",
        "[NAME]",
        "Explain a backtest, strategy, study or model by name or id, or what is chosen beside.",
        '/explain "Golden cross"',
    ),
    CommandWord("compare", "A B …", "Compare backtests by name or id.", "/compare first second"),
    CommandWord(
        "find",
        "WORDS",
        "Find strategies, backtests, studies, models and news by meaning, in any language.",
        "/find 이동평균 전략",
    ),
    CommandWord("data", "[SYMBOLS]", "List the symbols in the store, or quote some.", "/data SPX"),
    CommandWord("strategies", "[WORDS]", "List your strategies.", "/strategies rsi"),
    CommandWord("backtests", "[WORDS]", "List your backtests.", "/backtests"),
    CommandWord("studies", "[WORDS]", "List your optimisation studies.", "/studies"),
    CommandWord("models", "[WORDS]", "List your models.", "/models"),
    CommandWord("portfolio", "[NAME]", "Show a portfolio, or list them.", "/portfolio"),
    CommandWord("watchlists", "", "List your watchlists.", "/watchlists"),
    CommandWord("rules", "[WORDS]", "Look up the rule language.", "/rules moving average"),
)

NONE_YET = "There is nothing of yours yet to use it on: /backtest makes a first result."

_SPELLINGS = {"optimize": "optimise", "portfolios": "portfolio", "watchlist": "watchlists"}
_BY_NAME = {one.name: one for one in COMMANDS}
_PAIR = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A line as it was read.

    Attributes
    ----------
    words
        What stands alone, in order.
    pairs
        What was written as ``name=value``.
    rest
        All that follows the command's name, as it was written.
    """

    command: CommandWord
    words: tuple[str, ...]
    pairs: dict[str, str]
    rest: str


def is_command(text: str) -> bool:
    """Return whether a question is a command; one that begins with a path is none."""
    return bool(re.match(r"/\s*([A-Za-z가-힣?]|$)", text.strip()))


def read_line(text: str) -> CommandLine:
    """Read a command.

    Raises
    ------
    InvalidInput
        There is no such command, or a quotation mark is not closed.
    """
    head, *following = text.strip()[1:].split(maxsplit=1) or ["help"]
    rest = following[0] if following else ""
    command = command_named(head)
    try:
        parts = shlex.split(rest)
    except ValueError:
        if "=" in rest or '"' in rest:
            raise InvalidInput(
                "A quotation mark is not closed.", field="text", hint=f"As {command.example}"
            ) from None
        parts = rest.split()  # an apostrophe in words
    words: list[str] = []
    pairs: dict[str, str] = {}
    for part in parts:
        if command.pairs and words and (found := _PAIR.fullmatch(part)) is not None:
            pairs[found[1]] = found[2]
        else:
            words.append(part)
    return CommandLine(command, tuple(words), pairs, rest)


def check_line(text: str) -> None:
    """Check that a question which is a command can be read. Raises as :func:`read_line` does."""
    if is_command(text):
        read_line(text)


def command_named(name: str) -> CommandWord:
    """Return the command of a name, in any case.

    Raises
    ------
    InvalidInput
        There is none; the message says which was perhaps meant.
    """
    wanted = name.lower().removeprefix("/")
    wanted = _SPELLINGS.get(wanted, "help" if wanted == "?" else wanted)
    if wanted in _BY_NAME:
        return _BY_NAME[wanted]
    near = get_close_matches(wanted, _BY_NAME, n=2, cutoff=0.5)
    meant = " or ".join(f"/{one}" for one in near)
    raise InvalidInput(
        f"There is no command /{name}.",
        field="text",
        hint=f"Did you mean {meant}?" if meant else "/help lists them.",
    )


def symbols_of(text: str) -> list[str]:
    """Return symbols with commas between."""
    return [one for one in re.split(r"[,;\s]+", text) if one]


def value_of(text: str) -> Document | bool | float | int | str:
    """Return a parameter's value as it was meant: a number, true or false, or text."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def range_of(text: str) -> Document | None:
    """Return the values that a search may give, as ``int:5:50:5`` or ``cat:a|b``; else None."""
    kind, *parts = text.split(":")
    if kind == "cat" and len(parts) == 1:
        return {"kind": "cat", "choices": [value_of(one) for one in parts[0].split("|")]}
    if kind not in ("int", "float") or len(parts) not in (2, 3):
        return None
    numbers = [value_of(one) for one in parts]
    return {"kind": kind, **dict(zip(("low", "high", "step"), numbers, strict=False))}


def help_of(command: CommandWord, example: str) -> str:
    """Return what one command does as Markdown, with a line that works; "" for none yet."""
    return f"`{command.text}`\n\n{command.about}\n\n" + (f"As `{example}`" if example else NONE_YET)


def help_text() -> str:
    """Return what all commands do as Markdown."""
    lines = [f"- `{one.text}`: {one.about}" for one in COMMANDS]
    return (
        "These work with or without a language model, which only /generate asks:\n\n"
        + "\n".join(lines)
        + "\n\nNames with blanks go in quotation marks. What starts a job is shown first and waits "
        "for you."
    )
