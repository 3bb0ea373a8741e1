"""Word of new bars is handed on together, and nothing of it is missed at the end."""

from __future__ import annotations

import asyncio

from quant_tui.services.arrivals import Arrivals, BarsArrived
from quant_tui.services.gathered_arrivals import Arrived, GatheredArrivals


async def test_a_flush_waits_for_what_was_handed_on_before_too() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    done: list[Arrived] = []

    async def hand_on(arrived: Arrived) -> None:
        if not begun.is_set():
            begun.set()
            await go_on.wait()
        done.append(arrived)

    arrivals = Arrivals()
    gathered = GatheredArrivals(hand_on, 0.0)
    gathered.listen(arrivals)
    arrivals.publish(BarsArrived(("A",), "1d"))
    await begun.wait()
    arrivals.publish(BarsArrived(("B",), "1d"))
    flushing = asyncio.create_task(gathered.flush())
    flushed, _ = await asyncio.wait({flushing}, timeout=0.05)
    assert not flushed
    assert done == [{"1d": {"B"}}]
    go_on.set()
    await flushing
    assert done == [{"1d": {"B"}}, {"1d": {"A"}}]
    gathered.stop()
