"""Which parameters each expression of a strategy depends on."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Node:
    """An expression as a sweep sees it.

    Attributes
    ----------
    tree
        The expression; for the name of a ``let`` entry, what it stands for.
    key
        Its text, equal for equal expressions.
    parameters
        Parameters of the sweep that it depends on, in the order of their names.
    """

    tree: ast.expr
    key: str
    parameters: tuple[str, ...]


class Dependencies:
    """Finds the dependencies of expressions, each once.

    Parameters
    ----------
    lets
        Named expressions.
    parameters
        Names of the parameters that differ between combinations.
    """

    def __init__(self, lets: Mapping[str, ast.expr], parameters: Collection[str]) -> None:
        self._lets = lets
        self._parameters = parameters
        self._nodes: dict[int, Node] = {}

    def of(self, tree: ast.expr) -> Node:
        """Return what is known of an expression of the strategy."""
        node = self._nodes.get(id(tree))
        if node is None:
            node = self._nodes[id(tree)] = self._look(tree)
        return node

    def _look(self, tree: ast.expr) -> Node:
        if isinstance(tree, ast.Name):
            if tree.id in self._lets:
                return self.of(self._lets[tree.id])
            named = (tree.id,) if tree.id in self._parameters else ()
            return Node(tree, tree.id, named)
        found: set[str] = set()
        for child in ast.iter_child_nodes(tree):
            is_function = isinstance(tree, ast.Call) and child is tree.func
            if isinstance(child, ast.expr) and not is_function:
                found.update(self.of(child).parameters)
        return Node(tree, ast.unparse(tree), tuple(sorted(found)))
