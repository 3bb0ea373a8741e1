"""What people are told of the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from quant_tui.config.catalogue import SECTIONS, WORDS, overview
from quant_tui.config.settings import (
    checked,
    default_of,
    forget,
    load_settings,
    remember,
    setting_names,
    variable_of,
)
from quant_tui.domain.errors import InvalidInput


def test_every_setting_has_its_words() -> None:
    assert set(WORDS) == set(setting_names())
    assert {name.partition(".")[0] for name in setting_names()} == set(SECTIONS)


def test_where_each_value_comes_from(tmp_path: Path) -> None:
    remember(load_settings(tmp_path, environment={}), "ui", "max_fps", 30)
    found = load_settings(
        tmp_path,
        environment={"QUANT_TUI_UI_MAX_FPS": "20", "QUANT_TUI_JOBS_WORKERS": "3"},
        flags={"jobs.workers": "4"},
    )
    states = {one.name: one for one in overview(found)}
    assert (states["ui.max_fps"].value, states["ui.max_fps"].origin) == ("20", "environment")
    assert (states["jobs.workers"].value, states["jobs.workers"].origin) == ("4", "flag")
    assert (states["duckdb.threads"].value, states["duckdb.threads"].origin) == ("2", "default")
    assert states["duckdb.order_indexes"].choices == ("true", "false")
    assert states["jobs.workers"].variable == "QUANT_TUI_JOBS_WORKERS"
    assert variable_of("mongodb.uri") == "QUANT_TUI_MONGODB_URI"


def test_a_setting_is_taken_out_of_the_file_and_the_rest_stays(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("# mine\n[ui]\nmax_fps = 30\ntheme = 'x'\n\n[keys]\nother = 'k'\n")
    settings = load_settings(tmp_path, environment={})
    forget(settings, "ui", "max_fps")
    assert path.read_text() == "# mine\n[ui]\ntheme = 'x'\n\n[keys]\nother = 'k'\n"
    forget(settings, "jobs", "workers")  # which is not there
    assert path.read_text() == "# mine\n[ui]\ntheme = 'x'\n\n[keys]\nother = 'k'\n"
    assert load_settings(tmp_path, environment={}).ui.max_fps == default_of("ui.max_fps")


@pytest.mark.parametrize(
    ("name", "raw"), [("ui.max_fps", "0"), ("ui.slow_line", "maybe"), ("jobs.workers", "two")]
)
def test_what_cannot_be_used_is_named(name: str, raw: str) -> None:
    with pytest.raises(InvalidInput, match=name):
        checked(name, raw)
