"""The dashboard: cards, arranging, layouts, and what makes a card look again."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Size

from quant_tui.domain.market_data import NewsData
from quant_tui.domain.ml_platform import MLModel
from quant_tui.domain.vocabulary import ModelStatus, ModelType
from quant_tui.providers.options import ReadOptions
from quant_tui.services.backtest_report import BacktestSummary
from quant_tui.services.composition import Services
from quant_tui.services.dashboard_layout import DashboardLayout, DashboardState, WidgetPlace
from quant_tui.services.market_data import ImportRequest
from quant_tui.ui.screens.dashboard.flow import Span, flow
from quant_tui.ui.screens.dashboard.kinds import KINDS

from .test_pictures import SIZES, Look, look, stock

__all__ = ["look"]


@pytest.fixture(autouse=True)
def _still_clocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Freeze how long a job ran, and the day on which bars are due."""
    today = datetime(2019, 1, 10, 12, tzinfo=UTC)
    monkeypatch.setattr("quant_tui.services.freshness.utc_now", lambda: today)
    monkeypatch.setattr("quant_tui.ui.format.duration", lambda _seconds: "0.3 s")


spans = st.builds(Span, st.sampled_from([3, 4, 6, 8, 9, 12]), st.integers(4, 60))


@given(st.lists(spans, max_size=12), st.integers(20, 250), st.integers(5, 100))
def test_widgets_fill_their_rows_and_never_overlap(given_spans, width: int, height: int) -> None:
    regions = flow(given_spans, Size(width, height))
    for at, one in enumerate(regions):
        assert 0 <= one.x < one.right <= width
        assert one.height >= given_spans[at].height
        for other in regions[at + 1 :]:
            assert not one.overlaps(other)
    if regions:
        # every row reaches from edge to edge, and no line is left empty below
        rows = {one.y: [two for two in regions if two.y == one.y] for one in regions}
        assert all(sum(two.width for two in row) == width for row in rows.values())
        assert max(one.bottom for one in regions) >= height


def test_on_a_narrow_terminal_each_widget_has_the_whole_width() -> None:
    regions = flow([Span(4, 10), Span(8, 10)], Size(78, 20))
    assert [(one.x, one.width) for one in regions] == [(0, 78), (0, 78)]


def kinds_shown(driver) -> list[str]:
    return [card.place.kind for card in driver.front("dashboard").card_list]


def only(*kinds: str, settings: dict[str, str] | None = None) -> DashboardState:
    widgets = tuple(
        WidgetPlace(f"w{at}", kind, 6, 9, settings or {}) for at, kind in enumerate(kinds)
    )
    return DashboardState((DashboardLayout("Mine", widgets),), "Mine", made=len(kinds))


def keeping(state: DashboardState):
    async def keep(services: Services) -> None:
        await services.dashboards.save(state)

    return keep


async def test_a_widget_is_added_arranged_removed_and_brought_back(open_app) -> None:
    async with open_app(before=keeping(only("chart", "jobs"))) as driver:
        await driver.press("n")
        await driver.type("/backt")
        await driver.press("enter", "enter")
        assert kinds_shown(driver) == ["chart", "backtests", "jobs"]
        await driver.press("a")
        assert "arranging" in driver.text
        await driver.press("right", "minus", "down", "down", "escape")
        assert kinds_shown(driver) == ["chart", "jobs", "backtests"]
        assert "arranging" not in driver.text
        kept = (await driver.services.dashboards.load()).shown.widgets
        assert [(one.kind, one.width, one.height) for one in kept] == [
            ("chart", 6, 9),
            ("jobs", 6, 9),
            ("backtests", 6, 11),
        ]
        await driver.press("u")
        assert kinds_shown(driver) == ["chart", "backtests", "jobs"]
        await driver.press("d")
        assert len(kinds_shown(driver)) == 2
        await driver.press("u")
        assert len(kinds_shown(driver)) == 3
        assert (await driver.services.dashboards.load()).shown.widgets[1].kind == "backtests"


