"""Splits and dividends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from quant_tui.storage.duck.database import DuckStore
from quant_tui.storage.duck.records import CorporateAction


class CorporateActionRepository:
    """Corporate actions by symbol and date, in the same file as the bars."""

    def __init__(self, store: DuckStore) -> None:
        self._store = store

    def upsert(self, actions: Iterable[CorporateAction]) -> int:
        """Store actions in one transaction, replacing those of the same symbol and date.

        Returns
        -------
        int
            Actions given.
        """
        now = datetime.now(UTC).replace(tzinfo=None)
        given = {(action.symbol, action.date): action for action in actions}
        if not given:
            return 0
        columns: list[list[object]] = [[], [], [], [], []]
        for action in given.values():
            row = (action.symbol, action.date, action.split_ratio, action.dividend, action.source)
            for column, value in zip(columns, row, strict=True):
                column.append(value)
        with self._store.write() as connection:
            connection.execute(
                """
                INSERT INTO corporate_actions
                SELECT unnest(?::VARCHAR[]), unnest(?::DATE[]), unnest(?::DOUBLE[]),
                       unnest(?::DOUBLE[]), unnest(?::VARCHAR[]), ?
                ON CONFLICT (symbol, date) DO UPDATE SET
                    split_ratio = excluded.split_ratio, dividend = excluded.dividend,
                    source = excluded.source
                """,
                [*columns, now],
            )
        return len(given)

    def list_actions(self, symbols: Sequence[str] | None = None) -> list[CorporateAction]:
        """Return the actions of some symbols, or of all, in order of symbol and date."""
        where = "" if symbols is None else "WHERE symbol IN (SELECT unnest(?::VARCHAR[]))"
        with self._store.read() as connection:
            rows = connection.execute(
                "SELECT symbol, date, split_ratio, dividend, source FROM corporate_actions "
                f"{where} ORDER BY symbol, date",
                [] if symbols is None else [list(symbols)],
            ).fetchall()
        return [CorporateAction(*row) for row in rows]
