"""Options that several commands share, said once as the fields of a dataclass."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, TypeVar

import typer

ForceOption = Annotated[
    bool, typer.Option("--force", "--overwrite", help="Write over a file that is there.")
]
T = TypeVar("T")


def with_options(
    options: type[T], name: str = "given"
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the fields of a dataclass as options.

    Parameters
    ----------
    options
        A dataclass whose fields are annotated as the parameters of a command are.
    name
        The parameter of the command that gets them, in whose place they stand.
    """
    own = inspect.signature(options, eval_str=True).parameters

    def decorated(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def whole(**arguments: object) -> None:
            given = options(**{one: arguments.pop(one) for one in own})
            command(**arguments, **{name: given})

        parameters: list[inspect.Parameter] = []
        for one in inspect.signature(command, eval_str=True).parameters.values():
            parameters += own.values() if one.name == name else [one]
        keyword = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in parameters]
        whole.__signature__ = inspect.Signature(keyword)  # type: ignore[attr-defined]
        whole.__annotations__ = {one.name: one.annotation for one in keyword}
        return whole

    return decorated
