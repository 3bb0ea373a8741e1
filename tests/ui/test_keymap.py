"""The person's own keys: used where they can be, named where they cannot."""

from __future__ import annotations

from pathlib import Path

from textual.binding import Binding

from quant_tui.ui import keymap
from tests.ui.frame_host import make_app


def test_every_binding_of_ours_has_an_id_and_a_tooltip() -> None:
    keymap.import_every_screen()
    lacking = [
        f"{one.__module__}.{one.__name__}: {binding.key}"
        for one in keymap.all_classes()
        if one.__module__.startswith("quant_tui.")
        for binding in one.__dict__.get("BINDINGS", ())
        if not isinstance(binding, Binding) or not binding.id or not binding.tooltip
    ]
    assert lacking == []


def test_good_keys_are_taken_and_mistakes_named() -> None:
    good, problems = keymap.read(
        {
            "table.mark": "m",
            "table.filter": "f,ctrl+t",
            "table.mrak": "x",
            "app.help": "",
            "jobs.cancel": "s p a c e",
        }
    )
    assert good == {"table.mark": "m", "table.filter": "f,ctrl+t"}
    assert any("table.mrak" in text and "Perhaps table.mark?" in text for text in problems)
    assert any("app.help" in text for text in problems)
    assert any("jobs.cancel" in text for text in problems)


def test_clashes_are_named_and_left_out() -> None:
    good, problems = keymap.read({"table.sort": "y", "app.redraw": "q"})
    assert good == {}
    assert any("table.sort" in text and "table.copy" in text for text in problems)
    assert any("app.redraw" in text and "app.quit" in text for text in problems)


def test_exchanging_two_keys_is_no_clash() -> None:
    wanted = {"table.sort": "y", "table.copy": "s"}
    assert keymap.read(wanted) == (wanted, [])


def test_no_clash_in_what_ships() -> None:
    _, problems = keymap.read({"app.redraw": "ctrl+l"})
    assert problems == []


async def test_a_key_of_ones_own_works_and_mistakes_are_toasted(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        '[keys]\n"go.jobs" = "ctrl+j"\n"no.such" = "z"\n"go.chat" = "2"\n'
    )
    app = make_app(tmp_path)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        for _ in range(500):
            if len(app._notifications) >= 2:
                break
            await pilot.pause(0.01)
        texts = [one.message for one in app._notifications]
        assert any("no.such" in text for text in texts)
        assert any("go.chat" in text and "go.watchlists" in text for text in texts)
        await pilot.press("ctrl+j")
        assert app.front == "jobs"
        await pilot.press("2")
        assert app.front == "watchlists"
