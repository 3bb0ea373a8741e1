"""Everything that goes wrong between here and Alpha Vantage."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

import pytest

from quant_tui.domain.errors import (
    DailyLimitReached,
    KeyRefused,
    ProviderError,
    ProviderUnreachable,
    RequestRefused,
    TooManyRequests,
)
from quant_tui.providers.alpha_vantage.provider import AlphaVantage
from quant_tui.providers.base import BarsQuery
from tests.alpha_vantage_server import (
    BAD_SYMBOL,
    DAILY,
    DEMO,
    KEY,
    MINUTE,
    PREMIUM,
    SECOND,
    AlphaVantageServer,
    Trouble,
    cut,
    dropped,
    says,
    silent,
    status,
    web_page,
)
from tests.providers.alpha_vantage.conftest import QUICK, Make

IBM = BarsQuery("IBM", adjusted=False)


async def test_a_bad_request_is_final(source: AlphaVantage, server: AlphaVantageServer) -> None:
    server.troubles = [says(BAD_SYMBOL)]
    with pytest.raises(RequestRefused, match="no such symbol") as caught:
        await source.search("x")
    assert "data search" in caught.value.hint
    assert len(server.asked) == 1


@pytest.mark.parametrize("answer", [DEMO, {"Error Message": "the parameter apikey is invalid"}])
async def test_a_key_that_is_not_taken_is_final_for_everything(
    source: AlphaVantage, server: AlphaVantageServer, answer: dict[str, str]
) -> None:
    server.troubles = [says(answer)]
    with pytest.raises(KeyRefused) as caught:
        await source.search("x")
    assert caught.value.whole_key
    assert len(server.asked) == 1


async def test_a_wrong_key_never_shows(make: Make) -> None:
    with pytest.raises(KeyRefused) as caught:
        await make(key="WRONGKEY99999999").search("x")
    assert "WRONGKEY" not in str(caught.value)


async def test_what_only_premium_plans_give_is_final_for_this(
    source: AlphaVantage, server: AlphaVantageServer
) -> None:
    server.troubles = [says(PREMIUM)]
    with pytest.raises(KeyRefused, match="premium") as caught:
        await source.search("x")
    assert not caught.value.whole_key


@pytest.mark.parametrize("answer", [MINUTE, SECOND])
async def test_too_many_at_once_is_asked_again(
    source: AlphaVantage, server: AlphaVantageServer, answer: dict[str, str]
) -> None:
    server.troubles = [says(answer), says(answer)]
    assert (await source.search("ibm"))[0].symbol == "IBM"
    assert len(server.asked) == 3
    assert source.budget().used == 3
    server.troubles = [says(answer)] * 3
    with pytest.raises(TooManyRequests):
        await source.search("ibm")


async def test_the_daily_limit_is_never_asked_again(
    source: AlphaVantage, server: AlphaVantageServer
) -> None:
    server.troubles = [says(DAILY)]
    with pytest.raises(DailyLimitReached, match="used up") as caught:
        await source.search("x")
    assert KEY not in str(caught.value)
    assert "00:00" in caught.value.hint
    with pytest.raises(DailyLimitReached):
        await source.search("x")
    assert len(server.asked) == 1
    assert source.budget().left == 0


@pytest.mark.parametrize("trouble", [cut, dropped, status(500), status(503), status(429)])
async def test_a_passing_fault_is_asked_again(
    source: AlphaVantage, server: AlphaVantageServer, trouble: Trouble
) -> None:
    server.troubles = [trouble]
    assert (await source.search("ibm"))[0].symbol == "IBM"
    assert len(server.asked) == 2


@pytest.mark.parametrize("trouble", [cut, dropped, status(500)])
async def test_a_lasting_fault_is_an_error_without_the_query(
    source: AlphaVantage, server: AlphaVantageServer, trouble: Trouble
) -> None:
    server.troubles = [trouble] * 3
    with pytest.raises(ProviderUnreachable) as caught:
        await source.search("ibm")
    assert len(server.asked) == 3
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(("limit", "said"), [("read", "in time"), ("whole", "longer than 0.3 s")])
async def test_an_answer_that_never_comes_is_given_up(
    make: Make, server: AlphaVantageServer, limit: str, said: str
) -> None:
    server.troubles = [silent] * 3
    with pytest.raises(ProviderUnreachable, match=said):
        await make(patience=replace(QUICK, **{limit: 0.3})).search("ibm")


async def test_waiting_for_an_answer_stops_at_once(
    source: AlphaVantage, server: AlphaVantageServer
) -> None:
    server.troubles = [silent]
    task = asyncio.create_task(source.search("ibm"))
    assert await asyncio.to_thread(server.was_asked.wait, 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not server.over.is_set(), "it did not wait for the line to drop"


async def test_nobody_there(make: Make) -> None:
    source = make(base_url="http://127.0.0.1:9/query")
    with pytest.raises(ProviderUnreachable, match="cannot be reached"):
        await source.search("ibm")
    assert (source.budget().used, source.sent) == (0, 0), "nobody has counted what was not sent"


@pytest.mark.parametrize("address", ["", "nonsense", "ftp://127.0.0.1/query", "http://"])
async def test_an_address_that_is_none_is_named(make: Make, address: str) -> None:
    with pytest.raises(ProviderError, match="https://host/path"):
        await make(base_url=address or " ").search("ibm")


async def test_a_web_page_is_no_answer(source: AlphaVantage, server: AlphaVantageServer) -> None:
    server.troubles = [web_page]
    with pytest.raises(ProviderError, match="web page"):
        await source.bars(IBM)
    server.troubles = [web_page]
    with pytest.raises(ProviderError, match="web page"):
        await source.listed()


async def test_a_failure_where_a_table_was_to_come(
    source: AlphaVantage, server: AlphaVantageServer
) -> None:
    server.troubles = [says(DAILY)]
    with pytest.raises(DailyLimitReached):
        await source.listed()


async def test_a_redirect_on_the_same_host_is_followed(
    source: AlphaVantage, server: AlphaVantageServer
) -> None:
    again = "/query?function=SYMBOL_SEARCH&keywords=ibm&apikey=" + KEY
    server.troubles = [status(302, Location=again)]
    assert (await source.search("ibm"))[0].symbol == "IBM"
    server.troubles = [status(302, Location=again)] * 9
    with pytest.raises(ProviderError, match="without end"):
        await source.search("ibm")


async def test_a_redirect_to_another_host_is_not(
    source: AlphaVantage, server: AlphaVantageServer
) -> None:
    server.troubles = [status(302, Location="http://localhost:1/sign-in")]
    with pytest.raises(ProviderError, match="localhost"):
        await source.search("ibm")


async def test_other_statuses_are_final(source: AlphaVantage, server: AlphaVantageServer) -> None:
    server.troubles = [status(404)]
    with pytest.raises(ProviderError, match="404"):
        await source.search("ibm")
    assert len(server.asked) == 1


async def test_the_key_is_in_no_log(
    source: AlphaVantage, server: AlphaVantageServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server.troubles = [status(500), cut]
    await source.search("ibm")
    assert KEY not in caplog.text
