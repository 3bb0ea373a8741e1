"""Words beside what a document says: figures and names of the field, in English and Korean.

A number means little to an encoder, and an abbreviation nothing in another language: what
they stand for is written beside them, so that a question in words finds them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

TYPE_WORDS: Mapping[str, str] = {
    "SMA_CROSSOVER": "trend following, simple moving averages crossing, golden cross; "
    "추세 추종, 단순 이동평균 교차, 골든크로스",
    "EMA_CROSSOVER": "trend following, exponential moving averages crossing; "
    "추세 추종, 지수 이동평균 교차",
    "RSI_MEAN_REVERSION": "mean reversion, oversold and overbought, buys dips; "
    "평균 회귀, 과매도 과매수, 역추세",
    "MACD": "trend and momentum, MACD line crossing its signal line; MACD 시그널 교차, 추세 전환",
    "BOLLINGER_REVERSION": "mean reversion, Bollinger bands; 볼린저 밴드, 평균 회귀, 역추세",
    "DONCHIAN_BREAKOUT": "breakout of a price channel, turtle trend following; "
    "돌파 매매, 돈치안 채널, 신고가 돌파, 터틀",
    "MOMENTUM": "cross-sectional momentum, rotation into the strongest; "
    "모멘텀, 상대 강도, 종목 순환, 강한 종목 매수",
    "VOLATILITY_TARGET": "volatility targeting, risk parity, risk control; "
    "변동성 목표, 위험 균형, 리스크 관리",
    "BUY_AND_HOLD": "buy and hold, passive benchmark; 매수 후 보유, 장기 투자",
    "ML_SIGNAL": "machine learning prediction as a signal; 머신러닝 예측 신호, 인공지능",
    "CUSTOM": "own rules; 직접 만든 규칙",
}

NAME_WORDS: Mapping[str, str] = {
    "sma": "simple moving average 이동평균",
    "ema": "exponential moving average 지수 이동평균",
    "rsi": "relative strength index 상대강도지수",
    "macd": "moving average convergence divergence",
    "bollinger": "Bollinger bands 볼린저 밴드",
    "bollinger_upper": "Bollinger bands 볼린저 밴드",
    "bollinger_lower": "Bollinger bands 볼린저 밴드",
    "bollinger_middle": "Bollinger bands 볼린저 밴드",
    "atr": "average true range 평균 진폭 변동성",
    "adx": "average directional index 추세 강도",
    "stoch_k": "stochastic oscillator 스토캐스틱",
    "stoch_d": "stochastic oscillator 스토캐스틱",
    "stochastic": "stochastic oscillator 스토캐스틱",
    "obv": "on-balance volume 거래량",
    "mfi": "money flow index 자금 흐름",
    "cci": "commodity channel index",
    "volume": "volume 거래량",
    "highest": "highest high 신고가 돌파",
    "lowest": "lowest low 신저가",
    "roc": "rate of change momentum 모멘텀",
    "zscore": "z-score 평균 회귀",
    "stop_loss": "stop loss 손절매",
    "take_profit": "take profit 익절",
    "trailing_stop": "trailing stop 추적 손절",
    "sentiment": "news sentiment 뉴스 심리",
    "weekday": "day of week 요일 효과",
    "month": "month of the year, seasonality 계절성",
}
"""Functions and keys of the rule language, and the field's abbreviations."""

KIND_WORDS: Mapping[str, str] = {
    "strategy": "Strategy 전략",
    "backtest": "Backtest 백테스트",
    "study": "Optimisation study 최적화 연구",
    "model": "Machine-learning model 머신러닝 모델",
    "experiment": "Experiment 실험",
    "news": "News 뉴스",
}

_WORD = re.compile(r"[A-Za-z_]+")


def words_for(names: Iterable[str]) -> str:
    """Return what the names in expressions stand for, each once; empty when none is known."""
    known = {
        NAME_WORDS[word.lower()]: None
        for name in names
        for word in _WORD.findall(name)
        if word.lower() in NAME_WORDS
    }
    return ", ".join(known)


def percent(fraction: float) -> str:
    """Return a fraction as people write it: ``-12.3 %``."""
    return f"{fraction * 100:.1f} %"


def figures_in_words(figures: Mapping[str, object]) -> str:
    """Return the main figures of a run as sentences, with what they amount to.

    The bounds are rules of thumb: a Sharpe ratio of 1 is good and 2 very good, a drawdown of
    10 % small and of 30 % large.
    """
    said: list[str] = []
    if (total := _number(figures, "total_return")) is not None:
        word = (
            "profit, gain 수익" if total > 0 else "loss, lost money 손실" if total < 0 else "flat"
        )
        said.append(f"Total return 총수익률 {percent(total)}, {word}.")
    if (growth := _number(figures, "cagr")) is not None:
        said.append(f"CAGR 연평균 수익률 {percent(growth)}.")
    if (sharpe := _number(figures, "sharpe_ratio")) is not None:
        word = _grade(
            sharpe, (0, "poor 나쁨"), (1, "moderate 보통"), (2, "good 좋음"), "very good 매우 좋음"
        )
        said.append(f"Sharpe ratio 샤프 비율 {sharpe:.2f}, {word}.")
    if (drawdown := _number(figures, "max_drawdown")) is not None:
        word = _grade(
            -drawdown,
            (0.1, "small, low risk 낮은 낙폭"),
            (0.3, "moderate 보통 낙폭"),
            "large, deep, high risk 큰 낙폭",
        )
        said.append(f"Maximum drawdown 최대 낙폭 {percent(drawdown)}, {word}.")
    if (rate := _number(figures, "win_rate")) is not None:
        said.append(f"Win rate 승률 {percent(rate)}.")
    if (trades := _number(figures, "total_trades")) is not None:
        word = _grade(
            trades, (1, "never traded 거래 없음"), (20, "few 적음"), (200, "some"), "many 많음"
        )
        said.append(f"Trades 거래 횟수 {trades:.0f}, {word}.")
    return " ".join(said)


def _grade(value: float, *steps: tuple[float, str] | str) -> str:
    """Return the word of the first step that the value lies below, or the last word."""
    for step in steps:
        if isinstance(step, str):
            return step
        if value < step[0]:
            return step[1]
    return ""


def _number(figures: Mapping[str, object], name: str) -> float | None:
    value = figures.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
