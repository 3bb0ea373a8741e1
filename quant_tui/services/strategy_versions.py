"""The history of a strategy: what its rules were, what changed, and what each version gave."""

from __future__ import annotations

import builtins
import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from quant_tui.domain.base import Document
from quant_tui.domain.errors import Conflict, NotFound
from quant_tui.domain.trading import Strategy, StrategyVersion
from quant_tui.domain.vocabulary import RunStatus, VersionReason
from quant_tui.engine.rules import format_document, parse_document
from quant_tui.engine.templates import TEMPLATES
from quant_tui.services.backtest_report import BacktestSummary
from quant_tui.storage.mongo.repositories import UserRepositories

_NOT_RULES = ("name", "description", "strategy_type", "tags")
_BACKTESTS = 1000
"""Newest backtests of a strategy that are looked at for its versions."""


@dataclass(frozen=True, slots=True)
class VersionedStrategy:
    """What makes a version: two strategies that agree in all of it are the same version."""

    strategy_type: str
    parameters: Document
    document: Document
    source: str

    @classmethod
    def of(cls, one: Strategy | StrategyVersion) -> VersionedStrategy:
        """Return it of a strategy or of a version."""
        return cls(one.strategy_type, one.parameters, one.document, one.source)


class StrategyVersions:
    """Versions of one user's strategies.

    A version is kept for every saved change of rules or parameters. A strategy that was
    last saved without one, by an older program or because the program was killed in
    between, gets it the next time that it is looked at.
    """

    def __init__(self, repositories: UserRepositories) -> None:
        self._versions = repositories.strategy_versions
        self._backtests = repositories.backtests
        self._results = repositories.results
        self._user_id = repositories.user_id

    async def list(self, strategy: Strategy) -> builtins.list[StrategyVersion]:
        """Return every version of a strategy, the newest first; there is always one."""
        await self.record(strategy, VersionReason.EDITED)
        return await self._stored(strategy.id)

    async def get(self, strategy_id: str, number: int) -> StrategyVersion:
        """Return one version.

        Raises
        ------
        NotFound
            The strategy has no version of that number.
        """
        where = {"strategy_id": strategy_id, "number": number}
        found = await self._versions.find_one(where)
        if found is None:
            raise NotFound(f"The strategy has no version {number}.")
        return found

    async def record(
        self, strategy: Strategy, reason: VersionReason, note: str = ""
    ) -> StrategyVersion:
        """Keep the state of a strategy as its next version, unless the newest is the same."""
        while True:
            newest = await self._stored(strategy.id, limit=1)
            if newest and VersionedStrategy.of(newest[0]) == VersionedStrategy.of(strategy):
                return newest[0]
            first = not newest
            version = StrategyVersion(
                strategy_id=strategy.id,
                user_id=self._user_id,
                number=1 if first else newest[0].number + 1,
                reason=VersionReason.CREATED if first else reason,
                note=note,
                strategy_type=strategy.strategy_type,
                parameters=strategy.parameters,
                document=strategy.document,
                source=strategy.source,
                created_at=strategy.updated_at,
            )
            try:
                return await self._versions.create(version)
            except Conflict:
                continue  # another instance took the number at the same moment

    async def results(
        self, strategy_id: str, versions: builtins.list[StrategyVersion]
    ) -> dict[int, builtins.list[BacktestSummary]]:
        """Return the backtests that each version ran, the newest first, by its number.

        Runs of the same rules and parameters belong to the newest such version that was
        there when they were made.
        """
        found = await self._backtests.list(
            where={"strategy_id": strategy_id}, sort=[("created_at", -1)], limit=_BACKTESTS
        )
        completed = [one.id for one in found if one.status is RunStatus.COMPLETED]
        figures = await self._results.last_performances(completed)
        keys = {one.number: rules_key(plain_rules(one), one.parameters) for one in versions}
        given: dict[int, list[BacktestSummary]] = {}
        for backtest in found:
            ran = backtest.config.get("strategy") or {}
            key = rules_key(ran.get("document") or {}, ran.get("params") or {})
            same = [one for one in versions if keys[one.number] == key]
            before = [one for one in same if one.created_at <= backtest.created_at]
            if same:
                version = (before or same[-1:])[0]
                summary = BacktestSummary.of(backtest, figures.get(backtest.id))
                given.setdefault(version.number, []).append(summary)
        return given

    async def _stored(
        self, strategy_id: str, limit: int | None = None
    ) -> builtins.list[StrategyVersion]:
        return await self._versions.list(
            where={"strategy_id": strategy_id}, sort=[("number", -1)], limit=limit
        )


def plain_rules(one: Strategy | StrategyVersion) -> Document:
    """Return the rules as plain data: its own, or its template's; empty when that is gone."""
    if one.document:
        return one.document
    template = TEMPLATES.get(one.strategy_type)
    return {} if template is None else parse_document(template.document).to_document()


def rules_text(one: Strategy | StrategyVersion) -> str:
    """Return the rules as YAML, as their author typed them where that is known."""
    if one.source:
        return one.source
    plain = plain_rules(one)
    return format_document(json.dumps(plain)) if plain else ""


def difference(older: StrategyVersion, newer: StrategyVersion) -> list[str]:
    """Return what changed as lines of a unified diff; empty when nothing did.

    The values of the parameters stand after the rules.
    """
    return list(
        difflib.unified_diff(
            _lines(older), _lines(newer), f"version {older.number}", f"version {newer.number}",
            lineterm="", n=2,
        )
    )  # fmt: skip


def rules_key(document: Mapping[str, object], parameters: Mapping[str, object]) -> str:
    """Return what two states have in common that trade alike: rules and parameters."""
    rules = {key: value for key, value in document.items() if key not in _NOT_RULES}
    return json.dumps([rules, dict(parameters)], sort_keys=True, default=str)


def _lines(version: StrategyVersion) -> list[str]:
    values = [f"  {name}: {value}" for name, value in version.parameters.items()]
    return [*rules_text(version).splitlines(), *(["values:", *values] if values else [])]
