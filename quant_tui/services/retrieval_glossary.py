"""The field's terms in English and Korean, so that a question in one finds a text in the other."""

from __future__ import annotations

import re
from functools import cache

GLOSSARY: tuple[tuple[str, ...], ...] = (
    ("backtest", "백테스트"),
    ("strategy", "전략"),
    ("optimisation", "optimization", "최적화"),
    ("parameter", "매개변수", "파라미터"),
    ("model", "모델"),
    ("experiment", "실험"),
    ("prediction", "forecast", "예측"),
    ("machine learning", "머신러닝", "기계 학습"),
    ("neural network", "LSTM", "신경망", "딥러닝"),
    ("gradient boosting", "LightGBM", "CatBoost", "부스팅"),
    ("overfitting", "overfitted", "과최적화", "과적합"),
    ("out of sample", "표본 외"),
    ("walk-forward", "워크포워드", "전진 분석"),
    ("moving average", "이동평균", "이평선"),
    ("golden cross", "골든크로스"),
    ("death cross", "데드크로스"),
    ("crossover", "cross", "교차"),
    ("relative strength index", "RSI", "상대강도지수"),
    ("Bollinger bands", "볼린저 밴드"),
    ("stochastic", "스토캐스틱"),
    ("oversold", "과매도"),
    ("overbought", "과매수"),
    ("mean reversion", "평균 회귀", "역추세"),
    ("trend following", "trend", "추세 추종", "추세"),
    ("momentum", "모멘텀"),
    ("breakout", "돌파"),
    ("new high", "신고가"),
    ("new low", "신저가"),
    ("channel", "채널"),
    ("rotation", "순환"),
    ("sector", "업종", "섹터"),
    ("pairs trading", "pair", "spread", "페어 트레이딩", "스프레드"),
    ("arbitrage", "차익거래"),
    ("carry", "캐리"),
    ("seasonality", "seasonal", "계절성"),
    ("month end", "turn of the month", "월말"),
    ("weekday", "day of the week", "요일"),
    ("gap", "갭"),
    ("volume", "거래량"),
    ("volatility", "변동성"),
    ("risk", "위험", "리스크"),
    ("stop loss", "손절"),
    ("trailing stop", "추적 손절", "트레일링 스탑"),
    ("take profit", "익절"),
    ("position", "포지션", "비중"),
    ("rebalance", "리밸런싱"),
    ("dividend", "배당"),
    ("value", "가치주", "저평가"),
    ("growth", "성장주", "성장"),
    ("small cap", "소형주"),
    ("large cap", "대형주"),
    ("buy and hold", "매수 후 보유", "장기 투자"),
    ("benchmark", "벤치마크"),
    ("return", "수익률"),
    ("profit", "gain", "수익", "이익"),
    ("loss", "lost", "손실"),
    ("drawdown", "낙폭"),
    ("Sharpe ratio", "샤프 비율", "샤프 지수"),
    ("win rate", "승률"),
    ("trades", "거래 횟수"),
    ("commission", "수수료"),
    ("slippage", "슬리피지"),
    ("crash", "폭락"),
    ("financial crisis", "금융 위기", "금융위기"),
    ("rally", "surge", "급등"),
    ("plunge", "급락"),
    ("earnings", "results", "실적"),
    ("revenue", "sales", "매출"),
    ("operating profit", "영업이익"),
    ("interest rate", "policy rate", "rates", "금리"),
    ("central bank", "Federal Reserve", "Fed", "중앙은행", "연준"),
    ("inflation", "물가", "인플레이션"),
    ("bank", "은행"),
    ("production cut", "output cut", "감산"),
    ("semiconductor", "chip", "반도체"),
    ("stock", "shares", "주식"),
    ("index", "지수"),
    ("bond", "treasury", "채권", "국채"),
    ("futures", "선물"),
    ("option", "옵션"),
    ("gold", "GLD", "금"),
    ("oil", "crude", "USO", "원유", "유가"),
    ("dollar", "달러"),
    ("yen", "USDJPY", "엔화", "엔"),
    ("currency", "forex", "환율", "외환"),
    ("bitcoin", "BTC", "비트코인"),
    ("crypto", "가상화폐", "암호화폐"),
    ("Korea", "KOSPI", ".KS", "한국", "코스피"),
    ("Samsung", "005930", "삼성전자", "삼성"),
    ("SK hynix", "000660", "하이닉스"),
    ("Naver", "035420", "네이버"),
    ("Hyundai", "005380", "현대차"),
    ("Apple", "AAPL", "애플"),
    ("Google", "GOOG", "GOOGL", "Alphabet", "구글", "알파벳"),
    ("Microsoft", "MSFT", "마이크로소프트"),
    ("Amazon", "AMZN", "아마존"),
    ("Nvidia", "NVDA", "엔비디아"),
    ("Tesla", "TSLA", "테슬라"),
    ("Meta", "Facebook", "메타", "페이스북"),
    ("S&P 500", "SPX", "SPY", "에스앤피"),
    ("Nasdaq", "NDX", "QQQ", "나스닥"),
    ("news", "뉴스"),
    ("sentiment", "심리"),
    ("note", "memo", "메모"),
)
"""Each line: words for one thing."""

KIND_TERMS: dict[str, tuple[str, ...]] = {
    "strategy": ("strategy", "strategie", "전략"),
    "backtest": ("backtest", "back-test", "백테스트"),
    "study": ("study", "studie", "optimisation", "optimization", "최적화"),
    "model": ("model", "모델"),
    "experiment": ("experiment", "실험"),
    "news": ("news", "headline", "뉴스"),
}
"""What the kinds of objects are called in a question."""

_HANGUL = re.compile("[가-힣]")


def kinds_named(question: str) -> tuple[str, ...]:
    """Return the kinds of objects that a question names: "which of my backtests …"."""
    folded = question.casefold()
    return tuple(
        kind
        for kind, words in KIND_TERMS.items()
        if any(_pattern(word).search(folded) for word in words)
    )


def other_words(question: str) -> str:
    """Return what else the terms of a question are called; empty when none is known."""
    folded = question.casefold()
    found: dict[str, None] = {}
    for line, patterns in _patterns():
        if any(pattern.search(folded) for pattern in patterns):
            found |= {word: None for word in line if word.casefold() not in folded}
    return " ".join(found)


@cache
def _patterns() -> tuple[tuple[tuple[str, ...], tuple[re.Pattern[str], ...]], ...]:
    return tuple((line, tuple(_pattern(word) for word in line)) for line in GLOSSARY)


def _pattern(word: str) -> re.Pattern[str]:
    """Match a word from its beginning; one syllable of Korean only with a particle at most."""
    escaped = re.escape(word.casefold())
    if not _HANGUL.search(word):
        return re.compile(rf"(?<![a-z0-9]){escaped}(?:s|es|ing|ed)?(?![a-z0-9])")
    if len(word) == 1:
        return re.compile(
            rf"(?<![가-힣]){escaped}(?:이|가|은|는|을|를|의|과|와|에|으로|로)?(?![가-힣])"
        )
    return re.compile(escaped)
