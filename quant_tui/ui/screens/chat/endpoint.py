"""Setting up the endpoint of a language model, and trying it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quant_tui.config.chat import NO_KEY, ChatSettings
from quant_tui.domain.errors import Cancelled, InvalidInput
from quant_tui.ui.modals.form_dialog import FormDialog
from quant_tui.ui.reporting import describe, toast
from quant_tui.ui.widgets.form import Field

if TYPE_CHECKING:
    from quant_tui.jobs.manager import JobContext
    from quant_tui.services.composition import Services
    from quant_tui.ui.workspaces import Workspace

TOOLS = (("native", "by its own calls"), ("json", "as JSON in its text"), ("off", "never"))
ABOUT = (
    "Any server that speaks OpenAI's Chat Completions: OpenAI, a local llama.cpp, Ollama or "
    "vLLM, a company's gateway. Saved, it is tried at once."
)


async def set_up(place: Workspace) -> None:
    """Ask for address, model and key of the endpoint in use, keep them, and try it."""
    services = place.services
    used = services.chat.endpoints.get()
    kept = await place.host.push_screen_wait(
        FormDialog(
            f"Language model: {used.profile}", ABOUT,
            Field("base_url", "Address", used.base_url, placeholder="https://api.openai.com/v1",
                  help_text="empty: OpenAI's own"),
            Field("model", "Model", used.model, help_text="its name there, as gpt-4o-mini"),
            Field("key", "Key", "", password=True,
                  help_text="empty: as it is, or none is needed"),
            Field("context_window", "Context", str(used.context_window), help_text="tokens"),
            Field("price_input", "Price in", f"{used.price_input:g}",
                  help_text="US$ a million tokens"),
            Field("price_output", "Price out", f"{used.price_output:g}",
                  help_text="US$ a million tokens"),
            Field("knowledge_cutoff", "Knows up to", used.knowledge_cutoff,
                  help_text="month, as 2025-06"),
            Field("tools", "Calls tools", used.tools, choices=TOOLS),
            save=lambda values: _keep(services, used, values), verb="Save and try",
        )
    )  # fmt: skip
    if kept is not None:
        try_it(place, kept.profile)


async def _keep(services: Services, used: ChatSettings, values: dict[str, str]) -> ChatSettings:
    key = values.pop("key").strip()
    endpoints = services.chat.endpoints
    try:
        kept = await endpoints.keep(used.profile, values)
        if key:
            if kept.key == NO_KEY:
                kept = await endpoints.keep(used.profile, {"key": f"chat_key_{used.profile}"})
            await services.secrets.put(kept.key, key)
    except InvalidInput as error:
        raise InvalidInput(
            error.message, field=error.field.removeprefix("chat."), hint=error.hint
        ) from error
    return kept


def try_it(place: Workspace, profile: str) -> None:
    """Ask the endpoint for a word, as a job, and say what came of it."""
    services = place.services

    def failed(error: BaseException) -> None:
        if not isinstance(error, Cancelled):
            title, message = describe(error)
            toast(place.app, message, title=f"Language model: {title}", severity="error",
                  seconds=15)  # fmt: skip

    async def work(context: JobContext) -> float:
        context.progress(0.1, "asking for a word")
        return await services.chat.endpoints.test(profile)

    def done(seconds: float) -> None:
        model = services.chat.endpoints.get(profile).model
        place.toast(f"{model} answered after {seconds:.1f} s", title="✓ The language model works")

    place.follow(
        services.jobs.start("chat", f"Try {profile}", work), on_done=done, on_failed=failed
    )
