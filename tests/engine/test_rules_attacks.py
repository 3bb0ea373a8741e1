"""Documents that mean harm, or mistakes that look like it: refused, with a place, at once."""

from __future__ import annotations

import time

import numpy as np
import pytest

from quant_tui.domain.errors import StrategyError
from quant_tui.engine.rules import limits, parse_document
from quant_tui.engine.rules.frame import Frame
from quant_tui.engine.rules.interpreter import Interpreter

EXPRESSIONS = {
    "attribute walk": "close.__class__.__mro__[1].__subclasses__()",
    "dunder name": "__import__('os').system('true')",
    "dunder call": "__import__(close)",
    "builtin": "eval(close)",
    "open as a function": "open(close)",
    "lambda": "(lambda: close)()",
    "lambda name": "lambda",
    "comprehension": "[x for x in close]",
    "generator": "sum(x for x in close)",
    "subscript": "close[0]",
    "string": "'a' * 1000000000",
    "bytes": "b'a'",
    "f-string": "f'{close}'",
    "walrus": "(x := close) > 0",
    "assignment": "close = 1",
    "statement": "import os",
    "two statements": "close > 0; close < 0",
    "comment": "close > 0 # comment",
    "star arguments": "sma(*close)",
    "keyword arguments": "sma(close, window=5)",
    "keywords from a mapping": "sma(**close)",
    "await": "await close",
    "yield": "(yield close)",
    "set": "{close}",
    "ellipsis": "... > close",
    "matrix product": "close @ close > 0",
    "shift": "1 << 1000000000 > close",
    "huge power": "9**9**9**9 > close",
    "huge power in floating point": "close > 10.0**308 * 10",
    "huge number": "close > 1e400",
    "huge integer": "close > " + "9" * 1900,
    "imaginary": "close > 1j",
    "hexadecimal": "close > 0xffff",
    "octal": "close > 0o7",
    "glued keyword": "1if close > 0 else 2",
    "two points": "close > 1.2.3",
    "underscored number": "close > 1_000",
    "deep brackets": "(" * 900 + "close" + ")" * 900 + " > 0",
    "many minuses": "-" * 1500 + "close > 0",
    "many nots": "not " * 450 + "close > 0",
    "long chain": "close" + " + close" * 240 + " > 0",
    "power chain": "2" + "**2" * 600 + " > close",
    "if chain": "close if close > 1 else " * 80 + "close > 0",
    "deep calls": "abs(" * 300 + "close" + ")" * 300 + " > 0",
    "too long": "close > 0 and " * 5000 + "close > 0",
    "giant window": "sma(close, 1000000000) > 0",
    "giant window by arithmetic": "sma(close, 10**14) > 0",
    "giant lag": "lag(close, 10**12) > 0",
    "negative lag": "lag(close, -1) > 0",
    "look ahead by arithmetic": "lag(close, 3 - 5) > 0",
    "window of nothing": "sma(close, 0) > 0",
    "broken window": "sma(close, 2.5) > 0",
    "window from data": "sma(close, close) > 0",
    "fullwidth letters": "ｓma(close, 5) > 0",
    "ligature": "oﬃce > 0",
    "greek letter": "clοse > 0",
    "right to left": "close \u202e> 0",
    "zero width space": "clo\u200bse > 0",
    "no-break space": "close\u00a0> 0",
    "unicode digit": "close > ٣",
    "null byte": "close > 0\x00",
    "form feed": "close > 0\x0c",
    "backslash": "close > \\\n 0",
    "empty": "   ",
    "operator only": "+",
    "open bracket": "sma(close, 5",
    "closing bracket": "close) > 0",
    "empty call": "sma()",
    "tuple": "(close, open)",
    "number as a rule": "5",
    "series as a rule": "close",
    "text arithmetic": "close > true",
    "division by zero of numbers": "close > 1 / 0",
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_expression_is_refused_at_once(name):
    began = time.perf_counter()
    with pytest.raises(StrategyError) as caught:
        parse_document({"entry": EXPRESSIONS[name]})
    assert time.perf_counter() - began < 0.05
    finding = caught.value.findings[0]
    assert finding.place == "entry"
    assert finding.message
    assert len(str(caught.value)) < 1000


DOCUMENTS = {
    "not a mapping": "- entry",
    "scalar": "entry",
    "nothing": "",
    "python object": "entry: !!python/object/apply:os.system ['true']",
    "anchors": "a: &a [x, x]\nb: &b [*a, *a]\nentry: *b",
    "alias bomb": "a: &a [0]\n"
    + "".join(f"{c}: &{c} [*{p}, *{p}]\n" for p, c in zip("abcde", "bcdef", strict=True)),
    "deep flow": "entry: " + "[" * 5000,
    "deep block": "\n".join(" " * n + "a:" for n in range(200)) + "\n" + "- " * 2000,
    "deep json": '{"a":' * 20_000,
    "twin keys": "entry: close > 1\nentry: close > 2",
    "twin keys in json": '{"entry": "close > 1", "entry": "close > 2"}',
    "tab": "entry:\tclose\n\t- x",
    "too long": "entry: close > 0 " + " " * limits.DOCUMENT_CHARACTERS,
    "unknown key": "entry: close > 0\nexitt: close < 0",
    "list as a rule": "entry: [close]",
    "no entry": "name: x",
    "unused bad name": "entry: close > 0\nlet: {__class__: close}",
    "let over a field": "entry: close > 0\nlet: {close: open}",
    "let over a function": "entry: close > 0\nlet: {sma: open}",
    "circle": "entry: a > 0\nlet: {a: b + 1, b: a + 1}",
    "self": "entry: a > 0\nlet: {a: a}",
    "many lets": "entry: close > 0\nlet: {" + ", ".join(f"a{n}: close" for n in range(100)) + "}",
    "many parameters": "entry: close > 0\nparams: {"
    + ", ".join(f"a{n}: {{int: [1, 2], default: 1}}" for n in range(100))
    + "}",
    "huge number in yaml": "entry: close > p\nparams: {p: {int: [0, "
    + "9" * 5000
    + "], default: 1}}",
    "infinite range": "entry: close > p\nparams: {p: {float: [0, .inf], default: 1}}",
    "nan default": "entry: close > p\nparams: {p: {float: [0, 1], default: .nan}}",
    "dunder parameter": "entry: close > 0\nparams: {__x__: {int: [0, 1], default: 1}}",
    "choice of code": "entry: close > 0\nparams: {p: {choice: [__import__], default: __import__}}",
    "short exit alone": "entry: close > 0\nshort_exit: close < 0",
    "stop of nothing": "entry: close > 0\nstop_loss: 0",
    "weight and stop": "weight: 1\nstop_loss: 0.1",
    "weight and entry": "entry: close > 0\nweight: close",
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_document_is_refused_at_once(name):
    began = time.perf_counter()
    with pytest.raises(StrategyError) as caught:
        parse_document(DOCUMENTS[name])
    assert time.perf_counter() - began < 0.5
    assert caught.value.findings
    assert len(str(caught.value)) < 1000


def test_a_chain_of_doubling_names_costs_one_array_each():
    lets = {"a0": "close"} | {f"a{n}": f"a{n - 1} + a{n - 1}" for n in range(1, 60)}
    began = time.perf_counter()
    assert parse_document({"let": lets, "entry": "a59 > 0"}).warm_up() == 0
    assert time.perf_counter() - began < 0.2


def test_figures_are_let_go_after_their_last_use(bars_of):
    """A thousand sums over the same bars hold a handful of arrays at a time."""
    lets = {"a0": "close"} | {f"a{n}": f"a{n - 1} + lag(a{n - 1}, 1)" for n in range(1, 60)}
    document = parse_document({"let": lets, "entry": "a59 > 0", "exit": "a59 < 0 or a3 < 0"})
    frame = Frame(bars_of(np.full(2_000, 10.0)))
    roots = document.rules.values()
    interpreter = Interpreter(frame, document.lets, {}, roots=roots)
    held = []
    plain = interpreter._compute
    interpreter._compute = lambda node: (held.append(interpreter._held), plain(node))[1]
    for root in roots:
        interpreter.signal(root)
    assert max(held) < 12 * 16_000
    assert interpreter._memo == {}


def test_a_strategy_that_holds_too_much_is_stopped(bars_of, monkeypatch):
    monkeypatch.setattr(limits, "MEMORY_BYTES", 100_000)
    lets = {f"a{n}": f"close + {n}" for n in range(30)}
    document = parse_document({"let": lets, "entry": " + ".join(lets) + " > 0"})
    interpreter = Interpreter(Frame(bars_of(np.full(2_000, 10.0))), document.lets, {})
    with pytest.raises(StrategyError, match="more than"):
        interpreter.signal(document.rules["entry"])


def test_a_chain_of_lags_adds_up():
    lets = {"a0": "close"} | {f"a{n}": f"lag(a{n - 1}, 100000)" for n in range(1, 60)}
    assert parse_document({"let": lets, "entry": "a59 > 0"}).warm_up() == 5_900_000
