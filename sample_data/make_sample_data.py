"""Make everything in this folder again, byte for byte: `uv run sample_data/make_sample_data.py`.

Needs the development dependencies: the real figures come out of the installed `arch` and
`statsmodels` packages, the invented ones from `synthetic_stocks.py`. Nothing is fetched.
With ``--output DIR`` the files go there instead; a test compares them with these.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import importlib.resources
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import synthetic_stocks as synthetic
from arch.data import core_cpi, nasdaq, sp500, vix, wti
from statsmodels.datasets import macrodata

FORMAT_VERSION = 1
INPUTS = {
    "arch": (
        "data/sp500/sp500.csv.gz",
        "data/nasdaq/nasdaq.csv.gz",
        "data/vix/vix.csv.gz",
        "data/wti/wti.csv.gz",
        "data/core_cpi/core-cpi.csv.gz",
    ),
    "statsmodels": ("datasets/macrodata/macrodata.csv",),
}
PRICES = ["open_price", "high_price", "low_price", "close_price"]

INDICES = {
    "SPX": ("S&P 500", "arch/sp500"),
    "IXIC": ("NASDAQ Composite", "arch/nasdaq"),
}

MACRO_UNITS = {
    "realgdp": ("REAL_GDP", "billion chained 2005 USD, annual rate"),
    "realcons": ("REAL_CONSUMPTION", "billion chained 2005 USD, annual rate"),
    "realinv": ("REAL_INVESTMENT", "billion chained 2005 USD, annual rate"),
    "realgovt": ("REAL_GOVERNMENT", "billion chained 2005 USD, annual rate"),
    "realdpi": ("REAL_DISPOSABLE_INCOME", "billion chained 2005 USD, annual rate"),
    "cpi": ("CPI", "index, 1982-84 = 100"),
    "m1": ("M1", "billion USD"),
    "tbilrate": ("TBILL_3M", "percent a year"),
    "unemp": ("UNEMPLOYMENT", "percent"),
    "pop": ("POPULATION", "million persons"),
    "infl": ("INFLATION", "percent, annualised quarter on quarter"),
    "realint": ("REAL_INTEREST", "percent a year"),
}

BAR_SCHEMA = pa.schema(
    [
        ("symbol", pa.string()),
        ("date", pa.date32()),
        *((name, pa.float64()) for name in PRICES),
        ("volume", pa.int64()),
        ("source", pa.string()),
        ("adjustment", pa.string()),
    ]
)
ACTION_SCHEMA = pa.schema(
    [
        ("symbol", pa.string()),
        ("date", pa.date32()),
        ("split_ratio", pa.float64()),
        ("dividend", pa.float64()),
        ("source", pa.string()),
    ]
)
ECONOMIC_SCHEMA = pa.schema(
    [
        ("indicator_type", pa.string()),
        ("date", pa.date32()),
        ("value", pa.float64()),
        ("unit", pa.string()),
        ("source", pa.string()),
    ]
)

DESCRIPTIONS = {
    "bars.parquet": "Daily bars: two real indices and twelve invented stocks, sorted by symbol and "
    "date. Stocks are adjusted for splits and dividends, index levels are as published.",
    "corporate_actions.parquet": "Splits (new shares for one old) and cash dividends (per share of "
    "that day) of the invented stocks, by ex-date; from these the traded prices come back.",
    "economic.parquet": "Real US macro-economic series, the VIX and the WTI oil price.",
    "companies.json": "Facts about each symbol; those of the invented stocks are invented too.",
}


def index_bars() -> pd.DataFrame:
    """Bars of the real indices, exactly as `arch` carries them."""
    tables = []
    for symbol, table in (("IXIC", nasdaq.load()), ("SPX", sp500.load())):
        if not (table["Close"] == table["Adj Close"]).all():
            raise ValueError(f"{symbol}: the adjusted close differs from the close.")
        renamed = table.reset_index().rename(
            columns={
                "Date": "date",
                "Open": "open_price",
                "High": "high_price",
                "Low": "low_price",
                "Close": "close_price",
                "Volume": "volume",
            }
        )
        tables.append(renamed.assign(symbol=symbol, source="arch", adjustment="none"))
    return pd.concat(tables, ignore_index=True)


def synthetic_data() -> synthetic.SyntheticData:
    """Generate the invented stocks on the real index's sessions and market factor."""
    closes = sp500.load()["Close"]
    market = np.log(closes).diff()[synthetic.FIRST_SESSION : synthetic.LAST_SESSION]
    return synthetic.generate(pd.DatetimeIndex(market.index), market.to_numpy(dtype=float))


