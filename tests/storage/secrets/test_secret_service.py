"""The real Secret Service: gnome-keyring on a message bus of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

NEEDED = ("dbus-run-session", "gnome-keyring-daemon")
MISSING = [name for name in NEEDED if shutil.which(name) is None]

pytestmark = pytest.mark.skipif(
    bool(MISSING), reason=f"{' and '.join(MISSING)} not installed: no Secret Service to try"
)

WORK = """
import asyncio, json, sys
from pathlib import Path
from quant_tui.config.settings import load_settings
from quant_tui.services.secrets import open_secrets

async def main():
    secrets = open_secrets(load_settings(Path(sys.argv[1]), environment={}))
    found = {"place": await secrets.place()}
    found["kept in"] = await secrets.put("openai_api_key", "PLANTED-9f8e7d6c5b4a")
    again = open_secrets(load_settings(Path(sys.argv[1]), environment={}))
    found["read"] = await again.get("openai_api_key")
    found["other home"] = await open_secrets(
        load_settings(Path(sys.argv[1]) / "other", environment={})
    ).get("openai_api_key")
    found["shown"] = [one.last_four for one in await again.overview()]
    await again.remove("openai_api_key")
    found["after"] = await secrets.get("openai_api_key")
    print(json.dumps(found))

asyncio.run(main())
"""

UNLOCKED = 'printf "secret\\n" | gnome-keyring-daemon --unlock --components=secrets >/dev/null; '
LOCKED = "gnome-keyring-daemon --start --components=secrets >/dev/null; "


def in_session(home: Path, before: str, script: str) -> subprocess.CompletedProcess[str]:
    """Run a script of Python on a message bus of its own, with a keyring of its own."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHON_KEYRING_BACKEND", "DISPLAY", "WAYLAND_DISPLAY")
    }
    runtime = home / "runtime"
    runtime.mkdir(mode=0o700)
    (home / "script.py").write_text(script)
    command = f'{before} exec "{sys.executable}" "{home / "script.py"}" "{home / "quant-tui"}"'
    return subprocess.run(
        ["dbus-run-session", "--", "sh", "-c", command],
        env={**environment, "HOME": str(home), "XDG_RUNTIME_DIR": str(runtime),
             "XDG_DATA_HOME": str(home / "share"), "PYTHONPATH": str(Path.cwd())},
        capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip


def test_secrets_are_kept_in_the_secret_service(tmp_path: Path) -> None:
    done = in_session(tmp_path, UNLOCKED, WORK)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found == {
        "place": ["keyring", "SecretService Keyring"],
        "kept in": "keyring",
        "read": "PLANTED-9f8e7d6c5b4a",
        "other home": None,
        "shown": ["", "5b4a", ""],
        "after": None,
    }
    assert not (tmp_path / "quant-tui" / "data" / "secrets.sealed").exists()


def test_a_locked_secret_service_gives_way_to_the_file(tmp_path: Path) -> None:
    script = """
import asyncio, sys
from pathlib import Path
from quant_tui.storage.secrets.store import SecretStore

async def main():
    store = SecretStore(Path(sys.argv[1]) / "secrets.sealed", "quant-tui test", seconds=5)
    found = await store.detected()
    print(found.keyring is None, found.reason)

asyncio.run(main())
"""
    done = in_session(tmp_path, LOCKED, script)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("True "), done.stdout
    assert any(word in done.stdout for word in ("locked", "fails", "no keyring")), done.stdout
