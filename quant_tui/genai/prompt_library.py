"""The library of prompts that everybody has, in English and Korean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

STRATEGY, REVIEW = "strategy", "review"
"""Tags: what writes a strategy, and what looks at results."""


@dataclass(frozen=True, slots=True)
class LibraryPrompt:
    """One prompt. ``key`` tells it from the others for good."""

    key: str
    language: str
    name: str
    description: str
    template: str
    variables: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    tags: tuple[str, ...] = ()


def _whole(title: str, default: int, low: int, high: int) -> dict[str, object]:
    return {"type": "integer", "title": title, "default": default, "low": low, "high": high}


def _number(title: str, default: float, low: float, high: float) -> dict[str, object]:
    return {"type": "number", "title": title, "default": default, "low": low, "high": high}


def _window(title: str, default: int, high: int = 400) -> dict[str, object]:
    return _whole(title, default, 2, high)


def _text(title: str, default: str | None = None) -> dict[str, object]:
    plain: dict[str, object] = {"type": "text", "title": title}
    return plain if default is None else {**plain, "default": default}


LIBRARY: tuple[LibraryPrompt, ...] = (
    LibraryPrompt(
        "rsi.en", "en", "RSI mean reversion",
        "A strategy that buys when RSI is low and sells when it has recovered.",
        "Write a long-only strategy on RSI with a window of {window} bars. Enter when RSI is "
        "below {low}, leave when it is above {high}. Only enter while the close is above its "
        "{trend}-bar average. Make each of these figures a parameter with a sensible range. {more}",
        {
            "window": _window("RSI window, bars", 14, 100),
            "low": _number("Enter below", 30, 0, 100),
            "high": _number("Leave above", 55, 0, 100),
            "trend": _window("Trend average, bars", 200),
            "more": _text("Anything else", ""),
        },
        (STRATEGY, "mean reversion"),
    ),
    LibraryPrompt(
        "rsi.ko", "ko", "RSI 전략 만들어줘",
        "RSI가 낮을 때 사고 회복하면 파는 전략.",
        "RSI 전략 만들어줘. 매수만 하고, RSI 기간은 {window}봉이야. RSI가 {low} 아래면 진입하고 "
        "{high} 위면 청산해. 종가가 {trend}봉 이동평균 위에 있을 때만 진입해. 이 숫자들은 모두 "
        "적절한 범위를 가진 파라미터로 만들어줘. {more}",
        {
            "window": _window("RSI 기간(봉)", 14, 100),
            "low": _number("진입 기준", 30, 0, 100),
            "high": _number("청산 기준", 55, 0, 100),
            "trend": _window("추세 이동평균(봉)", 200),
            "more": _text("그 밖의 요구", ""),
        },
        (STRATEGY, "평균회귀"),
    ),
    LibraryPrompt(
        "momentum.en", "en", "Cross-sectional momentum",
        "A strategy that holds the strongest symbols of a universe.",
        "Write a momentum strategy over many symbols: rank them by their return over {lookback} "
        "bars without the last {skip}, hold the best {count} in equal weights, and be in cash "
        "while a symbol's own return is negative. Make the figures parameters. {more}",
        {
            "lookback": _window("Look-back, bars", 252, 600),
            "skip": _window("Left out, bars", 21, 60),
            "count": _whole("Symbols held", 3, 1, 100),
            "more": _text("Anything else", ""),
        },
        (STRATEGY, "momentum"),
    ),
    LibraryPrompt(
        "momentum.ko", "ko", "모멘텀 전략",
        "여러 종목 가운데 가장 강한 것을 보유하는 전략.",
        "여러 종목에 대한 모멘텀 전략을 만들어줘. 최근 {skip}봉을 뺀 {lookback}봉 수익률로 "
        "순위를 매기고, 상위 {count}개를 같은 비중으로 보유해. 수익률이 음수인 종목은 현금으로 둬. "
        "숫자는 파라미터로 만들어줘. {more}",
        {
            "lookback": _window("기간(봉)", 252, 600),
            "skip": _window("제외(봉)", 21, 60),
            "count": _whole("보유 종목 수", 3, 1, 100),
            "more": _text("그 밖의 요구", ""),
        },
        (STRATEGY, "모멘텀"),
    ),
    LibraryPrompt(
        "pair.en", "en", "Pair of two symbols",
        "A strategy that holds the one of two symbols that has fallen behind the other.",
        "Write a strategy for a universe of exactly two related symbols. Compare how far each is "
        "from its own {window}-bar average with cross-sectional functions; hold the one that has "
        "fallen behind when its z-score over {window} bars is below -{entry}, and leave when it "
        "is back at {exit}. Long only. Make the figures parameters. {more}",
        {
            "window": _window("Window, bars", 60),
            "entry": _number("Enter at z-score", 1.5, 0, 5),
            "exit": _number("Leave at z-score", 0, -5, 5),
            "more": _text("Anything else", ""),
        },
        (STRATEGY, "pair"),
    ),
    LibraryPrompt(
        "pair.ko", "ko", "페어 전략",
        "두 종목 가운데 뒤처진 쪽을 보유하는 전략.",
        "서로 관련된 두 종목에 대한 전략을 만들어줘. 각 종목이 자신의 {window}봉 평균에서 얼마나 "
        "떨어져 있는지 비교해서, {window}봉 z-점수가 -{entry} 아래인 뒤처진 종목을 사고 {exit}까지 "
        "돌아오면 청산해. 매수만 해. 숫자는 파라미터로 만들어줘. {more}",
        {
            "window": _window("기간(봉)", 60),
            "entry": _number("진입 z-점수", 1.5, 0, 5),
            "exit": _number("청산 z-점수", 0, -5, 5),
            "more": _text("그 밖의 요구", ""),
        },
        (STRATEGY, "페어"),
    ),
    LibraryPrompt(
        "explain.en", "en", "Explain a backtest",
        "What a result says, and how far to believe it.",
        "Explain backtest {backtest}: what the strategy does, when it earned and lost, what its "
        "trust card says, and what would have to be true for it to go on. Name the figures that "
        "you rest on. Write for {reader}.",
        {
            "backtest": _text("Name or id"),
            "reader": {"type": "choice", "title": "Reader", "default": "a trader",
                       "choices": ["a trader", "a beginner", "a risk committee"]},
        },
        (REVIEW, "backtest"),
    ),
    LibraryPrompt(
        "explain.ko", "ko", "백테스트 설명",
        "결과가 무엇을 말하고 얼마나 믿을 수 있는지.",
        "백테스트 {backtest}를 설명해줘. 전략이 무엇을 하는지, 언제 벌고 언제 잃었는지, 신뢰도 "
        "카드가 무엇을 말하는지, 앞으로도 통하려면 무엇이 사실이어야 하는지 알려줘. 근거가 되는 "
        "수치를 밝혀줘. 읽는 사람은 {reader}야.",
        {
            "backtest": _text("이름 또는 id"),
            "reader": {"type": "choice", "title": "읽는 사람", "default": "트레이더",
                       "choices": ["트레이더", "초보자", "리스크 위원회"]},
        },
        (REVIEW, "백테스트"),
    ),
    LibraryPrompt(
        "compare.en", "en", "Compare backtests",
        "Which of several results is better, and why.",
        "Compare the backtests {backtests}. What differs in their set-up? Which is better by "
        "{measure}, and is the difference more than luck? Which would you rather trade, and why?",
        {
            "backtests": _text("Names or ids, two to six"),
            "measure": _text("Measure", "Sharpe ratio and maximum drawdown"),
        },
        (REVIEW, "backtest"),
    ),
    LibraryPrompt(
        "compare.ko", "ko", "백테스트 비교",
        "여러 결과 가운데 어느 것이 왜 나은지.",
        "백테스트 {backtests}를 비교해줘. 설정은 무엇이 다른지, {measure} 기준으로 어느 쪽이 "
        "나은지, 그 차이가 운 이상인지, 어느 것을 실제로 거래하겠는지 이유와 함께 알려줘.",
        {
            "backtests": _text("이름 또는 id, 두 개에서 여섯 개"),
            "measure": _text("기준", "샤프 비율과 최대 낙폭"),
        },
        (REVIEW, "백테스트"),
    ),
    LibraryPrompt(
        "risk.en", "en", "Risk review",
        "What could go wrong with a strategy or a portfolio.",
        "Review the risks of {subject}: drawdowns and how long they lasted, concentration, costs "
        "and turnover, dependence on single trades, years or symbols, and signs of over-fitting. "
        "A loss of {limit} % is the most I can bear: how near does it come? End with three things "
        "to check next.",
        {
            "subject": _text("Strategy, backtest or portfolio"),
            "limit": _number("Most loss, percent", 20, 0, 100),
        },
        (REVIEW, "risk"),
    ),
    LibraryPrompt(
        "risk.ko", "ko", "리스크 점검",
        "전략이나 포트폴리오에서 잘못될 수 있는 것.",
        "{subject}의 리스크를 점검해줘. 낙폭과 그 기간, 집중도, 비용과 회전율, 특정 "
        "거래·연도·종목에 대한 의존, 과최적화의 징후를 봐줘. 내가 견딜 수 있는 손실은 {limit} %야. "
        "얼마나 가까이 갔는지 알려주고, 다음에 확인할 것 세 가지로 끝내줘.",
        {
            "subject": _text("전략, 백테스트 또는 포트폴리오"),
            "limit": _number("최대 손실(퍼센트)", 20, 0, 100),
        },
        (REVIEW, "리스크"),
    ),
    LibraryPrompt(
        "ranges.en", "en", "Parameter ranges",
        "What to search in an optimisation.",
        "Suggest ranges for an optimisation of strategy {strategy} on {symbols} with {trials} "
        "trials: which parameters to search, from where to where and in which steps, which to "
        "leave alone, and which constraints between them make sense. Say why.",
        {
            "strategy": _text("Name or id"),
            "symbols": {"type": "symbols", "title": "Symbols"},
            "trials": _whole("Trials", 100, 5, 100000),
        },
        (REVIEW, "optimisation"),
    ),
    LibraryPrompt(
        "ranges.ko", "ko", "파라미터 범위",
        "최적화에서 무엇을 찾을지.",
        "전략 {strategy}를 {symbols}에서 {trials}번 시도로 최적화할 범위를 제안해줘. 어떤 "
        "파라미터를 어디서 어디까지 어떤 간격으로 찾을지, 무엇은 그대로 둘지, 파라미터 사이에 "
        "어떤 조건이 맞는지 이유와 함께 알려줘.",
        {
            "strategy": _text("이름 또는 id"),
            "symbols": {"type": "symbols", "title": "종목"},
            "trials": _whole("시도 횟수", 100, 5, 100000),
        },
        (REVIEW, "최적화"),
    ),
)  # fmt: skip
