"""Lines of the settings: keys, settings and backups, and what is said about each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content

from quant_tui.config.catalogue import SettingState
from quant_tui.services.secrets import SecretState
from quant_tui.ui import format as fmt
from quant_tui.ui.widgets.page import heading
from quant_tui.ui.widgets.table import Column, Row

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from quant_tui.config.settings import Settings

KEY = "key:"
SEALED_FILE = "sealed-file"
BACKUPS = "backups"
SOURCES = {
    "": "not set",
    "environment": "environment",
    "keyring": "keyring",
    "file": "encrypted file",
}


def _muted(_value: object) -> str:
    return "muted"


def _origin_role(value: object) -> str:
    return {"default": "muted", "not set": "muted", "": "muted"}.get(str(value), "accent")


COLUMNS = (
    Column("Section", 7, role=_muted),
    Column("Setting", 21, grow=1),
    Column("Value", 13, grow=2),
    Column("From", 11, role=_origin_role),
)


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that the screen shows.

    Attributes
    ----------
    place, place_detail
        Where new secrets go: ``keyring`` and its name, or ``file`` and why.
    file_state
        ``none``, ``locked`` or ``open``.
    backups, last_backup
        How many scheduled backups there are, and when the newest was made.
    """

    settings: Sequence[SettingState]
    secrets: Sequence[SecretState]
    place: str
    place_detail: str
    file_state: str
    folder: Path
    backups: int
    last_backup: datetime | None

    def secret(self, key: str) -> SecretState | None:
        """Return the secret of a row's key."""
        return next((one for one in self.secrets if f"{KEY}{one.name}" == key), None)

    def setting(self, key: str) -> SettingState | None:
        """Return the setting of a row's key."""
        return next((one for one in self.settings if one.name == key), None)


def rows(seen: Overview) -> list[Row]:
    """Return the table's lines."""
    found = [
        Row(f"{KEY}{one.name}", ("Keys", one.title, _ending(one), _short(one.source)))
        for one in seen.secrets
    ]
    if seen.file_state != "none":
        found.append(Row(SEALED_FILE, ("Keys", "Passphrase", seen.file_state, _short("file"))))
    last = "none yet" if seen.last_backup is None else fmt.ago(seen.last_backup)
    for one in seen.settings:
        if one.name == "backup.every_hours":
            found.append(Row(BACKUPS, ("Backup", "Scheduled backups", f"{seen.backups}", last)))
        found.append(Row(one.name, (one.section, one.title, one.value or "–", one.origin)))
    return found


def secret_lines(one: SecretState, seen: Overview, width: int) -> list[Content]:
    """Say what there is about one secret."""
    lines = [heading(one.title, width), Content("")]
    lines += _pairs(
        ("From", SOURCES[one.source] + (", locked" if one.locked else "")),
        ("Ends in", _ending(one)),
        ("Variable", one.variable),
        ("Command", f"quant-tui secret set {one.name}"),
    )
    where = (
        f"It is kept in the keyring ({seen.place_detail})."
        if seen.place == "keyring"
        else f"It is kept in an encrypted file, because {seen.place_detail}."
    )
    lines += [Content(""), Content.styled(where, "$text-muted")]
    if one.source == "environment":
        lines.append(Content(f"{one.variable} wins over what is kept here."))
    if one.locked:
        lines.append(Content("r asks for the passphrase of the encrypted file."))
    return lines


def passphrase_lines(seen: Overview, settings: Settings, width: int) -> list[Content]:
    """Say what there is about the encrypted file."""
    return [
        heading("Passphrase of the encrypted file", width),
        Content(""),
        *_pairs(("State", seen.file_state), ("File", str(settings.locations.secrets_file))),
        Content(""),
        Content.styled(
            "It is asked for once a run, or taken from QUANT_TUI_PASSPHRASE. Without it the "
            "secrets are lost. e changes it.",
            "$text-muted",
        ),
    ]


def backup_lines(seen: Overview, width: int) -> list[Content]:
    """Say what there is about backups."""
    last = "none yet" if seen.last_backup is None else fmt.moment(seen.last_backup)
    return [
        heading("Backups", width),
        Content(""),
        *_pairs(("Folder", str(seen.folder)), ("Scheduled", str(seen.backups)), ("Last one", last)),
        Content(""),
        Content.styled(
            "One checked file with everything but secrets, as of one moment, while you work on. "
            "x makes one now, R restores one.",
            "$text-muted",
        ),
    ]


def setting_lines(one: SettingState, settings: Settings, width: int) -> list[Content]:
    """Say what there is about one setting."""
    lines = [heading(one.title, width), Content("")]
    if one.about:
        lines += [Content(one.about), Content("")]
    lines += _pairs(
        ("Value", one.value or "–"),
        ("Default", one.default or "–"),
        ("From", one.origin),
        ("Variable", one.variable),
        ("Flag", f"--set {one.name}={one.value or '…'}"),
        ("File", str(settings.locations.config_file)),
    )
    lines.append(Content(""))
    if one.origin == "flag":
        lines.append(Content("The flag wins over the file for this run."))
    elif one.origin == "environment":
        lines.append(Content(f"{one.variable} wins over the file until it is unset."))
    when = "at once" if at_once(one.name) else "at the next start"
    lines.append(Content.styled(f"A change is kept in the file and holds {when}.", "$text-muted"))
    return lines


def at_once(name: str) -> bool:
    """Return whether a change of the setting holds without a new start."""
    return name == "ui.theme" or name.startswith("backup.")


def _short(source: str) -> str:
    return "sealed file" if source == "file" else SOURCES[source]


def _ending(one: SecretState) -> str:
    if one.locked:
        return "locked"
    if not one.source:
        return "–"
    return f"…{one.last_four}" if one.last_four else "set"


def _pairs(*pairs: tuple[str, str]) -> list[Content]:
    return [Content.assemble((name.ljust(10), "$text-muted"), value) for name, value in pairs]
