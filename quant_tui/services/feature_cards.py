"""The card of a feature: what its values are, what they say, and whether they can be trusted.

Spread, course over time, correlation with the other features, information coefficients with
their decay, drift between periods, and the leakage check. The figures that matter are kept
with the version.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from quant_tui.domain.base import Document, utc_now
from quant_tui.domain.cancellation import CancelCheck, raise_if_cancelled
from quant_tui.domain.errors import InsufficientData, QuantError
from quant_tui.domain.ml_platform import Feature, FeatureVersion
from quant_tui.ml.features.drift import Drift, drift
from quant_tui.ml.features.information import Information, information
from quant_tui.ml.features.summary import Course, Summary, course, summarise
from quant_tui.ml.statistics import correlation
from quant_tui.services.feature_definitions import FeatureDefinition, definition_of
from quant_tui.services.feature_leaks import LeakReport, find_leaks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quant_tui.jobs.manager import Job, JobContext, JobManager
    from quant_tui.services.feature_records import ModelUse
    from quant_tui.services.feature_values import FeatureValues, PanelValues, Report
    from quant_tui.services.features import FeatureService
    from quant_tui.storage.duck.bars import BarRepository

    Floats = NDArray[np.float64]

MOST_SYMBOLS = 200
"""Symbols of a card that names none: the first by name that have daily bars."""

LEAK_SYMBOLS = 20
"""Symbols that the leakage check computes again, spread over those of the card."""

MOST_OTHERS = 30
"""Other features that are compared."""

MOST_PAIRS = 200_000
"""Values that a correlation of two features is made of, spread over all."""

TOO_GOOD = 0.3
"""A mean rank-IC above which a feature is doubted: published ones reach 0.02 to 0.10."""


@dataclass(frozen=True, slots=True)
class FeatureScope:
    """Which bars a card is about.

    Attributes
    ----------
    symbols
        Empty for those of the store, :data:`MOST_SYMBOLS` at most.
    start, end
        Both included; None for no bound.
    split
        Where the later period of the drift begins; None for the middle.
    """

    symbols: tuple[str, ...] = ()
    interval: str = "1d"
    start: date | None = None
    end: date | None = None
    split: date | None = None


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another feature and how it goes with this one; None where that is not defined."""

    name: str
    version: str
    pearson: float | None
    rank: float | None
    why: str = ""
    """Why there are no figures."""


@dataclass(frozen=True, eq=False)
class FeatureCard:
    """Everything that is known of one version of a feature on some bars.

    Attributes
    ----------
    symbols, available
        What the card is about, and how many symbols there are.
    first, last
        Dates of the first and last row.
    fingerprint
        Hash of the bars.
    dates
        Of the rows of ``information.series``.
    """

    feature: Feature
    version: FeatureVersion
    symbols: tuple[str, ...]
    available: int
    first: str
    last: str
    fingerprint: str
    summary: Summary
    course: Course
    information: Information
    dates: NDArray[np.datetime64]
    drift: Drift
    leak: LeakReport
    neighbours: tuple[Neighbour, ...]
    models: tuple[ModelUse, ...]

    @property
    def too_good(self) -> bool:
        """Whether the next bar's return is foretold better than features honestly do."""
        mean = self.information.rank[0].mean
        return mean is not None and abs(mean) > TOO_GOOD


