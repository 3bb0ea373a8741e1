"""The form that trains a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input

from quant_tui.domain.errors import InvalidInput, QuantError
from quant_tui.ml.metrics import METRIC_TITLES
from quant_tui.ml.models.registry import model_types
from quant_tui.ml.splits import SPLITS
from quant_tui.ml.targets import TARGETS
from quant_tui.services.training_request import prepare_training
from quant_tui.ui.screens.models.part_form import LastOfList, PartForm
from quant_tui.ui.screens.models.training_text import (
    chosen_parameters,
    request_of,
    usual_parameters,
)
from quant_tui.ui.widgets.form import Field, Form

if TYPE_CHECKING:
    from quant_tui.domain.ml_platform import MLModel


LONG = ("symbols", "features", "parameters")
TARGET_HELP = "of direction it says P(rise) − 0.5"
"""A forecast of a direction is centred on 0, as one of a return is."""


@dataclass(frozen=True, slots=True)
class TrainingChoices:
    """What there is to train with.

    Attributes
    ----------
    proposed
        Symbols that a new training begins with.
    symbols, features, experiments
        Names of all there are.
    experiment
        The one that the training begins in; "" for none.
    """

    proposed: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    experiments: tuple[str, ...] = ()
    experiment: str = ""


class TrainingFields(Form):
    """Fields whose ctrl+s trains."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+s", "submit", "Train", id="training.start", tooltip="Check and train as a job"
        ),
    ]


class TrainingForm(PartForm):
    """Asks what to train.

    Parameters
    ----------
    before
        A model whose settings the form begins with; None for the usual ones.
    choices
        What the user has to train with.
    """

    def __init__(self, before: MLModel | None, choices: TrainingChoices) -> None:
        lineage = before.lineage if before is not None else {}
        target = before.target if before is not None else {}
        split = before.split if before is not None else {}
        features = [one.partition("@")[0] for one in before.features] if before else []
        kind = str(before.model_type) if before is not None else "LightGBM"
        form = TrainingFields(
            Field("name", "Name", before.name if before else "signal",
                  help_text='rules write model("signal@prod")'),
            Field("model_type", "Type", kind, choices=[(one, one) for one in model_types()]),
            Field("symbols", "Symbols", ", ".join(lineage.get("symbols", choices.proposed)),
                  suggester=LastOfList(choices.symbols), help_text="commas between; → takes"),
            Field("features", "Features", ", ".join(features),
                  suggester=LastOfList(choices.features), help_text="empty for all of yours"),
            Field("target", "Target", str(target.get("kind", "return")),
                  choices=[(one, one.replace("_", " ")) for one in TARGETS],
                  help_text=TARGET_HELP),
            Field("horizon", "Bars ahead", str(target.get("horizon", 5)),
                  help_text="how far it looks"),
            Field("barrier", "Barrier", f"{target.get('barrier', 1.0):g}",
                  help_text="deviations, of triple barrier"),
            Field("split", "Judged by", str(split.get("kind", "holdout")),
                  choices=[(one, one.replace("_", " ")) for one in SPLITS]),
            Field("test_share", "Test share", f"{100.0 * split.get('test_share', 0.3):g}",
                  help_text="% of dates, the last, judged on"),
            Field("folds", "Folds", str(split.get("folds", 5)),
                  help_text="of purged kfold and walk forward"),
            Field("embargo", "Embargo", str(split.get("embargo", 0)),
                  help_text="bars after a test part left out"),
            Field("anchored", "Walk forward", "yes" if split.get("anchored", True) else "no",
                  choices=[("yes", "grows"), ("no", "rolls on")],
                  help_text="what each fold learns from"),
            Field("interval", "Interval", lineage.get("interval", "1d"),
                  help_text="1d, 1wk, 5m …"),
            Field("start", "From", lineage.get("start") or "",
                  help_text="YYYY-MM-DD; empty: from the first"),
            Field("end", "To", lineage.get("end") or "",
                  help_text="YYYY-MM-DD; empty: to the last"),
            Field("parameters", "Parameters", chosen_parameters(before),
                  suggester=LastOfList(usual_parameters(kind)), help_text=_parameters_help(kind)),
            Field("trials", "Trials", "0",
                  help_text="to choose parameters first; 0: none"),
            Field("metric", "Looks for", "",
                  choices=[("", "usual of the target"), *METRIC_TITLES.items()],
                  help_text="what trials are compared by"),
            Field("patience", "Patience", str(lineage.get("patience", 20)),
                  help_text="rounds without gain; 0: no stop"),
            Field("class_weight", "Classes", str(lineage.get("class_weight", "none")),
                  choices=[("none", "as frequent"), ("balanced", "weigh alike")],
                  help_text="of direction and triple barrier"),
            Field("seed", "Seed", str(lineage.get("seed", 0)),
                  help_text="the same gives the same model"),
            Field("experiment", "Experiment", choices.experiment,
                  suggester=LastOfList(choices.experiments),
                  help_text="group that the run belongs to"),
            check=self._wrong,
        )  # fmt: skip
        super().__init__("Train a model", form, id="training-form", long=LONG)
        self._kind = kind

    def refuse(self, error: QuantError) -> None:
        """Show why it could not be started."""
        self.form.show_errors({_field_of(error): str(error)})

    def on_form_changed(self, event: Form.Changed) -> None:
        """Let the parameters be those of the type."""
        event.stop()
        kind = event.values["model_type"]
        if kind != self._kind:
            self._kind = kind
            field = self.form.field("parameters")
            if isinstance(field.control, Input):
                field.control.suggester = LastOfList(usual_parameters(kind))
            field.help_text = _parameters_help(kind)
            field.clear()
            field.set_error("")

    def _wrong(self, values: dict[str, str]) -> dict[str, str]:
        try:
            prepare_training(request_of(values))
        except InvalidInput as error:
            return {_field_of(error): str(error)}
        return {}


def _parameters_help(kind: str) -> str:
    """Say how a range is written, and what there is."""
    return f"5 … 50 is searched; {', '.join(usual_parameters(kind))}"


def _field_of(error: QuantError) -> str:
    field = error.field if isinstance(error, InvalidInput) else ""
    known = ("name", "symbols", "features", "target", "horizon", "barrier", "split", "test_share",
             "folds", "embargo", "interval", "start", "end", "trials", "metric", "patience",
             "seed", "experiment")  # fmt: skip
    if field == "type":
        return "model_type"
    return field if field in known else "parameters" if field else "features"
