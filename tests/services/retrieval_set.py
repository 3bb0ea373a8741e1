"""Objects as traders have them, and what they ask for, in Korean and English.

``TUNING`` is what weights were chosen by; ``HELD_OUT`` was written before that and ``FRESH``
after it, and neither was looked at while choosing. Each question names the objects of which
one has to be found.
"""

from __future__ import annotations

from quant_tui.domain.base import Document, utc_now
from quant_tui.domain.market_data import NewsData
from quant_tui.domain.ml_platform import MLModel
from quant_tui.domain.trading import Backtest, OptimizationStudy, Strategy
from quant_tui.domain.vocabulary import ModelStatus, ModelType, RunStatus
from quant_tui.engine.templates import TEMPLATES
from quant_tui.services.retrieval_texts import (
    ObjectText,
    backtest_text,
    model_text,
    news_text,
    strategy_text,
    study_text,
)

USER = "u"


def strategy(
    key: str, name: str, kind: str, description: str = "", notes: str = "", **rules: object
) -> ObjectText:
    made = Strategy(
        id=key, name=name, strategy_type=kind, description=description, notes=notes, user_id=USER
    )
    own = dict(rules) if rules else dict(TEMPLATES[kind].document)
    return strategy_text(made, own)


def backtest(
    key: str, name: str, kind: str, symbols: str, years: str, figures: str, notes: str = ""
) -> ObjectText:
    start, end = years.split("-")
    names = ("total_return", "sharpe_ratio", "max_drawdown", "win_rate", "total_trades")
    performance: Document = dict(zip(names, map(float, figures.split()), strict=True))
    config: Document = {
        "symbols": symbols.split(),
        "start_date": f"{start}-01-01",
        "end_date": f"{end}-12-31",
        "strategy": {
            "name": TEMPLATES[kind].name,
            "strategy_type": kind,
            "document": TEMPLATES[kind].document,
        },
    }
    made = Backtest(
        id=key,
        name=name,
        description=notes,
        config=config,
        status=RunStatus.COMPLETED,
        user_id=USER,
    )
    return backtest_text(made, performance)


def study(key: str, name: str, kind: str, symbols: str, notes: str = "") -> ObjectText:
    made = OptimizationStudy(
        id=key,
        name=name,
        user_id=USER,
        n_trials=200,
        done_trials=200,
        status=RunStatus.COMPLETED,
        notes=notes,
        best_value=1.31,
        best_params={"short_window": 18, "long_window": 77},
        parameter_space={"short_window": {}, "long_window": {}},
        config={
            "symbols": symbols.split(),
            "start_date": "2010-01-01",
            "end_date": "2020-12-31",
            "strategy": {"name": TEMPLATES[kind].name, "strategy_type": kind},
        },
    )
    return study_text(made)


def model(
    key: str, name: str, kind: ModelType, features: str, symbols: str, notes: str = ""
) -> ObjectText:
    made = MLModel(
        id=key,
        name=name,
        model_type=kind,
        status=ModelStatus.PRODUCTION,
        user_id=USER,
        target={"kind": "return", "horizon": 5},
        metrics={"rmse": 0.021, "direction_accuracy": 0.53},
        features=features.split(),
        lineage={"symbols": symbols.split()},
        notes=notes,
        trained_at=utc_now(),
    )
    return model_text(made)


def news(key: str, symbol: str, title: str, content: str, score: float) -> ObjectText:
    return news_text(
        NewsData(
            id=key,
            symbol=symbol,
            title=title,
            content=content,
            sentiment_score=score,
            published_at=utc_now(),
        )
    )