async def test_outside_arranging_the_arrows_are_the_card_s_own(open_app) -> None:
    async with open_app(before=keeping(only("chart", "freshness"))) as driver:
        await driver.press("left", "left")
        assert kinds_shown(driver) == ["chart", "freshness"]
        chart = driver.front("dashboard").card_list[0].chart
        assert chart.cursor is not None
        await driver.press("tab", "down")
        assert driver.front("dashboard").card.place.kind == "freshness"
        assert driver.front("dashboard").card.table.grid.cursor == 1


async def test_layouts_are_made_renamed_shown_and_deleted(open_app) -> None:
    async with open_app(before=keeping(only("jobs"))) as driver:
        await driver.press("L", "n")
        await driver.type("Mine")
        assert "There is a layout" in driver.text
        await driver.type(" 둘")
        await driver.press("ctrl+s")
        assert kinds_shown(driver) == []
        assert "An empty layout" in driver.text
        state = await driver.services.dashboards.load()
        assert (state.names, state.active) == (("Mine", "Mine 둘"), "Mine 둘")
        await driver.press("L", "up", "c")
        await driver.type("Copy")
        await driver.press("ctrl+s")
        assert kinds_shown(driver) == ["jobs"]
        await driver.press("L", "d")
        assert (await driver.services.dashboards.load()).names == ("Mine", "Mine 둘")
        await driver.press("u")
        assert (await driver.services.dashboards.load()).active == "Copy"
        await driver.press("L", "up", "up", "enter")
        assert driver.front("dashboard").state.active == "Mine"


async def test_the_last_layout_stays(open_app) -> None:
    async with open_app(before=keeping(only("jobs"))) as driver:
        await driver.press("L", "d")
        await driver.until(lambda: "last layout" in driver.text)
        assert kinds_shown(driver) == ["jobs"]


async def test_a_chart_shows_the_symbol_chosen_or_says_what_is_wrong(open_app) -> None:
    async with open_app(before=keeping(only("chart"))) as driver:
        await driver.press("e")
        await driver.type("SPX")
        await driver.press("ctrl+s")
        await driver.until(lambda: "─ SPX" in driver.text)
        await driver.press("e")
        await driver.type("SPXZ")
        await driver.press("ctrl+s")
        await driver.until(lambda: "No bars for SPXZ" in driver.text)
        await driver.press("e", "end", "backspace", "ctrl+s")
        await driver.until(lambda: "─ SPX" in driver.text)
        kept = (await driver.services.dashboards.load()).shown.widgets[0]
        assert kept.settings == {"symbol": "SPX", "span": "1y"}


