"""Whether every byte counts: over SSH, or when the settings say so."""

from __future__ import annotations

import os
from collections.abc import Mapping

SLOW_FPS = 15
"""Most repaints a second on a slow line."""


def is_slow(setting: str, environment: Mapping[str, str] | None = None) -> bool:
    """Return whether to save bytes.

    Parameters
    ----------
    setting
        ``on``, ``off`` or ``auto``: over SSH.
    environment
        Stands in for the process's environment in tests.
    """
    if setting in ("on", "off"):
        return setting == "on"
    environment = os.environ if environment is None else environment
    return bool(environment.get("SSH_CONNECTION") or environment.get("SSH_TTY"))


def prepare(slow: bool, max_fps: int) -> None:
    """Cap repaints and still the animations; before the first import of Textual.

    Textual reads these from the environment once. What a person has set there stays.
    """
    os.environ.setdefault("TEXTUAL_FPS", str(min(max_fps, SLOW_FPS) if slow else max_fps))
    if slow:
        os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
        os.environ.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")
