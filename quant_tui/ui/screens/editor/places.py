"""From places of a document (``let.fast``, column 4) to places in its text, and back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quant_tui.domain.errors import Finding

if TYPE_CHECKING:
    import yaml

_LINE = re.compile(r"line (\d+)")


@dataclass(frozen=True, slots=True)
class Mistake:
    """A finding where it stands.

    ``line`` and ``column`` count from 0; ``end`` is the column after what is wrong. What is
    missing stands nowhere: then they are those of the text's beginning.
    """

    line: int
    column: int
    end: int
    finding: Finding
    stands: bool = True


@dataclass(frozen=True, slots=True)
class _Spot:
    key: yaml.ScalarNode | None
    value: yaml.Node


def locate(text: str, findings: tuple[Finding, ...]) -> list[Mistake]:
    """Return where findings stand in a text, in its order; what stands nowhere comes last."""
    spots = dict(_spots(text))
    lines = text.split("\n")
    found = [_mistake(one, spots, lines) for one in findings]
    return sorted(found, key=lambda one: (not one.stands, one.line, one.column))


def with_default(text: str, name: str, value: str) -> str:
    """Return the text with another default of a parameter; the rest to the letter.

    The text is returned as it is when the parameter cannot be found in it.
    """
    spots = dict(_spots(text))
    spot = spots.get(f"params.{name}.default") or spots.get(f"params.{name}.bool")
    if spot is not None:
        start, end = spot.value.start_mark.index, spot.value.end_mark.index
        return text[:start] + value + text[end:]
    whole = spots.get(f"params.{name}")
    if whole is not None and getattr(whole.value, "flow_style", False):
        end = whole.value.end_mark.index - 1
        return f"{text[:end].rstrip()}, default: {value}{text[end:]}"
    return text


def _spots(text: str) -> Iterator[tuple[str, _Spot]]:
    """Yield every key's place; nothing for a text that is no YAML."""
    import yaml

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return
    if root is not None:
        yield from _under("", root)


def _under(place: str, node: yaml.Node) -> Iterator[tuple[str, _Spot]]:
    import yaml

    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                inner = f"{place}.{key.value}".removeprefix(".")
                yield inner, _Spot(key, value)
                yield from _under(inner, value)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value, start=1):
            yield f"{place}.{number}", _Spot(None, value)
            yield from _under(f"{place}.{number}", value)


def _mistake(finding: Finding, spots: dict[str, _Spot], lines: list[str]) -> Mistake:
    if match := _LINE.fullmatch(finding.place):
        line = min(len(lines) - 1, int(match[1]) - 1)
        return Mistake(line, 0, max(1, len(lines[line])), finding)
    place = finding.place
    while place and place not in spots:
        place = place.rpartition(".")[0]
    spot = spots.get(place)
    if spot is None:
        return Mistake(0, 0, max(1, len(lines[0])), finding, stands=False)
    if finding.column and place == finding.place:
        line, column = spot.value.start_mark.line, spot.value.start_mark.column
        if getattr(spot.value, "style", None) in ("'", '"'):
            column += 1
        column += finding.column - 1
        if column <= len(lines[line]):
            word = re.match(r"\w+|\S", lines[line][column:])
            return Mistake(line, column, column + (len(word[0]) if word else 1), finding)
    mark = (spot.key or spot.value).start_mark
    end = (spot.key or spot.value).end_mark
    last = end.column if end.line == mark.line else len(lines[mark.line])
    return Mistake(mark.line, mark.column, max(last, mark.column + 1), finding)
