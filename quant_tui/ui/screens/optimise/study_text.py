"""From what a person typed into the form of a study to a request, or to what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from quant_tui.domain.errors import InvalidInput
from quant_tui.services.names import checked_name
from quant_tui.ui.screens.backtests.run_options import read_options
from quant_tui.ui.screens.backtests.run_request import check_period, read_date, symbols_in
from quant_tui.ui.screens.optimise.range_text import read_range

if TYPE_CHECKING:
    from quant_tui.domain.base import Document
    from quant_tui.engine.optimization.objective import Objective
    from quant_tui.engine.optimization.space import ParameterRange
    from quant_tui.engine.rules import ParameterSpec
    from quant_tui.services.study_request import StudyRequest, WalkForwardPlan

RANGE = "range."
"""Begins the key of a parameter's field."""

_WAY = re.compile(r"^(max|maximize|min|minimize)\s+(?=[^(])", re.IGNORECASE)

FIELD_OF = {
    "objectives": "objective",
    "direction": "objective",
    "out_of_sample": "out",
    "seed": "study_seed",
    "walk_forward": "windows",
    "space": "strategy",
    "constraint": "constraints",
}
"""Which field a message of the services about another name belongs to."""


@dataclass(frozen=True)
class StudyTexts:
    """What the fields are read against.

    Attributes
    ----------
    known
        First and last date of every symbol with bars.
    beside
        Settings of the runs that the form has no field for.
    specs
        Parameters of every strategy, by its id.
    """

    known: Mapping[str, tuple[date, date]]
    beside: Document
    specs: Mapping[str, dict[str, ParameterSpec]] = field(default_factory=dict)


def read_study(
    values: Mapping[str, str], against: StudyTexts
) -> tuple[StudyRequest | None, dict[str, str]]:
    """Read the form.

    Returns
    -------
    request, errors
        The request, None when anything is wrong; messages by field.
    """
    from quant_tui.services.study_request import StudyRequest

    errors: dict[str, str] = {}
    symbols = symbols_in(values["symbols"])
    start, end = (read_date(values[key], key, errors) for key in ("start", "end"))
    unknown = [one for one in symbols if one not in against.known]
    if not values["strategy"]:
        errors["strategy"] = "make one first: 3, then n"
    if not symbols:
        errors["symbols"] = "choose at least one"
    elif unknown:
        errors["symbols"] = f"no bars for {', '.join(unknown)}"
    elif start and end and not errors.keys() & {"start", "end"}:
        check_period(symbols, against.known, start, end, errors)
    space, kept = _space(values, against, errors)
    name = ""
    try:
        name = checked_name(values["name"])
    except InvalidInput as error:
        errors["name"] = str(error)
    objectives = _objectives(values["objective"], errors)
    out = _out_of_sample(values["out"], errors)
    plan = _walk_forward(values["windows"], errors)
    trials = _whole(values, "trials", errors, least=1)
    min_trades = _whole(values, "min_trades", errors)
    seed = _whole(values, "study_seed", errors)
    workers = _whole(values, "workers", errors, least=1)
    penalty = _penalty(values["penalty"], errors)
    if values["sampler"] == "nsga2" and len(objectives) == 1 and "objective" not in errors:
        errors["sampler"] = "NSGA-II wants several objectives"
    warm_up = values["warm_up"] == "before"
    if warm_up and not start and "start" not in errors:
        errors["warm_up"] = "needs a date in From"
    config, wrong = read_options(values, against.beside)
    errors |= wrong
    if errors or config is None:
        return None, errors
    return StudyRequest(
        symbols=tuple(symbols),
        space=space,
        strategy_id=values["strategy"],
        params=kept,
        start=start,
        end=end,
        name=name,
        constraints=tuple(one.strip() for one in values["constraints"].split(";") if one.strip()),
        sampler=values["sampler"],
        objectives=objectives,
        trials=trials,
        min_trades=min_trades,
        penalty=penalty,
        seed=seed,
        workers=workers,
        out_of_sample=out,
        walk_forward=plan,
        config=config,
        warm_up=warm_up,
    ), {}


