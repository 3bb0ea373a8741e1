"""Trained models of the signed-in user: the registry."""

from __future__ import annotations

import asyncio
import builtins
from collections import OrderedDict
from typing import TYPE_CHECKING

from quant_tui.domain.base import Document
from quant_tui.domain.errors import Conflict, InvalidInput, NotFound
from quant_tui.domain.ml_platform import MLModel
from quant_tui.domain.vocabulary import ModelStatus
from quant_tui.services.model_names import (
    ALIASES,
    Reference,
    given_back,
    model_number,
    next_model_version,
)

if TYPE_CHECKING:
    from quant_tui.services.model_artifacts import LoadedModel
    from quant_tui.storage.artifacts.store import ArtifactStore
    from quant_tui.storage.mongo.repositories import UserRepositories

KEPT_LOADED = 8
"""Models kept in memory, the last used."""

LONG = ("report", "search")
"""Fields that lists leave out."""

TRIES = 5
"""How often a change is tried again when somebody else was quicker."""


class ModelService:
    """Models of one user.

    A model is meant by its id or by a :class:`~quant_tui.services.model_names.Reference`.
    """

    def __init__(self, mine: UserRepositories, artifacts: ArtifactStore) -> None:
        self._models = mine.ml_models
        self._deployments = mine.deployments
        self._artifacts = artifacts
        self._loaded: OrderedDict[str, LoadedModel] = OrderedDict()
        self._deleted: dict[str, MLModel] = {}
        self._doomed: set[str] = set()
        self.user_id = mine.user_id

    # -- looking

    async def list(self, search: str = "", *, limit: int = 1000) -> builtins.list[MLModel]:
        """Return models, the last changed first; ``search`` is part of a name or a tag.

        They are without what is only shown of one: ``report`` and ``search``.
        """
        found = await self._models.list(sort=[("updated_at", -1)], limit=limit, without=LONG)
        wanted = search.casefold()
        return [
            one
            for one in found
            if wanted in one.name.casefold() or any(wanted in tag.casefold() for tag in one.tags)
        ]

    async def get(self, reference: str) -> MLModel:
        """Return a model by its id, ``name``, ``name@1.2.0``, ``name@champion``, ``name@prod``.

        Raises
        ------
        NotFound
            There is none; the message says what there is.
        InvalidInput
            It is no reference.
        """
        found = await self._models.find(reference)
        if found is not None:
            return found
        wanted = Reference.parse(reference)
        versions = await self.versions(wanted.name)
        if not versions:
            raise NotFound(
                f"There is no model {wanted.name!r}.",
                hint=f"Train one: quant-tui model train --name {wanted.name}",
            )
        if wanted.environment:
            return await self._deployed(wanted, versions)
        ready = [one for one in versions if one.is_ready]
        if wanted.version:
            chosen = [one for one in versions if one.version == wanted.version]
        elif wanted.alias:
            chosen = [one for one in ready if wanted.alias in one.aliases]
        else:
            chosen = ready
        if not chosen:
            shown = ", ".join(one.version for one in ready) or (
                f"none that was trained; {versions[0].title} is {versions[0].status}"
            )
            raise NotFound(f"There is no model {reference}.", hint=f"Versions: {shown}.")
        return chosen[0]

    async def find(self, model_id: str) -> MLModel | None:
        """Return a model by its id; None when there is none."""
        return await self._models.find(model_id)

    async def versions(self, name: str) -> builtins.list[MLModel]:
        """Return all versions of a name, the highest first."""
        found = await self._models.list(where={"name": name}, limit=None)
        return sorted(found, key=model_number, reverse=True)

    async def unfinished(self) -> builtins.list[MLModel]:
        """Return what is, or was when its process ended, being trained."""
        return await self._models.in_training()

    async def artifact_paths(self) -> builtins.list[str]:
        """Return the artifacts that belong to models, deleted ones that may come back too."""
        found = await self._models.list(limit=None, without=LONG)
        return [one.artifact_path for one in (*found, *self._deleted.values())]

    def artifact_place(self, model: MLModel) -> str:
        """Return where a model's artifact lies, in full."""
        return self._artifacts.shown(model.artifact_path)

    async def load(self, model: MLModel) -> LoadedModel:
        """Return a model that can be asked; the last used are kept in memory.

        Raises
        ------
        InvalidInput
            It was not trained to the end, or its package is not installed.
        ArtifactDamaged
            Its artifact is gone, damaged, or not the one that was registered.
        """
        if not model.is_ready:
            raise InvalidInput(
                f"{model.title} was not trained to the end ({model.status}).",
                field="model",
                hint=model.error or "Choose another version.",
            )
        digest = str(model.lineage.get("artifact_hash", ""))
        if digest in self._loaded:
            self._loaded.move_to_end(digest)
            return self._loaded[digest]

        def read() -> LoadedModel:
            from quant_tui.services.model_artifacts import from_files

            files = self._artifacts.get(model.artifact_path, digest)
            return from_files(str(model.model_type), files)

        found = await asyncio.to_thread(read)
        self._loaded[digest] = found
        while len(self._loaded) > KEPT_LOADED:
            self._loaded.popitem(last=False)
        return found

    # -- changing

    def new_id(self) -> str:
        """Return an id for a model that is to be registered."""
        return self._models.new_id()

    async def register(self, model: MLModel) -> MLModel:
        """Keep a new model under the next version of its name."""
        for _ in range(TRIES):
            versions = await self.versions(model.name)
            number = next_model_version(versions, model.signature)
            try:
                return await self._models.create(model.model_copy(update={"version": number}))
            except Conflict:  # another instance took that version
                continue
        raise Conflict(f"{model.name} is being trained elsewhere.", hint="Try again.")

    async def change(self, model_id: str, changes: Document) -> MLModel:
        """Change fields of a model, all at once.

        Raises
        ------
        NotFound
            There is none with that id.
        """
        for _ in range(TRIES):
            model = await self._models.get(model_id)
            try:
                return await self._models.update(model.model_copy(update=changes))
            except Conflict:  # changed meanwhile: these fields over what it says now
                continue
        raise Conflict("The model is being changed elsewhere.", hint="Try again.")

    async def give_up(self, model_id: str, status: ModelStatus, error: str = "") -> MLModel:
        """Mark a model that is not trained to the end; its version is free again."""
        model = await self._models.get(model_id)
        return await self.change(
            model_id, {"status": status, "error": error[:2000], "version": given_back(model)}
        )

    async def describe(
        self, reference: str, *, notes: str | None = None, tags: builtins.list[str] | None = None
    ) -> MLModel:
        """Keep notes or tags with a model."""
        model = await self.get(reference)
        changes: Document = {}
        if notes is not None:
            changes["notes"] = notes.strip()
        if tags is not None:
            changes["tags"] = [one for one in dict.fromkeys(tag.strip() for tag in tags) if one]
        return await self.change(model.id, changes)

    async def set_alias(self, reference: str, alias: str) -> MLModel:
        """Give an alias to a version; no other of its name has it then.

        Raises
        ------
        InvalidInput
            It is no alias, or the model was not trained.
        """
        if alias not in ALIASES:
            raise InvalidInput(
                f"{alias!r} is no alias.", field="alias", hint=f"There are {', '.join(ALIASES)}."
            )
        model = await self.get(reference)
        if not model.is_ready:
            raise InvalidInput(f"{model.title} was not trained to the end.", field="model")
        for other in await self.versions(model.name):
            if other.id != model.id and alias in other.aliases:
                await self.change(
                    other.id, {"aliases": [one for one in other.aliases if one != alias]}
                )
        aliases = sorted({*model.aliases, alias})
        return await self.change(model.id, {"aliases": aliases})

    async def archive(self, reference: str) -> MLModel:
        """Set a model aside.

        Raises
        ------
        InvalidInput
            It is deployed, or was not trained.
        """
        model = await self.get(reference)
        await self._refuse_deployed(model)
        if not model.is_ready:
            raise InvalidInput(f"{model.title} was not trained to the end.", field="model")
        return await self.change(model.id, {"status": ModelStatus.ARCHIVED, "aliases": []})

    async def delete(self, reference: str) -> MLModel:
        """Delete a model; :meth:`restore` brings it back till the sign-out.

        Raises
        ------
        InvalidInput
            It is deployed, was deployed, or is being trained.
        """
        model = await self.get(reference)
        await self._refuse_deployed(model)
        if await self._deployments.count({"model_id": model.id}):
            raise InvalidInput(
                f"{model.title} was deployed, and its history needs it.", hint="Archive it instead."
            )
        if model.status is ModelStatus.TRAINING and not model.is_ready:
            raise InvalidInput(f"{model.title} is being trained.", hint="Cancel it first.")
        await self._models.delete(model.id)
        self._deleted[model.id] = model
        # The same training done twice came to the same artifact.
        if not await self._models.count({"artifact_path": model.artifact_path}):
            self._doomed.add(model.artifact_path)
        return model

    async def restore(self, model_id: str) -> MLModel:
        """Bring back a model deleted since the sign-in.

        Raises
        ------
        NotFound
            It was not deleted here.
        """
        model = self._deleted.pop(model_id, None)
        if model is None:
            raise NotFound("This model was not deleted here.")
        self._doomed.discard(model.artifact_path)
        return await self._models.create(model)

    def close(self) -> None:
        """Remove the artifacts of what was deleted for good."""
        for path in self._doomed:
            self._artifacts.delete(path)
        self._doomed.clear()
        self._deleted.clear()
        self._loaded.clear()

    async def _deployed(self, wanted: Reference, versions: builtins.list[MLModel]) -> MLModel:
        newest = await self._deployments.list(
            where={"model_name": wanted.name, "environment": wanted.environment},
            sort=[("deployed_at", -1)],
            limit=1,
        )
        for one in newest:
            for model in versions:
                if model.id == one.model_id:
                    return model
        raise NotFound(
            f"No version of {wanted.name} is in {wanted.environment}.",
            hint=f"Promote one: quant-tui model promote {wanted.name} --to {wanted.environment}",
        )

    async def _refuse_deployed(self, model: MLModel) -> None:
        for environment in ("dev", "staging", "prod"):
            try:
                standing = await self.get(f"{model.name}@{environment}")
            except NotFound:
                continue
            if standing.id == model.id:
                raise InvalidInput(
                    f"{model.title} is in {environment}.", hint="Promote another version first."
                )
