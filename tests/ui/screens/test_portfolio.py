"""Portfolios by keys: made, recorded, changed, undone, rebalanced, and out of a backtest."""

from __future__ import annotations

import asyncio
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from quant_tui.domain.base import Document
from quant_tui.engine.portfolio.rebalance import RebalanceRules
from quant_tui.services.backtest_request import BacktestRequest
from quant_tui.services.composition import Services
from quant_tui.services.portfolio_report import PortfolioReport
from quant_tui.services.portfolio_transactions import ImportFile
from quant_tui.ui.workers import has_ended

from .conftest import Driver, Open
from .test_pictures import Leaf, Look, leaf_through, look, nothing

__all__ = ["leaf_through", "look"]

NEXT = "right_square_bracket"
SIZES = pytest.mark.parametrize(
    "size", [(80, 24), (120, 36), (200, 60)], ids=["80x24", "120x36", "200x60"]
)
TRANSACTIONS = """\
date,type,symbol,quantity,price,commission,amount,note
2014-01-02,deposit,,,,,100000,
2014-01-03,buy,NARU.SYN,100,84.5,1,,첫 매수
2014-01-03,buy,GAON.SYN,200,170,1,,
2014-02-03,buy,ASHBY.SYN,300,40,1,,
2014-05-06,dividend,ASHBY.SYN,,,,111,
2015-06-01,buy,QUILL.SYN,150,125,1,,
2016-01-04,deposit,,,,,25000,
2016-03-01,buy,FABEL.SYN,100,1.5,1,,
2016-03-01,buy,SPX,10,1978,1,,
2017-01-10,sell,GAON.SYN,150,70,1,,
2018-03-01,withdrawal,,,,,10000,
"""


@pytest.fixture(autouse=True)
def _still_today(monkeypatch: pytest.MonkeyPatch) -> None:
    """Freeze the day that a form begins with."""
    today = date(2026, 3, 2)
    monkeypatch.setattr("quant_tui.services.portfolio_books.today", lambda: today)


async def make(services: Services, path: Path) -> str:
    """Make a portfolio over the sample bars, with targets; return its id."""
    await services.sample_data.load_bars()
    service = services.portfolios
    made = await service.create(service.blank("장기 투자 · income", benchmark="SPX"))
    await asyncio.to_thread(path.write_text, TRANSACTIONS)
    await service.transactions.start_import(made.id, ImportFile(path)).wait()
    rules = RebalanceRules(commission=0.001, cash_buffer=0.02)
    targets = {"SPX": 0.4, "NARU.SYN": 0.3, "ASHBY.SYN": 0.2}
    await service.set_targets(made.id, targets, rules)
    await service.create(service.blank("Empty one"))
    return made.id


async def figures(driver: Driver, portfolio_id: str) -> Document:
    return (await driver.services.portfolios.report(portfolio_id)).figures


async def only_id(driver: Driver) -> str:
    (one,) = await driver.services.portfolios.list()
    return one.id


async def test_from_an_empty_screen_to_a_position_and_its_symbol(open_app: Open) -> None:
    async with open_app() as driver:
        await driver.press("7")
        assert "No portfolios yet" in driver.text
        await driver.press("n")
        await driver.press("ctrl+s")  # a name is needed
        assert "needs a name" in driver.text
        await driver.type("Savings")
        await driver.press("ctrl+s")
        await driver.until(lambda: "Nothing was recorded yet" in driver.text)
        await driver.press("a")
        await driver.type("buy 10 SPX")
        await driver.press("ctrl+s")
        await driver.until(lambda: "is not a transaction" in driver.text)
        await driver.press("home", "ctrl+k")
        await driver.type("deposit 50000 2018-01-02")
        await driver.press("ctrl+s")
        await driver.until(lambda: "50,000.00 USD" in driver.text)
        await driver.until(lambda: "Nothing is held" in driver.text)
        assert "Nothing was recorded" not in driver.text
        await driver.press("n")
        await driver.press("tab", "home", "ctrl+k")
        await driver.type("2018-06-01")
        await driver.press("tab")
        await driver.type("spx")
        await driver.press("tab")
        await driver.type("10")
        await driver.press("tab")
        await driver.type("2730")
        await driver.press("ctrl+s")
        await driver.until(lambda: "▸ SPX" in driver.text)
        found = await figures(driver, await only_id(driver))
        assert found["cash"] == pytest.approx(50_000 - 27_300)
        await driver.press("u")
        await driver.until(lambda: "▸ SPX" not in driver.text)
        assert (await figures(driver, await only_id(driver)))["cash"] == 50_000
        await driver.press("a")
        await driver.type("buy 10 SPX @ 2730 2018-06-01")
        await driver.press("ctrl+s")
        await driver.until(lambda: "▸ SPX" in driver.text)
        await driver.press("enter")
        await driver.until(lambda: driver.app.front == "symbol")
        await driver.press("7", "escape")
        assert "Savings" in driver.text


