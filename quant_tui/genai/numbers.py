"""Numbers in a text as people and models write them, in English and Korean.

Understood are thousands separators, percent and basis points, currency signs, K, M and B,
and 천, 만, 억 and 조, also one after another as in ``1억 2,345만``. Left out is what is no
figure: dates and years, times, numbers inside words and codes, list numbers, and small
whole numbers that count or name a parameter, unless a figure is named right before them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

SMALL = 12
"""Whole numbers up to this one count things in ordinary sentences."""

YEARS = range(1900, 2101)

_UNITS = {
    "천": 1e3, "만": 1e4, "억": 1e8, "조": 1e12,
    "k": 1e3, "m": 1e6, "b": 1e9, "bn": 1e9, "mn": 1e6,
    "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12,
}  # fmt: skip
_SHARES = {
    "%": 1e-2, "％": 1e-2, "percent": 1e-2, "per cent": 1e-2, "퍼센트": 1e-2, "프로": 1e-2,
    "%p": 1e-2, "bp": 1e-4, "bps": 1e-4,
}  # fmt: skip
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_NUMBER = re.compile(
    rf"""
    (?P<sign>[-+\N{{MINUS SIGN}}])?\s?[$€£₩¥]?
    (?P<digits>{_DIGITS})
    (?:\s?(?P<share>%p|[%％]|percent\b|per\ cent\b|퍼센트|프로|bps?\b)
     |(?P<unit>\s?(?:[천만억조]|(?:thousand|million|billion|trillion)\b)|(?:bn|mn|[kKmMbB])\b))?
    """,
    re.VERBOSE,
)
_NO_FIGURES = re.compile(
    r"""
    ```.*?(?:```|\Z)                                     # code, but for a number alone
    | `(?!\s*[-+\N{MINUS SIGN}]?[$€£₩¥]?[\d.,]*\d\s?%?\s*`)[^`\n]*`
    | (?<=\])\([^)\n]*\) | https?://\S+                  # where links lead
    | (?<![\d.,])(?:19|20)\d\d                # dates
      (?:[-/](?:1[0-2]|0?[1-9])(?:[-/]\d{1,2}(?:T[\d:.Z+]+)?)?|\.\d{1,2}\.\d{1,2})(?![\d%])
    | \d{4}\s?년(?:\s?\d{1,2}\s?월)?(?:\s?\d{1,2}\s?일)? | \d{1,2}\s?월\s?\d{1,2}\s?일
    | \d{1,2}:\d{2}(?::\d{2})?                           # times
    | (?m:^[ \t]*(?:[-*>][ \t]+)*\d{1,3}[.)](?=[ \t]))   # list numbers
    | (?m:^\#{1,6}[ \t]+\d+[.)]?(?=[ \t]))               # numbered headings
    | \b(?=[\w&^-]*\d)[\w&^-]*[A-Za-z][\w&^.-]*-?\d[\w.]*    # SMA20, S&P500, GPT-4, 0a1b…
    | (?<![\w.,])0\d+(?:\.[A-Z]+)?\b                          # 005930.KS
    """,
    re.VERBOSE | re.DOTALL,
)
_PARAMETER_AFTER = re.compile(
    r"[\s-]?(?:days?|bars?|weeks?|months?|years?|sessions?|periods?|일|봉|주|개월|년|거래일|기간|x\b)",
    re.IGNORECASE,
)
_PARAMETER_BEFORE = re.compile(
    r"(?:\b(?:SMA|EMA|WMA|RSI|ATR|MACD|ADX|window|period|length|top|top-|seed|version|v|step)"
    r"|이동평균|기간|윈도우)\s?[:=(]?\s?$|\w\([\d\s,.]*$",
    re.IGNORECASE,
)
_FIGURE_BEFORE = re.compile(
    r"(?:\b(?:sharpe|sortino|calmar|omega|factor|ratio|beta|alpha|kurtosis|skew(?:ness)?)"
    r"|샤프|소르티노|지수|비율|팩터)(?:\s+ratio)?\W{0,4}(?:(?:of|is|was|at|to|는|은|이|가)\W{1,3})?$",
    re.IGNORECASE,
)
_COUNTED_AFTER = re.compile(
    r"\s?(?:trades?|fills?|round[ -]trips?|dollars?|euros?|won\b|usd|krw|eur|거래|달러|원|건|회)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a text.

    Attributes
    ----------
    start, end
        Where it stands.
    value
        What it says; 35 % is 0.35.
    step
        What its last digit stands for: 0.01 of 35 %, 10,000 of 1만.
    signed
        Whether a sign is written.
    share
        Whether it is a percentage or basis points.
    plain
        Whether it is whole, without unit, currency or sign.
    """

    start: int
    end: int
    value: float
    step: float
    signed: bool
    share: bool
    plain: bool


def figures_of(text: str) -> list[Number]:
    """Return the numbers of a text that say something which may be true or not."""
    return [one for one in numbers_of(text) if not _is_no_figure(text, one)]


def numbers_of(text: str) -> list[Number]:
    """Return every number of a text but those in dates, codes, links and words."""
    return list(_joined(text, _single(text)))


def _single(text: str) -> Iterator[Number]:
    # what is left out is blanked, so that places stay as they are
    clean = _NO_FIGURES.sub(lambda found: "\0" * len(found.group()), text)
    for found in _NUMBER.finditer(clean):
        sign = found["sign"] or ""
        start = found.start("sign") if sign else found.start("digits")
        before = clean[start - 1] if start else " "
        if sign and (before.isalnum() or before == ")"):  # a range or a difference
            sign, start = "", found.start("digits")
        digits = found["digits"]
        decimals = len(digits.partition(".")[2])
        unit = (found["unit"] or "").strip().lower()
        share = (found["share"] or "").lower()
        scale = _SHARES.get(share, 1.0) * _UNITS.get(unit, 1.0)
        value = float(digits.replace(",", "")) * scale
        if not math.isfinite(value):
            continue
        money = bool(found.group().strip(" +-\N{MINUS SIGN}")[0] in "$€£₩¥")
        yield Number(
            start,
            found.end(),
            -value if sign in ("-", "\N{MINUS SIGN}") else value,
            10.0**-decimals * scale,
            bool(sign),
            bool(share),
            not (decimals or unit or share or sign or money or "," in digits),
        )


def _joined(text: str, numbers: Iterator[Number]) -> Iterator[Number]:
    """Put Korean numbers together whose parts stand one after another: 1억 2,345만."""
    last: Number | None = None
    for one in numbers:
        if (
            last is not None
            and last.step >= 1e4
            and not one.signed
            and not one.share
            and text[last.start : last.end][-1:] in "만억조"
            and one.value < last.step
            and text[last.end : one.start].strip(" ") == ""
        ):
            size = abs(last.value) + one.value
            value = -size if last.value < 0 else size
            last = Number(last.start, one.end, value, one.step, last.signed, False, False)
            continue
        if last is not None:
            yield last
        last = one
    if last is not None:
        yield last


def _is_no_figure(text: str, one: Number) -> bool:
    if not one.plain:
        return False
    if _FIGURE_BEFORE.search(text[max(one.start - 40, 0) : one.start]):
        return False
    if one.value <= SMALL:
        return True
    if int(one.value) in YEARS:
        return _COUNTED_AFTER.match(text, one.end) is None
    if one.value >= 1000:
        return False
    return bool(
        _PARAMETER_AFTER.match(text, one.end)
        or _PARAMETER_BEFORE.search(text[max(one.start - 40, 0) : one.start])
    )
