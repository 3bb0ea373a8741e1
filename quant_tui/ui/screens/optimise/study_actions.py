"""What can be done with studies beside reading them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from quant_tui.domain.errors import Cancelled, QuantError
from quant_tui.domain.vocabulary import RunStatus
from quant_tui.ui.reporting import report as report_error
from quant_tui.ui.screens.optimise.view import goals_of
from quant_tui.ui.screens.results.trust_card import verdict_of

if TYPE_CHECKING:
    from quant_tui.domain.trading import OptimizationStudy
    from quant_tui.jobs.manager import Job
    from quant_tui.services.backtest_report import BacktestReport
    from quant_tui.services.study_report import StudyReport, StudyTrial
    from quant_tui.ui.screens.optimise.workspace import Optimise

MORE_TRIALS = 100
"""How many trials more are offered at first."""


def follow(workspace: Optimise, job: Job[StudyReport]) -> None:
    """Tell how a study ends, with the key that opens it."""
    workspace.host.jumps.expect(job.target)
    workspace.follow(
        job, on_done=partial(_ended, workspace), on_failed=partial(_failed, workspace, job.target)
    )


async def _ended(workspace: Optimise, report: StudyReport) -> None:
    goal = goals_of(report.study.config)[0]
    verdict = verdict_of(str(report.trust.verdict)).text if report.trust is not None else ""
    text = f"{goal.title} {goal.write(report.study.best_value)}  trust {verdict}"
    await workspace.study_ended(report.study.id)
    workspace.host.jumps.offer(text, "optimise", report.study.id, title=f"✓ {report.study.name}")


def _failed(workspace: Optimise, study_id: str, error: BaseException) -> None:
    jumps = workspace.host.jumps
    if isinstance(error, Cancelled) and study_id in workspace.pausing:
        workspace.pausing.discard(study_id)
        jumps.withdraw(study_id)  # it was told when the key was pressed
    elif isinstance(error, Cancelled) or not isinstance(error, QuantError):
        jumps.withdraw(study_id)
        report_error(workspace, error)
    else:
        jumps.offer(str(error), "optimise", study_id, title="✗ Study failed", failed=True)
    workspace.spawn(partial(workspace.study_ended, study_id))


async def go_on(workspace: Optimise, study: OptimizationStudy) -> Job[StudyReport] | None:
    """Resume a study; of one that is done, ask how many trials more. None when left."""
    from quant_tui.ui.modals.form_dialog import FormDialog
    from quant_tui.ui.widgets.form import Field

    studies = workspace.services.studies
    if study.status is not RunStatus.COMPLETED:
        return await studies.resume(study.id)

    async def resume(values: dict[str, str]) -> Job[StudyReport]:
        return await studies.resume(study.id, int(values["more"].replace(",", "")))

    def check(values: dict[str, str]) -> dict[str, str]:
        text = values["more"].replace(",", "").strip()
        return {} if text.isdecimal() and int(text) else {"more": "a whole number above 0"}

    dialog: FormDialog[Job[StudyReport]] = FormDialog(
        f"More trials of {study.name}",
        f"It has {study.done_trials:,}; the new ones go on from what those found.",
        Field("more", "Trials more", str(MORE_TRIALS)),
        save=resume,
        check=check,
        verb="Go on",
    )
    return await workspace.host.push_screen_wait(dialog)


async def edit(workspace: Optimise, study: OptimizationStudy) -> bool:
    """Ask for name and notes; return whether they were kept."""
    from quant_tui.ui.modals.form_dialog import FormDialog
    from quant_tui.ui.widgets.form import Field

    studies = workspace.services.studies

    async def save(values: dict[str, str]) -> bool:
        if values["name"] != study.name:
            await studies.rename(study.id, values["name"])
        if values["notes"] != study.notes:
            await studies.describe(study.id, values["notes"])
        return True

    kept = await workspace.host.push_screen_wait(
        FormDialog[bool](
            "Name and notes of a study",
            "",
            Field("name", "Name", study.name),
            Field(
                "notes",
                "Notes",
                study.notes,
                lines=6,
                placeholder="what it was for, what it showed",
            ),
            save=save,
        )
    )
    return bool(kept)


async def export(workspace: Optimise, study: OptimizationStudy) -> None:
    """Ask for format and path, then write a study's trials."""
    from quant_tui.ui.screens.results.export import ExportDialog, Kind

    kinds = {
        "csv": Kind("CSV, the trials", ".csv", "A row a trial: values, parameters, figures."),
        "json": Kind("JSON, the whole study", ".json",
                     "Everything, as optimize show --json prints it."),
    }  # fmt: skip
    wanted = await workspace.host.push_screen_wait(ExportDialog(study.name, kinds))
    if wanted is None:
        return

    async def write(overwrite: bool) -> Path:
        return await workspace.services.studies.export(
            study.id, wanted.path, file_format=wanted.file_format, overwrite=overwrite
        )

    if (path := await workspace.write_file(write)) is not None:
        workspace.toast(str(path), title="Exported")


async def backtest(workspace: Optimise, study: OptimizationStudy, trial: StudyTrial) -> None:
    """Run a trial as a full backtest, which opens when it is done."""
    from quant_tui.services.study_backtest import trial_request

    services = workspace.services
    job = await services.backtests.start(trial_request(study, trial))
    jumps = workspace.host.jumps
    jumps.expect(job.target)
    jumps.want()
    workspace.follow(
        job,
        on_done=partial(_backtested, workspace),
        on_failed=partial(_backtest_failed, workspace, job.target),
    )
    workspace.toast("It opens when it is done, unless you go on here.", title=job.title)


def _backtested(workspace: Optimise, report: BacktestReport) -> None:
    from quant_tui.ui.screens.backtests.result_actions import finished

    title, text = finished(report)
    workspace.host.jumps.offer(text, "backtests", report.backtest.id, title=title)


def _backtest_failed(workspace: Optimise, backtest_id: str, error: BaseException) -> None:
    workspace.host.jumps.withdraw(backtest_id)
    report_error(workspace, error)
