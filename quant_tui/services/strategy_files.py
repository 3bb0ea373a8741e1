"""Strategies as files: rule documents that ``strategy check`` and version control understand."""

from __future__ import annotations

import re
from pathlib import Path

from quant_tui.domain.errors import InvalidInput

LARGEST_BYTES = 4_000_000
"""Size above which a file is no rule document: a wrong path, most likely."""


def suggested_file(name: str) -> str:
    """Return a file name for a strategy: its name without what shells trip over."""
    return (re.sub(r"[^\w.-]+", "-", name).strip("-.") or "strategy") + ".yaml"


def read_text(path: Path) -> str:
    """Read a strategy file.

    Raises
    ------
    InvalidInput
        When it cannot be read or is no text.
    """
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            # whoever opens a pipe waits for its writer
            raise InvalidInput(
                f"{path} is a pipe or a device, not a file.",
                field="file",
                hint="Save it to a file first.",
            )
        if path.is_file() and path.stat().st_size > LARGEST_BYTES:
            raise InvalidInput(f"{path} is too large for a strategy.", field="file")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{path} is not UTF-8 text (byte {error.start}).", field="file"
        ) from error
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.", field="file") from error