async def test_transactions_are_changed_deleted_and_brought_back(
    open_app: Open, tmp_path: Path
) -> None:
    ids: list[str] = []

    async def before(services: Services) -> None:
        ids.append(await make(services, tmp_path / "t.csv"))

    async with open_app(before=before) as driver:
        await driver.press("7", "down", "enter")
        await driver.until(lambda: "▸ NARU.SYN" in driver.text)
        await driver.press(*[NEXT] * 4)
        await driver.until(lambda: "withdrawal" in driver.text)
        was = await figures(driver, ids[0])
        # deleting the purchase leaves its sale without shares: refused, nothing lost
        front = driver.front("portfolio")
        table = front.page.page("transactions").table
        purchase = next(
            row.key for row in table.model.rows if row.values[1:3] == ("buy", "GAON.SYN")
        )
        table.move_to(purchase)
        await driver.press("d", "enter")
        await driver.until(lambda: "only 0 are held" in driver.text)
        assert await figures(driver, ids[0]) == was
        table.move_to(table.model.rows[0].key)
        await driver.press("d", "enter")
        await driver.until(lambda: "1 transaction deleted" in driver.text)
        assert (await figures(driver, ids[0]))["withdrawals"] == 0
        await driver.press("u")
        await driver.until(lambda: "Undone" in driver.text)
        assert await figures(driver, ids[0]) == was
        await driver.press("g", "e")
        await driver.until(lambda: "Edit transaction" in driver.text)
        await driver.press(*["down"] * 6, "home", "ctrl+k")
        await driver.type("9000")
        await driver.press("ctrl+s")
        await driver.until(lambda: "Transaction changed" in driver.text)
        assert (await figures(driver, ids[0]))["withdrawals"] == 9_000
        await driver.press("u")
        await driver.until(lambda: "Undone" in driver.text)
        assert await figures(driver, ids[0]) == was


async def test_a_file_is_imported_whole_or_its_wrong_row_named(
    open_app: Open, tmp_path: Path
) -> None:
    path = tmp_path / "trades.csv"
    path.write_text(TRANSACTIONS.replace(",150,70,", ",x,70,"))

    async def before(services: Services) -> None:
        await services.portfolios.create(services.portfolios.blank("Mine"))

    async with open_app(before=before) as driver:
        await driver.press("7", "enter", "i")
        await driver.type(str(path))
        await driver.press("ctrl+s")
        await driver.until(lambda: "is not a number" in driver.text)
        assert "row 11" in driver.text
        path.write_text(TRANSACTIONS)
        await driver.press("ctrl+s")
        await driver.until(lambda: "11 of 11 rows recorded" in driver.text)
        await driver.until(lambda: "▸ NARU.SYN" in driver.text)
        await driver.press("u")
        await driver.until(lambda: "Nothing was recorded yet" in driver.text)


