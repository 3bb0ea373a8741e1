"""``quant-tui backup`` and ``quant-tui restore``: everything into one file, and back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from quant_tui.cli.context import CommandContext
from quant_tui.cli.output import finished, print_json
from quant_tui.jobs.manager import JobContext, JobManager
from quant_tui.services.backup import BackupReport
from quant_tui.services.composition import Services
from quant_tui.services.restore import RestoreReport
from quant_tui.services.restore_on_server import restore_into

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def backup(
    context: typer.Context,
    out: Annotated[
        Path | None,
        typer.Argument(help="The file, or a folder for one named after the time."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write everything to one checked file, while quant-tui may be running; never secrets.

    The file is as private as your home: it holds all your work, and the hashes of passwords.
    Without OUT it goes to the folder of the setting backup.folder.
    """
    command: CommandContext = context.obj

    async def work(services: Services) -> BackupReport:
        return await finished(services.jobs, services.backups.start(out))

    report = command.run(work)
    if not report.one_moment:
        print(
            "This MongoDB server cannot show one moment: what was changed during the backup "
            "may be in it in part.",
            file=sys.stderr,
        )
    if as_json:
        print_json(report.to_document())
        return
    whose = "everything" if report.scope == "everything" else "your objects and the market data"
    print(
        f"✓ {report.path}: {whose}, {report.documents:,} documents and {report.rows:,} rows, "
        f"{report.bytes / 1e6:,.1f} MB, checked."
    )


def restore(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="IN", help="A file made by backup.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Exchange what the home holds for the backup's.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Bring back what a backup holds: all of it, or nothing.

    Into an empty home, or with --replace in the place of what one holds. Your secrets and
    backups stay. Close the app first.
    """
    command: CommandContext = context.obj
    user_id = ""

    async def work() -> RestoreReport:
        jobs = JobManager()

        async def whole(job: JobContext) -> RestoreReport:
            nonlocal user_id
            user_id = await _signed_in(command) if command.settings.mongodb.uri else ""
            async with restore_into(
                command.settings, path, replace=replace, user_id=user_id
            ) as one:
                await one.prepare(job)
                return await one.put_in_place()

        try:
            return await finished(jobs, jobs.start("restore", f"Restore {path.name}", whole))
        finally:
            await jobs.shutdown(timeout_seconds=30)

    report = command.run_plain(work)
    if as_json:
        print_json(report.to_document())
        return
    print(restored(report, signed_in=bool(user_id)))


def restored(report: RestoreReport, *, signed_in: bool) -> str:
    """Say what was restored, and what is to be done before it can be seen."""
    said = (
        f"✓ Restored the backup of {report.created_at}: {report.documents:,} documents and "
        f"{report.rows:,} rows{', in the place of what was there' if report.replaced else ''}."
    )
    if report.scope == "user" and not signed_in:
        said += (
            "\n  It is of one user of a shared server: sign in with the password from there, "
            "by quant-tui account sign-in or in the app."
        )
    return said


async def _signed_in(command: CommandContext) -> str:
    """Return who is signed in on a server that others may share; "" for nobody."""
    from quant_tui.services.composition import open_services

    services = await open_services(command.settings)
    try:
        return services.user.id if services.user is not None else ""
    finally:
        await services.close()
