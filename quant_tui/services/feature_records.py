"""The features that one user has, their versions, and what is known of each."""

from __future__ import annotations

import builtins
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quant_tui.domain.base import Document
from quant_tui.domain.errors import NotFound
from quant_tui.domain.ml_platform import Feature, FeatureVersion
from quant_tui.domain.vocabulary import FeatureVersionStatus, ModelStatus
from quant_tui.services.feature_definitions import FeatureDefinition, definition_of
from quant_tui.services.feature_versions import (
    FeatureDifference,
    difference,
    find,
    in_use,
    newest_first,
    split_reference,
)

if TYPE_CHECKING:
    from quant_tui.storage.mongo.repositories import UserRepositories

KEPT_RUNS = 12
"""Universes and periods whose statistics are kept with a version."""


@dataclass(frozen=True, slots=True)
class ModelUse:
    """A model that was trained on a version of a feature."""

    id: str
    name: str
    version: str
    status: str
    feature_version: str


@dataclass(frozen=True, slots=True)
class FeatureHistory:
    """A feature and its versions.

    Attributes
    ----------
    versions
        The newest first.
    """

    feature: Feature
    versions: tuple[FeatureVersion, ...]

    @property
    def used(self) -> FeatureVersion:
        """The version that the bare name means."""
        return in_use(self.feature, self.versions)

    @property
    def production(self) -> FeatureVersion | None:
        """The version in production; None before the first."""
        found = [one for one in self.versions if one.status is FeatureVersionStatus.PRODUCTION]
        return found[0] if found else None

    @property
    def newer(self) -> tuple[FeatureVersion, ...]:
        """Drafts above the version in use."""
        at = self.versions.index(self.used)
        return tuple(one for one in self.versions[:at] if one.status is FeatureVersionStatus.DRAFT)


class FeatureRecords:
    """What is stored of one user's features.

    A feature is named by its id or its name; ``name@1.2.0`` is one of its versions.
    """

    def __init__(self, mine: UserRepositories) -> None:
        self._features = mine.features
        self._versions = mine.feature_versions
        self._models = mine.ml_models
        self._user_id = mine.user_id

    # -- looking

    async def list(self, search: str = "") -> builtins.list[Feature]:
        """Return the user's features by name; ``search`` is part of a name, text or rule."""
        where: Document = {}
        if search:
            pattern = {"$regex": re.escape(search), "$options": "i"}
            where = {"$or": [{key: pattern} for key in ("name", "description", "expression")]}
        return await self._features.list(where=where, sort=[("name", 1)], limit=None)

    async def histories(self) -> builtins.list[FeatureHistory]:
        """Return every feature with its versions, by name; two queries, however many."""
        features = await self.list()
        by_feature: dict[str, builtins.list[FeatureVersion]] = {}
        for one in await self._versions.list(limit=None):
            by_feature.setdefault(one.feature_id, []).append(one)
        return [
            FeatureHistory(
                one, tuple(newest_first(by_feature.get(one.id) or await self._versions_of(one)))
            )
            for one in features
        ]

    async def history(self, reference: str) -> FeatureHistory:
        """Return a feature with its versions; raises as :meth:`get`."""
        feature = await self.get(reference)
        return FeatureHistory(feature, tuple(await self._versions_of(feature)))

    async def get(self, reference: str) -> Feature:
        """Return a feature by its id or name.

        Raises
        ------
        NotFound
            The user has none such; the message has the nearest names.
        """
        found = await self._features.find(reference)
        if found is None:
            found = await self._features.find_one({"name": reference.strip()})
        if found is None:
            raise await self._no_feature(reference)
        return found

    async def versions(self, feature_id: str) -> builtins.list[FeatureVersion]:
        """Return every version of a feature, given by id or name, the newest first."""
        return await self._versions_of(await self.get(feature_id))

    async def version(self, reference: str) -> FeatureVersion:
        """Return the version that ``name`` or ``name@1.2.0`` means.

        Raises
        ------
        NotFound
            There is no such feature or version.
        """
        name, number = split_reference(reference)
        feature = await self.get(name)
        versions = await self._versions_of(feature)
        return find(feature.name, versions, number) if number else in_use(feature, versions)

    async def difference(
        self, feature_id: str, older: str, newer: str
    ) -> builtins.list[FeatureDifference]:
        """Return what differs between two versions of a feature."""
        feature = await self.get(feature_id)
        versions = await self._versions_of(feature)
        return difference(find(feature.name, versions, older), find(feature.name, versions, newer))

    # -- what is known of versions

    async def models_of(self, feature_id: str) -> builtins.list[ModelUse]:
        """Return the models that were trained on a version of a feature, the newest first."""
        feature = await self.get(feature_id)
        by_id = {one.id: one.version for one in await self._versions_of(feature)}
        found: builtins.list[ModelUse] = []
        for version_id, version in by_id.items():
            where = {"lineage.feature_version_ids": version_id}
            found += [
                ModelUse(one.id, one.name, one.version, str(one.status), version)
                for one in await self._models.list(where=where, limit=None)
                if one.status not in (ModelStatus.FAILED, ModelStatus.CANCELLED)
            ]
        return sorted(found, key=lambda one: one.id, reverse=True)

    async def record(self, version_id: str, statistics: Document) -> FeatureVersion:
        """Keep what was found about a version, beside what is kept of other periods.

        Parameters
        ----------
        statistics
            ``runs``: figures of universes and periods, in place of those with the same
            ``key``; anything else in place of what has the same name.
        """
        version = await self._versions.get(version_id)
        kept = {**version.statistics, **statistics}
        if "runs" in statistics:
            fresh = {one["key"] for one in statistics["runs"]}
            others = [one for one in version.statistics.get("runs", []) if one["key"] not in fresh]
            kept["runs"] = [*statistics["runs"], *others][:KEPT_RUNS]
        version = await self._versions.update(version.model_copy(update={"statistics": kept}))
        feature = await self._features.get(version.feature_id)
        if feature.version == version.version:
            await self._features.update(feature.model_copy(update={"statistics": kept}))
        return version

    # -- inside

    async def _versions_of(self, feature: Feature) -> builtins.list[FeatureVersion]:
        found = await self._versions.list(where={"feature_id": feature.id}, limit=None)
        if found:
            return newest_first(found)
        # The program ended between the feature and its first version: what it says is known.
        mended = self._new_version(feature, definition_of(feature), feature.version, "created")
        return [await self._versions.create(mended)]

    async def _follow(self, feature: Feature, versions: builtins.list[FeatureVersion]) -> Feature:
        """Let the feature say what its version in use says."""
        used = in_use(feature, versions)
        return await self._features.update(
            feature.model_copy(
                update={
                    "version": used.version,
                    "feature_type": used.feature_type,
                    "expression": used.expression,
                    "description": used.description,
                    "schema_": used.schema_,
                    "statistics": used.statistics,
                }
            )
        )

    def _new_version(
        self, feature: Feature, definition: FeatureDefinition, version: str, note: str
    ) -> FeatureVersion:
        return FeatureVersion(
            feature_id=feature.id,
            version=version,
            feature_type=definition.feature_type,
            expression=definition.expression,
            description=feature.description,
            schema_=definition.schema,
            note=note,
            user_id=self._user_id,
        )

    async def _no_feature(self, reference: str) -> NotFound:
        from difflib import get_close_matches

        names = [one.name for one in await self.list()]
        near = get_close_matches(reference, names, n=2, cutoff=0.5)
        hint = f"Did you mean {' or '.join(near)}?" if near else "See: quant-tui feature list"
        return NotFound(f"There is no feature {reference!r}.", hint=hint)
