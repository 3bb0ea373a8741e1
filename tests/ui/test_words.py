"""How figures are written, when data are stale, when a line is slow."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from quant_tui.ui import format as fmt
from quant_tui.ui.slow_line import is_slow
from quant_tui.ui.status import is_stale

NAN = float("nan")


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        (fmt.number(1234.5), "1,234.50"),
        (fmt.number(-0.004), "0.00"),
        (fmt.number(None), "–"),
        (fmt.number(NAN), "–"),
        (fmt.number(float("inf")), "–"),
        (fmt.integer(1e6), "1,000,000"),
        (fmt.signed(0.001), "0.00"),
        (fmt.signed(1.5), "+1.50"),
        (fmt.signed(-1.5), "-1.50"),
        (fmt.percent(0.01234), "1.23%"),
        (fmt.change(0.0123), "▲ +1.23%"),
        (fmt.change(-0.5), "▼ -50.00%"),
        (fmt.change(0.0), "· 0.00%"),
        (fmt.compact(1_234_567), "1.2M"),
        (fmt.compact(-950), "-950"),
        (fmt.duration(0.42), "0.4 s"),
        (fmt.duration(59.9), "59 s"),
        (fmt.duration(3725), "1:02:05"),
        (fmt.duration(None), "–"),
        (fmt.bar(0.25, 4), "━───"),
        (fmt.bar(2.0, 3), "━━━"),
        (fmt.bar(-1, 3), "───"),
        (fmt.sparkline([1, 2, NAN, 3], 4), "▁▅ █"),
        (fmt.sparkline([5, 5], 4), "▄▄"),
        (fmt.sparkline([], 4), ""),
    ],
)
def test_figures(written: str, wanted: str) -> None:
    assert written == wanted


def test_long_series_end_with_their_newest_value() -> None:
    drawn = fmt.sparkline([0.0] * 99 + [1.0], 10)
    assert len(drawn) == 10
    assert drawn[-1] == "█"


def test_ago() -> None:
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert fmt.ago(now - timedelta(minutes=5), now) == "5 min ago"
    assert fmt.ago(now - timedelta(hours=3), now) == "3 h ago"


@pytest.mark.parametrize(
    ("last", "today", "stale"),
    [
        (date(2026, 2, 27), date(2026, 3, 2), False),  # Friday's close on Monday
        (date(2026, 2, 27), date(2026, 3, 4), False),
        (date(2026, 2, 27), date(2026, 3, 5), True),
        (date(2018, 12, 31), date(2026, 3, 2), True),
        (None, date(2026, 3, 2), False),
    ],
)
def test_stale(last: date | None, today: date, stale: bool) -> None:
    assert is_stale(last, today) is stale


@pytest.mark.parametrize(
    ("setting", "environment", "slow"),
    [
        ("auto", {}, False),
        ("auto", {"SSH_TTY": "/dev/pts/1"}, True),
        ("auto", {"SSH_CONNECTION": "1 2 3 4"}, True),
        ("off", {"SSH_TTY": "x"}, False),
        ("on", {}, True),
    ],
)
def test_slow_line(setting: str, environment: dict[str, str], slow: bool) -> None:
    assert is_slow(setting, environment) is slow
