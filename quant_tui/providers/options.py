"""How a person wants a file to be read."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from quant_tui.domain.errors import InvalidInput

INTERVAL = re.compile(r"(1d|1wk|1mo|[1-9][0-9]{0,4}(s|m|h))")
LONGEST_SYMBOL = 40


def is_symbol(name: str) -> bool:
    """Whether a name can be a symbol: 1 to 40 printable characters, no comma or outer blanks.

    Commas part symbols wherever several are given; control characters would act on the
    terminal that shows the name.
    """
    return (
        0 < len(name) <= LONGEST_SYMBOL
        and name.isprintable()
        and "," not in name
        and name == name.strip()
    )


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read a file of bars; everything empty is recognised from the file.

    Attributes
    ----------
    mapping
        Our column name (``date``, ``time``, ``symbol``, ``open``, ``high``, ``low``,
        ``close``, ``adjusted_close``, ``volume``) to the file's. Columns not named are
        recognised.
    symbol
        Name of the only symbol; else a column's, else the file name's.
    encoding
        Of the text, as Python names it.
    delimiter
        Between cells: one character.
    decimal
        ``.`` or ``,``.
    date_format
        ``dmy`` or ``mdy`` for numeric dates that do not say, or a strptime format.
    timezone
        Zone of the exchange (``Asia/Seoul``): the session dates are dates there, and
        times without an offset are times there.
    interval
        ``1d``, ``1wk``, ``1mo``, ``5m``, ``1h`` …
    adjust
        Whether to scale prices by adjusted close over close.
    problem_limit
        Problems to name at most; the rest is counted.
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    symbol: str = ""
    encoding: str = ""
    delimiter: str = ""
    decimal: str = ""
    date_format: str = ""
    timezone: str = ""
    interval: str = ""
    adjust: bool = False
    problem_limit: int = 20

    def check(self) -> None:
        """Refuse what cannot be meant.

        Raises
        ------
        InvalidInput
            Naming the option.
        """
        if self.symbol and not is_symbol(self.symbol):
            raise InvalidInput(
                f"{self.symbol[:LONGEST_SYMBOL]!r} is not a symbol.",
                field="symbol",
                hint=f"Use 1 to {LONGEST_SYMBOL} printable characters, no comma, no blanks around.",
            )
        if self.encoding:
            try:
                codecs.lookup(self.encoding)
            except LookupError as error:
                raise InvalidInput(
                    f"{self.encoding!r} is not a text encoding.",
                    field="encoding",
                    hint="Use utf-8, cp949, utf-16 or latin-1.",
                ) from error
        if self.timezone:
            try:
                ZoneInfo(self.timezone)
            except (ZoneInfoNotFoundError, ValueError, OSError) as error:
                raise InvalidInput(
                    f"{self.timezone!r} is not a time zone.",
                    field="timezone",
                    hint="Use a name such as Asia/Seoul or America/New_York.",
                ) from error
        if self.decimal not in ("", ".", ","):
            raise InvalidInput("The decimal mark is '.' or ','.", field="decimal")
        if len(self.delimiter) > 1:
            raise InvalidInput("The delimiter is one character.", field="delimiter")
        if self.interval and not INTERVAL.fullmatch(self.interval):
            raise InvalidInput(
                f"{self.interval!r} is not an interval.",
                field="interval",
                hint="Use 1d, 1wk, 1mo, or minutes and hours such as 5m and 1h.",
            )


NAME_NOISE = frozenset(
    (
        *("daily", "weekly", "monthly", "intraday", "adjusted", "history", "historical"),
        *("prices", "price", "data", "ohlcv", "csv", "1min", "5min", "15min", "30min", "60min"),
        *("1d", "1h", "1m"),
    )
)
"""Words of vendors' file names that are no symbols."""


def symbol_from_name(path: Path) -> str:
    """Make a symbol of a file name: ``daily_AAPL.csv.gz`` gives ``AAPL``; empty if none."""
    stem = path.name
    while (suffix := Path(stem).suffix.lower()) in (".gz", ".csv", ".txt", ".tsv", ".parquet"):
        stem = stem[: -len(suffix)]
    words = [word for word in stem.split("_") if word and word.lower() not in NAME_NOISE]
    name = "_".join(words).upper()
    return name if re.fullmatch(r"[\w.^=&-]{1,40}", name) else ""
