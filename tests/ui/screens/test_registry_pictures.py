"""Pictures of the models: the list, what was foretold, the form, runs side by side."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from quant_tui.domain.errors import InsufficientData
from quant_tui.services.composition import Services

from .test_models_registry import BEFORE, NEXT, REQUEST, one_model
from .test_pictures import Look, look

__all__ = ["look"]

PAGE = "right_square_bracket"


async def two_models(services: Services) -> None:
    await one_model(services)
    changed = replace(REQUEST, parameters={"rounds": 9, "learning_rate": 0.2})
    await (await services.training.start(changed)).wait()


async def one_that_failed(services: Services) -> None:
    await one_model(services)
    late = replace(REQUEST, start=date(2018, 12, 20))
    job = await services.training.start(late)
    with pytest.raises(InsufficientData):
        await job.wait()
    # what it gave its version back with is of its id
    await services.models.change(job.target, {"version": "0.2.0+1a2b3c"})


def test_list(look: Look) -> None:
    """The newest one failed, and says why."""
    assert look((80, 24), "6", NEXT, NEXT, "g", prepare=one_that_failed, until="✗ failed")


def test_what_was_foretold(look: Look) -> None:
    keys = ("6", NEXT, NEXT, "enter", PAGE, PAGE)
    assert look((120, 36), *keys, prepare=one_model, until="groups of forecasts")


def test_form(look: Look) -> None:
    keys = ("6", NEXT, NEXT, "e")
    assert look((80, 24), *keys, prepare=one_model, until="Train a model")


def test_runs_side_by_side(look: Look) -> None:
    keys = ("6", NEXT, NEXT, BEFORE, "g", "space", "space", "c")
    assert look((200, 60), *keys, prepare=two_models, until="Importance")
