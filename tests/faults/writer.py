"""A process that joins the private server of a home and writes, for tests that kill it.

python writer.py HOME COUNT NAME    prints "ready", each number as it is acknowledged, "done"
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from quant_tui.domain.user import User, Watchlist
from quant_tui.storage.mongo.migrations import migrate
from quant_tui.storage.mongo.repositories import Repositories
from quant_tui.storage.mongo.server import PrivateServer
from quant_tui.storage.mongo.store import MetadataStore


def say(text: object) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def main(home: Path, count: int, name: str) -> None:
    server = PrivateServer(home / "data", home / "run", home / "logs", linger=1.5)
    info = await asyncio.to_thread(server.acquire)
    store = await MetadataStore.open(info.uri)
    await migrate(store)
    repositories = Repositories(store)
    user = await repositories.users.create(User(email=f"{name}@example.org", username=name))
    mine = repositories.for_user(user.id)
    say("ready")
    for number in range(count):
        await mine.watchlists.create(Watchlist(name=f"{name} {number}", user_id=user.id))
        say(number)
    say("done")
    await store.close()
    await asyncio.to_thread(server.release)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
