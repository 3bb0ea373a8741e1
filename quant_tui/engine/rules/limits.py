"""Bounds of the rule language, so that no document can exhaust time or memory."""

from __future__ import annotations

DOCUMENT_CHARACTERS = 65_536
"""Longest text of a whole document."""

DOCUMENT_LINES = 2_000
"""Most lines of it."""

DOCUMENT_ITEMS = 1_000
"""Most keys and values in it."""

DIGITS = 32
"""Longest written whole number."""

EXPRESSION_CHARACTERS = 2_000
"""Longest single expression."""

NESTING = 32
"""Deepest nesting of brackets and operations in one expression."""

DEPTH = 200
"""Deepest nesting of operations through all named series that rest on one another."""

PREFIX_OPERATORS = 8
"""Longest row of ``-``, ``+`` and ``not`` before one operand."""

NODES = 400
"""Most operations, names and numbers in one expression."""

DOCUMENT_NODES = 2_000
"""The same over the whole document."""

NAMED_SERIES = 64
"""Most entries of ``let``."""

PARAMETERS = 32
"""Most entries of ``params``."""

CONSTRAINTS = 32
"""Most entries of ``constraints``."""

CHOICES = 64
"""Most choices of one parameter."""

WINDOW = 100_000
"""Longest window or lag, in bars."""

NUMBER = 1e15
"""Greatest absolute value of a written or derived constant."""

NAME_CHARACTERS = 64
"""Longest name."""

LITERAL_CHARACTERS = 64
"""Longest quoted name."""

MEMORY_BYTES = 2 << 30
"""Most memory that the figures of one strategy may hold at once."""

FINDINGS = 20
"""Most findings reported at once."""
