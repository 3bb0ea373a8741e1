"""What a person says of a model or an experiment: notes, tags, champion or challenger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quant_tui.domain.vocabulary import ModelStatus
from quant_tui.ui.modals.form_dialog import FormDialog
from quant_tui.ui.widgets.form import Field

if TYPE_CHECKING:
    from quant_tui.domain.ml_platform import Experiment, MLModel
    from quant_tui.services.experiments import ExperimentService
    from quant_tui.services.models import ModelService

PLAIN, ARCHIVED = "", "archived"


def model_dialog(model: MLModel, models: ModelService) -> FormDialog[MLModel]:
    """Ask for notes, tags, and what a version is to its name."""
    stands = model.aliases[0] if model.aliases else PLAIN
    choices = [(PLAIN, "a version")] if stands == PLAIN else []
    if model.is_ready:
        choices += [("champion", "champion"), ("challenger", "challenger")]
        choices += [(ARCHIVED, "archived: set aside")]
    if model.status is ModelStatus.ARCHIVED:
        stands = ARCHIVED

    async def save(values: dict[str, str]) -> MLModel:
        wanted = values["stands"]
        if wanted != stands and wanted == ARCHIVED:
            await models.archive(model.id)
        elif wanted not in (stands, PLAIN):
            await models.set_alias(model.id, wanted)
        tags = values["tags"].split(",")
        return await models.describe(model.id, notes=values["notes"], tags=tags)

    return FormDialog(
        model.title,
        "",
        Field("stands", "It is", stands, choices=choices),
        Field("tags", "Tags", ", ".join(model.tags), help_text="commas between"),
        Field("notes", "Notes", model.notes, lines=5, placeholder="what it showed"),
        save=save,
    )


def experiment_dialog(
    experiment: Experiment, experiments: ExperimentService
) -> FormDialog[Experiment]:
    """Ask for name and notes of an experiment."""

    async def save(values: dict[str, str]) -> Experiment:
        return await experiments.describe(experiment.id, name=values["name"], notes=values["notes"])

    return FormDialog(
        "Experiment",
        "",
        Field("name", "Name", experiment.name),
        Field("notes", "Notes", experiment.notes, lines=6,
              placeholder="what it asks, what it showed"),
        save=save,
    )  # fmt: skip
