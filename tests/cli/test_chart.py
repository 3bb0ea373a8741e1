from __future__ import annotations

import pytest

from quant_tui.cli.chart import equity_chart


def document(values: list[float]) -> dict[str, object]:
    dates = [f"2020-01-{day:02d}" for day in range(1, len(values) + 1)]
    return {
        "portfolio_value": {"date": dates, "value": values},
        "performance": {"initial_capital": 100.0},
    }


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_a_curve_is_drawn_with_its_fall_below_in_the_width_there_is(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = equity_chart(document([100.0, 110.0, 88.0, 120.0])).splitlines()
    assert max(map(len, lines)) <= min(columns, 120)
    titles = [line.strip() for line in lines if line.strip() in ("Equity", "Drawdown, %")]
    assert titles == ["Equity", "Drawdown, %"]
    assert any("-20.0" in line for line in lines)
    assert "2020-01-01" in lines[-1]
    assert "2020-01-04" in lines[-1]
    assert not any("\x1b" in line for line in lines)


@pytest.mark.parametrize("values", [[100.0], [0.0, 0.0]])
def test_a_curve_of_one_point_or_of_nothing_left_is_drawn_too(values: list[float]) -> None:
    assert "Equity" in equity_chart(document(values))
