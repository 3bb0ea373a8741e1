"""From the text of one expression to a tree in which only the allowed can occur.

The text is scanned first: only ASCII letters, digits and the language's operators
pass, and brackets and rows of prefix operators are counted; a name in quotes passes where
an argument stands, and only of letters, digits and ``_ - . @ :``. What reaches
``ast.parse`` can therefore neither be deep enough to trouble the parser nor hold an
attribute, a subscript, a comprehension or any other text; the walk afterwards admits the
listed nodes alone. Nothing is ever compiled or executed.
"""

from __future__ import annotations

import ast
import contextlib
import keyword
import re
from collections.abc import Mapping

from quant_tui.engine.rules import limits
from quant_tui.engine.rules.findings import Findings

_TOKEN = re.compile(
    r"(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<literal>\"[A-Za-z0-9][A-Za-z0-9_.@:-]*\"|'[A-Za-z0-9][A-Za-z0-9_.@:-]*')"
    r"|(?P<operator>\*\*|<=|>=|==|!=|[-+*/%<>(),])"
)
_TRIES = 3
_NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)

ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Mod, ast.Pow)
COMPARISONS = (ast.Gt, ast.GtE, ast.Lt, ast.LtE, ast.Eq, ast.NotEq)
_ALLOWED = (
    *ARITHMETIC,
    *COMPARISONS,
    ast.Expression,
    ast.Constant,
    ast.Name,
    ast.Load,
    ast.BinOp,
    ast.UnaryOp,
    ast.USub,
    ast.UAdd,
    ast.Not,
    ast.BoolOp,
    ast.And,
    ast.Or,
    ast.Compare,
    ast.IfExp,
    ast.Call,
)
_KEYWORDS = frozenset({"and", "or", "not", "if", "else"})
_RESERVED_WORDS = frozenset({*keyword.kwlist, "match", "case", "type"})
_SYMBOL_HINTS = {
    ".": "attributes do not exist here; call a function instead",
    "[": "there are no subscripts; use lag(x, n) for earlier bars",
    "=": "write == to compare",
    "&": "write and",
    "|": "write or",
    "!": "write not, or != to compare",
    "^": "write ** for a power",
    "'": "a name in quotes is letters, digits and _ - . @ : on one line",
    '"': "a name in quotes is letters, digits and _ - . @ : on one line",
}


def is_name(text: str) -> bool:
    """Return whether ``text`` can name a parameter or a series: ASCII lower case, no ``__``."""
    return (
        _NAME.fullmatch(text) is not None
        and "__" not in text
        and len(text) <= limits.NAME_CHARACTERS
        and text not in _KEYWORDS
        and text not in _RESERVED_WORDS
    )


def parse_expression(text: str, place: str, findings: Findings) -> ast.expr | None:
    """Parse one expression.

    Parameters
    ----------
    text
        Source of the expression.
    place
        Key of the document that holds it, for messages.
    findings
        Takes what is wrong, with the 1-based column.

    Returns
    -------
    ast.expr or None
        A tree of allowed nodes; None when something was found.
    """
    if len(text) > limits.EXPRESSION_CHARACTERS:
        findings.add(
            place,
            limits.EXPRESSION_CHARACTERS + 1,
            f"the expression has {len(text)} characters; {limits.EXPRESSION_CHARACTERS} are the"
            " most",
            "name parts of it under let",
        )
        return None
    source = text.replace("\n", " ").replace("\t", " ").replace("\r", " ")
    if not source.strip():
        findings.add(place, 0, "the expression is empty")
        return None
    if not _scan(source, place, findings):
        return None
    indent = len(source) - len(source.lstrip())
    try:
        tree = _parsed(source.strip())
    except SyntaxError as error:
        column = error.offset + indent if error.offset else len(text)
        findings.add(place, min(column, len(text)), f"cannot be read here ({error.msg})")
        return None
    except (RecursionError, MemoryError, ValueError):
        findings.add(place, 1, "the expression is nested too deep", "name parts of it under let")
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.expr):
            node.col_offset += indent
    return tree.body if _check_nodes(tree, place, findings) else None


def _parsed(source: str) -> ast.Expression:
    """Parse an expression, again where Python lost count of its depth.

    Before 3.11.8 and 3.12.2 it counts for all threads in one place: one that parses, or prints
    a traceback, while another one does makes it refuse what is right (CPython's issue 106905).
    """
    for _ in range(_TRIES - 1):
        with contextlib.suppress(SystemError):
            return ast.parse(source, mode="eval")
    return ast.parse(source, mode="eval")


def _scan(source: str, place: str, findings: Findings) -> bool:
    position, depth, prefixes, operand_expected = 0, 0, 0, True
    before = ""
    while position < len(source):
        character = source[position]
        if character == " ":
            position += 1
            continue
        match = _TOKEN.match(source, position)
        if match is None:
            shown = character if character.isprintable() else f"U+{ord(character):04X}"
            findings.add(
                place,
                position + 1,
                f"{shown!r} is not part of the rule language",
                _SYMBOL_HINTS.get(character, ""),
            )
            return False
        word = match.group()
        glued = source[match.end() : match.end() + 1]
        if match.lastgroup == "number" and (glued.isalnum() or glued in ("_", ".")) and glued:
            findings.add(place, match.end() + 1, "a number is digits, with a point or e at most")
            return False
        if match.lastgroup == "name" and not _scan_name(word, position, place, findings):
            return False
        if match.lastgroup == "literal" and not _scan_literal(
            source, match, before, place, findings
        ):
            return False
        is_prefix = operand_expected and word in ("-", "+", "not")
        prefixes = prefixes + 1 if is_prefix else 0
        if prefixes > limits.PREFIX_OPERATORS:
            findings.add(place, position + 1, "too many signs or nots in a row")
            return False
        depth += (word == "(") - (word == ")")
        if depth > limits.NESTING:
            findings.add(
                place,
                position + 1,
                f"brackets are nested more than {limits.NESTING} deep",
                "name parts of it under let",
            )
            return False
        operand_expected = word != ")" and (
            match.lastgroup == "operator" or (match.lastgroup == "name" and word in _KEYWORDS)
        )
        position, before = match.end(), word
    return True


