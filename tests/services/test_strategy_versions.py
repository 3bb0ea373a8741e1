"""Versions, copies and own templates of strategies, over a real store."""

from __future__ import annotations

from datetime import date

import pytest

from quant_tui.domain.errors import Conflict, NotFound, StrategyError
from quant_tui.domain.trading import StrategyTrials
from quant_tui.domain.vocabulary import VersionReason
from quant_tui.services.backtest_request import BacktestRequest
from quant_tui.services.composition import Services
from quant_tui.services.strategy_rules import rules_of_template, text_of
from quant_tui.services.strategy_versions import difference

TEXT = """\
# a first idea
name: 추세 Trend
params:
  window: {int: [5, 200], default: 50}
entry: close > sma(close, window)
exit: close < sma(close, window)
"""


async def test_every_saved_change_is_a_version_and_a_restored_one_too(services: Services) -> None:
    made = await services.strategies.save_text(TEXT, {"window": 20})
    assert made.name == "추세 Trend"
    assert made.parameters == {"window": 20}
    assert text_of(made) == TEXT
    changed = await services.strategies.save_text(
        TEXT.replace("sma", "ema"), {"window": 20, "gone": 1}, made
    )
    renamed = await services.strategies.update(changed.model_copy(update={"notes": "good"}))
    versions = await services.strategies.versions(made.id)
    assert [one.number for one in versions] == [2, 1], "notes make no version"
    diff = difference(versions[1], versions[0])
    assert "-entry: close > sma(close, window)" in diff
    assert "+entry: close > ema(close, window)" in diff
    back = await services.strategies.restore_version(made.id, 1)
    assert text_of(back) == TEXT
    assert back.notes == renamed.notes
    newest = (await services.strategies.versions(made.id))[0]
    assert (newest.number, newest.reason, newest.note) == (3, VersionReason.RESTORED, "version 1")
    assert difference(versions[1], newest) == []
    with pytest.raises(NotFound, match="version 9"):
        await services.strategies.restore_version(made.id, 9)


async def test_a_mistake_in_the_text_changes_nothing(services: Services) -> None:
    made = await services.strategies.save_text(TEXT, {})
    with pytest.raises(StrategyError):
        await services.strategies.save_text(TEXT.replace("sma(", "smma("), {}, made)
    assert await services.strategies.get(made.id) == made


async def test_a_strategy_kept_without_a_version_gets_one(services: Services) -> None:
    made = await services.strategies.create("Old", "SMA_CROSSOVER")
    mine = services.stores.repositories.for_user(made.user_id)
    for one in await services.strategies.versions(made.id):
        await mine.strategy_versions.delete(one.id)
    changed = made.model_copy(update={"parameters": {"short_window": 7, "long_window": 30}})
    await services.strategies.update(changed)
    versions = await services.strategies.versions(made.id)
    assert [one.parameters for one in versions] == [changed.parameters, made.parameters]


async def test_backtests_belong_to_the_version_that_ran(stocked: Services) -> None:
    made = await stocked.strategies.save_text(TEXT, {"window": 20})
    request = BacktestRequest(
        symbols=("SPX",), strategy_id=made.id, start=date(2010, 1, 1), end=date(2011, 1, 1)
    )
    first = await (await stocked.backtests.start(request)).wait()
    await stocked.strategies.save_text(TEXT, {"window": 60}, made)
    second = await (await stocked.backtests.start(request)).wait()
    versions = await stocked.strategies.versions(made.id)
    given = await stocked.strategies.version_results(made.id, versions)
    assert {number: [one.id for one in rows] for number, rows in given.items()} == {
        1: [first.backtest.id],
        2: [second.backtest.id],
    }
    assert given[2][0].total_return == second.result.performance["total_return"]


async def test_copies_and_templates_of_ones_own(services: Services) -> None:
    made = await services.strategies.save_text(TEXT, {"window": 33})
    assert services.user is not None
    ledger = services.stores.repositories.for_user(services.user.id).trials
    search = {"strategy_key": made.id, "fingerprint": "f", "trials": 500, "sharpe_count": 0}
    await ledger.record(StrategyTrials(user_id=services.user.id, **search))
    copy = await services.strategies.duplicate(made.id, "Copy")
    assert (await ledger.count_of(copy.id)).trials == 500, "a copy is no less sought than it"
    assert (await ledger.count_of(made.id)).trials == 500
    assert (copy.name, copy.source, copy.parameters) == ("Copy", TEXT, {"window": 33})
    assert copy.id != made.id
    template = await services.templates.save_as_template(made.id, "My trend")
    assert template.parameter_schema["window"]["default"] == 33
    with pytest.raises(Conflict):
        await services.templates.save_as_template(made.id, "My trend")
    document = rules_of_template(template)
    used = await services.strategies.create_from_document(document, template_id=template.id)
    assert used.parameters == {"window": 33}
    (found,) = await services.templates.own()
    assert found.usage_count == 1
    gone = await services.templates.delete(template.id)
    assert await services.templates.own() == []
    assert (await services.templates.restore(gone)).id == template.id


async def test_what_is_archived_or_tagged_is_found_when_asked_for(services: Services) -> None:
    strategies = services.strategies
    made = await strategies.save_text(TEXT.replace("params", "tags: [first]\nparams"), {})
    other = await strategies.create("Other", "BUY_AND_HOLD")
    tagged = await strategies.update(
        made.model_copy(update={"tags": ["추세", "Index, 추세"], "notes": " weak in 2011 "})
    )
    assert (tagged.tags, tagged.notes) == (["추세", "Index"], "weak in 2011")
    assert [one.id for one in await strategies.list(tag="index")] == [made.id]
    assert [one.id for one in await strategies.list("2011")] == [made.id]
    saved = await strategies.save_text(
        text_of(tagged).replace("> sma", ">= sma"), {}, await strategies.get(made.id)
    )
    assert saved.tags == ["추세", "Index"], "the text says nothing new of the tags"
    saved = await strategies.save_text(text_of(saved).replace("first", "second"), {}, saved)
    assert saved.tags == ["second"]
    await strategies.archive(made.id)
    assert [one.id for one in await strategies.list()] == [other.id]
    assert [one.id for one in await strategies.list(archived=True)] == [made.id]
    assert {one.id for one in await strategies.list(archived=None)} == {made.id, other.id}
    assert (await strategies.archive(made.id, archived=False)).is_active
    assert len(await strategies.versions(made.id)) == 3, "tags and archive make no version"


async def test_a_strategy_that_was_renamed_is_written_under_its_new_name(
    services: Services,
) -> None:
    made = await services.strategies.save_text(TEXT, {})
    renamed = await services.strategies.update(made.model_copy(update={"name": 'a "b": c'}))
    text = text_of(renamed)
    assert text.startswith("# a first idea\n"), "comments stay"
    assert (await services.strategies.save_text(text, {}, renamed)).name == 'a "b": c'
