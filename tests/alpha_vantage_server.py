"""A server on this machine that answers as Alpha Vantage documents, failures included.

Also to be run by hand, for trying the program out::

    python tests/alpha_vantage_server.py 8765
    QUANT_TUI_ALPHA_VANTAGE_BASE_URL=http://127.0.0.1:8765/query \\
        ALPHA_VANTAGE_API_KEY=SECRETKEY123456X quant-tui
"""

from __future__ import annotations

import gzip
import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

KEY = "SECRETKEY123456X"
SPLIT_DAY = date(2026, 6, 8)
DIVIDEND_DAY = date(2026, 8, 10)

BAD_SYMBOL = {
    "Error Message": "Invalid API call. Please retry or visit the documentation "
    "(https://www.alphavantage.co/documentation/) for TIME_SERIES_DAILY."
}
BAD_KEY = {
    "Error Message": "the parameter apikey is invalid or missing. Please claim your free API "
    "key on (https://www.alphavantage.co/support/#api-key). It should take less than 20 seconds."
}
PREMIUM = {
    "Information": "Thank you for using Alpha Vantage! This is a premium endpoint. You may "
    "subscribe to any of the premium plans at https://www.alphavantage.co/premium/ to "
    "instantly unlock all premium endpoints"
}
PREMIUM_FULL = {
    "Information": "Thank you for using Alpha Vantage! The outputsize=full parameter value is a "
    "premium feature for the TIME_SERIES_DAILY endpoint. You may subscribe to any of the premium "
    "plans at https://www.alphavantage.co/premium/ to instantly unlock all premium features"
}
MINUTE = {
    "Note": "Thank you for using Alpha Vantage! Our standard API call frequency is 5 calls per "
    "minute and 500 calls per day. Please visit https://www.alphavantage.co/premium/ if you "
    "would like to target a higher API call frequency."
}
SECOND = {
    "Information": "Thank you for using Alpha Vantage! Please consider spreading out your free "
    "API requests more sparingly (1 request per second). You may subscribe to any of the premium "
    "plans at https://www.alphavantage.co/premium/ to lift the free key rate limit (25 requests "
    "per day), raise the per-second burst limit, and instantly unlock all premium endpoints"
}
DAILY = {
    "Information": f"We have detected your API key as {KEY} and our standard API rate limit is "
    "25 requests per day. Please subscribe to any of the premium plans at "
    "https://www.alphavantage.co/premium/ to instantly remove all daily rate limits."
}
DEMO = {
    "Information": "The **demo** API key is for demo purposes only. Please claim your free API "
    "key at (https://www.alphavantage.co/support/#api-key) to explore our full API offerings."
}
NO_NEWS = {
    "Information": "No articles found matching the given parameters. Please refer to the API "
    "documentation https://www.alphavantage.co/documentation#newsapi and try again."
}

Answer = dict[str, Any] | str
Trouble = Callable[["Handler"], None]


