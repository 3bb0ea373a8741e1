"""Putting a model to use, and back: what is asked before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quant_tui.domain.vocabulary import DeploymentEnvironment
from quant_tui.services.deployment_gates import gate_mark
from quant_tui.services.scenarios import OWN
from quant_tui.ui.modals.form_dialog import FormDialog
from quant_tui.ui.widgets.form import Field

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quant_tui.domain.ml_platform import EvaluationScenario, MLModel, ModelDeployment
    from quant_tui.services.deployment_gates import Gate
    from quant_tui.services.deployments import DeploymentService
    from quant_tui.ui.workspaces import Workspace


def promotion_dialog(
    model: MLModel,
    gates: tuple[Gate, ...],
    deployments: DeploymentService,
    scenarios: Sequence[EvaluationScenario],
) -> FormDialog[ModelDeployment]:
    """Ask where to, and why; say which gates to prod are open."""

    async def save(values: dict[str, str]) -> ModelDeployment:
        return await deployments.promote(
            model.id,
            values["environment"],
            reason=values["reason"],
            scenario=values["scenario"],
            force=values["force"] == "yes",
        )

    gate = next((one for one in scenarios if one.config["is_gate"]), None)
    said = "\n".join(f"{gate_mark(one.to_document())} {one.name}: {one.reason}" for one in gates)
    return FormDialog(
        f"Promote {model.title}",
        f"To prod, where strategies ask it:\n{said}",
        Field("environment", "Where", "prod",
              choices=[(str(one), str(one)) for one in reversed(DeploymentEnvironment)]),
        Field("scenario", "Compared", gate.id if gate else OWN,
              choices=[(OWN, "on own test dates"), *((one.id, one.name) for one in scenarios)]),
        Field("reason", "Why", help_text="kept in the history; needed to force"),
        Field("force", "Closed gates", "no", choices=[("no", "stop it"), ("yes", "are forced")]),
        save=save,
        verb="Promote",
    )  # fmt: skip


async def roll_back(place: Workspace, name: str, environment: str) -> ModelDeployment | None:
    """Ask, then put back the version that stood before; None when it was thought better of.

    Raises
    ------
    NotFound
        Nothing stands there, or nothing stood before.
    """
    deployments = place.services.deployments
    model = await deployments.before(name, environment)
    if not await place.confirm(
        f"Put {model.title} back into {environment}?",
        "Strategies ask it from then on."
        if environment == DeploymentEnvironment.PROD
        else "It stood there before.",
        yes="Roll back",
    ):
        return None
    made = await deployments.roll_back(name, environment)
    place.toast(f"{name}@{made.model_version} is in {environment} again.")
    return made
