"""Settings, keys and backups: what holds, where it comes from, and changing it in place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content

from quant_tui.config import catalogue
from quant_tui.config.settings import BackupSettings, checked, default_of, forget, remember
from quant_tui.domain.errors import QuantError
from quant_tui.ui.screens.settings import entries, forms
from quant_tui.ui.screens.settings.forms import VALUE, EntryForm
from quant_tui.ui.screens.settings.restoring import RestoreInApp
from quant_tui.ui.widgets.form import Form
from quant_tui.ui.widgets.master_detail import MasterDetail
from quant_tui.ui.widgets.page import Page
from quant_tui.ui.widgets.table import Table
from quant_tui.ui.workspaces import Workspace

if TYPE_CHECKING:
    from quant_tui.jobs.manager import Job
    from quant_tui.services.backup import BackupReport
    from quant_tui.services.composition import Services
    from quant_tui.ui.commands import Command

BACK_UP, RESTORE = "back-up", "restore"
"""Forms that belong to no line."""


class SettingsPlace(Workspace):
    """The workspace of settings."""

    BINDING_GROUP_TITLE = "Settings"
    DEFAULT_CSS = """
    SettingsPlace MasterDetail > .-master { width: 5fr; }
    SettingsPlace MasterDetail > .-detail { width: 3fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "edit", "Change", id="settings.edit", tooltip="Change the setting or key"),
        Binding("d", "delete", "Default", id="settings.delete",
                tooltip="Take the setting back to its default, or remove the key"),
        Binding("r", "run", "Look again", id="settings.refresh",
                tooltip="Look for the keyring again, and open the encrypted file"),
        Binding("x", "export", "Back up", id="settings.backup",
                tooltip="Write everything but secrets to one file"),
        Binding("R", "restore", "Restore", id="settings.restore",
                tooltip="Bring back what a backup holds"),
        Binding("ctrl+x", "cancel", "Stop", id="settings.cancel",
                tooltip="Stop the backup or restore; nothing is left of it"),
        Binding("escape", "back", "Back", id="settings.back", tooltip="Back, one step"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.table = Table(entries.COLUMNS, id="settings")
        self.page = Page(id="about")
        self.beside = Vertical(self.page, id="entry")
        self.parts = MasterDetail(self.table, self.beside)
        self._seen: entries.Overview | None = None
        self._job: Job[object] | None = None
        self._values: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        """Lay out list and detail."""
        yield self.parts

    async def load(self, services: Services) -> None:
        """Look at settings, secrets and backups."""
        settings = self.host.settings
        place, detail = await services.secrets.place()
        made = await asyncio.to_thread(services.backup_schedule.made)
        self._seen = entries.Overview(
            settings=[self._as_changed(one) for one in catalogue.overview(settings)],
            secrets=await services.secrets.overview(),
            place=place,
            place_detail=detail,
            file_state=await services.secrets.file_state(),
            folder=services.backups.folder,
            backups=len(made),
            last_backup=await asyncio.to_thread(services.backup_schedule.last),
        )
        self.table.set_rows(entries.rows(self._seen))
        self._show_about()

    def shown(self) -> None:
        """Look whether something changed meanwhile."""
        if self.ready and self._form is None:
            self.spawn(partial(self.load, self.services), group="list", exclusive=True)

    def focus_first(self) -> None:
        """Give the keys to the form, or to the list."""
        if (form := self._form) is not None:
            form.fields[0].control.focus()
        else:
            self.table.focus()

    async def jump(self, target: str) -> None:
        """Do what the palette asks for: a form, or a line."""
        if target == BACK_UP:
            self.action_export()
        elif target == RESTORE:
            self.action_restore()
        else:
            self.table.move_to(target)

    @property
    def unsaved(self) -> str:
        """What is typed and not kept."""
        form = self._form
        return "The setting" if form is not None and form.changed else ""

    @property
    def _form(self) -> EntryForm | None:
        return next(iter(self.query(EntryForm)), None)

    def on_table_row_highlighted(self, event: Table.RowHighlighted) -> None:
        """Say what there is about the line."""
        event.stop()
        if self._form is None:
            self._show_about()

    def on_table_row_opened(self, event: Table.RowOpened) -> None:
        """Change the line."""
        event.stop()
        self.action_edit()

    def _show_about(self) -> None:
        seen, key, settings = self._seen, self.table.cursor_key, self.host.settings
        if seen is None:
            return
        write: Callable[[int], Sequence[Content]] | None = None
        if (secret := seen.secret(key)) is not None:
            write = partial(entries.secret_lines, secret, seen)
        elif (setting := seen.setting(key)) is not None:
            write = partial(entries.setting_lines, setting, settings)
        elif key == entries.SEALED_FILE:
            write = partial(entries.passphrase_lines, seen, settings)
        elif key == entries.BACKUPS:
            write = partial(entries.backup_lines, seen)
        self.page.show(write)
        self.refresh_bindings()

    # -- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense now."""
        if action in ("edit", "delete", "run", "export", "restore"):
            if not self.loaded or self._form is not None:
                return False
            return action != "delete" or self._removable
        if action == "cancel":
            return self._job is not None and not self._job.status.is_final
        return super().check_action(action, parameters)

    @property
    def _removable(self) -> bool:
        seen, key = self._seen, self.table.cursor_key
        if seen is None:
            return False
        if (secret := seen.secret(key)) is not None:
            return secret.source in ("keyring", "file")
        setting = seen.setting(key)
        return setting is not None and setting.value != setting.default

    def action_back(self) -> None:
        """Back to the list, or to where one was."""
        if self._form is not None:
            self.spawn(self._close_form, keys_wait=True)
        elif not self.parts.close_detail():
            self.go_back()

    def action_edit(self) -> None:
        """Open the form of the line."""
        self.spawn(self._edit, group="open", exclusive=True, keys_wait=True)

    async def _edit(self) -> None:
        seen, key = self._seen, self.table.cursor_key
        if seen is None:
            return
        if (secret := seen.secret(key)) is not None:
            await self._open(forms.secret_form(key, secret))
        elif (setting := seen.setting(key)) is not None:
            themes = sorted(self.app.available_themes)
            await self._open(forms.setting_form(setting, themes))
        elif key == entries.SEALED_FILE:
            await self._open(forms.passphrase_form(key))
        else:
            await self._open(forms.backup_form(BACK_UP, seen.folder))

    def action_export(self) -> None:
        """Ask where the backup goes."""
        if self._seen is not None:
            form = forms.backup_form(BACK_UP, self._seen.folder)
            self.spawn(partial(self._open, form), group="open", exclusive=True, keys_wait=True)

    def action_restore(self) -> None:
        """Ask which backup to restore."""
        made = self.services.backup_schedule.made()
        form = forms.restore_form(RESTORE, str(made[0]) if made else "")
        self.spawn(partial(self._open, form), group="open", exclusive=True, keys_wait=True)

    def action_delete(self) -> None:
        """Take a setting back to its default, or remove a key."""
        self.spawn(self._delete, keys_wait=True)

    def action_run(self) -> None:
        """Look for the keyring again, and ask for the passphrase of what is locked."""
        self.spawn(self._look_again, group="list", exclusive=True)

    def action_cancel(self) -> None:
        """Stop the backup or restore."""
        if self._job is not None:
            self._job.cancel()

    async def _look_again(self) -> None:
        secrets = self.services.secrets
        await secrets.look_again()
        if await secrets.file_state() == "locked":
            await secrets.open_file()
        await self.load(self.services)

    # -- forms

    async def _open(self, form: EntryForm) -> None:
        await self._close_form()
        self.page.display = False
        await self.beside.mount(form)
        self.parts.open_detail(form.fields[0].control)
        # now, not after the next picture: keys typed ahead are for the field
        self.screen.set_focus(form.fields[0].control, scroll_visible=False)
        self.refresh_bindings()

    async def _close_form(self) -> None:
        if (form := self._form) is not None:
            await form.remove()
            self.page.display = True
            self.page.refresh()
            self.parts.close_detail()
            self.table.focus()
            self._show_about()

    def on_form_abandoned(self, event: Form.Abandoned) -> None:
        """Leave the form."""
        event.stop()
        self.action_back()

    def on_form_submitted(self, event: Form.Submitted) -> None:
        """Keep what was typed."""
        event.stop()
        if isinstance(event.form, EntryForm):
            self.spawn(partial(self._keep, event.form, event.values), group="save", keys_wait=True)

    async def _keep(self, form: EntryForm, values: dict[str, str]) -> None:
        try:
            message = await self._take(form.key, values)
        except QuantError as error:
            place = "old" if form.key == entries.SEALED_FILE else VALUE
            form.show_errors({place: str(error)})
            return
        await self._close_form()
        await self.load(self.services)
        if message:
            self.toast(message)

    async def _take(self, key: str, values: dict[str, str]) -> str:
        """Do what a form is for, and return what to say about it."""
        secrets = self.services.secrets
        if key == BACK_UP:
            self._back_up(Path(values[VALUE].strip()))
            return ""
        if key == RESTORE:
            self._restore(Path(values[VALUE].strip()))
            return ""
        if key == entries.SEALED_FILE:
            await secrets.change_passphrase(values["old"], values["new"])
            return "✓ The passphrase is changed."
        if key.startswith(entries.KEY):
            place = await secrets.put(key.removeprefix(entries.KEY), values[VALUE])
            return f"✓ Kept in the {entries.SOURCES[place]}."
        return await self._change(key, values[VALUE].strip())

    async def _change(self, name: str, raw: str) -> str:
        section, _, key = name.partition(".")
        value = checked(name, raw)
        await asyncio.to_thread(remember, self.host.settings, section, key, value)
        self._values[name] = catalogue.written(value)
        self._use(name, value)
        if entries.at_once(name):
            return f"✓ {name} is {catalogue.written(value) or 'empty'}."
        return f"✓ {name} is kept, and holds at the next start."

    def _use(self, name: str, value: str | float | bool) -> None:
        """Let what can hold at once."""
        section, _, key = name.partition(".")
        if self.host.settings.origins.get(name) in ("flag", "environment"):
            return
        if name == "ui.theme" and value in self.app.available_themes:
            self.app.theme = str(value)
        elif section == "backup":
            plan: BackupSettings = replace(self.services.backups.plan, **{key: value})  # type: ignore[arg-type]  # checked to be of the setting's own kind
            self.services.change_backups(plan)

    async def _delete(self) -> None:
        seen, key = self._seen, self.table.cursor_key
        if seen is None:
            return
        if (secret := seen.secret(key)) is not None:
            if not await self.confirm(
                f"Remove the {secret.title}?", "It cannot be brought back.", yes="Remove"
            ):
                return
            await self.services.secrets.remove(secret.name)
        elif (setting := seen.setting(key)) is not None:
            section, _, name = key.partition(".")
            before = setting.value
            await asyncio.to_thread(forget, self.host.settings, section, name)
            self._values[key] = setting.default
            self._use(key, default_of(key))
            if setting.origin == "file" or key in self._values:
                self.offer_undo(f"{key} is back at its default", partial(self._again, key, before))
        await self.load(self.services)

    async def _again(self, name: str, value: str) -> None:
        await self._change(name, value)
        await self.load(self.services)

    def _as_changed(self, one: catalogue.SettingState) -> catalogue.SettingState:
        """Show what was changed in this run, and no password of an address."""
        from quant_tui.services.stores import without_password

        if (value := self._values.get(one.name)) is not None and one.origin in ("default", "file"):
            origin = "default" if value == one.default else "file"
            one = replace(one, value=value, origin=origin)
        return replace(one, value=without_password(one.value))

    # -- backups

    def _back_up(self, target: Path) -> None:
        folder = target.expanduser() == self.services.backups.folder
        job = self.services.backups.start(None if folder else target)
        self._watch(cast("Job[object]", job))
        self.follow(job, on_done=self._backed_up)

    async def _backed_up(self, report: BackupReport) -> None:
        self.refresh_bindings()
        self.toast(
            f"✓ {report.documents:,} documents and {report.rows:,} rows in {report.path}",
            title="Backup",
        )
        await self.load(self.services)

    def _restore(self, path: Path) -> None:
        self._watch(RestoreInApp(self, path).start())

    def _watch(self, job: Job[object]) -> None:
        self._job = job
        self.refresh_bindings()

    def jobs_changed(self) -> None:
        """Offer to stop what runs."""
        self.refresh_bindings()

    def commands(self) -> Iterable[Command]:
        """Offer what is done here from anywhere."""
        return settings_commands(self.host.go_to)


def settings_commands(go: Callable[..., object]) -> Iterable[Command]:
    """Return the palette's lines about settings, keys and backups."""
    from quant_tui.services.secrets import SECRETS
    from quant_tui.ui.commands import Command

    yield Command("backup: Back up everything", "One checked file, never secrets",
                  partial(go, "settings", target=BACK_UP))  # fmt: skip
    yield Command("backup: Restore …", "Bring back what a backup holds",
                  partial(go, "settings", target=RESTORE))  # fmt: skip
    for one in SECRETS:
        yield Command(f"key: {one.title}", "See where it comes from, set it",
                      partial(go, "settings", target=f"{entries.KEY}{one.name}"))  # fmt: skip
