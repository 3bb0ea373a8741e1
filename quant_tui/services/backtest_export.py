"""Writing a backtest to files."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

from quant_tui.domain.base import Document
from quant_tui.domain.errors import InvalidInput
from quant_tui.services.backtest_bundle import Bundle
from quant_tui.services.backtest_report import BacktestReport
from quant_tui.services.html_report import render_html
from quant_tui.services.whole_file import write_whole

FORMATS = ("json", "csv", "html", "bundle")


def export_report(
    report: BacktestReport, out: Path, file_format: str, bundle: Bundle | None = None
) -> list[Path]:
    """Write a report and return the files written.

    Parameters
    ----------
    out
        A folder, made when missing, for ``csv``; a file otherwise.
    bundle
        What to write for ``bundle``.

    Raises
    ------
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
    out = out.expanduser()
    if file_format != "csv" and (not out.name or out.is_dir()):
        raise InvalidInput(f"{out} is a folder.", field="out", hint="Name a file in it.")
    document = report.to_document()
    try:
        if file_format == "csv":
            return _write_tables(out, document)
        write_whole(out, _content(document, file_format, bundle))
        return [out]
    except OSError as error:
        raise InvalidInput(f"{out} cannot be written: {error.strerror}.", field="out") from error


def _content(document: Document, file_format: str, bundle: Bundle | None) -> bytes:
    if file_format == "html":
        return render_html(document).encode("utf-8")
    if file_format == "bundle" and bundle is not None:
        return bundle.to_bytes()
    text = json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False)
    return f"{text}\n".encode()


def _write_tables(folder: Path, document: Document) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
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
    written = []
    for name, rows in tables.items():
        path = folder / f"{name}.csv"
        columns = list(rows[0]) if rows else []
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, columns)
            writer.writeheader()
            writer.writerows(rows)
        written.append(path)
    path = folder / "config.json"
    text = json.dumps(document["config"], ensure_ascii=False, indent=2) + "\n"
    write_whole(path, text.encode("utf-8"))
    return [*written, path]