def _scan_literal(
    source: str, match: re.Match[str], before: str, place: str, findings: Findings
) -> bool:
    """Pass a name in quotes that is one whole argument: after ( or comma, before , or )."""
    after = source[match.end() :].lstrip(" ")[:1]
    if before not in ("(", ",") or after not in (",", ")", ""):
        message, hint = "a name in quotes is only an argument", 'such as macro("CPI")'
    elif len(match.group()) - 2 > limits.LITERAL_CHARACTERS:
        message, hint = f"the name has more than {limits.LITERAL_CHARACTERS} characters", ""
    else:
        return True
    findings.add(place, match.start() + 1, message, hint)
    return False


def _scan_name(word: str, position: int, place: str, findings: Findings) -> bool:
    if word in _KEYWORDS or is_name(word):
        return True
    if len(word) > limits.NAME_CHARACTERS:
        message, suggestion = f"a name has more than {limits.NAME_CHARACTERS} characters", ""
    elif word in ("True", "False"):
        message, suggestion = f"{word} is not a name here", f"write {word.lower()}"
    elif word.lower() != word and is_name(word.lower()):
        message, suggestion = f"names are lower case: {word}", f"write {word.lower()}"
    else:
        message, suggestion = f"{word} is not a name of the rule language", ""
    findings.add(place, position + 1, message, suggestion)
    return False


def _check_nodes(tree: ast.Expression, place: str, findings: Findings) -> bool:
    count = 0
    pending: list[tuple[ast.AST, int]] = [(tree, 0)]
    while pending:
        node, depth = pending.pop()
        count += isinstance(node, ast.expr)
        column = getattr(node, "col_offset", 0) + 1
        message = ""
        if not isinstance(node, _ALLOWED):
            message = f"{type(node).__name__} is not part of the rule language"
        elif isinstance(node, ast.Constant):
            message = "" if isinstance(node.value, str) else _number_problem(node.value)
        elif isinstance(node, ast.Call) and not isinstance(node.func, ast.Name):
            message = "only a function's name can be called"
        elif isinstance(node, ast.Call) and node.keywords:
            message = "arguments are given by position, not by name"
        elif depth > limits.NESTING * 2:
            message = f"operations are nested more than {limits.NESTING * 2} deep"
        elif count > limits.NODES:
            message = f"more than {limits.NODES} operations, names and numbers in one expression"
        if message:
            findings.add(place, column, message)
            return False
        deeper = depth + isinstance(node, ast.expr)
        pending.extend((child, deeper) for child in ast.iter_child_nodes(node))
    return True


def _number_problem(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "only numbers can be written"
    return "" if abs(value) <= limits.NUMBER else f"the number is greater than {limits.NUMBER:g}"


def operands(node: ast.expr) -> list[ast.expr]:
    """Return the expressions directly inside a checked one."""
    if isinstance(node, ast.BinOp):
        return [node.left, node.right]
    if isinstance(node, ast.Call):
        return [node.func, *node.args]
    if isinstance(node, ast.UnaryOp):
        return [node.operand]
    if isinstance(node, ast.Compare):
        return [node.left, *node.comparators]
    if isinstance(node, ast.BoolOp):
        return node.values
    return [node.test, node.body, node.orelse] if isinstance(node, ast.IfExp) else []


def node_count(tree: ast.expr) -> int:
    """Return how many operations, names and numbers the tree holds."""
    count, pending = 0, [tree]
    while pending:
        pending.extend(operands(pending.pop()))
        count += 1
    return count


def nesting(tree: ast.expr, lets: Mapping[str, ast.expr], known: dict[str, int]) -> int:
    """Return how deep operations nest, through the named series that they rest on.

    Parameters
    ----------
    tree
        Expression.
    lets
        Named series.
    known
        Takes what is found for each of them.
    """
    deepest = 0
    pending = [(tree, 1)]
    while pending:
        node, depth = pending.pop()
        if isinstance(node, ast.Name) and node.id in lets:
            if node.id not in known:
                known[node.id] = 0  # for one that rests on itself, which the checker tells
                known[node.id] = nesting(lets[node.id], lets, known)
            deepest = max(deepest, depth + known[node.id])
        deepest = max(deepest, depth)
        pending.extend((child, depth + 1) for child in operands(node))
    return deepest


def canonical_text(tree: ast.expr) -> str:
    """Return the one way of writing the expression: spacing, brackets and numbers."""
    plain = _PlainNumbers().visit(_parsed(ast.unparse(tree))).body
    return ast.unparse(plain).replace("'", '"')  # a name in quotes holds neither


class _PlainNumbers(ast.NodeTransformer):
    """Writes 20.0 as 20, so that equal numbers read alike."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        """Replace a whole float by the integer."""
        if isinstance(node.value, float) and node.value.is_integer():
            return ast.copy_location(ast.Constant(int(node.value)), node)
        return node
