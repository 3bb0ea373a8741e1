"""Looking at the health of the stores, and leaving off in the middle of it."""

from __future__ import annotations

import asyncio
import gc
import warnings

import pytest

from quant_tui.services.composition import Services


@pytest.mark.parametrize("steps", range(4))
async def test_a_look_that_is_left_off_leaves_nothing_unasked(
    services: Services, steps: int
) -> None:
    """As when the app ends meanwhile, with one store or another being asked."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        looking = asyncio.create_task(services.health.check(chroma=True))
        for _ in range(steps):
            await asyncio.sleep(0)
        looking.cancel()
        await asyncio.wait([looking])
        assert looking.cancelled()
        del looking  # it holds what it was doing
        gc.collect()
    assert not [one.message for one in told if "never awaited" in str(one.message)]
