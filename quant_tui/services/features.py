"""The feature store: features of one user, their versions, and their values."""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from quant_tui.domain.base import utc_now
from quant_tui.domain.cancellation import CancelCheck
from quant_tui.domain.errors import Conflict, InvalidInput, LeakageFound, NotFound
from quant_tui.domain.ml_platform import Feature, FeatureVersion, MLModel
from quant_tui.domain.vocabulary import FeatureType, FeatureVersionStatus
from quant_tui.services.feature_definitions import (
    FeatureDefinition,
    check_definition,
    definition_of,
)
from quant_tui.services.feature_records import FeatureRecords
from quant_tui.services.feature_values import FeaturePanel, Report
from quant_tui.services.feature_versions import FIRST, find, next_version, split_reference
from quant_tui.services.names import checked_name

if TYPE_CHECKING:
    from quant_tui.services.feature_values import FeatureValues
    from quant_tui.storage.mongo.repositories import UserRepositories

LONGEST_NAME = 60

MOST_FEATURES = 200
"""Columns of one panel at most."""


@dataclass(frozen=True, slots=True)
class DeletedFeature:
    """What :meth:`FeatureService.restore` needs to undo a deletion."""

    feature: Feature
    versions: tuple[FeatureVersion, ...]


class FeatureService(FeatureRecords):
    """Makes, changes and computes the features of one user.

    A feature is named by its id or its name; ``name@1.2.0`` is one of its versions.
    """

    def __init__(self, mine: UserRepositories, values: FeatureValues) -> None:
        super().__init__(mine)
        self._values = values

    # -- making and changing

    async def create(
        self,
        name: str,
        expression: str,
        *,
        description: str = "",
        feature_type: FeatureType = FeatureType.EXPRESSION,
    ) -> Feature:
        """Make a feature with its first version, a draft.

        Raises
        ------
        InvalidInput, StrategyError, NotFound
            The name cannot be one, or the expression or function cannot be used.
        Conflict
            There is one of that name.
        """
        name = checked_feature_name(name)
        # in a thread: a function's package is imported
        definition = await asyncio.to_thread(check_definition, feature_type, expression)
        if await self._features.find_one({"name": name}) is not None:
            raise Conflict(f"There is a feature {name} already.", hint="Edit it, or take another.")
        feature = await self._features.create(
            Feature(
                name=name,
                description=_checked_description(description) or _own_description(definition),
                feature_type=definition.feature_type,
                expression=definition.expression,
                schema_=definition.schema,
                version=FIRST,
                user_id=self._user_id,
            )
        )
        await self._versions.create(self._new_version(feature, definition, FIRST, "created"))
        return feature

    async def edit(
        self,
        feature_id: str,
        *,
        expression: str | None = None,
        description: str | None = None,
        feature_type: FeatureType | None = None,
        name: str | None = None,
    ) -> Feature:
        """Change a feature; what is None stays. A change makes a version, a draft.

        It starts from the newest version. A name by itself is no version.

        Raises
        ------
        InvalidInput, StrategyError, NotFound, Conflict
            As :meth:`create`; also when it was changed by someone else meanwhile.
        """
        feature = await self.get(feature_id)
        versions = await self._versions_of(feature)
        newest = versions[0]
        definition = await asyncio.to_thread(
            check_definition,
            feature_type or newest.feature_type,
            newest.expression if expression is None else expression,
        )
        said = newest.description if description is None else _checked_description(description)
        if name is not None and checked_feature_name(name) != feature.name:
            name = checked_feature_name(name)
            if await self._features.find_one({"name": name}) is not None:
                raise Conflict(f"There is a feature {name} already.", hint="Take another name.")
            feature = await self._features.update(feature.model_copy(update={"name": name}))
        same = (newest.feature_type, newest.expression, newest.description) == (
            definition.feature_type, definition.expression, said,
        )  # fmt: skip
        if same:
            return feature
        made = self._new_version(
            feature.model_copy(update={"description": said}),
            definition,
            next_version(versions, newest, definition),
            "edited",
        )
        try:
            made = await self._versions.create(made)
        except Conflict as error:
            raise Conflict(
                f"{feature.name} was changed by someone else meanwhile.",
                hint="Load it again, then repeat the change.",
            ) from error
        return await self._follow(feature, [made, *versions])

    async def promote(self, feature_id: str, version: str = "") -> Feature:
        """Put a version into production, the newest draft without one; it is then in use.

        The version that was in production is archived. A pinned feature stays with the
        version that it is pinned to.

        Raises
        ------
        NotFound
            There is no such version, or no draft.
        """
        feature = await self.get(feature_id)
        versions = await self._versions_of(feature)
        if version:
            chosen = find(feature.name, versions, version)
        else:
            drafts = [one for one in versions if one.status is FeatureVersionStatus.DRAFT]
            if not drafts:
                raise NotFound(
                    f"{feature.name} has no draft to promote.",
                    hint="Edit it, or name the version to promote.",
                )
            chosen = drafts[0]
        return await self._to_production(feature, versions, chosen)

    async def roll_back(self, feature_id: str, version: str = "") -> Feature:
        """Put the version back into production that was there before, or the one named.

        Raises
        ------
        NotFound
            There was none before, or no version of that number.
        """
        feature = await self.get(feature_id)
        versions = await self._versions_of(feature)
        if version:
            return await self._to_production(
                feature, versions, find(feature.name, versions, version)
            )
        now = [one for one in versions if one.status is FeatureVersionStatus.PRODUCTION]
        before = [
            one
            for one in versions
            if one.status is FeatureVersionStatus.ARCHIVED and one.promoted_at is not None
        ]
        if not now or not before:
            raise NotFound(
                f"{feature.name} has had no other version in production.",
                hint="Name the version to go back to, or pin it.",
            )
        last = max(before, key=lambda one: (one.promoted_at or one.created_at, one.id))
        return await self._to_production(feature, versions, last)

    async def pin(self, feature_id: str, version: str = "") -> Feature:
        """Let the bare name mean one version, whatever is made or promoted; "" lets it go.

        Raises
        ------
        NotFound
            There is no version of that number.
        """
        feature = await self.get(feature_id)
        versions = await self._versions_of(feature)
        if version:
            chosen = find(feature.name, versions, version)
            pinned = feature.model_copy(update={"pinned": True, "version": chosen.version})
            return await self._follow(pinned, versions)
        return await self._follow(feature.model_copy(update={"pinned": False}), versions)

    async def delete(self, feature_id: str) -> DeletedFeature:
        """Delete a feature with its versions, and return what undoes that.

        Raises
        ------
        Conflict
            A model was trained on it, which needs it to foretell anything.
        """
        feature = await self.get(feature_id)
        versions = await self._versions_of(feature)
        if users := await self.models_of(feature.id):
            names = ", ".join(f"{one.name} {one.version}" for one in users[:3])
            raise Conflict(
                f"{feature.name} is used by {names}{' …' if len(users) > 3 else ''}.",
                hint="Delete the models first.",
            )
        await self._features.delete(feature.id)
        return DeletedFeature(feature, tuple(versions))

    async def restore(self, deleted: DeletedFeature) -> Feature:
        """Bring back a deleted feature under its old id, with its versions."""
        feature = await self._features.create(deleted.feature)
        for version in deleted.versions:
            await self._versions.create(version)
        return feature

    # -- values

    async def panel(
        self,
        names: Sequence[str],
        symbols: Sequence[str],
        interval: str = "1d",
        start: date | None = None,
        end: date | None = None,
        *,
        progress: Report | None = None,
        cancel: CancelCheck | None = None,
    ) -> FeaturePanel:
        """Return the values of features on the bars of symbols.

        Parameters
        ----------
        names
            ``name`` or ``name@1.2.0``; the columns are in this order.
        symbols, interval, start, end
            Which bars, both dates included; None for no bound.
        progress, cancel
            Told how far it is; asked whether to stop.

        Raises
        ------
        NotFound
            There is no such feature, version or bars.
        InvalidInput
            No feature is named, one is named twice, or a function failed.
        InsufficientData
            There are no bars between the dates.
        StrategyError
            A figure from outside is not there.
        LeakageFound
            One of them was found to look ahead.
        """
        if not names:
            raise InvalidInput("Name at least one feature.", field="features")
        if len(names) > MOST_FEATURES:
            raise InvalidInput(
                f"{len(names)} features are asked for; {MOST_FEATURES} at a time are possible.",
                field="features",
            )
        versions = [await self.version(one) for one in names]
        columns = [split_reference(one)[0] for one in names]
        twice = sorted({one for one in columns if columns.count(one) > 1})
        if twice:
            raise InvalidInput(f"{', '.join(twice)} is named twice.", field="features")
        for name, one in zip(columns, versions, strict=True):
            _refuse_leaky(name, one)
        found = await self._values.panel(
            await asyncio.to_thread(lambda: [definition_of(one) for one in versions]),
            symbols, interval, start, end, progress=progress, cancel=cancel,
        )  # fmt: skip
        return FeaturePanel(
            symbols=tuple(symbols),
            index=found.index,
            columns=tuple(columns),
            versions=tuple(versions),
            values=found.values,
            close=found.close,
            fingerprint=found.fingerprint,
        )

    async def looking_ahead(self) -> frozenset[str]:
        """Return the ids of all versions that the leakage check found to look ahead."""
        found = await self._versions.list(where={"statistics.leakage.leaks": True}, limit=None)
        return frozenset(one.id for one in found)

    # -- inside

    async def _to_production(
        self,
        feature: Feature,
        versions: builtins.list[FeatureVersion],
        chosen: FeatureVersion,
    ) -> Feature:
        _refuse_leaky(feature.name, chosen)
        if chosen.feature_type is FeatureType.FUNCTION and "leakage" not in chosen.statistics:
            raise LeakageFound(
                f"{feature.name} {chosen.version} is computed by a package, and was not checked "
                "for leakage yet.",
                hint=f"Check it first: quant-tui feature check {feature.name}@{chosen.version}",
            )
        # First the new one, then the old ones: a program that ends in between leaves two.
        states = {chosen.id: {"status": FeatureVersionStatus.PRODUCTION, "promoted_at": utc_now()}}
        for one in versions:
            if one.id != chosen.id and one.status is FeatureVersionStatus.PRODUCTION:
                states[one.id] = {"status": FeatureVersionStatus.ARCHIVED}
        by_id = {one.id: one for one in versions}
        for version_id, state in states.items():
            changed = by_id[version_id].model_copy(update=state)
            by_id[version_id] = await self._versions.update(changed)
        return await self._follow(feature, list(by_id.values()))


