"""Settings: precedence, mistakes that never keep anybody out, remembering."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from quant_tui.config.locations import locate, packaged
from quant_tui.config.settings import load_settings, remember
from quant_tui.domain.errors import InvalidInput, StoreUnavailable


def write(home: Path, text: str) -> None:
    (home / "config.toml").write_text(text, encoding="utf-8")


def test_flags_win_over_environment_over_file(tmp_path: Path) -> None:
    write(tmp_path, '[ui]\ntheme = "file"\nmax_fps = 10\nslow_line = "on"\n')
    settings = load_settings(
        tmp_path,
        flags={"ui.theme": "flag"},
        environment={"QUANT_TUI_UI_THEME": "environment", "QUANT_TUI_UI_MAX_FPS": "20"},
    )
    assert (settings.ui.theme, settings.ui.max_fps, settings.ui.slow_line) == ("flag", 20, "on")
    assert settings.problems == ()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[ui", "config.toml"),
        ("[ui]\nmax_fps = 0\n", "ui.max_fps is between 1 and 120"),
        ('[ui]\nmax_fps = "many"\n', "ui.max_fps is a whole number"),
        ('[ui]\nslow_line = "perhaps"\n', "ui.slow_line is one of auto, on, off"),
        ("[duckdb]\norder_indexes = 3\n", "duckdb.order_indexes is true or false"),
        ("[ui]\ncolour = 1\n", "unknown setting ui.colour"),
        ("[colours]\nup = 1\n", "unknown section [colours]"),
        ("ui = 3\n", "[ui] must be a table"),
        ("[keys]\nhelp = 1\n", "keys.help must be text"),
    ],
)
def test_a_mistake_in_the_file_is_named_and_the_default_stands(
    tmp_path: Path, text: str, named: str
) -> None:
    write(tmp_path, text)
    settings = load_settings(tmp_path, environment={})
    assert any(named in problem for problem in settings.problems), settings.problems
    assert settings.ui == load_settings(tmp_path / "none", environment={}).ui


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe\x00")
    assert "config.toml" in load_settings(tmp_path, environment={}).problems[0]


@pytest.mark.parametrize("flag", [{"ui.colour": "x"}, {"ui.max_fps": "x"}, {"nothing": "x"}])
def test_a_wrong_flag_is_refused(tmp_path: Path, flag: dict[str, str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        load_settings(tmp_path, flags=flag, environment={})
    assert caught.value.field in flag


def test_remember_changes_one_line_and_keeps_the_rest(tmp_path: Path) -> None:
    write(tmp_path, '# mine\n[ui]\nmax_fps = 30  # smooth\n\n[keys]\nhelp = "f1"\n')
    settings = load_settings(tmp_path, environment={})
    remember(settings, "ui", "theme", 'a "quoted" 테마')
    remember(settings, "ui", "max_fps", 15)
    remember(settings, "duckdb", "order_indexes", value=False)
    again = load_settings(tmp_path, environment={})
    assert again.problems == ()
    assert again.ui.theme == 'a "quoted" 테마'
    assert again.ui.max_fps == 15
    assert again.duckdb.order_indexes is False
    assert again.keys == {"help": "f1"}
    text = (tmp_path / "config.toml").read_text(encoding="utf-8")
    assert text.startswith("# mine\n")
    assert (tmp_path / "config.toml").stat().st_mode & 0o077 == 0


def test_two_that_write_the_file_at_once_leave_it_whole(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, environment={})

    def write_often(theme: str) -> None:
        for _ in range(200):
            remember(settings, "ui", "theme", theme)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write_often, ["light", "a-theme-with-a-long-name"] * 2))
    found = load_settings(tmp_path, environment={})
    assert (found.problems, found.ui.theme in ("light", "a-theme-with-a-long-name")) == ((), True)
    assert [one.name for one in tmp_path.iterdir()] == ["config.toml"]
    assert stat.S_IMODE((tmp_path / "config.toml").stat().st_mode) == 0o600


def test_locations_are_private(tmp_path: Path) -> None:
    locations = locate(tmp_path / "home")
    locations.create()
    for folder in (locations.data, locations.config, locations.logs, locations.run):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_could_read_is_closed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    locate(home).create()
    assert home.stat().st_mode & 0o777 == 0o700


def test_packaged_folders_are_found_in_a_checkout() -> None:
    assert (packaged("sample_data") / "PROVENANCE.md").is_file()
    assert packaged("themes").is_dir()


def test_nothing_is_made_in_a_home_of_another_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr("os.getuid", lambda: owner + 1)
    with pytest.raises(StoreUnavailable, match="belongs to another user"):
        locate(tmp_path).create()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_all_users_share_is_not_closed_to_them(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    with pytest.raises(StoreUnavailable, match="shared by all users"):
        locate(shared).create()
    assert shared.stat().st_mode & 0o7777 == 0o1777
    assert list(shared.iterdir()) == []