def economic_series() -> pd.DataFrame:
    """Every economic series in long form; a period's figure is dated its last day."""
    macro = macrodata.load_pandas().data
    quarters = pd.PeriodIndex.from_fields(
        year=macro["year"].astype(int), quarter=macro["quarter"].astype(int), freq="Q"
    )
    quarter_ends = quarters.to_timestamp(how="end").normalize()
    tables = []
    for column, (indicator, unit) in MACRO_UNITS.items():
        values = macro[column].set_axis(quarter_ends)
        if column in ("infl", "realint"):
            # The first quarter's 0 stands for "no quarter before it", it is not a figure.
            values = values.iloc[1:]
        tables.append(_long(values, indicator, unit, "statsmodels"))
    core = core_cpi.load()["CPILFESL"]
    core.index = core.index + pd.offsets.MonthEnd(0)
    tables.append(_long(core, "CORE_CPI", "index, 1982-84 = 100", "arch"))
    tables.append(_long(vix.load()["vix"], "VIX", "percent a year", "arch"))
    tables.append(_long(wti.load()["DCOILWTICO"], "WTI", "USD a barrel", "arch"))
    return pd.concat(tables).sort_values(["indicator_type", "date"], ignore_index=True)


def _long(values: pd.Series[float], indicator: str, unit: str, source: str) -> pd.DataFrame:
    """One series as rows; days without a figure (holidays) are left out, not filled."""
    present = values.dropna()
    return pd.DataFrame(
        {
            "indicator_type": indicator,
            "date": present.index,
            "value": present.to_numpy(dtype=float),
            "unit": unit,
            "source": source,
        }
    )


def companies(data: synthetic.SyntheticData) -> list[dict[str, object]]:
    """Facts about each symbol: two indices, and invented ones that fit the invented prices."""
    facts: list[dict[str, object]] = [
        {
            "symbol": symbol,
            "name": name,
            "sector": "Index",
            "industry": "US equity index",
            "financials": {},
            "synthetic": False,
            "source": source,
        }
        for symbol, (name, source) in INDICES.items()
    ]
    random = np.random.RandomState(synthetic.SEED + 1)
    for stock in synthetic.STOCKS:
        bars = data.raw[data.raw["symbol"] == stock.symbol]
        price = float(bars["close_price"].iloc[-1])
        year = bars["date"].iloc[-1].year
        actions = data.actions[data.actions["symbol"] == stock.symbol]
        dividends = actions.loc[[day.year == year for day in actions["date"]], "dividend"]
        shares = round(stock.turnover / price * float(random.uniform(120, 260)), -5)
        revenue = round(shares * price / float(random.uniform(0.8, 5.0)), -5)
        margin = float(random.uniform(0.04, 0.18)) if stock.delisted is None else -0.09
        income = round(revenue * margin, -5)
        assets = round(revenue * float(random.uniform(1.1, 2.4)), -5)
        facts.append(
            {
                "symbol": stock.symbol,
                "name": f"{stock.name} (fictional)",
                "sector": stock.sector,
                "industry": stock.industry,
                "financials": {
                    "currency": "USD",
                    "fiscal_year": year,
                    "shares_outstanding": int(shares),
                    "market_capitalization": round(shares * price),
                    "revenue": int(revenue),
                    "net_income": int(income),
                    "total_assets": int(assets),
                    "total_equity": int(round(assets * float(random.uniform(0.3, 0.6)), -5)),
                    "earnings_per_share": round(income / shares, 2),
                    "dividend_per_share": round(float(dividends.sum()), 2),
                    "listed": bars["date"].iloc[0].date().isoformat() if stock.listed else None,
                    "delisted": stock.delisted,
                },
                "synthetic": True,
                "source": "synthetic",
            }
        )
    return sorted(facts, key=lambda company: str(company["symbol"]))


