"""What figures are called in sentences and in results, to tell one from another."""

from __future__ import annotations

import re

_TERMS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"draw-?downs?|낙폭", ("drawdown", "depth")),
    (r"cagr|연평균", ("cagr", "annual_return")),
    (r"sharpe|샤프", ("sharpe",)),
    (r"sortino|소르티노", ("sortino",)),
    (r"calmar|칼마", ("calmar",)),
    (r"omega|오메가", ("omega",)),
    (r"win(?:ning)? rate|hit rate|승률", ("win_rate",)),
    (r"profit factor", ("profit_factor",)),
    (r"pay-?off(?: ratio)?|손익비", ("payoff",)),
    (r"volatility|변동성", ("volatility", "deviation")),
    (r"skew(?:ness)?|왜도", ("skew",)),
    (r"kurtosis|첨도", ("kurtosis",)),
    (r"turnover|회전율", ("turnover",)),
    (r"exposure", ("exposure",)),
    (r"\balpha|알파", ("alpha",)),
    (r"\bbeta|베타", ("beta",)),
    (r"round trips|trades|거래 ?횟수", ("trades", "trips", "winning", "losing")),
    (r"total return|총수익률", ("total_return",)),
    (r"\breturn|수익률", ("return",)),
)
"""Words for a figure in a text, and what its key in a result contains."""

_WORDS = tuple((re.compile(words, re.IGNORECASE), number) for number, (words, _) in
               enumerate(_TERMS))  # fmt: skip

_NO_SHARES = (
    "sharpe", "sortino", "calmar", "omega", "factor", "payoff", "skew", "kurtosis", "sqn",
    "ratio", "beta", "stability", "turnover", "trades", "count", "bars", "days", "duration",
    "price", "volume", "capital", "equity", "cash", "quantity", "final_value",
)  # fmt: skip
"""What the key of a figure contains that is never a percentage."""

_NO_SHARES_ALONE = ("open", "high", "low", "close", "rows", "sessions", "shares")
"""Such keys as a whole."""


def figures_named(text: str) -> frozenset[int]:
    """Return which figures a text names, by their numbers in the list above."""
    return frozenset(number for words, number in _WORDS if words.search(text))


def figures_of_key(key: str) -> frozenset[int]:
    """Return which figures a result's key is; none where its name says nothing."""
    folded = key.casefold()
    return frozenset(
        number for number, (_, stems) in enumerate(_TERMS) if any(one in folded for one in stems)
    )


def may_be_share(key: str) -> bool:
    """Return whether what stands under a key can be a percentage."""
    folded = key.casefold()
    return folded not in _NO_SHARES_ALONE and not any(one in folded for one in _NO_SHARES)
