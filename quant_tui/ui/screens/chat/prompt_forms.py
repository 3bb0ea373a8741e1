"""Forms of a prompt: its own text, and the values of its variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quant_tui.genai.prompt_variables import range_text
from quant_tui.ui.modals.form_dialog import FormDialog
from quant_tui.ui.screens.chat.prompt_lines import EXAMPLE, read_variables, write_variables
from quant_tui.ui.widgets.form import Field

if TYPE_CHECKING:
    from quant_tui.domain.genai import PromptTemplate
    from quant_tui.genai.prompt_variables import Variable
    from quant_tui.ui.screens.chat.workspace import Chat

LANGUAGES = (("", "any"), ("en", "English"), ("ko", "한국어"))


async def edit(place: Chat, prompt: PromptTemplate | None) -> PromptTemplate | None:
    """Ask for a prompt's text, and keep it; one of the library becomes a copy of one's own."""
    service = place.services.prompts
    copied = prompt is not None and service.is_built_in(prompt)

    async def save(values: dict[str, str]) -> PromptTemplate:
        known = {} if prompt is None else prompt.variables
        tags = [one.strip() for one in values["tags"].split(",") if one.strip()]
        variables = read_variables(values["variables"], known)
        if prompt is None or copied:
            return await service.create(
                values["name"], values["template"], description=values["description"],
                variables=variables, tags=tags, language=values["language"],
            )  # fmt: skip
        named = {key: values[key] for key in ("name", "template", "description", "language")}
        changed = {**named, "variables": variables, "tags": tags}
        return await service.change(prompt.model_copy(update=changed))

    name = "" if prompt is None else prompt.name
    title = "New prompt" if prompt is None else f"Copy of {name}" if copied else f"Change {name}"
    return await place.host.push_screen_wait(
        FormDialog(
            title, "" if prompt is None or not copied else "Prompts of the library stay as they "
            "are: this becomes one of your own.",
            Field("name", "Name", f"{name} (mine)" if copied else name),
            Field("description", "What it is for", prompt.description if prompt else ""),
            Field("tags", "Tags", ", ".join(prompt.tags) if prompt else "",
                  help_text="with commas between"),
            Field("language", "Language", prompt.language if prompt else "", choices=LANGUAGES),
            Field("template", "Text", prompt.template if prompt else "", lines=8,
                  help_text="{name} is a variable"),
            Field("variables", "Variables", write_variables(prompt.variables) if prompt else "",
                  lines=4, help_text=EXAMPLE),
            save=save,
        )
    )  # fmt: skip


async def use(place: Chat, prompt: PromptTemplate) -> None:
    """Ask for the values of a prompt's variables, and put its text into the field."""
    service = place.services.prompts
    variables = service.variables(prompt)

    async def save(values: dict[str, str]) -> str:
        return service.fill(prompt, {name: value for name, value in values.items() if value})

    if variables:
        fields = [_field(name, variable) for name, variable in variables.items()]
        text = await place.host.push_screen_wait(
            FormDialog(prompt.name, prompt.description, *fields, save=save, verb="Into the chat")
        )
    else:
        text = service.fill(prompt, {})
    if text:
        place.write_into_field(text)


def _field(name: str, variable: Variable) -> Field:
    default = "" if variable.default is None else str(variable.default)
    label = variable.title or name
    if variable.choices:
        return Field(name, label, default, choices=[(one, one) for one in variable.choices])
    notes = [str(variable.type)]
    if bounds := range_text(variable.low, variable.high):
        notes.append(bounds)
    return Field(name, label, default, help_text=", ".join(notes))
