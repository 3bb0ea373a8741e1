"""Examples of slash commands, made of what its user has: what is shown can be sent as it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from quant_tui.services.chat_command_words import CommandWord

SAMPLE = "SPX"
"""The symbol of the examples, where it has bars."""

Named = Callable[[str, int], Awaitable[Sequence[tuple[str, str]]]]
"""From a kind (``backtest``, ``strategy``, ``portfolio``, ``symbol``) and a number to names
and ids of the newest."""

LOOKED_AT = 100
"""Objects of which it is looked whether one has another's name."""


async def example_of(command: CommandWord, named: Named) -> str:
    """Return a whole line of a command, or "" where there is nothing yet to use it on."""
    match command.name:
        case "explain":
            found = await named("backtest", LOOKED_AT) or await named("strategy", LOOKED_AT)
            return f"/explain {_written(found, 1)}" if found else ""
        case "compare":
            found = await named("backtest", LOOKED_AT)
            return f"/compare {_written(found, 2)}" if len(found) > 1 else ""
        case "portfolio":
            return f"/portfolio {_written(await named('portfolio', LOOKED_AT), 1)}".strip()
        case "backtest" | "optimise" | "data":
            symbols = [key for _, key in await named("symbol", 100)]
            stored = SAMPLE if SAMPLE in symbols or not symbols else symbols[0]
            return command.example.replace(SAMPLE, stored)
    return command.example


def _written(found: Sequence[tuple[str, str]], count: int) -> str:
    """Write the first names in quotation marks, and ids where a name would not be enough."""
    names = [name for name, _ in found]
    plain = all(
        names.count(one) == 1 and one and not set(one) & set('"\\') for one in names[:count]
    )
    return " ".join(f'"{name}"' if plain else key for name, key in found[:count])