def checked_feature_name(name: str) -> str:
    """Return a name that a feature may have: letters of any language, figures and ``_``.

    Raises
    ------
    InvalidInput
        It is empty, too long, or holds something else.
    """
    name = checked_name(name)
    if not name:
        raise InvalidInput("A feature needs a name.", field="name")
    if not name.isidentifier() or len(name) > LONGEST_NAME:
        raise InvalidInput(
            f"{name!r} cannot be the name of a feature.",
            field="name",
            hint=f"Use letters, figures and _, a letter first, {LONGEST_NAME} at most: momentum_20",
        )
    return name


def leaking_inputs(model: MLModel, looking_ahead: Collection[str]) -> list[str]:
    """Return the features of a model, ``name@1.2.0``, of which is known that they look ahead.

    Parameters
    ----------
    looking_ahead
        As :meth:`FeatureService.looking_ahead` returns it.
    """
    ids = model.lineage.get("feature_version_ids", [])
    return [
        name
        for name, version_id in zip(model.features, ids, strict=False)
        if version_id in looking_ahead
    ]


def looks_ahead(version: FeatureVersion) -> bool:
    """Return whether the leakage check found a version to look ahead."""
    found = version.statistics.get("leakage")
    return found is not None and bool(found["leaks"])


def _refuse_leaky(name: str, version: FeatureVersion) -> None:
    """Let nothing be used of which is known that it looks ahead."""
    if looks_ahead(version):
        found = version.statistics["leakage"]
        first = found["first"] or {}
        raise LeakageFound(
            f"{name} {version.version} looks ahead: {found['changed']:,} of "
            f"{found['compared']:,} values change when later bars are taken away, first "
            f"{first.get('symbol')} on {first.get('date')}.",
            hint="Leave it out; or mend it, raise its version, and check again: "
            f"quant-tui feature check {name}@{version.version}",
        )


def _own_description(definition: FeatureDefinition) -> str:
    """Return what a package's function says of itself."""
    function = definition.function
    return "" if function is None else _checked_description(function.description)


def _checked_description(text: str) -> str:
    return checked_name(text, title="description")
