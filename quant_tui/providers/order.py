"""Whether the rows of a file need sorting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa


class OrderWatch:
    """Watches rows go by; ``kept`` as long as they rise by symbol and time, none twice."""

    def __init__(self) -> None:
        self.kept = True
        self._last: tuple[str, int, int] | None = None

    def look(
        self,
        names: pa.Array,
        local: NDArray[np.int64],
        utc: NDArray[np.int64],
        keep: NDArray[np.bool_],
    ) -> None:
        """Look at the next rows.

        Parameters
        ----------
        names
            Dictionary array of symbols.
        local, utc
            Wall clock and UTC in microseconds; both must rise.
        keep
            Which rows count.
        """
        if not self.kept or not keep.any():
            return
        distinct = names.dictionary.to_pylist()
        rank = np.empty(len(distinct), dtype=np.int64)
        rank[sorted(range(len(distinct)), key=distinct.__getitem__)] = np.arange(len(distinct))
        codes = names.indices.to_numpy(zero_copy_only=False)[keep]
        local, utc = local[keep], utc[keep]
        step = np.diff(rank[codes])
        later = (np.diff(local) > 0) & (np.diff(utc) > 0)
        first = (distinct[codes[0]], int(local[0]), int(utc[0]))
        before = self._last
        follows = (
            before is None
            or first[0] > before[0]
            or (first[0] == before[0] and first[1] > before[1] and first[2] > before[2])
        )
        self.kept = follows and bool(np.all((step > 0) | ((step == 0) & later)))
        self._last = (distinct[codes[-1]], int(local[-1]), int(utc[-1]))
