"""What a feature computes: an expression of the rule language, or a package's function."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput, StrategyError
from quant_tui.domain.ml_platform import Feature, FeatureVersion
from quant_tui.domain.vocabulary import FeatureType
from quant_tui.services.rule_values import first_finding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quant_tui.engine import Bars
    from quant_tui.engine.rules.single import SingleRule
    from quant_tui.ml.features.functions import FeatureFunction

    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FeatureDefinition:
    """A checked definition.

    Attributes
    ----------
    expression
        The canonical expression, or the name of the function.
    kind
        ``number`` or ``condition``; conditions are 1 and 0.
    warm_up
        Bars of a symbol that pass before its first value.
    across
        Whether it compares the symbols with one another, so that all must be there.
    outside
        Calls of figures from outside the bars, such as ``macro("CPI")``.
    key
        Equal keys, equal values on equal bars: changes with the expression, the version
        of a function, and the version of the engine.
    """

    feature_type: FeatureType
    expression: str
    kind: str
    warm_up: int
    across: bool
    outside: tuple[str, ...]
    key: str
    rule: SingleRule | None = None
    function: FeatureFunction | None = None

    @property
    def schema(self) -> Document:
        """What a version says about the shape of its values."""
        return {
            "dtype": "float64",
            "kind": self.kind,
            "warm_up": self.warm_up,
            "across_symbols": self.across,
            "outside": list(self.outside),
        }

    def evaluate(
        self,
        bars: Bars,
        *,
        inputs: Mapping[str, Floats] | None = None,
        pause: Callable[[], None] = lambda: None,
    ) -> Floats:
        """Return its values over each symbol's own bars, gaps left out.

        Parameters
        ----------
        bars
            T dates, N symbols.
        inputs
            Figures from outside, by their calls, (T,) or (T, N).
        pause
            Called before each computation; may raise to stop the work.

        Returns
        -------
        Floats
            (T, N), each column packed to the top; NaN where not known.

        Raises
        ------
        InvalidInput
            A function failed, or gave something else than (T, N) numbers.
        """
        if self.rule is not None:
            values = self.rule.evaluate(bars, pause=pause, inputs=inputs)
        else:
            from quant_tui.engine.rules.frame import Frame

            pause()
            values = Frame(bars).pack(self._called(bars))
        return np.where(np.isfinite(values), values, np.nan)

    def _called(self, bars: Bars) -> Floats:
        if self.function is None:
            raise AssertionError("a definition has a rule or a function")
        try:
            values = np.asarray(self.function.compute(bars), dtype=np.float64)
        except Exception as error:
            raise InvalidInput(
                f"The feature function {self.expression} failed: {type(error).__name__}: {error}",
                field="expression",
                hint="Mend or update the package that gives it.",
            ) from error
        if values.shape != bars.close.shape:
            raise InvalidInput(
                f"The feature function {self.expression} gave the shape {values.shape}; "
                f"{bars.close.shape} is needed: a value for every date and symbol.",
                field="expression",
            )
        return values


def check_expression(text: str) -> FeatureDefinition:
    """Read an expression of the rule language as a feature.

    Raises
    ------
    StrategyError
        It cannot be used; ``findings`` say where and why.
    """
    from quant_tui.engine.rules.kinds import Kind
    from quant_tui.engine.rules.single import parse_single
    from quant_tui.engine.version import ENGINE_VERSION
    from quant_tui.services.outside_series import calls_in

    try:
        rule = parse_single(text, "expression")
    except StrategyError as error:
        if not error.findings:
            raise
        raise StrategyError(str(error.findings[0]), findings=error.findings) from error
    if rule.kind is Kind.NUMBER:
        raise StrategyError(
            f"{rule.text} is the same number on every bar: a model learns nothing from it.",
            hint="Use prices or volume, for example: close / sma(close, 20) - 1",
        )
    for call, (function, _) in calls_in([rule.tree]).items():
        if function == "model":
            raise StrategyError(
                f"{call} asks a model, and models are made of features.",
                hint="Ask it in a strategy's rules; write prices, volume or macro figures here.",
            )
    return FeatureDefinition(
        feature_type=FeatureType.EXPRESSION,
        expression=rule.text,
        kind="condition" if rule.is_condition else "number",
        warm_up=rule.warm_up,
        across=rule.across,
        outside=rule.outside,
        key=_key("expression", rule.text, ENGINE_VERSION),
        rule=rule,
    )


def check_function(name: str) -> FeatureDefinition:
    """Read the name of a package's function as a feature.

    Raises
    ------
    NotFound, InvalidInput
        No package gives it, or it cannot be used.
    """
    from quant_tui.ml.features.functions import feature_function

    found = feature_function(name.strip())
    return FeatureDefinition(
        feature_type=FeatureType.FUNCTION,
        expression=name.strip(),
        kind="number",
        warm_up=int(found.warm_up),
        across=bool(found.across_symbols),
        outside=(),
        key=_key("function", name.strip(), str(found.version)),
        function=found,
    )


def check_definition(feature_type: FeatureType, text: str) -> FeatureDefinition:
    """Read what a feature computes, whichever way.

    Raises
    ------
    StrategyError, NotFound, InvalidInput
        As :func:`check_expression` and :func:`check_function`.
    """
    if not text.strip():
        raise InvalidInput(
            "A feature needs an expression.",
            field="expression",
            hint="For example: close / sma(close, 20) - 1",
        )
    if feature_type is FeatureType.FUNCTION:
        return check_function(text)
    return check_expression(text)


def definition_of(one: Feature | FeatureVersion) -> FeatureDefinition:
    """Return what a feature or one of its versions computes; raises as :func:`check_definition`."""
    return check_definition(one.feature_type, one.expression)


def expression_problem(text: str) -> str:
    """Return what is wrong with an expression, for the note beside its field; "" if nothing."""
    try:
        check_definition(FeatureType.EXPRESSION, text)
    except StrategyError as error:
        return first_finding(error)
    except InvalidInput as error:
        return error.message
    return ""


def _key(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
