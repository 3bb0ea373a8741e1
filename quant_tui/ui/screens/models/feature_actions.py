"""What is done to a feature from its list and its pages."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quant_tui.services.feature_leaks import LeakReport
    from quant_tui.services.feature_records import FeatureHistory
    from quant_tui.services.features import DeletedFeature
    from quant_tui.ui.screens.models.features import FeaturesPart


async def promote(part: FeaturesPart, chosen: FeatureHistory) -> None:
    """Put the version under the cursor, or the newest draft, into production."""
    version = part.chosen_version
    wanted = "" if version is None else version.version
    await part.services.features.promote(chosen.feature.id, wanted)
    await _say_production(part, chosen.feature.id, "is in production.")


async def roll_back(part: FeaturesPart, chosen: FeatureHistory) -> None:
    """Put the version back into production that was there before."""
    await part.services.features.roll_back(chosen.feature.id)
    await _say_production(part, chosen.feature.id, "is in production again.")


async def _say_production(part: FeaturesPart, feature_id: str, what: str) -> None:
    await part.load()
    now = await part.services.features.history(feature_id)
    if now.production is not None:
        pinned = f" It stays pinned to {now.used.version}." if now.feature.pinned else ""
        part.place.toast(f"{now.feature.name} {now.production.version} {what}{pinned}")


async def pin(part: FeaturesPart, chosen: FeatureHistory, version: str) -> None:
    """Let the name mean one version, or with "" no longer."""
    kept = await part.services.features.pin(chosen.feature.id, version)
    await part.load()
    if version:
        part.place.toast(f"{kept.name} means {version} from now on.")
    else:
        part.place.toast(f"{kept.name} is pinned no longer and means {kept.version}.")


async def check(part: FeaturesPart, chosen: FeatureHistory) -> None:
    """Check a feature for leakage, and say what came of it."""
    version = part.chosen_version
    wanted = version or chosen.used
    name = f"{chosen.feature.name} {wanted.version}"

    async def done(found: LeakReport) -> None:
        if found.leaks:
            part.place.toast(f"✗ {name} looks ahead: {found.changed:,} values change.")
        else:
            part.place.toast(f"✓ {name} does not look ahead.")
        await part.load()

    reference = f"{chosen.feature.id}@{wanted.version}"
    part.place.follow(
        await part.services.feature_cards.start_check(reference, part.scope), on_done=done
    )


async def delete(part: FeaturesPart, chosen: FeatureHistory) -> None:
    """Delete a feature when that is meant."""
    name = chosen.feature.name
    if not await part.place.confirm(
        f"Delete “{name}”?", "Its versions go with it; models keep what they need.",
        yes="Delete",
    ):  # fmt: skip
        return
    deleted = await part.services.features.delete(chosen.feature.id)
    await part.to_list()
    await part.load()
    part.place.offer_undo(f"{name} deleted", partial(_restore, part, deleted))


async def _restore(part: FeaturesPart, deleted: DeletedFeature) -> None:
    back = await part.services.features.restore(deleted)
    await part.load()
    part.table.move_to(back.id)
