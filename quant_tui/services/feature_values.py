"""Values of features over many symbols: computed in bulk, kept, laid out as one panel.

As of every date: bars after the end that is asked for are not even loaded, a row's values
rest on the bars up to it, and what is kept is used only for the very same bars.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from quant_tui.domain.cancellation import CancelCheck, raise_if_cancelled
from quant_tui.domain.errors import InsufficientData
from quant_tui.domain.ml_platform import FeatureVersion
from quant_tui.services.feature_definitions import FeatureDefinition
from quant_tui.services.market_data import to_bars
from quant_tui.services.outside_series import OutsideSeriesService, calls_in, hash_of
from quant_tui.storage.duck.bars import BarRepository
from quant_tui.storage.duck.feature_values import FeatureValueRepository, KeptValues, Key

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quant_tui.engine import Bars
    from quant_tui.jobs.manager import JobManager

    Floats = NDArray[np.float64]
    Dates = NDArray[np.datetime64]

Report = Callable[[float, str], None]
"""Told the fraction done (0 to 1) and what is being done."""

CHUNK = 100
"""Symbols whose bars are held at once."""

FIELDS = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, eq=False)
class FeaturePanel:
    """Values of F features on T dates of N symbols.

    Attributes
    ----------
    symbols
        N names, in the order asked for.
    index
        datetime64 (T,), rising: the union of the symbols' dates.
    columns
        F names of features.
    versions
        Which version each column is.
    values
        float64 (T, N, F); NaN where not known, or where the symbol has no bar.
    close
        float64 (T, N); NaN where the symbol has no bar.
    fingerprint
        SHA-256 of all bars, and figures from outside, that the values rest on.
    """

    symbols: tuple[str, ...]
    index: Dates
    columns: tuple[str, ...]
    versions: tuple[FeatureVersion, ...]
    values: Floats
    close: Floats
    fingerprint: str


@dataclass(frozen=True, eq=False)
class PanelValues:
    """A panel's arrays, as :class:`FeaturePanel` has them."""

    index: Dates
    values: Floats
    close: Floats
    fingerprint: str

    def beside(self, other: PanelValues) -> PanelValues:
        """Return it with the features of another panel of the same bars behind its own."""
        return replace(self, values=np.concatenate([self.values, other.values], axis=2))


@dataclass(frozen=True, eq=False)
class _Part:
    """The panel of some of the symbols, on their own dates."""

    index: Dates
    values: Floats
    close: Floats
    hashes: dict[str, str]
    outside: str