class FeatureCards:
    """Works out cards, and keeps their figures with the versions."""

    def __init__(
        self,
        features: FeatureService,
        values: FeatureValues,
        bars: BarRepository,
        jobs: JobManager,
    ) -> None:
        self._features = features
        self._values = values
        self._bars = bars
        self._jobs = jobs

    async def start(self, reference: str, scope: FeatureScope) -> Job[FeatureCard]:
        """Work out the card of ``name`` or ``name@1.2.0`` as a job.

        Raises
        ------
        NotFound
            There is no such feature or version.
        """
        version = await self._features.version(reference)
        feature = await self._features.get(version.feature_id)

        async def work(context: JobContext) -> FeatureCard:
            return await self._card(feature, version, scope, context)

        title = f"{feature.name} {version.version}"
        return self._jobs.start("feature", title, work, target=feature.id)

    async def start_check(self, reference: str, scope: FeatureScope) -> Job[LeakReport]:
        """Check a feature for leakage as a job; raises as :meth:`start`."""
        version = await self._features.version(reference)

        async def work(context: JobContext) -> LeakReport:
            return await self.check(
                reference, scope, progress=context.progress, cancel=context.cancel
            )

        title = f"leakage of {reference}"
        return self._jobs.start("feature", title, work, target=version.feature_id)

    async def check(
        self,
        reference: str,
        scope: FeatureScope,
        *,
        progress: Report | None = None,
        cancel: CancelCheck | None = None,
    ) -> LeakReport:
        """Check a version for leakage, and keep with it what was found.

        Raises
        ------
        NotFound
            There is no such feature or version.
        InsufficientData
            There is no value to compare.
        StrategyError, InvalidInput
            It cannot be computed.
        """
        version = await self._features.version(reference)
        symbols, _ = await self._symbols(scope)
        definition = await asyncio.to_thread(definition_of, version)
        found = await self._leak(definition, symbols, scope, progress or _untold, cancel)
        await self._features.record(version.id, {"leakage": found.to_document()})
        return found

    # -- inside

    async def _card(
        self,
        feature: Feature,
        version: FeatureVersion,
        scope: FeatureScope,
        context: JobContext,
    ) -> FeatureCard:
        symbols, available = await self._symbols(scope)
        definition = await asyncio.to_thread(definition_of, version)
        others = [one for one in await self._features.histories() if one.feature.id != feature.id]
        used = [one.used for one in others[:MOST_OTHERS]]
        panel, why = await self._panel(definition, used, symbols, scope, context)
        context.progress(0.6, "statistics")
        worked = await context.run_in_thread(_figures, panel, scope.split, context.cancel)
        summary, over_time, says, drifts, pairs = worked
        neighbours = tuple(
            Neighbour(one.feature.name, version_.version, *pair, why=reason)
            for one, version_, pair, reason in zip(others, used, pairs, why, strict=False)
        )
        context.progress(0.75, "leakage check")
        leak = await self._leak(
            definition, symbols, scope,
            lambda done, what: context.progress(0.75 + 0.25 * done, what), context.cancel,
        )  # fmt: skip
        run = run_document(symbols, scope, panel, summary, says)
        statistics = {"runs": [run], "leakage": leak.to_document(), "drift": _drift(drifts)}
        version = await self._features.record(version.id, statistics)
        return FeatureCard(
            feature=feature,
            version=version,
            symbols=symbols,
            available=available,
            first=str(panel.index[0]),
            last=str(panel.index[-1]),
            fingerprint=panel.fingerprint,
            summary=summary,
            course=over_time,
            information=says,
            dates=panel.index,
            drift=drifts,
            leak=leak,
            neighbours=neighbours,
            models=tuple(await self._features.models_of(feature.id)),
        )

    async def _symbols(self, scope: FeatureScope) -> tuple[tuple[str, ...], int]:
        found = await asyncio.to_thread(self._bars.summaries)
        names = sorted({one.symbol for one in found if one.interval == scope.interval})
        if scope.symbols:
            return scope.symbols, max(len(names), len(scope.symbols))
        if not names:
            raise InsufficientData(
                f"There are no {scope.interval} bars to compute features of.",
                hint="Import a file or load the sample data.",
            )
        return tuple(names[:MOST_SYMBOLS]), len(names)

    async def _panel(
        self,
        definition: FeatureDefinition,
        others: Sequence[FeatureVersion],
        symbols: Sequence[str],
        scope: FeatureScope,
        context: JobContext,
    ) -> tuple[PanelValues, list[str]]:
        """Compute the feature and the others; an other that cannot be is left empty."""
        why, usable = await context.run_in_thread(_usable, others)

        def report(done: float, what: str) -> None:
            context.progress(0.6 * done, what)

        async def compute(*wanted: FeatureDefinition) -> PanelValues:
            return await self._values.panel(
                wanted, symbols, scope.interval, scope.start, scope.end,
                progress=report, cancel=context.cancel,
            )  # fmt: skip

        try:
            panel = await compute(definition, *usable)
        except QuantError:
            # It may be another feature that fails, and only that one is to be left out.
            raise_if_cancelled(context.cancel)
            panel = await compute(definition)
            for at, one in enumerate(others):
                if not why[at]:
                    try:
                        alone = await compute(definition_of(one))
                    except QuantError as error:
                        why[at] = error.message
                    else:
                        panel = panel.beside(alone)
        columns = iter(range(1, panel.values.shape[2]))
        places = [0, *(-1 if no else next(columns) for no in why)]
        empty = np.full((*panel.close.shape, 1), np.nan)
        values = np.concatenate([panel.values, empty], axis=2)[:, :, places]
        return replace(panel, values=values), why

    async def _leak(
        self,
        definition: FeatureDefinition,
        symbols: Sequence[str],
        scope: FeatureScope,
        progress: Report,
        cancel: CancelCheck | None,
    ) -> LeakReport:
        step = -(-len(symbols) // LEAK_SYMBOLS)
        bars = await self._values.load(symbols[::step], scope.interval, scope.end)
        return await find_leaks(self._values, definition, bars, progress, cancel)


def _untold(_done: float, _message: str) -> None:
    """Tell nobody how far it is."""


def _usable(
    versions: Sequence[FeatureVersion],
) -> tuple[list[str], list[FeatureDefinition]]:
    """Return why each feature is not compared, "" when it is, and those that are."""
    why: list[str] = []
    usable: list[FeatureDefinition] = []
    for one in versions:
        try:
            found = definition_of(one)
        except QuantError as error:
            why.append(error.message)
            continue
        why.append("it needs figures from outside the bars" if found.outside else "")
        if not found.outside:
            usable.append(found)
    return why, usable


Worked = tuple[Summary, Course, Information, Drift, list[tuple[float | None, float | None]]]


def _figures(panel: PanelValues, split: date | None, cancel: CancelCheck) -> Worked:
    mine = panel.values[:, :, 0]
    present = np.isfinite(panel.close)
    summary = summarise(mine, present)
    raise_if_cancelled(cancel)
    over_time = course(panel.index, mine, present)
    says = information(mine, panel.close, pause=lambda: raise_if_cancelled(cancel))
    raise_if_cancelled(cancel)
    drifts = drift(panel.index, mine, None if split is None else np.datetime64(split))
    flat = mine.ravel()
    step = max(1, -(-len(flat) // MOST_PAIRS))
    pairs: list[tuple[float | None, float | None]] = []
    for at in range(1, panel.values.shape[2]):
        raise_if_cancelled(cancel)
        other = panel.values[:, :, at].ravel()
        both = flat[::step], other[::step]
        pairs.append((correlation(*both), correlation(*both, ranked=True)))
    return summary, over_time, says, drifts, pairs


def run_document(
    symbols: Sequence[str],
    scope: FeatureScope,
    panel: PanelValues,
    summary: Summary,
    says: Information,
) -> Document:
    """Return the statistics of one universe and period as they are kept with a version."""
    key = [sorted(symbols), scope.interval, str(scope.start), str(scope.end)]
    rank, plain = says.rank[0], says.pearson[0]
    return {
        "key": hashlib.sha256(repr(key).encode()).hexdigest()[:16],
        "symbols": list(symbols[:20]),
        "symbol_count": len(symbols),
        "interval": scope.interval,
        "start": str(panel.index[0]),
        "end": str(panel.index[-1]),
        "fingerprint": panel.fingerprint,
        "computed_at": utc_now(),
        "count": summary.count,
        "missing": summary.missing,
        "mean": summary.mean,
        "std": summary.std,
        "least": summary.least,
        "greatest": summary.greatest,
        "quantiles": {f"p{round(100 * key)}": one for key, one in summary.quantiles.items()},
        "histogram": {
            "edges": list(summary.edges),
            "counts": list(summary.counts),
            "below": summary.below,
            "above": summary.above,
        },
        "ic": plain.mean,
        "rank_ic": rank.mean,
        "rank_ic_ratio": rank.ratio,
    }


def _drift(found: Drift) -> Document:
    return {
        "split": str(found.split),
        "psi": found.whole.psi,
        "ks": found.whole.ks,
        "verdict": found.verdict,
    }
