"""Watchlists: from the first list to alerts, by keys."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow as pa
import pytest
from textual.screen import Screen

from quant_tui.domain.errors import StoreUnavailable
from quant_tui.domain.market_data import Company
from quant_tui.domain.watchlist import AlertEvent, RuleColumn
from quant_tui.services import watchlist_edits as edits
from quant_tui.services.arrivals import BarsArrived
from quant_tui.services.composition import Services
from quant_tui.services.watchlist_edits import details_of
from quant_tui.storage.duck.records import ImportBatch
from quant_tui.ui.modals.confirm import Confirm
from quant_tui.ui.screens.watchlists.add_symbols import AddSymbols
from quant_tui.ui.screens.watchlists.choose_columns import ChooseColumns
from quant_tui.ui.screens.watchlists.dialogs import FormDialog

SYMBOLS = ["SPX", "IXIC", "GAON.SYN", "NARU.SYN", "BYEOL.SYN"]


async def with_list(services: Services) -> None:
    """Make a list with a nested group, a note and tags."""
    made = await services.watchlists.create("Mine", SYMBOLS)
    await services.watchlists.change(made.id, edits.put_into_group(SYMBOLS[2:4], "한국/반도체"))
    await services.watchlists.change(
        made.id, edits.describe(["SPX"], note="the index", tags="core, 지수")
    )


def store(services: Services, symbol: str, closes: Sequence[float], first: date) -> None:
    """Store daily bars of one symbol."""
    days = [first + timedelta(days=at) for at in range(len(closes))]
    prices = list(closes)
    table = pa.table(
        {
            "symbol": [symbol] * len(closes),
            "date": pa.array(days, pa.date32()),
            "open": prices,
            "high": prices,
            "low": prices,
            "close": prices,
            "volume": [1000.0] * len(closes),
        }
    )
    services.stores.bars.upsert(table, ImportBatch("test"))


Before = Callable[[Services], Awaitable[None]]


def shown(driver: Any) -> list[str]:
    """Return the first cells of the rows as they are shown."""
    model = driver.front("watchlists").table.model
    return [str(model.row(line).values[0]).strip() for line in range(len(model))]


async def test_from_nothing_to_a_list_with_figures(open_app) -> None:
    """A first list is made, symbols are pasted, and their figures come in."""
    async with open_app((120, 36)) as driver:
        await driver.press("2")
        assert "No watchlists yet" in driver.text
        await driver.press("n")
        await driver.type("코스피")
        await driver.press("ctrl+s")
        await driver.until(lambda: "This list is empty" in driver.text)
        assert "코스피" in driver.text
        await driver.press("n")
        assert isinstance(driver.app.screen, AddSymbols)
        await driver.type("spx, IXIC gaon.syn")
        await driver.until(lambda: "enter adds 3 symbols" in driver.text)
        await driver.press("enter")
        await driver.until(lambda: "2,506.85" in driver.text)
        assert shown(driver) == ["SPX", "IXIC", "GAON.SYN"]
        assert "▲ +0.85%" in driver.text
        (kept,) = await driver.services.watchlists.list()
        assert kept.symbols == ["SPX", "IXIC", "GAON.SYN"]


async def test_unknown_symbols_are_named_with_near_ones(open_app) -> None:
    """Nothing is added by enter; ctrl+s adds them as they stand."""
    async with open_app((120, 36), before=with_list) as driver:
        await driver.press("2", "n")
        await driver.type("TARN.SYN, GAOON.SYN")
        await driver.until(lambda: "did you mean GAON.SYN" in driver.text)
        await driver.press("enter")
        assert isinstance(driver.app.screen, AddSymbols)
        await driver.press("ctrl+s")
        await driver.until(lambda: "GAOON.SYN" in shown(driver))
        assert "TARN.SYN" in shown(driver)
        driver.front("watchlists").table.move_to("GAOON.SYN")
        await driver.settle()
        assert "no daily bars of GAOON.SYN" in driver.text


async def test_companies_are_found_by_sector_and_several_marked(open_app) -> None:
    """What companies are is searched too; marked rows are added together."""

    async def before(services: Services) -> None:
        await services.companies.keep(
            [Company(symbol="005930", name="삼성전자", sector="철강"),
             Company(symbol="000660", name="SK하이닉스", sector="철강")]
        )  # fmt: skip
        await services.watchlists.create("L")

    async with open_app((120, 36), before=before) as driver:
        await driver.press("2", "n")
        await driver.type("철강")
        await driver.until(lambda: "삼성전자" in driver.text and "2 found" in driver.text)
        await driver.press("ctrl+t", "ctrl+t", "enter")
        await driver.until(lambda: len(shown(driver)) == 2)
        (kept,) = await driver.services.watchlists.list()
        assert set(kept.symbols) == {"005930", "000660"}


async def test_companies_that_cannot_be_searched_are_an_error_and_no_end(
    open_app, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> list[Company]:
        raise StoreUnavailable("The store is away.")

    async with open_app((120, 36), before=with_list) as driver:
        await driver.press("2", "n")
        monkeypatch.setattr(type(driver.services.watchlists), "search", away)
        await driver.type("철강")
        await driver.until(lambda: "The store is away." in driver.text)
        assert isinstance(driver.app.screen, AddSymbols)


async def test_groups_fold_and_the_filter_looks_into_them(open_app) -> None:
    """Enter on a heading folds; notes, tags and folded symbols are found by the filter."""
    async with open_app((120, 36), before=with_list) as driver:
        await driver.press("2")
        assert shown(driver) == [
            "SPX", "IXIC", "BYEOL.SYN", "▾ 한국 (2)", "▾ 반도체 (2)", "GAON.SYN", "NARU.SYN",
        ]  # fmt: skip
        await driver.press("j", "j", "j", "enter")
        await driver.until(lambda: "▸ 한국 (2)" in shown(driver))
        assert "GAON.SYN" not in shown(driver)
        await driver.press("slash")
        await driver.type("gaon")
        assert shown(driver) == ["▸ 한국 (2)", "▾ 반도체 (2)", "GAON.SYN"]
        await driver.press("escape", "slash")
        await driver.type("지수")
        assert shown(driver) == ["SPX"]


async def test_order_by_a_column_stays_within_groups(open_app) -> None:
    """The first s on the last price gives the highest first, in each group."""
    async with open_app((120, 36), before=with_list) as driver:
        await driver.press("2")
        await driver.until(lambda: "2,506.85" in driver.text)
        await driver.press("s", "s")
        assert shown(driver)[:2] == ["IXIC", "SPX"]
        assert shown(driver)[3:] == ["▾ 한국 (2)", "▾ 반도체 (2)", "GAON.SYN", "NARU.SYN"]
        await driver.press("S")
        assert shown(driver)[-2:] == ["NARU.SYN", "GAON.SYN"]


async def test_reorder_remove_and_undo(open_app) -> None:
    """J moves a symbol, d takes marked ones out after asking, u brings all of it back."""
    async with open_app((120, 36), before=with_list) as driver:
        await driver.press("2", "J")
        await driver.until(lambda: shown(driver)[:2] == ["IXIC", "SPX"])
        await driver.press("g", "space", "space", "d")
        assert isinstance(driver.app.screen, Confirm)
        await driver.press("y")
        await driver.until(lambda: shown(driver)[0] == "BYEOL.SYN")
        await driver.press("u")
        await driver.until(lambda: shown(driver)[:2] == ["IXIC", "SPX"])
        (kept,) = await driver.services.watchlists.list()
        assert details_of(kept).entry("SPX").note == "the index"


async def test_notes_tags_and_groups_are_edited(open_app) -> None:
    """The form of a symbol, the group of marked ones, the name of a group, and its removal."""
    async with open_app((120, 36), before=with_list) as driver:
        await driver.press("2", "e")
        assert isinstance(driver.app.screen, FormDialog)
        driver.app.screen.form.field("note").value = "지켜보기"
        await driver.press("ctrl+s")
        await driver.until(lambda: "지켜보기" in driver.text)
        await driver.press("space", "space", "m")
        await driver.type("Indices")
        await driver.press("ctrl+s")
        await driver.until(lambda: "▾ Indices (2)" in shown(driver))
        screen = driver.front("watchlists")
        screen.table.move_to("group: 한국/반도체")
        await driver.press("e")
        driver.app.screen.form.field("group").value = "한국//x"
        await driver.press("ctrl+s")
        assert "empty name" in driver.text
        driver.app.screen.form.field("group").value = "Chips"
        await driver.press("ctrl+s")
        await driver.until(lambda: "▾ Chips (2)" in shown(driver))
        screen.table.move_to("group: Chips")
        await driver.press("d", "y")
        await driver.until(lambda: "▾ Chips (2)" not in shown(driver))
        await driver.press("u")
        await driver.until(lambda: "▾ Chips (2)" in shown(driver))


async def test_columns_of_ones_own(open_app) -> None:
    """An expression is checked beside its field, then shown, ordered by, and kept."""
    async with open_app((200, 60), before=with_list) as driver:
        await driver.press("2", "v")
        assert isinstance(driver.app.screen, ChooseColumns)
        await driver.press("n")
        await driver.type("rsi(close, 14) <")
        assert "cannot be read here" in driver.text
        await driver.type(" 45")
        await driver.press("ctrl+s", "ctrl+s")
        await driver.until(lambda: "✓ yes" in driver.text and "· no" in driver.text)
        (kept,) = await driver.services.watchlists.list()
        rule = "rsi(close, 14) < 45"
        assert details_of(kept).rules == (RuleColumn(title=rule, rule=rule),)
        assert details_of(kept).columns[0] == f"rule:{rule}"


async def test_what_somebody_else_changed_is_kept(open_app) -> None:
    """A change here is made on the newest state, not over it."""
    async with open_app((120, 36), before=with_list) as driver:
        await driver.press("2")
        (kept,) = await driver.services.watchlists.list()
        await driver.services.watchlists.change(kept.id, edits.add(["TARN.SYN"]))
        await driver.press("J")
        await driver.until(lambda: "TARN.SYN" in shown(driver))
        assert shown(driver)[:2] == ["IXIC", "SPX"]


async def test_bars_that_arrive_change_the_figures(open_app) -> None:
    """Only what arrived is fetched anew, and the row says it."""
    async with open_app((120, 36), before=with_list) as driver:
        await driver.press("2")
        await driver.until(lambda: "2,506.85" in driver.text)
        store(driver.services, "SPX", [3333.0], date(2019, 1, 2))
        driver.services.arrivals.publish(BarsArrived(("SPX",), "1d"))
        await driver.until(lambda: "3,333.00" in driver.text)
        await driver.until(lambda: "session 2019-01-02, 4 earlier" in driver.text)


async def test_an_alert_is_made_tells_and_is_kept_in_the_log(open_app) -> None:
    """Its rule is checked; it tells when bars arrive; the log and o lead to the symbol."""
    async with open_app((120, 36), before=with_list) as driver:
        await driver.press("2", "a")
        await driver.until(lambda: "No alerts on this list" in driver.text)
        assert driver.front("watchlists").alerts_page.alerts.has_keys
        await driver.press("n")
        await driver.type("close")
        assert "must be a condition" in driver.app.screen.form.field("rule").error
        await driver.type(" > 3000")
        driver.app.screen.form.field("name").value = "high"
        await driver.press("ctrl+s")
        await driver.until(lambda: "Nothing told yet" in driver.text and "high" in driver.text)
        store(driver.services, "SPX", [3333.0], date(2019, 1, 2))
        driver.services.arrivals.publish(BarsArrived(("SPX",), "1d"))
        await driver.until(lambda: "SPX: high (2019-01-02)" in driver.text)
        log = driver.front("watchlists").alerts_page.log_table
        await driver.until(lambda: len(log.model) == 1)
        await driver.press("1", "o")
        await driver.until(lambda: driver.app.front == "watchlists")
        assert driver.front("watchlists").table.symbol == "SPX"
        await driver.press("a", "d", "y")
        await driver.until(lambda: "No alerts on this list" in driver.text)
        await driver.press("u")
        await driver.until(lambda: "No alerts on this list" not in driver.text)


async def test_the_log_shows_what_another_process_was_told(open_app) -> None:
    async with open_app(before=with_list) as driver:
        await driver.press("2", "a")
        await driver.until(lambda: "No alerts on this list" in driver.text)
        mine = driver.front("watchlists").current
        event = AlertEvent(
            user_id=driver.services.user.id, watchlist_id=mine.id, watchlist=mine.name,
            alert_id="elsewhere", name="told elsewhere", rule="close > 0", symbol="SPX",
            bar_date="2018-12-31", close=2506.85,
        )  # fmt: skip
        await driver.services.alerts._events.create(event)
        driver.services.arrivals.publish(BarsArrived(("SPX",), "1d"))
        await driver.until(lambda: "told elsewhere" in driver.text)


async def test_export_import_and_bad_rows(open_app, tmp_path: Path) -> None:
    """A list is written and read back; a bad file names its rows and changes nothing."""
    path = tmp_path / "mine.csv"
    async with open_app((120, 36), before=with_list) as driver:
        await driver.press("2", "x")
        driver.app.screen.form.field("path").value = str(path)
        await driver.press("ctrl+s")
        await driver.until(path.exists)
        await driver.press("x")
        driver.app.screen.form.field("path").value = str(path)
        await driver.press("ctrl+s")
        await driver.until(lambda: "Write over mine.csv?" in driver.text)
        await driver.press("n")
        path.write_text(path.read_text() + "NOBODY,,,\nSPX,,,\n")
        await driver.press("i")
        driver.app.screen.form.field("path").value = str(path)
        driver.app.screen.form.field("name").value = "Second"
        await driver.press("ctrl+s")
        await driver.until(lambda: "unknown symbol NOBODY" in driver.text)
        assert "Nothing was imported" in driver.text
        assert len(await driver.services.watchlists.list()) == 1


async def test_lists_are_made_renamed_deleted_and_put_back(open_app) -> None:
    """On the left the same keys are about lists."""
    async with open_app((120, 36), before=with_list) as driver:
        await driver.press("2", "escape", "e")
        driver.app.screen.form.field("name").value = "Renamed"
        await driver.press("ctrl+s")
        await driver.until(lambda: "Renamed" in driver.text)
        await driver.press("d", "y")
        await driver.until(lambda: "No watchlists yet" in driver.text)
        driver.app.go_to("watchlists", target="0" * 24)  # as a citation of it would
        await driver.until(lambda: "not there any more" in driver.text)
        await driver.press("u")
        await driver.until(lambda: "Renamed" in driver.text)
        assert len(shown(driver)) == 7


async def test_a_list_is_handed_to_a_backtest(open_app) -> None:
    """Marked symbols, or all of them, are in the form of a new run."""

    async def before(services: Services) -> None:
        await with_list(services)
        await services.strategies.create("Cross", "SMA_CROSSOVER", {})

    async with open_app((120, 36), before=before) as driver:
        await driver.press("2", "space", "space", "b")
        await driver.until(lambda: driver.app.front == "backtests")
        await driver.until(lambda: "New backtest" in driver.text)
        form = driver.front("backtests").form.form
        assert form.field("symbols").value.replace(" ", "") == "SPX,IXIC"


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_narrow_and_wide_lead_in_and_back(open_app, size: tuple[int, int]) -> None:
    """One page at a time on 80 columns, with the list in front at once."""
    async with open_app(size, before=with_list) as driver:
        await driver.press("2")
        await driver.until(lambda: "2,506.85" in driver.text)
        assert ("Lists" in driver.text) == (size[0] >= 100)
        await driver.press("escape")
        assert "Lists" in driver.text
        await driver.press("enter")
        await driver.until(lambda: "2,506.85" in driver.text)
        assert driver.front("watchlists").table.has_keys


async def test_a_key_says_of_another_symbol_and_lays_out_nothing(
    open_app, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_app((120, 36), before=with_list) as driver:
        await driver.press("2", "j", "k")
        laid_out: list[object] = []
        lay_out = Screen._refresh_layout
        monkeypatch.setattr(
            Screen,
            "_refresh_layout",
            lambda self, *given: laid_out.append(self) or lay_out(self, *given),
        )
        symbols = shown(driver)
        await driver.press("j")
        assert symbols[1] in driver.text.splitlines()[-4]
        assert not laid_out


async def test_ten_thousand_symbols_are_shown_and_scrolled_at_once(open_app) -> None:
    """Showing the list, a key, an order and a filter stay within what a person notices."""

    async def before(services: Services) -> None:
        await services.watchlists.create("Small", ["SPX"])
        await services.watchlists.create("Wide", [f"N{at:05d}" for at in range(10_000)])

    def cost(began: float) -> float:
        return time.thread_time() - began

    async with open_app((120, 36), before=before) as driver:
        await driver.press("2")
        screen = driver.front("watchlists")
        wide = next(one for one in screen.lists.values() if one.name == "Wide")
        small = next(one for one in screen.lists.values() if one.name == "Small")
        shows: list[float] = []
        for _ in range(3):  # the least: a collection of all the garbage may fall into one
            screen.show_list(small)
            began = time.thread_time()
            screen.show_list(wide)
            shows.append(cost(began))
        assert min(shows) < 0.3
        await driver.until(lambda: len(screen.figures.quotes) > 10_000)
        await driver.settle()
        keys: list[float] = []
        for key in ("j",) * 20 + ("pagedown",) * 5 + ("G", "g"):
            began = time.thread_time()
            await driver.pilot.press(key)
            keys.append(cost(began))
        assert median(keys) < 0.05
        assert len(screen.table.model) == 10_000
