"""The table: order, filter, marks, cursor, and what a key costs."""

from __future__ import annotations

import time

import pytest
from textual.app import App, ComposeResult

from quant_tui.domain.errors import StoreUnavailable
from quant_tui.ui import format as fmt
from quant_tui.ui import themes
from quant_tui.ui.widgets.message_panel import Notice
from quant_tui.ui.widgets.table import Column, Row, Table
from quant_tui.ui.widgets.table_grid import fit
from quant_tui.ui.widgets.table_model import TableModel

COLUMNS = (
    Column("Name", 12, grow=1),
    Column("Return", 10, "right", write=lambda v: fmt.change(v), role=fmt.direction,
           first="descending"),
)  # fmt: skip
ROWS = [
    Row("a", ("Alpha", 0.05)),
    Row("b", ("삼성전자", -0.02)),
    Row("c", ("gamma", None)),
    Row("d", ("beta", 0.10)),
]


class Host(App[None]):
    def __init__(self, rows: list[Row] | None = None) -> None:
        super().__init__()
        self.table = Table(COLUMNS, empty=Notice("Nothing yet", keys=(("n", "New"),)),
                           markable=True)  # fmt: skip
        self.rows = ROWS if rows is None else rows
        self.events: list[tuple[str, object]] = []
        self.copied = ""

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return themes.DEFAULTS

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.table.set_rows(self.rows)
        self.table.focus()

    def copy_to_clipboard(self, text: str) -> None:
        self.copied = text

    def on_table_row_opened(self, event: Table.RowOpened) -> None:
        self.events.append(("opened", event.key))

    def on_table_row_highlighted(self, event: Table.RowHighlighted) -> None:
        self.events.append(("at", event.key))

    def on_table_marks_changed(self, event: Table.MarksChanged) -> None:
        self.events.append(("marked", event.keys))

    def lines(self) -> list[str]:
        return [strip.text.rstrip() for strip in self.screen._compositor.render_strips()]


def order(model: TableModel) -> list[str]:
    return [model.row(line).key for line in range(len(model))]


class TestModel:
    def test_missing_values_go_last_whichever_way_round(self) -> None:
        model = TableModel(COLUMNS)
        model.replace(ROWS)
        model.sort_by(1)
        assert order(model) == ["d", "a", "b", "c"]
        model.flip_sort()
        assert order(model) == ["b", "a", "d", "c"]

    def test_cycling_goes_through_the_columns_and_back_to_the_given_order(self) -> None:
        model = TableModel(COLUMNS)
        model.replace(ROWS)
        seen = []
        for _ in range(3):
            model.cycle_sort()
            seen.append(order(model))
        assert seen == [["a", "d", "c", "b"], ["d", "a", "b", "c"], ["a", "b", "c", "d"]]

    def test_filter_wants_every_word_in_any_case_and_script(self) -> None:
        model = TableModel(COLUMNS)
        model.replace(ROWS)
        model.set_filter("ALPHA 5.00")
        assert order(model) == ["a"]
        model.set_filter("삼성")
        assert order(model) == ["b"]

    def test_values_that_do_not_compare_are_ordered_by_their_text(self) -> None:
        model = TableModel([Column("Any", 5)])
        model.replace([Row("1", ("x",)), Row("2", (3,)), Row("3", (("t",),))])
        model.sort_by(0)
        assert sorted(order(model)) == ["1", "2", "3"]

    def test_marks_of_rows_that_went_are_forgotten(self) -> None:
        model = TableModel(COLUMNS)
        model.replace(ROWS)
        model.marked = {"a", "b"}
        model.replace(ROWS[1:])
        assert model.marked == {"b"}


@pytest.mark.parametrize(
    ("text", "width", "wanted"),
    [
        ("12,345.678", 8, "12,345.7"),
        ("52,609,987,655.12", 15, " 52,609,987,655"),
        ("-45,270,000,000.00", 11, "    -45.27B"),
        ("▲ +8,516.07%", 10, " ▲ +8,516%"),
        ("1,287.1%", 6, "1,287%"),
        ("999,999.99", 9, "1,000,000"),
        ("0.00001234", 6, "0.000…"),
        ("2018-12-31", 8, "2018-12…"),
    ],
)
def test_a_figure_loses_digits_after_the_point_never_before_it(
    text: str, width: int, wanted: str
) -> None:
    assert fit(text, width, "right") == wanted


@pytest.mark.parametrize(
    ("text", "width", "align", "wanted"),
    [
        ("abc", 5, "left", "abc  "),
        ("1.5", 5, "right", "  1.5"),
        ("삼성전자", 8, "left", "삼성전자"),
        ("삼성전자", 6, "left", "삼성 …"),
        ("a\tb\nc", 5, "left", "a b c"),
        ("abcdef", 4, "right", "abc…"),
    ],
)
def test_cells_are_exactly_as_wide_as_asked(text: str, width: int, align: str, wanted: str) -> None:
    assert fit(text, width, align) == wanted


async def test_wide_letters_line_up_with_the_others() -> None:
    app = Host()
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        from rich.cells import cell_len

        rows = app.lines()[1:5]
        ends = {cell_len(line) for line in rows if "%" in line}
        assert len(ends) == 1


async def test_keys_move_open_mark_and_copy() -> None:
    app = Host()
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.press("j", "j", "k", "enter", "space", "G", "g")
        await pilot.pause()
        assert ("opened", "b") in app.events
        assert app.table.marked == {"b"}
        assert app.table.cursor_key == "a"
        await pilot.press("y")
        assert app.copied == "Alpha\t▲ +5.00%"
        await pilot.press("l", "l", "y")
        assert app.copied == "▲ +5.00%"


