"""Keys pressed before that is there what they are for: held, and given on in order.

A person who knows the way types it faster than stores open and forms load. A key that
is for the workspace waits until the one before it has been answered in full: stores
open, rows loaded, form shown and focused. What works everywhere works at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from quant_tui.ui.quiet import STEP_SECONDS, is_quiet, until_quiet

if TYPE_CHECKING:
    from textual.events import Key

    from quant_tui.ui.app import QuantApp

MOST_HELD = 32
"""Keys that are held while something loads; later ones are dropped until it is there."""

LONGEST_ANSWER = 5.0
"""Seconds after which a key is given on although the one before it is still handled."""

IN_TURN = frozenset({"app.undo", "app.open_finished", "app.clear_toasts"})
"""Keys of the app that depend on what the keys before them do."""


class TypeAhead:
    """Holds keys back while what they are for is on its way.

    Parameters
    ----------
    app
        Asks :meth:`takes` about every key before it handles it.
    """

    def __init__(self, app: QuantApp) -> None:
        self._app = app
        self._held: deque[Key] = deque()
        self._full = False
        self._led = False
        """Whether a key given on may still change what the next one means."""
        self._given: Key | None = None
        self._giving: asyncio.Task[None] | None = None

    def takes(self, key: Key) -> bool:
        """Hold a key if it came too early; return whether it did."""
        if key is self._given:
            self._given = None
            return False
        loading = self._loading
        if loading and key.key == "escape":
            self.drop()
        elif loading and self._works_at_once(key.key):
            if self._leaves(key.key):
                self.drop()
        elif loading or self.pending or (self._led and not is_quiet(self._app, app_too=False)):
            self._hold(key, loading=loading)
            return True
        self._led = not self._stays(key)
        return False

    def drop(self) -> None:
        """Forget the keys that are held."""
        self._held.clear()
        self._full = False

    @property
    def pending(self) -> bool:
        """Whether keys are held, or one is on its way to what it is for."""
        return bool(self._held) or self._given is not None

    @property
    def _loading(self) -> bool:
        """Whether the workspace in front is fetching what the keys are for."""
        workspace = self._app.stack.current
        on_top = self._app.screen is self._app.default_screen
        return on_top and workspace is not None and workspace.keys_wait

    def _hold(self, key: Key, *, loading: bool) -> None:
        # a gap in the middle would make other words of what was typed
        self._full = bool(self._held) and (self._full or (loading and len(self._held) >= MOST_HELD))
        if not self._full:
            self._held.append(key)
        if self._giving is None or self._giving.done():
            self._giving = asyncio.create_task(self._give(), name="type-ahead")

    async def _give(self) -> None:
        """Give the held keys on, each when the one before it has been answered."""
        while self._held:
            await until_quiet(self._app, LONGEST_ANSWER)
            if self._loading or self._given is not None:
                await asyncio.sleep(STEP_SECONDS)
                continue
            if not self._held:
                return
            self._given = key = self._held.popleft()
            self._led = True
            self._app.post_message(key)

    def _works_at_once(self, key: str) -> bool:
        active = self._app.screen.active_bindings.get(key)
        return (
            active is not None
            and active.node is self._app
            and active.enabled
            and active.binding.id not in IN_TURN
        )

    def _leaves(self, key: str) -> bool:
        return self._app.screen.active_bindings[key].binding.action.startswith("go_to(")

    def _stays(self, key: Key) -> bool:
        """Whether a key only moves within, or types into, what has the focus."""
        focused = self._app.focused
        if focused is None:
            return False
        typed = hasattr(focused, "cursor_blink") and key.is_printable
        return typed or key.key in getattr(focused, "KEYS_THAT_STAY", ())
