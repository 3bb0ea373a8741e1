"""The rule language: strategies as documents, checked before they run, never executed.

>>> document = parse_document('''
... params: {window: {int: [2, 200], default: 20}}
... entry: cross_above(close, sma(close, window))
... exit: cross_below(close, sma(close, window))
... ''')
>>> document.warm_up()
20
"""

from __future__ import annotations

from quant_tui.engine.rules.document import StrategyDocument, parse_document
from quant_tui.engine.rules.formatting import format_document
from quant_tui.engine.rules.functions import FIELDS, FUNCTIONS, FieldSpec, FunctionSpec
from quant_tui.engine.rules.kinds import Kind
from quant_tui.engine.rules.parameters import ParameterSpec, ParameterValue
from quant_tui.engine.rules.reference import Entry, reference
from quant_tui.engine.rules.validation import (
    check,
    resolve_parameters,
    validate_parameters,
    warm_up,
)

__all__ = [
    "FIELDS",
    "FUNCTIONS",
    "Entry",
    "FieldSpec",
    "FunctionSpec",
    "Kind",
    "ParameterSpec",
    "ParameterValue",
    "StrategyDocument",
    "check",
    "format_document",
    "parse_document",
    "reference",
    "resolve_parameters",
    "validate_parameters",
    "warm_up",
]