class AlphaVantageServer:
    """What the server knows, and what it was asked.

    Attributes
    ----------
    asked
        The parameters of each request, in order, without the key.
    today
        The newest session that it has.
    answers
        Ready answers by function or by (function, symbol), before the made-up ones.
    over
        Set when the server ends.
    troubles
        What happens to the next requests instead of an answer, first one first.
    premium
        Whether premium endpoints answer.
    """

    def __init__(self, today: date = date(2026, 11, 24)) -> None:
        self.asked: list[dict[str, str]] = []
        self.was_asked = threading.Event()
        self.over = threading.Event()
        self.today = today
        self.answers: dict[object, Answer] = {}
        self.troubles: list[Trouble] = []
        self.premium = False
        self.symbols = {"IBM", "AAPL", "005930.KS", "TSLA"}
        self.url = ""

    @property
    def functions(self) -> list[str]:
        return [one["function"] for one in self.asked]

    def answer(self, asked: dict[str, str]) -> Answer:
        function, symbol = asked["function"], asked.get("symbol", "")
        for key in ((function, symbol), function):
            if key in self.answers:
                return self.answers[key]
        if symbol and symbol not in self.symbols:
            if function in ("OVERVIEW", "INCOME_STATEMENT", "BALANCE_SHEET", "CASH_FLOW"):
                return {}
            return BAD_SYMBOL
        made: dict[str, Callable[[dict[str, str]], Answer]] = {
            "TIME_SERIES_DAILY": self._daily,
            "TIME_SERIES_DAILY_ADJUSTED": self._daily_adjusted,
            "TIME_SERIES_INTRADAY": self._intraday,
            "SPLITS": lambda one: {
                "symbol": one["symbol"],
                "data": [{"effective_date": str(SPLIT_DAY), "split_factor": "2.0000"}],
            },
            "DIVIDENDS": lambda one: {
                "symbol": one["symbol"],
                "data": [
                    {
                        "ex_dividend_date": str(DIVIDEND_DAY),
                        "declaration_date": "2026-07-20",
                        "record_date": str(DIVIDEND_DAY),
                        "payment_date": "2026-09-10",
                        "amount": "1.50",
                    },
                    {
                        "ex_dividend_date": "1962-05-10",
                        "declaration_date": "None",
                        "record_date": "None",
                        "payment_date": "None",
                        "amount": "0.0050",
                    },
                ],
            },
            "NEWS_SENTIMENT": self._news,
            "SYMBOL_SEARCH": lambda one: {
                "bestMatches": [
                    {
                        "1. symbol": "IBM",
                        "2. name": "International Business Machines Corp",
                        "3. type": "Equity",
                        "4. region": "United States",
                        "5. marketOpen": "09:30",
                        "6. marketClose": "16:00",
                        "7. timezone": "UTC-04",
                        "8. currency": "USD",
                        "9. matchScore": "1.0000",
                    }
                ]
                if "ib" in one["keywords"].lower()
                else []
            },
            "LISTING_STATUS": lambda one: (
                "symbol,name,exchange,assetType,ipoDate,delistingDate,status\r\n"
                "A,Agilent Technologies Inc,NYSE,Stock,1999-11-18,null,Active\r\n"
                '"BRK-B","Berkshire, Class B",NYSE,Stock,1996-05-09,null,Active\r\n'
            ),
            "OVERVIEW": _overview,
            "INCOME_STATEMENT": lambda one: _statement(one, totalRevenue=100.0, netIncome=10.0),
            "BALANCE_SHEET": lambda one: _statement(
                one, totalAssets=500.0, totalShareholderEquity=200.0
            ),
            "CASH_FLOW": lambda one: _statement(one, operatingCashflow=20.0),
            "EARNINGS": _earnings,
        }
        if function in made:
            return made[function](asked)
        return _economic(asked)

    def sessions(self) -> list[date]:
        """Weekdays of the last three years, the newest first."""
        days = (self.today - timedelta(days=back) for back in range(3 * 365))
        return [day for day in days if day.weekday() < 5]

    def bar(self, day: date) -> dict[str, str]:
        """Prices of a day: 100 before the split's day counts 200 as it was traded."""
        close = 100.0 + day.toordinal() % 10
        if day < SPLIT_DAY:
            close *= 2
        return {
            "1. open": f"{close - 1:.4f}",
            "2. high": f"{close + 2:.4f}",
            "3. low": f"{close - 2:.4f}",
            "4. close": f"{close:.4f}",
            "5. volume": "1000",
        }

    def _meta(self, asked: dict[str, str], zone: str = "US/Eastern") -> dict[str, str]:
        return {
            "1. Information": "Daily Prices (open, high, low, close) and Volumes",
            "2. Symbol": asked["symbol"],
            "3. Last Refreshed": str(self.today),
            "4. Output Size": asked.get("outputsize", "compact").title(),
            "5. Time Zone": zone,
        }

    def _daily(self, asked: dict[str, str]) -> Answer:
        full = asked.get("outputsize") == "full"
        if full and not self.premium:
            return PREMIUM_FULL
        days = self.sessions() if full else self.sessions()[:100]
        return {
            "Meta Data": self._meta(asked),
            "Time Series (Daily)": {str(day): self.bar(day) for day in days},
        }

    def _daily_adjusted(self, asked: dict[str, str]) -> Answer:
        if not self.premium:
            return PREMIUM
        days = self.sessions() if asked.get("outputsize") == "full" else self.sessions()[:100]
        series = {}
        for day in days:
            bar = self.bar(day)
            bar["6. volume"] = bar.pop("5. volume")
            bar["5. adjusted close"] = "50.0000"
            bar["7. dividend amount"] = "1.5000" if day == DIVIDEND_DAY else "0.0000"
            bar["8. split coefficient"] = "2.0" if day == SPLIT_DAY else "1.0"
            series[str(day)] = bar
        return {"Meta Data": self._meta(asked), "Time Series (Daily)": series}

    def _intraday(self, asked: dict[str, str]) -> Answer:
        minutes = int(asked["interval"].removesuffix("min"))
        month = asked.get("month")
        days = [
            day
            for day in self.sessions()
            if (month and str(day).startswith(month))
            or (not month and day > self.today - timedelta(days=30))
        ]
        series = {}
        for day in days:
            at = datetime(day.year, day.month, day.day, 9, 30)
            while at.hour < 16:
                series[str(at)] = self.bar(day)
                at += timedelta(minutes=minutes)
        return {
            "Meta Data": {**self._meta(asked), "6. Time Zone": "US/Eastern"},
            f"Time Series ({minutes}min)": series,
        }

    def _news(self, asked: dict[str, str]) -> Answer:
        since = asked.get("time_from", "")
        feed = [one for one in _FEED if not since or one["time_published"] >= since]
        if not feed:
            return NO_NEWS
        return {
            "items": str(len(feed)),
            "sentiment_score_definition": "x <= -0.35: Bearish; …",
            "relevance_score_definition": "0 < x <= 1, with a higher score indicating …",
            "feed": feed,
        }


