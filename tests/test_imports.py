"""What may be imported by whom, proven in a process of its own."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("pandas", "chromadb", "openai", "optuna", "lightgbm", "numba")


def loaded_after(statement: str) -> set[str]:
    """Return the top-level modules that a statement leaves loaded."""
    code = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_services_know_no_user_interface() -> None:
    loaded = loaded_after("import quant_tui.services.composition")
    assert not loaded & {"textual", "rich", "typer", "click"}
    assert not loaded & set(HEAVY)


def test_the_way_to_the_app_loads_nothing_heavy() -> None:
    loaded = loaded_after("import quant_tui.cli.main, quant_tui.cli.launch, quant_tui.ui.app")
    assert not loaded & {*HEAVY, "numpy", "pyarrow", "duckdb", "pymongo", "pydantic", "typer"}


def test_the_engine_needs_no_store_and_no_screen() -> None:
    loaded = loaded_after("import quant_tui.engine")
    assert not loaded & {*HEAVY, "pymongo", "duckdb", "pyarrow", "pydantic", "textual", "rich"}
