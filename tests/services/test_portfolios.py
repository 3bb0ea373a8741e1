"""Portfolios over real stores: recording, importing, undoing, valuing, rebalancing."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from quant_tui.domain.errors import Cancelled, Conflict, DataImportError, InvalidInput, NotFound
from quant_tui.domain.market_data import Company
from quant_tui.domain.trading import Portfolio
from quant_tui.domain.vocabulary import CostMethod
from quant_tui.engine import BacktestConfig
from quant_tui.engine.portfolio.rebalance import RebalanceRules
from quant_tui.providers.options import ReadOptions
from quant_tui.services.backtest_request import BacktestRequest
from quant_tui.services.composition import Services
from quant_tui.services.market_data import ImportRequest
from quant_tui.services.portfolio_document import report_document
from quant_tui.services.portfolio_rebalance import parse_targets
from quant_tui.services.portfolio_transactions import ImportFile
from quant_tui.storage.duck.records import CorporateAction

HEADER = "Date,Open,High,Low,Close,Volume\n"


async def bars(
    services: Services, tmp_path: Path, symbol: str, closes: list[float], adjustment: str = "none"
) -> None:
    """Store closes from 2 March 2026 on, a day each."""
    days = np.busday_offset("2026-03-02", np.arange(len(closes)))
    lines = [f"{day},{c},{c},{c},{c},10\n" for day, c in zip(days, closes, strict=True)]
    path = tmp_path / f"{symbol}.csv"
    path.write_text(HEADER + "".join(lines))
    request = ImportRequest(path, ReadOptions(symbol=symbol), adjustment=adjustment)
    await services.market_data.start_import(request).wait()


@pytest.fixture
async def portfolio(services: Services, tmp_path: Path) -> Portfolio:
    await bars(services, tmp_path, "GOOG", [100, 101, 102, 103, 110])
    await bars(services, tmp_path, "005930", [50, 50, 51, 51, 52])
    await services.companies.keep(
        [Company(symbol="GOOG", name="Alphabet", sector="Technology"),
         Company(symbol="005930", name="삼성전자", sector="Technology")]
    )  # fmt: skip
    return await services.portfolios.create(
        services.portfolios.blank("장기 투자", benchmark="GOOG")
    )


async def record(services: Services, portfolio: Portfolio, *lines: str) -> None:
    for line in lines:
        await services.portfolios.transactions.add_quick(portfolio.id, line)


async def test_recorded_transactions_become_positions_and_figures(
    services: Services, portfolio: Portfolio
) -> None:
    await record(
        services, portfolio,
        "deposit 10000 2026-03-02",
        "buy 50 goog @ 100 fee 5 2026-03-02",
        "sell 10 GOOG @ 103 fee 1 2026-03-05 # some",
        "dividend GOOG 20 2026-03-05",
        "buy 20 005930 @ 50 2026-03-03",
    )  # fmt: skip
    report = await services.portfolios.report(portfolio.id)
    goog, samsung = report.positions
    assert (goog.symbol, goog.quantity, goog.name) == ("GOOG", 40, "Alphabet")
    assert goog.average_cost == pytest.approx(100.1)
    assert goog.realised == pytest.approx(10 * (102.9 - 100.1))
    assert goog.unrealised == pytest.approx(40 * (110 - 100.1))
    assert goog.dividends == 20
    assert goog.price_change == pytest.approx(110 / 103 - 1)
    assert goog.day_change == pytest.approx(40 * 7)
    assert not goog.stale
    assert samsung.value == pytest.approx(20 * 52)
    figures = report.figures
    cash = 10_000 - 5_005 + 1_029 + 20 - 1_000
    assert figures["cash"] == pytest.approx(cash)
    assert figures["value"] == pytest.approx(cash + 4_400 + 1_040)
    assert figures["total_pnl"] == pytest.approx(figures["value"] - 10_000)
    assert figures["time_weighted_return"] == pytest.approx(figures["value"] / 10_000 - 1)
    assert figures["gross_exposure"] == pytest.approx(5_440 / figures["value"])
    assert figures["largest_1"] == pytest.approx(4_400 / 5_440)
    assert report.by_sector() == {"Technology": pytest.approx(5_440)}
    assert report.warnings == ()
    assert report.metrics is not None
    assert report.metrics.performance["benchmark_return"] == pytest.approx(0.1)
    assert report.metrics.performance["total_trades"] == 1
    assert report.metrics.performance["open_trades"] == 2
    assert report.risk.reason == "Too few prices: GOOG, 005930."
    kept = await services.portfolios.get(portfolio.id)
    assert kept.performance["value"] == figures["value"]
    assert [one["symbol"] for one in kept.positions] == ["GOOG", "005930"]
    dates, values = await services.portfolios.value_history(portfolio.id)
    assert (len(dates), values[-1]) == (5, figures["value"])


async def test_many_transactions_are_valued_by_a_job_that_can_be_cancelled(
    services: Services, portfolio: Portfolio, monkeypatch: pytest.MonkeyPatch
) -> None:
    await record(services, portfolio, "deposit 10000 2026-03-02", "buy 5 goog @ 100 2026-03-02")
    monkeypatch.setattr("quant_tui.services.portfolio_books.JOB_FROM", 2)
    stop = services.jobs.subscribe(lambda job: job.cancel())
    with pytest.raises(Cancelled):
        await services.portfolios.report(portfolio.id, anew=True)
    stop()
    report = await services.portfolios.report(portfolio.id, anew=True)
    assert len(report.held) == 1
    assert await services.portfolios.report(portfolio.id) is report, "what a job found is kept"
    done, cancelled = services.jobs.jobs[:2]
    assert done.title == "Value of 장기 투자, 2 transactions"
    assert (done.progress, str(done.status), str(cancelled.status)) == (1, "completed", "cancelled")


async def test_cash_below_zero_and_prices_that_are_not_known_are_said(
    services: Services, portfolio: Portfolio, tmp_path: Path
) -> None:
    await bars(services, tmp_path, "OLD", [7, 8])
    await record(
        services, portfolio,
        "buy 10 GOOG @ 100 2026-03-02", "buy 5 NOBARS @ 20 2026-03-03", "buy 1 OLD @ 7 2026-03-03",
    )  # fmt: skip
    report = await services.portfolios.report(portfolio.id)
    cash, nobars, stale = report.warnings
    assert cash.startswith("Cash is below zero from 2026-03-02")
    assert "-1,107.00 USD on 2026-03-03" in cash
    assert nobars == "No bars of NOBARS: valued at the last trade's price."
    assert stale == "Stale on 2026-03-06, the last close known carried: OLD (2026-03-03)."
    states = {one.symbol: (one.stale, one.value) for one in report.positions}
    assert states == {"GOOG": (False, 1_100), "NOBARS": (True, 100), "OLD": (True, 8)}
    assert report.figures["time_weighted_return"] is None
    assert "record the deposits" in report.undefined["time_weighted_return"]


async def test_what_never_had_a_price_is_worth_nothing(
    services: Services, portfolio: Portfolio
) -> None:
    await record(services, portfolio, "deposit 100 2026-03-02", "buy 5 GIFT @ 0 2026-03-03")
    report = await services.portfolios.report(portfolio.id)
    (gift,) = report.positions
    assert (gift.quantity, gift.last, gift.value, gift.unrealised) == (5, None, 0, 0)
    assert report.figures["value"] == 100
    json.dumps(report_document(report), allow_nan=False)


async def test_new_bars_are_seen_at_once(
    services: Services, portfolio: Portfolio, tmp_path: Path
) -> None:
    await record(services, portfolio, "buy 10 GOOG @ 100 2026-03-02")
    assert (await services.portfolios.report(portfolio.id)).positions[0].last == 110
    await bars(services, tmp_path, "GOOG", [100, 101, 102, 103, 120])
    assert (await services.portfolios.report(portfolio.id)).positions[0].last == 120


async def test_a_transaction_is_changed_removed_and_brought_back(
    services: Services, portfolio: Portfolio
) -> None:
    await record(
        services, portfolio, "deposit 5000 2026-03-02", "buy 10 GOOG @ 100 2026-03-02",
        "sell 5 GOOG @ 110 2026-03-06",
    )  # fmt: skip
    service = services.portfolios.transactions
    ledger = await service.list(portfolio.id)
    purchase = ledger.find(str(ledger.documents[1]["_id"]))
    with pytest.raises(InvalidInput, match="sell 5 GOOG @ 110 on 2026-03-06: only 0 are held"):
        await service.remove(portfolio.id, [purchase.id])
    with pytest.raises(InvalidInput, match="only 2 are held"):
        await service.edit(portfolio.id, purchase.model_copy(update={"quantity": 2}))
    done = await service.edit(portfolio.id, purchase.model_copy(update={"quantity": 20}))
    assert (await services.portfolios.report(portfolio.id)).positions[0].quantity == 15
    await service.undo(done)
    assert (await services.portfolios.report(portfolio.id)).positions[0].quantity == 5
    gone = await service.remove(portfolio.id, [str(ledger.documents[2]["_id"])])
    assert (await services.portfolios.report(portfolio.id)).positions[0].quantity == 10
    await service.undo(gone)
    after = await service.list(portfolio.id)
    assert [one["_id"] for one in after.documents] == [one["_id"] for one in ledger.documents]
    with pytest.raises(InvalidInput, match="no transaction 'x'"):
        await service.remove(portfolio.id, ["x"])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("buy GOOG", "not a transaction"),
        ("buy 0 GOOG @ 10 2026-03-02", "quantity of a buy must be above zero"),
        ("sell 1 GOOG @ 10 2026-03-02", "only 0 are held"),
        ("deposit 5 2999-01-01", "not from 1900-01-01 to today"),
        ("deposit 5 2026-02-31", "not a day of the calendar"),
        ("split GOOG 0 2026-03-02", "quantity of a split must be above zero"),
        ("deposit 1e300 2026-03-02", "not a number below"),
        ("buy 1e-12 GOOG @ 10 2026-03-02", "are none"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    services: Services, portfolio: Portfolio, line: str, said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        await services.portfolios.transactions.add_quick(portfolio.id, line)
    assert not len(await services.portfolios.transactions.list(portfolio.id))


async def test_splits_count_once_whichever_way_the_bars_came(
    services: Services, portfolio: Portfolio, tmp_path: Path
) -> None:
    for symbol, before, adjustment in (
        ("RAW", 200, "none"), ("ADJ", 100, "splits"), ("RAW.U", 200, ""), ("ADJ.U", 100, ""),
    ):  # fmt: skip
        await bars(services, tmp_path, symbol, [before, before, 100, 100, 100], adjustment)
        await asyncio.to_thread(
            services.stores.corporate_actions.upsert,
            [CorporateAction(symbol, date(2026, 3, 4), split_ratio=2.0)],
        )
        mine = await services.portfolios.create(services.portfolios.blank(symbol))
        await record(
            services, mine, "deposit 2000 2026-03-02", f"buy 10 {symbol} @ 200 2026-03-02",
            f"sell 20 {symbol} @ 100 2026-03-06",
        )  # fmt: skip
        _, values = await services.portfolios.value_history(mine.id)
        assert values.tolist() == [2_000] * 5, symbol
        assert (await services.portfolios.report(mine.id)).warnings == ()
        # one that was recorded too is the same split
        await record(services, mine, f"split {symbol} 2:1 2026-03-05")
        _, values = await services.portfolios.value_history(mine.id)
        assert values.tolist() == [2_000] * 5, symbol
        # switched off, twenty shares are not there to sell
        off = (await services.portfolios.get(mine.id)).model_copy(update={"apply_splits": False})
        await services.portfolios.update(off)  # the recorded split stands
        ledger = await services.portfolios.transactions.list(mine.id)
        recorded = next(str(one["_id"]) for one in ledger.documents if one["kind"] == "split")
        with pytest.raises(InvalidInput, match="only 10 are held"):
            await services.portfolios.transactions.remove(mine.id, [recorded])


async def test_the_sample_bars_are_valued_at_the_prices_that_were_quoted(
    stocked: Services,
) -> None:
    """They are adjusted for splits and dividends; what was traded comes back in whole cents."""
    mine = await stocked.portfolios.create(stocked.portfolios.blank("sample"))
    await record(
        stocked, mine, "deposit 1e5 2010-01-04",
        *(f"buy 100 {one} @ 30 2010-01-04" for one in ("NARU.SYN", "GAON.SYN", "VESSL.SYN")),
    )  # fmt: skip
    report = await stocked.portfolios.report(mine.id)
    held = {one.symbol: one.quantity for one in report.positions}
    assert held == {"NARU.SYN": 1_400, "GAON.SYN": 200, "VESSL.SYN": pytest.approx(10)}
    assert report.history is not None
    prices = report.history.valuation.price
    np.testing.assert_allclose(prices, np.round(prices, 2), rtol=1e-6)
    # no jump of the value on any split's day
    assert np.nanmin(report.returns[1:]) > -0.2
    assert report.risk.shares is not None
    assert report.risk.shares.contribution.sum() == pytest.approx(report.risk.shares.volatility)
    paid = (await stocked.portfolios.get(mine.id)).model_copy(update={"apply_dividends": True})
    await stocked.portfolios.update(paid)
    assert (await stocked.portfolios.report(mine.id)).figures["dividends"] > 0


async def test_a_price_far_from_the_close_is_pointed_at(
    services: Services, portfolio: Portfolio
) -> None:
    await record(services, portfolio, "deposit 1e5 2026-03-02", "buy 10 GOOG @ 2000 2026-03-02")
    (warning,) = (await services.portfolios.report(portfolio.id)).warnings
    assert "buy 10 GOOG @ 2000 on 2026-03-02 is 20.0 times above the day's close" in warning


async def test_a_split_announced_later_may_leave_a_sale_short_and_is_shown(
    services: Services, portfolio: Portfolio
) -> None:
    await record(
        services, portfolio, "buy 10 GOOG @ 100 2026-03-02", "sell 10 GOOG @ 100 2026-03-05"
    )
    await asyncio.to_thread(
        services.stores.corporate_actions.upsert,
        [CorporateAction("GOOG", date(2026, 3, 4), split_ratio=0.5)],
    )
    report = await services.portfolios.report(portfolio.id, anew=True)
    assert report.warnings[0] == (
        "sell 10 GOOG @ 100 on 2026-03-05: only 5 are held. "
        "Shown as a short position until it is corrected."
    )
    assert report.positions[0].quantity == -5
    assert report.portfolio.allow_short is False


async def test_settings_are_checked(services: Services, portfolio: Portfolio) -> None:
    service = services.portfolios
    for settings, field in (
        ({"name": ""}, "name"),
        ({"name": "장기 투자"}, "name"),
        ({"base_currency": "dollar"}, "base_currency"),
        ({"benchmark": "NONE"}, "benchmark"),
        ({"target_weights": [{"symbol": "GOOG", "weight": 1.5}]}, "target"),
        ({"target_weights": [{"symbol": "GOOG", "weight": -0.5}]}, "target"),
        ({"rebalancing": {"slippage": 7}}, "slippage"),
    ):
        with pytest.raises(InvalidInput) as caught:
            await service.create(service.blank(**{"name": "other", **settings}))
        assert caught.value.field == field
    await record(
        services, portfolio, "buy 10 GOOG @ 100 2026-03-02", "buy 10 GOOG @ 200 2026-03-03",
        "sell 10 GOOG @ 150 2026-03-04",
    )  # fmt: skip
    assert (await service.report(portfolio.id)).positions[0].realised == 500
    kept = await service.get(portfolio.id)
    average = kept.model_copy(update={"cost_method": CostMethod.AVERAGE, "allow_short": True})
    await service.update(average)
    assert (await service.report(portfolio.id)).positions[0].realised == 0
    with pytest.raises(Conflict):
        await service.update(average)
    await record(services, portfolio, "sell 30 GOOG @ 150 2026-03-05")
    assert (await service.report(portfolio.id)).positions[0].quantity == -20
    short = await service.get(portfolio.id)
    with pytest.raises(InvalidInput, match="only 10 are held"):
        await service.update(short.model_copy(update={"allow_short": False}))


async def test_two_instances_record_at_once(services: Services, portfolio: Portfolio) -> None:
    service = services.portfolios.transactions
    await asyncio.gather(
        *(service.add_quick(portfolio.id, f"deposit {n} 2026-03-02") for n in (1, 2))
    )
    assert (await services.portfolios.report(portfolio.id)).figures["cash"] == 3


async def test_a_deleted_portfolio_comes_back_whole(
    services: Services, portfolio: Portfolio
) -> None:
    await record(services, portfolio, "deposit 5 2026-03-02", "buy 1 GOOG @ 5 2026-03-02")
    deleted = await services.portfolios.delete(portfolio.id)
    with pytest.raises(NotFound):
        await services.portfolios.report(portfolio.id)
    collection = services.stores.metadata.database["portfolio_transactions"]
    assert await collection.count_documents({}) == 0
    await services.portfolios.restore(deleted)
    assert (await services.portfolios.report(portfolio.id)).positions[0].quantity == 1


async def test_another_user_sees_nothing(services: Services, portfolio: Portfolio) -> None:
    await record(services, portfolio, "deposit 5 2026-03-02")
    ledger = await services.portfolios.transactions.list(portfolio.id)
    (mine,) = ledger.documents
    other = services.stores.repositories.for_user("64b7f0c2a1b2c3d4e5f60718")
    assert await other.portfolio_transactions.documents(portfolio.id) == []
    assert await other.portfolios.list() == []
    entity = ledger.find(str(mine["_id"]))
    from quant_tui.storage.mongo.portfolios import Changes

    await other.portfolio_transactions.write(Changes(remove=[entity.id]), None)
    with pytest.raises(InvalidInput):
        await other.portfolio_transactions.write(Changes(replace=[entity]), None)
    with pytest.raises(NotFound):
        await other.portfolios.change(
            (await services.portfolios.get(portfolio.id)).model_copy(
                update={"user_id": "64b7f0c2a1b2c3d4e5f60718"}
            ),
            Changes(),
        )
    assert len(await services.portfolios.transactions.list(portfolio.id)) == 1


# -- importing


async def imported(services: Services, portfolio: Portfolio, path: Path, **options: str):
    job = services.portfolios.transactions.start_import(portfolio.id, ImportFile(path, **options))
    return await job.wait()


async def test_a_brokers_file_is_read_whole_the_newest_first(
    services: Services, portfolio: Portfolio, tmp_path: Path
) -> None:
    path = tmp_path / "거래내역.csv"
    path.write_bytes(
        "거래일자,거래구분,종목코드,거래수량,거래단가,수수료,거래금액,비고\n"
        "2026.03.05,매도,005930,5,51,0.5,,일부\n"
        "2026.03.04,배당,005930,,,,12.5,\n"
        '2026.03.03,매수,005930,10,50,1,"1,500",\n'
        '2026.03.02,입금,,,,,"1,000",\n'.encode("cp949")
    )
    done = await imported(services, portfolio, path)
    assert (done.rows, done.added, done.known, done.problems) == (4, 4, 0, ())
    report = await services.portfolios.report(portfolio.id)
    assert report.figures["cash"] == pytest.approx(1_000 - 501 + 254.5 + 12.5)
    assert report.ledger.documents[-1]["note"] == "일부"
    # the same again, with one row more
    with path.open("ab") as file:
        file.write("2026.03.06,입금,,,,,7,\n2026.03.06,입금,,,,,7,\n".encode("cp949"))
    again = await imported(services, portfolio, path)
    assert (again.added, again.known) == (2, 4)
    assert [str(one) for one in again.problems] == [
        "row 2: 4 rows recorded already, left out: rows 2, 3, 4, 5",
        "row 7: 1 row the file has it more than once, taken each time: row 7",
    ]
    await services.portfolios.transactions.undo(again.change)
    assert len(await services.portfolios.transactions.list(portfolio.id)) == 4
    await services.portfolios.transactions.undo(done.change)
    await imported(services, portfolio, path)
    with pytest.raises(DataImportError, match="every one of its"):
        await imported(services, portfolio, path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("date,type,symbol,quantity,price\n2026-03-02,buy,GOOG,x,1\n",
         "row 2, column 'quantity': 'x' is not a number"),
        ("date,type,symbol,quantity,price\n2026-03-02,hold,GOOG,1,1\n",
         "row 2, column 'type': 'hold' is not one of buy"),
        ("date,type,symbol,quantity,price\n2026-02-30,buy,GOOG,1,1\n",
         "row 2, column 'date': '2026-02-30' is not a day of the calendar"),
        ("Date,Side,Ticker,Qty,Price,Currency\n2026-03-02,buy,GOOG,1,1,KRW\n",
         "row 2, column 'Currency': 'KRW' is not USD"),
        ("date,type,symbol,quantity,price\n2026-03-02,buy,,1,1\n", "column 'symbol': is needed"),
        ("date,type,symbol,quantity,price\n2026-03-02,buy,GOOG,1,\n", "column 'price': is needed"),
        ("date,type,symbol,quantity,price\n2026-03-02,buy,GOOG,1,$5\n", "has a currency sign"),
        ("date,type,symbol,quantity,price\n2026-03-02,buy,GOOG,-1,5\n", "is the row a sell"),
        ("date,type,symbol,quantity,price\n2026-03-02,buy,GOOG\n", "row 2: has 3 columns"),
        ("date,amount\n2026-03-02,5\n", "no column that says what a row is"),
        ("a,b\n1,2\n", "no header with a date"),
        ("date,type,amount\n", "a header and no rows"),
        ("", "is empty"),
        ("date,type,amount\n03/04/2026,deposit,5\n", "may be day/month or month/day"),
        ("date,type,symbol,quantity,price\n2026-03-02,buy,GOOG,5,1\n2026-03-03,sell,GOOG,6,1\n",
         "row 3: sell 6 GOOG @ 1 on 2026-03-03: only 5 are held"),
        ("date,type,amount\n2999-03-02,deposit,5\n", "row 2, column 'date': 2999-03-02 is not"),
    ],
)  # fmt: skip
async def test_a_wrong_row_is_named_and_nothing_is_stored(
    services: Services, portfolio: Portfolio, tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(DataImportError) as caught:
        await imported(services, portfolio, path)
    assert said in str(caught.value)
    assert len(caught.value.problems) <= 1, "a cell is complained of once"
    assert not len(await services.portfolios.transactions.list(portfolio.id))


async def test_a_signed_quantity_says_what_a_row_is(
    services: Services, portfolio: Portfolio, tmp_path: Path
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Trade Date;Ticker;Qty;Price\n13/03/2026;GOOG;10;1,5\n14/03/2026;GOOG;-4;2\n")
    await imported(services, portfolio, path)
    report = await services.portfolios.report(portfolio.id)
    assert report.positions[0].quantity == 6
    assert report.positions[0].average_cost == pytest.approx(1.5)


async def test_ten_thousand_transactions(
    services: Services, portfolio: Portfolio, tmp_path: Path
) -> None:
    path = tmp_path / "many.csv"
    lines = ["date,type,symbol,quantity,price\n"]
    days = np.busday_offset("2006-01-02", np.arange(5_000)).astype(str)
    kinds = ("buy", "sell")
    lines += [
        f"{days[at // 2]},{kinds[at % 2]},S{at % 97},{1 + at % 2},{10 + at % 7}\n"
        for at in range(10_000)
    ]
    path.write_text("".join(lines))
    short = portfolio.model_copy(update={"allow_short": True})
    await services.portfolios.update(short)
    done = await imported(services, portfolio, path)
    assert done.added == 10_000
    report = await services.portfolios.report(portfolio.id)
    assert report.figures["transactions"] == 10_000
    collection = services.stores.metadata.database["portfolios"]
    (size,) = await (
        await collection.aggregate([{"$project": {"size": {"$bsonSize": "$$ROOT"}}}])
    ).to_list()
    assert size["size"] < 100_000
    await services.portfolios.transactions.undo(done.change)
    assert not len(await services.portfolios.transactions.list(portfolio.id))


# -- rebalancing and backtests


async def test_orders_reach_the_targets_and_are_written(
    services: Services, portfolio: Portfolio, tmp_path: Path
) -> None:
    await bars(services, tmp_path, "NEW", [20, 20, 20, 20, 25])
    await record(services, portfolio, "deposit 10000 2026-03-02", "buy 50 GOOG @ 100 2026-03-02")
    with pytest.raises(InvalidInput, match="no target weights"):
        await services.portfolios.plan(portfolio.id)
    targets = parse_targets(["GOOG=30%", "NEW=0.5"])
    rules = RebalanceRules(commission=0.001, shares="whole", cash_buffer=0.1)
    await services.portfolios.set_targets(portfolio.id, targets, rules)
    plan = await services.portfolios.plan(portfolio.id)
    assert [(one.action, one.symbol) for one in plan.orders] == [("SELL", "GOOG"), ("BUY", "NEW")]
    assert plan.residual < 0.05
    assert plan.cash_after >= 0.1 * 10_500
    out = await services.portfolios.export_orders(plan, tmp_path / "orders.csv")
    header, *lines = out.read_text().splitlines()
    assert header.startswith("symbol,action,quantity,price")
    assert lines[0].startswith("GOOG,SELL,")
    with pytest.raises(InvalidInput, match="no price of NONE"):
        await services.portfolios.plan(portfolio.id, {"NONE": 0.1})
    with pytest.raises(InvalidInput, match="add up to 120"):
        await services.portfolios.plan(portfolio.id, {"GOOG": 0.6, "NEW": 0.6})
    for wrong in ("GOOG", "GOOG=x", "=0.5"):
        with pytest.raises(InvalidInput, match="not a target"):
            parse_targets([wrong])


async def test_a_backtest_becomes_a_portfolio_with_the_same_curve(stocked: Services) -> None:
    job = await stocked.backtests.start(
        BacktestRequest(
            symbols=("GAON.SYN", "NARU.SYN", "SPX"),
            strategy_type="SMA_CROSSOVER",
            start=date(2012, 1, 1),
            end=date(2018, 12, 31),
            config=BacktestConfig(commission=0.001, sizing="equal_weight"),
            benchmark="SPX",
        )
    )
    result = await job.wait()
    made = await stocked.portfolios.from_backtest(result)
    report = await stocked.portfolios.report(made.id)
    history = report.history
    assert history is not None
    value = result.result.portfolio_value if result.result else {}
    days = np.array([one[:10] for one in value["date"]], dtype="datetime64[D]")
    rows = np.searchsorted(history.valuation.dates, days)
    np.testing.assert_allclose(history.valuation.value[rows], value["value"], rtol=1e-9)
    assert made.backtest_id == result.backtest.id
    weights = {one["symbol"]: one["weight"] for one in made.target_weights}
    assert weights == {one.symbol: pytest.approx(one.weight) for one in report.held}
    assert made.rebalancing["commission"] == 0.001
    again = await stocked.portfolios.from_backtest(result)
    assert again.name == f"{made.name} 2"
    request = BacktestRequest(
        symbols=("SPX",),
        strategy_type="SMA_CROSSOVER",
        start=date(2017, 1, 1),
        config=BacktestConfig(cash_rate=0.03),
    )
    result = await (await stocked.backtests.start(request)).wait()
    made = await stocked.portfolios.from_backtest(result)
    figures = (await stocked.portfolios.report(made.id)).figures
    assert result.result is not None
    assert figures["interest"] > 1_000
    final = result.result.performance["final_value"]
    assert figures["value"] == pytest.approx(final, abs=0.01), "interest is booked, too"
