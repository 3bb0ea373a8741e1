"""Loops written once in Python, and compiled by numba where that pays.

A loop takes scalars and arrays only. Small work runs it as it stands, so that a one-shot
command never waits for a compiler; large work runs the machine code that numba made of the
very same source and keeps on disk. Both give the same
numbers: floating point is neither reordered nor contracted.

A loop makes no array: room for what it works with is handed to it.

A file of loops is self-contained: numba's cache looks at that one file to tell whether
what it kept is still true, so a loop calls other loops of its own file alone.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from functools import cached_property, update_wrapper
from types import FunctionType
from typing import Generic, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")

INTERPRETED_STEPS = 100_000
"""Steps up to which an interpreted loop ends before numba would be imported."""

INTERPRETED_SECONDS = 0.5
"""What small calls of all loops together may take before loops are compiled after all.

Importing numba and loading what it keeps takes about as long.
"""

_OPTIONS = {"nogil": True, "error_model": "numpy", "_nrt": False}
"""How loops are compiled.

Without ``_nrt`` a view of an array counts no references, which took most of the time of
loops that look at many; the callers' references keep every array.
"""

_KEPT = hashlib.sha256(repr(_OPTIONS).encode()).hexdigest()[:8]
"""Stands in the names of what numba keeps, which tell nothing of options: a loop that was
compiled by others is no longer found."""

_left = INTERPRETED_SECONDS
"""Seconds of them that are left; none once the compiler is at work for any loop."""

_lock = threading.RLock()
_made: list[Loop[..., object]] = []


class Loop(Generic[P, R]):
    """One loop: called, it runs compiled; :meth:`sized` runs it as its size asks for.

    Parameters
    ----------
    function
        The loop. It may name other loops of its file, numpy, math, and constants.
    """

    def __init__(self, function: Callable[P, R]) -> None:
        self._function = cast(FunctionType, function)
        self._compiled: Callable[P, R] | None = None
        update_wrapper(self, function)
        _made.append(cast("Loop[..., object]", self))

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the machine code, compiling or loading it first where that was not done."""
        return self.compiled(*args, **kwargs)

    def sized(self, steps: int) -> Callable[P, R]:
        """Return the faster form for so many steps, counting what is ready already.

        Small calls that come again and again are compiled too, once interpreting has taken
        as long as numba takes to be ready, or where numba is in use for another loop.
        """
        small = steps <= INTERPRETED_STEPS and _left > 0.0
        return self._timed if small and self._compiled is None else self.compiled

    def plainly(self, function: Callable[P, R]) -> Callable[P, R]:
        """Take a form in numpy that gives the same bits, to run instead of interpreting.

        A decorator, for loops that are often run small.
        """
        self.interpreted = function
        return function

    @cached_property
    def interpreted(self) -> Callable[P, R]:
        """The loop as Python runs it, and so the loops that it calls."""
        return cast(Callable[P, R], self._with(lambda loop: loop.interpreted))

    @cached_property
    def _timed(self) -> Callable[P, R]:
        """The interpreted loop, its time taken from what interpreting may take in all."""
        function = self.interpreted

        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            global _left  # one account for the process
            began = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                _left -= time.perf_counter() - began

        return run

    @property
    def compiled(self) -> Callable[P, R]:
        """The loop as numba's dispatcher, which releases the interpreter's lock."""
        if self._compiled is None:
            with _lock:
                if self._compiled is None:
                    self._compiled = self._compile()
        return self._compiled

    @property
    def kept_as(self) -> str:
        """What numba calls the loop in the names of its files."""
        return f"{self._function.__qualname__}_{_KEPT}"

    @property
    def source(self) -> str:
        """Path of the file that the loop is written in."""
        return self._function.__code__.co_filename

    @property
    def module(self) -> str:
        """Name of the module that the loop is written in."""
        return self._function.__module__

    def _compile(self) -> Callable[P, R]:
        global _left  # from here on the import is paid for
        from numba import njit

        from quant_tui.engine.kept_code import keep

        _left = 0.0
        function = self._with(lambda loop: loop.compiled)
        function.__qualname__ = self.kept_as
        dispatcher = njit(**_OPTIONS)(function)  # type: ignore[call-overload]  # not in its annotations
        keep(dispatcher)
        return cast(Callable[P, R], dispatcher)

    def _with(self, form: Callable[[Loop[..., object]], object]) -> FunctionType:
        """Return the function with one form of each loop that it calls."""
        plain = self._function
        names = {
            name: form(value) if isinstance(value, Loop) else value
            for name, value in plain.__globals__.items()
            if name in plain.__code__.co_names
        }
        copy = FunctionType(plain.__code__, names, plain.__name__, plain.__defaults__)
        copy.__qualname__, copy.__module__ = plain.__qualname__, plain.__module__
        return copy


def compiled(function: Callable[P, R]) -> Loop[P, R]:
    """Make a loop of a function (decorator)."""
    return Loop(function)


def loops(package: str) -> tuple[Loop[..., object], ...]:
    """Return every loop of a package's modules that were imported so far."""
    return tuple(loop for loop in _made if loop.module.startswith(f"{package}."))
