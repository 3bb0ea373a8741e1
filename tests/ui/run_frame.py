"""Run the frame in a real terminal, over services held in memory, as the signal tests do."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from quant_tui.config.settings import load_settings
from quant_tui.ui.slow_line import is_slow, prepare

HEAVY = (
    "pandas", "numpy", "pydantic", "typer", "duckdb", "pymongo", "plotext", "chromadb",
    "openai", "optuna", "lightgbm", "numba", "yaml", "pyarrow",
)  # fmt: skip


def main() -> int:
    logging.getLogger("quant_tui").addHandler(logging.NullHandler())  # as the command line does
    home, mode = Path(sys.argv[1]), sys.argv[2]
    settings = load_settings(home)
    prepare(is_slow(settings.ui.slow_line), settings.ui.max_fps)
    from quant_tui.ui.app import QuantApp

    async def open_services() -> object:
        if mode == "modules":
            loaded = [name for name in HEAVY if name in sys.modules]
            (home / "modules").write_text(" ".join(loaded))
            await asyncio.sleep(3600)
        from tests.ui.frame_host import Opener, make_user

        services = await Opener(user=make_user())()

        async def work(_context: object) -> None:
            try:
                await asyncio.sleep(3600)
            finally:
                (home / "cancelled").touch()

        if mode == "job":
            services.jobs.start("backtest", "Golden cross", work)
        closing = services.close

        async def close() -> None:
            await closing()
            (home / "closed").touch()

        services.close = close
        if mode == "crash":
            app.query_one("#nav").render = lambda: 1 / 0
            app.query_one("#nav").refresh()
        return services

    app = QuantApp(settings, open_services)  # type: ignore[arg-type]
    app.run()
    return app.return_code or 0


sys.exit(main())