_FEED: list[dict[str, Any]] = [
    {
        "title": f"IBM 신제품 발표 {hour}",
        "url": f"https://news.example/{hour}",
        "time_published": f"20261123T{hour:02d}3000",
        "authors": ["Kim"],
        "summary": "양자 컴퓨터 …",
        "banner_image": None,
        "source": "Example",
        "category_within_source": "n/a",
        "source_domain": "news.example",
        "topics": [{"topic": "Technology", "relevance_score": "1.0"}],
        "overall_sentiment_score": 0.1,
        "overall_sentiment_label": "Neutral",
        "ticker_sentiment": [
            {
                "ticker": "IBM",
                "relevance_score": "0.91",
                "ticker_sentiment_score": f"0.{hour}",
                "ticker_sentiment_label": "Bullish",
            },
            {
                "ticker": "AAPL",
                "relevance_score": "0.12",
                "ticker_sentiment_score": "-0.2",
                "ticker_sentiment_label": "Bearish",
            },
        ],
    }
    for hour in (14, 15)
]


def _overview(asked: dict[str, str]) -> Answer:
    return {
        "Symbol": asked["symbol"],
        "AssetType": "Common Stock",
        "Name": "International Business Machines",
        "Description": "IBM is a company.",
        "CIK": "51143",
        "Exchange": "NYSE",
        "Currency": "USD",
        "Country": "USA",
        "Sector": "TECHNOLOGY",
        "Industry": "COMPUTER & OFFICE EQUIPMENT",
        "FiscalYearEnd": "December",
        "LatestQuarter": "2026-09-30",
        "MarketCapitalization": "216000000000",
        "PERatio": "None",
        "EPS": "8.99",
        "DividendPerShare": "-",
        "52WeekHigh": "280.1",
        "DilutedEPSTTM": "8.99",
        "SharesOutstanding": "930000000",
    }


def _statement(asked: dict[str, str], **figures: float) -> Answer:
    def report(ends: str, scale: float) -> dict[str, str]:
        told = {name: str(value * scale) for name, value in figures.items()}
        return {"fiscalDateEnding": ends, "reportedCurrency": "USD", "ebitda": "None", **told}

    return {
        "symbol": asked["symbol"],
        "annualReports": [report("2025-12-31", 4.0)],
        "quarterlyReports": [
            report("2026-09-30", 1.2),
            report("2026-06-30", 1.1),
            report("2026-03-31", 1.0),
            report("2025-12-31", 0.9),
        ],
    }


