"""Pictures of the checks: a Korean strategy's verdicts and figures, and what is not there yet."""

from __future__ import annotations

from datetime import date

import pytest

from quant_tui.services.backtest_request import BacktestRequest
from quant_tui.services.composition import Services

from .test_pictures import Look, look  # noqa: F401 -- a fixture

SIZES = pytest.mark.parametrize(
    "size", [(80, 24), (120, 36), (200, 60)], ids=["80x24", "120x36", "200x60"]
)
SMALL = pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["80x24", "120x36"])


async def checked(services: Services) -> None:
    """Check a strategy with a Korean name on three symbols, invented ones among them."""
    await services.sample_data.load_bars()
    made = await services.strategies.create(
        "골든크로스 전략", "SMA_CROSSOVER", {"short_window": 15, "long_window": 60}
    )
    request = BacktestRequest(
        symbols=("SPX", "GAON.SYN", "NARU.SYN"), strategy_id=made.id, end=date(2018, 12, 31)
    )
    await (await services.checks.start(request)).wait()


async def changed_since(services: Services) -> None:
    """Do the same, and change the strategy after that."""
    await checked(services)
    (made,) = await services.strategies.list()
    parameters = {"short_window": 20, "long_window": 60}
    await services.strategies.update(made.model_copy(update={"parameters": parameters}))


OPEN = ("3", "t")


def figures(size: tuple[int, int], line: int) -> list[str]:
    """Return the keys that lead to the figures of a line."""
    return [*OPEN, *["down"] * line, *(["enter"] if size[0] < 100 else [])]


@SIZES
def test_costs(look: Look, size) -> None:  # noqa: F811 -- the fixture
    assert look(size, *figures(size, 2), prepare=checked)


@SMALL
def test_jitter(look: Look, size) -> None:  # noqa: F811
    assert look(size, *figures(size, 5), prepare=checked)


@pytest.mark.parametrize("line", [1, 3, 6, 7], ids=["warm-up", "starts", "out", "days"])
def test_figures(look: Look, line: int) -> None:  # noqa: F811
    assert look((120, 36), *figures((120, 36), line), prepare=checked)


@SIZES
def test_verdicts(look: Look, size) -> None:  # noqa: F811
    assert look(size, *OPEN, prepare=checked)


@SMALL
def test_stale(look: Look, size) -> None:  # noqa: F811
    assert look(size, *OPEN, prepare=changed_since, until="STALE")


def test_form(look: Look) -> None:  # noqa: F811
    assert look((80, 24), *OPEN, "e", prepare=checked)