def _space(
    values: Mapping[str, str], against: StudyTexts, errors: dict[str, str]
) -> tuple[dict[str, ParameterRange], dict[str, object]]:
    """Read the ranges, and the values of what is not searched."""
    from quant_tui.engine.optimization.space import ParameterRange

    specs = against.specs.get(values["strategy"], {})
    space: dict[str, ParameterRange] = {}
    kept: dict[str, object] = {}
    for name, spec in specs.items():
        text = values.get(RANGE + name)
        if text is None:
            continue  # the fields of another strategy are still there
        try:
            found = read_range(text, spec, specs)
        except ValueError as error:
            errors[RANGE + name] = str(error)
            continue
        if isinstance(found, ParameterRange):
            space[name] = found
        else:
            kept[name] = found
    if specs and not space and not errors.keys() & {RANGE + name for name in specs}:
        errors[RANGE + next(iter(specs))] = "give at least one parameter a range"
    elif not specs and values["strategy"]:
        errors["strategy"] = "has no parameter to search"
    return space, kept


def read_objectives(text: str) -> tuple[Objective, ...]:
    """Read objectives: ``sharpe_ratio; min annual_volatility``.

    Raises
    ------
    InvalidInput
        One is no metric or rule over metrics, or there is none.
    """
    from quant_tui.engine.optimization.objective import Objective

    found = []
    for part in (one.strip() for one in text.split(";")):
        if part:
            way = _WAY.match(part)
            rule = part[way.end() :] if way else part
            least = way is not None and way[1].casefold().startswith("min")
            found.append(Objective(rule.strip(), "minimize" if least else "maximize"))
    if not found:
        raise InvalidInput("Name a metric, such as sharpe_ratio.", field="objective")
    return tuple(found)


def write_objectives(objectives: Sequence[Document]) -> str:
    """Write objectives as a study keeps them."""
    return "; ".join(
        ("min " if one["direction"] == "minimize" else "") + str(one["rule"]) for one in objectives
    )


def _objectives(text: str, errors: dict[str, str]) -> tuple[Objective, ...]:
    try:
        return read_objectives(text)
    except InvalidInput as error:
        errors["objective"] = str(error)
        return ()


def _out_of_sample(text: str, errors: dict[str, str]) -> float | date | None:
    text = text.strip()
    if not text or text in ("0", "0%", "none"):
        return None
    if text.count("-") == 2:
        return read_date(text, "out", errors)
    try:
        share = float(text.removesuffix("%")) / 100
    except ValueError:
        share = 0.0
    if not 0 < share <= 0.8:
        errors["out"] = "1 to 80 %, a date, or empty"
        return None
    return share


def _walk_forward(text: str, errors: dict[str, str]) -> WalkForwardPlan | None:
    from quant_tui.services.study_request import WalkForwardPlan

    text = text.strip()
    if not text or text == "0":
        return None
    words = text.casefold().split()
    anchored = len(words) == 2 and words[1] == "anchored"
    if not words[0].isdecimal() or not 2 <= int(words[0]) <= 50 or len(words) > 1 + anchored:
        errors["windows"] = "2 to 50, or empty for none"
        return None
    return WalkForwardPlan(windows=int(words[0]), anchored=anchored)


def _penalty(text: str, errors: dict[str, str]) -> float | None:
    if not text.strip():
        return None
    try:
        penalty = float(text)
    except ValueError:
        penalty = 0.0
    if not 0 < penalty < 1e9:
        errors["penalty"] = "a number above 0, or empty"
    return penalty


def _whole(values: Mapping[str, str], key: str, errors: dict[str, str], *, least: int = 0) -> int:
    text = values[key].replace(",", "").strip()
    if not text.isdecimal() or int(text) < least:
        errors[key] = f"a whole number from {least}"
        return least
    return int(text)
