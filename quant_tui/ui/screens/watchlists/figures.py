"""The figures of the lists: fetched what can be seen first, kept until bars arrive."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from quant_tui.domain.errors import Cancelled, QuantError

if TYPE_CHECKING:
    from quant_tui.jobs.manager import Job
    from quant_tui.services.composition import Services
    from quant_tui.services.quotes import Quote
    from quant_tui.services.rule_values import ByRule

AT_ONCE = 400
"""Symbols that are fetched, and rows that are changed, in one go."""

JOB_FROM = 100
"""Symbols from which evaluating columns of one's own is a job."""

Put = Callable[[Iterable[str]], None]
"""Told of the symbols whose figures are new."""


class Figures:
    """Quotes, company names and values of rules by symbol."""

    def __init__(self) -> None:
        self.quotes: dict[str, Quote] = {}
        self.names: dict[str, str] = {}
        self.values: dict[str, dict[str, float | bool | None]] = {}
        """By the text of a rule, then by symbol."""
        self.why: dict[str, str] = {}
        """Why a rule cannot be evaluated at all, by its text."""
        self._job: Job[ByRule] | None = None

    def own(self, symbol: str) -> dict[str, object]:
        """Return the values of rules of a symbol, by their text."""
        return {text: by[symbol] for text, by in self.values.items() if symbol in by}

    def forget(self, symbols: Iterable[str]) -> None:
        """Let go of figures that new bars have overtaken."""
        for symbol in symbols:
            self.quotes.pop(symbol, None)
            for by_symbol in self.values.values():
                by_symbol.pop(symbol, None)

    def forget_all(self) -> None:
        """Let go of everything."""
        for kept in (self.quotes, self.names, self.values, self.why):
            kept.clear()

    async def fetch(
        self, services: Services, symbols: Sequence[str], first: Sequence[str], put: Put
    ) -> None:
        """Fetch quotes that are not there yet, and names; ``first`` before the others."""
        wanted = set(symbols)
        near = [one for one in first if one in wanted and one not in self.quotes]
        await self._quotes(services, near, put)
        await self._names(services, near, put)
        missing = [one for one in symbols if one not in self.quotes]
        for at in range(0, len(missing), AT_ONCE):
            await self._quotes(services, missing[at : at + AT_ONCE], put)
        nameless = [one for one in symbols if one not in self.names]
        for at in range(0, len(nameless), AT_ONCE):
            await self._names(services, nameless[at : at + AT_ONCE], put)

    async def _quotes(self, services: Services, symbols: Sequence[str], put: Put) -> None:
        if symbols:
            for quote in await services.quotes.quotes(symbols):
                self.quotes[quote.symbol] = quote
            put(symbols)
            await asyncio.sleep(0)  # keys first

    async def _names(self, services: Services, symbols: Sequence[str], put: Put) -> None:
        wanted = [one for one in symbols if one not in self.names]
        if wanted:
            found = await services.companies.of_symbols(wanted)
            self.names |= {one: found[one].name if one in found else "" for one in wanted}
            put([one for one in wanted if one in found])

    async def evaluate(
        self, services: Services, title: str, texts: Sequence[str], symbols: Sequence[str], put: Put
    ) -> None:
        """Evaluate rules on symbols, where that was not done since their last bars."""
        from quant_tui.services.rule_values import check_rule

        rules = []
        for text in texts:
            try:
                rules.append((text, check_rule(text)))
            except QuantError as error:
                self.why[text] = str(error)
        wanted = [
            (text, rule)
            for text, rule in rules
            if any(one not in self.values.get(text, {}) for one in symbols)
        ]
        if not wanted:
            return

        def found(part: ByRule) -> None:
            for (text, _), by_symbol in zip(wanted, part, strict=True):
                kept = self.values.setdefault(text, {})
                kept |= {one: newest.last for one, newest in by_symbol.items()}
            put({one for by_symbol in part for one in by_symbol})

        checked = [rule for _, rule in wanted]
        if len(symbols) < JOB_FROM:
            found(await services.rule_values.evaluate(checked, symbols))
            return
        self.stop()
        self._job = services.rule_values.start(f"Columns of {title}", checked, symbols, found=found)
        try:
            await self._job.wait()
        except Cancelled:
            return
        finally:
            self.stop()

    def stop(self) -> None:
        """Cancel the job that evaluates rules, if one runs."""
        if self._job is not None and not self._job.status.is_final:
            self._job.cancel()
        self._job = None
