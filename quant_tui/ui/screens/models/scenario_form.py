"""The form of a scenario."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar, cast

from quant_tui.domain.errors import InvalidInput, QuantError
from quant_tui.services.scenario_definition import RANKED_BY, RankedBy, ScenarioDefinition
from quant_tui.services.scenario_windows import Window
from quant_tui.ui.screens.models.part_form import LastOfList, PartForm
from quant_tui.ui.widgets.form import Field, Form

if TYPE_CHECKING:
    from quant_tui.domain.ml_platform import EvaluationScenario

N = TypeVar("N", int, float)

FIELDS = ("name", "description", "symbols", "windows", "models", "costs", "horizons", "ranked_by",
          "is_gate", "seed")  # fmt: skip
LONG = ("symbols", "windows", "models", "description")


class ScenarioForm(PartForm):
    """Makes or changes one scenario.

    Parameters
    ----------
    scenario
        The one to change; None for a new one.
    values
        What the fields begin with.
    known
        Windows that can be named.
    """

    def __init__(
        self,
        scenario: EvaluationScenario | None,
        values: dict[str, str],
        known: Sequence[Window],
    ) -> None:
        self.scenario = scenario
        self.known = known
        names = LastOfList([one.name for one in known])
        form = Form(
            Field("name", "Name", values["name"]),
            Field("symbols", "Symbols", values["symbols"], help_text="with commas between"),
            Field("windows", "Windows", values["windows"], suggester=names,
                  help_text="Financial crisis, 2015=2015-01-02..2015-12-31"),
            Field("models", "Models", values["models"],
                  help_text="signal, other@1.2.0, signal@prod"),
            Field("costs", "Costs", values["costs"], help_text="% of a trade, with commas between"),
            Field("horizons", "Horizons", values["horizons"],
                  help_text="bars ahead, with commas between"),
            Field("ranked_by", "Ranked by", values["ranked_by"],
                  choices=[(one, one.replace("_", " ")) for one in RANKED_BY]),
            Field("is_gate", "Promotions", values["is_gate"],
                  choices=[("no", "are not judged in it"), ("yes", "are judged in it")]),
            Field("seed", "Seed", values["seed"], help_text="of the bootstrap"),
            Field("description", "What for", values["description"]),
            check=self._wrong,
        )  # fmt: skip
        heading = f"Change {scenario.name}" if scenario else "New scenario"
        super().__init__(heading, form, id="scenario-form", long=LONG)

    def refuse(self, error: QuantError) -> None:
        """Show why it could not be kept."""
        field = error.field if isinstance(error, InvalidInput) else "models"
        self.form.show_errors({field if field in FIELDS else "name": str(error)})

    def _wrong(self, values: dict[str, str]) -> dict[str, str]:
        if not values["name"].strip():
            return {"name": "A scenario needs a name."}
        try:
            definition_of(values, self.known)
        except InvalidInput as error:
            return {error.field if error.field in FIELDS else "name": str(error)}
        return {}


def definition_of(values: dict[str, str], known: Sequence[Window]) -> ScenarioDefinition:
    """Return what the fields ask for.

    Raises
    ------
    InvalidInput
        One cannot be read; ``field`` names it.
    """
    return ScenarioDefinition(
        windows=tuple(Window.parse(one, known) for one in names_of(values["windows"])),
        symbols=names_of(values["symbols"]),
        costs=tuple(one / 100.0 for one in _numbers(values["costs"], "costs", float)),
        horizons=_numbers(values["horizons"], "horizons", int),
        ranked_by=cast("RankedBy", values["ranked_by"]),
        seed=(_numbers(values["seed"], "seed", int) or (0,))[0],
        is_gate=values["is_gate"] == "yes",
    )


def values_of(
    definition: ScenarioDefinition, *, name: str, description: str, models: Sequence[str]
) -> dict[str, str]:
    """Return what the fields say of a scenario."""
    return {
        "name": name,
        "description": description,
        "symbols": ", ".join(definition.symbols),
        "windows": ", ".join(one.text for one in definition.windows),
        "models": ", ".join(models),
        "costs": ", ".join(f"{100.0 * one:g}" for one in definition.costs),
        "horizons": ", ".join(str(one) for one in definition.horizons),
        "ranked_by": definition.ranked_by,
        "is_gate": "yes" if definition.is_gate else "no",
        "seed": str(definition.seed),
    }


def names_of(text: str) -> tuple[str, ...]:
    """Return the names in a text, with commas between."""
    return tuple(one.strip() for one in text.split(",") if one.strip())


def _numbers(text: str, field: str, kind: Callable[[str], N]) -> tuple[N, ...]:
    try:
        return tuple(kind(one) for one in names_of(text.replace("%", "")))
    except ValueError:
        raise InvalidInput(f"{text!r} holds something that is no number.", field=field) from None
