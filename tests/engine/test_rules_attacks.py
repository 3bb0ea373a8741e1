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
    "attribute of a call": "sma(close, 5).real > 0",
    "attribute of a number": "close > 1.0.real",
    "format attack": "macro('{0.__class__}') > 0",
    "path in quotes": "macro('../../etc/passwd') > 0",
    "option in quotes": "model('--delete') > 0",
    "space in quotes": "macro('a b') > 0",
    "quote in quotes": "macro('a\\'b') > 0",
    "mixed quotes": "macro('a\") > 0",
    "open quote": "macro('CPI) > 0",
    "empty quotes": "macro('') > 0",
    "long quotes": "macro('" + "a" * 1900 + "') > 0",
    "triple quotes": "macro('''CPI''') > 0",
    "bytes in a call": "macro(b'CPI') > 0",
    "raw text in a call": "macro(r'CPI') > 0",
    "f-string in a call": "macro(f'CPI') > 0",
    "joined quotes": "macro('C' 'PI') > 0",
    "added quotes": "macro('C' + 'PI') > 0",
    "multiplied quotes": "macro('C' * 999999) > 0",
    "quotes as a number": "sma(close, '20') > 0",
    "quotes in brackets": "('CPI') > 0",
    "quotes compared": "'a' < 'b'",
    "quotes called": "'CPI'(close) > 0",
    "call in quotes": "macro(macro('CPI')) > 0",
    "homoglyph in quotes": "macro('\u0421PI') > 0",
    "zero width in quotes": "macro('C\u200bPI') > 0",
    "right to left in quotes": "macro('\u202eIPC') > 0",
    "a name that folds to ASCII": "ｃｌｏｓｅ > 0",
    "mathematical letters": "𝒄lose > 0",
    "long s": "cloſe > 0",
    "combining accent": "clo\u0301se > 0",
    "byte order mark": "\ufeffclose > 0",
    "isolate": "close \u2066> 0",
    "soft hyphen": "clo\u00adse > 0",
    "unicode minus": "close − 1 > 0",
    "unicode multiplication": "close × 2 > 0",
    "line separator": "close\u2028> 0",
    "surrogate": "close > 0\ud800",
    "dunder inside": "a__b > 0",
    "dunder class": "__class__ > 0",
    "builtins": "__builtins__ > 0",
    "subclass walk by call": "getattr(close, 'x') > 0",
    "compile": "compile('x') > 0",
    "print": "print(close)",
    "exponent of exponents": "exp(exp(exp(exp(5)))) > close",
    "power of powers": "10 ** 10 ** 10 > close",
    "negative window": "sma(close, -5) > 0",
    "giant TA-Lib window": "adx(100001) > 0",
    "long window where every bar looks at all of it": "cci(2001) > 0",
    "giant default window": "tsi(1e9) > 0",
    "window over all the numbers": "rolling_median(close, 1e15) > 0",
    "average out of the list": "ma(close, 5, 'sma ') > 0",
    "average from a parameter": "ma(close, 5, sma) > 0",
    "left out arguments in masses": " + ".join(["sarext()"] * 60) + " > 0",
    "deep choices": "(1 if close > 1 else " * 40 + "2" + ")" * 40 + " > 0",
}


def refused(source) -> StrategyError:
    """The error, given within 50 ms of work: the best of three."""
    taken = []
    for _ in range(3):
        began = time.process_time()
        with pytest.raises(StrategyError) as caught:
            parse_document(source)
        taken.append(time.process_time() - began)
        if taken[-1] < 0.05:
            break
    assert min(taken) < 0.05
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000
    return caught.value


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_expression_is_refused_at_once(name):
    finding = refused({"entry": EXPRESSIONS[name]}).findings[0]
    assert finding.place == "entry"
    assert finding.message
    assert 0 <= finding.column <= len(EXPRESSIONS[name]) + 1


