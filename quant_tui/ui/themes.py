"""Themes: one YAML file each, packaged ones and the person's own.

Only the chosen one is read before the first paint, and by a reader that knows no more
of YAML than ``key: value`` (importing a YAML library costs as much as half the frame).
The others are read with the full library afterwards, where every mistake is found and
named with its file and line.

A file has Textual's theme colours as keys, ``dark``, ``ansi``, ``description``, and a
mapping ``variables`` with finer ones: Textual's own and those of :data:`DEFAULTS`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from textual.color import Color, ColorParseError
from textual.theme import Theme

from quant_tui.config.locations import Locations, packaged
from quant_tui.domain.errors import InvalidInput

if TYPE_CHECKING:
    from textual.app import App
    from yaml.nodes import Node

DEFAULT_THEME = "terminal-night"
NO_COLOUR_THEME = "terminal-16"

DEFAULTS: dict[str, str] = {
    "up": "#5fd787",
    "down": "#ff7b72",
    "rule": "#30363d",
    "rule-strong": "#3d4c5f",
    "nav-active-foreground": "#0d1117",
    "nav-active-background": "#58a6ff",
    "badge-foreground": "#0d1117",
    "badge-background": "#d29922",
    "chart-1": "#58a6ff",
    "chart-2": "#e3b341",
    "chart-3": "#bc8cff",
    "chart-4": "#39c5cf",
    "chart-5": "#ff9e64",
    "chart-6": "#8b949e",
    "chart-grid": "#30363d",
    "chart-axis": "#8b949e",
    "chart-benchmark": "#8b949e",
    "ansi-background": "ansi_black",
    "ansi-foreground": "ansi_white",
}
"""Variables of ours, with what they are where a theme does not say."""

COLOURS = (
    "primary", "secondary", "warning", "error", "success", "accent",
    "foreground", "background", "surface", "panel", "boost",
)  # fmt: skip
SWITCHES = ("dark", "ansi")

_SIMPLE = re.compile(
    r"""(?P<indent> *)(?P<key>[\w-]+): *(?P<value>"[^"\\]*"|[^\s"'#][^#"']*?)? *"""
)
_SHADE = re.compile(r"\s+\d{1,3}%$")
_STYLES = frozenset({"none", "bold", "dim", "italic", "underline", "reverse", "strike", "not"})

Fields = dict[str, "str | dict[str, str]"]


class ThemeStore:
    """Where theme files are, and what they say.

    Parameters
    ----------
    locations
        Names the person's folder; a file there stands in for a packaged one of its name.
    """

    def __init__(self, locations: Locations) -> None:
        self.folders = (packaged("themes"), locations.user_themes)
        self.descriptions: dict[str, str] = {}

    def files(self) -> dict[str, Path]:
        """Return every theme's file by its name, in the order of the names."""
        found: dict[str, Path] = {}
        for folder in self.folders:
            if folder.is_dir():
                found |= {path.stem: path for path in folder.glob("*.yaml")}
        return dict(sorted(found.items()))

    def read(self, path: Path) -> Theme:
        """Read and check one file.

        Raises
        ------
        InvalidInput
            Naming file and line of the first mistake.
        """
        return self._build(path, _careful(path))

    def read_quickly(self, path: Path) -> Theme:
        """Read one file, without the YAML library if it is as simple as ours are.

        Raises
        ------
        InvalidInput
            As :meth:`read`.
        """
        fields = _quick(path)
        return self.read(path) if fields is None else self._build(path, fields)

    def read_all(self) -> tuple[list[Theme], list[str]]:
        """Read every file; return the themes, and what is wrong with the others."""
        themes: list[Theme] = []
        problems: list[str] = []
        for path in self.files().values():
            try:
                themes.append(self.read(path))
            except InvalidInput as error:
                problems.append(str(error))
        return themes, problems

    def _build(self, path: Path, fields: Fields) -> Theme:
        variables = fields.get("variables") or {}
        colours = {name: fields[name] for name in COLOURS if name in fields}
        flags = {name: fields[name] == "true" for name in SWITCHES if name in fields}
        self.descriptions[path.stem] = str(fields.get("description", ""))
        return Theme(name=path.stem, variables={**DEFAULTS, **variables}, **colours, **flags)  # type: ignore[dict-item,arg-type]  # strings all, by either reader