async def test_targets_become_orders_that_are_written(
    open_app: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ids: list[str] = []

    async def before(services: Services) -> None:
        ids.append(await make(services, tmp_path / "t.csv"))
        await services.portfolios.set_targets(ids[0], {}, RebalanceRules())

    async with open_app(before=before) as driver:
        await driver.press("7", "down", "enter")
        await driver.until(lambda: "▸ NARU.SYN" in driver.text)
        await driver.press("left_square_bracket")
        await driver.until(lambda: "No target weights yet" in driver.text)
        await driver.press("e")
        await driver.type("SPX=70% NARU.SYN=40%")
        await driver.press("ctrl+s")
        await driver.until(lambda: "add up to 110" in driver.text)
        await driver.press("home", "ctrl+k")
        await driver.type("SPX=50% NARU.SYN=40%")
        await driver.press("ctrl+s")
        await driver.until(lambda: "off target" in driver.text)
        await driver.press("x")
        await driver.press("ctrl+s")
        await driver.until(lambda: (tmp_path / "장기-투자-income-orders.csv").is_file())
        written = tmp_path / "장기-투자-income-orders.csv"
        assert "SPX,BUY" in written.read_text()
        written.write_text("mine")
        await driver.press("x")
        await driver.pilot.press("ctrl+s")  # which is not done before it is answered
        await driver.until(lambda: "Write over" in driver.text)
        await driver.press("n")
        await driver.until(lambda: len(driver.app.screen_stack) == 1)
        assert written.read_text() == "mine"
        await driver.press("x")
        await driver.pilot.press("ctrl+s")
        await driver.until(lambda: "Write over" in driver.text)
        await driver.press("y")
        await driver.until(lambda: "SPX,BUY" in written.read_text())


async def test_a_portfolio_that_comes_late_does_not_take_the_place_of_another(
    open_app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def before(services: Services) -> None:
        for name in ("First", "Second"):
            await services.portfolios.create(services.portfolios.blank(name))

    async with open_app(before=before, stocked=False) as driver:
        await driver.press("7", "enter")
        front, service = driver.front("portfolio"), driver.services.portfolios
        late = front.page.portfolio_id
        going, held = asyncio.Event(), asyncio.Event()
        report = service.report

        async def slow(portfolio_id: str, **options: bool) -> PortfolioReport:
            if portfolio_id == late and not going.is_set():
                going.set()
                await held.wait()
            return await report(portfolio_id, **options)

        monkeypatch.setattr(service, "report", slow)
        late_one = front.spawn(partial(front.show, late), group="list")  # as after new bars
        await driver.until(going.is_set)
        (other,) = {*front.portfolios} - {late}
        await front.show(other)
        held.set()
        await driver.until(lambda: has_ended(late_one))
        assert front.page.portfolio_id == front.page.report.portfolio.id == other


async def test_a_portfolio_that_is_deleted_while_all_are_valued_is_no_error(
    open_app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def before(services: Services) -> None:
        for name in ("First", "Second"):
            await services.portfolios.create(services.portfolios.blank(name))

    async with open_app(before=before, stocked=False) as driver:
        await driver.press("7")
        front, service = driver.front("portfolio"), driver.services.portfolios
        gone, stays = front.portfolios
        await service.delete(gone)
        await front._value_all()
        assert stays in front.portfolios


async def test_a_portfolio_is_deleted_and_brought_back(open_app: Open) -> None:
    async def before(services: Services) -> None:
        await services.portfolios.create(services.portfolios.blank("Mine"))

    async with open_app((80, 24), before=before, stocked=False) as driver:
        await driver.press("7", "d", "enter")
        await driver.until(lambda: "No portfolios yet" in driver.text)
        await driver.press("u")
        await driver.until(lambda: "▸ Mine" in driver.text)
        await driver.press("e", "home", "ctrl+k")
        await driver.type("나의 것")
        await driver.press("ctrl+s")
        await driver.until(lambda: "▸ 나의 것" in driver.text)


async def test_one_key_makes_a_portfolio_of_a_backtest(open_app: Open) -> None:
    async def before(services: Services) -> None:
        job = await services.backtests.start(
            BacktestRequest(
                symbols=("SPX", "NARU.SYN"),
                strategy_type="BUY_AND_HOLD",
                start=date(2017, 1, 3),
                end=date(2018, 12, 31),
                name="두 종목",
            )
        )
        await job.wait()

    async with open_app(before=before) as driver:
        await driver.press("4", "enter")
        await driver.press("P")
        await driver.until(lambda: driver.app.front == "portfolio")
        await driver.until(lambda: "NARU.SYN" in driver.text)
        assert "두 종목" in driver.text
        (made,) = await driver.services.portfolios.list()
        assert len(made.target_weights) == 2
        await driver.press("u")
        await driver.until(lambda: driver.app.front == "backtests")
        assert await driver.services.portfolios.list() == []


# -- pictures


@pytest.fixture
def prepare(tmp_path: Path):
    async def prepared(services: Services) -> None:
        await make(services, tmp_path / "t.csv")

    return prepared


@SIZES
def test_picture_of_the_list(look: Look, prepare, size) -> None:
    assert look(size, "7", "down", prepare=prepare, until="159,556")


@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["80x24", "120x36"])
def test_picture_of_an_empty_list(look: Look, size) -> None:
    assert look(size, "7", prepare=nothing)


async def test_picture_of_a_page(leaf_through: Leaf, prepare) -> None:
    pages = ("positions", "value", "allocation", "risk", "transactions", "rebalance")
    for size in ((80, 24), (120, 36), (200, 60)):
        await leaf_through(size, "7", "down", "enter", pages=pages, prepare=prepare)


@pytest.mark.parametrize("key", ["a", "n", "i"])
def test_picture_of_a_form(look: Look, prepare, key: str) -> None:
    assert look((80, 24), "7", "enter", key, prepare=prepare)