def chained(shape: tuple[str, str], names: range) -> str:
    """Named series that each rest on the one before, the deepest read first or last."""
    lines = [f"  a{n}: {shape[0]}{f'a{n - 1}' if n else 'close'}{shape[1]}" for n in names]
    return "let:\n" + "\n".join(lines) + "\nentry: a40 > 0"


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
    "hexadecimal number without end": "entry: 0x" + "f" * 6000,
    "number to the base of sixty": "entry: " + "1:" * 20_000 + "1",
    "huge number as a tag": "entry: true\ntags: [0x" + "f" * 6000 + "]",
    "huge number as a name": "entry: true\nparams: {0x" + "f" * 4000 + ": {int: [1, 2]}}",
    "huge number as a message": "entry: true\nconstraints: [{rule: 1 > 0, message: 0x"
    + "f" * 4000
    + "}]",
    "list without end": "entry: true\ntags: [" + "a," * 30_000 + "]",
    "lines without end": "entry: true\n" + "#\n" * 30_000,
    "text without end": "entry: |\n" + "  close >\n" * 6_000,
    "keys without end": "\n".join(f"key{n}: 1" for n in range(5_000)),
    "keys without end in json": "{" + ",".join(f'"key{n}": 1' for n in range(5_000)) + "}",
    "documents without end": "---\n" * 1_900,
    "merge of a merge": "entry: true\n<<: {<<: {<<: {exitt: true}}}",
    "binary": "entry: !!binary aGVsbG8=",
    "set": "entry: !!set {a, b}",
    "date": "entry: 2001-01-01",
    "not a number": "entry: .nan",
    "infinite stop": "entry: true\nstop_loss: .inf",
    "mistakes without end": "let: {"
    + ", ".join(f"a{n}: {'x' * 60} + 1" for n in range(64))
    + "}\nentry: yy > 0",
    "deep signs, deepest first": chained(("-(" * 20, ")" * 20), range(40, -1, -1)),
    "deep signs, deepest last": chained(("-(" * 20, ")" * 20), range(41)),
    "deep calls, deepest first": chained(("abs(" * 12, ")" * 12), range(40, -1, -1)),
    "deep circle": chained(("-(" * 20, ")" * 20), range(40, 0, -1)).replace("a0)", "a40)"),
    "operations without end": chained(("1 + " * 40, ""), range(63)),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_document_is_refused_at_once(name):
    assert refused(DOCUMENTS[name]).findings


def test_a_key_given_twice_is_told_where_it_is_given_again():
    source = "name: twins\nentry: close > 1\nexit: close < 1\nentry: close > 2"
    assert refused(source).findings[0].place == "line 4"


def test_the_deepest_that_is_taken_also_runs(bars_of):
    """Neither the checker nor the interpreter may run out of Python's stack."""
    lets = {"a0": "close"} | {f"a{n}": f"-(-(a{n - 1}))" for n in range(1, 64)}
    lets = dict(reversed(lets.items()))
    document = parse_document({"let": lets, "entry": "a63 > 0 or not a63 > 0"})
    interpreter = Interpreter(Frame(bars_of([1.0, 2.0])), document.lets, {})
    assert interpreter.signal(document.rules["entry"]).all()


def test_many_great_series_over_many_symbols_are_stopped(bars_of, monkeypatch):
    """Each named series is another array; what they hold together is bounded."""
    monkeypatch.setattr(limits, "MEMORY_BYTES", 4_000_000)
    lets = {f"a{n}": f"rolling_median(close * {n + 1}, {n + 1})" for n in range(60)}
    rules = {"entry": " + ".join(lets) + " > 0", "exit": " - ".join(lets) + " > 0"}
    document = parse_document({"let": lets, **rules})
    frame = Frame(bars_of(np.full((2_000, 8), 10.0)))
    interpreter = Interpreter(frame, document.lets, {}, roots=document.rules.values())
    with pytest.raises(StrategyError, match="more than") as caught:
        interpreter.signal(document.rules["entry"])
    assert "fewer named series" in caught.value.hint


def test_a_chain_of_doubling_names_costs_one_array_each():
    lets = {"a0": "close"} | {f"a{n}": f"a{n - 1} + a{n - 1}" for n in range(1, 60)}
    began = time.thread_time()
    assert parse_document({"let": lets, "entry": "a59 > 0"}).warm_up() == 0
    assert time.thread_time() - began < 0.2


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
