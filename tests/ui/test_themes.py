"""Theme files: complete, read the same by both readers, mistakes named with their line."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from textual.color import Color

from quant_tui.config.locations import locate, packaged
from quant_tui.domain.errors import InvalidInput
from quant_tui.ui.themes import DEFAULTS, ThemeStore, _careful, _quick
from tests.ui.frame_host import make_app

PACKAGED = sorted(packaged("themes").glob("*.yaml"))
WANTED = {"terminal-night", "paper-light", "amber", "blue-orange", "terminal-16"}


def contrast(front: Color, back: Color) -> float:
    """WCAG 2.1 contrast ratio, 1 to 21."""

    def luminance(colour: Color) -> float:
        parts = (c / 255 for c in (colour.r, colour.g, colour.b))
        red, green, blue = (
            p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    bright, dim = sorted((luminance(front), luminance(back)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def test_the_promised_themes_are_there() -> None:
    assert {path.stem for path in PACKAGED} >= WANTED


@pytest.mark.parametrize("path", PACKAGED, ids=lambda path: path.stem)
def test_both_readers_agree_and_every_colour_of_ours_is_given(path: Path) -> None:
    quick = _quick(path)
    assert quick is not None
    assert quick == _careful(path)
    assert {name for name in DEFAULTS if not name.startswith("ansi-")} <= set(quick["variables"])


@pytest.mark.parametrize("path", PACKAGED, ids=lambda path: path.stem)
def test_letters_can_be_read_on_every_ground(path: Path, tmp_path: Path) -> None:
    theme = ThemeStore(locate(tmp_path)).read(path)
    if theme.ansi:
        pytest.skip("the terminal chooses these colours")
    colours = {**theme.to_color_system().generate(), **theme.variables}
    pairs = [
        ("foreground", "background", 7.0),
        ("text-muted", "background", 4.5),
        ("text-muted", "panel", 4.0),
        ("up", "background", 4.5),
        ("down", "background", 4.5),
        ("text-error", "background", 4.5),
        ("text-warning", "background", 4.5),
        ("nav-active-foreground", "nav-active-background", 4.5),
        ("badge-foreground", "badge-background", 4.5),
        ("block-cursor-foreground", "block-cursor-background", 4.5),
        ("block-cursor-blurred-foreground", "block-cursor-blurred-background", 4.5),
        ("footer-key-foreground", "panel", 4.5),
    ]
    for front, back, least in pairs:
        found = contrast(Color.parse(colours[front]), Color.parse(colours[back]))
        assert found >= least, f"{front} on {back}: {found:.1f}"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('primary: "#12345g"\n', 1, "primary is not a colour"),
        ('primary: "#123456"\nbackgruond: "#000000"\n', 2, "Perhaps background?"),
        ('primary: "#123456"\nvariables:\n  upp: "#00ff00"\n', 3, "Perhaps up?"),
        ('primary: "#123456"\nvariables:\n  up: "nope"\n', 3, "up is not a colour"),
        ('primary: "#123456"\ndark: maybe\n', 2, "dark is true or false"),
        ('primary: "#123456"\nvariables: 3\n', 2, "variables is a mapping"),
        ("primary: [1, 2\n", 2, "expected"),
        ("- a\n", 1, "a theme is a mapping"),
        ('dark: true\n', 1, "primary is missing"),
        ('primary: "#123456"\nvariables:\n  block-cursor-text-style: loud\n', 3, "text style"),
    ],
)  # fmt: skip
def test_mistakes_are_named_with_file_and_line(
    tmp_path: Path, text: str, line: int, says: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    store = ThemeStore(locate(tmp_path))
    with pytest.raises(InvalidInput) as caught:
        store.read(path)
    for part in ("mine.yaml", f"line {line}", says):
        assert part in str(caught.value)
    with contextlib.suppress(InvalidInput):  # a name it does not know is told after the start
        store.read_quickly(path).to_color_system().generate()


def test_a_theme_with_more_of_yaml_than_usual_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("{primary: '#123456', variables: {up: '#00ff00'}}")
    assert ThemeStore(locate(tmp_path)).read_quickly(path).variables["up"] == "#00ff00"


async def test_a_wrong_file_is_told_and_skipped_and_a_good_one_offered(tmp_path: Path) -> None:
    own = tmp_path / "themes"
    own.mkdir()
    (own / "broken.yaml").write_text('primary: "#12"\nvariables:\n  up: "no"\n')
    (own / "mine.yaml").write_text('primary: "#123456"\n')
    app = make_app(tmp_path)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        for _ in range(500):
            if "mine" in app.available_themes and app._notifications:
                break
            await pilot.pause(0.01)
        messages = [one.message for one in app._notifications]
        assert any("broken.yaml, line 1" in message for message in messages)
        assert "broken" not in app.available_themes
        app.theme = "mine"
        await pilot.pause()


async def test_a_chosen_theme_that_is_wrong_or_missing_gives_way_to_the_default(
    tmp_path: Path,
) -> None:
    (tmp_path / "config.toml").write_text('[ui]\ntheme = "nowhere"\n')
    app = make_app(tmp_path)
    assert app.theme == "terminal-night"
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        for _ in range(500):
            if app._notifications:
                break
            await pilot.pause(0.01)
        assert any("'nowhere'" in one.message for one in app._notifications)


async def test_no_color_takes_the_terminals_own_and_sends_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = make_app(tmp_path)
    assert app.theme == "terminal-16"
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        styles = [
            segment.style
            for strip in app.screen._compositor.render_strips()
            for segment in strip
            if segment.style is not None
        ]
        used = {
            colour.name
            for style in styles
            for colour in (style.color, style.bgcolor)
            if colour is not None
        }
        assert used <= {"default"}
        assert any(style.reverse for style in styles), "the place one is at must still show"