async def test_cursor_stays_on_its_row_through_order_and_refresh() -> None:
    app = Host()
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.press("j")
        await pilot.press("s")
        assert app.table.cursor_key == "b"
        app.table.set_rows([Row("new", ("aaa", 1.0)), *ROWS])
        await pilot.pause()
        assert app.table.cursor_key == "b"
        app.table.set_rows(ROWS[:1])
        await pilot.pause()
        assert app.table.cursor_key == "a"


async def test_filter_line_filters_keeps_and_clears() -> None:
    app = Host()
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.press("slash", "b", "e", "t")
        await pilot.pause()
        assert [row for row in app.lines() if "beta" in row]
        assert not [row for row in app.lines() if "Alpha" in row]
        await pilot.press("enter")
        assert app.table.has_keys
        await pilot.press("escape")
        await pilot.pause()
        assert [row for row in app.lines() if "Alpha" in row]


async def test_last_column_is_whole_beside_a_scrollbar() -> None:
    app = Host([Row(str(line), (f"name {line}", line / 100)) for line in range(50)])
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        lines = app.lines()
        assert lines[0].rstrip("▁▂▃▄▅▆▇█ ").endswith("Return")
        assert lines[2].rstrip("▁▂▃▄▅▆▇█ ").endswith("▲ +1.00%")


async def test_footer_says_how_to_leave_the_filter_line() -> None:
    app = Host()
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.press("slash", "b")
        await pilot.pause()
        offered = {
            active.binding.id
            for active in app.screen.active_bindings.values()
            if active.enabled and active.binding.show
        }
        assert {"filter.keep", "filter.clear"} <= offered
        assert "table.filter" not in offered
        await pilot.press("slash")
        assert app.table.model.filter_text == "b/"
        await pilot.press("backspace", "down")
        assert app.table.has_keys
        assert app.table.model.filter_text == "b"


async def test_rows_that_lead_nowhere_offer_no_opening() -> None:
    app = Host()
    app.table = Table(COLUMNS, openable=False)
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.press("enter")
        await pilot.double_click(app.table.grid, offset=(5, 1))
        await pilot.pause()
        assert not [event for event in app.events if event[0] == "opened"]
        assert "enter" not in {
            key for key, active in app.screen.active_bindings.items() if active.enabled
        }


async def test_filter_without_a_hit_says_so_and_keeps_the_typing() -> None:
    app = Host()
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press("slash", "z", "z")
        await pilot.pause()
        assert any("Nothing matches" in line for line in app.lines())
        await pilot.press("backspace", "backspace", "a")
        await pilot.pause()
        assert any("Alpha" in line for line in app.lines())


async def test_letters_typed_into_the_filter_are_not_keys() -> None:
    app = Host()
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press("slash", "s", "g", "space", "y", "q", "j")
        await pilot.pause()
        assert app.table.model.filter_text == "sg yqj"
        assert app.table.model.sort_column is None
        assert app.copied == ""


async def test_empty_loading_and_error_states_keep_the_focus_and_retry() -> None:
    app = Host(rows=[])
    tries: list[int] = []
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        assert any("Nothing yet" in line for line in app.lines())
        app.table.show_loading()
        await pilot.pause()
        assert any("Loading" in line for line in app.lines())
        error = StoreUnavailable("mongod is gone.", hint="Start it again.")
        app.table.show_error(error, retry=lambda: tries.append(1))
        await pilot.pause()
        text = "\n".join(app.lines())
        assert "mongod is gone." in text
        assert text.count("Start it again.") == 1
        await pilot.press("enter")
        assert tries == [1]
        app.table.set_rows(ROWS)
        await pilot.pause()
        await pilot.press("j")
        assert app.table.cursor_key == "b"


async def test_changed_row_is_announced_only_under_the_cursor() -> None:
    app = Host()
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.pause()
        app.events.clear()
        app.table.put_row("d", ("beta", 0.2))
        await pilot.pause()
        assert app.events == []
        app.table.put_row("a", ("Alpha", 0.2))
        await pilot.pause()
        assert app.events == [("at", "a")]
        assert any("+20.00%" in line for line in app.lines())


async def test_click_on_a_heading_orders_and_on_a_row_moves() -> None:
    app = Host()
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.pause()
        await pilot.click("TableGrid", offset=(55, 0))
        await pilot.pause()
        assert order(app.table.model) == ["d", "a", "b", "c"]
        await pilot.click("TableGrid", offset=(5, 2))
        await pilot.pause()
        assert app.table.cursor_key == "a"


async def test_ten_thousand_rows_open_at_once_and_a_key_repaints_two_lines() -> None:
    rows = [Row(str(i), (f"row {i}", i / 1000)) for i in range(10_000)]
    app = Host(rows=[])
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        started = time.thread_time()  # what it computes, whatever else the machine does
        app.table.set_rows(rows)
        await pilot.pause()
        assert time.thread_time() - started < 1.0
        drawn: list[int] = []
        draw = app.table.grid.render_line
        app.table.grid.render_line = lambda y: drawn.append(y) or draw(y)  # type: ignore[method-assign,func-returns-value]
        await pilot.press("down")
        await pilot.pause()
        assert set(drawn) <= {1, 2}
        for key in ("G", "g", "pagedown"):
            await pilot.press(key)
        assert app.table.cursor_key == "34"
