"""``quant-tui doctor``: how everything is."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from quant_tui.cli.context import CommandContext
from quant_tui.cli.output import print_json
from quant_tui.domain.base import Document
from quant_tui.domain.errors import StoreUnavailable
from quant_tui.services.composition import Services


def doctor(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show versions, stores, health, keys found, data freshness and disk use."""
    command: CommandContext = context.obj

    async def work(services: Services) -> Document:
        report = await services.health.doctor()
        if services.user is not None:
            report["retrieval"] = (await services.retrieval.state()).to_document()
        return report

    try:
        report = command.run(work, signed_in=False)
    except StoreUnavailable as cause:  # what works and what does not is the very question then
        from quant_tui.services.health import doctor_without_stores

        command.start_log()  # a home that cannot be written is the whole answer

        report = asyncio.run(doctor_without_stores(command.settings, cause))
    if as_json:
        print_json(report)
    else:
        for section, values in report.items():
            _print_section(section, values)
    if not all(report[store]["ok"] for store in ("mongodb", "duckdb", "chroma", "tasks")):
        raise typer.Exit(1)


def _print_section(section: str, values: object) -> None:
    if not isinstance(values, dict):
        print(f"{section:<12} {values}")
        return
    mark = {True: "✓", False: "✗"}.get(values.get("ok"), " ")  # type: ignore[arg-type]  # None is neither
    rest = "  ".join(f"{key}={value}" for key, value in values.items() if key != "ok")
    print(f"{mark} {section:<10} {rest}")
