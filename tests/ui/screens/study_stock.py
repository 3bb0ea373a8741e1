"""Studies for the tests of their screen."""

from __future__ import annotations

from datetime import date

from quant_tui.domain.vocabulary import RunStatus
from quant_tui.engine.optimization.objective import Objective
from quant_tui.engine.optimization.space import ParameterRange
from quant_tui.services.composition import Services
from quant_tui.services.study_request import StudyRequest, WalkForwardPlan

NAME = "골든크로스 전략"


def request(strategy_id: str, **changes: object) -> StudyRequest:
    """Return a small study."""
    given: dict[str, object] = {
        "symbols": ("GAON.SYN",),
        "strategy_id": strategy_id,
        "space": {
            "short_window": ParameterRange("int", 5, 30, 5),
            "long_window": ParameterRange("int", 40, 120, 20),
        },
        "sampler": "grid",
        "start": date(2005, 1, 1),
        "end": date(2012, 12, 31),
        "min_trades": 1,
        "walk_forward": WalkForwardPlan(windows=3),
        "workers": 1,
        "name": "격자 탐색 grid",
    }
    return StudyRequest(**{**given, **changes})  # type: ignore[arg-type]  # checked by the study


async def strategy(services: Services) -> str:
    """Make a strategy with a Korean name; return its id."""
    made = await services.strategies.create(NAME, "SMA_CROSSOVER", {"short_window": 15})
    return made.id


async def one_study(services: Services) -> None:
    """Make a strategy, and run a grid of it to its end."""
    await (await services.studies.start(request(await strategy(services)))).wait()


async def two_studies(services: Services) -> None:
    """Do the same, with a second one for two objectives."""
    made = await strategy(services)
    await (await services.studies.start(request(made))).wait()
    both = request(
        made,
        name="Front of two",
        objectives=(Objective("sharpe_ratio"), Objective("annual_volatility", "minimize")),
        sampler="random",
        trials=25,
        notes="적은 위험",
        walk_forward=None,
    )
    await (await services.studies.start(both)).wait()


async def part_of_a_study(services: Services) -> None:
    """Leave the grid in the middle: thirty trials of sixty, none of them judged."""
    await one_study(services)
    assert services.user is not None
    studies = services.stores.repositories.for_user(services.user.id).studies
    (study,) = await studies.list()
    unjudged = {"status": RunStatus.PENDING, "analysis": {}, "n_trials": 60}
    await studies.update(study.model_copy(update=unjudged))