class FeatureValues:
    """Computes values, and keeps them by definition and hash of the data."""

    def __init__(
        self,
        bars: BarRepository,
        kept: FeatureValueRepository,
        outside: OutsideSeriesService,
        jobs: JobManager,
    ) -> None:
        self._bars = bars
        self._kept = kept
        self._outside = outside
        self._jobs = jobs

    async def panel(
        self,
        definitions: Sequence[FeatureDefinition],
        symbols: Sequence[str],
        interval: str,
        start: date | None,
        end: date | None,
        *,
        progress: Report | None = None,
        cancel: CancelCheck | None = None,
    ) -> PanelValues:
        """Return the values of features on the dates of symbols.

        Parameters
        ----------
        definitions
            What to compute, F of them.
        symbols
            N distinct names.
        interval
            Which bars, such as ``1d``.
        start, end
            First and last date, both included; None for no bound. Bars before ``start`` are
            loaded for the warm-up, bars after ``end`` are not.

        Raises
        ------
        NotFound, InsufficientData, InvalidInput
            A symbol has no such bars, there are none between the dates, or a price or a
            function cannot be used.
        StrategyError
            A figure from outside is not there.
        """
        together = any(one.across for one in definitions)
        size = len(symbols) if together else CHUNK
        chunks = [tuple(symbols[at : at + size]) for at in range(0, len(symbols), max(1, size))]
        calls = calls_in([one.rule.tree for one in definitions if one.rule is not None])
        parts: list[_Part] = []
        for at, chunk in enumerate(chunks):
            raise_if_cancelled(cancel)
            if progress is not None:
                progress(at / len(chunks), f"features of {chunk[0]} …")
            bars = await self._jobs.run_in_thread(self._load, chunk, interval, end, cancel)
            outside = await self._outside.of_calls(calls, bars)
            parts.append(
                await self._jobs.run_in_thread(
                    self._of_chunk, definitions, bars, outside.inputs, interval, start, cancel
                )
            )
        found = await self._jobs.run_in_thread(_joined, parts)
        if not len(found.index):
            raise InsufficientData(
                f"No bars of {', '.join(symbols[:5])}{' …' if len(symbols) > 5 else ''} from "
                f"{start or 'the first'} to {end or 'the last'}.",
                hint="Widen the dates; quant-tui data list says what there is.",
            )
        return found

    async def load(self, symbols: Sequence[str], interval: str, end: date | None = None) -> Bars:
        """Return all bars of symbols up to a date; raises as :meth:`panel`."""
        return await self._jobs.run_in_thread(self._load, tuple(symbols), interval, end, None)

    async def evaluate(
        self, definition: FeatureDefinition, bars: Bars, *, cancel: CancelCheck | None = None
    ) -> Floats:
        """Compute a feature on given bars, (T, N) on their dates; nothing is kept.

        Raises
        ------
        StrategyError, InvalidInput
            As :meth:`panel`.
        """
        calls = {} if definition.rule is None else calls_in([definition.rule.tree])
        outside = await self._outside.of_calls(calls, bars)
        return await self._jobs.run_in_thread(_evaluated, definition, bars, outside.inputs, cancel)

    def _load(
        self, symbols: tuple[str, ...], interval: str, end: date | None, cancel: CancelCheck | None
    ) -> Bars:
        return to_bars(self._bars.load(symbols, None, end, interval=interval, cancel=cancel))

    def _of_chunk(
        self,
        definitions: Sequence[FeatureDefinition],
        bars: Bars,
        inputs: Mapping[str, Floats],
        interval: str,
        start: date | None,
        cancel: CancelCheck | None,
    ) -> _Part:
        from quant_tui.engine.rules.frame import Frame

        first = 0 if start is None else int(np.searchsorted(bars.dates, np.datetime64(start)))
        frame = Frame(bars)
        hashes = bar_hashes(bars)
        columns = [
            _Column(one, _keys(one, bars, hashes, inputs), bars.present.sum(axis=0).tolist())
            for one in definitions
        ]
        wanted = {
            (one.definition.key, symbol): key
            for one in columns
            for symbol, key in one.hashes.items()
        }
        kept = self._kept.read(interval, wanted)
        values = np.empty((len(bars) - first, len(bars.symbols), len(definitions)))
        fresh: list[KeptValues] = []
        for at, column in enumerate(columns):
            raise_if_cancelled(cancel)
            packed = column.kept(bars, kept)
            if packed is None:
                packed = column.definition.evaluate(
                    bars, inputs=inputs, pause=lambda: raise_if_cancelled(cancel)
                )
                fresh += column.to_keep(bars, packed)
            values[:, :, at] = frame.spread(packed)[first:]
        raise_if_cancelled(cancel)
        self._kept.write(interval, fresh)
        return _Part(bars.dates[first:], values, bars.close[first:], hashes, hash_of(inputs))


