"""Forms of the settings: one setting, one secret, the passphrase, a backup to restore."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.widgets import Static

from quant_tui.config.settings import checked
from quant_tui.domain.errors import InvalidInput
from quant_tui.ui.widgets.form import Field, Form

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quant_tui.config.catalogue import SettingState
    from quant_tui.services.secrets import SecretState

VALUE = "value"
SHORTEST_PASSPHRASE = 8


class EntryForm(Form):
    """The form beside the list; ``key`` is the line that it is about, ``title`` its heading."""

    DEFAULT_CSS = """
    EntryForm > .heading { color: $accent; text-style: bold; height: 2; }
    EntryForm Field { height: auto; }
    EntryForm Field > .label { width: 12; }
    EntryForm Field > .note { height: auto; text-wrap: wrap; }
    """

    def __init__(self, key: str, title: str, *fields: Field) -> None:
        super().__init__(*fields, id="entry-form")
        self.key = key
        self.title = title

    def compose(self) -> ComposeResult:
        """Lay out heading and fields."""
        yield Static(self.title, classes="heading", markup=False)
        yield from super().compose()


def setting_form(one: SettingState, themes: Sequence[str]) -> EntryForm:
    """Return the form of one setting, which says at once what cannot be used."""
    choices = themes if one.name == "ui.theme" else one.choices
    field = Field(
        VALUE,
        "Value",
        one.value,
        choices=[(value, value) for value in choices] if choices else None,
        help_text=one.about,
        password=one.name == "mongodb.uri",
    )

    def check(values: dict[str, str]) -> dict[str, str]:
        try:
            checked(one.name, values[VALUE].strip())
        except InvalidInput as error:
            return {VALUE: error.message}
        return {}

    form = EntryForm(one.name, one.title, field)
    form.check = check
    return form


def secret_form(key: str, one: SecretState) -> EntryForm:
    """Return the form of one secret; what is kept is never put into it."""
    form = EntryForm(
        key,
        one.title,
        Field(VALUE, "New value", password=True, help_text="Typed or pasted; it is never shown."),
    )  # fmt: skip
    form.check = lambda values: {} if values[VALUE].strip() else {VALUE: "Type the new value."}
    return form


def passphrase_form(key: str) -> EntryForm:
    """Return the form that changes the passphrase."""
    form = EntryForm(
        key,
        "Change the passphrase",
        Field("old", "Present", password=True),
        Field("new", "New", password=True,
              help_text=f"At least {SHORTEST_PASSPHRASE} characters."),
        Field("again", "Once more", password=True),
    )  # fmt: skip

    def check(values: dict[str, str]) -> dict[str, str]:
        problems = {}
        if not values["old"]:
            problems["old"] = "Type the present passphrase."
        if len(values["new"]) < SHORTEST_PASSPHRASE:
            problems["new"] = f"At least {SHORTEST_PASSPHRASE} characters."
        if values["again"] != values["new"]:
            problems["again"] = "The two are not the same."
        return problems

    form.check = check
    return form


def backup_form(key: str, folder: Path) -> EntryForm:
    """Return the form that asks where a backup goes."""
    return EntryForm(
        key,
        "Back up everything but secrets",
        Field(VALUE, "To", str(folder), help_text="A new file, or a folder."),
    )


def restore_form(key: str, newest: str) -> EntryForm:
    """Return the form that asks which backup to restore."""
    form = EntryForm(
        key,
        "Restore a backup",
        Field(VALUE, "Backup", newest, help_text="What is here now gives way to it."),
    )

    def check(values: dict[str, str]) -> dict[str, str]:
        path = Path(values[VALUE].strip()).expanduser()
        return {} if path.is_file() else {VALUE: "There is no such file."}

    form.check = check
    return form
