"""Which keyring of the system may be used: found, and proven by keeping something in it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

REFUSED = {
    "keyring.backends.null": "it drops what it is given",
    "keyring.backends.fail": "it keeps nothing",
    "keyring.backends.chainer": "it may hand over to one that asks at the terminal",
    "keyrings.": "it keeps secrets in files of its own, or asks at the terminal",
}
"""Modules of keyrings that are not used, and why."""


@dataclass(frozen=True, slots=True)
class Detected:
    """The keyring to use, or why there is none."""

    keyring: KeyringBackend | None
    name: str
    reason: str = ""


def detect(service: str) -> Detected:
    """Find the system's keyring and try it; may block as long as its owner is asked.

    ``PYTHON_KEYRING_BACKEND`` and keyring's own configuration file choose one by name.

    Parameters
    ----------
    service
        Name under which secrets are kept.
    """
    from keyring import backend, core
    from keyring.errors import KeyringError

    try:
        chosen = core.load_env() or core.load_config()
        if chosen is None:
            usable = [
                one for one in backend.get_all_keyring() if not _refusal(one) and one.priority >= 1
            ]
            chosen = max(usable, key=backend.by_priority, default=None)
    except Exception as error:  # noqa: BLE001 -- whatever somebody's backend raises while it loads
        return Detected(None, "", f"the keyring cannot be loaded ({_brief(error)})")
    if chosen is None:
        return Detected(None, "", "this machine has no keyring")
    name = str(chosen.name)
    if why := _refusal(chosen):
        return Detected(None, name, f"the keyring {name} is refused: {why}")
    probe, value = f"probe:{secrets.token_hex(8)}", secrets.token_hex(8)
    try:
        chosen.set_password(service, probe, value)
        kept = chosen.get_password(service, probe)
        chosen.delete_password(service, probe)
    except KeyringError as error:
        return Detected(None, name, f"the keyring {name} is locked or fails ({_brief(error)})")
    except Exception as error:  # noqa: BLE001 -- backends raise whatever their library does
        return Detected(None, name, f"the keyring {name} fails ({_brief(error)})")
    if kept != value:
        return Detected(None, name, f"the keyring {name} does not give back what it is given")
    return Detected(chosen, name)


def _refusal(candidate: KeyringBackend) -> str:
    module = f"{type(candidate).__module__}."
    return next((why for prefix, why in REFUSED.items() if module.startswith(prefix)), "")


def _brief(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:120]}" if text else type(error).__name__
