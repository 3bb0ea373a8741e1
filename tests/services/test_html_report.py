"""The HTML report: one file that asks for nothing, in which data is never markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from quant_tui.engine import BacktestConfig, Bars, run_backtest
from quant_tui.services.html_report import render_html
from quant_tui.services.html_report.scale import Scale, date_ticks, thinned
from quant_tui.services.html_report.series import Sessions, bins

HOSTILE = "<script>alert('x')</script>\"'&</style><img src=x onerror=y>\x1b[31m\u202e\ud800모멘텀"
KNOWN_TAGS = {
    "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "p", "span",
    "div", "b", "section", "table", "thead", "tr", "th", "td", "svg", "line", "text", "path",
    "rect", "pre", "footer",
}  # fmt: skip


class Page(HTMLParser):
    """Collects what a browser would make of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta", "line", "path", "rect"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text.append(data)


def document(name: str = "run", rows: int = 400, **changes: Any) -> dict[str, Any]:
    """Return the document of a run on made-up bars."""
    draw = np.random.default_rng(1)
    close = 100.0 * np.exp(np.cumsum(draw.normal(0.0, 0.01, rows)))
    days = np.busday_offset("2020-01-06", np.arange(rows))
    bars = Bars(["A"], days, close, close * 1.01, close * 0.99, close)
    params = {"short_window": 2, "long_window": 4} if rows > 4 else {}
    strategy = "SMA_CROSSOVER" if rows > 4 else "BUY_AND_HOLD"
    made = run_backtest(bars, strategy, params, BacktestConfig(), benchmark=close).to_document()
    made |= {"name": name, "backtest_id": "1", "executed_at": "2026-01-01T00:00:00+00:00"}
    made["config"] |= {"symbols": ["A"], "benchmark": "A", "strategy": made["details"]["strategy"]}
    return made | changes


def test_it_asks_for_nothing_and_runs_nothing() -> None:
    page = render_html(document())
    found = Page(page)
    assert set(found.tags) <= KNOWN_TAGS
    assert not found.open
    names = {name for name, _ in found.attributes}
    assert not [name for name in names if name.startswith("on")]
    assert not names & {"href", "src", "xlink:href", "style", "srcset", "action"}
    assert not re.search(r"https?:|url\(|@import|nan|inf\b|None", page.replace("information", ""))
    assert "default-src 'none'" in page
    for part in ("Monthly returns", "Distribution of returns", "Rolling Sharpe", "Drawdown",
                 "MAE", "Fingerprint", "prefers-color-scheme:dark", "@media print"):  # fmt: skip
        assert part.lower() in page.lower()
    assert page == render_html(document()), "the same run gives the same page"


def test_hostile_text_stays_text_wherever_it_comes_from() -> None:
    made = document(HOSTILE)
    made["config"] |= {"symbols": [HOSTILE], "benchmark": HOSTILE}
    made["config"]["strategy"] = {
        "name": HOSTILE,
        "params": {HOSTILE: HOSTILE},
        "document": {"description": HOSTILE},
    }
    made["fingerprint"]["data"] = HOSTILE
    made["backtest_id"] = HOSTILE
    made["round_trips"][0] |= {"symbol": HOSTILE, "entry_date": HOSTILE}
    made["details"] |= {
        "warnings": [HOSTILE],
        "data": [{"symbol": HOSTILE, "source": HOSTILE, "adjustment": HOSTILE, "synthetic": True}],
        "data_quality": [{"symbol": HOSTILE, "check": HOSTILE, "text": HOSTILE}],
        "orders": {"reasons": {HOSTILE: 1}},
        "undefined": {"cagr": HOSTILE},
        "trust": {
            "verdict": HOSTILE,
            "summary": HOSTILE,
            "lines": [{"title": HOSTILE, "verdict": HOSTILE, "text": HOSTILE, "rests_on": HOSTILE}],
        },
    }
    made["performance"] |= {"cagr": None, HOSTILE: 1.0}
    page = render_html(made)
    page.encode("utf-8")
    found = Page(page)
    assert set(found.tags) <= KNOWN_TAGS
    assert not found.open
    assert not {name for name, _ in found.attributes} & {"src", "onerror"}
    assert "\x1b" not in page
    assert "\u202e" not in page
    shown = "".join(found.text)
    assert shown.count("<script>alert('x')</script>") > 15
    assert "모멘텀" in shown


