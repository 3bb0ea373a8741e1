"""Freezes what would make a picture of the screen differ from run to run."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.idle import messages_handled


@pytest.fixture(autouse=True)
def _frozen_screen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No home of the developer's, no SSH, no colours switched off, no blinking cursor."""
    for name in ("NO_COLOR", "SSH_CONNECTION", "SSH_TTY", "QUANT_TUI_HOME", "TEXTUAL_THEME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.setenv("LOGNAME", "kim")
    for widget in ("Input", "TextArea"):
        monkeypatch.setattr(f"textual.widgets.{widget}.cursor_blink", False, raising=False)
    from textual.app import App

    made = App.__init__

    def still(self: App[object], *args: object, **kwargs: object) -> None:
        made(self, *args, **kwargs)  # type: ignore[arg-type]
        self.animation_level = "none"

    monkeypatch.setattr(App, "__init__", still)
    for place in ("app", "pilot"):
        monkeypatch.setattr(f"textual.{place}.wait_for_idle", messages_handled)


@pytest.fixture(autouse=True)
def _no_unexpected_errors(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> Iterator[None]:
    """Fail when an error was logged: on the screen it is only a toast, and easily missed."""
    yield
    if request.node.get_closest_marker("expects_errors"):
        return
    logged = [
        record.getMessage()
        for phase in ("setup", "call")
        for record in caplog.get_records(phase)
        if record.name.startswith("quant_tui") and record.levelno >= logging.ERROR
    ]
    assert not logged, logged


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "expects_errors: errors in the log are part of the test")
