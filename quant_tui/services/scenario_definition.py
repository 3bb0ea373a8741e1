"""What a scenario is: windows, symbols, costs and horizons, checked before it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, cast

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput
from quant_tui.ml.targets import MOST_BARS_AHEAD
from quant_tui.services.scenario_windows import Window

MOST_WINDOWS = 20
MOST_MODELS = 20
MOST_COSTS = 10
MOST_HORIZONS = 10

RankedBy = Literal["skill", "ic", "rank_ic", "sharpe_ratio"]
RANKED_BY: dict[RankedBy, str] = {
    "skill": "squared error saved against the running mean, as a share of its error",
    "ic": "correlation of forecasts with what came",
    "rank_ic": "rank correlation of forecasts with what came",
    "sharpe_ratio": "of the strategy that trades the forecasts, at the middle cost",
}
"""What models may be ranked by; more is better of each."""


@dataclass(frozen=True, slots=True)
class ScenarioDefinition:
    """A fixed setting in which models are compared.

    Attributes
    ----------
    windows
        When; each is judged by itself.
    symbols
        On what.
    costs
        Commissions of the strategies that trade the forecasts, fractions of the value traded,
        rising.
    horizons
        Bars over which forecasts are laid beside returns, whatever the model's own target.
    ranked_by
        One of :data:`RANKED_BY`.
    seed
        Of the bootstrap.
    is_gate
        Whether promotions are judged in it.
    """

    windows: tuple[Window, ...]
    symbols: tuple[str, ...]
    costs: tuple[float, ...] = (0.0, 0.0005, 0.001, 0.002)
    horizons: tuple[int, ...] = (1, 5, 21)
    ranked_by: RankedBy = "skill"
    seed: int = 0
    is_gate: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        _counted("windows", "window", self.windows, MOST_WINDOWS)
        _counted("symbols", "symbol", self.symbols, 10_000)
        _counted("costs", "cost", self.costs, MOST_COSTS)
        _counted("horizons", "horizon", self.horizons, MOST_HORIZONS)
        _once("windows", [one.name.casefold() for one in self.windows])
        _once("symbols", self.symbols)
        if not all(0.0 <= one < 1.0 for one in self.costs):
            raise InvalidInput("A cost is a fraction from 0 to below 1.", field="costs")
        if not all(1 <= one <= MOST_BARS_AHEAD for one in self.horizons):
            raise InvalidInput(f"A horizon is 1 to {MOST_BARS_AHEAD} bars.", field="horizons")
        if self.ranked_by not in RANKED_BY:
            raise InvalidInput(
                f"Models cannot be ranked by {self.ranked_by!r}.",
                field="ranked_by",
                hint=f"There are {', '.join(RANKED_BY)}.",
            )
        if self.seed < 0:
            raise InvalidInput("A seed is 0 or more.", field="seed")
        object.__setattr__(self, "costs", tuple(sorted(set(self.costs))))
        object.__setattr__(self, "horizons", tuple(sorted(set(self.horizons))))

    @property
    def middle_cost(self) -> float:
        """The cost whose equity curves are kept."""
        return self.costs[len(self.costs) // 2]

    @classmethod
    def from_document(cls, document: Document) -> ScenarioDefinition:
        """Return the definition of :meth:`to_document`."""
        return cls(
            windows=tuple(Window.from_document(one) for one in document["windows"]),
            symbols=tuple(document["symbols"]),
            costs=tuple(document["costs"]),
            horizons=tuple(document["horizons"]),
            ranked_by=cast("RankedBy", document["ranked_by"]),
            seed=int(document["seed"]),
            is_gate=bool(document["is_gate"]),
        )

    def to_document(self) -> Document:
        """Return it as plain data."""
        return {
            "windows": [one.to_document() for one in self.windows],
            "symbols": list(self.symbols),
            "costs": list(self.costs),
            "horizons": list(self.horizons),
            "ranked_by": self.ranked_by,
            "seed": self.seed,
            "is_gate": self.is_gate,
        }


def _counted(name: str, one: str, values: Sequence[object], most: int) -> None:
    if not values:
        raise InvalidInput(f"A scenario needs at least one {one}.", field=name)
    if len(values) > most:
        raise InvalidInput(f"{most} {one}s at most, not {len(values)}.", field=name)


def _once(name: str, values: Sequence[str]) -> None:
    twice = sorted({one for one in values if values.count(one) > 1})
    if twice:
        raise InvalidInput(f"{', '.join(twice)} is named twice.", field=name)
