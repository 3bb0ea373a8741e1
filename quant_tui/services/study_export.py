"""Writing a study to a file: its trials as a table, or the whole of it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from quant_tui.domain.errors import InvalidInput
from quant_tui.services.study_report import StudyReport
from quant_tui.services.whole_file import write_export

FORMATS = ("csv", "json")


def export_study(
    report: StudyReport, out: Path, file_format: str, *, overwrite: bool = False
) -> Path:
    """Write a study and return the file.

    ``csv`` has a row a trial: number, value of each objective, whether it may be chosen and
    why not, whether it is the best, the suggested one, on its plateau or on the front, its
    parameters, and its figures in sample and (``out …``) out of it; undefined ones are empty.
    ``json`` has everything, as ``optimize show --json`` prints it.

    Raises
    ------
    FileExists
        The file is there, and it may not be overwritten.
    InvalidInput
        The format is unknown, there is no trial, or ``out`` cannot be written.
    """
    if file_format not in FORMATS:
        raise InvalidInput(
            f"{file_format!r} is no export format of a study.",
            field="format",
            hint=f"Use one of {', '.join(FORMATS)}.",
        )
    if not report.trials:
        raise InvalidInput(f"{report.study.name} has no trials yet.", hint="Run it first.")
    if file_format == "csv":
        text = trials_csv(report)
    else:
        document = report.to_document()
        text = json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    return write_export(out, text.encode("utf-8"), overwrite=overwrite)


def trials_csv(report: StudyReport) -> str:
    """Return the trials as :func:`export_study` writes them."""
    objectives = [str(one["rule"]) for one in report.study.config["study"]["objectives"]]
    names = list(report.study.parameter_space)
    figures = list(report.trials[0].metrics)
    outside = [] if report.trials[0].out_of_sample is None else figures
    best = None if report.best is None else report.best.number
    suggested = None if report.suggested is None else report.suggested.number
    plateau, front = set(report.plateau), set(report.pareto)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(
        ["trial", *(f"value {one}" for one in objectives), "may_be_chosen", "why_not", "best",
         "suggested", "plateau", "front", *names, *figures, *(f"out {one}" for one in outside)]
    )  # fmt: skip
    for one in report.trials:
        number, out = one.number, one.out_of_sample or {}
        writer.writerow(
            [number, *(one.values or [None] * len(objectives)), one.feasible, one.reason,
             number == best, number == suggested, number in plateau, number in front,
             *(one.params.get(name) for name in names),
             *(one.metrics.get(name) for name in figures),
             *(out.get(name) for name in outside)]
        )  # fmt: skip
    return stream.getvalue()