@dataclass(frozen=True, eq=False)
class _Column:
    """One feature of a part: what its values are kept by, and how many each symbol has."""

    definition: FeatureDefinition
    hashes: dict[str, str]
    counts: list[int]

    def kept(self, bars: Bars, kept: Mapping[Key, Floats]) -> Floats | None:
        """Return the values of all symbols as they are kept; None when one is not."""
        found = [kept.get((self.definition.key, symbol)) for symbol in bars.symbols]
        packed = np.full(bars.close.shape, np.nan)
        for column, (values, count) in enumerate(zip(found, self.counts, strict=True)):
            if values is None or len(values) != count:
                return None
            packed[:count, column] = values
        return packed

    def to_keep(self, bars: Bars, packed: Floats) -> list[KeptValues]:
        """Return freshly computed values as they are kept."""
        return [
            KeptValues(self.definition.key, symbol, self.hashes[symbol], packed[:count, column])
            for column, (symbol, count) in enumerate(zip(bars.symbols, self.counts, strict=True))
        ]


def bar_hashes(bars: Bars) -> dict[str, str]:
    """Return, by symbol, the SHA-256 of its own bars: dates and figures, gaps left out."""
    stamps = bars.dates.astype("datetime64[us]").astype("<i8")
    found: dict[str, str] = {}
    for column, symbol in enumerate(bars.symbols):
        rows = bars.present[:, column]
        digest = hashlib.sha256(stamps[rows].tobytes())
        for name in FIELDS:
            digest.update(_plain_bytes(getattr(bars, name)[rows, column]))
        found[symbol] = digest.hexdigest()
    return found


def _keys(
    definition: FeatureDefinition,
    bars: Bars,
    hashes: Mapping[str, str],
    inputs: Mapping[str, Floats],
) -> dict[str, str]:
    """Return, by symbol, the hash of everything that its values are computed of."""
    if not definition.across and not definition.outside:
        return dict(hashes)
    everyone = ""
    if definition.across:
        everyone = "".join(f"{symbol}\0{hashes[symbol]}\0" for symbol in sorted(hashes))
    found: dict[str, str] = {}
    for column, symbol in enumerate(bars.symbols):
        digest = hashlib.sha256(f"{hashes[symbol]}{everyone}".encode())
        for call in sorted(definition.outside):
            given = inputs.get(call)
            if given is not None:
                mine = given if given.ndim == 1 or definition.across else given[:, column]
                digest.update(call.encode() + _plain_bytes(mine))
        found[symbol] = digest.hexdigest()
    return found


def _plain_bytes(values: Floats) -> bytes:
    """Return little-endian bytes, every NaN alike and no negative zero."""
    plain = np.ascontiguousarray(values, dtype="<f8") + 0.0
    return np.where(np.isnan(plain), np.nan, plain).tobytes()


def _evaluated(
    definition: FeatureDefinition,
    bars: Bars,
    inputs: Mapping[str, Floats],
    cancel: CancelCheck | None,
) -> Floats:
    from quant_tui.engine.rules.frame import Frame

    packed = definition.evaluate(bars, inputs=inputs, pause=lambda: raise_if_cancelled(cancel))
    return Frame(bars).spread(packed)


def _joined(parts: list[_Part]) -> PanelValues:
    """Lay parts side by side on the union of their dates; takes them out of the list."""
    hashes = {symbol: one for part in parts for symbol, one in part.hashes.items()}
    digest = hashlib.sha256()
    for symbol in sorted(hashes):
        digest.update(f"{symbol}\0{hashes[symbol]}\0".encode())
    digest.update("".join(part.outside for part in parts).encode())
    if len(parts) == 1:
        only = parts[0]
        return PanelValues(only.index, only.values, only.close, digest.hexdigest())
    index = np.unique(np.concatenate([part.index for part in parts]))
    width = sum(part.close.shape[1] for part in parts)
    values = np.full((len(index), width, parts[0].values.shape[2]), np.nan)
    close = np.full((len(index), width), np.nan)
    at = 0
    while parts:
        part = parts.pop(0)
        rows = np.searchsorted(index, part.index)
        columns = slice(at, at + part.close.shape[1])
        values[rows, columns] = part.values
        close[rows, columns] = part.close
        at = columns.stop
    return PanelValues(index, values, close, digest.hexdigest())