OBJECTS: tuple[ObjectText, ...] = (
    strategy("s-dip", "Dip buyer", "RSI_MEAN_REVERSION"),
    strategy("s-golden", "골든크로스 20/60", "SMA_CROSSOVER",
             "20일선이 60일선을 상향 돌파하면 매수"),
    strategy("s-ema", "Fast EMA cross", "EMA_CROSSOVER"),
    strategy("s-macd", "MACD 시그널", "MACD"),
    strategy("s-band", "밴드 하단 매수", "BOLLINGER_REVERSION"),
    strategy("s-turtle", "Turtle system two", "DONCHIAN_BREAKOUT", "55-day breakout, 20-day exit."),
    strategy("s-rotation", "Sector rotation", "MOMENTUM", "Holds the three strongest sector ETFs."),
    strategy("s-voltarget", "Quiet sleep", "VOLATILITY_TARGET"),
    strategy("s-hold", "Just hold it", "BUY_AND_HOLD"),
    strategy("s-ml", "Signal follower", "ML_SIGNAL"),
    strategy(
        "s-turn", "Turn of the month", "CUSTOM",
        "Buys on the last trading day of the month and sells on the third of the next.",
        entry="monthday >= 28", exit="monthday == 3",
    ),
    strategy(
        "s-gap", "갭 하락 매수", "CUSTOM",
        "전일 종가보다 3% 이상 낮게 시작하면 시가에 사서 당일 종가에 판다.",
        entry="open < ref(close, 1) * 0.97", exit="true",
    ),
    strategy(
        "s-volume", "Volume spike", "CUSTOM",
        "Buys when volume is three times its average and the close is a new high.",
        notes="Works on small caps only. 대형주에서는 거의 신호가 없음.",
        entry="volume > 3 * sma(volume, 20) and close > highest(close, 50)",
        exit="close < sma(close, 20)",
    ),
    strategy(
        "s-pairs", "KO vs PEP spread", "CUSTOM",
        "Trades the spread of two soft-drink makers back to its mean.",
        entry="zscore(close, 60) < -2", exit="zscore(close, 60) > 0",
    ),
    strategy(
        "s-stop", "추적 손절 추세", "CUSTOM",
        "추세를 따르다가 고점에서 15% 떨어지면 정리한다.",
        entry="close > sma(close, 100)", exit="false", stops={"trailing_stop": 0.15},
    ),
    strategy(
        "s-fear", "Fear buyer", "CUSTOM",
        "Buys the index when implied volatility spikes above 35 and holds for a month.",
        notes="2020년 3월 코로나 폭락에서 가장 잘 됐다. 포지션은 반으로 줄일 것.",
        entry="external(vix) > 35", exit="bars_since_entry >= 21",
    ),
    strategy(
        "s-dividend", "배당 성장주", "CUSTOM",
        "배당을 10년 넘게 늘린 기업만 담고 분기마다 비중을 다시 맞춘다.",
        entry="true", exit="false",
    ),
    backtest("b-spx", "SPX trend since the seventies", "SMA_CROSSOVER", "SPX", "1975-2020",
             "8.4 0.71 -0.34 0.44 61"),
    backtest("b-goog", "GOOG 골든크로스", "SMA_CROSSOVER", "GOOG", "2010-2020",
             "2.1 0.92 -0.27 0.5 14"),
    backtest("b-crash", "RSI in the financial crisis", "RSI_MEAN_REVERSION", "SPX", "2007-2009",
             "-0.41 -0.8 -0.52 0.36 22", "Bought all the way down through the crash of 2008."),
    backtest("b-rsi", "RSI on Apple", "RSI_MEAN_REVERSION", "AAPL", "2012-2022",
             "1.3 1.05 -0.22 0.68 47"),
    backtest("b-samsung", "삼성전자 볼린저", "BOLLINGER_REVERSION", "005930.KS", "2015-2023",
             "0.18 0.35 -0.31 0.61 88"),
    backtest("b-kospi", "코스피 모멘텀 순환", "MOMENTUM", "005930.KS 000660.KS 035420.KS",
             "2014-2024", "1.9 1.12 -0.29 0.57 240"),
    backtest("b-btc", "Bitcoin breakout", "DONCHIAN_BREAKOUT", "BTC-USD", "2016-2024",
             "31.0 1.4 -0.58 0.41 39"),
    backtest("b-gold", "금 추세 추종", "EMA_CROSSOVER", "GLD", "2006-2023",
             "0.55 0.4 -0.38 0.33 72"),
    backtest("b-bonds", "Treasuries at constant risk", "VOLATILITY_TARGET", "TLT IEF", "2005-2024",
             "0.7 0.66 -0.14 0.55 410"),
    backtest("b-oil", "Crude MACD", "MACD", "USO", "2010-2022", "-0.62 -0.35 -0.81 0.3 133"),
    backtest("b-best", "Semiconductor momentum", "MOMENTUM", "NVDA AMD AVGO TSM", "2015-2024",
             "24.0 2.3 -0.33 0.63 120"),
    backtest("b-fx", "Yen carry", "EMA_CROSSOVER", "USDJPY", "2000-2024", "0.12 0.11 -0.4 0.42 95",
             "Interest is left out, so this is not the whole carry."),
    backtest("b-never", "Fear buyer, no signals", "BUY_AND_HOLD", "SPX", "1995-1996",
             "0.0 0.0 0.0 0.0 0", "임계값이 너무 높아 한 번도 거래하지 않았다."),
    study("o-sma", "Windows of the crossover", "SMA_CROSSOVER", "SPX",
          "Plateau around 18/77; neighbours are as good, so not overfitted."),
    study("o-rsi", "RSI 기간 최적화", "RSI_MEAN_REVERSION", "AAPL MSFT",
          "과최적화 의심: 표본 외에서 성과가 절반으로 떨어짐."),
    study("o-donchian", "Breakout lengths on futures", "DONCHIAN_BREAKOUT", "CL GC ZN"),
    model("m-signal", "signal", ModelType.LIGHTGBM, "rsi_14@1.0.0 momentum_60@1.1.0", "SPX NDX",
          "Gradient boosting on momentum features, better than the naive forecast."),
    model("m-lstm", "sequence", ModelType.LSTM, "returns_1@1.0.0 volume_z@1.0.0", "AAPL",
          "순환 신경망. 검증 손실이 20 에폭 뒤로 다시 올라감."),
    model("m-season", "seasonal", ModelType.PROPHET, "close@1.0.0", "GLD",
          "Yearly seasonality of gold; weak."),
    news("n-fed", "SPX", "Fed leaves rates unchanged, signals two cuts",
         "The Federal Reserve held its policy rate and projected two cuts next year.", 0.3),
    news("n-chip", "NVDA", "Nvidia beats estimates on data-centre demand",
         "Revenue from data centres tripled; guidance above expectations.", 0.7),
    news("n-samsung", "005930.KS", "삼성전자, 반도체 감산 발표",
         "메모리 가격 하락으로 영업이익이 급감해 생산량을 줄이기로 했다.", -0.4),
    news("n-oil", "USO", "OPEC agrees surprise output cut",
         "Crude jumped six percent after producers cut a million barrels a day.", 0.2),
    news("n-bank", "KRE", "Regional bank fails after deposit run",
         "Regulators closed the lender; shares of peers plunged.", -0.8),
)  # fmt: skip

