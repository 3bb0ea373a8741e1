"""From text to plain data: YAML or JSON, bounded, without anchors, tags or twin keys."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from quant_tui.domain.errors import Finding, StrategyError
from quant_tui.engine.rules import limits

_REMEDIES = {
    "<block end>": "begin this line in the same column as the lines it belongs with",
    "mapping values": "one “key: value” a line, not deeper than the line before",
    "expected ':'": "a key is followed by a colon: entry: close > open",
    "'\\t'": "indent with spaces, not tabs",
    "',' or '}'": "close the brace: {int: [5, 200], default: 50}",
    "',' or ']'": "close the bracket: [5, 200]",
    "scanning a quoted": "close the quotes",
}
"""By part of what the YAML reader says: what its author can do."""


def read_source(text: str) -> dict[str, Any]:
    """Read the text of a strategy document.

    Raises
    ------
    StrategyError
        It is too long, not YAML or JSON, or not a mapping; the finding has the place.
    """
    if len(text) > limits.DOCUMENT_CHARACTERS:
        raise _error(f"the text is longer than {limits.DOCUMENT_CHARACTERS} characters")
    if text.count("\n") > limits.DOCUMENT_LINES:
        raise _error(f"the text has more than {limits.DOCUMENT_LINES} lines")
    if _flow_depth(text) > limits.NESTING:
        raise _error("the text is nested too deep")
    try:
        data = _read_json(text) if text.lstrip().startswith("{") else None
        if data is None:
            data = _read_yaml(text)
    except RecursionError as error:
        raise _error("the text is nested too deep") from error
    if not isinstance(data, Mapping):
        raise _error("a strategy is a mapping with keys such as name, params, entry, exit")
    return dict(data)


def _flow_depth(text: str) -> int:
    depth = deepest = 0
    for character in text:
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def _error(message: str, place: str = "document", suggestion: str = "") -> StrategyError:
    finding = Finding(place, 0, message, suggestion)
    return StrategyError(str(finding), findings=(finding,))


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    for key, value in pairs:
        if key in seen:
            raise _error(f"the key {key[:64]!r} is given twice")
        seen[key] = value
    return seen


def _read_json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_no_twins)
    except ValueError:
        return None  # a YAML flow mapping starts alike


def _read_yaml(text: str) -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        """Safe loader that also refuses anchors, aliases, twin keys and what is too much."""

        items = 0

        def compose_node(self, parent: Any, index: Any) -> Any:
            event = self.peek_event()  # type: ignore[no-untyped-call]  # untyped in PyYAML
            self.items += 1
            if self.items > limits.DOCUMENT_ITEMS:
                raise _error(f"more than {limits.DOCUMENT_ITEMS} keys and values")
            if getattr(event, "anchor", None) is not None:
                raise _error("anchors and aliases are not allowed", f"line {_line(event)}")
            return super().compose_node(parent, index)

        def construct_yaml_int(self, node: Any) -> int:
            if len(node.value) > limits.DIGITS:
                raise _error(
                    f"a number has more than {limits.DIGITS} digits", f"line {_line(node)}"
                )
            return super().construct_yaml_int(node)

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            seen: set[str] = set()
            for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
                if key.value in seen:
                    raise _error(f"the key {key.value[:64]!r} is given twice", f"line {_line(key)}")
                seen.add(key.value)
            return super().construct_mapping(node, deep)

    Loader.add_constructor("tag:yaml.org,2002:int", Loader.construct_yaml_int)
    try:
        loader = Loader(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        place = f"line {error.problem_mark.line + 1}" if error.problem_mark else "document"
        said = error.problem or error.context or ""
        whole = f"{error.context} {said}"
        suggestion = next((text for part, text in _REMEDIES.items() if part in whole), "")
        raise _error(f"not YAML: {said}", place, suggestion) from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise _error(f"not YAML: {str(error)[:200]}") from error


def _line(thing: Any) -> int:
    return int(thing.start_mark.line) + 1
