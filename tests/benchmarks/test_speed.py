"""Every row of the speed table, beside the peers, in one run."""

from __future__ import annotations

import numpy as np
import pytest

from tests.benchmarks import cold
from tests.benchmarks.measure import measure
from tests.benchmarks.rows import KERNEL, OURS, ROWS, available
from tests.benchmarks.table import Table

pytestmark = [pytest.mark.slow_benchmark, pytest.mark.timeout(1200)]


@pytest.mark.parametrize("key", ROWS)
def test_row(key: str, table: Table) -> None:
    row = ROWS[key]
    found = {name: measure(key, name) for name in row.contenders if available(name)}
    ours = found.get(OURS) or next(iter(found.values()))
    for name, one in found.items():
        table.add(
            row.title, name, one.best, ratio=one.best / ours.best, cpu=one.cpu, first=one.first,
            peak_bytes=one.peak_bytes,
        )  # fmt: skip
    for figure, tolerance in row.compared.items():
        for name, one in found.items():
            if figure in one.figures:
                np.testing.assert_allclose(
                    one.figures[figure], ours.figures[figure], rtol=tolerance, atol=tolerance,
                    err_msg=f"{figure} of {name}",
                )  # fmt: skip
    missed = [
        f"{found[peer].best / ours.best:.2f}x {peer}, {times:g}x is asked"
        for peer, times in row.faster_than.items()
        if peer in found and found[peer].best < times * ours.best
    ]
    if row.seconds is not None and ours.best > row.seconds:
        missed.append(f"{ours.best:.4f} s, {row.seconds} s is asked")
    if row.kernel_seconds is not None and found[KERNEL].best > row.kernel_seconds:
        missed.append(f"{found[KERNEL].best:.4f} s alone, {row.kernel_seconds} s is asked")
    if row.peak_bytes is not None and ours.peak_bytes > row.peak_bytes:
        missed.append(f"{ours.peak_bytes / 1e6:.0f} MB, {row.peak_bytes / 1e6:.0f} MB is asked")
    if key == "growth":
        missed += _growth([one.best for one in found.values()])
    assert not missed, f"{row.title}: {'; '.join(missed)}"


def _growth(seconds: list[float]) -> list[str]:
    """Twice the bars may take 2.5 times as long, four times the pairs five times."""
    base, bars, pairs, both = seconds
    ratios = {
        "bars x2": (bars / base, 2.5),
        "pairs x4": (pairs / base, 5),
        "both": (both / base, 11),
    }
    return [
        f"{name}: {found:.1f}x the time" for name, (found, most) in ratios.items() if found > most
    ]


def test_cold_backtest(table: Table, tmp_path) -> None:
    found = cold.one_backtest(tmp_path)
    ours, theirs = found["quant_tui"], found["backtesting.py"]
    title = "One backtest of a stored symbol, 5,031 daily bars, from a cold process"
    table.add(title, OURS, min(ours), ratio=1.0, first=ours[0])
    table.add(title, "backtesting.py", min(theirs), ratio=min(theirs) / min(ours), first=theirs[0])
    assert min(ours) <= min(theirs)


def test_cold_loops(table: Table, tmp_path) -> None:
    found = cold.compiled_loops(tmp_path)
    for name, seconds in found.items():
        table.add("Compiled loops, from a cold process", name, seconds)
    assert found["first sweep, cached"] < found["first sweep, no cache"]
    assert found["first backtest, cached"] < 1.0
