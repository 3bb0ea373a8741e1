"""Options and arguments that the commands of models, features and scenarios share."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Model = Annotated[
    str,
    typer.Argument(
        help="Id, NAME (the newest), NAME@1.2.0, NAME@champion or NAME@prod.", metavar="MODEL"
    ),
]
Name = Annotated[str, typer.Argument(help="Name of the model.", metavar="NAME")]
Environment = Literal["dev", "staging", "prod"]
EnvironmentFilter = Annotated[str, typer.Option("--in", help="dev, staging or prod; all without.")]
Interval = Annotated[str, typer.Option(help="Which bars: 1d, 1wk, 5m …")]


def names_of(text: str) -> tuple[str, ...]:
    """Return the names in a text, with commas between."""
    return tuple(one.strip() for one in text.split(",") if one.strip())