def use_first(app: App[None], store: ThemeStore, name: str) -> list[str]:
    """Use the chosen theme from the first paint on; return what is wrong with it."""
    problems: list[str] = []
    if app.no_color:
        name = NO_COLOUR_THEME
    for wanted in (name, DEFAULT_THEME):
        path = next((f / f"{wanted}.yaml" for f in reversed(store.folders)
                     if (f / f"{wanted}.yaml").is_file()), None)  # fmt: skip
        if path is None:
            problems.append(f"There is no theme {wanted!r}.")
            continue
        try:
            theme = store.read_quickly(path)
        except InvalidInput as error:
            problems.append(str(error))
            continue
        app.register_theme(theme)
        app.theme = theme.name
        app.stylesheet.set_variables(app.get_css_variables())
        break
    return problems


def offer(app: App[None], themes: list[Theme]) -> None:
    """Make these themes the ones to choose from; Textual's own go."""
    for theme in themes:
        if theme.name != app.theme:
            app.register_theme(theme)
    ours = {theme.name for theme in themes} | {app.theme}
    for name in list(app.available_themes):
        if name not in ours:
            app.unregister_theme(name)


def _quick(path: Path) -> Fields | None:
    """Read ``key: value`` lines and one level below ``variables``; None for anything else."""
    fields: Fields = {}
    variables: dict[str, str] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    inside = False
    for line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        match = _SIMPLE.fullmatch(line)
        if match is None:
            return None
        key, value = match["key"], (match["value"] or "").strip('"')
        if not match["indent"]:
            inside = key == "variables"
            if inside != (not value) or (not inside and key not in _KEYS):
                return None
            if not inside:
                fields[key] = value
        elif inside and value:
            variables[key] = value
        else:
            return None
    try:
        for name, text in {**fields, **variables}.items():
            _checked(path, 0, name, str(text))
    except InvalidInput:
        return None  # the careful reader says what is wrong, and where
    fields["variables"] = variables
    return fields if "primary" in fields else None


_KEYS = frozenset({*COLOURS, *SWITCHES, "description"})


def _careful(path: Path) -> Fields:
    """Read a file with the YAML library, checking every key and value.

    Raises
    ------
    InvalidInput
        Naming file and line.
    """
    import yaml
    from yaml.nodes import MappingNode

    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise InvalidInput(f"{path}, line {line}: {error.problem}.") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidInput(f"{path}: cannot be read: {error}.") from error
    if not isinstance(root, MappingNode):
        raise InvalidInput(f"{path}, line 1: a theme is a mapping of colours.")
    fields: Fields = {}
    for key, value, line in _entries(root):
        if key == "variables":
            if not isinstance(value, MappingNode):
                raise InvalidInput(f"{path}, line {line}: variables is a mapping.")
            known = _known_variables()
            found: dict[str, str] = {}
            for name, node, at in _entries(value):
                if name not in known:
                    raise InvalidInput(
                        f"{path}, line {at}: there is no variable {name!r}.{_near(name, known)}"
                    )
                found[name] = _checked(path, at, name, _text(node))
            fields[key] = found
        elif key in _KEYS:
            fields[key] = _checked(path, line, key, _text(value))
        else:
            raise InvalidInput(
                f"{path}, line {line}: unknown key {key!r}.{_near(key, {*_KEYS, 'variables'})}"
            )
    if "primary" not in fields:
        raise InvalidInput(f"{path}, line 1: the colour primary is missing.")
    return fields


def _entries(node: Node) -> Iterator[tuple[str, Node, int]]:
    for key, value in node.value:
        yield str(key.value), value, key.start_mark.line + 1


def _text(node: Node) -> str:
    return node.value if isinstance(node.value, str) else ""


def _checked(path: Path, line: int, key: str, value: str) -> str:
    if key == "description":
        return value
    if key in SWITCHES:
        if value not in ("true", "false"):
            raise InvalidInput(f"{path}, line {line}: {key} is true or false, not {value!r}.")
        return value
    if "style" in key:
        if not value or not set(value.split()) <= _STYLES:
            raise InvalidInput(f"{path}, line {line}: {key} is not a text style: {value!r}.")
        return value
    colour = _SHADE.sub("", value)
    if colour != "auto":
        try:
            Color.parse(colour)
        except ColorParseError as error:
            raise InvalidInput(
                f"{path}, line {line}: {key} is not a colour: {value!r}.",
                hint='Write it as "#rrggbb", quoted.',
            ) from error
    return value


def _known_variables() -> set[str]:
    usual = Theme(name="any", primary="#000000").to_color_system().generate()
    return {*usual, *DEFAULTS}


def _near(name: str, known: set[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1)
    return f" Perhaps {near[0]}?" if near else ""