def input_checksums() -> dict[str, str]:
    """Checksums of the packages' own files that the real figures come out of."""
    checksums = {}
    for package, names in INPUTS.items():
        folder = importlib.resources.files(package)
        for name in names:
            content = folder.joinpath(name).read_bytes()
            checksums[f"{package}/{name}"] = hashlib.sha256(content).hexdigest()
    return checksums


def write_parquet(table: pd.DataFrame, schema: pa.Schema, path: Path) -> None:
    """Write one compact row group: dictionaries for text, split bytes for numbers."""
    columns = {name: table[name] for name in schema.names}
    dates = pd.to_datetime(columns["date"]).dt.date
    arrow = pa.table({**columns, "date": dates}, schema=schema)
    text = [field.name for field in schema if field.type == pa.string()]
    pq.write_table(
        arrow,
        path,
        compression="zstd",
        compression_level=19,
        use_dictionary=text,
        column_encoding={
            f.name: "BYTE_STREAM_SPLIT" if f.type == pa.float64() else "DELTA_BINARY_PACKED"
            for f in schema
            if f.name not in text
        },
        row_group_size=len(arrow),
        store_schema=False,
    )


def write_json(document: object, path: Path) -> None:
    """Write readable, sorted, UTF-8 JSON with a newline at its end."""
    text = json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def main(output: Path) -> None:
    """Write the data files and their manifest into a folder."""
    output.mkdir(parents=True, exist_ok=True)
    data = synthetic_data()
    invented = data.bars.assign(source="synthetic", adjustment="splits and dividends")
    bars = pd.concat([index_bars(), invented]).sort_values(["symbol", "date"], ignore_index=True)
    economic = economic_series()
    write_parquet(bars, BAR_SCHEMA, output / "bars.parquet")
    write_parquet(
        data.actions.assign(source="synthetic"),
        ACTION_SCHEMA,
        output / "corporate_actions.parquet",
    )
    write_parquet(economic, ECONOMIC_SCHEMA, output / "economic.parquet")
    write_json(companies(data), output / "companies.json")
    rows = {
        "bars.parquet": len(bars),
        "corporate_actions.parquet": len(data.actions),
        "economic.parquet": len(economic),
        "companies.json": len(INDICES) + len(synthetic.STOCKS),
    }
    manifest = {
        "format_version": FORMAT_VERSION,
        "description": "Sample data of quant_tui; PROVENANCE.md says where each figure is from.",
        # What the bytes depend on; pyarrow writes its version into each file. The figures are the
        # same with any numpy and pandas.
        "made_with": {
            name: importlib.metadata.version(name) for name in ("arch", "pyarrow", "statsmodels")
        },
        "seed": synthetic.SEED,
        "inputs": input_checksums(),
        "files": {
            name: {
                "sha256": hashlib.sha256((output / name).read_bytes()).hexdigest(),
                "bytes": (output / name).stat().st_size,
                "rows": rows[name],
                "description": description,
            }
            for name, description in DESCRIPTIONS.items()
        },
        "symbols": {
            str(symbol): {
                "source": str(group["source"].iloc[0]),
                "synthetic": str(group["source"].iloc[0]) == "synthetic",
                "adjustment": str(group["adjustment"].iloc[0]),
                "first": pd.Timestamp(group["date"].iloc[0]).date().isoformat(),
                "last": pd.Timestamp(group["date"].iloc[-1]).date().isoformat(),
                "rows": len(group),
            }
            for symbol, group in bars.groupby("symbol")
        },
        "indicators": {
            str(indicator): {
                "source": str(group["source"].iloc[0]),
                "unit": str(group["unit"].iloc[0]),
                "first": pd.Timestamp(group["date"].iloc[0]).date().isoformat(),
                "last": pd.Timestamp(group["date"].iloc[-1]).date().isoformat(),
                "rows": len(group),
            }
            for indicator, group in economic.groupby("indicator_type")
        },
        "events": data.events,
    }
    write_json(manifest, output / "manifest.json")
    for name in rows:
        print(f"{name}: {rows[name]} rows, {(output / name).stat().st_size:,} bytes")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent)
    main(parser.parse_args().output)