def test_synthetic_data_and_trust_are_shown_and_trades_are_capped() -> None:
    made = document()
    made["details"]["data"] = [{"symbol": "A", "source": "made up", "synthetic": True}]
    made["details"]["trust"] = {
        "verdict": "doubtful", "summary": "Few trades.", "trials": 3,
        "lines": [{"key": "a", "title": "Deflated Sharpe", "verdict": "bad", "value": None,
                   "text": "Could be chance.", "rests_on": "3 trials"}],
    }  # fmt: skip
    made["round_trips"] = made["round_trips"][:1] * 1203
    shown = " ".join(Page(render_html(made)).text)
    assert "the prices of A are invented" in shown
    assert "Deflated Sharpe" in shown
    assert "Rests on 3 trials" in shown
    assert "703 more are in the JSON and CSV exports" in shown


def test_rules_with_weights_of_their_own_are_not_said_to_be_sized_otherwise() -> None:
    made = document()
    assert "all_in" in render_html(made)
    made["config"]["strategy"] = {"document": {"weight": "1 / 3"}}
    shown = " ".join(Page(render_html(made)).text)
    assert "target weights of the rules" in shown
    assert "all_in" not in shown


@pytest.mark.parametrize("rows", [1, 2, 3, 30])
def test_a_short_run_has_a_page_too(rows: int) -> None:
    page = render_html(document(rows=rows))
    assert not re.search(r"\bnan\b|\binf\b", page)
    assert not Page(page).open


def test_a_run_without_benchmark_trades_or_details_has_a_page() -> None:
    page = render_html(document(benchmark=None, round_trips=[], trades=[], details={}))
    assert "There were no trades." in page


def test_a_long_line_is_thinned_to_the_same_picture() -> None:
    values = np.cumsum(np.random.default_rng(1).normal(size=1_000_000))
    values[[3, 999_000]] = (-9999.0, 9999.0)
    values[:3] = np.nan
    rows, kept = thinned(values)
    assert len(rows) <= 1000
    assert (kept.min(), kept.max()) == (-9999.0, 9999.0)
    assert (rows[0], rows[-1]) == (3, 999_999)
    assert (np.diff(rows) > 0).all()


def test_ticks_are_round_and_dates_start_years_months_or_days() -> None:
    assert Scale(0.0, 10.0, 0, 1).ticks(5) == [0, 2, 4, 6, 8, 10]
    assert Scale(-0.34, 0.02, 0, 1).ticks(3) == pytest.approx([-0.2, 0.0])
    days = [str(one) for one in np.arange("2015-06-01", "2019-02-01", dtype="datetime64[D]")]
    assert [label for _, label in date_ticks(days)] == ["2016", "2017", "2018", "2019"]
    assert next(label for _, label in date_ticks(days[:130])) == "2015-07"
    assert date_ticks(days[:1]) == []


def test_sessions_take_each_days_last_value_and_zero_is_an_edge() -> None:
    dates = [f"2020-01-0{day}T{hour}:00:00Z" for day in (6, 7, 8) for hour in (10, 11)]
    sessions = Sessions.of(dates, np.array([1.0, 2.0, 3.0, 4.0, np.nan, 2.0]))
    assert sessions.dates == ("2020-01-06", "2020-01-07", "2020-01-08")
    assert sessions.returns.tolist() == [1.0, -0.5]
    assert sessions.rolling_sharpe() is None
    found = bins(np.array([-0.01, 0.01, 0.02, 0.3]))
    assert found is not None
    assert 0.0 in found[0]
    assert sum(found[1]) == 4


def test_the_rolling_sharpe_ratio_is_the_one_of_its_window() -> None:
    returns = np.random.default_rng(2).normal(0.001, 0.01, 300)
    dates = [str(one) for one in np.busday_offset("2020-01-06", np.arange(301))]
    sessions = Sessions.of(dates, np.concatenate(([1.0], np.cumprod(1.0 + returns))))
    rolling = sessions.rolling_sharpe()
    assert rolling is not None
    window, ratio = rolling
    assert window == 126
    assert np.isnan(ratio[:126]).all()
    last = returns[-126:]
    assert ratio[-1] == pytest.approx(last.mean() / last.std(ddof=1) * 252**0.5)
