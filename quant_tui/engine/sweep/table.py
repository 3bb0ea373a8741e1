"""What a sweep found: one row a combination, as arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from quant_tui.engine.arrays import FloatArray, IntArray
from quant_tui.engine.rules.findings import did_you_mean

if TYPE_CHECKING:
    import pandas as pd


class SweepTable(Mapping[str, NDArray[Any]]):
    """One row a combination, in the order of the grid; one array a column.

    Parameters of the sweep come first, then metrics. A metric is an array of figures in
    which what is undefined is NaN, also for counts such as ``total_trades``; a
    combination that cannot run has every metric undefined, and :attr:`invalid` says why.

    Parameters
    ----------
    parameters
        Values of each parameter (K,).
    metrics
        Each metric (K,).
    refused
        Rows of the combinations that cannot run.
    reason
        Tells why a row cannot.

    Examples
    --------
    ``table["sharpe_ratio"].max()``, ``len(table)``, ``table.row(3)``, ``table.to_frame()``.
    """

    def __init__(
        self,
        parameters: Mapping[str, NDArray[Any]],
        metrics: Mapping[str, FloatArray],
        refused: IntArray,
        reason: Callable[[int], str],
    ) -> None:
        self._arrays: dict[str, NDArray[Any]] = {**parameters, **metrics}
        self.parameters = tuple(parameters)
        self.metrics = tuple(metrics)
        self.invalid: Mapping[int, str] = _Reasons(refused, reason)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns: parameters, then metrics."""
        return tuple(self._arrays)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and of columns."""
        return len(self), len(self._arrays)

    def __len__(self) -> int:
        """Return the number of combinations."""
        return len(next(iter(self._arrays.values()), ()))

    def __iter__(self) -> Iterator[str]:
        """Go through the names of the columns."""
        return iter(self._arrays)

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return a column (K,).

        Raises
        ------
        KeyError
            There is no such column.
        """
        try:
            return self._arrays[name]
        except KeyError:
            hint = did_you_mean(str(name), self._arrays) or f"columns: {', '.join(self._arrays)}"
            raise KeyError(f"The sweep has no column {name!r}; {hint}") from None

    def __contains__(self, name: object) -> bool:
        """Whether there is a column of this name."""
        return name in self._arrays

    def __repr__(self) -> str:
        return f"SweepTable({len(self)} combinations: {', '.join(self._arrays)})"

    def row(self, number: int) -> dict[str, Any]:
        """Return one combination: parameters, and metrics with None where undefined."""
        found: dict[str, Any] = {}
        for name, values in self._arrays.items():
            value = values[number].item() if hasattr(values[number], "item") else values[number]
            found[name] = None if name in self.metrics and np.isnan(value) else value
        return found

    def to_frame(self) -> pd.DataFrame:
        """Return the table as a pandas DataFrame; what is undefined is missing (NaN)."""
        import pandas as pd

        return pd.DataFrame(self._arrays)


class _Reasons(Mapping[int, str]):
    """Why each refused combination cannot run, found when it is asked for."""

    def __init__(self, refused: IntArray, reason: Callable[[int], str]) -> None:
        self._refused = refused
        self._reason = reason

    def __len__(self) -> int:
        return len(self._refused)

    def __iter__(self) -> Iterator[int]:
        return iter(self._refused.tolist())

    def __getitem__(self, row: int) -> str:
        place = int(np.searchsorted(self._refused, row))
        if place == len(self._refused) or self._refused[place] != row:
            raise KeyError(row)
        return self._reason(row)

    def __repr__(self) -> str:
        return f"{len(self)} combinations that cannot run"