async def test_new_bars_and_ended_runs_are_seen_at_once(open_app, tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    path.write_text("Date,Open,High,Low,Close,Volume\n2019-01-02,1,2,1,2,10\n")
    async with open_app((200, 60), before=keeping(only("freshness", "backtests"))) as driver:
        assert "14 of 14 stale" in driver.text
        assert "No backtests yet" in driver.text
        job = driver.services.market_data.start_import(
            ImportRequest(path, ReadOptions(symbol="NEW"))
        )
        await job.wait()
        await driver.until(lambda: "15 of 15 stale" in driver.text)
        await stock(driver.services)
        await driver.until(lambda: "골든크로스" in driver.text)


async def test_a_widget_that_is_removed_while_it_loads_is_no_error(
    open_app, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_app(before=keeping(only("jobs", "backtests"))) as driver:
        going, held = asyncio.Event(), asyncio.Event()
        dashboard, service = driver.front("dashboard"), driver.services.backtests
        fetch = service.list

        async def slow(**options: int) -> Sequence[BacktestSummary]:
            going.set()
            await held.wait()
            return await fetch(**options)

        monkeypatch.setattr(service, "list", slow)
        await driver.press("tab")
        dashboard._fill(dashboard.card)
        await driver.until(going.is_set)
        await driver.pilot.press("d")
        await driver.until(lambda: kinds_shown(driver) == ["jobs"])
        held.set()
        await driver.settle()
        assert "Unexpected error" not in driver.text


async def test_of_two_layouts_at_once_the_newer_one_is_shown(open_app) -> None:
    async with open_app(before=keeping(only("jobs"))) as driver:
        dashboard = driver.front("dashboard")
        newest, dashboard.state = dashboard.state, only("jobs", "backtests")
        older = asyncio.create_task(dashboard._show_layout())
        await asyncio.sleep(0)
        dashboard.state = newest
        await dashboard._show_layout()
        await older
        assert kinds_shown(driver) == ["jobs"]


async def test_no_calendar_is_worked_out_for_the_first_screen(open_app, settings) -> None:
    async def forget_calendars(_services: Services) -> None:
        shutil.rmtree(settings.locations.calendars)

    async with open_app(before=forget_calendars) as driver:
        assert "Data · 14" in driver.text
        assert "stale" not in driver.text
        assert not settings.locations.calendars.exists()
        await driver.services.freshness.of_symbols()
        driver.front("dashboard")._wake("clock")
        await driver.until(lambda: "14 of 14 stale" in driver.text)


async def test_a_row_leads_to_what_it_is_about(open_app) -> None:
    async def prepare(services: Services) -> None:
        await stock(services)
        await services.dashboards.save(only("backtests"))

    async with open_app(before=prepare) as driver:
        await driver.press("enter")
        await driver.until(lambda: driver.app.front == "backtests")


async def test_a_widget_of_another_version_keeps_its_place(open_app) -> None:
    async with open_app(before=keeping(only("hologram", "jobs"))) as driver:
        assert "Unknown widget “hologram”" in driver.text
        await driver.press("tab", "a", "down", "escape")
        kept = (await driver.services.dashboards.load()).shown.widgets
        assert [one.kind for one in kept] == ["hologram", "jobs"]


@pytest.mark.parametrize("kind", [kind.code for kind in KINDS])
async def test_every_kind_says_so_when_there_is_nothing(open_app, kind: str) -> None:
    async with open_app(stocked=False, before=keeping(only(kind))) as driver:
        card = driver.front("dashboard").card_list[0]
        assert card.source.empty.title in driver.text
        assert card.has_keys


async def full(services: Services) -> None:
    await stock(services)
    made = await services.watchlists.create("반도체와 지수")
    await services.watchlists.add(made.id, ["SPX", "IXIC", "GAON.SYN", "BYEOL.SYN"])
    await services.sample_data.load_economic()
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    scores = (0.42, None, -0.31)
    titles = ("Rates held as expected", "삼성전자, 3분기 영업이익 발표", "Guidance cut")
    await services.news.keep(
        [
            NewsData(
                symbol=symbol,
                title=title,
                url=f"https://news.example/{at}",
                sentiment_score=score,
                published_at=noon - timedelta(hours=at),
            )
            for at, (symbol, title, score) in enumerate(
                zip(("SPX", "005930", "GAON.SYN"), titles, scores, strict=True)
            )
        ]
    )
    mine = services.stores.repositories.for_user(services.user.id if services.user else "")
    await mine.ml_models.create(
        MLModel(
            name="모멘텀 순위",
            model_type=ModelType.LIGHTGBM,
            status=ModelStatus.PRODUCTION,
            user_id=mine.user_id,
        )
    )


@SIZES
def test_first_layout(look: Look, size) -> None:
    assert look(size, prepare=full)


def test_first_layout_wide(look: Look) -> None:
    assert look((200, 60), prepare=full)


@SIZES
def test_research_layout(look: Look, size) -> None:
    assert look(size, "L", "down", "enter", prepare=full, until="CPI")


def test_arranging(look: Look) -> None:
    assert look((120, 36), "tab", "tab", "a", prepare=full)


def test_kinds(look: Look) -> None:
    assert look((80, 24), "n", prepare=full)
