"""Writing a backtest to files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput
from quant_tui.services.backtest_bundle import Bundle
from quant_tui.services.backtest_report import BacktestReport
from quant_tui.services.html_report import render_html
from quant_tui.services.whole_file import write_exports

FORMATS = ("json", "csv", "html", "bundle")


def export_report(
    report: BacktestReport,
    out: Path,
    file_format: str,
    bundle: Bundle | None = None,
    *,
    overwrite: bool = False,
) -> list[Path]:
    """Write a report and return the files written.

    Parameters
    ----------
    out
        A folder, made when missing, for ``csv``; a file otherwise.
    bundle
        What to write for ``bundle``.
    overwrite
        Whether files that are there give way.

    Raises
    ------
    FileExists
        When there is one of the files, and it may not be overwritten.
    InvalidInput
        When the format is unknown, there is no result, or ``out`` cannot be written.
    """
    if file_format not in FORMATS:
        raise InvalidInput(
            f"{file_format!r} is no export format.",
            field="format",
            hint=f"Use one of {', '.join(FORMATS)}.",
        )
    if report.result is None:
        raise InvalidInput(
            f"{report.backtest.name} has no result to export: it is {report.backtest.status}.",
            hint="Run it first.",
        )
    document = report.to_document()
    if file_format == "csv":
        files = {out / name: content for name, content in _tables(document).items()}
    else:
        files = {out: _content(document, file_format, bundle)}
    return write_exports(files, overwrite=overwrite)


def _content(document: Document, file_format: str, bundle: Bundle | None) -> bytes:
    if file_format == "html":
        return render_html(document).encode("utf-8")
    if file_format == "bundle" and bundle is not None:
        return bundle.to_bytes()
    text = json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False)
    return f"{text}\n".encode()


def _tables(document: Document) -> dict[str, bytes]:
    """Return the files of a folder by their names."""
    figures = [
        {"group": group, "name": name, "value": value}
        for group in ("performance", "risk_metrics")
        for name, value in document[group].items()
    ]
    curve = document["portfolio_value"]
    values = [
        {"date": day, "value": value}
        for day, value in zip(curve["date"], curve["value"], strict=True)
    ]
    tables: dict[str, Sequence[Document]] = {
        "metrics": figures,
        "trades": document["trades"],
        "round_trips": document["round_trips"],
        "portfolio_value": values,
    }
    files = {}
    for name, rows in tables.items():
        stream = io.StringIO(newline="")
        writer = csv.DictWriter(stream, list(rows[0]) if rows else [])
        writer.writeheader()
        writer.writerows(rows)
        files[f"{name}.csv"] = stream.getvalue().encode("utf-8")
    text = json.dumps(document["config"], ensure_ascii=False, indent=2) + "\n"
    return {**files, "config.json": text.encode("utf-8")}
