"""What happens to the objects that point at one which is deleted, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from quant_tui.domain.errors import Conflict
from quant_tui.storage.mongo.result_parts import delete_parts
from quant_tui.storage.mongo.schema import BY_NAME, COLLECTIONS, RESULT_PARTS
from quant_tui.storage.mongo.store import MetadataStore, Session


class OnDelete(Enum):
    """What becomes of the object that holds the reference."""

    KEEP = "keep"
    """It stays and keeps the id, for it holds all it needs itself."""

    CASCADE = "cascade"
    """It goes too."""

    RESTRICT = "restrict"
    """The deletion is refused while it is there."""

    PULL = "pull"
    """The id is taken out of its list."""


@dataclass(frozen=True)
class Reference:
    """``child.field`` names ``parent.parent_field``."""

    parent: str
    child: str
    field: str
    on_delete: OnDelete
    parent_field: str = "_id"


REFERENCES: tuple[Reference, ...] = (
    *(
        Reference("users", spec.name, "user_id", OnDelete.CASCADE)
        for spec in COLLECTIONS
        if not spec.shared
    ),
    # A strategy holds its rules, a backtest a snapshot of its strategy and its data's
    # fingerprint: each can be read and run again without what it was made from.
    Reference("strategy_templates", "strategies", "template_id", OnDelete.KEEP),
    Reference("strategies", "backtests", "strategy_id", OnDelete.KEEP),
    Reference("strategies", "optimization_studies", "strategy_id", OnDelete.KEEP),
    # A deletion that is undone must find the history of the rules again.
    Reference("strategies", "strategy_versions", "strategy_id", OnDelete.KEEP),
    # What was tried stays tried: a deletion that is undone must not have cleaned the slate.
    Reference("strategies", "strategy_trials", "strategy_key", OnDelete.KEEP),
    # A strategy that comes back by undo is to have its checks; they say what they checked.
    Reference("strategies", "strategy_checks", "strategy_id", OnDelete.KEEP),
    Reference("backtests", "strategy_checks", "backtest_id", OnDelete.CASCADE),
    Reference("backtests", "backtest_executions", "backtest_id", OnDelete.CASCADE),
    Reference("backtests", "backtest_results", "backtest_id", OnDelete.CASCADE),
    Reference(
        "backtest_executions",
        "backtest_results",
        "execution_id",
        OnDelete.CASCADE,
        parent_field="execution_id",
    ),
    # A generated strategy says what it came from and became, also when that is gone.
    Reference("prompt_templates", "generated_strategies", "prompt_template_id", OnDelete.KEEP),
    Reference("strategies", "generated_strategies", "strategy_id", OnDelete.KEEP),
    Reference("backtests", "generated_strategies", "backtest_id", OnDelete.KEEP),
    Reference("backtest_results", RESULT_PARTS, "result_id", OnDelete.CASCADE),
    Reference("portfolios", "portfolio_transactions", "portfolio_id", OnDelete.CASCADE),
    Reference("features", "feature_versions", "feature_id", OnDelete.CASCADE),
    Reference("ml_models", "model_deployments", "model_id", OnDelete.RESTRICT),
    Reference("ml_models", "prediction_records", "model_id", OnDelete.CASCADE),
    Reference("ml_models", "experiments", "model_ids", OnDelete.PULL),
    Reference("ml_models", "evaluation_scenarios", "model_ids", OnDelete.PULL),
    # News and prices are about a symbol, whether or not its company is described here.
    Reference("companies", "news", "symbol", OnDelete.KEEP, parent_field="symbol"),
)


async def release(
    store: MetadataStore, collection: str, document: Mapping[str, Any], session: Session | None
) -> None:
    """Do what :data:`REFERENCES` says about everything that points at ``document``.

    Call it before the document itself is deleted: a crash in between then leaves an
    object that can be deleted again, and never one that points at nothing.

    Raises
    ------
    Conflict
        Something that points at it forbids the deletion.
    """
    references = [one for one in REFERENCES if one.parent == collection]
    for reference in references:
        if reference.on_delete is OnDelete.RESTRICT:
            await _refuse_if_used(store, reference, document, session)
    for reference in references:
        if reference.on_delete is OnDelete.CASCADE:
            await _cascade(store, reference, document, session)
        elif reference.on_delete is OnDelete.PULL:
            value = _value(reference, document)
            await store.collection(reference.child).update_many(
                {reference.field: value}, {"$pull": {reference.field: value}}, session=session
            )


def _value(reference: Reference, document: Mapping[str, Any]) -> Any:
    value = document[reference.parent_field]
    return str(value) if reference.parent_field == "_id" else value


async def _refuse_if_used(
    store: MetadataStore,
    reference: Reference,
    document: Mapping[str, Any],
    session: Session | None,
) -> None:
    count = await store.collection(reference.child).count_documents(
        {reference.field: _value(reference, document)}, session=session
    )
    if count:
        parent, child = BY_NAME[reference.parent].noun, BY_NAME[reference.child].noun
        raise Conflict(
            f"This {parent} is used by {count} {child}{'s' if count > 1 else ''}.",
            hint=f"Delete the {child}{'s' if count > 1 else ''} first.",
        )


async def _cascade(
    store: MetadataStore,
    reference: Reference,
    document: Mapping[str, Any],
    session: Session | None,
) -> None:
    value = _value(reference, document)
    if reference.child == RESULT_PARTS:
        await delete_parts(store, str(value), session)
        return
    children = store.collection(reference.child)
    # Only the fields that further references look at: results are large.
    wanted = {one.parent_field: 1 for one in REFERENCES if one.parent == reference.child}
    if wanted:
        found = children.find({reference.field: value}, {"_id": 1, **wanted}, session=session)
        async for child in found:
            await release(store, reference.child, child, session)
    await children.delete_many({reference.field: value}, session=session)
