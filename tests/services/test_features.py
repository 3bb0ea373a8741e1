"""The feature store: definitions, versions, values."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from quant_tui.domain.errors import (
    Conflict,
    InsufficientData,
    InvalidInput,
    NotFound,
    QuantError,
    StrategyError,
)
from quant_tui.domain.vocabulary import FeatureType, FeatureVersionStatus
from quant_tui.engine.rules.single import parse_single
from quant_tui.services.composition import Services
from quant_tui.services.feature_definitions import expression_problem

MOMENTUM = "close / sma(close, 20) - 1"
DRAFT, PRODUCTION, ARCHIVED = FeatureVersionStatus


async def statuses(services: Services, name: str) -> list[tuple[str, str]]:
    return [(one.version, str(one.status)) for one in await services.features.versions(name)]


async def test_a_features_life(services: Services) -> None:
    """Made, changed, promoted, rolled back, pinned: which version the name means each time."""
    store = services.features
    made = await store.create("momentum", " close/sma(close,20) -1", description="20 bars")
    assert (made.expression, made.version, made.feature_type) == (MOMENTUM, "0.1.0", "expression")
    assert made.schema_["warm_up"] == 19
    assert await statuses(services, "momentum") == [("0.1.0", "draft")]

    said = await store.edit("momentum", description="Twenty bars")
    assert (said.version, said.description) == ("0.1.1", "Twenty bars")
    changed = await store.edit(made.id, expression="close / sma(close, 50) - 1")
    assert (changed.version, changed.expression) == ("0.2.0", "close / sma(close, 50) - 1")
    same = await store.edit(made.id, expression="close/sma( close, 50 ) - 1")
    assert same.version == "0.2.0"
    condition = await store.edit(made.id, expression="close > sma(close, 50)")
    assert condition.version == "1.0.0"
    assert condition.schema_["kind"] == "condition"

    promoted = await store.promote("momentum", "0.2.0")
    assert (promoted.version, promoted.schema_["kind"]) == ("0.2.0", "number")
    later = await store.edit("momentum", expression="close > sma(close, 100)")
    assert later.version == "0.2.0", "a draft does not take the place of production"
    assert (await store.version("momentum@1.1.0")).expression == "close > sma(close, 100)"
    await store.promote("momentum")
    assert await statuses(services, "momentum") == [
        ("1.1.0", "production"), ("1.0.0", "draft"), ("0.2.0", "archived"),
        ("0.1.1", "draft"), ("0.1.0", "draft"),
    ]  # fmt: skip

    back = await store.roll_back("momentum")
    assert (back.version, back.expression) == ("0.2.0", "close / sma(close, 50) - 1")
    assert (await store.roll_back("momentum")).version == "1.1.0"

    pinned = await store.pin("momentum", "0.1.1")
    assert (pinned.pinned, pinned.version, pinned.description) == (True, "0.1.1", "Twenty bars")
    assert (await store.promote("momentum", "1.0.0")).version == "0.1.1"
    assert (await store.pin("momentum")).version == "1.0.0"

    fields = {one.field for one in await store.difference("momentum", "0.2.0", "1.0.0")}
    assert fields == {"expression", "kind", "status"}


REFUSED: tuple[tuple[str, str, type[QuantError], str], ...] = (
    ("", "close", InvalidInput, "needs a name"),
    ("two words", "close", InvalidInput, "cannot be the name"),
    ("a@1.0.0", "close", InvalidInput, "cannot be the name"),
    ("a", "", InvalidInput, "needs an expression"),
    ("a", "smaa(close, 3)", StrategyError, "did you mean sma"),
    ("a", "2 + 3", StrategyError, "same number on every bar"),
    ("a", 'close + model("signal@prod")', StrategyError, "models are made of features"),
)


async def test_what_cannot_be_a_feature_is_refused(services: Services) -> None:
    for name, expression, error, says in REFUSED:
        with pytest.raises(error, match=says):
            await services.features.create(name, expression)
    with pytest.raises(NotFound, match="No installed package"):
        await services.features.create("flow", "flow", feature_type=FeatureType.FUNCTION)
    assert await services.features.list() == []


async def test_names_are_ones_own_and_used_once(services: Services) -> None:
    store = services.features
    await store.create("모멘텀", "close")
    with pytest.raises(Conflict, match="모멘텀 already"):
        await store.create("모멘텀", "open")
    await store.create("volume_ratio", "volume / sma(volume, 20)")
    with pytest.raises(Conflict, match="already"):
        await store.edit("volume_ratio", name="모멘텀")
    renamed = await store.edit("volume_ratio", name="turnover")
    assert (renamed.name, renamed.version) == ("turnover", "0.1.0")
    assert [one.name for one in await store.list()] == ["turnover", "모멘텀"]
    assert [one.name for one in await store.list("sma")] == ["turnover"]
    with pytest.raises(NotFound, match="no feature 'turnove'") as refused:
        await store.get("turnove")
    assert "turnover" in refused.value.hint
    with pytest.raises(NotFound, match="no version"):
        await store.version("turnover@3.0.0")
    with pytest.raises(InvalidInput, match="not the number"):
        await store.version("turnover@latest")
    with pytest.raises(NotFound, match="no other version in production"):
        await store.roll_back("turnover")
    deleted = await store.delete("turnover")
    assert [one.name for one in await store.list()] == ["모멘텀"]
    back = await store.restore(deleted)
    assert [one.version for one in await store.versions(back.id)] == ["0.1.0"]


def test_what_is_wrong_is_said_for_its_field() -> None:
    assert expression_problem(MOMENTUM) == ""
    assert "column 9: " in expression_problem("close + nothing")
    assert "same number" in expression_problem("5")


async def test_a_panel_is_what_the_rule_language_says(
    stocked: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On every bar of every symbol, in chunks, from the store the second time."""
    store = stocked.features
    await store.create("momentum", MOMENTUM)
    await store.create("calm", "rsi(close, 14) < 60")
    await store.create("place", "rank(roc(close, 20))")
    symbols = ["LOOM.SYN", "SPX", "MOSSY.SYN"]
    start, end = date(2010, 1, 4), date(2011, 12, 30)
    monkeypatch.setattr("quant_tui.services.feature_values.CHUNK", 2)
    two = await store.panel(["momentum@0.1.0", "calm"], symbols, "1d", start, end)
    bars = await stocked.market_data.load_bars(symbols, None, end)
    rows = np.flatnonzero(bars.dates >= np.datetime64(start))
    assert two.columns == ("momentum", "calm")
    assert [one.version for one in two.versions] == ["0.1.0", "0.1.0"]
    np.testing.assert_array_equal(two.index, bars.dates[rows])
    np.testing.assert_array_equal(two.close, bars.close[rows])
    assert set(np.unique(two.values[:, :, 1]).tolist()[:2]) == {0.0, 1.0}

    from quant_tui.engine.rules.frame import Frame

    def wanted(text: str) -> Any:
        return Frame(bars).spread(parse_single(text).evaluate(bars))[rows]

    np.testing.assert_array_equal(two.values[:, :, 0], wanted(MOMENTUM))
    whole = await store.panel(["place"], symbols, "1d", start, end)
    np.testing.assert_array_equal(whole.values[:, :, 0], wanted("rank(roc(close, 20))"))
    assert whole.fingerprint == two.fingerprint

    def nothing(*_: object, **__: object) -> None:
        raise AssertionError("computed though it is kept")

    monkeypatch.setattr(
        "quant_tui.services.feature_definitions.FeatureDefinition.evaluate", nothing
    )
    again = await store.panel(["momentum", "calm"], symbols, "1d", start, end)
    np.testing.assert_array_equal(again.values, two.values)
    assert again.fingerprint == two.fingerprint
    with pytest.raises(AssertionError, match="computed"):
        await store.panel(["place"], symbols[:2], "1d", start, end)


async def test_a_panel_refuses_what_it_cannot_give(stocked: Services) -> None:
    store = stocked.features
    await store.create("momentum", MOMENTUM)
    await store.create("prices", 'macro("NO_SUCH")')
    with pytest.raises(InvalidInput, match="at least one feature"):
        await store.panel([], ["LOOM.SYN"])
    with pytest.raises(InvalidInput, match="momentum is named twice"):
        await store.panel(["momentum", "momentum@0.1.0"], ["LOOM.SYN"])
    with pytest.raises(NotFound, match="NOPE"):
        await store.panel(["momentum"], ["NOPE"])
    with pytest.raises(InsufficientData, match=r"No bars of LOOM.SYN"):
        await store.panel(["momentum"], ["LOOM.SYN"], "1d", date(2090, 1, 1))
    with pytest.raises(StrategyError, match="NO_SUCH"):
        await store.panel(["prices"], ["LOOM.SYN"])