Question = tuple[str, tuple[str, ...]]

TUNING: tuple[Question, ...] = (
    ("oversold bounce strategy", ("s-dip",)),
    ("과매도에서 매수하는 전략 보여줘", ("s-dip",)),
    ("이동평균 교차 전략", ("s-golden", "s-ema")),
    ("which of my strategies follow breakouts?", ("s-turtle", "s-volume")),
    ("신고가 돌파 매매", ("s-turtle", "s-volume")),
    ("strategy for the end of the month", ("s-turn",)),
    ("월말에 사서 월초에 파는 전략", ("s-turn",)),
    ("buy after a gap down", ("s-gap",)),
    ("pairs trading", ("s-pairs",)),
    ("bitcoin", ("b-btc",)),
    ("비트코인 돌파 백테스트", ("b-btc",)),
    ("my backtest during the 2008 crisis", ("b-crash",)),
    ("삼성전자 백테스트", ("b-samsung", "b-kospi")),
    ("gold trend following result", ("b-gold",)),
    ("highest Sharpe ratio very good", ("b-best",)),
    ("원유에서 손실난 백테스트", ("b-oil",)),
    ("overfitting of RSI", ("o-rsi",)),
    ("이동평균 기간 최적화 결과", ("o-sma",)),
    ("gradient boosting model", ("m-signal",)),
    ("신경망 모델", ("m-lstm",)),
    ("interest rate decision", ("n-fed",)),
    ("반도체 감산 뉴스", ("n-samsung",)),
)

HELD_OUT: tuple[Question, ...] = (
    ("how do I buy when the market panics?", ("s-fear",)),
    ("코로나 폭락 때 잘 된 전략", ("s-fear",)),
    ("trailing stop trend strategy", ("s-stop",)),
    ("고점에서 떨어지면 손절하는 전략", ("s-stop",)),
    ("dividend growth stocks", ("s-dividend",)),
    ("변동성을 일정하게 유지하는 전략", ("s-voltarget", "b-bonds")),
    ("rotate into the strongest sectors", ("s-rotation",)),
    ("볼린저 밴드 하단에서 사는 전략", ("s-band", "b-samsung")),
    ("passive benchmark, never sells", ("s-hold",)),
    ("machine learning prediction strategy", ("s-ml",)),
    ("unusual volume", ("s-volume",)),
    ("구글 골든크로스", ("b-goog",)),
    ("Apple RSI backtest", ("b-rsi",)),
    ("한국 주식 모멘텀 백테스트", ("b-kospi",)),
    ("엔화 캐리 트레이드", ("b-fx",)),
    ("backtest without a single trade", ("b-never",)),
    ("한 번도 거래하지 않은 백테스트", ("b-never",)),
    ("bonds with low drawdown", ("b-bonds",)),
    ("반도체 종목 모멘텀 수익률", ("b-best", "b-kospi")),
    ("S&P 500 moving average over decades", ("b-spx",)),
    ("optimisation of the breakout length on futures", ("o-donchian",)),
    ("seasonality of gold", ("m-season",)),
    ("bank run", ("n-bank",)),
    ("엔비디아 실적", ("n-chip",)),
    ("산유국 감산으로 유가 급등", ("n-oil",)),
    ("MACD 시그널 교차", ("s-macd", "b-oil")),
)

FRESH: tuple[Question, ...] = (
    ("변동성이 급등하면 지수를 사는 규칙", ("s-fear",)),
    ("what works for small companies only", ("s-volume",)),
    ("코카콜라 펩시", ("s-pairs",)),
    ("비중을 분기마다 조정", ("s-dividend",)),
    ("terrible losing backtest", ("b-oil", "b-crash")),
    ("국채 백테스트", ("b-bonds",)),
    ("turtle traders", ("s-turtle", "b-btc", "o-donchian")),
    ("일본 통화", ("b-fx",)),
    ("memory chip maker profits fall", ("n-samsung",)),
    ("validation loss rises again", ("m-lstm",)),
    ("금 계절성 예측 모델", ("m-season",)),
    ("연준 금리 동결", ("n-fed",)),
    ("wide plateau, robust parameters", ("o-sma",)),
    ("은행 파산", ("n-bank",)),
)