def _earnings(asked: dict[str, str]) -> Answer:
    return {
        "symbol": asked["symbol"],
        "annualEarnings": [{"fiscalDateEnding": "2025-12-31", "reportedEPS": "8.0"}],
        "quarterlyEarnings": [
            {
                "fiscalDateEnding": ends,
                "reportedDate": reported,
                "reportedEPS": eps,
                "estimatedEPS": "None",
                "surprise": "None",
                "surprisePercentage": "None",
                "reportTime": "post-market",
            }
            for ends, reported, eps in (
                ("2026-09-30", "2026-10-21", "2.4"),
                ("2026-06-30", "2026-07-22", "2.2"),
                ("2026-03-31", "2026-04-22", "2.0"),
                ("2025-12-31", "2026-01-28", "1.8"),
            )
        ],
    }


_UNITS = {
    "REAL_GDP": "billions of dollars",
    "CPI": "index 1982-1984=100",
    "NONFARM_PAYROLL": "thousands of persons",
    "RETAIL_SALES": "millions of dollars",
    "DURABLES": "millions of dollars",
}


def _economic(asked: dict[str, str]) -> Answer:
    function = asked["function"]
    name = asked.get("maturity", function)
    return {
        "name": name,
        "interval": asked.get("interval", "monthly"),
        "unit": _UNITS.get(function, "percent"),
        "data": [
            {"date": "2026-10-01", "value": "317.5"},
            {"date": "2026-09-01", "value": "316.0"},
            {"date": "2026-08-01", "value": "."},
            {"date": "2026-07-01", "value": "314.0"},
        ],
    }


# -------------------------------------------------------------------------- troubles


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    known: AlphaVantageServer

    def do_GET(self) -> None:
        asked = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        key = asked.pop("apikey", "")
        if "function" not in asked:
            self.send(b"not here", status=404)
            return
        self.known.asked.append(asked)
        self.known.was_asked.set()
        if self.known.troubles:
            self.known.troubles.pop(0)(self)
            return
        self.reply(self.known.answer(asked) if key == KEY else BAD_KEY)

    def reply(self, answer: Answer) -> None:
        text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
        packed = "gzip" in self.headers.get("Accept-Encoding", "")
        body = gzip.compress(text.encode()) if packed else text.encode()
        self.send(body, **({"Content-Encoding": "gzip"} if packed else {}))

    def send(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", headers.pop("Content_Length", str(len(body))))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base's name
        """Say nothing."""


class Quiet(ThreadingHTTPServer):
    """Says nothing when somebody leaves without waiting for an answer."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing."""


def says(answer: Answer) -> Trouble:
    """One answer out of turn."""
    return lambda handler: handler.reply(answer)


def status(code: int, **headers: str) -> Trouble:
    return lambda handler: handler.send(b"{}", status=code, **headers)


def cut(handler: Handler) -> None:
    """Half of what was announced, then the line drops."""
    handler.send(b'{"Meta Data": {', Content_Length="5000")
    handler.close_connection = True
    handler.wfile.flush()
    handler.connection.shutdown(2)


def dropped(handler: Handler) -> None:
    """No answer: the line drops."""
    handler.close_connection = True
    handler.connection.shutdown(2)


def silent(handler: Handler) -> None:
    """Nothing comes until the server ends; then the line drops."""
    handler.close_connection = True
    handler.known.over.wait()


def web_page(handler: Handler) -> None:
    handler.send(b"<!DOCTYPE html><html><body>Sign in</body></html>", Content_Type="text/html")


@contextmanager
def alpha_vantage(port: int = 0) -> Iterator[AlphaVantageServer]:
    """Serve on the loopback."""
    known = AlphaVantageServer()
    handler = type("Known", (Handler,), {"known": known})
    server = Quiet(("127.0.0.1", port), handler)
    known.url = f"http://127.0.0.1:{server.server_address[1]}/query"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield known
    finally:
        known.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


if __name__ == "__main__":
    with alpha_vantage(int(sys.argv[1])) as running:
        running.today = datetime.now(UTC).date() - timedelta(days=1)
        sys.stdout.write(f"{running.url}\n")
        sys.stdout.flush()
        threading.Event().wait()
