"""A text in the user's own editor."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from quant_tui.domain.errors import InvalidInput


def edit_outside(text: str, folder: Path) -> str:
    """Return a text as ``$VISUAL`` or ``$EDITOR`` left it; the terminal must be free.

    Parameters
    ----------
    folder
        A private folder for the file, which is removed afterwards.

    Raises
    ------
    InvalidInput
        The editor cannot be started, failed, or left a file that is no text.
    """
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(suffix=".yaml", prefix="edit-", dir=folder)
    path = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        done = subprocess.run([*shlex.split(command), name], check=False)  # noqa: S603 -- the user's own choice of program
        if done.returncode:
            raise InvalidInput(
                f"{command} ended with code {done.returncode}; the text is as it was.",
                field="EDITOR",
            )
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise InvalidInput(
            f"The editor {command!r} cannot be used: {error}",
            field="EDITOR",
            hint="Set EDITOR to a program that edits files, such as nano or vim.",
        ) from error
    finally:
        path.unlink(missing_ok=True)
