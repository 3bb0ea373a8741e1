"""A process killed while a text is typed leaves the last text that it kept, whole."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

from quant_tui.services.drafts import NEW, Drafts

TYPIST = """
import asyncio, sys
from pathlib import Path
from quant_tui.services.drafts import NEW, Drafts

async def type_on():
    drafts = Drafts(Path(sys.argv[1]))
    number = 0
    while True:
        number += 1
        await drafts.keep(NEW, f"name: {number}\\n" + "# 추세 추종\\n" * 2000)
        print(number, flush=True)

asyncio.run(type_on())
"""


def test_a_killed_editor_loses_no_kept_draft(tmp_path: Path) -> None:
    folder = tmp_path / "drafts"
    for delay in (0.0, 0.005, 0.02):
        process = subprocess.Popen(
            [sys.executable, "-c", TYPIST, str(folder)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "1\n"
        time.sleep(delay)  # anywhere within the keeping of a later one
        process.kill()
        said = process.stdout.read().split()
        process.wait()
        process.stdout.close()
        last = int(said[-1]) if said else 1
        draft = asyncio.run(Drafts(folder).find(NEW))
        assert draft is not None
        first, _, rest = draft.text.partition("\n")
        assert first in (f"name: {last}", f"name: {last + 1}"), "kept, but not yet said"
        assert rest == "# 추세 추종\n" * 2000
    assert (folder / "new.json").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
