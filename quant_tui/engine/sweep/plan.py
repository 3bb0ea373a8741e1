"""What a sweep knows before it sees a bar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from quant_tui.engine.rules.document import StrategyDocument
from quant_tui.engine.run import document_of
from quant_tui.engine.sweep.dependencies import Dependencies
from quant_tui.engine.sweep.grid import Grid
from quant_tui.engine.sweep.numbers import Numbers


class Plan:
    """A strategy and its combinations; sweeps over any bars may share one.

    Parameters
    ----------
    strategy, grid, product
        As in :func:`~quant_tui.engine.sweep.sweep`.

    Attributes
    ----------
    document
        Strategy.
    grid
        Combinations.
    dependencies, numbers
        Of the strategy on the grid's parameters.

    Raises
    ------
    InvalidInput, StrategyError
        The strategy or the grid cannot be used.
    """

    def __init__(
        self,
        strategy: str | StrategyDocument,
        grid: Mapping[str, Iterable[object]],
        *,
        product: bool,
    ) -> None:
        self.document = document_of(strategy)
        self.grid = Grid(self.document, grid, product=product)
        self.dependencies = Dependencies(self.document.lets, self.grid.names)
        self.numbers = Numbers(self.document, self.grid, self.dependencies)
