"""What is known of a file before, while and after it is imported, as lines of text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from quant_tui.domain.vocabulary import RunStatus
from quant_tui.ui import format as fmt
from quant_tui.ui.widgets.page import heading
from quant_tui.ui.widgets.table_grid import fit

if TYPE_CHECKING:
    from quant_tui.domain.errors import DataProblem
    from quant_tui.jobs.manager import Job
    from quant_tui.providers.files import FileInspection
    from quant_tui.services.market_data import ImportReport

SHOWN_PROBLEMS = 40
SHOWN_MATCHES = 30
_WIDEST_CELL = 18


def matches_lines(found: Sequence[str], width: int) -> list[Content]:
    """List what the path could become."""
    lines = [heading("Files", width)]
    if not found:
        return [*lines, Content.styled("Nothing readable begins like this.", "$text-muted")]
    for one in found[:SHOWN_MATCHES]:
        name = one.rstrip("/").rpartition("/")[2]
        if one.endswith("/"):
            lines.append(Content.styled(f"{name}/", "$text-accent").truncate(width))
        else:
            lines.append(Content(name).truncate(width, ellipsis=True))
    if len(found) > SHOWN_MATCHES:
        lines.append(Content.styled(f"… {len(found) - SHOWN_MATCHES} more", "$text-muted"))
    return lines


def inspection_lines(found: FileInspection, width: int) -> list[Content]:
    """Describe a file: form, columns, first rows, problems."""
    about = "" if found.exact else "about "
    facts = [
        found.format,
        found.compression,
        found.encoding,
        f"dates {found.date_style}" if found.date_style else "",
        f"{about}{fmt.integer(found.rows)} row{'' if found.rows == 1 else 's'}",
    ]
    symbols = ", ".join(found.symbols[:6]) + (" …" if len(found.symbols) > 6 else "")
    lines = [
        heading("File", width),
        Content(" · ".join(fact for fact in facts if fact)),
        Content.assemble(("symbols  ", "$text-muted"), symbols or fmt.NOTHING),
    ]
    if found.missing:
        text = f"✗ no column was recognised for: {', '.join(found.missing)}"
        lines.append(Content.styled(text, "$text-error"))
    lines += [Content(""), heading("First rows", width), *_sample(found, width)]
    lines += problem_lines(found.problems, width)
    return lines


def _sample(found: FileInspection, width: int) -> list[Content]:
    columns = [str(column) for column in found.columns]
    rows = [[str(cell) for cell in row] for row in found.sample]
    widths = [
        min(_WIDEST_CELL, max([Content(text).cell_length for text in (name, *cells)]))
        for name, *cells in zip(columns, *rows, strict=False)
    ]
    ours = {theirs: name for name, theirs in found.mapping.items()}
    names = [ours.get(column, "") for column in columns]
    lines = [Content.styled(_row(columns, widths, width), "bold")]
    if names != columns:
        lines.insert(0, Content.styled(_row(names, widths, width), "$text-success"))
    return [*lines, *(Content(_row(row, widths, width)) for row in rows)]


def _row(cells: Sequence[str], widths: Sequence[int], width: int) -> str:
    text = "  ".join(fit(cell, size, "left") for cell, size in zip(cells, widths, strict=False))
    return fit(text, width, "left")


def problem_lines(problems: Sequence[DataProblem], width: int) -> list[Content]:
    """List problems with their rows; those that stop the import are marked."""
    if not problems:
        return []
    lines = [Content(""), heading(f"Problems ({len(problems)})", width)]
    for one in problems[:SHOWN_PROBLEMS]:
        sign, style = ("✗ ", "$text-error") if one.fatal else ("! ", "$text-warning")
        place = f"row {fmt.integer(one.row)}" if one.row else "file"
        if one.column:
            place += f", {one.column}"
        line = Content.assemble((sign, style), (place, "bold"), "  ", one.message)
        lines += line.wrap(width)
    if len(problems) > SHOWN_PROBLEMS:
        lines.append(Content.styled(f"… {len(problems) - SHOWN_PROBLEMS} more", "$text-muted"))
    return lines


def job_lines(job: Job[object], width: int) -> list[Content]:
    """Write how far an import is, or why it ended."""
    lines = [Content.styled(job.title, "bold $accent"), Content("")]
    if job.status in (RunStatus.PENDING, RunStatus.RUNNING):
        eta = job.eta_seconds
        figures = f" {job.progress * 100:3.0f}%  {fmt.duration(job.elapsed)}"
        if eta is not None:
            figures += f"  {fmt.duration(eta)} to go"
        lines.append(
            Content.assemble((fmt.bar(job.progress, min(30, width - 30)), "$text-accent"), figures)
        )
        lines.append(Content.styled(job.message, "$text-muted"))
        key = ("ctrl+x", "bold $footer-key-foreground")
        what = "nothing half is kept" if job.kind == "fetch" else "the store stays as it was"
        return [*lines, Content(""), Content.assemble(key, f"  cancel; {what}")]
    if job.status is RunStatus.CANCELLED:
        text = f"■ Cancelled. {_left_of(job)}"
        return [*lines, Content.styled(text, "$text-warning")]
    error = job.error
    if error is not None:
        lines += Content.styled(f"✗ {error.title}: {error.message}", "$text-error").wrap(width)
        if error.hint:
            lines += [Content(""), *Content(error.hint).wrap(width)]
        lines += [Content(""), Content.styled(_left_of(job), "$text-muted")]
        lines += problem_lines(getattr(error, "problems", ()), width)
    return lines


def _left_of(job: Job[object]) -> str:
    """Say what a job that does not end well leaves behind."""
    if job.kind == "fetch":
        return "What was fetched whole is kept, nothing half is."
    return "The store is as it was."


def report_lines(report: ImportReport, width: int) -> list[Content]:
    """Write what an import did."""
    symbols = ", ".join(report.symbols[:12]) + (" …" if len(report.symbols) > 12 else "")
    pairs = (
        ("Rows", fmt.integer(report.rows)),
        ("New", fmt.integer(report.inserted)),
        ("Changed", fmt.integer(report.updated)),
        ("Unchanged", fmt.integer(report.unchanged)),
        ("First", fmt.day(report.first)),
        ("Last", fmt.day(report.last)),
        ("Took", fmt.duration(report.seconds)),
    )
    return [
        Content.styled("✓ Imported", "bold $text-success"),
        Content.styled(report.path, "$text-muted"),
        Content(""),
        Content.assemble(("Symbols    ", "$text-muted"), symbols).truncate(width, ellipsis=True),
        *(
            Content.assemble((name.ljust(11), "$text-muted"), value.rjust(12))
            for name, value in pairs
        ),
        *problem_lines(report.problems, width),
    ]
